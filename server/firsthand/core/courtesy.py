"""When background work may go on: not while it is paused, and not while someone waits for an answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Courtesy:
    """Asked between small steps by work that nobody waits for."""

    def __init__(self) -> None:
        self._unpaused = asyncio.Event()
        self._unpaused.set()
        self._interactive = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def is_paused(self) -> bool:
        """Whether the user stopped the work for now."""
        return not self._unpaused.is_set()

    @property
    def is_held_back(self) -> bool:
        """Whether someone waits for an answer."""
        return self._interactive > 0

    def pause(self) -> None:
        """Let no step begin until `resume`."""
        self._unpaused.clear()

    def resume(self) -> None:
        """Go on."""
        self._unpaused.set()

    async def may_go_on(self) -> None:
        """Return when the next step may be taken."""
        await self._unpaused.wait()
        await self._quiet.wait()

    @contextlib.asynccontextmanager
    async def yielding(self) -> AsyncIterator[None]:
        """Hold the work back while someone waits for an answer."""
        self._interactive += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._interactive -= 1
            if not self._interactive:
                self._quiet.set()
