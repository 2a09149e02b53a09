"""How large a chunk may be, in estimated tokens, and how that is measured along the lines of a file."""

from firsthand.core.lines import LineTable
from firsthand.core.tokens import estimate_tokens

# The embedded embedder reads 512 tokens; estimates of dense code may fall short by some percent.
EMBEDDABLE = 480
# Path, name, and of a part what it is a part of. More would drown the code of a short function.
PREAMBLE = 80
# The least preamble: a path and a name. The code may take the rest, about 45 lines.
LARGEST = EMBEDDABLE - 45
# A long definition is cut into parts of this size, so that a boundary may still move to a good place.
PART = 340
# A part repeats the end of the part before it, so that a sentence or a statement keeps its beginning.
OVERLAP = 40
# Constants, type aliases, short sections: alone they say too little to be found.
TINY = 50
# A function says something by its name alone; only accessors of one line are as small as this.
TINY_FUNCTION = 30
# Tiny neighbours are joined up to here; beyond, one vector would have to stand for too many things.
JOINED = 180
# A class as small as this is a better answer whole than as a header with methods apart.
SMALL_CLASS = 140


class Measure:
    """Estimated tokens of any range of lines of one file, in constant time."""

    def __init__(self, table: LineTable) -> None:
        self._table = table
        self._sums = None if table.data.isascii() else _running_sums(table)

    def tokens(self, first: int, last: int) -> int:
        """Estimate the tokens of the lines from `first` to `last`, both included."""
        if last < first:
            return 0
        if self._sums is not None:
            return self._sums[last] - self._sums[first - 1]
        return (self._table.ends[last - 1] - self._table.starts[first - 1]) // 3 + 1


def _running_sums(table: LineTable) -> list[int]:
    sums = [0]
    for start, end in zip(table.starts, table.ends, strict=True):
        sums.append(sums[-1] + estimate_tokens(table.text(start, end)))
    return sums
