"""When background work may go on: not while it is paused, and not while someone waits for an answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any


class PausedError(Exception):
    """The work was paused: who does it lets go of everything it holds, and begins again after `unpaused`."""


class Courtesy:
    """Asked between small steps by work that nobody waits for."""

    def __init__(self) -> None:
        self._paused = asyncio.Event()
        self._unpaused = asyncio.Event()
        self._unpaused.set()
        self._interactive = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def is_paused(self) -> bool:
        """Whether the user stopped the work for now."""
        return self._paused.is_set()

    @property
    def is_held_back(self) -> bool:
        """Whether someone waits for an answer."""
        return self._interactive > 0

    def pause(self) -> None:
        """Let no step begin until `resume`."""
        self._unpaused.clear()
        self._paused.set()

    def resume(self) -> None:
        """Go on."""
        self._paused.clear()
        self._unpaused.set()

    async def unpaused(self) -> None:
        """Return when the work is not paused."""
        await self._unpaused.wait()

    async def may_go_on(self) -> None:
        """Return when the next step may be taken.

        Raises:
            PausedError: not before the work is resumed.
        """
        self.check()
        if not self._quiet.is_set():
            await self.unless_paused(self._quiet.wait())

    def check(self) -> None:
        """Go on at once.

        Raises:
            PausedError: the work is paused.
        """
        if self.is_paused:
            raise PausedError

    async def unless_paused(self, waiting: Coroutine[Any, Any, object]) -> None:
        """Wait for something, but not while the work is paused.

        Raises:
            PausedError: it is paused, before or meanwhile.
        """
        ready = asyncio.create_task(waiting)
        paused = asyncio.create_task(self._paused.wait())
        try:
            await asyncio.wait({ready, paused}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            paused.cancel()
            await asyncio.wait({ready, paused})
        # Resumed or not since then: what was waited for has been given up.
        if not paused.cancelled():
            raise PausedError
        ready.result()

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
