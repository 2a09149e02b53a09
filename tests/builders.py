"""Small values for tests, complete where the test does not care."""

import hashlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from firsthand.core.model import Chunk, ChunkKind, FileRecord, FileUpdate, Scope, Span, Vector
from firsthand.core.ports import ChunkStore


@dataclass(frozen=True, slots=True)
class EmbeddedUpdate(FileUpdate):
    """An update of a file, and what embedding its chunks gives, by `Chunk.content_hash`."""

    vectors: Mapping[str, Vector] = field(default_factory=dict)


async def store_embedded(store: ChunkStore, updates: Sequence[EmbeddedUpdate]) -> None:
    """Store files, and then the vectors of their chunks, as indexing does."""
    await store.replace(updates)
    await store.set_vectors({key: each for update in updates for key, each in update.vectors.items()})


async def nearest_chunks(store: ChunkStore, vector: Vector, limit: int) -> list[Chunk]:
    """Return the chunks nearest to a vector, as far as they are still there when they are read."""
    found = await store.find_dense(vector, Scope(), limit)
    return [chunk for chunk in await store.read([hit.chunk for hit in found]) if chunk is not None]


def make_chunk(
    path: str = "src/app.py",
    text: str = "def run():\n    pass\n",
    *,
    name: str = "",
    qualified_name: str = "",
    kind: ChunkKind = "function",
    language: str = "python",
    start_byte: int = 0,
    start_line: int = 1,
    preamble: str = "",
    signature: str = "",
    docstring: str = "",
    parent: str = "",
    imports: Sequence[str] = (),
    calls: Sequence[str] = (),
    references: Sequence[str] = (),
    bases: Sequence[str] = (),
    is_test: bool = False,
) -> Chunk:
    """Return a chunk whose span, tokens and hash follow from its text."""
    end_line = start_line + max(len(text.splitlines()), 1) - 1
    span = Span(start_line, end_line, start_byte, start_byte + len(text.encode()))
    return Chunk(
        path=path,
        language=language,
        kind=kind,
        name=name,
        qualified_name=qualified_name or name,
        parent=parent,
        span=span,
        definition=span,
        text=text,
        preamble=preamble,
        signature=signature,
        docstring=docstring,
        imports=tuple(imports),
        calls=tuple(calls),
        references=tuple(references),
        bases=tuple(bases),
        is_test=is_test,
        tokens=len(text) // 3,
        content_hash=hashlib.sha256(f"{preamble}\n{text}".encode()).hexdigest(),
    )


def make_update(
    path: str,
    chunks: Sequence[Chunk] = (),
    *,
    content_hash: str = "",
    vectors: Mapping[str, Vector] | None = None,
) -> EmbeddedUpdate:
    """Return an update of an indexed file with these chunks, some of which may have vectors."""
    digest = content_hash or hashlib.sha256("".join(chunk.text for chunk in chunks).encode()).hexdigest()
    record = FileRecord(path, digest, 10, 1_000, "indexed", language="python", chunks=len(chunks))
    return EmbeddedUpdate(record, tuple(chunks), vectors=vectors or {})


def make_vector(*values: float) -> Vector:
    """Return a vector of these values."""
    return array("f", values)
