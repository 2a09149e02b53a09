"""The files of a workspace: what git tracks or shows as untracked, or the same rules where there is no git."""

import asyncio
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from firsthand.adapters.file_screen import NOT_A_FILE, NOT_UTF8, UNREADABLE, FileScreen
from firsthand.adapters.folder_walk import printable, walk
from firsthand.adapters.git_listing import list_by_git
from firsthand.adapters.leaving_out import rule_against
from firsthand.adapters.special_files import special_files
from firsthand.adapters.unlisted_files import without_unlisted
from firsthand.core import screening
from firsthand.core.languages import language_of
from firsthand.core.model import FileStat, Scan, SkippedFile, SourceFile

_OPEN_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)


class WorkspaceTree:
    """A `SourceTree` over one folder; nothing outside of it is ever read, and no link is followed."""

    def __init__(self, root: Path, *, exclude: Sequence[str] = (), max_file_bytes: int = 1_048_576) -> None:
        self._root = Path(os.path.realpath(root))
        self._exclude = tuple(exclude)
        self._max_file_bytes = max_file_bytes

    async def scan(self) -> Scan:
        """List the files that may be indexed, and those left out; no file is opened."""
        return await asyncio.to_thread(self._scan)

    async def stat_all(self, paths: Sequence[str]) -> Mapping[str, FileStat | SkippedFile | None]:
        """Say of each path what `scan` would say of it now; None when it would not name it."""
        return await asyncio.to_thread(self._stat_all, paths)

    async def rule_against(self, path: str) -> str:
        """Return the rule that leaves a file or folder out, as `file:line: pattern`; "" when none does."""
        return await asyncio.to_thread(rule_against, self._root, self._exclude, path)

    async def read(self, path: str) -> SourceFile | SkippedFile | None:
        """Read and decode one file, unless its content should not be indexed; None when it is gone."""
        return await asyncio.to_thread(self._read, path)

    def peek(self, path: str) -> bytes | None:
        """Return the bytes of a file that a scan has named, unjudged; None when it cannot be read."""
        try:
            return _read_regular_file(self._root / path, self._max_file_bytes)
        except OSError:
            return None

    def _scan(self) -> Scan:
        files: list[FileStat] = []
        skipped: list[SkippedFile] = []
        screen = self._screen()
        for listed in self._listed():
            found = screen.judge(listed) if isinstance(listed, str) else listed
            if isinstance(found, FileStat):
                files.append(found)
            elif found is not None:
                skipped.append(found)
        return Scan(tuple(files), tuple(skipped))

    def _listed(self) -> Iterator[str | SkippedFile]:
        names = list_by_git(self._root)
        if names is None:
            return walk(self._root)
        return map(_decoded, [*names, *special_files(self._root, names)])

    def _stat_all(self, paths: Sequence[str]) -> dict[str, FileStat | SkippedFile | None]:
        screen = self._screen()
        return without_unlisted(self._root, {path: screen.judge(path) for path in paths})

    def _read(self, path: str) -> SourceFile | SkippedFile | None:
        screen = self._screen()
        found = screen.judge(path)
        if not isinstance(found, FileStat):
            return found
        try:
            data = _read_regular_file(self._root / path, self._max_file_bytes + 1)
        except FileNotFoundError:
            return None
        except OSError:
            return SkippedFile(path, UNREADABLE)
        if data is None or len(data) > self._max_file_bytes:
            return SkippedFile(path, NOT_A_FILE if data is None else screen.too_large)
        reason = screening.skip_reason_by_content(path, data)
        if reason:
            return SkippedFile(path, reason)
        text = screening.decode(data)
        return SourceFile(path, text, language_of(path, text), hashlib.sha256(data).hexdigest())

    def _screen(self) -> FileScreen:
        return FileScreen(self._root, self._exclude, self._max_file_bytes)


def _decoded(name: bytes) -> str | SkippedFile:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return SkippedFile(printable(name), NOT_UTF8)


def _read_regular_file(file: Path, limit: int) -> bytes | None:
    """Read up to `limit` bytes; None when it has become something else than a file since it was looked at.

    Opening does not follow a link and does not wait for the other end of a pipe.
    """
    with os.fdopen(os.open(file, _OPEN_FLAGS), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            return None
        return opened.read(limit)
