"""How a hit came to its score, written down by the ranking while it ranks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one search method put a hit."""

    place: int
    """From 1."""
    score: float
    """The method's own: BM25, or cosine similarity."""


@dataclass(frozen=True, slots=True)
class Factor:
    """What one rule of the ranking multiplied the score by."""

    rule: str
    """The rule in words for people."""
    value: float


@dataclass(frozen=True, slots=True)
class RankTrace:
    """The numbers behind a hit's rank: its score is `fused` times every factor."""

    keywords: Standing | None
    """None: not found by keyword."""
    meaning: Standing | None
    """None: not found by meaning."""
    fused: float
    """What both standings make together, before any rule."""
    factors: tuple[Factor, ...]
    """In the order in which they were applied; rules that changed nothing are left out."""
