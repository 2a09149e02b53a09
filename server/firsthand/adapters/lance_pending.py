"""Which texts still wait for their vector."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from firsthand.adapters.lance_steps import InStep
from firsthand.adapters.lance_tables import Tables
from firsthand.core.model import FileRecord


@dataclass(slots=True)
class PendingChanges:
    """What one write does: to files, and to hashes: new ones wait from now on, settled ones do not any more."""

    waiting: Collection[str] = ()
    """Hashes that are known to have no row among the vectors before the write."""
    added: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    stored: Sequence[FileRecord] = ()
    touched: Sequence[FileRecord] = ()
    """Known files with new sizes and times."""
    removed: Sequence[str] = ()


class PendingHashes:
    """Content hashes of chunks without a vector, in the order of their rows.

    They are computed once from both tables and then kept in step with the writes of this process; when a write did
    not reach its end or anybody else wrote, which the versions of the tables tell, they are computed again.
    """

    def __init__(self) -> None:
        self._hashes: dict[str, None] = {}
        self.step = InStep(table_versions)

    async def first(self, tables: Tables, count: int) -> list[str]:
        """Return up to `count` hashes from the front."""
        await self._follow(tables)
        return [key for key, _ in zip(self._hashes, range(count), strict=False)]

    async def all(self, tables: Tables) -> list[str]:
        """Return every hash."""
        await self._follow(tables)
        return list(self._hashes)

    def drop(self, content_hashes: Iterable[str]) -> None:
        """Forget hashes whose chunks turned out to be gone."""
        for key in content_hashes:
            self._hashes.pop(key, None)

    @contextlib.asynccontextmanager
    async def writing(self, tables: Tables) -> AsyncIterator[PendingChanges]:
        """Surround one write of this process, which notes here what it does."""
        async with self.step.writing(tables) as in_step:
            changes = PendingChanges(self._hashes.keys() if in_step else ())
            yield changes
            if in_step:
                for key in changes.added:
                    self._hashes.setdefault(key)
                self.drop(changes.settled)

    async def _follow(self, tables: Tables) -> None:
        if not await self.step.holds(tables):
            async with self.step.computing(tables):
                self._hashes = await _pending_hashes(tables)


async def table_versions(tables: Tables) -> tuple[int, int]:
    """Return the versions of chunks and vectors, as this or another process has written them."""
    return await tables.chunks.version(), await tables.vectors.version()


async def _pending_hashes(tables: Tables) -> dict[str, None]:
    chunks = await tables.chunks.query().select(["content_hash"]).to_arrow()
    vectors = await tables.vectors.query().select(["content_hash"]).to_arrow()
    return await asyncio.to_thread(
        lambda: dict.fromkeys(absent(chunks["content_hash"], vectors["content_hash"]).to_pylist())
    )


def absent(wanted: pa.ChunkedArray, present: pa.ChunkedArray) -> pa.Array:
    """Return the distinct values of `wanted` that `present` lacks, in order."""
    return pc.unique(wanted.filter(pc.invert(pc.is_in(wanted, value_set=present.combine_chunks()))))
