"""From passages to the numbered excerpts of a prompt: whole definitions where they fit, nothing twice."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from firsthand.core.answers import CutExcerpt, Excerpt
from firsthand.core.freshness import CurrentFile, Passage

Estimate = Callable[[str], int]

NO_ROOM = "no room left in the model's context window"
ENOUGH = "enough better ones were found"

# Two excerpts of a file with so few lines between them read better as one.
_BRIDGED_LINES = 2
# One definition must not crowd out all others: a larger one is shown by the part that was found.
_LARGEST_SHARE = 0.4
# Header line, fence and blank line around an excerpt in the prompt.
_FRAME_TOKENS = 16


@dataclass(slots=True)
class _Region:
    """Lines of one file that are to become an excerpt."""

    file: CurrentFile
    start: int
    end: int
    symbol: str
    reasons: tuple[str, ...]
    score: float
    tokens: int
    is_target: bool = False
    aside: str = ""


def choose_excerpts(
    passages: Sequence[Passage], room: int, limit: int, estimate: Estimate
) -> tuple[tuple[Excerpt, ...], tuple[CutExcerpt, ...]]:
    """Take passages, best first, until `room` tokens or `limit` excerpts are used; the rest is cut with a reason.

    Passages that stand aside do not count for `limit`, and nobody misses those for which there is no room.
    """
    regions: list[_Region] = []
    cut: list[CutExcerpt] = []
    for passage in passages:
        used = sum(region.tokens for region in regions)
        reason = _place(passage, regions, room - used, room, limit, estimate)
        if reason and not passage.aside:
            text = passage.file.lines_text(passage.start_line, passage.end_line)
            cut.append(
                CutExcerpt(passage.file.path, passage.start_line, passage.end_line, estimate(text), reason)
            )
    return tuple(_excerpt(number, region) for number, region in enumerate(regions, 1)), tuple(cut)


def excerpt_hash(text: str) -> str:
    """Return the SHA-256 (hex) by which cited lines are recognised later."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _place(
    passage: Passage, regions: list[_Region], free: int, room: int, limit: int, estimate: Estimate
) -> str:
    """Add the passage to the regions, or return why not."""
    whole = (passage.definition_start, passage.definition_end)
    part = (passage.start_line, passage.end_line)
    for start, end in (whole, part) if whole != part else (part,):
        clipped = _beside_targets(passage.file.path, start, end, regions)
        if clipped is None:
            return ""
        candidate = _region(passage, *clipped, estimate)
        touching = [region for region in regions if not region.is_target and _touches(region, candidate)]
        merged = _merged(candidate, touching, estimate)
        cost = merged.tokens - sum(region.tokens for region in touching)
        too_large = (start, end) != part and candidate.tokens > room * _LARGEST_SHARE
        if cost > free or too_large:
            continue
        if not touching and not passage.aside and len(regions) >= limit:
            return ENOUGH
        _replace(regions, touching, merged)
        return ""
    return NO_ROOM


def _beside_targets(path: str, start: int, end: int, regions: Sequence[_Region]) -> tuple[int, int] | None:
    """Leave out the lines that the request's own excerpt shows; None when no others remain."""
    for target in regions:
        if target.is_target and target.file.path == path and start <= target.end and target.start <= end:
            start, end = (start, target.start - 1) if start < target.start else (target.end + 1, end)
    return (start, end) if start <= end else None


def _replace(regions: list[_Region], touching: list[_Region], merged: _Region) -> None:
    if not touching:
        regions.append(merged)
        return
    position = regions.index(touching[0])
    remaining = [region for region in regions if region not in touching]
    remaining.insert(position, merged)
    regions[:] = remaining


def _region(passage: Passage, start: int, end: int, estimate: Estimate) -> _Region:
    tokens = estimate(passage.file.lines_text(start, end)) + _FRAME_TOKENS
    return _Region(
        passage.file,
        start,
        end,
        passage.symbol,
        passage.reasons,
        passage.score,
        tokens,
        passage.is_target,
        passage.aside,
    )


def _touches(one: _Region, other: _Region) -> bool:
    return (
        one.file.path == other.file.path
        and one.start <= other.end + _BRIDGED_LINES + 1
        and other.start <= one.end + _BRIDGED_LINES + 1
    )


def _merged(candidate: _Region, touching: Sequence[_Region], estimate: Estimate) -> _Region:
    if not touching:
        return candidate
    start = min(candidate.start, *(region.start for region in touching))
    end = max(candidate.end, *(region.end for region in touching))
    symbols = [region.symbol for region in (*touching, candidate) if region.symbol]
    reasons = [reason for region in (*touching, candidate) for reason in region.reasons]
    return _Region(
        candidate.file,
        start,
        end,
        ", ".join(dict.fromkeys(symbols)),
        tuple(dict.fromkeys(reasons)),
        max(region.score for region in (*touching, candidate)),
        estimate(candidate.file.lines_text(start, end)) + _FRAME_TOKENS,
    )


def _excerpt(number: int, region: _Region) -> Excerpt:
    text = region.file.lines_text(region.start, region.end)
    return Excerpt(
        id=number,
        path=region.file.path,
        start_line=region.start,
        end_line=region.end,
        text=text,
        content_hash=excerpt_hash(text),
        symbol=region.symbol,
        tokens=region.tokens,
        reasons=region.reasons,
        score=region.score,
        aside=region.aside,
    )
