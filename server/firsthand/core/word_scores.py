"""What keyword search counts of a chunk, and BM25 over it: for the index and for texts that no index has counted.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the constants of
LanceDB's full-text search.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from firsthand.core.identifiers import stem, term_text
from firsthand.core.model import Chunk

K1 = 1.2
B = 0.75
# Repetition is the only weight that BM25 over one column has. A definition should outrank a chunk that uses its
# name two or three times; a word of the path should count, yet less than a name.
_NAME_WEIGHT = 3
PATH_WEIGHT = 2


def rarities(texts: int, holding: Mapping[str, int]) -> dict[str, float]:
    """Return how much each stem tells, from how many of so many texts hold it."""
    return {each: rarity_in(texts, count) for each, count in holding.items()}


def rarity_in(texts: int, holding: int) -> float:
    """Return how much a word tells that so many of so many texts hold."""
    return math.log(1 + (texts - holding + 0.5) / (holding + 0.5))


def bm25(counts: Mapping[str, int], rarity: Mapping[str, float], length: float) -> float:
    """Return the weight of a text by how often it holds each stem; `length` is 1 for one of usual length."""
    grown = K1 * (1 - B + B * length)
    return sum(rarity[each] * count * (K1 + 1) / (count + grown) for each, count in counts.items() if count)


def stem_counts(words: Iterable[str], wanted: frozenset[str]) -> Counter[str]:
    """Return how often words have one of these stems."""
    return Counter(found for word in words if (found := stem(word)) in wanted)


def search_terms(chunk: Chunk, terms_of: Callable[[str], str] = term_text) -> str:
    """Return the terms of a chunk with blanks between them, each as often as it counts.

    Args:
        terms_of: gives those of a text, in the form in which they are wanted.
    """
    weighed = (
        *(terms_of(chunk.qualified_name or chunk.name),) * _NAME_WEIGHT,
        *(_path_terms(chunk.path, terms_of),) * PATH_WEIGHT,
        terms_of(chunk.signature),
        terms_of(chunk.docstring),
        terms_of(chunk.text),
    )
    return " ".join(filter(None, weighed))


@lru_cache(maxsize=1)  # The chunks of a file come one after another.
def _path_terms(path: str, terms_of: Callable[[str], str]) -> str:
    return terms_of(path)


def chunk_scores(chunks: Sequence[Chunk], rarity: Mapping[str, float]) -> list[float]:
    """Return the weight of each chunk; their mean length is the usual one."""
    wanted = frozenset(rarity)
    words = [search_terms(chunk).split() for chunk in chunks]
    usual = max(1.0, sum(map(len, words)) / max(1, len(words)))
    return [bm25(stem_counts(each, wanted), rarity, len(each) / usual) for each in words]
