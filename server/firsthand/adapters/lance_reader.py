"""Reading an index over LanceDB: keyword search, links, names and counts (the nearest vectors: `lance_nearest`)."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from firsthand.adapters import lance_keywords, lance_links, lance_schema
from firsthand.adapters.freed_memory import QuietMemory
from firsthand.adapters.lance_chunk_rows import read_chunks
from firsthand.adapters.lance_damage import Damage
from firsthand.adapters.lance_errors import translated
from firsthand.adapters.lance_nearest import NearestChunks
from firsthand.adapters.lance_pending import table_versions
from firsthand.adapters.lance_predicates import WITH_VECTOR, any_in_list, quoted
from firsthand.adapters.lance_tables import Tables
from firsthand.core.model import (
    Chunk,
    ChunkHead,
    IndexStats,
    LinkedChunk,
    Scope,
    ScoredChunk,
    ScoredHead,
    Vector,
)
from firsthand.errors import StoreDamagedError, StoreError

# Mentions are fetched with the least talkative chunks first, and then put in an order that people expect.
_MORE_TO_CHOOSE_FROM = 4

_Head = TypeVar("_Head", bound=ChunkHead)


class LanceReader:
    """The half of a `ChunkStore` that changes nothing; any number of processes read."""

    def __init__(self, tables: Tables, damage: Damage) -> None:
        self._opened: Tables | None = tables
        self._damage = damage
        self._begun: dict[object, float] = {}
        """When each read under way began, by the monotonic clock."""
        self._nearest = NearestChunks()
        self._memory = QuietMemory()
        self._counted: tuple[tuple[int, ...], IndexStats] | None = None

    async def find_dense(self, vector: Vector, scope: Scope, limit: int) -> Sequence[ScoredHead]:
        """Return the nearest chunks by cosine similarity, best first, perhaps without their text."""
        with self._reading("be searched"):
            return await self._nearest.search(self._tables, vector, scope, limit)

    async def search_keywords(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[ScoredChunk]:
        """Return chunks by BM25, best first."""
        if not terms or limit < 1:
            return []
        with self._reading("be searched"):
            return await lance_keywords.search_table(self._tables, terms, scope, limit)

    async def find_keywords(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[ScoredHead]:
        """Return chunks by BM25, best first, perhaps without their text."""
        if not terms or limit < 1:
            return []
        with self._reading("be searched"):
            return await lance_keywords.search(self._tables, terms, scope, limit)

    async def prepare_searches(self) -> None:
        """Read what searches hold in memory, so that the first one is as fast as those after it."""
        with self._reading("be searched"):
            await self._nearest.prepare(self._tables)
            catalogue = await self._tables.catalogue.ready(self._tables.chunks)
            if catalogue is not None:
                await self._tables.terms.prepare(self._tables.chunks, catalogue)

    async def read(self, heads: Sequence[ChunkHead]) -> Sequence[Chunk | None]:
        """Return the chunks of these heads in their order, None for those that are gone."""
        with self._reading("be searched"):
            return await read_chunks(self._tables, heads)

    async def chunks_of(self, path: str) -> Sequence[Chunk]:
        """Return the chunks of one file in source order."""
        found = await self._chunks_where(f"path = {quoted(path)}")
        return sorted(found, key=lambda chunk: (chunk.span.start_byte, chunk.span.end_byte))

    async def defining(self, names: Sequence[str], limit: int) -> Sequence[Chunk]:
        """Return chunks that define one of these names: exact case first, then code before tests."""
        chunks = await self.read(await self.find_defining(names, limit))
        if None not in chunks:
            return [chunk for chunk in chunks if chunk is not None]
        return await self._defining_in_table(names, limit)

    async def find_defining(self, names: Sequence[str], limit: int) -> Sequence[ChunkHead]:
        """Return the same chunks, perhaps without their text."""
        if not names or limit < 1:
            return []
        with self._reading("be searched"):
            catalogue = await self._tables.catalogue.current(self._tables.chunks)
        if catalogue is None:
            return await self._defining_in_table(names, limit)
        found = await asyncio.to_thread(lambda: catalogue.listed(catalogue.defining(names)))
        return _definitions_first(found, names)[:limit]

    async def mentioning(self, name: str, limit: int) -> Sequence[Chunk]:
        """Return chunks that call, refer to, extend or import this very name; code before tests."""
        word = name if name.split() == [name] else lance_schema.last_part(name)
        if not word or limit < 1:
            return []
        with self._reading("be searched"):
            query = self._tables.chunks.query().nearest_to_text(word, columns=["mentions"])
            found = await query.select(["chunk", "_score"]).limit(limit * _MORE_TO_CHOOSE_FROM).to_arrow()
        chunks = lance_schema.chunks_from(found["chunk"])
        return sorted(chunks, key=lambda chunk: (chunk.is_test, chunk.path, chunk.span.start_byte))[:limit]

    async def linked(self, names: Sequence[str], limit: int) -> Sequence[LinkedChunk]:
        """Return chunks that define, use or import one of these names, with those links, rarest mentions first."""
        wanted = {name for name in names if name.split() == [name]}
        if not wanted or limit < 1:
            return []
        words = " ".join(word for name in sorted(wanted) for word in (name, lance_links.defined(name)))
        with self._reading("be searched"):
            query = self._tables.chunks.query().nearest_to_text(words, columns=["mentions"])
            found = await query.select(["chunk", "links", "_score"]).limit(limit).to_arrow()
        return await asyncio.to_thread(lance_schema.linked_from, found, wanted)

    async def links_of(self, path: str) -> Sequence[LinkedChunk]:
        """Return the chunks of one file in source order, with all their links."""
        with self._reading("be searched"):
            query = self._tables.chunks.query().where(f"path = {quoted(path)}")
            found = await query.select(["chunk", "links"]).to_arrow()
        linked = await asyncio.to_thread(lance_schema.linked_from, found)
        return sorted(linked, key=lambda each: (each.chunk.span.start_byte, each.chunk.span.end_byte))

    async def names(self) -> frozenset[str]:
        """Return every plain name of the index; of files that changed they are read again."""
        with self._reading("be read"):
            return await self._tables.names.current(self._tables.chunks, self._tables.catalogue)

    async def stats(self) -> IndexStats:
        """Count what is there."""
        with self._reading("be read"):
            versions = (*await table_versions(self._tables), await self._tables.files.version())
            if self._counted is not None and self._counted[0] == versions:
                return self._counted[1]
            statuses = await self._tables.files.query().select(["status"]).to_arrow()
            chunks = await self._tables.chunks.query().select(["content_hash"]).to_arrow()
            query = self._tables.vectors.query().where(WITH_VECTOR)
            vectors = await query.select(["content_hash"]).to_arrow()
        files = Counter(statuses["status"].to_pylist())
        embedded = await asyncio.to_thread(_count_in, chunks["content_hash"], vectors["content_hash"])
        stats = IndexStats(files["indexed"], files["skipped"], files["failed"], chunks.num_rows, embedded)
        self._counted = (versions, stats)
        return stats

    async def version(self) -> tuple[int, ...]:
        """Return the versions of the tables that searches read."""
        with self._reading("be read", takes_memory=False):
            return await table_versions(self._tables)

    @property
    def _tables(self) -> Tables:
        if self._opened is None:
            raise StoreError("The index is closed; open the workspace again.")
        return self._opened

    @contextlib.contextmanager
    def _reading(self, action: str, *, takes_memory: bool = True) -> Iterator[None]:
        read = object()
        self._begun[read] = time.monotonic()
        try:
            with translated(action):
                yield
        except StoreDamagedError:
            self._damage.note()
            raise
        finally:
            del self._begun[read]
            if takes_memory:
                self._memory.used()

    async def _defining_in_table(self, names: Sequence[str], limit: int) -> list[Chunk]:
        found = await self._chunks_where(any_in_list("defines", {name.lower() for name in names}))
        return _definitions_first(found, names)[:limit]

    async def _chunks_where(self, predicate: str) -> list[Chunk]:
        with self._reading("be searched"):
            found = await self._tables.chunks.query().where(predicate).select(["chunk"]).to_arrow()
        # Thousands of chunks may define a name such as `main`.
        return await asyncio.to_thread(lance_schema.chunks_from, found["chunk"])


def _definitions_first(found: Sequence[_Head], names: Sequence[str]) -> list[_Head]:
    exact = set(names)

    def rank(chunk: _Head) -> tuple[bool, bool, str, int]:
        is_exact = chunk.name in exact or chunk.qualified_name in exact
        return not is_exact, chunk.is_test, chunk.path, chunk.span.start_byte

    return sorted(found, key=rank)


def _count_in(values: pa.ChunkedArray, present: pa.ChunkedArray) -> int:
    return int(pc.sum(pc.is_in(values, value_set=present.combine_chunks())).as_py() or 0)
