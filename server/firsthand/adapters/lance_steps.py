"""Whether what was computed from tables still stands, as their versions tell."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from firsthand.adapters.lance_tables import Tables

Versions = tuple[int, ...]


class InStep:
    """Follows the writes of this process; whatever another process writes puts it out of step."""

    def __init__(self, read: Callable[[Tables], Awaitable[Versions]]) -> None:
        self._read = read
        self._versions: Versions | None = None
        self._is_alone = False

    async def holds(self, tables: Tables) -> bool:
        """Tell whether the tables are those of the last computation, but for the writes that were noted here."""
        return self._versions is not None and (self._is_alone or self._versions == await self._read(tables))

    @contextlib.asynccontextmanager
    async def computing(self, tables: Tables) -> AsyncIterator[None]:
        """Surround a computation from the tables as they are now."""
        versions = await self._read(tables)
        yield
        self._versions = versions

    @contextlib.asynccontextmanager
    async def writing(self, tables: Tables) -> AsyncIterator[bool]:
        """Surround one write of this process, which is out of step when it does not reach its end.

        Yields:
            whether the step was held: then what was computed has to be changed as the tables are.
        """
        held = await self.holds(tables)
        self._versions = None
        yield held
        if held:
            self._versions = await self._read(tables)

    async def compacting(self, tables: Tables) -> None:
        """Expect new versions with the same rows; until `compacted`, nobody but this process may write."""
        self._is_alone = await self.holds(tables)

    async def compacted(self, tables: Tables) -> None:
        """Note that compaction is over; no write may be under way."""
        if self._is_alone and self._versions is not None:
            self._versions = await self._read(tables)
        self._is_alone = False
