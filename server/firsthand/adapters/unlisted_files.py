"""Which of some paths a scan of the workspace would not name at all, because the rules of git leave them out."""

from collections.abc import Mapping
from pathlib import Path

from firsthand.adapters.file_screen import BELOW_LINK, NOT_UTF8, OUTSIDE
from firsthand.adapters.folder_walk import WalkRules
from firsthand.adapters.git_command import GitError
from firsthand.adapters.git_listing import ignored_by_git, is_ignored_root
from firsthand.core.model import FileStat, SkippedFile

# Git would refuse to answer about these names.
_UNSPEAKABLE = frozenset({OUTSIDE, NOT_UTF8, BELOW_LINK})


def without_unlisted(
    root: Path, found: Mapping[str, FileStat | SkippedFile | None]
) -> dict[str, FileStat | SkippedFile | None]:
    """Return what was found of some paths, with None for those that a scan would not name."""
    asked = [path for path, state in found.items() if _is_for_git(state)]
    unlisted = _unlisted(root, asked) if asked else set()
    return {path: None if path in unlisted else state for path, state in found.items()}


def _is_for_git(state: FileStat | SkippedFile | None) -> bool:
    if isinstance(state, SkippedFile):
        return state.reason not in _UNSPEAKABLE
    return state is not None


def _unlisted(root: Path, paths: list[str]) -> set[str]:
    try:
        ignored = ignored_by_git(root, paths)
        if not ignored or not is_ignored_root(root):
            return ignored
    except GitError:
        pass  # no repository: the ignore files are read without git
    rules = WalkRules(root)
    return {path for path in paths if rules.leaves_out(path)}
