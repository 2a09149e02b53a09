"""Dividing a file into pieces along its definitions.

Every line of the file falls into at least one piece. A function is one piece, a class its header and its members,
and what lies between definitions is a piece of what surrounds it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from firsthand.core.chunk_cutting import cut_lines, is_closing
from firsthand.core.chunk_sizes import (
    JOINED,
    LARGEST,
    OVERLAP,
    PART,
    SMALL_CLASS,
    TINY,
    TINY_FUNCTION,
    Measure,
)
from firsthand.core.lines import LineTable
from firsthand.core.model import Outline, Symbol

CLASSES = frozenset({"class", "interface", "struct", "enum", "trait"})
_TYPES = CLASSES | {"impl"}
_CONTAINERS = CLASSES | {"module", "impl", "section", "key", "table"}
_FUNCTIONS = frozenset({"function", "method", "test", "macro"})
_PART_OF_HEADER = frozenset({"field"})
# Never joined with neighbours: a name of its own is what such a definition is looked up by.
_APART = CLASSES | {"module", "impl", "macro"}
# The header of what only gathers (a module, a group of tests) says nothing alone when it is as short as this.
_BARE_HEADER = 30
# A comment longer than this is worth finding for itself.
_SHORT_COMMENT = 80
# A line this short directly above a definition is part of it to a reader: `#ifdef`, a macro, a label.
_STRAY = 15
# When nested definitions make up more than this share of a long function, they are what people look for.
_NESTED_SHARE = 0.5

_COMMENT_LINE = re.compile(
    rb"^\s*(?:#+(?:[\s!=*~-]|$)|//|/\*|\*|--|;|%|<!--|-->|\{-|\(\*|'|rem\b)", re.IGNORECASE
)

Role = Literal["whole", "part", "header", "rest"]


class Piece(NamedTuple):
    """Lines of a file on their way to becoming a chunk."""

    first: int
    last: int
    role: Role
    owner: int | None
    """The definition around the piece; None at the top of the file."""
    symbols: tuple[int, ...] = ()
    """The definitions that the piece is, or the one that it is a part of."""


def divide(outline: Outline, table: LineTable) -> list[Piece]:
    """Divide a file along its outline, in source order; pieces that are cut from one definition may overlap."""
    measure = Measure(table)
    division = _Division(outline, table, measure)
    pieces = division.region(1, len(table), None, division.children(None))
    attached = _attach(pieces, outline, table, measure)
    joined = _join(attached, outline, measure)
    return [part for piece in joined for part in _cut(piece, outline, table, measure)]


class _Division:
    """The outline of one file as lines: which definitions stand in which, and where each begins and ends."""

    def __init__(self, outline: Outline, table: LineTable, measure: Measure) -> None:
        self._symbols = outline.symbols
        self._table = table
        self._measure = measure
        self._children: dict[int | None, list[int]] = {}
        for index, symbol in enumerate(outline.symbols):
            self._children.setdefault(symbol.parent, []).append(index)

    def children(self, owner: int | None) -> Sequence[int]:
        """Return the definitions directly inside another, or at the top."""
        return self._children.get(owner, ())

    def region(self, first: int, last: int, owner: int | None, children: Sequence[int]) -> list[Piece]:
        """Divide the lines of one definition, or of the file, among its children and what lies between them."""
        pieces: list[Piece] = []
        free = first
        for position, child in enumerate(children):
            span = self._symbols[child].span
            if span.end_line < free or span.start_line < first or not self._deserves_piece(child):
                continue
            start = max(span.start_line, free)
            if start > free:
                pieces.append(Piece(free, start - 1, "rest", owner))
            end = min(
                span.end_line, self._next_start(children[position + 1 : position + 2], span.start_line), last
            )
            pieces.extend(self._definition(child, start, end))
            free = end + 1
        if free <= last:
            pieces.append(Piece(free, last, "rest", owner))
        return pieces

    def _next_start(self, following: Sequence[int], line: int) -> int:
        """Return the last line before the next definition: its comments win over a grammar's generous end."""
        start = self._symbols[following[0]].span.start_line if following else 0
        return start - 1 if start > line else len(self._table)

    def _definition(self, index: int, first: int, last: int) -> list[Piece]:
        symbol = self._symbols[index]
        bodied = [child for child in self.children(index) if self._has_own_body(child)]
        whole = Piece(first, last, "whole", symbol.parent, (index,))
        if not bodied or not self._is_divided(symbol, first, last, bodied):
            return [whole]
        # The header of a class takes in its fields; what only gathers ends where its first member begins.
        members = [child for child in self.children(index) if self._deserves_piece(child)]
        header_end = self._symbols[(bodied if symbol.kind in CLASSES else members)[0]].span.start_line - 1
        if header_end < first:  # the first member begins on the line of its class
            return [whole]
        header = Piece(first, header_end, "header", symbol.parent, (index,))
        return [header, *self.region(header_end + 1, last, index, self.children(index))]

    def _is_divided(self, symbol: Symbol, first: int, last: int, bodied: Sequence[int]) -> bool:
        tokens = self._measure.tokens(first, last)
        if symbol.kind in CLASSES or symbol.kind in {"module", "impl"}:
            return tokens > SMALL_CLASS
        if symbol.kind in _CONTAINERS:
            return tokens > (SMALL_CLASS if symbol.kind == "section" else LARGEST)
        nested = sum(self._measure.tokens(*self._lines(child)) for child in bodied)
        return tokens > LARGEST and (symbol.kind == "test" or nested > tokens * _NESTED_SHARE)

    def _deserves_piece(self, index: int) -> bool:
        symbol = self._symbols[index]
        if symbol.kind in _PART_OF_HEADER:
            return False
        inside_class = symbol.parent is not None and self._symbols[symbol.parent].kind in CLASSES
        return not inside_class or symbol.kind not in _FUNCTIONS or self._has_own_body(index)

    def _has_own_body(self, index: int) -> bool:
        symbol = self._symbols[index]
        if symbol.kind in _FUNCTIONS:
            return symbol.body_start_byte is not None
        return symbol.kind in _CONTAINERS

    def _lines(self, index: int) -> tuple[int, int]:
        span = self._symbols[index].span
        return span.start_line, span.end_line


def _attach(pieces: Sequence[Piece], outline: Outline, table: LineTable, measure: Measure) -> list[Piece]:
    """Give closing lines to the piece before them, and short comments and bare headers to the piece after."""
    attached: list[Piece] = []
    for piece in (trimmed for piece in pieces if (trimmed := _trimmed(piece, table)) is not None):
        before = attached[-1] if attached else None
        if before is not None and piece.role == "rest" and _is_only(piece, table, is_closing):
            attached[-1] = before._replace(last=piece.last)
        elif before is not None and _leads(before, piece, outline, table, measure):
            attached[-1] = piece._replace(first=before.first)
        else:
            attached.append(piece)
    return attached


def _leads(before: Piece, piece: Piece, outline: Outline, table: LineTable, measure: Measure) -> bool:
    tokens = measure.tokens(before.first, before.last)
    if before.role == "header":
        kind = outline.symbols[before.symbols[0]].kind
        bare = TINY if kind == "section" else _BARE_HEADER
        fits = measure.tokens(before.first, piece.last) <= LARGEST
        return kind not in CLASSES and piece.owner == before.symbols[0] and tokens <= bare and fits
    if before.role != "rest" or piece.role not in ("whole", "header") or piece.owner != before.owner:
        return False
    is_comment = tokens <= _SHORT_COMMENT and _is_only(before, table, _is_comment)
    return is_comment or (tokens <= _STRAY and before.last + 1 == piece.first)


def _join(pieces: Sequence[Piece], outline: Outline, measure: Measure) -> list[Piece]:
    """Join tiny neighbours of the same owner."""
    joined: list[Piece] = []
    for piece in pieces:
        before = joined[-1] if joined else None
        if before is not None and _belong_together(before, piece, outline, measure):
            role: Role = "whole" if before.role == piece.role == "whole" else "rest"
            joined[-1] = before._replace(last=piece.last, role=role, symbols=before.symbols + piece.symbols)
        else:
            joined.append(piece)
    return joined


def _belong_together(before: Piece, piece: Piece, outline: Outline, measure: Measure) -> bool:
    if before.owner != piece.owner or not (_is_joinable(before, outline) and _is_joinable(piece, outline)):
        return False
    together = measure.tokens(before.first, piece.last)
    if _are_clauses(before, piece, outline):
        return together <= PART
    # A group that has grown stays open for one more, which is why only a piece that is no group must be tiny.
    is_open = len(before.symbols) > 1 or _is_tiny(before, outline, measure)
    return is_open and _is_tiny(piece, outline, measure) and together <= JOINED


def _are_clauses(before: Piece, piece: Piece, outline: Outline) -> bool:
    """Tell whether two pieces define the same name: overloads, or a function given case by case."""
    names = {outline.symbols[index].qualified_name for index in (*before.symbols, *piece.symbols)}
    return bool(before.symbols and piece.symbols) and len(names) == 1


def _is_tiny(piece: Piece, outline: Outline, measure: Measure) -> bool:
    tokens = measure.tokens(piece.first, piece.last)
    if not any(outline.symbols[index].kind in _FUNCTIONS for index in piece.symbols):
        return tokens <= TINY
    is_member = piece.owner is not None and outline.symbols[piece.owner].kind in _TYPES
    return is_member and tokens <= TINY_FUNCTION


def _is_joinable(piece: Piece, outline: Outline) -> bool:
    kinds = {outline.symbols[index].kind for index in piece.symbols}
    return piece.role in ("whole", "rest") and not kinds & _APART


def _cut(piece: Piece, outline: Outline, table: LineTable, measure: Measure) -> Iterator[Piece]:
    if measure.tokens(piece.first, piece.last) <= LARGEST:
        yield piece
        return
    role: Role = "part" if piece.role == "whole" else piece.role
    for first, last in _ranges(piece, outline, table, measure):
        part = _trimmed(piece._replace(first=first, last=last, role=role), table)
        if part is not None:
            yield part


def _ranges(piece: Piece, outline: Outline, table: LineTable, measure: Measure) -> Iterator[tuple[int, int]]:
    """Cut a long piece: long documentation apart from the code, so that the code may stay whole."""
    if piece.role != "whole" or len(piece.symbols) != 1:
        yield from cut_lines(table, measure, piece.first, piece.last, overlap=piece.role == "whole")
        return
    symbol = outline.symbols[piece.symbols[0]]
    statements = {table.line_of(byte) for byte in symbol.statement_bytes}
    code = _code_line(piece, symbol, table)
    start = piece.first
    if measure.tokens(start, code - 1) > OVERLAP:
        yield from cut_lines(table, measure, start, code - 1, overlap=True)
        start = code
    yield from cut_lines(table, measure, start, piece.last, preferred=statements, overlap=True)


def _code_line(piece: Piece, symbol: Symbol, table: LineTable) -> int:
    """Return the line on which a definition begins after its documentation."""
    line = piece.first
    while line < symbol.name_span.start_line and _is_documentation(table.line(line)):
        line += 1
    is_unmarked = line == piece.first and symbol.docstring
    # Documentation in a string above the definition, as in Elixir.
    return max(line, symbol.name_span.start_line) if is_unmarked else line


def _trimmed(piece: Piece, table: LineTable) -> Piece | None:
    """Return the piece without blank lines at its ends; None when it has no others."""
    first, last = piece.first, piece.last
    while first <= last and not table.line(first).strip():
        first += 1
    while last > first and not table.line(last).strip():
        last -= 1
    if first > last:
        return None
    return piece if (first, last) == (piece.first, piece.last) else piece._replace(first=first, last=last)


def _is_only(piece: Piece, table: LineTable, condition: Callable[[bytes], bool]) -> bool:
    lines = (table.line(number) for number in range(piece.first, piece.last + 1))
    return all(condition(line) for line in lines if line.strip())


def _is_documentation(line: bytes) -> bool:
    return not line.strip() or _is_comment(line)


def _is_comment(line: bytes) -> bool:
    return _COMMENT_LINE.match(line) is not None
