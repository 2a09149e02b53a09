"""The plain names that chunks define, use or import, kept in step with their table, whoever writes it."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from lancedb.table import AsyncTable

from firsthand.adapters.file_names import FileNames
from firsthand.adapters.freed_memory import give_back
from firsthand.adapters.lance_catalogue import FollowedCatalogue
from firsthand.adapters.lance_predicates import VALUES_PER_PREDICATE, one_of

_COLUMNS = ["path", "name", "mentions"]
_ATTEMPTS = 3


class FollowedNames:
    """The names of one table, read anew of the files that changed."""

    def __init__(self) -> None:
        self._known = FileNames()
        self._files = np.zeros(0, np.int64)
        """`Catalogue.file_keys` of what is known."""
        self._version: int | None = None
        self._changing = asyncio.Lock()

    async def current(self, table: AsyncTable, catalogue: FollowedCatalogue) -> frozenset[str]:
        """Return every name of the table as it is now.

        Args:
            catalogue: of the same table, which tells what changed.
        """
        async with self._changing:
            for _ in range(_ATTEMPTS):
                listed = await catalogue.current(table)
                if listed is None:
                    break
                if listed.version == self._version:
                    return await asyncio.to_thread(self._known.names)
                files = await asyncio.to_thread(listed.file_keys)
                changed = listed.paths_that_differ(self._files, files)
                rows = await _rows_of(table, changed)
                if await table.version() == listed.version:
                    await asyncio.to_thread(self._known.replace, changed, rows)
                    self._files, self._version = files, listed.version
                    if len(changed) > VALUES_PER_PREDICATE:
                        del rows
                        await asyncio.to_thread(give_back)
                    return await asyncio.to_thread(self._known.names)
        known = FileNames()
        await asyncio.to_thread(known.replace, (), await table.query().select(_COLUMNS).to_arrow())
        return known.names()


async def _rows_of(table: AsyncTable, paths: Sequence[str]) -> pa.Table:
    query = table.query().select(_COLUMNS)
    if len(paths) <= VALUES_PER_PREDICATE:
        query = query.where(one_of("path", paths))
    return await query.to_arrow()
