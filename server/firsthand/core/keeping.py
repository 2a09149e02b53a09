"""Keeps an index true for as long as a session lives: as the one process that does, or behind the one that does."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from firsthand.core.indexing import Indexer
from firsthand.core.model import Progress, Report
from firsthand.core.ports import ChunkStore, Watcher
from firsthand.errors import FirsthandError, StoreBusyError

log = logging.getLogger(__name__)

# How often a follower looks whether the keeper is gone, and whether it has written.
_LOOK_SECONDS = 0.4
# How often to try again when the index cannot be locked at all.
_RETRY_SECONDS = 5.0
_MOST_RETRY_SECONDS = 300.0
_MENDING = "The index was damaged; it is being mended, and made afresh where that is not possible."
# Changes made before the watcher is ready are found by a second sweep; a large tree should not wait for it.
_WATCHER_SECONDS = 1.0


class IndexKeeper:
    """Takes part in keeping one index: whoever has the lock watches and writes, the others stand by."""

    def __init__(
        self,
        *,
        indexer: Indexer,
        store: ChunkStore,
        watcher: Watcher,
        keeper_lock: Callable[[], AbstractAsyncContextManager[None]],
        quiet: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Take what it works with.

        Args:
            quiet: is awaited while standing by, when the one who keeps the index has written and then stopped.
        """
        self._indexer = indexer
        self._store = store
        self._watcher = watcher
        self._keeper_lock = keeper_lock
        self._quiet = quiet
        self._version: tuple[int, ...] = ()
        self._is_quiet = False
        self._is_keeper = False
        self._mended = 0

    @property
    def limitation(self) -> str:
        """Why this process notices changes late, as a clause for people; "" when it does not."""
        return self._watcher.limitation if self._is_keeper else ""

    async def run(self, report: Report) -> None:
        """Keep the index, or stand by while another process does, until cancelled; nothing is held while paused."""
        self._indexer.prepare(report)
        preparing = asyncio.create_task(self._prepare_searches(), name="preparing searches")
        try:
            await self._keep_or_stand_by(report)
        finally:
            preparing.cancel()
            await asyncio.wait({preparing})

    async def _prepare_searches(self) -> None:
        """Have the first search find in memory what it needs: of the index as it is, then as it becomes."""
        with contextlib.suppress(FirsthandError):  # a search meets the same error, and says so
            await self._store.prepare_searches()
            await self._indexer.settled()
            await self._store.prepare_searches()

    async def _keep_or_stand_by(self, report: Report) -> None:
        while True:
            await self._indexer.unpaused()
            pause = _LOOK_SECONDS
            try:
                async with self._keeper_lock():
                    await self._keep(report)
                if not self._store.is_damaged:
                    report(Progress("paused"))
                    continue
                pause = await self._mend(report)
            except StoreBusyError as busy:
                await self._stand_by(busy.holder, report)
            except FirsthandError as error:
                self._indexer.fail(str(error), report)
                pause = _RETRY_SECONDS
            await asyncio.sleep(pause)

    async def other_keeper(self) -> str:
        """Return who else keeps this index, as a clause for people; "" when nobody does."""
        if self._is_keeper:
            return ""
        try:
            async with self._keeper_lock():
                return ""
        except StoreBusyError as busy:
            # While a folder is opened anew, the workspace that goes still holds the lock.
            return "" if busy.holder == os.getpid() else _kept_by(busy.holder)

    async def _keep(self, report: Report) -> None:
        self._is_keeper = True
        watching = asyncio.Event()
        noticing = asyncio.create_task(self._notice_changes(watching), name="watching the folder")
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_WATCHER_SECONDS):
                    await watching.wait()
            await self._index_until_damaged(report)
        finally:
            self._is_keeper = False
            noticing.cancel()
            await asyncio.wait({noticing})

    async def _index_until_damaged(self, report: Report) -> None:
        """Follow the folder; return when the index has to be opened anew, which takes that nobody keeps it."""
        indexing = asyncio.create_task(self._indexer.run(report), name="indexing")
        damaged = asyncio.create_task(self._store.damaged(), name="watching the index")
        try:
            await asyncio.wait({indexing, damaged}, return_when=asyncio.FIRST_COMPLETED)
            if indexing.done():
                await indexing
        finally:
            indexing.cancel()
            damaged.cancel()
            await asyncio.wait({indexing, damaged})

    async def _mend(self, report: Report) -> float:
        """Open the index anew; return how long to wait before it is kept again, ever longer if that did not help."""
        self._indexer.fail(_MENDING, report)
        self._mended += 1
        log.warning(_MENDING)
        await self._open_anew()
        return min(_LOOK_SECONDS * 4.0 ** (self._mended - 1), _MOST_RETRY_SECONDS)

    async def _open_anew(self) -> None:
        """Mend the index; searches look at the files anew, since nobody has listed as waiting what it loses."""
        self._indexer.waiting.forget()
        await self._store.mend()

    async def _notice_changes(self, watching: asyncio.Event) -> None:
        async with contextlib.aclosing(self._watcher.changes()) as changes:
            async for change in changes:
                self._indexer.mark_dirty(change.paths, everything=change.everything)
                watching.set()

    async def _stand_by(self, holder: int | None, report: Report) -> None:
        reason = _kept_by(holder)
        if (self._indexer.state.stage, self._indexer.state.message) != ("following", reason):
            self._indexer.stand_by(reason, report)
        self._indexer.forget_marks()
        with contextlib.suppress(
            FirsthandError
        ):  # a search that needs the index will say what is wrong with it
            if self._store.is_damaged:
                await self._open_anew()
            version = await self._store.version()
            if version != self._version:
                if not self._is_quiet:
                    # Two looks in a row: more than one save, of which files may still wait.
                    self._indexer.waiting.forget()
                self._version, self._is_quiet = version, False
                report(Progress("following"))
            elif not self._is_quiet:
                self._is_quiet = True
                await self._store.forget_past()
                if self._quiet is not None:
                    await self._quiet()
                    report(Progress("following"))


def _kept_by(holder: int | None) -> str:
    if holder == os.getpid():
        return "another session of this Firsthand keeps this index"
    process = "" if holder is None else f" (pid {holder})"
    return f"another Firsthand{process} keeps this index"
