"""Giving memory back to the system after work that needed much of it for a moment."""

import asyncio
import contextlib
import ctypes
import sys
import time

import pyarrow as pa

_QUIET_SECONDS = 5.0


def give_back() -> None:
    """Return what is free inside this process; takes some milliseconds.

    The C library keeps freed memory for itself: 200 MB after an index of 100,000 chunks was compacted.
    """
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # only glibc has it
            ctypes.CDLL(None).malloc_trim(0)


class QuietMemory:
    """Gives memory back once, some seconds after the last use of what is read."""

    def __init__(self) -> None:
        self._last_use = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._giving: asyncio.Future[None] | None = None

    def used(self) -> None:
        """Say that something is or was read just now; to be called within the event loop."""
        self._last_use = time.monotonic()
        if self._timer is None:
            self._wait(_QUIET_SECONDS)

    async def close(self) -> None:
        """Stop waiting, and wait for what goes on."""
        if self._timer is not None:
            self._timer.cancel()
        if self._giving is not None:
            await self._giving

    def _wait(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        left = self._last_use + _QUIET_SECONDS - time.monotonic()
        if left > 0:
            self._wait(left)
        else:
            self._timer = None
            self._giving = asyncio.get_running_loop().run_in_executor(None, give_back)
