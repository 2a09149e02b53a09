"""The numbers behind the ranks of hits, for people."""

from collections.abc import Sequence

from rich.table import Table

from firsthand.core.model import Hit
from firsthand.core.rank_trace import RankTrace, Standing

EXPLANATION = (
    "keywords, meaning: place and score there (BM25; cosine) · together: both, weighed · "
    "score: together × every rule"
)


def rank_table(hits: Sequence[Hit]) -> Table:
    """Return a row for each hit: its place and score in both lists, both together, and what each rule made of it."""
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("#", "score", "keywords", "meaning", "together"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("rules")
    for number, hit in enumerate(hits, 1):
        numbers = _numbers(hit.trace) if hit.trace is not None else ()
        table.add_row(str(number), f"{hit.score:.3f}", *numbers)
    return table


def _numbers(trace: RankTrace) -> tuple[str, str, str, str]:
    rules = "\n".join(f"× {factor.value:.2f} {factor.rule}" for factor in trace.factors)
    return _standing(trace.keywords), _standing(trace.meaning), f"{trace.fused:.3f}", rules


def _standing(standing: Standing | None) -> str:
    return f"{standing.place}. ({standing.score:.3g})" if standing is not None else "–"
