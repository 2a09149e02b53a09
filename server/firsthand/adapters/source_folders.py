"""The folders of a workspace in which files may be indexed, empty ones too; what is ignored is never entered."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from firsthand.adapters.file_screen import OWN_IGNORE_FILE
from firsthand.adapters.folder_walk import GIT_IGNORE_FILE, WalkRules
from firsthand.adapters.git_command import GitError, run_git
from firsthand.adapters.git_listing import is_ignored_root
from firsthand.adapters.ignore_rules import IgnoreRules
from firsthand.core.lines import is_utf8

IGNORE_FILES = frozenset({GIT_IGNORE_FILE, OWN_IGNORE_FILE})
_GIT = ".git"

_IGNORED_FOLDERS = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
_SECONDS = 60.0


@dataclass(slots=True)
class SourceFolders:
    """Folders by their path from the root, which itself is "", and those of them that are a repository of git."""

    folders: set[str] = field(default_factory=set)
    repositories: set[str] = field(default_factory=set)


def source_folders(root: Path, exclude: Sequence[str]) -> SourceFolders:
    """Walk the tree; links are not followed and what cannot be read is left out."""
    found = SourceFolders(folders={""})
    rules = _Rules(root, exclude)
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        names = _entries(root, folder)
        if _GIT in names:
            found.repositories.add(folder)
            rules.enter_repository(folder)
        for name, is_folder in names.items():
            path = f"{folder}/{name}" if folder else name
            if is_folder and name != _GIT and is_utf8(name) and not rules.leave_out(path):
                found.folders.add(path)
                waiting.append(path)
    return found


class _Rules:
    def __init__(self, root: Path, exclude: Sequence[str]) -> None:
        self._root = root
        self._own_rules = (IgnoreRules(root, None, exclude), IgnoreRules(root, OWN_IGNORE_FILE))
        self._ignored: set[str] = set()
        self._walk_rules: WalkRules | None = None
        try:
            if is_ignored_root(root):
                self._walk_rules = WalkRules(root)
            else:
                self.enter_repository("")
        except GitError:
            self._walk_rules = WalkRules(root)

    def enter_repository(self, folder: str) -> None:
        """Learn which folders a repository inside the root ignores; without git's word, none."""
        if self._walk_rules is None:
            self._ignored.update(_ignored_folders(self._root, folder))

    def leave_out(self, folder: str) -> bool:
        """Tell whether nothing in this folder, whose parent is not left out, can be indexed."""
        if folder in self._ignored or any(rules.ignores_folder(folder) for rules in self._own_rules):
            return True
        rules = self._walk_rules
        return rules is not None and rules.leaves_out_folder(folder)


def _ignored_folders(root: Path, folder: str) -> Iterator[str]:
    try:
        listed = run_git(root / folder, _IGNORED_FOLDERS, seconds=_SECONDS)
    except GitError:
        return
    for name in listed.split(b"\0"):
        if name.endswith(b"/"):
            path = os.fsdecode(name[:-1])
            yield f"{folder}/{path}" if folder else path


def _entries(root: Path, folder: str) -> dict[str, bool]:
    """Return the names in a folder and whether each is a folder itself."""
    try:
        with os.scandir(root / folder) as entries:
            return {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    except OSError:
        return {}
