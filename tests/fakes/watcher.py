"""A watcher that notices what it is told."""

import asyncio
from collections.abc import AsyncGenerator

from firsthand.core.ports import Changes


class FakeWatcher:
    """Says that it watches, then passes on what a test notices."""

    def __init__(self) -> None:
        self.limitation = ""
        self.watching = 0
        self._noticed: asyncio.Queue[Changes] = asyncio.Queue()

    def notice(self, *paths: str, everything: bool = False) -> None:
        """Notice a change."""
        self._noticed.put_nowait(Changes(frozenset(paths), everything))

    async def changes(self) -> AsyncGenerator[Changes, None]:
        self.watching += 1
        try:
            yield Changes(everything=True)
            while True:
                yield await self._noticed.get()
        finally:
            self.watching -= 1
