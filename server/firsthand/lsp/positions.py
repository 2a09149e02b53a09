"""Positions of the client ↔ offsets in a text: the negotiated encoding lives and dies here.

Lines end with \\n, \\r\\n or \\r, as LSP says; form feeds and U+2028 are ordinary characters.
What lies beyond the end of a line or of the text is moved to that end; inside a character, to its start.
"""

import re
from bisect import bisect_right
from typing import Literal

from firsthand.lsp.messages import Position, Range, TextSpan

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_LINE_END = re.compile(r"\r\n|\n|\r")


class TextPositions:
    """One text with its lines, for conversions in one encoding."""

    def __init__(self, text: str, encoding: Encoding) -> None:
        self._text = text
        self._encoding = encoding
        self._starts = [0]
        self._ends: list[int] = []
        for match in _LINE_END.finditer(text):
            self._ends.append(match.start())
            self._starts.append(match.end())
        self._ends.append(len(text))

    def offset(self, position: Position) -> int:
        """Return the code points before a position."""
        if position.line >= len(self._starts):
            return len(self._text)
        start, end = self._starts[position.line], self._ends[position.line]
        return start + code_points(self._text[start:end], position.character, self._encoding)

    def position(self, offset: int) -> Position:
        """Return the position after `offset` code points."""
        offset = max(0, min(offset, len(self._text)))
        line = bisect_right(self._starts, offset) - 1
        # Between \r and \n there is no position: the end of the line is meant.
        end = min(offset, self._ends[line])
        return Position(line, units(self._text[self._starts[line] : end], self._encoding))

    def lines(self, first: int, last: int) -> list[str]:
        """Return the text of some lines, both included, without their ends; what is beyond the text is left out."""
        ends = zip(self._starts[first : last + 1], self._ends[first : last + 1], strict=True)
        return [self._text[start:end] for start, end in ends]

    def byte_offset(self, position: Position) -> int:
        """Return the UTF-8 bytes before a position."""
        return len(self._text[: self.offset(position)].encode())

    def byte_range(self, place: Range) -> tuple[int, int]:
        """Return the UTF-8 bytes of a range, in order even when the client's is turned around."""
        first, second = self.byte_offset(place.start), self.byte_offset(place.end)
        return min(first, second), max(first, second)

    def range_of_bytes(self, start_byte: int, end_byte: int) -> Range:
        """Return the range of a slice of the UTF-8 bytes."""
        data = self._text.encode()
        start = len(data[:start_byte].decode("utf-8", "ignore"))
        end = len(data[:end_byte].decode("utf-8", "ignore"))
        return Range(self.position(start), self.position(end))

    def replaced(self, place: Range, new_text: str) -> str:
        """Return the text with a range replaced."""
        start, end = sorted((self.offset(place.start), self.offset(place.end)))
        return self._text[:start] + new_text + self._text[end:]


def units(text: str, encoding: Encoding) -> int:
    """Count the units of a text in an encoding."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def code_points(text: str, wanted_units: int, encoding: Encoding) -> int:
    """Count the characters of a text that fit into so many units."""
    if encoding == "utf-32" or text.isascii():
        return min(wanted_units, len(text))
    used = 0
    for index, character in enumerate(text):
        used += units(character, encoding)
        if used > wanted_units:
            return index
    return len(text)


class SpanConverter:
    """Turns code point ranges of one text into ranges in units of an encoding."""

    def __init__(self, text: str, encoding: Encoding) -> None:
        self._text = text
        self._encoding = encoding
        self._is_plain = encoding == "utf-32" or text.isascii()

    def span(self, start: int, end: int) -> TextSpan:
        """Convert one range."""
        if self._is_plain:
            return TextSpan(start, end)
        before = units(self._text[:start], self._encoding)
        return TextSpan(before, before + units(self._text[start:end], self._encoding))
