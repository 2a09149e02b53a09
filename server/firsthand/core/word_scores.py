"""BM25 over the search terms of texts that no index has counted.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the
constants of the index.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from firsthand.core.identifiers import stem, terms
from firsthand.core.model import Chunk

_K1 = 1.2
_B = 0.75
# As in the index: a word of the name counts three times, one of the path twice.
_NAME_WEIGHT = 3
_PATH_WEIGHT = 2


def rarities(texts: int, holding: Mapping[str, int]) -> dict[str, float]:
    """Return how much each stem tells, from how many of so many texts hold it."""
    return {each: math.log(1 + (texts - count + 0.5) / (count + 0.5)) for each, count in holding.items()}


def bm25(counts: Mapping[str, int], rarity: Mapping[str, float], length: float) -> float:
    """Return the weight of a text by how often it holds each stem; `length` is 1 for one of usual length."""
    grown = _K1 * (1 - _B + _B * length)
    return sum(rarity[each] * count * (_K1 + 1) / (count + grown) for each, count in counts.items() if count)


def stem_counts(words: Iterable[str], wanted: frozenset[str]) -> Counter[str]:
    """Return how often words have one of these stems."""
    return Counter(found for word in words if (found := stem(word)) in wanted)


def chunk_words(chunk: Chunk) -> list[str]:
    """Return the words of a chunk as often as the index counts them."""
    return [
        *terms(chunk.qualified_name or chunk.name) * _NAME_WEIGHT,
        *terms(chunk.path) * _PATH_WEIGHT,
        *terms(chunk.signature),
        *terms(chunk.docstring),
        *terms(chunk.text),
    ]


def chunk_scores(chunks: Sequence[Chunk], rarity: Mapping[str, float]) -> list[float]:
    """Return the weight of each chunk; their mean length is the usual one."""
    wanted = frozenset(rarity)
    words = [chunk_words(chunk) for chunk in chunks]
    usual = max(1.0, sum(map(len, words)) / max(1, len(words)))
    return [bm25(stem_counts(each, wanted), rarity, len(each) / usual) for each in words]
