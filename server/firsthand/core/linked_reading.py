"""Who uses a name where no index can be kept: files that hold it are found as bytes, then cut, each time anew."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager

from firsthand.core.model import Chunk, FileStat, FileUpdate, LinkedChunk
from firsthand.core.ports import Cutter, SourceTree
from firsthand.core.readable_files import ReadableFiles

# Files between two looks at what was found: a few milliseconds.
_FILES_AT_A_TIME = 64
_CUT_AT_ONCE = 4
# What was cut for one question serves the next: who uses a name is asked with the name, its owner and its namesakes.
_MOST_KEPT = 512
_NAME = re.compile(rb"(?![0-9])[\w\x80-\xff]+")


class LinkedReading:
    """Gives chunks with their links, from the files as they stand now."""

    def __init__(
        self,
        *,
        tree: SourceTree,
        readable: ReadableFiles,
        cutter: Cutter,
        linked_of: Callable[[FileUpdate, Collection[str] | None], Sequence[LinkedChunk]],
        chunks_of: Callable[[FileUpdate], Sequence[Chunk]],
    ) -> None:
        """Take what it reads with.

        Args:
            linked_of: reads the links of these names, or all, in what `cutter` made.
            chunks_of: reads the chunks in what `cutter` made.
        """
        self._tree = tree
        self._readable = readable
        self._cutter = cutter
        self._linked_of = linked_of
        self._chunks_of = chunks_of
        self._cut: dict[str, tuple[str, FileUpdate]] = {}
        self._names: tuple[Sequence[FileStat], frozenset[str]] = ((), frozenset())

    async def paths(self) -> list[str]:
        """Return the files there are."""
        return [stat.path for stat in (await self._tree.scan()).files]

    async def linked(self, names: Collection[str], limit: int) -> list[LinkedChunk]:
        """Return up to `limit` chunks that define, use or import one of these very names, with those links alone."""
        found: list[LinkedChunk] = []
        async with contextlib.aclosing(self._holding(names)) as holding:
            async for updates in holding:
                for update in updates:
                    found += await asyncio.to_thread(self._linked_of, update, names)
                if len(found) >= limit:
                    break
        return found[:limit]

    async def links_of(self, path: str) -> list[LinkedChunk]:
        """Return the chunks of one file that have links, in source order, with all of them."""
        update = await self._update(path)
        return [] if update is None else list(await asyncio.to_thread(self._linked_of, update, None))

    async def defining(self, name: str, limit: int) -> list[Chunk]:
        """Return up to `limit` chunks whose name or qualified name is this one, ignoring case; code before tests."""
        wanted = name.lower()
        plain = name.rpartition(".")[2]
        found: list[Chunk] = []
        async with contextlib.aclosing(self._holding([plain], any_case=True)) as holding:
            async for updates in holding:
                for update in updates:
                    chunks = await asyncio.to_thread(self._chunks_of, update)
                    found += [
                        each for each in chunks if wanted in (each.name.lower(), each.qualified_name.lower())
                    ]
                if len(found) >= limit:
                    break
        return sorted(found, key=lambda each: (each.is_test, each.path, each.span.start_byte))[:limit]

    async def names(self) -> frozenset[str]:
        """Return every name that stands in a file, be it in a comment."""
        stats = (await self._tree.scan()).files
        if stats != self._names[0]:
            self._names = stats, await asyncio.to_thread(self._all_names, stats)
        return self._names[1]

    async def _holding(
        self, names: Collection[str], *, any_case: bool = False
    ) -> AsyncGenerator[list[FileUpdate]]:
        """Yield what the files come to in which one of these names stands, a few at a time."""
        wanted = b"|".join(re.escape(name.encode("utf-8", "surrogatepass")) for name in names if name)
        if not wanted:
            return
        pattern = re.compile(
            rb"(?<![\w\x80-\xff])(?:%b)(?![\w\x80-\xff])" % wanted, re.IGNORECASE if any_case else 0
        )
        stats = (await self._tree.scan()).files
        turns = asyncio.Semaphore(_CUT_AT_ONCE)
        try:
            for start in range(0, len(stats), _FILES_AT_A_TIME):
                paths = [stat.path for stat in stats[start : start + _FILES_AT_A_TIME]]
                held = await asyncio.to_thread(self._with, pattern, paths)
                updates = await asyncio.gather(*(self._update(path, turns) for path in held))
                yield [update for update in updates if update is not None]
        finally:
            await asyncio.to_thread(self._cutter.rest)

    def _with(self, pattern: re.Pattern[bytes], paths: Sequence[str]) -> list[str]:
        return [path for path in paths if pattern.search(self._readable.peek(path) or b"")]

    def _all_names(self, stats: Sequence[FileStat]) -> frozenset[str]:
        found: set[bytes] = set()
        for stat in stats:
            found.update(_NAME.findall(self._readable.peek(stat.path) or b""))
        return frozenset(name.decode("utf-8", "replace") for name in found)

    async def _update(
        self, path: str, turns: AbstractAsyncContextManager[object] | None = None
    ) -> FileUpdate | None:
        source = await self._readable.source(path)
        if source is None:
            return None
        known = self._cut.get(path)
        if known is not None and known[0] == source.content_hash:
            return known[1]
        stat = FileStat(path, len(source.text), 0)
        async with turns or contextlib.nullcontext():
            update = await asyncio.to_thread(self._cutter.cut, stat, source)
        self._cut[path] = source.content_hash, update
        while len(self._cut) > _MOST_KEPT:
            del self._cut[next(iter(self._cut))]
        return update
