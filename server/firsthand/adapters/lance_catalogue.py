"""Keeping the catalogue of the chunks in step with their table, whoever writes it.

A row id names one row for ever: rows that are changed or compacted get new ones, and none is used twice. So what is
known of a row stays true, and following a version means to read the rows that are new.
"""

import asyncio
import contextlib

import numpy as np
import pyarrow as pa
from lancedb.table import AsyncTable

from firsthand.adapters.catalogue import COLUMNS, Catalogue, RowIds, empty_catalogue
from firsthand.adapters.freed_memory import give_back
from firsthand.adapters.lance_errors import VENDOR_ERRORS

# So many rows are read while a search waits for them (some 50 ms); more are read beside searches in the table.
_READ_AT_ONCE = 20_000
# Up to here rows are read by their ids; beyond, all are read.
_MOST_BY_ID = 2_000
_ATTEMPTS = 3


class FollowedCatalogue:
    """The catalogue of one table."""

    def __init__(self) -> None:
        self._known = empty_catalogue()
        self._changing = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    async def current(self, table: AsyncTable) -> Catalogue | None:
        """Return the catalogue of the table as it is now; None while that takes longer than a search may wait."""
        if self._known.version == await table.version():
            return self._known
        if await table.count_rows() - len(self._known) > _READ_AT_ONCE:
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._follow_beside(table))
            return None
        return await self._follow(table)

    async def ready(self, table: AsyncTable) -> Catalogue | None:
        """Return the catalogue of the table as it is now, however long that takes; None if it never rests."""
        return await self._follow(table)

    async def close(self) -> None:
        """Stop what goes on beside searches."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    async def _follow_beside(self, table: AsyncTable) -> None:
        # A search meets the same error when it reads the table, and says so.
        with contextlib.suppress(*VENDOR_ERRORS):
            await self._follow(table)
            await asyncio.to_thread(give_back)

    async def _follow(self, table: AsyncTable) -> Catalogue | None:
        """Return the catalogue of the version that the table has now; None when it changes all the time."""
        async with self._changing:
            for _ in range(_ATTEMPTS):
                version = await table.version()
                if version == self._known.version:
                    return self._known
                row_ids = _row_ids(await table.query().select([]).with_row_id().to_arrow())
                new = await asyncio.to_thread(self._known.unlisted, row_ids)
                added = await _read(table, new)
                if await table.version() == version and added.num_rows == len(new):
                    self._known = await asyncio.to_thread(self._known.followed, version, row_ids, added)
                    return self._known
        return None


async def _read(table: AsyncTable, row_ids: RowIds) -> pa.Table:
    """Return what the catalogue lists of these rows."""
    if len(row_ids) <= _MOST_BY_ID:
        query = table.take_row_ids(row_ids.tolist()).select(list(COLUMNS)).with_row_id()
        return await query.to_arrow()
    found = await table.query().select(list(COLUMNS)).with_row_id().to_arrow()
    wanted = await asyncio.to_thread(np.isin, _row_ids(found), row_ids)
    return found if wanted.all() else found.filter(pa.array(wanted))


def _row_ids(rows: pa.Table) -> RowIds:
    return np.asarray(rows["_rowid"], np.uint64)
