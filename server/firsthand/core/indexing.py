"""Keeps the index of a workspace equal to its files.

A sweep compares sizes and times, then content hashes, and touches only what differs. Chunks are written first, so
that keyword search works at once; vectors follow, in the same order. One worker drains what is marked dirty in between.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Literal

from firsthand.core.chunking import chunk_file
from firsthand.core.dirty_marks import DirtyMarks
from firsthand.core.file_records import failure_record, known_below, same_skip, same_stat, skip_record
from firsthand.core.index_order import in_order_of_interest
from firsthand.core.linking import link_chunks
from firsthand.core.model import (
    Chunk,
    FileRecord,
    FileStat,
    FileUpdate,
    IndexReport,
    Progress,
    Report,
    SkippedFile,
    SourceFile,
    Vector,
)
from firsthand.core.ports import ChunkStore, Embedder, Parser, Rejected, SourceTree
from firsthand.errors import FirsthandError, ModelError, StoreBusyError

log = logging.getLogger(__name__)

# Files per commit: large enough that a big repository needs few table versions, small enough that the first
# results of a cold start are searchable within a second.
_FILES_PER_COMMIT = 256
# Files that are read and cut before the indexer looks whether to go on: short enough that cancelling feels immediate.
_FILES_PER_CALL = 16
# Threads that cut them: the syntax is read in processes of its own, of which there are two.
_CUTTING_THREADS = 2
# Vectors per commit: one table version for some seconds of embedding.
_VECTORS_PER_COMMIT = 512
# From here on looking at all files at once is cheaper than looking at these.
_MANY_PATHS = 200
# With fewer files than this, which of them comes first is not felt.
_FILES_WORTH_ORDERING = 16
# Each follow-up of a change leaves some versions of the tables behind; so many of them are compacted at once.
_DRAINS_PER_COMPACTION = 50
# How often to look whether another process has finished writing.
_BUSY_SECONDS = 0.5
# How often to look whether a failed embedder or disk has come back.
_RETRY_SECONDS = 2.0
_MOST_RETRY_SECONDS = 60.0

Stage = Literal["idle", "scanning", "chunking", "embedding", "paused", "waiting", "following", "failed"]


@dataclass(frozen=True, slots=True)
class IndexingState:
    """What the indexer is doing now; `eta_seconds` is None while there is no rate yet."""

    stage: Stage = "idle"
    done: int = 0
    total: int = 0
    eta_seconds: float | None = None
    message: str = ""


@dataclass(slots=True)
class _Tally:
    embedded: int = 0
    removed: int = 0


class Indexer:
    """The one writer of an index within this process."""

    def __init__(
        self,
        *,
        tree: SourceTree,
        parser: Parser,
        store: ChunkStore,
        embedder: Embedder,
        writer_lock: Callable[[], AbstractAsyncContextManager[None]],
        worked_on: Callable[[], Awaitable[Sequence[str]]] | None = None,
    ) -> None:
        """Take what the index is made of.

        Args:
            worked_on: tells which files people work on now, most interesting first; they are indexed first.
        """
        self._tree = tree
        self._parser = parser
        self._store = store
        self._embedder = embedder
        self._writer_lock = writer_lock
        self._worked_on = worked_on
        self._working = asyncio.Lock()
        self._marks = DirtyMarks()
        self._settled = asyncio.Event()
        self._searchable = asyncio.Event()
        self._unpaused = asyncio.Event()
        self._unpaused.set()
        self._interactive = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._state = IndexingState()
        self._stage_began = 0.0
        self._drains = 0

    @property
    def state(self) -> IndexingState:
        """What is going on now."""
        return self._state if self._unpaused.is_set() else replace(self._state, stage="paused")

    async def refresh(self, report: Report, *, patience: float = 0.0) -> IndexReport:
        """Bring the whole index up to date, waiting up to `patience` seconds for another process that is writing it.

        Raises:
            StoreBusyError: it is still writing then.
        """
        deadline = time.monotonic() + patience
        while True:
            try:
                return await self._refresh(report)
            except StoreBusyError as error:
                if time.monotonic() >= deadline:
                    raise
                report(Progress("waiting", detail=str(error)))
            await asyncio.sleep(_BUSY_SECONDS)

    def mark_dirty(self, paths: Iterable[str] = (), *, everything: bool = False) -> None:
        """Note that these files, or any, may have changed, appeared or gone; returns at once."""
        self._marks.add(paths, everything=everything)
        if self._marks:
            self._settled.clear()

    def prepare(self, report: Report) -> None:
        """Say that the files are about to be looked at."""
        self._enter("scanning", report)

    def stand_by(self, reason: str, report: Report) -> None:
        """Leave the index to the process that keeps it, which sees every change itself."""
        self._enter("following", report, message=reason)
        self._searchable.set()
        self.forget_marks()

    def forget_marks(self) -> None:
        """Drop what was noted: another process has seen it too."""
        self._marks.take()
        self._settle()

    def fail(self, reason: str, report: Report) -> None:
        """Say why nothing can be indexed for now."""
        self._enter("failed", report, message=reason)

    async def run(self, report: Report) -> None:
        """Sweep, then follow changes until cancelled; what goes wrong is logged, shown in `state` and tried again."""
        await self._until_done(lambda: self._refresh(report), report)
        while True:
            await self._marks.ready()
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
        """Stop after the current batch; changes are still noted."""
        self._unpaused.clear()

    def resume(self) -> None:
        """Go on."""
        self._unpaused.set()

    @contextlib.asynccontextmanager
    async def yielding(self) -> AsyncIterator[None]:
        """Hold indexing back while someone waits for an answer."""
        self._interactive += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._interactive -= 1
            if not self._interactive:
                self._quiet.set()

    async def _refresh(self, report: Report) -> IndexReport:
        began = time.monotonic()
        tally = _Tally()
        problem = ""
        async with self._working, self._writer_lock():
            taken = self._marks.take()
            try:
                await self._sweep(report, tally)
                self._searchable.set()
                await self._embed_missing(report, tally)
            except ModelError as error:
                problem = str(error)
            except BaseException:
                self.mark_dirty(taken.paths, everything=taken.everything)
                raise
            await self._store.optimize()
            self._enter("failed" if problem else "idle", report, message=problem)
        self._settle()
        return await self._report_of(tally, time.monotonic() - began, problem)

    async def _sweep(self, report: Report, tally: _Tally) -> None:
        self._enter("scanning", report)
        began = time.monotonic()
        scan = await self._tree.scan()
        manifest = await self._store.manifest()
        skipped = {item.path: item for item in scan.skipped}
        present = {stat.path for stat in scan.files}
        gone = [path for path in manifest if path not in present and path not in skipped]
        if gone:
            await self._store.remove(gone)
            tally.removed += len(gone)
        await self._record_skipped(scan.skipped, manifest)
        stale = [stat for stat in scan.files if not same_stat(stat, manifest.get(stat.path))]
        self._marks.swept(time.monotonic() - began)
        await self._index_files(await self._ordered(stale), manifest, report)

    async def _ordered(self, stale: Sequence[FileStat]) -> Sequence[FileStat]:
        if self._worked_on is None or len(stale) < _FILES_WORTH_ORDERING:
            return stale
        worked_on = await self._worked_on()
        return await asyncio.to_thread(in_order_of_interest, stale, worked_on)

    async def _drain(self, report: Report) -> None:
        async with self._working, self._writer_lock():
            await self._follow_dirty(report)
            await self._embed_missing(report, _Tally())
            self._enter("idle", report)
            self._settle()
            self._drains += 1
            if self._drains % _DRAINS_PER_COMPACTION == 0:
                await self._store.optimize()

    async def _follow_dirty(self, report: Report) -> None:
        """Make what was marked dirty searchable by keyword; needs the writer lock."""
        taken = self._marks.take_due()
        try:
            if taken.everything or len(taken.paths) > _MANY_PATHS:
                await self._sweep(report, _Tally())
            elif taken.paths:
                await self._refresh_paths(sorted(taken.paths), report)
        except BaseException:
            self.mark_dirty(taken.paths, everything=taken.everything)
            raise

    async def _follow_dirty_meanwhile(self, report: Report) -> None:
        """A save must not wait minutes for the vectors of a new index; the progress of that goes on afterwards."""
        if self._marks.are_due():
            state, began = self._state, self._stage_began
            await self._follow_dirty(report)
            self._state, self._stage_began = state, began

    async def _refresh_paths(self, paths: Sequence[str], report: Report) -> None:
        manifest = await self._store.manifest()
        stale: list[FileStat] = []
        skipped: list[SkippedFile] = []
        gone: list[str] = []
        states = dict(await self._tree.stat_all(paths))
        absent = [path for path, state in states.items() if state is None]
        # A folder that went, or was replaced, is reported as one path; the index knows the files that were in it.
        below = {known for path in absent for known in known_below(path, manifest)} - states.keys()
        states |= await self._tree.stat_all(sorted(below))
        for path, state in states.items():
            match state:
                case FileStat() as stat:
                    stale.append(stat)
                case SkippedFile() as item:
                    skipped.append(item)
                case None if path in manifest:
                    gone.append(path)
        if gone:
            await self._store.remove(gone)
        await self._record_skipped(skipped, manifest)
        await self._index_files(stale, manifest, report)

    async def _record_skipped(
        self, skipped: Sequence[SkippedFile], manifest: Mapping[str, FileRecord]
    ) -> None:
        fresh = [item for item in skipped if not same_skip(item, manifest.get(item.path))]
        if fresh:
            await self._store.replace([FileUpdate(skip_record(item), ()) for item in fresh])

    async def _index_files(
        self, stale: Sequence[FileStat], manifest: Mapping[str, FileRecord], report: Report
    ) -> None:
        self._enter("chunking", report, total=len(stale))
        for start in range(0, len(stale), _FILES_PER_COMMIT):
            updates: list[FileUpdate] = []
            touched: list[FileRecord] = []
            batch = stale[start : start + _FILES_PER_COMMIT]
            for offset in range(0, len(batch), _FILES_PER_CALL):
                await self._may_go_on()
                await self._chunk_some(batch[offset : offset + _FILES_PER_CALL], manifest, updates, touched)
                self._advance(start + min(offset + _FILES_PER_CALL, len(batch)), report)
            await self._commit(updates, touched)

    async def _chunk_some(
        self,
        stats: Sequence[FileStat],
        manifest: Mapping[str, FileRecord],
        updates: list[FileUpdate],
        touched: list[FileRecord],
    ) -> None:
        sources: list[tuple[FileStat, SourceFile]] = []
        for stat in stats:
            match await self._read(stat.path):
                case SourceFile() as source:
                    known = manifest.get(stat.path)
                    if known and known.status == "indexed" and known.content_hash == source.content_hash:
                        if not same_stat(stat, known):
                            touched.append(replace(known, size=stat.size, mtime_ns=stat.mtime_ns))
                    else:
                        sources.append((stat, source))
                case SkippedFile() as item:
                    updates.append(FileUpdate(skip_record(item, stat), ()))
                case str() as failure:
                    updates.append(FileUpdate(failure_record(stat, failure), ()))
                case None:
                    pass
        shares = [sources[start::_CUTTING_THREADS] for start in range(_CUTTING_THREADS)]
        for share in await asyncio.gather(*(asyncio.to_thread(self._updates_of, share) for share in shares)):
            updates.extend(share)

    async def _read(self, path: str) -> SourceFile | SkippedFile | str | None:
        try:
            return await self._tree.read(path)
        except (OSError, FirsthandError) as error:
            return f"cannot be read: {error}"

    def _updates_of(self, sources: Sequence[tuple[FileStat, SourceFile]]) -> list[FileUpdate]:
        return [self._update_of(stat, source) for stat, source in sources]

    def _update_of(self, stat: FileStat, source: SourceFile) -> FileUpdate:
        try:
            outline = self._parser.outline(source.language, source.text)
            chunks = chunk_file(source, outline)
            links = link_chunks(source, outline, chunks)
        except (
            Exception
        ) as error:  # A single bad file must never stop the rest; it is listed with its reason.
            log.exception("%s cannot be chunked", source.path)
            return FileUpdate(failure_record(stat, f"cannot be chunked: {type(error).__name__}"), ())
        record = FileRecord(
            path=source.path,
            content_hash=source.content_hash,
            size=stat.size,
            mtime_ns=stat.mtime_ns,
            status="indexed",
            language=source.language,
            chunks=len(chunks),
        )
        return FileUpdate(record, chunks, links=links)

    async def _commit(self, updates: Sequence[FileUpdate], touched: Sequence[FileRecord]) -> None:
        if touched:
            await self._store.touch(touched)
        if not updates:
            return
        hashes = [chunk.content_hash for update in updates for chunk in update.chunks]
        known = await self._store.known_vectors(hashes) if hashes else {}
        await self._store.replace([_with_vectors(update, known) for update in updates])

    async def _embed_missing(self, report: Report, tally: _Tally) -> None:
        stats = await self._store.stats()
        missing = stats.chunks - stats.embedded
        if not missing:
            return
        self._enter("embedding", report, total=missing)
        done = 0
        while waiting := await self._store.without_vector(_VECTORS_PER_COMMIT):
            vectors: dict[str, Vector] = {}
            rejected: dict[str, str] = {}
            try:
                async for batch in self._embedded(waiting, vectors, rejected, report):
                    done += batch
                    self._advance(done, report)
            finally:
                tally.embedded += len(vectors)
                if vectors:
                    await asyncio.shield(self._store.set_vectors(vectors))
            if rejected:
                await self._store.set_unembeddable(rejected)

    async def _embedded(
        self,
        waiting: Sequence[Chunk],
        vectors: dict[str, Vector],
        rejected: dict[str, str],
        report: Report,
    ) -> AsyncIterator[int]:
        texts = {chunk.content_hash: chunk.embedding_text for chunk in waiting}
        hashes = list(texts)
        size = max(1, self._embedder.batch_size)
        for start in range(0, len(hashes), size):
            await self._may_go_on()
            await self._follow_dirty_meanwhile(report)
            batch = hashes[start : start + size]
            results = await self._embedder.embed_documents([texts[key] for key in batch])
            for key, result in zip(batch, results, strict=True):
                if isinstance(result, Rejected):
                    rejected[key] = result.reason
                else:
                    vectors[key] = result
            yield len(batch)

    async def _until_done(self, work: Callable[[], Awaitable[object]], report: Report) -> None:
        delay = _RETRY_SECONDS
        while True:
            try:
                await work()
                if self._state.stage != "failed":
                    return
            except StoreBusyError as error:
                if self._state.stage != "waiting":
                    self._enter("waiting", report, message=str(error))
                await asyncio.sleep(_BUSY_SECONDS)
                continue
            except (FirsthandError, OSError) as error:
                log.warning("indexing stopped: %s", error)
                self._enter("failed", report, message=str(error))
            await asyncio.sleep(delay)
            delay = min(delay * 2, _MOST_RETRY_SECONDS)

    async def _may_go_on(self) -> None:
        await self._unpaused.wait()
        await self._quiet.wait()

    async def _report_of(self, tally: _Tally, seconds: float, problem: str) -> IndexReport:
        stats = await self._store.stats()
        return IndexReport(
            files=stats.files,
            skipped=stats.skipped,
            failed=stats.failed,
            chunks=stats.chunks,
            embedded=tally.embedded,
            reused=max(0, stats.embedded - tally.embedded),
            removed=tally.removed,
            seconds=seconds,
            problem=problem,
        )

    def _enter(self, stage: Stage, report: Report, *, total: int = 0, message: str = "") -> None:
        self._state = IndexingState(stage=stage, total=total, message=message)
        self._stage_began = time.monotonic()
        report(Progress(stage, 0, total, message))

    def _advance(self, done: int, report: Report) -> None:
        elapsed = time.monotonic() - self._stage_began
        total = max(done, self._state.total)
        eta = elapsed / done * (total - done) if done else None
        self._state = replace(self._state, done=done, total=total, eta_seconds=eta)
        report(Progress(self._state.stage, done, total))

    def _settle(self) -> None:
        if not self._marks:
            self._settled.set()


def _with_vectors(update: FileUpdate, known: Mapping[str, Vector]) -> FileUpdate:
    vectors = {
        chunk.content_hash: known[chunk.content_hash]
        for chunk in update.chunks
        if chunk.content_hash in known
    }
    return replace(update, vectors=vectors)
