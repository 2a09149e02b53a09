"""A first look through files as bytes: which of them are worth cutting for a question.

Counting the stems of a question in lower-case bytes reads some 100 MB a second and core, a hundred times what
reading the syntax takes. It counts `friend` for "rend", so that the best files are weighed again by their words.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nlargest

from firsthand.core.definition_marks import seems_to_define
from firsthand.core.identifiers import stem, terms
from firsthand.core.model import FileStat
from firsthand.core.query import Query
from firsthand.core.word_scores import PATH_WEIGHT, bm25, rarities, stem_counts

# A file that seems to define what the question spells out is read before all that only use it.
_DEFINITION_WEIGHT = 3.0
# Beyond so many stems the rest of a long text tells little and costs as much.
_MOST_STEMS = 24
# Single letters stand everywhere.
_SHORTEST_STEM = 2
# Pieces of about this size are as long as chunks.
_LINES_OF_A_BLOCK = 40


@dataclass(slots=True)
class Seen:
    """What was counted in one file: its size, how often each stem stands in it, whether it seems to define a name."""

    stat: FileStat
    counts: dict[str, int]
    defines: bool


@dataclass(slots=True)
class QuickScan:
    """Looks for one question; `seen` are the files that hold any of its words."""

    query: Query
    read: int = 0
    size: int = 0
    seen: list[Seen] = field(default_factory=list)
    stems: tuple[str, ...] = ()
    _holding: dict[str, int] = field(default_factory=dict)
    _names: tuple[bytes, ...] = ()
    _needles: tuple[tuple[str, bytes], ...] = ()

    def __post_init__(self) -> None:
        stems = dict.fromkeys(stem(word) for word in self.query.terms)
        telling = [each for each in stems if len(each) >= _SHORTEST_STEM] or list(stems)
        self.stems = tuple(telling[:_MOST_STEMS])
        self._holding = dict.fromkeys(self.stems, 0)
        self._needles = tuple((each, _needle(each).encode("utf-8", "surrogatepass")) for each in self.stems)
        names = dict.fromkeys(re.split(r"\.|::|#|->", name)[-1].lower() for name in self.query.names)
        self._names = tuple(name.encode("utf-8", "surrogatepass") for name in names if name)

    def in_order(self, stats: Sequence[FileStat]) -> list[FileStat]:
        """Return the files with those first whose path has a word of the question."""
        needles = [_needle(each) for each in self.stems]
        return sorted(stats, key=lambda stat: not any(each in stat.path.lower() for each in needles))

    def look(self, peek: Callable[[str], bytes | None], stats: Iterable[FileStat]) -> None:
        """Read some files and count; blocks, so call it in a thread."""
        for stat in stats:
            data = peek(stat.path)
            if data is not None:
                self.look_at(stat, data)

    def look_at(self, stat: FileStat, data: bytes) -> None:
        """Count in the bytes of one file."""
        self.read += 1
        self.size += len(data)
        data, path = data.lower(), stat.path.lower().encode("utf-8", "surrogatepass")
        counts: dict[str, int] = {}
        for each, needle in self._needles:
            count = data.count(needle) + PATH_WEIGHT * path.count(needle)
            if count:
                counts[each] = count
                self._holding[each] += 1
        if counts:
            self.seen.append(Seen(stat, counts, self._defines(data)))

    def rarity(self) -> dict[str, float]:
        """Return how much each stem tells, from what was read so far."""
        return rarities(self.read, self._holding)

    def best(self, limit: int) -> list[FileStat]:
        """Return the most promising files, best first."""
        rarity = self.rarity()
        usual = max(1.0, self.size / max(1, self.read))

        def weight(seen: Seen) -> float:
            factor = _DEFINITION_WEIGHT if seen.defines else 1.0
            return factor * bm25(seen.counts, rarity, seen.stat.size / usual)

        return [each.stat for each in nlargest(limit, self.seen, key=weight)]

    def weight_of(self, path: str, text: str) -> float:
        """Return the weight of the piece of a text that says most about the question, counted by its words."""
        rarity = self.rarity()
        wanted = frozenset(self.stems)
        of_path = stem_counts(terms(path) * PATH_WEIGHT, wanted)
        lines = text.split("\n")
        blocks = (lines[at : at + _LINES_OF_A_BLOCK] for at in range(0, len(lines), _LINES_OF_A_BLOCK))
        best = max(
            bm25(of_path + stem_counts(terms("\n".join(block)), wanted), rarity, 1.0) for block in blocks
        )
        lower = text.lower().encode("utf-8", "surrogatepass")
        return best * (_DEFINITION_WEIGHT if self._defines(lower) else 1.0)

    def _defines(self, data: bytes) -> bool:
        return any(seems_to_define(name, data) for name in self._names)


def _needle(stem_of_word: str) -> str:
    """Return what all words of a stem begin with: the stem of `query` and `queries` is `queri`."""
    return stem_of_word[:-1] if len(stem_of_word) > 3 and stem_of_word.endswith("i") else stem_of_word
