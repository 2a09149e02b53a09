"""The vectors tables of an index: one for each embedder, beside the chunks, which depend on none."""

import asyncio
import logging
import time
from pathlib import Path

import lancedb
import pyarrow as pa
from lancedb.db import AsyncConnection
from lancedb.index import BTree
from lancedb.table import AsyncTable

from firsthand.adapters import lance_folder
from firsthand.adapters.lance_errors import VENDOR_ERRORS
from firsthand.adapters.lance_lock import sole_use, vectors_lock
from firsthand.adapters.lance_schema import vectors_schema
from firsthand.adapters.lance_soundness import check_table, renew_indexes
from firsthand.core.model import Fingerprint
from firsthand.errors import StoreBusyError

_INDEXES = {"content_hash": BTree()}

_LOG = logging.getLogger(__name__)

# How long to wait for another process that is making the same table, and how often to look.
_MAKING_SECONDS = 60.0
_LOOK_SECONDS = 0.1


async def open_vectors(
    connection: AsyncConnection, index: Path, fingerprint: Fingerprint, *, whole: bool = False
) -> AsyncTable:
    """Open the vectors of an embedder; where there are none, or damaged ones that nobody uses, begin anew.

    Args:
        whole: read every row before trusting the table.

    Raises:
        StoreBusyError: the table cannot be read, and another process uses the index.
        OSError, RuntimeError: the table cannot be made, as on a full disk; the rest of the index is not to blame.
    """
    deadline = time.monotonic() + _MAKING_SECONDS
    is_made = False
    while True:
        is_damaged = False
        if await asyncio.to_thread(lance_folder.has_vectors, index, fingerprint):
            try:
                return await _open_sound(connection, fingerprint, whole=whole)
            except VENDOR_ERRORS as error:
                if is_made:
                    raise
                _LOG.warning("the vectors of %s in %s cannot be read: %s", fingerprint.model, index, error)
                is_damaged = True
        try:
            with sole_use(index) if is_damaged else vectors_lock(index):
                if is_damaged or not await asyncio.to_thread(lance_folder.has_vectors, index, fingerprint):
                    await _create(connection, index, fingerprint)
                    is_made = True
        except StoreBusyError:
            if is_damaged or time.monotonic() > deadline:
                raise
            await asyncio.sleep(_LOOK_SECONDS)


async def _open_sound(connection: AsyncConnection, fingerprint: Fingerprint, *, whole: bool) -> AsyncTable:
    table = await connection.open_table(lance_folder.vectors_name(fingerprint))
    await check_table(table, vectors_schema(fingerprint.dimensions), "content_hash", whole=whole)
    if whole:
        await renew_indexes(table, _INDEXES)
    return table


async def _create(connection: AsyncConnection, index: Path, fingerprint: Fingerprint) -> None:
    # What a killed process left half made, or damaged.
    await asyncio.to_thread(lance_folder.drop_vectors, index, fingerprint)
    name = lance_folder.vectors_name(fingerprint)
    vectors = await connection.create_table(name, schema=vectors_schema(fingerprint.dimensions))
    await _take_over_vectors(index, fingerprint, vectors)
    await renew_indexes(vectors, _INDEXES)
    await asyncio.to_thread(lance_folder.write_vectors_meta, index, fingerprint)


async def _take_over_vectors(index: Path, fingerprint: Fingerprint, vectors: AsyncTable) -> None:
    """Fill a new table with the vectors of an index of another version, so that no text is embedded again."""
    earlier = await asyncio.to_thread(lance_folder.earlier_vectors, index, fingerprint)
    if earlier is None:
        return
    folder, name = earlier
    schema = vectors_schema(fingerprint.dimensions)
    try:
        connection = await lancedb.connect_async(folder)
        table = await connection.open_table(name)
        async for batch in await table.query().select(schema.names).to_batches():
            await vectors.add(pa.Table.from_batches([batch]).cast(schema))
        connection.close()  # type: ignore[no-untyped-call]
    except VENDOR_ERRORS as error:
        _LOG.info("the vectors of the earlier index %s cannot be taken over: %s", folder, error)
