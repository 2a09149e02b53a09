"""The nearest chunks by cosine similarity."""

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firsthand.adapters import lance_schema
from firsthand.adapters.lance_predicates import VALUES_PER_PREDICATE, one_of, scope_predicate
from firsthand.adapters.lance_tables import Tables
from firsthand.core.model import Chunk, Scope, ScoredChunk, Vector

# A scope with fewer chunks than this is searched chunk by chunk; a wider one by asking for more neighbours.
_NARROW_SCOPE = 2_000


async def search(tables: Tables, vector: Vector, scope: Scope, limit: int) -> list[ScoredChunk]:
    """Return the nearest chunks of a scope, best first."""
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


async def _nearest_of_few(tables: Tables, vector: Vector, predicate: str, limit: int) -> list[ScoredChunk]:
    query = tables.chunks.query().where(predicate)
    rows = await query.select(["content_hash", "chunk"]).to_arrow()
    hashes = one_of("content_hash", set(rows["content_hash"].to_pylist()))
    ranking = await _ranking(tables, vector, limit, hashes)
    rows = rows.filter(pc.is_in(rows["content_hash"], value_set=pa.array(ranking, pa.string())))
    return _ranked(lance_schema.chunks_from(rows["chunk"]), ranking)[:limit]


async def _nearest(
    tables: Tables, vector: Vector, predicate: str | None, neighbours: int, limit: int
) -> list[ScoredChunk]:
    """Return the hits among that many neighbours, which are fewer when two processes stored one vector."""
    ranking = await _ranking(tables, vector, neighbours)
    hits: list[ScoredChunk] = []
    for batch in lance_schema.batches(list(ranking), VALUES_PER_PREDICATE):
        hashes = one_of("content_hash", batch)
        chunks = await _chunks_where(tables, f"{hashes} AND ({predicate})" if predicate else hashes)
        hits += _ranked(chunks, ranking)
        if len(hits) >= limit:
            break
    return hits


async def _ranking(
    tables: Tables, vector: Vector, limit: int, predicate: str | None = None
) -> dict[str, float]:
    """Return the nearest content hashes with their similarity, best first."""
    query = (
        tables.vectors.query()
        .nearest_to(np.frombuffer(vector, np.float32))
        .distance_type("cosine")
        .limit(limit)
    )
    if predicate:
        query = query.where(predicate)
    found = await query.select(["content_hash", "_distance"]).to_arrow()
    pairs = zip(found["content_hash"].to_pylist(), found["_distance"].to_pylist(), strict=True)
    return {key: 1.0 - distance for key, distance in sorted(pairs, key=lambda pair: pair[1])}


async def _chunks_where(tables: Tables, predicate: str) -> list[Chunk]:
    found = await tables.chunks.query().where(predicate).select(["chunk"]).to_arrow()
    return await asyncio.to_thread(lance_schema.chunks_from, found["chunk"])


def _ranked(chunks: Sequence[Chunk], similarity: Mapping[str, float]) -> list[ScoredChunk]:
    ranked = [ScoredChunk(chunk, similarity[chunk.content_hash]) for chunk in chunks]
    return sorted(ranked, key=lambda hit: (-hit.score, hit.chunk.id))
