"""Taking the documentation of definitions out of a file, with every line staying where it is."""

import re
from collections.abc import Iterable, Sequence

from firsthand.core.lines import LineTable, decode
from firsthand.core.model import Outline, Symbol

# A line that only opens or closes a comment or a string, in any of the languages.
_MARK = re.compile(
    r"""^\s*(?:/\*+!?|\*+/?|//+[/!]?|\#+|[rRuUbB]{0,2}(?:\"{3}|'{3})|--+\|?|\{-\|?|-\}|;+|%+|=begin|=end|=cut"""
    r"""|@doc\s+(?:~[sS])?\"{3}|\(\*+|\*+\))?\s*$"""
)
# What may stand before the first word of a documentation on its line, and after its last.
_BEFORE = re.compile(r"^(?:\s|[^\w\s]|[rRuUbB]+(?=[\"'])|@doc\b|~[sS]\b|_+(?=\W))*$")
_WORD = re.compile(r"\w")


def documentation_lines(symbol: Symbol, table: LineTable) -> range:
    """Return the lines (from 1) that hold nothing but the documentation of a definition; empty when there are none."""
    wanted = [line.strip() for line in symbol.docstring.splitlines() if line.strip()]
    first, last = symbol.span.start_line, min(symbol.span.end_line, len(table))
    lines = [decode(table.line(number)) for number in range(first, last + 1)]
    found = _match(wanted, lines)
    if found is None:
        return range(0)
    start, end = found
    while start > 0 and lines[start - 1].strip() and _MARK.match(lines[start - 1]):
        start -= 1
    while end + 1 < len(lines) and lines[end + 1].strip() and _MARK.match(lines[end + 1]):
        end += 1
    return range(first + start, first + _closed(lines, start, end) + 1)


def _closed(lines: Sequence[str], start: int, end: int) -> int:
    """Return the last line of a string that stays open up to `end`: its quotes may stand below empty lines."""
    is_open = sum(line.count('"""') + line.count("'''") for line in lines[start : end + 1]) % 2 == 1
    below = next((at for at in range(end + 1, len(lines)) if lines[at].strip()), end)
    return below if is_open and lines[below].strip() in ('"""', "'''") else end


def without_lines(text: str, ranges: Iterable[range]) -> str:
    """Return a text with these lines (from 1) empty."""
    table = LineTable.of(text)
    data = bytearray()
    gone = {number for lines in ranges for number in lines}
    for number, start in enumerate(table.starts, 1):
        next_start = table.starts[number] if number < len(table) else len(table.data)
        data += table.data[table.ends[number - 1] if number in gone else start : next_start]
    return decode(bytes(data))


def undocumented(symbol: Symbol, outline: Outline | None) -> Symbol | None:
    """Return a definition as it stands in the outline of the file without its documentation; None if it does not."""
    if outline is None:
        return None
    return next(
        (
            other
            for other in outline.symbols
            if other.qualified_name == symbol.qualified_name
            and other.name_span.start_line == symbol.name_span.start_line
            and not other.docstring
        ),
        None,
    )


def _match(wanted: Sequence[str], lines: Sequence[str]) -> tuple[int, int] | None:
    """Return the first and the last of the lines that hold the wanted ones, in order and with no code among them."""
    if not wanted:
        return None
    for start, line in enumerate(lines):
        before, found, rest = line.partition(wanted[0])
        if found and _BEFORE.match(before):
            end = _last_match(wanted, lines, start, rest)
            if end is not None:
                return start, end
    return None


def _last_match(wanted: Sequence[str], lines: Sequence[str], start: int, rest: str) -> int | None:
    at = start
    for text in wanted[1:]:
        if _WORD.search(rest):
            return None
        at += 1
        while at < len(lines) and text not in lines[at] and not _WORD.search(lines[at]):
            at += 1
        if at == len(lines) or text not in lines[at]:
            return None
        rest = lines[at].partition(text)[2]
    return None if _WORD.search(rest) else at
