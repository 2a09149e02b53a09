"""The nearest chunks by cosine similarity.

The vectors of a table are also held in memory, coded (`vector_codes`), and followed by its version: what this process
adds is added there too, and after any other change the hashes are compared.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from lancedb.table import AsyncTable

from firsthand.adapters import lance_schema
from firsthand.adapters.catalogue import Catalogue, keys_of
from firsthand.adapters.catalogue_vectors import CatalogueVectors
from firsthand.adapters.freed_memory import give_back
from firsthand.adapters.lance_errors import VENDOR_ERRORS
from firsthand.adapters.lance_predicates import VALUES_PER_PREDICATE, WITH_VECTOR, one_of, scope_predicate
from firsthand.adapters.lance_tables import Tables
from firsthand.adapters.vector_codes import VectorCodes
from firsthand.core.model import Chunk, Scope, ScoredChunk, ScoredHead, Vector

# A scope with fewer chunks than this is searched chunk by chunk; a wider one by asking for more neighbours.
_NARROW_SCOPE = 2_000
# So many vectors are read while a search waits for them (some 100 ms); more are read beside searches in the table.
_READ_AT_ONCE = 20_000
# Small batches, because LanceDB keeps for itself what it needed for those that it read ahead.
_ROWS_PER_BATCH = 2_048
# Up to here a predicate names the vectors that are missing; beyond, all are read.
_MOST_NAMED = 4 * VALUES_PER_PREDICATE


class NearestChunks:
    """Searches the vectors of one embedder."""

    def __init__(self) -> None:
        self._codes = VectorCodes()
        self._version: int | None = None
        self._changing = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._matched: CatalogueVectors | None = None

    async def search(self, tables: Tables, vector: Vector, scope: Scope, limit: int) -> Sequence[ScoredHead]:
        """Return the nearest chunks of a scope, best first; with their text where the catalogue does not serve."""
        if limit < 1:
            return []
        codes = await self._current(tables.vectors)
        catalogue = await tables.catalogue.current(tables.chunks)
        if codes is None or catalogue is None:
            return await search_table(tables, vector, scope, limit)
        return await asyncio.to_thread(self._search, catalogue, codes, vector, scope, limit)

    async def prepare(self, tables: Tables) -> None:
        """Read what a search needs, however long that takes."""
        await self._follow(tables.vectors)
        catalogue = await tables.catalogue.ready(tables.chunks)
        if catalogue is not None:
            await asyncio.to_thread(self._match, catalogue, self._codes)

    @contextlib.asynccontextmanager
    async def adding(self, table: AsyncTable, vectors: Mapping[str, Vector]) -> AsyncIterator[None]:
        """Surround the write that adds these vectors to the table."""
        before = await table.version()
        yield
        matrix = np.frombuffer(b"".join(vector.tobytes() for vector in vectors.values()), np.float32)
        async with self._changing:
            if self._version == before:
                self._codes = await asyncio.to_thread(
                    self._codes.with_added, keys_of(vectors), matrix.reshape(len(vectors), -1)
                )
                self._version = await table.version()

    async def close(self) -> None:
        """Stop what goes on beside searches."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    def _search(
        self, catalogue: Catalogue, codes: VectorCodes, vector: Vector, scope: Scope, limit: int
    ) -> list[ScoredHead]:
        return self._match(catalogue, codes).nearest(vector, scope, limit)

    def _match(self, catalogue: Catalogue, codes: VectorCodes) -> CatalogueVectors:
        matched = self._matched
        if matched is None or not matched.is_of(catalogue, codes):
            self._matched = matched = CatalogueVectors(catalogue, codes, matched)
        return matched

    async def _current(self, table: AsyncTable) -> VectorCodes | None:
        """Return the codes of the table as it is now; None while that takes longer than a search may wait."""
        if await table.version() != self._version:
            if await table.count_rows() - len(self._codes) > _READ_AT_ONCE:
                if self._reading is None or self._reading.done():
                    self._reading = asyncio.create_task(self._follow_beside(table))
                return None
            await self._follow(table)
        return self._codes

    async def _follow_beside(self, table: AsyncTable) -> None:
        # A search meets the same error when it reads the table, and says so.
        with contextlib.suppress(*VENDOR_ERRORS):
            await self._follow(table)

    async def _follow(self, table: AsyncTable) -> None:
        """Make the codes those of the table."""
        async with self._changing:
            version = await table.version()
            if version == self._version:
                return
            stored = await table.query().where(WITH_VECTOR).select(["content_hash"]).to_arrow()
            codes, missing = await asyncio.to_thread(_kept, self._codes, stored["content_hash"])
            async for keys, matrix in _vectors_of(table, missing):
                codes = await asyncio.to_thread(codes.with_added, keys, matrix)
            self._codes, self._version = codes, version
        if len(missing) > _MOST_NAMED:
            await asyncio.to_thread(give_back)


async def search_table(tables: Tables, vector: Vector, scope: Scope, limit: int) -> list[ScoredChunk]:
    """Return the nearest chunks of a scope, best first, by reading all vectors in the table."""
    predicate = scope_predicate(scope)
    in_scope = await tables.chunks.count_rows(predicate)
    if not in_scope or limit < 1:
        return []
    if predicate and in_scope <= _NARROW_SCOPE:
        return await _nearest_of_few(tables, vector, predicate, limit)
    total = await tables.vectors.count_rows()
    # The expected share of neighbours that lie in the scope, and as much again for the unexpected.
    neighbours = 2 * limit * max(total // in_scope, 1)
    while True:
        hits = await _nearest(tables, vector, predicate, neighbours, limit)
        if neighbours >= total or len(hits) >= limit:
            return hits[:limit]
        neighbours *= 8


async def _nearest(
    tables: Tables, vector: Vector, predicate: str | None, neighbours: int, limit: int
) -> list[ScoredChunk]:
    """Return the hits among that many neighbours, which are fewer when two processes stored one vector."""
    ranking = await _flat_ranking(tables.vectors, vector, neighbours)
    hits: list[ScoredChunk] = []
    # Nearly every neighbour has a chunk, and reading one costs more than finding it.
    for batch in lance_schema.batches(list(ranking), limit if predicate is None else VALUES_PER_PREDICATE):
        named = one_of("content_hash", batch)
        query = tables.chunks.query().where(f"{named} AND ({predicate})" if predicate else named)
        rows = await query.select(["chunk"]).to_arrow()
        hits += _ranked(await asyncio.to_thread(lance_schema.chunks_from, rows["chunk"]), ranking)
        if len(hits) >= limit:
            break
    return hits


def _kept(codes: VectorCodes, stored: pa.ChunkedArray) -> tuple[VectorCodes, set[str]]:
    """Return the codes of vectors that are stored still, and the hashes of those that are missing."""
    hashes = stored.to_pylist()
    keys, known = keys_of(hashes), codes.keys()
    missing = np.isin(keys, known, invert=True).tolist()
    return codes.only(keys), {key for key, is_missing in zip(hashes, missing, strict=True) if is_missing}


async def _vectors_of(
    table: AsyncTable, keys: Collection[str]
) -> AsyncIterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]:
    """Yield the vectors of these hashes, each once."""
    left = set(keys)
    predicates = (
        [one_of("content_hash", batch) for batch in lance_schema.batches(list(left), VALUES_PER_PREDICATE)]
        if len(left) <= _MOST_NAMED
        else [WITH_VECTOR]
    )
    for predicate in predicates:
        query = table.query().where(predicate).select(["content_hash", "vector"])
        async for batch in await query.to_batches(max_batch_length=_ROWS_PER_BATCH):
            found = await asyncio.to_thread(_taken, batch, left)
            if found is not None:
                yield found


def _taken(
    batch: pa.RecordBatch, left: set[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]] | None:
    """Take those of a batch that are left to be read."""
    hashes = batch["content_hash"].to_pylist()
    rows = [row for row, key in enumerate(hashes) if key in left and not left.discard(key)]  # type: ignore[func-returns-value]
    if not rows:
        return None
    matrix = np.asarray(batch["vector"].take(pa.array(rows)).flatten(), np.float32)
    return keys_of(hashes[row] for row in rows), matrix.reshape(len(rows), -1)


async def _nearest_of_few(tables: Tables, vector: Vector, predicate: str, limit: int) -> list[ScoredChunk]:
    query = tables.chunks.query().where(predicate)
    rows = await query.select(["content_hash", "chunk"]).to_arrow()
    hashes = one_of("content_hash", set(rows["content_hash"].to_pylist()))
    ranking = await _flat_ranking(tables.vectors, vector, limit, hashes)
    rows = rows.filter(pc.is_in(rows["content_hash"], value_set=pa.array(ranking, pa.string())))
    return _ranked(lance_schema.chunks_from(rows["chunk"]), ranking)[:limit]


async def _flat_ranking(
    table: AsyncTable, vector: Vector, limit: int, predicate: str | None = None
) -> dict[str, float]:
    """Return the nearest content hashes with their similarity, best first, by reading all vectors."""
    query = table.query().nearest_to(np.frombuffer(vector, np.float32)).distance_type("cosine").limit(limit)
    if predicate:
        query = query.where(predicate)
    found = await query.select(["content_hash", "_distance"]).to_arrow()
    pairs = zip(found["content_hash"].to_pylist(), found["_distance"].to_pylist(), strict=True)
    return {key: 1.0 - distance for key, distance in sorted(pairs, key=lambda pair: pair[1])}


def _ranked(chunks: Sequence[Chunk], similarity: Mapping[str, float]) -> list[ScoredChunk]:
    ranked = [ScoredChunk(chunk, similarity[chunk.content_hash]) for chunk in chunks]
    return sorted(ranked, key=lambda hit: (-hit.score, hit.chunk.id))
