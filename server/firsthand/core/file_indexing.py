"""The stage of indexing that makes files searchable by keyword: it compares, reads, cuts and stores what differs."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from firsthand.core.chunking import chunk_file
from firsthand.core.courtesy import Courtesy
from firsthand.core.file_records import failure_record, known_below, same_skip, same_stat, skip_record
from firsthand.core.index_order import in_order_of_interest
from firsthand.core.index_state import IndexingProgress
from firsthand.core.linking import link_chunks
from firsthand.core.model import FileRecord, FileStat, FileUpdate, Report, SkippedFile, SourceFile, Vector
from firsthand.core.ports import ChunkStore, Parser, SourceTree
from firsthand.errors import FirsthandError

log = logging.getLogger(__name__)

# Files per commit: large enough that a big repository needs few table versions, small enough that the first
# results of a cold start are searchable within a second.
_FILES_PER_COMMIT = 256
# Files that are read and cut before the indexer looks whether to go on: short enough that cancelling feels immediate.
_FILES_PER_CALL = 16
# Threads that cut them: the syntax is read in processes of its own, of which there are two.
_CUTTING_THREADS = 2
# With fewer files than this, which of them comes first is not felt.
_FILES_WORTH_ORDERING = 16


class FileIndexer:
    """Brings the chunks of files up to date; needs the writer lock."""

    def __init__(
        self,
        *,
        tree: SourceTree,
        parser: Parser,
        store: ChunkStore,
        courtesy: Courtesy,
        progress: IndexingProgress,
        swept: Callable[[float], None],
        worked_on: Callable[[], Awaitable[Sequence[str]]] | None = None,
    ) -> None:
        """Take what the chunks are made of.

        Args:
            swept: is told how many seconds it took to look at all files.
            worked_on: tells which files people work on now, most interesting first; they are indexed first.
        """
        self._tree = tree
        self._parser = parser
        self._store = store
        self._courtesy = courtesy
        self._progress = progress
        self._swept = swept
        self._worked_on = worked_on

    async def sweep(self, report: Report) -> int:
        """Look at all files and index what differs; return how many files are gone."""
        self._progress.enter("scanning", report)
        began = time.monotonic()
        scan = await self._tree.scan()
        manifest = await self._store.manifest()
        skipped = {item.path: item for item in scan.skipped}
        present = {stat.path for stat in scan.files}
        gone = [path for path in manifest if path not in present and path not in skipped]
        if gone:
            await self._store.remove(gone)
        await self._record_skipped(scan.skipped, manifest)
        stale = [stat for stat in scan.files if not same_stat(stat, manifest.get(stat.path))]
        self._swept(time.monotonic() - began)
        await self._index_files(await self._ordered(stale), manifest, report)
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
        for start in range(0, len(stale), _FILES_PER_COMMIT):
            updates: list[FileUpdate] = []
            touched: list[FileRecord] = []
            batch = stale[start : start + _FILES_PER_COMMIT]
            for offset in range(0, len(batch), _FILES_PER_CALL):
                await self._courtesy.may_go_on()
                await self._chunk_some(batch[offset : offset + _FILES_PER_CALL], manifest, updates, touched)
                self._progress.advance(start + min(offset + _FILES_PER_CALL, len(batch)), report)
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


def _with_vectors(update: FileUpdate, known: Mapping[str, Vector]) -> FileUpdate:
    vectors = {
        chunk.content_hash: known[chunk.content_hash]
        for chunk in update.chunks
        if chunk.content_hash in known
    }
    return replace(update, vectors=vectors)
