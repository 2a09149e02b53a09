"""Keeping the postings of the chunks in step with their catalogue."""

import asyncio
import contextlib
from pathlib import Path

import numpy as np
import pyarrow as pa
from lancedb.table import AsyncTable

from firsthand.adapters.catalogue import IDENTITY, Catalogue, Numbers, row_keys_of
from firsthand.adapters.catalogue_terms import CatalogueTerms
from firsthand.adapters.freed_memory import give_back
from firsthand.adapters.lance_errors import VENDOR_ERRORS
from firsthand.adapters.saved_terms import load_terms, save_terms
from firsthand.adapters.term_postings import Postings, TermKeys, postings_of

# So many rows are read while a search waits for them (some 20 ms); more are read beside searches in the table.
_READ_AT_ONCE = 1_000
# Reading all takes some 40 s of CPU for a million chunks: who asks once or twice is not to pay for it.
_WORTH_READING = 3
# Small batches, because LanceDB keeps for itself what it needed for those that it read ahead; many are merged at once.
_ROWS_PER_BATCH = 1_024
_ROWS_PER_RUN = 16_384


class FollowedTerms:
    """The terms of one table; what was read of many chunks is kept in a file for the next process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: CatalogueTerms | None = None
        self._changing = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._missed = 0

    async def current(self, table: AsyncTable, catalogue: Catalogue) -> CatalogueTerms | None:
        """Return the terms of these chunks; None while that takes longer than a search may wait."""
        if self._reading is not None and not self._reading.done():
            return None
        async with self._changing:
            known = self._known
            if known is None or known.catalogue is not catalogue:
                known = await asyncio.to_thread(_following, known, catalogue)
            if len(known.missing) > _READ_AT_ONCE:
                self._known = known
                self._missed += 1
                if self._missed >= _WORTH_READING:
                    self._missed = 0
                    self._reading = asyncio.create_task(self._read_beside(table, known))
                return None
            if len(known.missing):
                run = await _missing_in(table, known)
                if run is None:
                    return None
                known = await asyncio.to_thread(known.with_added, [run])
            self._known = known
            return known

    async def prepare(self, table: AsyncTable, catalogue: Catalogue) -> None:
        """Read the terms of these chunks without being asked for them first, and wait until they are there."""
        self._missed = _WORTH_READING
        known = await self.current(table, catalogue)
        self._missed = 0
        if known is None and self._reading is not None:
            await asyncio.wait([self._reading])

    async def close(self) -> None:
        """Stop what goes on beside searches."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    async def _read_beside(self, table: AsyncTable, known: CatalogueTerms) -> None:
        # A search meets the same error when it reads the table, and says so.
        with contextlib.suppress(*VENDOR_ERRORS):
            saved = await asyncio.to_thread(load_terms, self._file, known.catalogue)
            if saved is not None and len(saved.missing) < len(known.missing):
                known = saved
            if len(known.missing) > _READ_AT_ONCE:
                known = await _with_missing(table, known)
                await asyncio.to_thread(save_terms, self._file, known)
            self._known = known
            await asyncio.to_thread(give_back)


def _following(known: CatalogueTerms | None, catalogue: Catalogue) -> CatalogueTerms:
    return CatalogueTerms(catalogue, TermKeys()) if known is None else known.following(catalogue)


async def _with_missing(table: AsyncTable, known: CatalogueTerms) -> CatalogueTerms:
    """Return the same terms with those that are missing, from the whole table."""
    words: dict[str, int] = {}
    waiting: list[Postings] = []
    missing = np.sort(known.catalogue.row_keys[known.missing])
    query = table.query().select([*IDENTITY, "terms"])
    async for batch in await query.to_batches(max_batch_length=_ROWS_PER_BATCH):
        waiting.append(await asyncio.to_thread(_those_of, missing, batch, known.keys, words))
        if sum(len(run.row_keys) for run in waiting) >= _ROWS_PER_RUN:
            known, waiting = await asyncio.to_thread(known.with_added, waiting), []
    return await asyncio.to_thread(known.with_added, waiting) if waiting else known


async def _missing_in(table: AsyncTable, known: CatalogueTerms) -> Postings | None:
    """Return the postings that are missing; None when their rows were moved meanwhile."""
    row_ids = known.catalogue.row_ids[known.missing].tolist()
    rows = await table.take_row_ids(row_ids).select([*IDENTITY, "terms"]).to_arrow()
    if rows.num_rows != len(row_ids):
        return None
    return await asyncio.to_thread(lambda: postings_of(row_keys_of(rows), rows["terms"], known.keys, {}))


def _those_of(
    missing: Numbers, batch: pa.RecordBatch, term_keys: TermKeys, words: dict[str, int]
) -> Postings:
    """Return the postings of those rows of a batch that are missing.

    Args:
        missing: row keys in ascending order, at least one.
    """
    rows = pa.Table.from_batches([batch])
    keys = row_keys_of(rows)
    wanted = missing[np.minimum(np.searchsorted(missing, keys), len(missing) - 1)] == keys
    return postings_of(keys[wanted], rows["terms"].filter(pa.array(wanted)), term_keys, words)
