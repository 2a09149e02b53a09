"""Definitions in the making: found one by one, then nested, named and measured."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from tree_sitter import Node

from firsthand.core.lines import LineTable, decode
from firsthand.core.model import Span, Symbol, SymbolKind

# Kinds whose functions are methods.
_TYPES = frozenset({"class", "interface", "struct", "enum", "trait", "impl"})
# Kinds whose name is all there is to say above their content.
_TITLED = frozenset({"section", "key", "test"})
_LONGEST_SIGNATURE = 400
# Titles have dots in them.
_PROSE = frozenset({"section", "test"})
# More uses than this tell nothing about a definition and burden its rows.
_MOST_USES = 96


@dataclass(slots=True)
class Draft:
    """A definition of which more is learnt as the file is read."""

    kind: str
    start: int
    end: int
    name_range: tuple[int, int]
    name: tuple[str, ...]
    pattern: int = 0
    body: Node | None = None
    outer_start: int = 0
    outer_end: int = 0
    header_start: int = 0
    doc: str = ""
    parent: int | None = None
    qualified_name: str = ""
    calls: dict[str, None] = field(default_factory=dict)
    references: dict[str, None] = field(default_factory=dict)
    bases: dict[str, None] = field(default_factory=dict)


def nest(drafts: Sequence[Draft]) -> None:
    """Give each draft, in source order, its parent and its qualified name."""
    open_drafts: list[int] = []
    for index, draft in enumerate(drafts):
        while open_drafts and drafts[open_drafts[-1]].end < draft.end:
            open_drafts.pop()
        draft.parent = open_drafts[-1] if open_drafts else None
        parent = drafts[draft.parent] if draft.parent is not None else None
        _qualify(draft, parent)
        open_drafts.append(index)


def symbol(draft: Draft, table: LineTable) -> Symbol:
    """Return the finished symbol."""
    body = draft.body
    return Symbol(
        name=draft.name[-1],
        qualified_name=draft.qualified_name,
        kind=cast(SymbolKind, draft.kind),
        span=span(table, draft.outer_start, draft.outer_end),
        name_span=span(table, *draft.name_range),
        signature=_signature(draft, table),
        docstring=draft.doc,
        parent=draft.parent,
        calls=tuple(draft.calls)[:_MOST_USES],
        references=tuple(name for name in draft.references if name not in draft.calls)[:_MOST_USES],
        bases=tuple(draft.bases)[:_MOST_USES],
        body_start_byte=None if body is None else body.start_byte,
        statement_bytes=() if body is None else _statements(body),
    )


def span(table: LineTable, start: int, end: int) -> Span:
    """Return a range of bytes with its lines."""
    return Span(table.line_of(start), table.line_of(max(start, end - 1)), start, end)


def _qualify(draft: Draft, parent: Draft | None) -> None:
    if parent is not None and draft.kind == "function" and parent.kind in _TYPES:
        draft.kind = "method"
    if draft.kind == "variable" and draft.name[-1].isupper():
        draft.kind = "constant"
    separator = " > " if draft.kind in _PROSE else "."
    around = (parent.qualified_name,) if parent is not None else ()
    draft.qualified_name = separator.join((*around, *draft.name))


def _statements(body: Node) -> tuple[int, ...]:
    children = body.named_children
    # Some grammars put the list of statements into a node of its own between the braces.
    while len(children) == 1 and children[0].named_child_count > 1 and "statement" in children[0].type:
        children = children[0].named_children
    return tuple(child.start_byte for child in children)


def _signature(draft: Draft, table: LineTable) -> str:
    if draft.kind in _TITLED:
        return draft.name[-1]
    end = draft.end if draft.body is None else draft.body.start_byte
    end = min(end, draft.header_start + 4 * _LONGEST_SIGNATURE)
    header = decode(table.data[draft.header_start : end])
    collapsed = " ".join(header.split()).rstrip(" {:=;")
    return collapsed[:_LONGEST_SIGNATURE].rstrip()
