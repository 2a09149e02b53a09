"""The stage of indexing that makes files searchable by keyword: it compares, reads, cuts and stores what differs."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from firsthand.core.courtesy import Courtesy
from firsthand.core.file_records import failure_record, known_below, same_skip, same_stat, skip_record
from firsthand.core.index_order import in_order_of_interest
from firsthand.core.index_state import IndexingProgress
from firsthand.core.model import FileRecord, FileStat, FileUpdate, Report, SkippedFile, SourceFile
from firsthand.core.ports import ChunkStore, Cutter, SourceTree
from firsthand.core.waiting_files import WaitingFiles
from firsthand.errors import FirsthandError

log = logging.getLogger(__name__)

# Files in the commits: few table versions for a big repository, and something to find at once.
_FILES_IN_FIRST_COMMIT = 64
_MOST_FILES_PER_COMMIT = 512
# Files that wait to be stored, at most: cutting goes on during a commit and while search indexes are made.
_MOST_FILES_AHEAD = 512
# Beyond those that are cut: one file stands ready while another is read, and no process waits.
_FILES_READY = 2
# Seeing each file go by is not worth a message to the editor.
_FILES_PER_REPORT = 32
# Starting processes takes as long as cutting this many files here.
_FILES_WORTH_PROCESSES = 48
# After this many the search indexes are brought up to date at once; otherwise that waits for the vectors.
_FILES_WORTH_INDEXING = 256
# While files are still to come they are brought up to date when there are so many times the files that they hold. That
# costs as much as making them from all rows, so it is not done shortly before the end.
_GROWTH_WORTH_INDEXING = 4
# With fewer files than this, which of them comes first is not felt.
_FILES_WORTH_ORDERING = 16


@dataclass(frozen=True, slots=True)
class _LookedAt:
    """What reading and cutting one file has come to: new rows, or a known record with another time, or nothing."""

    number: int
    stat: FileStat
    update: FileUpdate | None = None
    touched: FileRecord | None = None


class FileIndexer:
    """Brings the chunks of files up to date; needs the writer lock."""

    def __init__(
        self,
        *,
        tree: SourceTree,
        cutter: Cutter,
        bulk_cutter: Cutter | None,
        store: ChunkStore,
        courtesy: Courtesy,
        progress: IndexingProgress,
        swept: Callable[[float], None],
        waiting: WaitingFiles,
        worked_on: Callable[[], Awaitable[Sequence[str]]] | None = None,
    ) -> None:
        """Take what the chunks are made of.

        Args:
            bulk_cutter: takes the place of `cutter` where there are many files.
            swept: is told how many seconds it took to look at all files.
            waiting: is kept equal to what has still to be indexed; what was cut for a search is stored from there.
            worked_on: tells which files people work on now, most interesting first; they are indexed first.
        """
        self._tree = tree
        self._cutter = cutter
        self._bulk_cutter = bulk_cutter or cutter
        self._store = store
        self._courtesy = courtesy
        self._progress = progress
        self._swept = swept
        self._waiting = waiting
        self._worked_on = worked_on

    async def sweep(self, report: Report) -> int:
        """Look at all files and index what differs; return how many files are gone."""
        self._progress.enter("scanning", report)
        began = time.monotonic()
        with self._waiting.listing():
            scan = await self._tree.scan()
            manifest = await self._store.manifest()
            stale = [stat for stat in scan.files if not same_stat(stat, manifest.get(stat.path))]
            # Searches may read them from now on; which is indexed first is found out beside that.
            self._waiting.begin(stale)
        skipped = {item.path: item for item in scan.skipped}
        present = {stat.path for stat in scan.files}
        gone = [path for path in manifest if path not in present and path not in skipped]
        if gone:
            await self._store.remove(gone)
        await self._record_skipped(scan.skipped, manifest)
        self._swept(time.monotonic() - began)
        ordered = await self._ordered(stale)
        self._waiting.begin(ordered)
        await self._index_files(ordered, manifest, report)
        return len(gone)

    async def refresh(self, paths: Sequence[str], report: Report) -> None:
        """Look at these files, and at what was in them if they are folders that went, and index what differs."""
        manifest = await self._store.manifest()
        stale: list[FileStat] = []
        skipped: list[SkippedFile] = []
        gone: list[str] = []
        states = dict(await self._tree.stat_all(paths))
        absent = [path for path, state in states.items() if state is None]
        # A folder that went, or was replaced, is reported as one path; the index knows the files that were in it.
        below = {known for path in absent for known in known_below(path, manifest)} - states.keys()
        if below:
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
        self._waiting.add(stale)
        await self._index_files(stale, manifest, report)

    async def _ordered(self, stale: Sequence[FileStat]) -> Sequence[FileStat]:
        if self._worked_on is None or len(stale) < _FILES_WORTH_ORDERING:
            return stale
        worked_on = await self._worked_on()
        return await asyncio.to_thread(in_order_of_interest, stale, worked_on)

    async def _record_skipped(
        self, skipped: Sequence[SkippedFile], manifest: Mapping[str, FileRecord]
    ) -> None:
        fresh = [item for item in skipped if not same_skip(item, manifest.get(item.path))]
        if fresh:
            await self._store.replace([FileUpdate(skip_record(item), ()) for item in fresh])

    async def _index_files(
        self, stale: Sequence[FileStat], manifest: Mapping[str, FileRecord], report: Report
    ) -> None:
        self._progress.enter("chunking", report, total=len(stale))
        cutter = self._cutter if len(stale) < _FILES_WORTH_PROCESSES else self._bulk_cutter
        in_search_indexes = len(manifest)
        ahead: asyncio.Queue[_LookedAt] = asyncio.Queue(_MOST_FILES_AHEAD)
        self._waiting.begin_work()
        cutting = asyncio.create_task(self._cut_all(stale, cutter, manifest, ahead, report), name="cutting")
        try:
            for start, end in _batches(len(stale)):
                looked_at = await _taken(end - start, ahead, cutting)
                held = len(manifest) + end
                index_words = _is_worth_indexing(in_search_indexes, held, to_come=len(stale) - end)
                in_search_indexes = held if index_words else in_search_indexes
                await self._commit(looked_at, index_words=index_words)
        finally:
            cutting.cancel()
            await asyncio.wait({cutting})
            self._waiting.end_work()
            if cutter is not self._cutter:
                await asyncio.to_thread(cutter.rest)
        if len(stale) >= _FILES_WORTH_INDEXING:
            await self._store.index_words()

    async def _cut_all(
        self,
        stale: Sequence[FileStat],
        cutter: Cutter,
        manifest: Mapping[str, FileRecord],
        ahead: asyncio.Queue[_LookedAt],
        report: Report,
    ) -> None:
        """Read and cut files, several at once, and hand on each as soon as it is finished."""
        files = enumerate(stale)
        done = 0

        async def cut_on() -> None:
            nonlocal done
            for number, stat in files:
                await self._courtesy.may_go_on()
                await ahead.put(await self._look_at(number, stat, cutter, manifest.get(stat.path)))
                done += 1
                if done % _FILES_PER_REPORT == 0 or done == len(stale):
                    self._progress.advance(done, report)

        several = [asyncio.create_task(cut_on()) for _ in range(cutter.at_once + _FILES_READY)]
        try:
            await asyncio.gather(*several)
        finally:
            for task in several:
                task.cancel()
            await asyncio.wait(several)

    async def _look_at(
        self, number: int, stat: FileStat, cutter: Cutter, known: FileRecord | None
    ) -> _LookedAt:
        """Read one file and cut it if its text is another than the index has."""
        if not self._waiting.holds(stat.path):
            return _LookedAt(number, stat)  # cut for a search, and stored since
        match await self._read(stat.path):
            case SourceFile() as source:
                if not (known and known.status == "indexed" and known.content_hash == source.content_hash):
                    return _LookedAt(number, stat, await asyncio.to_thread(cutter.cut, stat, source))
                if not same_stat(stat, known):
                    touched = replace(known, size=stat.size, mtime_ns=stat.mtime_ns)
                    return _LookedAt(number, stat, touched=touched)
            case SkippedFile() as item:
                return _LookedAt(number, stat, FileUpdate(skip_record(item, stat), ()))
            case str() as failure:
                return _LookedAt(number, stat, FileUpdate(failure_record(stat, failure), ()))
        return _LookedAt(number, stat)

    async def _read(self, path: str) -> SourceFile | SkippedFile | str | None:
        try:
            return await self._tree.read(path)
        except (OSError, FirsthandError) as error:
            return f"cannot be read: {error}"

    async def _commit(self, looked_at: Sequence[_LookedAt], *, index_words: bool) -> None:
        touched = [each.touched for each in looked_at if each.touched is not None]
        updates = [each.update for each in looked_at if each.update is not None]
        updates += self._waiting.take_ready()
        if touched:
            await self._store.touch(touched)
        if updates:
            await self._store.replace(updates)
        self._waiting.stored([each.stat.path for each in looked_at])
        self._waiting.stored([update.record.path for update in updates])
        if index_words:
            await self._store.index_words()


async def _taken(count: int, ahead: asyncio.Queue[_LookedAt], cutting: asyncio.Task[None]) -> list[_LookedAt]:
    """Return the next files that are finished, in the order in which they stand to be indexed.

    What stops `cutting` is raised here.
    """

    async def take() -> list[_LookedAt]:
        return sorted([await ahead.get() for _ in range(count)], key=lambda each: each.number)

    taking = asyncio.create_task(take())
    try:
        await asyncio.wait({taking, cutting}, return_when=asyncio.FIRST_COMPLETED)
        if cutting.done():
            cutting.result()
        return await taking
    finally:
        taking.cancel()
        await asyncio.wait({taking})


def _batches(count: int) -> Iterator[tuple[int, int]]:
    """Yield where each commit begins and ends: few files first, so that something is found soon, then more."""
    start, size = 0, _FILES_IN_FIRST_COMMIT
    while start < count:
        yield start, min(start + size, count)
        start += size
        size = min(2 * size, _MOST_FILES_PER_COMMIT)


def _is_worth_indexing(in_search_indexes: int, held: int, *, to_come: int) -> bool:
    """Tell whether the search indexes take in these files before the others come."""
    has_grown = held >= max(_FILES_WORTH_INDEXING, _GROWTH_WORTH_INDEXING * in_search_indexes)
    return has_grown and to_come >= held // 2
