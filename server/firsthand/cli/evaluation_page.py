"""The result of a measurement as one HTML page: a plot and a table, nothing from anywhere else."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from firsthand.cli.evaluation_wording import (
    METRIC_NAMES,
    interval,
    kind_title,
    number,
    sample_sentence,
    scope_sentence,
    verdict,
)
from firsthand.core.evaluation import COMPARED, Evaluation, Outcome
from firsthand.core.evaluation_metrics import METRICS

_STYLE = """\
:root { color-scheme: light dark; --ink: #1f2328; --dim: #656d76; --line: #d0d7de; --back: #ffffff;
  --bar-0: #0969da; --bar-1: #8c959f; --bar-2: #8250df; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #8d96a0; --line: #30363d; --back: #0d1117;
  --bar-0: #4493f8; --bar-1: #6e7681; --bar-2: #ab7df8; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p.dim, caption { color: var(--dim); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { text-align: right; padding: .25rem .75rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .dim { fill: var(--dim); } svg .grid { stroke: var(--line); }
svg .whisker { stroke: var(--ink); stroke-width: 1.5; }
.bar-0 { fill: var(--bar-0); } .bar-1 { fill: var(--bar-1); } .bar-2 { fill: var(--bar-2); }"""

# Units of the drawing; it is scaled to the width of the page.
_WIDTH, _LEFT, _RIGHT = 900, 250, 80
_BAR, _GAP, _TITLE = 18, 8, 30


def page(evaluation: Evaluation, root: str) -> str:
    """Return the page."""
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">""",
            f"<title>Search, measured: {escape(root)}</title>",
            f"<style>{_STYLE}</style></head><body>",
            f"<h1>How well search finds what {escape(root)} says about itself</h1>",
            f'<p class="dim">{escape(scope_sentence(evaluation))}</p>',
            f'<div class="wide">{_plot(evaluation)}</div>',
            *_sections(evaluation),
            "</body></html>\n",
        )
    )


def _sections(evaluation: Evaluation) -> Iterator[str]:
    for sample in evaluation.samples:
        yield f"<h2>{escape(kind_title(sample.kind))}</h2>"
        yield f'<p class="dim">{escape(sample_sentence(sample))}</p>'
        outcomes = [outcome for outcome in evaluation.outcomes if outcome.kind == sample.kind]
        if outcomes:
            yield _table(outcomes)
        for comparison in evaluation.comparisons:
            if comparison.kind == sample.kind:
                yield f"<p>{escape(verdict(comparison))}</p>"
    for note in evaluation.notes:
        yield f'<p class="dim">{escape(note)}</p>'


def _table(outcomes: Sequence[Outcome]) -> str:
    head = _row("th", ["", *(METRIC_NAMES[metric] for metric in METRICS)])
    rows = [
        _row("td", [outcome.method, *(number(outcome.scores[metric].mean) for metric in METRICS)])
        for outcome in outcomes
    ]
    return f'<div class="wide"><table>{head}{"".join(rows)}</table></div>'


def _row(cell: str, values: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(value)}</{cell}>" for value in values) + "</tr>"


def _plot(evaluation: Evaluation) -> str:
    """Return bars of NDCG@10 with their 95 % intervals, by kind of question and way of searching."""
    parts: list[str] = []
    top = 0
    for kind in dict.fromkeys(outcome.kind for outcome in evaluation.outcomes):
        parts.append(f'<text x="0" y="{top + 20}" font-weight="600">{escape(kind_title(kind))}</text>')
        top += _TITLE
        for outcome in evaluation.outcomes:
            if outcome.kind == kind:
                parts += _bar(outcome, evaluation.methods.index(outcome.method), top)
                top += _BAR + _GAP
    grid = [_grid_line(tenths / 10, top) for tenths in range(0, 11, 2)]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {top + 24}" role="img" '
        f'aria-label="{METRIC_NAMES[COMPARED]} of each way of searching, with 95 % intervals">'
        + "".join((*grid, *parts))
        + "</svg>"
    )


def _bar(outcome: Outcome, color: int, top: int) -> list[str]:
    found = outcome.scores[COMPARED]
    middle = top + _BAR / 2
    return [
        f'<text x="{_LEFT - 10}" y="{middle + 4}" text-anchor="end">{escape(outcome.method)}</text>',
        f'<rect class="bar-{color % 3}" x="{_LEFT}" y="{top}" height="{_BAR}" '
        f'width="{_x(found.mean) - _LEFT:.1f}"></rect>',
        f'<line class="whisker" x1="{_x(found.low):.1f}" x2="{_x(found.high):.1f}" y1="{middle}" y2="{middle}"></line>',
        f'<text class="dim" x="{_x(found.high) + 8:.1f}" y="{middle + 4}">{number(found.mean)}'
        f"<title>{escape(interval(found))}</title></text>",
    ]


def _grid_line(value: float, bottom: int) -> str:
    x = _x(value)
    return (
        f'<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{bottom}"></line>'
        f'<text class="dim" x="{x}" y="{bottom + 16}" text-anchor="middle">{value:.1f}</text>'
    )


def _x(value: float) -> float:
    return _LEFT + value * (_WIDTH - _LEFT - _RIGHT)
