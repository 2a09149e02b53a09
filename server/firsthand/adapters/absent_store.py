"""The index where the processor or the disk allows none: it keeps nothing, and says why when it is to keep something.

Searches find what there is by reading the files, as they do while files wait to be indexed; who uses a name, which
files there are and what names they hold is read from them here.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NoReturn

from firsthand.core.linked_reading import LinkedReading
from firsthand.core.model import (
    Chunk,
    ChunkHead,
    FileRecord,
    FileUpdate,
    IndexStats,
    LinkedChunk,
    Scope,
    ScoredChunk,
    ScoredHead,
    Vector,
)
from firsthand.errors import StoreError

# Where many definitions are asked for at once, they are to stand beside an answer: not worth reading every file for.
_MOST_NAMES = 4
# No file is as the index has it.
_NEVER_INDEXED = -1


class AbsentStore:
    """A `ChunkStore` without a disk."""

    def __init__(self, reason: str, reading: LinkedReading) -> None:
        """Take the sentence that says why there is no index, and what reads the files instead."""
        self._reason = reason
        self._reading = reading

    def writer_lock(self) -> NoReturn:
        """Let nobody begin to write, so that no file is read for nothing.

        Raises:
            StoreError: always.
        """
        raise StoreError(self._reason)

    async def manifest(self) -> Mapping[str, FileRecord]:
        """Return every file, as one that has changed since."""
        return {path: _changed(path) for path in await self._reading.paths()}

    async def replace(self, updates: Sequence[FileUpdate]) -> None:
        """Refuse to keep chunks.

        Raises:
            StoreError: always.
        """
        raise StoreError(self._reason)

    async def touch(self, records: Sequence[FileRecord]) -> None:
        """Leave everything as it is."""

    async def remove(self, paths: Sequence[str]) -> None:
        """Leave everything as it is."""

    async def known_vectors(self, content_hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Return no vector."""
        return {}

    async def without_vector(self, limit: int) -> Sequence[Chunk]:
        """Return no chunk."""
        return ()

    async def adopt_vectors(self) -> int:
        """Take over nothing."""
        return 0

    async def set_vectors(self, vectors: Mapping[str, Vector]) -> None:
        """Leave everything as it is."""

    async def set_unembeddable(self, reasons: Mapping[str, str]) -> None:
        """Leave everything as it is."""

    async def search_keywords(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[ScoredChunk]:
        """Return no chunk."""
        return ()

    async def find_dense(self, vector: Vector, scope: Scope, limit: int) -> Sequence[ScoredHead]:
        """Return no chunk."""
        return ()

    async def find_keywords(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[ScoredHead]:
        """Return no chunk."""
        return ()

    async def find_defining(self, names: Sequence[str], limit: int) -> Sequence[ChunkHead]:
        """Return no chunk."""
        return ()

    async def read(self, heads: Sequence[ChunkHead]) -> Sequence[Chunk | None]:
        """Return the chunks that came with their text, cut from files just now."""
        return [head if isinstance(head, Chunk) else None for head in heads]

    async def chunks_of(self, path: str) -> Sequence[Chunk]:
        """Return no chunk."""
        return ()

    async def defining(self, names: Sequence[str], limit: int) -> Sequence[Chunk]:
        """Return the chunks that define a name; none when many names are asked for."""
        if len(names) > _MOST_NAMES:
            return ()
        return [chunk for name in names for chunk in await self._reading.defining(name, limit)][:limit]

    async def mentioning(self, name: str, limit: int) -> Sequence[Chunk]:
        """Return no chunk."""
        return ()

    async def linked(self, names: Sequence[str], limit: int) -> Sequence[LinkedChunk]:
        """Return chunks that define, use or import one of these names, from the files that hold it."""
        return await self._reading.linked(names, limit)

    async def links_of(self, path: str) -> Sequence[LinkedChunk]:
        """Return the chunks of a file that have links."""
        return await self._reading.links_of(path)

    async def names(self) -> frozenset[str]:
        """Return every name that stands in a file."""
        return await self._reading.names()

    async def stats(self) -> IndexStats:
        """Count nothing."""
        return IndexStats(files=0, skipped=0, failed=0, chunks=0, embedded=0)

    async def version(self) -> tuple[int, ...]:
        """Return the same value always."""
        return ()

    async def prepare_searches(self) -> None:
        """Read nothing."""

    async def index_words(self) -> None:
        """Leave everything as it is."""

    async def optimize(self, *, may_give_up: bool = False) -> bool:
        """Leave everything as it is."""
        return True

    async def tidy(self, *, calm: bool = True) -> bool:
        """Leave everything as it is."""
        return False

    async def forget_past(self) -> None:
        """Let go of nothing."""

    @property
    def is_damaged(self) -> bool:
        """Whether what is on the disk is wrong: there is nothing."""
        return False

    async def damaged(self) -> None:
        """Never return."""
        await asyncio.Event().wait()

    async def sound(self) -> None:
        """Return: there is nothing that could be wrong."""

    async def mend(self) -> None:
        """Leave everything as it is."""

    async def close(self) -> None:
        """Let go of nothing."""


def _changed(path: str) -> FileRecord:
    return FileRecord(path, "", _NEVER_INDEXED, _NEVER_INDEXED, "indexed")
