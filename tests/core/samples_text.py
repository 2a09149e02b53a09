"""Outlines and chunks as lines of text, to compare with the expected files of `samples/`."""

from firsthand.core.model import Chunk, Outline, Symbol


def describe_symbol(outline: Outline, symbol: Symbol) -> str:
    """Return one line: kind, name, lines, then what else was found, each with its mark."""
    parts = [symbol.kind, symbol.qualified_name, f"{symbol.span.start_line}-{symbol.span.end_line}"]
    parts += [f"bases={','.join(symbol.bases)}"] if symbol.bases else []
    parts += [f"calls={','.join(symbol.calls)}"] if symbol.calls else []
    parts += [f"doc={symbol.docstring.splitlines()[0]}"] if symbol.docstring else []
    return " | ".join(parts)


def describe_chunk(chunk: Chunk) -> str:
    """Return one line: kind, name, lines; and the definition's when the chunk is a part of it."""
    parts = [chunk.kind, chunk.qualified_name or "-", f"{chunk.span.start_line}-{chunk.span.end_line}"]
    if chunk.definition != chunk.span:
        parts.append(f"of {chunk.definition.start_line}-{chunk.definition.end_line}")
    return " | ".join(parts)
