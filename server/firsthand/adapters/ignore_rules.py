"""Ignore files with git's semantics: nested, negated, the deepest file deciding, nothing below an ignored folder."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from firsthand.adapters.ignore_patterns import IgnorePattern, deciding, parse_ignore_lines

# A larger ignore file is not one that a person wrote, and each of its patterns would be tried on each path.
_MAX_IGNORE_FILE_BYTES = 131_072

_Ruling = tuple[tuple[str, tuple[IgnorePattern, ...]], ...]


class IgnoreRules:
    """What the ignore files of a tree say about its paths; each is read once, when it is first needed.

    Args:
        file_name: the name of the ignore files, in any folder.
        root_lines: patterns that hold from the root on, as if they stood at the end of its ignore file.
    """

    def __init__(self, root: Path, file_name: str | None, root_lines: Sequence[str] = ()) -> None:
        self._root = os.fspath(root)
        self._file_name = file_name
        self._root_lines = root_lines
        self._ruling_folders: dict[str, _Ruling] = {}
        self._ignored_folders: dict[str, bool] = {"": False}

    def ignores_file(self, path: str) -> bool:
        """Tell whether a file is ignored, itself or through a folder above it."""
        return self.ignores_folder(path.rpartition("/")[0]) or self._decides(path, is_folder=False)

    def ignores_folder(self, path: str) -> bool:
        """Tell whether a folder is ignored, itself or through a folder above it."""
        known = self._ignored_folders.get(path)
        if known is None:
            known = self.ignores_folder(path.rpartition("/")[0]) or self._decides(path, is_folder=True)
            self._ignored_folders[path] = known
        return known

    def rule_against(self, path: str, *, is_folder: bool) -> str:
        """Return the rule that ignores a path, as `file:line: pattern`; "" when none does."""
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            part = "/".join(parts[:depth])
            found = self._deciding(part, is_folder=is_folder or depth < len(parts))
            if found is not None and found[1].ignores:
                return self._place(*found)
        return ""

    def _place(self, folder: str, pattern: IgnorePattern) -> str:
        if self._file_name is None:
            return pattern.text
        file = f"{folder}/{self._file_name}" if folder else self._file_name
        return f"{file}:{pattern.line}: {pattern.text}"

    def _decides(self, path: str, *, is_folder: bool) -> bool:
        found = self._deciding(path, is_folder=is_folder)
        return found is not None and found[1].ignores

    def _deciding(self, path: str, *, is_folder: bool) -> tuple[str, IgnorePattern] | None:
        """Ask the ignore files from the path's own folder upwards; the first that has a matching pattern decides."""
        if not path:
            return None
        for folder, patterns in self._ruling(path.rpartition("/")[0]):
            inner_path = path[len(folder) + 1 :] if folder else path
            pattern = deciding(patterns, inner_path, is_folder=is_folder)
            if pattern is not None:
                return folder, pattern
        return None

    def _ruling(self, folder: str) -> _Ruling:
        """Return the folders from this one upwards that have patterns: in most trees only a few do."""
        known = self._ruling_folders.get(folder)
        if known is None:
            above = self._ruling(folder.rpartition("/")[0]) if folder else ()
            own = self._patterns_in(folder)
            known = ((folder, own), *above) if own else above
            self._ruling_folders[folder] = known
        return known

    def _patterns_in(self, folder: str) -> tuple[IgnorePattern, ...]:
        lines = _lines(f"{self._root}/{folder}/{self._file_name}") if self._file_name else []
        return parse_ignore_lines(lines if folder else [*lines, *self._root_lines])


def _lines(file: str) -> list[str]:
    """Return the lines of an ignore file; none where there is no readable regular file (git follows no link here)."""
    try:
        found = os.lstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_IGNORE_FILE_BYTES:
            return []
        return Path(file).read_bytes().decode("utf-8-sig", errors="replace").split("\n")
    except OSError:
        return []
