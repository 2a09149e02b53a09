"""Ignore files with git's semantics: nested, negated, the deepest file deciding, nothing below an ignored folder."""

import re
from collections.abc import Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

# The name that the pattern's expression gives to the slash behind a folder.
_FOLDER_GROUP = "ps_d"

# A larger ignore file is not one that a person wrote, and each of its patterns would be tried on each path.
_MAX_IGNORE_FILE_BYTES = 1_048_576


class IgnoreRules:
    """What the ignore files of a tree say about its paths; each is read once, when it is first needed."""

    def __init__(self, root: Path, file_names: Sequence[str]) -> None:
        self._root = root
        self._file_names = file_names
        self._specs: dict[str, GitIgnoreSpec | None] = {}
        self._ignored_folders: dict[str, bool] = {"": False}

    def ignores_file(self, path: str) -> bool:
        """Tell whether a file is ignored, itself or through a folder above it."""
        return self.ignores_folder(path.rpartition("/")[0]) or self._decides(path, path)

    def ignores_folder(self, path: str) -> bool:
        """Tell whether a folder is ignored, itself or through a folder above it."""
        known = self._ignored_folders.get(path)
        if known is None:
            known = self.ignores_folder(path.rpartition("/")[0]) or self._decides(path, path + "/")
            self._ignored_folders[path] = known
        return known

    def _decides(self, path: str, subject: str) -> bool:
        """Ask the ignore files from the path's own folder upwards; the first that has a matching pattern decides."""
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            spec = self._spec(folder)
            if spec is not None:
                verdict = _verdict(spec, subject[len(folder) + 1 :] if folder else subject)
                if verdict is not None:
                    return verdict
        return False

    def _spec(self, folder: str) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            lines = [line for name in self._file_names for line in _lines(self._root / folder / name)]
            self._specs[folder] = parse_patterns(lines) if lines else None
        return self._specs[folder]


def _verdict(spec: GitIgnoreSpec, subject: str) -> bool | None:
    """Return what the last pattern that matches this very file or folder (which ends with a slash) says.

    The specification's own verdict is not asked, since for it a pattern also matches everything below what it
    matches: after `docs` and `!guide`, the folder `guide/docs` would come back, which git does not do.
    """
    for pattern in reversed(spec.patterns):
        found = (
            pattern.regex.match(subject)
            if isinstance(pattern, GitIgnoreSpecPattern) and pattern.regex
            else None
        )
        if found and _is_whole(found, subject):
            return pattern.include
    return None


def _is_whole(found: re.Match[str], subject: str) -> bool:
    """Tell a match of the subject from one of a folder above it, and from `folder/**` matching the folder itself."""
    end_of_folder = found.end(_FOLDER_GROUP) if _FOLDER_GROUP in found.re.groupindex else -1
    if end_of_folder >= 0:
        return end_of_folder == len(subject)
    return not (subject.endswith("/") and found.end() == len(subject))


def parse_patterns(lines: Sequence[str]) -> GitIgnoreSpec:
    """Return the patterns of these lines; one that cannot be understood matches nothing, as in git."""
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines([line for line in lines if _is_valid(line)])


def _is_valid(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _lines(file: Path) -> list[str]:
    """Return the lines of an ignore file; none where there is no readable regular file (git follows no link here)."""
    try:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > _MAX_IGNORE_FILE_BYTES:
            return []
        lines = file.read_bytes().decode("utf-8-sig", errors="replace").split("\n")
        return [_folders_below(line.removesuffix("\r")) for line in lines]
    except OSError:
        return []


def _folders_below(line: str) -> str:
    """Write out `folder/**/`, the folders below a folder, which would otherwise be read as the folder itself."""
    return f"{line}*/" if line.endswith("/**/") else line
