"""A line chart as SVG, drawn with nothing but text."""

from collections.abc import Sequence

_WIDTH, _HEIGHT, _LEFT, _BELOW = 720, 300, 60, 40


def line_chart(points: Sequence[tuple[float, float]], *, title: str, across: str, up: str) -> str:
    """Return the chart of points in the order of their first value; the second axis begins at zero."""
    most_x = max(x for x, _ in points)
    most_y = 1.25 * max(y for _, y in points)
    path = " ".join(f"{_x(x, most_x):.1f},{_y(y, most_y):.1f}" for x, y in points)
    marks = [
        f'<text x="{_x(most_x * part, most_x):.0f}" y="{_HEIGHT - _BELOW + 16}" text-anchor="middle">'
        f"{most_x * part:,.0f}</text>"
        for part in (0, 0.25, 0.5, 0.75, 1)
    ]
    marks += [
        f'<text x="{_LEFT - 6}" y="{_y(most_y * part, most_y) + 4:.0f}" text-anchor="end">{most_y * part:.1f}</text>'
        f'<line x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{_y(most_y * part, most_y):.1f}" '
        f'y2="{_y(most_y * part, most_y):.1f}" stroke="#8884"/>'
        for part in (0, 0.25, 0.5, 0.75, 1)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="12" fill="#777"><title>{title}</title>'
        f'<text x="{_LEFT}" y="16" font-size="14">{title}</text>{"".join(marks)}'
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{across}</text>'
        f'<text x="{_LEFT}" y="32">{up}</text>'
        f'<polyline points="{path}" fill="none" stroke="#2a78d6" stroke-width="2"/></svg>\n'
    )


def _x(value: float, most: float) -> float:
    return _LEFT + value / most * (_WIDTH - _LEFT - 10)


def _y(value: float, most: float) -> float:
    return _HEIGHT - _BELOW - value / most * (_HEIGHT - _BELOW - 40)
