"""The files of a folder that no version control speaks for: nested ignore files and well-known folders decide."""

import os
from collections.abc import Iterator
from pathlib import Path

from firsthand.adapters.file_screen import NOT_UTF8, UNREADABLE
from firsthand.adapters.ignore_rules import IgnoreRules
from firsthand.core import screening
from firsthand.core.lines import is_utf8
from firsthand.core.model import SkippedFile

GIT_IGNORE_FILE = ".gitignore"


def walk(root: Path) -> Iterator[str | SkippedFile]:
    """Yield the path of each file below `root` that is not ignored, and what cannot be listed."""
    rules = IgnoreRules(root, GIT_IGNORE_FILE)
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError:
            yield SkippedFile(folder or ".", UNREADABLE)
            continue
        names = [entry.name for entry in entries]
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if not is_utf8(path):
                yield SkippedFile(printable(os.fsencode(path)), NOT_UTF8)
            elif not entry.is_dir(follow_symlinks=False):
                if not rules.ignores_file(path):
                    yield path
            elif not screening.is_vendored_folder(entry.name, names) and not rules.ignores_folder(path):
                waiting.append(path)


class WalkRules:
    """Says of single paths whether `walk` would yield them; it remembers folders, so it is made anew for each look."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.ignore_rules = IgnoreRules(root, GIT_IGNORE_FILE)
        self._entries: dict[str, list[str] | None] = {}

    def leaves_out(self, path: str) -> bool:
        """Tell whether `walk` would not yield this file."""
        return self.folder_in_the_way(path) is not None or self.ignore_rules.ignores_file(path)

    def leaves_out_folder(self, folder: str) -> bool:
        """Tell whether `walk` would not enter this folder, whose parent it enters."""
        above, _, name = folder.rpartition("/")
        siblings = self._entries_of(above)
        vendored = siblings is None or screening.is_vendored_folder(name, siblings)
        return vendored or self.ignore_rules.ignores_folder(folder)

    def folder_in_the_way(self, path: str) -> str | None:
        """Return the folder above a file that a package manager or a build fills, or that cannot be read."""
        parts = path.split("/")
        for depth, name in enumerate(parts[:-1]):
            siblings = self._entries_of("/".join(parts[:depth]))
            if siblings is None or screening.is_vendored_folder(name, siblings):
                return "/".join(parts[: depth + 1])
        return None

    def _entries_of(self, folder: str) -> list[str] | None:
        if folder not in self._entries:
            try:
                self._entries[folder] = [entry.name for entry in os.scandir(self._root / folder)]
            except OSError:
                self._entries[folder] = None
        return self._entries[folder]


def printable(name: bytes) -> str:
    """Return a name that is not UTF-8 in a form that can be shown."""
    return name.decode(errors="backslashreplace")
