"""Search in files that are not indexed yet, by reading them: a first question should not wait for the whole index.

Thousands of files are looked through as bytes (`quick_scan`), the best are judged and read as indexing would read
them, and the best of those are cut at once. What was cut is left to the indexer, which need not do it again.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from firsthand.core.direct_hits import Coverage, DirectHits
from firsthand.core.file_records import same_stat
from firsthand.core.freshness import OpenBuffers
from firsthand.core.index_state import Stage
from firsthand.core.languages import language_of
from firsthand.core.model import Chunk, FileStat, FileUpdate, Scope, ScoredChunk, ScoredHead, SourceFile
from firsthand.core.ports import ChunkStore, Cutter, RawFiles, SourceTree
from firsthand.core.query import Query
from firsthand.core.quick_scan import QuickScan
from firsthand.core.readable_files import ReadableFiles
from firsthand.core.scopes import path_in_scope
from firsthand.core.waiting_files import WaitingFiles
from firsthand.core.word_scores import chunk_scores

log = logging.getLogger(__name__)

# How long files are looked through, as bytes; on one slow core that is 50 MB and more.
_SCAN_SECONDS = 1.5
# Files between two looks at the clock: a few milliseconds.
_FILES_AT_A_TIME = 64
# Of the most promising ones so many are read and weighed by their words, and so many of these are cut.
_FILES_TO_WEIGH = 48
_FILES_TO_CUT = 20
_READING_SECONDS = 0.5
# The first of them may wait for a process to start and for a grammar to load, on a machine that is busy.
_STARTING_SECONDS = 10.0
_CUTTING_SECONDS = 1.5
_CUT_AT_ONCE = 4
# A file without text, and in how many processes to cut it.
_NOTHING = FileStat("", 0, 0), SourceFile("", "", "text", "")
_AWAKE = 2
# The index's best hits tell on which scale its weights are; the ones far down say little.
_HITS_COMPARED = 12
# Nobody in this process knows what is still to do: another one indexes, or nobody does.
_NOT_INDEXING: tuple[Stage, ...] = ("following", "waiting", "paused", "failed")
# What was cut for one question often serves the next.
_MOST_KEPT = 128


class DirectReading:
    """Reads what waits to be indexed; nothing is read while nothing waits."""

    def __init__(
        self,
        *,
        tree: SourceTree,
        files: RawFiles,
        cutter: Cutter,
        chunks_of: Callable[[FileUpdate], Sequence[Chunk]],
        store: ChunkStore,
        waiting: WaitingFiles,
        buffers: OpenBuffers,
        stage: Callable[[], Stage],
        yielding: Callable[[], AbstractAsyncContextManager[None]],
    ) -> None:
        """Take what it reads with.

        Args:
            files: gives the bytes of files that `tree` has named.
            cutter: that of the bulk of files, whose processes are warm while there is much to index.
            chunks_of: reads the chunks that `cutter` made.
            stage: tells what indexing is doing, and so who knows what waits.
            yielding: holds indexing back meanwhile.
        """
        self._tree = tree
        self._readable = ReadableFiles(tree, files, buffers)
        self._cutter = cutter
        self._chunks_of = chunks_of
        self._store = store
        self._waiting = waiting
        self._buffers = buffers
        self._stage = stage
        self._yielding = yielding
        self._cut: dict[str, tuple[FileStat, str, Sequence[Chunk]]] = {}
        self.coverage = Coverage()
        """What the last search had to read, and what it read."""

    async def find(self, query: Query, scope: Scope) -> DirectHits:
        """Return the best chunks of files that wait to be indexed; of those that were seen in time, if they are many.

        Raises:
            StoreError: the index cannot be read.
        """
        shadowed = await self._shadowed()
        stats = await asyncio.to_thread(_wanted, await self._listed(), shadowed, scope)
        if not stats:
            self.coverage = Coverage()
            self._cut.clear()
            return DirectHits()
        waking = asyncio.create_task(self._wake(), name="starting to cut")
        try:
            async with self._yielding():
                scan = await self._scanned(query, stats)
                chunks = await self._chunks(await self._weighed(scan))
        except OSError as error:
            log.warning("files that are not indexed yet cannot be searched: %s", error)
            self.coverage = Coverage(len(stats))
            return DirectHits()
        finally:
            waking.cancel()
            await asyncio.wait({waking})
        rarity = scan.rarity()
        weights = await asyncio.to_thread(chunk_scores, chunks, rarity)
        self.coverage = Coverage(len(stats), scan.read)
        scored = [ScoredChunk(*pair) for pair in zip(chunks, weights, strict=True) if pair[1] > 0.0]
        return DirectHits(tuple(scored), tuple(chunks), rarity)

    async def joined(
        self, found: Sequence[ScoredHead], direct: DirectHits, scope: Scope
    ) -> Sequence[ScoredHead]:
        """Return the keyword hits of the index with those of the files among them."""
        if not direct.scored:
            return direct.current(found)
        texts = await self._store.read([scored.chunk for scored in found[:_HITS_COMPARED]])
        return await asyncio.to_thread(direct.by_keywords, found, texts, scope)

    async def _wake(self) -> None:
        """Have processes started while the files are looked through, where nobody has done so."""
        if not (self._waiting.is_worked_on or self._cut):
            await asyncio.gather(*(asyncio.to_thread(self._cutter.cut, *_NOTHING) for _ in range(_AWAKE)))

    async def _shadowed(self) -> frozenset[str]:
        """Return the open documents that the index has in some form: `UnsavedTexts` knows what they say now."""
        paths = [path for path in self._buffers.paths() if self._waiting.holds(path)]
        return frozenset([path for path in paths if await self._store.chunks_of(path)])

    async def _listed(self) -> Sequence[FileStat]:
        """Return the files that wait; none where nobody is about to index, as when the index is to be used as it is."""
        # A sweep that is at it is done sooner than another look beside it.
        await self._waiting.listed()
        is_known = self._waiting.is_listed and not (self._stage() in _NOT_INDEXING and len(self._waiting))
        if not is_known and self._stage() != "idle":
            await self._list()
        return self._waiting.stats()

    async def _list(self) -> None:
        """Compare the files with the index, as a sweep does that is still to come, or that another process does."""
        scan, manifest = await asyncio.gather(self._tree.scan(), self._store.manifest())
        if not self._waiting.is_listed or self._stage() in _NOT_INDEXING:
            self._waiting.begin([stat for stat in scan.files if not same_stat(stat, manifest.get(stat.path))])

    async def _scanned(self, query: Query, stats: Sequence[FileStat]) -> QuickScan:
        scan = QuickScan(query)
        deadline = time.monotonic() + _SCAN_SECONDS
        ordered = await asyncio.to_thread(scan.in_order, stats)
        for start in range(0, len(ordered) if scan.stems else 0, _FILES_AT_A_TIME):
            await asyncio.to_thread(scan.look, self._readable.peek, ordered[start : start + _FILES_AT_A_TIME])
            if time.monotonic() > deadline:
                break
        return scan

    async def _weighed(self, scan: QuickScan) -> list[tuple[FileStat, SourceFile]]:
        """Return the best files as indexing reads them, without those that it leaves out."""
        best = await asyncio.to_thread(scan.best, _FILES_TO_WEIGH)
        states = await self._tree.stat_all([stat.path for stat in best])
        deadline = time.monotonic() + _READING_SECONDS
        found: list[tuple[float, FileStat, SourceFile]] = []
        for state in states.values():
            source = await self._readable.source(state.path) if isinstance(state, FileStat) else None
            if isinstance(state, FileStat) and source is not None:
                weight = await asyncio.to_thread(scan.weight_of, source.path, source.text)
                found.append((weight, state, source))
            if time.monotonic() > deadline:
                break
        found.sort(key=lambda each: (-each[0], each[1].path))
        return [(stat, source) for weight, stat, source in found[:_FILES_TO_CUT] if weight > 0.0]

    async def _chunks(self, sources: Sequence[tuple[FileStat, SourceFile]]) -> list[Chunk]:
        """Cut files, the best first, as many as there is time for; where nothing is warm yet, that begins with one."""
        turns = asyncio.Semaphore(_CUT_AT_ONCE)
        cutting = [asyncio.create_task(self._chunks_of_file(*pair, turns)) for pair in sources]
        if not cutting:
            return []
        try:
            await asyncio.wait(cutting, timeout=_STARTING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait(cutting, timeout=_CUTTING_SECONDS)
        finally:
            for task in cutting:
                task.cancel()
            await asyncio.wait(cutting)
        if not self._waiting.is_worked_on:
            await asyncio.to_thread(self._cutter.rest)
        return [chunk for task in cutting if not task.cancelled() for chunk in task.result()]

    async def _chunks_of_file(
        self, stat: FileStat, source: SourceFile, turns: asyncio.Semaphore
    ) -> Sequence[Chunk]:
        known = self._cut.get(stat.path)
        if known is not None and known[:2] == (stat, source.content_hash):
            return known[2]
        async with turns:
            update = await asyncio.to_thread(self._cutter.cut, stat, source)
        chunks = await asyncio.to_thread(self._chunks_of, update)
        self._cut[stat.path] = stat, source.content_hash, chunks
        while len(self._cut) > _MOST_KEPT:
            del self._cut[next(iter(self._cut))]
        # What an editor holds is not what the file holds.
        if self._buffers.text(stat.path) is None and update.record.status == "indexed":
            self._waiting.hand_over(update)
        return chunks


def _wanted(stats: Sequence[FileStat], shadowed: frozenset[str], scope: Scope) -> list[FileStat]:
    return [stat for stat in stats if stat.path not in shadowed and _may_be_in_scope(stat.path, scope)]


def _may_be_in_scope(path: str, scope: Scope) -> bool:
    return (not scope.languages or language_of(path) in scope.languages) and path_in_scope(path, scope)
