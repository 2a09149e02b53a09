"""What may be indexed by what the file system and the user's own rules say, before any file is opened."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from firsthand.adapters.ignore_rules import IgnoreRules
from firsthand.core import screening
from firsthand.core.lines import is_utf8
from firsthand.core.model import FileStat, SkippedFile

OWN_IGNORE_FILE = ".firsthandignore"

UNREADABLE = "unreadable"
NOT_A_FILE = "not a regular file"
NOT_UTF8 = "name is not UTF-8"
OUTSIDE = "outside the workspace"
_SYMBOLIC_LINK = "symbolic link"
BELOW_LINK = "below a symbolic link"
_IGNORED_BY_OWN_FILE = f"listed in {OWN_IGNORE_FILE}"
_EXCLUDED = "excluded in the settings"


class FileScreen:
    """Judges the paths of one root; it remembers folders, so it is made anew for each look at the tree."""

    def __init__(self, root: Path, exclude: Sequence[str], max_file_bytes: int) -> None:
        self._root = os.fspath(root)
        self._excluded = IgnoreRules(root, None, exclude)
        self._own_rules = IgnoreRules(root, OWN_IGNORE_FILE)
        self._max_file_bytes = max_file_bytes
        self._real_folders: dict[str, bool] = {"": True}

    @property
    def too_large(self) -> str:
        """The reason for files beyond the limit."""
        return f"larger than {self._max_file_bytes / 1024:.0f} KiB"

    def judge(self, path: str) -> FileStat | SkippedFile | None:
        """Return the file's state, or why it is left out; None when no file has that name, or one of git's own."""
        reason = _impossible(path)
        if reason:
            return SkippedFile(path, reason)
        if _is_of_git(path):
            return None
        try:
            found = os.lstat(f"{self._root}/{path}")
        except PermissionError:
            return SkippedFile(path, UNREADABLE)
        except OSError:
            return None
        if stat.S_ISDIR(found.st_mode):
            return None
        reason = self._reason(path, found)
        return SkippedFile(path, reason) if reason else FileStat(path, found.st_size, found.st_mtime_ns)

    def _reason(self, path: str, found: os.stat_result) -> str | None:
        if stat.S_ISLNK(found.st_mode):
            return _SYMBOLIC_LINK
        if not self._is_real_folder(path.rpartition("/")[0]):
            return BELOW_LINK
        if not stat.S_ISREG(found.st_mode):
            return NOT_A_FILE
        if self._excluded.ignores_file(path):
            return _EXCLUDED
        if self._own_rules.ignores_file(path):
            return _IGNORED_BY_OWN_FILE
        return screening.skip_reason_by_path(path) or (
            self.too_large if found.st_size > self._max_file_bytes else None
        )

    def _is_real_folder(self, folder: str) -> bool:
        """Tell whether no part of a folder's path is a link, which could lead anywhere."""
        known = self._real_folders.get(folder)
        if known is None:
            above = folder.rpartition("/")[0]
            known = self._is_real_folder(above) and not _is_link(f"{self._root}/{folder}")
            self._real_folders[folder] = known
        return known


def _is_link(file: str) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(file).st_mode)
    except OSError:
        return False


def _impossible(path: str) -> str | None:
    if not is_utf8(path):
        return NOT_UTF8
    parts = path.split("/")
    is_absolute = os.path.isabs(path)  # noqa: PTH117 - asked of every file
    return OUTSIDE if "\0" in path or is_absolute or not {"", ".", ".."}.isdisjoint(parts) else None


def _is_of_git(path: str) -> bool:
    """Tell whether git keeps the file for itself, on systems too where capitals make no other name."""
    return ".git" in path.lower().split("/")
