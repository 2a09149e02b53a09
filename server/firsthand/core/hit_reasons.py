"""What the hits of one search are to each other: the code that several of them call is worth a look."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from firsthand.core.model import Hit

# Shorter names, and names that several hits define, are called in too many meanings.
_SHORTEST_NAME = 4


def with_callers(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Add to each hit whose name is called in others how many of them call it; told by the name alone."""
    names = Counter((hit.chunk.language, hit.chunk.name) for hit in hits)
    calling = Counter(
        (hit.chunk.language, name) for hit in hits for name in _called(hit) if name != hit.chunk.name
    )
    return tuple(
        replace(hit, reasons=(*hit.reasons, _said(calling[key])))
        if calling[key] and names[key] == 1 and len(hit.chunk.name) >= _SHORTEST_NAME
        else hit
        for hit, key in ((hit, (hit.chunk.language, hit.chunk.name)) for hit in hits)
    )


def _called(hit: Hit) -> set[str]:
    return {name.replace("::", ".").replace("->", ".").rpartition(".")[2] for name in hit.chunk.calls}


def _said(callers: int) -> str:
    return f"called by {callers} of the hits" if callers > 1 else "called by another hit"
