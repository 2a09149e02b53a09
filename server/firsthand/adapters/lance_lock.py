"""The right to write an index: one process at a time has it."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from filelock import FileLock, Timeout

from firsthand.adapters.lance_errors import translated
from firsthand.errors import StoreBusyError

_LOCK_FILE = "writer.lock"
_HOLDER_FILE = "writer.pid"


@contextlib.asynccontextmanager
async def writer_lock(folder: Path) -> AsyncIterator[None]:
    """Hold the OS lock on an index folder; it dies with its holder.

    Raises:
        StoreBusyError: at once, when another process (or another task of this one) holds it.
    """
    lock = FileLock(folder / _LOCK_FILE, thread_local=False)
    with translated("be locked for writing"):
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise StoreBusyError(_busy_message(folder)) from None
    try:
        # The lock file itself is truncated by everyone who tries, so the holder signs in a file beside it.
        with contextlib.suppress(OSError):
            (folder / _HOLDER_FILE).write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        lock.release()


def _busy_message(folder: Path) -> str:
    try:
        holder = f"process {int((folder / _HOLDER_FILE).read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        holder = "another process"
    return f"The index of this folder is being updated by {holder}; it can be searched meanwhile, or try again later."
