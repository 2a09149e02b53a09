"""The files of a folder that no version control speaks for: nested ignore files and well-known folders decide."""

import os
from collections.abc import Iterator
from pathlib import Path

from firsthand.adapters.file_screen import NOT_UTF8, UNREADABLE
from firsthand.adapters.ignore_rules import IgnoreRules
from firsthand.core import screening
from firsthand.core.model import SkippedFile

_GIT_IGNORE_FILE = ".gitignore"


def walk(root: Path) -> Iterator[str | SkippedFile]:
    """Yield the path of each file below `root` that is not ignored, and what cannot be listed."""
    rules = IgnoreRules(root, _GIT_IGNORE_FILE)
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
            if not _is_utf8(path):
                yield SkippedFile(printable(os.fsencode(path)), NOT_UTF8)
            elif not entry.is_dir(follow_symlinks=False):
                if not rules.ignores_file(path):
                    yield path
            elif not screening.is_vendored_folder(entry.name, names) and not rules.ignores_folder(path):
                waiting.append(path)


def reason_to_leave_out(root: Path, path: str) -> str | None:
    """Return why `walk` would not yield this file, or None."""
    parts = path.split("/")
    for depth, name in enumerate(parts[:-1]):
        try:
            siblings = [sibling.name for sibling in root.joinpath(*parts[:depth]).iterdir()]
        except OSError:
            return UNREADABLE
        if screening.is_vendored_folder(name, siblings):
            return screening.VENDORED
    return f"listed in {_GIT_IGNORE_FILE}" if IgnoreRules(root, _GIT_IGNORE_FILE).ignores_file(path) else None


def printable(name: bytes) -> str:
    """Return a name that is not UTF-8 in a form that can be shown."""
    return name.decode(errors="backslashreplace")


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
