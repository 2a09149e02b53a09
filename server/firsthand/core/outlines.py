"""Questions about the outline of one file: where am I, and what is around me."""

from firsthand.core.lines import LineTable
from firsthand.core.model import Outline, Symbol


def symbol_at(outline: Outline, byte_offset: int) -> Symbol | None:
    """Return the innermost definition that contains the offset; its end counts as inside, as a cursor does."""
    innermost: Symbol | None = None
    for symbol in outline.symbols:
        if symbol.span.start_byte > byte_offset:
            break
        if byte_offset <= symbol.span.end_byte:
            innermost = symbol
    return innermost


def ancestors(outline: Outline, symbol: Symbol) -> tuple[Symbol, ...]:
    """Return the definitions around a symbol, innermost first."""
    found: list[Symbol] = []
    parent = symbol.parent
    while parent is not None:
        found.append(outline.symbols[parent])
        parent = outline.symbols[parent].parent
    return tuple(found)


def byte_offset_of_line(text: str, line: int) -> int:
    """Return the UTF-8 offset at which a line (from 1) begins; the end of the text when it has fewer lines."""
    table = LineTable.of(text)
    if line < 1:
        return 0
    return table.starts[line - 1] if line <= len(table) else len(table.data)
