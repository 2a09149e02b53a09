"""Files that are there and not in the index as they are now: known from a sweep until their rows are stored."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Sequence

from firsthand.core.model import FileStat, FileUpdate

# Rows that wait to be stored; a search makes a few dozen, and each may take some 100 KB.
_MOST_READY = 128


class WaitingFiles:
    """What the indexer has still to do, so that a search can look there too and leave behind what it has cut."""

    def __init__(self) -> None:
        self._stats: dict[str, FileStat] = {}
        self._ready: dict[str, FileUpdate] = {}
        self._is_listed = False
        self._is_worked_on = False
        self._listing: asyncio.Event | None = None

    def __len__(self) -> int:
        return len(self._stats)

    @property
    def is_listed(self) -> bool:
        """Whether all files were looked at once."""
        return self._is_listed

    @property
    def is_worked_on(self) -> bool:
        """Whether the files are being indexed at this moment."""
        return self._is_worked_on

    def stats(self) -> list[FileStat]:
        """Return the files that wait, those that come next first."""
        return list(self._stats.values())

    def holds(self, path: str) -> bool:
        """Tell whether a file still waits."""
        return path in self._stats

    @contextlib.contextmanager
    def listing(self) -> Iterator[None]:
        """Let others know that all files are being looked at while the block runs."""
        ended = self._listing = asyncio.Event()
        try:
            yield
        finally:
            self._listing = None
            ended.set()

    async def listed(self) -> None:
        """Return when nobody looks at all files at this moment, be it that this was given up."""
        if self._listing is not None:
            await self._listing.wait()

    def begin(self, stats: Sequence[FileStat]) -> None:
        """Note what a look at all files found; it replaces what was known."""
        self._stats = {stat.path: stat for stat in stats}
        ready, self._ready = self._ready, {}
        for update in ready.values():
            self.hand_over(update)
        self._is_listed = True

    def forget(self) -> None:
        """Forget which files wait, since somebody else has indexed on: the next who asks has to look."""
        self._stats.clear()
        self._ready.clear()
        self._is_listed = False

    def add(self, stats: Iterable[FileStat]) -> None:
        """Note files that changed since."""
        for stat in stats:
            self._stats[stat.path] = stat
            self._ready.pop(stat.path, None)

    def stored(self, paths: Iterable[str]) -> None:
        """Forget files: the index has them now, or knows why not."""
        for path in paths:
            self._stats.pop(path, None)
            self._ready.pop(path, None)

    def hand_over(self, update: FileUpdate) -> None:
        """Leave the rows of a file to be stored next, if it still waits as it was when they were made."""
        record = update.record
        stat = self._stats.get(record.path)
        if stat is None or (stat.size, stat.mtime_ns) != (record.size, record.mtime_ns):
            return
        self._ready[record.path] = update
        while len(self._ready) > _MOST_READY:
            del self._ready[next(iter(self._ready))]

    def take_ready(self) -> list[FileUpdate]:
        """Return the rows that were handed over, once."""
        ready, self._ready = list(self._ready.values()), {}
        return ready

    def begin_work(self) -> None:
        """Note that the files are being indexed."""
        self._is_worked_on = True

    def end_work(self) -> None:
        """Note that nobody indexes the files for now."""
        self._is_worked_on = False
