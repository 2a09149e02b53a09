"""Vectors that the user's other workspaces have of the same texts: a second clone or worktree embeds nothing again.

Nothing is stored for it: the vectors tables of all workspaces together are what is looked in. So deleting an index
deletes its vectors, and lending needs no lock: the lender's table is only read, at one version.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import lancedb
import pyarrow as pa
import pyarrow.compute as pc
from lancedb.table import AsyncTable

from firsthand.adapters import lance_folder
from firsthand.adapters.lance_errors import VENDOR_ERRORS
from firsthand.adapters.lance_lock import being_read
from firsthand.adapters.lance_predicates import VALUES_PER_PREDICATE, one_of
from firsthand.adapters.lance_schema import batches, vectors_schema
from firsthand.core.model import Fingerprint

_LOG = logging.getLogger(__name__)

# Looking into a workspace with 100,000 vectors costs 0.1 s at most; older ones hardly ever have what is wanted.
_MOST_LENDERS = 16
# With more hits than this in a table, reading all of it is cheaper than asking for them by name.
_MANY_HITS = 4_000
# Rows of one commit of the borrower: some 25 MB of vectors with 768 dimensions.
_ROWS_PER_BATCH = 8_192


async def lent(
    workspaces: Path, borrower: Path, fingerprint: Fingerprint, wanted: Sequence[str]
) -> AsyncIterator[pa.Table]:
    """Yield rows for a vectors table, for those of the wanted hashes that another workspace has a vector of.

    Args:
        workspaces: the folder that holds a folder for each workspace.
        borrower: the folder of the workspace that asks.
    """
    missing = pa.array(wanted, pa.string())
    for index in await asyncio.to_thread(_lenders, workspaces, borrower, fingerprint):
        if not len(missing):
            return
        try:
            with being_read(index):
                connection = await lancedb.connect_async(index)
                table = await connection.open_table(lance_folder.vectors_name(fingerprint))
                hits = await _hits(table, missing)
                async for rows in _rows(table, hits, fingerprint):
                    yield rows
                connection.close()  # type: ignore[no-untyped-call]
        except VENDOR_ERRORS as error:
            _LOG.info("no vectors are taken over from %s: %s", index, error)
            continue
        missing = missing.filter(pc.invert(pc.is_in(missing, value_set=hits)))


def _lenders(workspaces: Path, borrower: Path, fingerprint: Fingerprint) -> list[Path]:
    """Return the indexes of other workspaces that have vectors of this embedder, the one used last first."""
    found = lance_folder.indexes_with_vectors(workspaces, fingerprint)
    return [index for index in found if index.parent != borrower][:_MOST_LENDERS]


async def _hits(table: AsyncTable, wanted: pa.Array) -> pa.Array:
    """Return those of the hashes that the table has."""
    if len(wanted) <= VALUES_PER_PREDICATE:
        query = table.query().where(f"({one_of('content_hash', wanted.to_pylist())}) AND vector IS NOT NULL")
        return (await query.select(["content_hash"]).to_arrow())["content_hash"].combine_chunks()
    query = table.query().where("vector IS NOT NULL").select(["content_hash"])
    present = (await query.to_arrow())["content_hash"].combine_chunks()
    return await asyncio.to_thread(lambda: present.filter(pc.is_in(present, value_set=wanted)))


async def _rows(table: AsyncTable, hits: pa.Array, fingerprint: Fingerprint) -> AsyncIterator[pa.Table]:
    schema = vectors_schema(fingerprint.dimensions)
    if len(hits) <= _MANY_HITS:
        for batch in batches(hits.to_pylist(), VALUES_PER_PREDICATE):
            query = table.query().where(one_of("content_hash", batch)).select(schema.names)
            yield (await query.to_arrow()).cast(schema)
        return
    reader = await table.query().select(schema.names).to_batches(max_batch_length=_ROWS_PER_BATCH)
    async for found in reader:
        kept = await asyncio.to_thread(_those_of, pa.Table.from_batches([found]), hits)
        if kept.num_rows:
            yield kept.cast(schema)


def _those_of(rows: pa.Table, hashes: pa.Array) -> pa.Table:
    return rows.filter(pc.is_in(rows["content_hash"], value_set=hashes))
