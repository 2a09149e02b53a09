"""What may differ from the index: the place where saves, file events, watching and git meet."""

import asyncio
import time
from collections.abc import Iterable

from firsthand.core.lines import is_utf8
from firsthand.core.ports import Changes

# Editors and git write files in bursts; a burst should cost one commit, and 150 ms are not felt.
_QUIET_SECONDS = 0.15
# A save is announced when it is over, and all of "save all" within milliseconds.
_QUIET_SECONDS_OF_SAVES = 0.03
# A build that never stops writing must not keep a save from being found.
_MOST_SECONDS = 1.0
# Looking at all files may take this share of the time at most, however often something asks for it.
_REST_AFTER_SWEEP = 3.0


class DirtyMarks:
    """Marks are added at any time by anybody and taken, all at once, by the one who indexes."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._everything = False
        self._only_saves = True
        self._added = 0
        self._present = asyncio.Event()
        self._urgent = asyncio.Event()
        self._next_sweep = 0.0

    def __bool__(self) -> bool:
        return self._present.is_set()

    def add(self, paths: Iterable[str] = (), *, everything: bool = False, saved: bool = False) -> None:
        """Mark files, or all of them; `saved`: an editor has just written them, and is done."""
        marked = set(paths)
        speakable = {path for path in marked if is_utf8(path)}
        fresh = speakable - self._paths
        self._paths |= fresh
        # A file whose name is not UTF-8 is known by another one, which only a look at everything tells.
        self._everything = self._everything or everything or len(speakable) < len(marked)
        self._only_saves = self._only_saves and (saved or not fresh)
        self._added += len(fresh)
        if self._paths:
            self._urgent.set()
        if self._paths or self._everything:
            self._present.set()

    def take(self) -> Changes:
        """Return the marks and remove them."""
        taken = Changes(frozenset(self._paths), self._everything)
        self._everything = False
        self._forget_paths()
        return taken

    def take_due(self) -> Changes:
        """Return the marks and remove them, but for one on everything whose turn has not come."""
        if self._may_sweep():
            return self.take()
        taken = Changes(frozenset(self._paths))
        self._forget_paths()
        return taken

    def are_due(self) -> bool:
        """Tell whether `take_due` would return any marks."""
        return bool(self._paths) or (self._everything and self._may_sweep())

    def are_files(self, most: int) -> bool:
        """Tell whether there are marks, all of them on single files and no more than this."""
        return not self._everything and 0 < len(self._paths) <= most

    def swept(self, seconds: float) -> None:
        """Note that looking at all files took so long just now."""
        self._next_sweep = time.monotonic() + seconds * _REST_AFTER_SWEEP

    async def ready(self) -> None:
        """Return when there are marks and no more follow at once; a mark on everything waits for its turn."""
        await self._present.wait()
        await self._until_quiet()
        rest = self._next_sweep - time.monotonic()
        if rest > 0 and not self._paths:
            try:
                async with asyncio.timeout(rest):
                    await self._urgent.wait()
            except TimeoutError:
                return
            await self._until_quiet()

    def _may_sweep(self) -> bool:
        return time.monotonic() >= self._next_sweep

    def _forget_paths(self) -> None:
        self._paths.clear()
        self._only_saves = True
        self._urgent.clear()
        if not self._everything:
            self._present.clear()

    async def _until_quiet(self) -> None:
        deadline = time.monotonic() + _MOST_SECONDS
        while time.monotonic() < deadline:
            before = self._added
            is_save = self._only_saves and bool(self._paths)
            await asyncio.sleep(_QUIET_SECONDS_OF_SAVES if is_save else _QUIET_SECONDS)
            if self._added == before:
                return
