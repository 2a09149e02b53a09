"""Reading the chunks that heads stand for: by their rows, and by hash where rows were moved."""

import asyncio
from collections.abc import Iterable, Sequence

from firsthand.adapters import lance_schema
from firsthand.adapters.catalogue import ListedChunk
from firsthand.adapters.lance_predicates import VALUES_PER_PREDICATE, one_of
from firsthand.adapters.lance_tables import Tables
from firsthand.core.model import Chunk, ChunkHead


async def read_chunks(tables: Tables, heads: Sequence[ChunkHead]) -> list[Chunk | None]:
    """Return the chunks of these heads in their order, None for those that are gone."""
    table = tables.chunks
    known = {_identity(head): head for head in heads if isinstance(head, Chunk)}
    listed = [head for head in heads if isinstance(head, ListedChunk)]
    catalogue = await tables.catalogue.current(table) if listed else None
    at_hand = tables.remembered.of([head.row_id for head in listed], catalogue)
    known |= _by_identity(at_hand.values())
    row_ids = [head.row_id for head in listed if head.row_id not in at_hand]
    if row_ids:
        found = await table.take_row_ids(row_ids).select(["chunk"]).to_arrow()
        known |= _by_identity(await asyncio.to_thread(lance_schema.chunks_from, found["chunk"]))
    tables.remembered.remember(
        {head.row_id: known[_identity(head)] for head in listed if _identity(head) in known}
    )
    moved = [head for head in heads if _identity(head) not in known]
    for batch in lance_schema.batches([head.content_hash for head in moved], VALUES_PER_PREDICATE):
        rows = await table.query().where(one_of("content_hash", set(batch))).select(["chunk"]).to_arrow()
        known |= _by_identity(await asyncio.to_thread(lance_schema.chunks_from, rows["chunk"]))
    return [known.get(_identity(head)) for head in heads]


def _by_identity(chunks: Iterable[Chunk]) -> dict[tuple[str, str], Chunk]:
    return {_identity(chunk): chunk for chunk in chunks}


def _identity(head: ChunkHead) -> tuple[str, str]:
    return head.id, head.content_hash
