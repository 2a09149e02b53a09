"""Cutting what is too long for one chunk: lines at the best boundaries nearby, overlong lines by bytes."""

import re
from collections.abc import Collection, Iterator

from firsthand.core.chunk_sizes import LARGEST, OVERLAP, PART, Measure
from firsthand.core.lines import LineTable

# A line that only closes something belongs to what it closes.
_CLOSING = re.compile(
    rb"^\s*(?:[)\]}>]+[;,)]*|end|fi|done|esac|else|#\s*endif\b.*|#endregion\b.*|</[\w:.-]+>|\{-#.*#-\})\s*;?\s*(?://.*|/\*.*\*/\s*)?$"
)
# A boundary is looked for in the last part of the lines that would fit: half-empty chunks waste embeddings.
_SHORTEST_SHARE = 0.5
_TAB_WIDTH = 4


def is_closing(line: bytes) -> bool:
    """Tell whether a line only ends what stands before it."""
    return _CLOSING.match(line) is not None


def cut_lines(
    table: LineTable,
    measure: Measure,
    first: int,
    last: int,
    *,
    preferred: Collection[int] = (),
    overlap: bool,
) -> Iterator[tuple[int, int]]:
    """Cut lines into ranges that fit into a chunk, where possible at preferred lines, else where indentation is low.

    A single line may still be too long: see `cut_bytes`.
    """
    start = first
    while start < last and (remaining := measure.tokens(start, last)) > LARGEST:
        # Parts of about equal size: a full one and a stump would be one good and one poor answer.
        size = min(PART, int(1.15 * remaining / -(-remaining // PART)))
        full = _last_line_that_fits(measure, start, last, size)
        cut = _best_cut(table, measure, start, full, preferred)
        yield start, cut - 1
        start = _overlapping_start(measure, start, cut, preferred) if overlap else cut
    yield start, last


def cut_bytes(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut an overlong line into ranges that fit into a chunk, after a separator where there is one."""
    # Scripts that the estimate counts with a token a character take at least two bytes for it.
    longest = LARGEST * (3 if data[start:end].isascii() else 2) - 3
    while end - start > longest:
        cut = _byte_cut(data, start, start + longest)
        yield start, cut
        start = cut
    yield start, end


def _last_line_that_fits(measure: Measure, start: int, last: int, limit: int) -> int:
    low, high = start, last
    while low < high:
        middle = (low + high + 1) // 2
        if measure.tokens(start, middle) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _best_cut(table: LineTable, measure: Measure, start: int, full: int, preferred: Collection[int]) -> int:
    """Return the first line of the next range: the cheapest boundary, the latest among equals."""
    earliest = _last_line_that_fits(measure, start, full, int(PART * _SHORTEST_SHARE)) + 1
    candidates = range(max(start + 1, min(earliest, full + 1)), full + 2)
    return min(candidates, key=lambda line: (_cost(table, line, preferred), -line), default=full + 1)


def _cost(table: LineTable, line: int, preferred: Collection[int]) -> int:
    content = table.line(line)
    if not content.strip() or is_closing(content):
        return 1000
    after_blank = line > 1 and not table.line(line - 1).strip()
    if line in preferred:
        return -1 if after_blank else 0
    return 2 * _indentation(content) + (1 if after_blank else 3)


def _overlapping_start(measure: Measure, start: int, cut: int, preferred: Collection[int]) -> int:
    """Return where the next range begins when it repeats the end of the one before, in whole statements if known."""
    candidates = preferred or range(start + 1, cut)
    within = [line for line in candidates if start < line < cut and measure.tokens(line, cut - 1) <= OVERLAP]
    return min(within, default=cut)


def _byte_cut(data: bytes, start: int, limit: int) -> int:
    for separator in (b"\n", b"; ", b";", b"}", b", ", b",", b" "):
        found = data.rfind(separator, start + (limit - start) // 2, limit)
        if found > start:
            return found + len(separator)
    while limit > start + 1 and data[limit] & 0xC0 == 0x80:  # never inside a UTF-8 character
        limit -= 1
    return limit


def _indentation(line: bytes) -> int:
    expanded = line.expandtabs(_TAB_WIDTH)
    return len(expanded) - len(expanded.lstrip())
