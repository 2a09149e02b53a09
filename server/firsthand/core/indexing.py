"""Keeps the index of a workspace equal to its files.

A sweep compares sizes and times, then content hashes, and touches only what differs. Chunks are written first, so
that keyword search works at once; vectors follow, in the same order. One worker drains what is marked dirty in between.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from firsthand.core.courtesy import Courtesy, PausedError
from firsthand.core.cutting import ParserCutter
from firsthand.core.dirty_marks import DirtyMarks
from firsthand.core.embedding import EmbeddingStage
from firsthand.core.file_indexing import FileIndexer
from firsthand.core.index_state import IndexingProgress, IndexingState
from firsthand.core.model import IndexReport, Progress, Report
from firsthand.core.ports import ChunkStore, Cutter, Embedder, Parser, SourceTree
from firsthand.core.succession import Succession, succession_of
from firsthand.core.waiting_files import WaitingFiles
from firsthand.errors import FirsthandError, ModelError, StoreBusyError, StoreDamagedError

log = logging.getLogger(__name__)

# From here on looking at all files at once is cheaper than looking at these.
_MANY_PATHS = 200
# When nothing changed for so long, compacting keeps nobody waiting. Each time that a change comes before it is over,
# its work is lost, and it waits twice as long for the next time.
_CALM_SECONDS = 5.0
_MOST_CALM_SECONDS = 80.0
# After so long no reader needs the versions of the tables any more that changes and compacting left behind.
_REST_SECONDS = 65.0
# How often to look whether another process has finished writing.
_BUSY_SECONDS = 0.5
# How often to look whether a failed embedder or disk has come back.
_RETRY_SECONDS = 2.0
_MOST_RETRY_SECONDS = 60.0


class Indexer:
    """The one writer of an index within this process."""

    def __init__(
        self,
        *,
        tree: SourceTree,
        parser: Parser,
        bulk_cutter: Cutter | None = None,
        store: ChunkStore,
        embedder: Embedder | Succession,
        writer_lock: Callable[[], AbstractAsyncContextManager[None]],
        worked_on: Callable[[], Awaitable[Sequence[str]]] | None = None,
        opened: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """Take what the index is made of.

        Args:
            bulk_cutter: cuts where there are many files, beside this process; otherwise `parser` serves.
            embedder: the one that makes the vectors of `store`, or several that take over from each other.
            worked_on: tells which files people work on now, most interesting first; they are indexed first.
            opened: tells which of them are open at this moment; what is opened later is embedded next.
        """
        self._store = store
        self._writer_lock = writer_lock
        self._working = asyncio.Lock()
        self._marks = DirtyMarks()
        self._settled = asyncio.Event()
        self._searchable = asyncio.Event()
        self._courtesy = Courtesy()
        self._progress = IndexingProgress()
        self._calm = _CALM_SECONDS
        self._rests: tuple[float, ...] = ()
        """How long to wait for changes before what they left is cleared away, again and again."""
        self.waiting = WaitingFiles()
        """What is there and not indexed as it is now."""
        self._files = FileIndexer(
            tree=tree,
            cutter=ParserCutter(parser),
            bulk_cutter=bulk_cutter,
            store=store,
            courtesy=self._courtesy,
            progress=self._progress,
            swept=self._marks.swept,
            waiting=self.waiting,
            worked_on=worked_on,
        )
        self._vectors = EmbeddingStage(
            succession=succession_of(store, embedder),
            courtesy=self._courtesy,
            progress=self._progress,
            meanwhile=self._follow_dirty_meanwhile,
            opened=opened,
        )

    @property
    def state(self) -> IndexingState:
        """What is going on now."""
        state = self._progress.state
        return replace(state, stage="paused") if self._courtesy.is_paused else state

    async def refresh(self, report: Report, *, patience: float = 0.0) -> IndexReport:
        """Bring the whole index up to date, waiting up to `patience` seconds for another process that is writing it.

        An index that turns out damaged is mended once.

        Raises:
            StoreBusyError: it is still writing then.
        """
        deadline = time.monotonic() + patience
        may_mend = True
        while True:
            try:
                return await self._refresh(report)
            except StoreBusyError as error:
                if time.monotonic() >= deadline:
                    raise
                report(Progress("waiting", detail=str(error)))
            except PausedError:
                report(Progress("paused"))
                await self._courtesy.unpaused()
                continue
            except StoreDamagedError as error:
                if not may_mend:
                    raise
                may_mend = False
                log.warning("%s", error)
                await self._store.mend()
                continue
            await asyncio.sleep(_BUSY_SECONDS)

    def mark_dirty(self, paths: Iterable[str] = (), *, everything: bool = False, saved: bool = False) -> None:
        """Note that these files, or any, may have changed, appeared or gone; returns at once.

        Args:
            saved: an editor has just written them, and someone may ask about them next.
        """
        self._marks.add(paths, everything=everything, saved=saved)
        if self._marks:
            self._settled.clear()

    def prepare(self, report: Report) -> None:
        """Say that the files are about to be looked at."""
        self._progress.enter("scanning", report)

    def stand_by(self, reason: str, report: Report) -> None:
        """Leave the index to the process that keeps it, which sees every change itself."""
        self._progress.enter("following", report, message=reason)
        self._searchable.set()
        self.forget_marks()

    def forget_marks(self) -> None:
        """Drop what was noted: another process has seen it too."""
        self._marks.take()
        self._settle()

    def fail(self, reason: str, report: Report) -> None:
        """Say why nothing can be indexed for now."""
        self._progress.enter("failed", report, message=reason)

    async def run(self, report: Report) -> None:
        """Sweep, then follow changes until paused; what goes wrong is logged, shown in `state` and tried again.

        What was not done then is done by the sweep of the next call.
        """
        with contextlib.suppress(PausedError):
            await self._until_done(lambda: self._refresh(report), report)
            while True:
                await self._courtesy.unless_paused(self._marks_or_rest())
                await self._until_done(lambda: self._drain(report), report)

    async def settled(self) -> None:
        """Return when the first sweep is over and nothing waits to be indexed."""
        await self._settled.wait()

    async def searchable(self) -> None:
        """Return when the first sweep has made everything searchable by keyword; vectors may still be missing."""
        await self._searchable.wait()

    @property
    def sweeping(self) -> bool:
        """Whether the first sweep is under way: what it has not come to cannot be found yet."""
        return not self._searchable.is_set() and self.state.stage not in ("paused", "failed")

    def pause(self) -> None:
        """Stop after the current batch and let go of the index, so that another process may write it."""
        self._courtesy.pause()

    def resume(self) -> None:
        """Go on."""
        self._courtesy.resume()

    async def unpaused(self) -> None:
        """Return when indexing is not paused."""
        await self._courtesy.unpaused()

    @property
    def is_held_back(self) -> bool:
        """Whether someone waits for an answer."""
        return self._courtesy.is_held_back

    def yielding(self) -> AbstractAsyncContextManager[None]:
        """Hold indexing back while someone waits for an answer."""
        return self._courtesy.yielding()

    async def _refresh(self, report: Report) -> IndexReport:
        self._courtesy.check()
        began = time.monotonic()
        computed_before = self._vectors.computed
        removed = 0
        problem = ""
        async with self._working, self._writer_lock():
            taken = self._marks.take()
            try:
                removed = await self._files.sweep(report)
                self._searchable.set()
                await self._vectors.embed_missing(report)
            except ModelError as error:
                problem = str(error)
            except BaseException:
                self.mark_dirty(taken.paths, everything=taken.everything)
                raise
            await self._tidy(report, calm=True, may_follow=not problem)
            self._progress.enter("failed" if problem else "idle", report, message=problem)
        self._settle()
        stats = await self._store.stats()
        embedded = self._vectors.computed - computed_before
        return IndexReport(
            files=stats.files,
            skipped=stats.skipped,
            failed=stats.failed,
            chunks=stats.chunks,
            embedded=embedded,
            reused=max(0, stats.embedded - embedded),
            removed=removed,
            seconds=time.monotonic() - began,
            problem=problem,
        )

    async def _drain(self, report: Report) -> None:
        self._courtesy.check()
        calm = not self._marks
        async with self._working, self._writer_lock():
            await self._follow_dirty(report)
            await self._vectors.embed_missing(report)
            self._progress.enter("idle", report)
            self._settle()
            await self._tidy(report, calm=calm, may_follow=True)

    async def _marks_or_rest(self) -> None:
        """Return when something changed, or when nothing did for long enough to clear away what changes left."""
        rest, *others = self._rests or (None,)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(rest):
                await self._marks.ready()
        self._rests = (self._calm, _REST_SECONDS) if self._marks else tuple(others)

    async def _tidy(self, report: Report, *, calm: bool, may_follow: bool) -> None:
        if not await self._store.tidy(calm=calm):
            return
        is_done = True
        if may_follow:
            is_done = await self._compact(report, may_give_up=calm)
        else:
            await self._store.optimize()
        self._calm = _CALM_SECONDS if is_done else min(2 * self._calm, _MOST_CALM_SECONDS)
        self._rests = (self._calm, _REST_SECONDS)
        # What compacting took the place of is as large as the index, and a command may be the last to come by.
        await self._store.tidy()

    async def _compact(self, report: Report, *, may_give_up: bool) -> bool:
        """Compact; saves are followed meanwhile, larger changes afterwards. Return False when it was given up."""
        optimizing = self._store.optimize(may_give_up=may_give_up)
        compacting = asyncio.create_task(optimizing, name="compacting")
        try:
            while not await self._comes_first(compacting) and self._marks.are_files(_MANY_PATHS):
                mark = self._progress.mark()
                await self._follow_dirty(report)
                await self._vectors.embed_missing(report)
                self._progress.go_back(mark)
                self._settle()
            return await compacting
        finally:
            compacting.cancel()
            await asyncio.wait({compacting})

    async def _comes_first(self, work: asyncio.Task[bool]) -> bool:
        """Return when there are new marks or the work is over; tell whether it was the work."""
        marked = asyncio.create_task(self._marks.ready())
        try:
            await asyncio.wait({work, marked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            marked.cancel()
            await asyncio.wait({marked})
        return work.done()

    async def _follow_dirty(self, report: Report) -> None:
        """Make what was marked dirty searchable by keyword; needs the writer lock."""
        taken = self._marks.take_due()
        try:
            if taken.everything or len(taken.paths) > _MANY_PATHS:
                await self._files.sweep(report)
            elif taken.paths:
                await self._files.refresh(sorted(taken.paths), report)
        except BaseException:
            self.mark_dirty(taken.paths, everything=taken.everything)
            raise

    async def _follow_dirty_meanwhile(self, report: Report) -> bool:
        """A save must not wait minutes for the vectors of a new index; the progress of that goes on afterwards."""
        if not self._marks.are_due():
            return False
        mark = self._progress.mark()
        await self._follow_dirty(report)
        self._progress.go_back(mark)
        return True

    async def _until_done(self, work: Callable[[], Awaitable[object]], report: Report) -> None:
        delay = _RETRY_SECONDS
        while True:
            try:
                await work()
                if self._progress.state.stage != "failed":
                    return
            except StoreBusyError as error:
                if self._progress.state.stage != "waiting":
                    self._progress.enter("waiting", report, message=str(error))
                await self._courtesy.unless_paused(asyncio.sleep(_BUSY_SECONDS))
                continue
            except (FirsthandError, OSError) as error:
                log.warning("indexing stopped: %s", error)
                self._progress.enter("failed", report, message=str(error))
            except PausedError:
                raise
            except (
                Exception
            ) as error:  # A defect must be seen, and must not end the following of a folder for good.
                log.exception("indexing stopped by a defect")
                self._progress.enter("failed", report, message=f"{type(error).__name__}: {error}")
            await self._courtesy.unless_paused(asyncio.sleep(delay))
            delay = min(delay * 2, _MOST_RETRY_SECONDS)

    def _settle(self) -> None:
        if not self._marks:
            self._settled.set()
