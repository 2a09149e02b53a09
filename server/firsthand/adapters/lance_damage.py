"""What went wrong with an index since this process opened it."""

import asyncio
from pathlib import Path

from firsthand.adapters import lance_folder

# Another process may have found the damage; it leaves word on the disk.
_LOOK_SECONDS = 5.0


class Damage:
    """Noticed by whoever in this process reads or writes the index, waited for by the one who can mend it."""

    def __init__(self, index: Path) -> None:
        self._index = index
        self._noticed = asyncio.Event()
        self._over = asyncio.Event()
        self._over.set()

    def note(self) -> None:
        """Have the index checked and mended when it is opened the next time, by this or another process."""
        self._notice()
        lance_folder.mark_suspect(self._index)

    def forget(self) -> None:
        """Say that the index was opened anew."""
        self._noticed.clear()
        self._over.set()

    @property
    def is_noticed(self) -> bool:
        """Whether something was wrong here since the index was opened."""
        return self._noticed.is_set()

    async def noticed(self) -> None:
        """Return when something is wrong."""
        while not self._noticed.is_set():
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._noticed.wait()
            except TimeoutError:
                if await asyncio.to_thread(lance_folder.is_suspect, self._index):
                    self._notice()

    async def over(self) -> None:
        """Return when nothing is wrong that was noticed."""
        await self._over.wait()

    def _notice(self) -> None:
        self._noticed.set()
        self._over.clear()
