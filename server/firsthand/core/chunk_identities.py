"""Who a piece is: the definition whose name, kind and documentation its chunk carries."""

from collections.abc import Sequence
from typing import NamedTuple

from firsthand.core.chunk_pieces import Piece
from firsthand.core.model import ChunkKind, Outline, Span, Symbol

_CHUNK_KINDS: dict[str, ChunkKind] = {"key": "config", "field": "variable"}
# A definition that makes up this share of the lines joined with it names the whole piece.
_NAMING_SHARE = 0.5


class Identity(NamedTuple):
    """What a chunk says of itself."""

    kind: ChunkKind
    name: str
    qualified_name: str
    parent: str
    definition: Span
    signature: str = ""
    docstring: str = ""
    bases: tuple[str, ...] = ()


def identify(piece: Piece, outline: Outline, span: Span, top_kind: ChunkKind) -> Identity:
    """Return the identity of a piece: its definition's, else that of the definition around it, else the file's."""
    symbols = [outline.symbols[index] for index in piece.symbols]
    # Overloads, and the clauses of one function, are one definition to a reader.
    if len({symbol.qualified_name for symbol in symbols}) == 1 and _is_named_by(piece, symbols):
        return _of_symbol(symbols[0], span if piece.role in ("whole", "rest") else symbols[0].span)
    signatures = "\n".join(symbol.signature for symbol in symbols)
    common = {_kind(symbol) for symbol in symbols} if _is_named_by(piece, symbols) else set()
    if piece.owner is None:
        kind = common.pop() if len(common) == 1 else top_kind
        return Identity(kind, "", "", "", span, signature=signatures)
    owner = _of_symbol(outline.symbols[piece.owner], outline.symbols[piece.owner].span)
    if not symbols:
        return owner
    kind = common.pop() if len(common) == 1 else owner.kind
    return Identity(kind, owner.name, owner.qualified_name, owner.parent, span, signature=signatures)


def _is_named_by(piece: Piece, symbols: Sequence[Symbol]) -> bool:
    lines = sum(symbol.span.end_line - symbol.span.start_line + 1 for symbol in symbols)
    return piece.role != "rest" or lines >= (piece.last - piece.first + 1) * _NAMING_SHARE


def _of_symbol(symbol: Symbol, definition: Span) -> Identity:
    return Identity(
        kind=_kind(symbol),
        name=symbol.name,
        qualified_name=symbol.qualified_name,
        # Also where the enclosing type stands elsewhere, as with methods in Go.
        parent=symbol.qualified_name.removesuffix(symbol.name).rstrip(" .>"),
        definition=definition,
        signature=symbol.signature,
        docstring=symbol.docstring,
        bases=symbol.bases,
    )


def _kind(symbol: Symbol) -> ChunkKind:
    return _CHUNK_KINDS.get(symbol.kind) or symbol.kind  # type: ignore[return-value]
