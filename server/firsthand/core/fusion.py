"""Scores of several searches put on one scale and added with a weight for each list.

Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval" (TOIS 2023), found that better than adding
places.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from firsthand.core.model import ChunkHead, ScoredHead
from firsthand.core.query import Query
from firsthand.core.rank_trace import Factor, RankTrace, Standing

# Share of the dense list. A name that is spelled out is found best by its letters.
_DENSE_SHARE = {"symbol": 0.35, "path": 0.3, "prose": 0.35}
# What sentences add to it: the more of a question only holds a sentence together, the more it describes, and the more
# its meaning tells. A model of meaning has learnt from sentences; a list of words is made for keyword search.
_SENTENCE_SHARE = 1.0
_MOST_DENSE_SHARE = 0.9
# A chunk that matches half as well as the best one by keyword is less than half as good: some word or other of a
# question stands nearly everywhere.
_KEYWORD_POWER = 2
# How many entries a list of nearest chunks has where there are enough.
_FULL_LIST = 100
# A definition or use that neither search found, or only far down, enters here and rises by its own rule.
_KNOWN_ALONE = 0.25


@dataclass(slots=True)
class Candidate:
    """A chunk on its way through ranking."""

    chunk: ChunkHead
    meaning: Standing | None = None
    keywords: Standing | None = None
    fused: float = 0.0
    score: float = 0.0
    is_asked_for: bool = False
    reasons: list[str] = field(default_factory=list)
    factors: list[tuple[str, float]] = field(default_factory=list)

    def times(self, factor: float, rule: str) -> None:
        """Let a rule change the score, and write that down."""
        if factor != 1.0:
            self.score *= factor
            self.factors.append((rule, factor))

    def trace(self) -> RankTrace:
        """Return how the score came about."""
        factors = tuple(Factor(*pair) for pair in self.factors)
        return RankTrace(self.keywords, self.meaning, self.fused, factors)


def fuse(
    query: Query, dense: Sequence[ScoredHead], keywords: Sequence[ScoredHead], known: Sequence[ChunkHead]
) -> list[Candidate]:
    """Return a candidate for each chunk that was found or is known to define or use a name, with its fused score."""
    by_id: dict[str, Candidate] = {}
    share = _dense_share(query) if dense else 0.0
    for place, (scored, height) in enumerate(_heights(dense, _foot(dense)), 1):
        candidate = _candidate(by_id, scored.chunk)
        candidate.meaning = Standing(place, scored.score)
        candidate.score += share * height
    for place, (scored, height) in enumerate(_heights(keywords, 0.0), 1):
        candidate = _candidate(by_id, scored.chunk)
        candidate.keywords = Standing(place, scored.score)
        candidate.score += (1 - share) * height**_KEYWORD_POWER
    for chunk in known:
        candidate = _candidate(by_id, chunk)
        candidate.score = max(candidate.score, _KNOWN_ALONE)
    for candidate in by_id.values():
        candidate.fused = candidate.score
    return list(by_id.values())


def _candidate(by_id: dict[str, Candidate], chunk: ChunkHead) -> Candidate:
    """Return the candidate of a chunk, a new one where there is none."""
    key = chunk.id
    candidate = by_id.get(key)
    if candidate is None:
        candidate = by_id[key] = Candidate(chunk)
    return candidate


def _dense_share(query: Query) -> float:
    share = _DENSE_SHARE[query.kind]
    return min(_MOST_DENSE_SHARE, share + _SENTENCE_SHARE * query.sentence)


def _foot(dense: Sequence[ScoredHead]) -> float:
    """Return the similarity that counts as none: that of the last, or less where the list is short.

    No similarity means anything by itself, so the last of a full list is the measure. A short list holds what else
    would have been cut off, or the whole of a small index, where the last may be hardly worse than the first: there
    it is what a full list would have come to, since similarity falls with the logarithm of the place.
    """
    if not dense:
        return 0.0
    first, last = dense[0].score, dense[-1].score
    return first - (first - last) * max(1.0, math.log(_FULL_LIST) / math.log(max(2, len(dense))))


def _heights(found: Sequence[ScoredHead], zero: float) -> Iterator[tuple[ScoredHead, float]]:
    """Yield each entry of a list with its score on a scale from 0, for `zero`, to 1, for the first."""
    full = (found[0].score - zero) if found else 0.0
    for scored in found:
        yield scored, max(0.0, (scored.score - zero) / full) if full > 0 else 1.0
