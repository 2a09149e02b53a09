"""The `Watcher` of one root: by the operating system where it can, by looking now and then where it cannot."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from firsthand.adapters.network_folders import network_file_system
from firsthand.adapters.watch_session import WatchSession
from firsthand.core.ports import Changes

_LOG = logging.getLogger(__name__)

# A look at all files of a large repository takes about a second.
_POLL_SECONDS = 30.0
# How often to try whether the folders can be watched again.
_POLLS_PER_ATTEMPT = 20
# The queue of a system's events can overflow without a word; after changes, everything is looked at this often.
_DISTRUST_SECONDS = 600.0

_LATE = f"changes outside of the editor are noticed every {_POLL_SECONDS:.0f} s"


class FolderWatcher:
    """Notices what changes below a root, and in the repository of git around it."""

    def __init__(self, root: Path, *, exclude: Sequence[str] = ()) -> None:
        self._root = root
        self._exclude = tuple(exclude)
        self._limitation = ""

    @property
    def limitation(self) -> str:
        """Why changes are noticed late; "" while they are noticed at once."""
        return self._limitation

    async def changes(self) -> AsyncGenerator[Changes, None]:
        """Yield changes until closed; the first item says "everything"."""
        while True:
            remote = await asyncio.to_thread(network_file_system, self._root)
            if remote:
                self._limitation = f"{_LATE}, because the folder is on a network file system ({remote})"
            else:
                try:
                    async with contextlib.aclosing(self._watched()) as watched:
                        async for change in watched:
                            yield change
                except (OSError, ValueError, RuntimeError) as error:  # ValueError: a path on another drive
                    _LOG.info("%s cannot be watched: %s", self._root, error)
                    self._limitation = f"{_LATE}, because {_cause(error)}"
            for _ in range(_POLLS_PER_ATTEMPT):
                yield Changes(everything=True)
                await asyncio.sleep(_POLL_SECONDS)

    async def _watched(self) -> AsyncGenerator[Changes, None]:
        session = WatchSession(self._root, self._exclude)
        stop = threading.Event()
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, thread_name_prefix="watch")
        try:
            change = await loop.run_in_executor(thread, session.start)
            self._limitation = ""
            checked_at, is_unchecked = time.monotonic(), False
            while True:
                if change.paths:
                    is_unchecked = True
                elif is_unchecked and time.monotonic() - checked_at > _DISTRUST_SECONDS:
                    change = Changes(everything=True)
                if change.everything:
                    checked_at, is_unchecked = time.monotonic(), False
                if change.paths or change.everything:
                    yield change
                change = await loop.run_in_executor(thread, session.next, stop)
        finally:
            stop.set()
            thread.submit(session.close)
            thread.shutdown(wait=False)


def _cause(error: Exception) -> str:
    text = str(error).lower()
    if "too many open files" in text:
        return "too many programs watch files (raise fs.inotify.max_user_instances)"
    if "limit" in text or "no space left" in text or type(error).__name__ == "WatchLimitError":
        return "the system's limit of watched folders is too low for it (raise fs.inotify.max_user_watches)"
    return f"watching it fails: {error}"
