"""Ranking chunks whose text is at hand."""

from collections.abc import Sequence

from firsthand.core import ranking
from firsthand.core.model import Chunk, Hit, ScoredChunk
from firsthand.core.query import Query


def rank(
    query: Query,
    dense: Sequence[ScoredChunk],
    keywords: Sequence[ScoredChunk],
    defining: Sequence[Chunk],
    using: Sequence[Hit] = (),
    *,
    near: str | None = None,
    limit: int | None = None,
) -> list[Hit]:
    """Return the hits that these lists make together, best first."""
    best = ranking.rank(query, dense, keywords, defining, using, near=near, limit=limit)
    return [ranking.hit(query, each, each.chunk) for each in best]  # type: ignore[arg-type]
