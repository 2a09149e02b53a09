"""Scores as Markdown tables, with intervals over repositories."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from firsthand.core.evaluation_metrics import Estimate, estimate


@dataclass(frozen=True)
class Scored:
    """What one way of searching scored on one question."""

    group: str
    repository: str
    kind: str
    method: str
    number: int
    """The question's place in its repository: the same for every method."""
    scores: Mapping[str, float]
    names_its_file: bool
    language: str


def average(rows: Sequence[Scored], metric: str) -> Estimate:
    """Return a mean; repositories are drawn first, since questions of one are not independent."""
    return estimate([row.scores[metric] for row in rows], groups=[row.repository for row in rows])


def difference(ours: Sequence[Scored], theirs: Sequence[Scored], metric: str) -> Estimate:
    """Return how much higher the first scores on the same questions."""
    by_question = {(row.repository, row.kind, row.number): row.scores[metric] for row in theirs}
    gains = [row.scores[metric] - by_question[row.repository, row.kind, row.number] for row in ours]
    return estimate(gains, groups=[row.repository for row in ours])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def written(found: Estimate) -> str:
    """Write a mean with its interval."""
    return f"{short(found.mean)} [{short(found.low)}, {short(found.high)}]"


def signed(found: Estimate) -> str:
    """Write a difference; one that chance hardly explains is bold."""
    text = f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
    return f"**{text}**" if found.low > 0 or found.high < 0 else text


def short(value: float) -> str:
    """Write a score without its zero."""
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1.00"
