"""The index of a machine that can have none: it holds nothing, and says why when something is to be kept in it.

Searches find what there is by reading the files, as they do while files wait to be indexed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NoReturn

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


class AbsentStore:
    """A `ChunkStore` without a disk."""

    def __init__(self, reason: str) -> None:
        """Take the sentence that says why there is no index."""
        self._reason = reason

    def writer_lock(self) -> NoReturn:
        """Let nobody begin to write, so that no file is read for nothing.

        Raises:
            StoreError: always.
        """
        raise StoreError(self._reason)

    async def manifest(self) -> Mapping[str, FileRecord]:
        """Return no file."""
        return {}

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
        """Return no chunk."""
        return ()

    async def mentioning(self, name: str, limit: int) -> Sequence[Chunk]:
        """Return no chunk."""
        return ()

    async def linked(self, names: Sequence[str], limit: int) -> Sequence[LinkedChunk]:
        """Return no chunk."""
        return ()

    async def links_of(self, path: str) -> Sequence[LinkedChunk]:
        """Return no chunk."""
        return ()

    async def names(self) -> frozenset[str]:
        """Return no name."""
        return frozenset()

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

    async def mend(self) -> None:
        """Leave everything as it is."""

    async def close(self) -> None:
        """Let go of nothing."""
