"""Keyword search: BM25 over the terms of chunks."""

import asyncio
from collections.abc import Sequence

import numpy as np
from lancedb.query import AsyncFTSQuery

from firsthand.adapters import lance_schema
from firsthand.adapters.lance_predicates import scope_predicate
from firsthand.adapters.lance_tables import Tables
from firsthand.adapters.term_stems import stems
from firsthand.core.model import Scope, ScoredChunk, ScoredHead


async def search(tables: Tables, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[ScoredHead]:
    """Return chunks by BM25, best first; with their text where the catalogue does not serve."""
    catalogue = await tables.catalogue.current(tables.chunks)
    if catalogue is None:
        return await search_table(tables, terms, scope, limit)
    listed = await tables.terms.current(tables.chunks, catalogue)
    if listed is not None:
        return await asyncio.to_thread(listed.search, terms, scope, limit)
    found = await _query(tables, terms, scope, limit).select(["_score"]).with_row_id().to_arrow()
    places = catalogue.places_of(np.asarray(found["_rowid"], np.uint64))
    if (places < 0).any():
        # The table has changed since the catalogue was asked for.
        return await search_table(tables, terms, scope, limit)
    pairs = zip(catalogue.listed(places), found["_score"].to_pylist(), strict=True)
    return sorted((ScoredHead(*pair) for pair in pairs), key=lambda hit: (-hit.score, hit.chunk.id))


async def search_table(tables: Tables, terms: Sequence[str], scope: Scope, limit: int) -> list[ScoredChunk]:
    """Return chunks by BM25, best first."""
    found = await _query(tables, terms, scope, limit).select(["chunk", "_score"]).to_arrow()
    chunks = lance_schema.chunks_from(found["chunk"])
    ranked = [ScoredChunk(*pair) for pair in zip(chunks, found["_score"].to_pylist(), strict=True)]
    return sorted(ranked, key=lambda hit: (-hit.score, hit.chunk.id))


def _query(tables: Tables, terms: Sequence[str], scope: Scope, limit: int) -> AsyncFTSQuery:
    query = tables.chunks.query().nearest_to_text(" ".join(stems(terms)), columns=["terms"])
    predicate = scope_predicate(scope)
    return (query.where(predicate) if predicate else query).limit(limit)
