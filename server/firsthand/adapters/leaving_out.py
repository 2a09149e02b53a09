"""Which rule leaves a path out of the index, for people who wonder."""

import os
from collections.abc import Sequence
from pathlib import Path

from firsthand.adapters.file_screen import OWN_IGNORE_FILE
from firsthand.adapters.folder_walk import WalkRules
from firsthand.adapters.git_command import GitError, run_git
from firsthand.adapters.git_listing import is_ignored_root, repositories_of
from firsthand.adapters.ignore_rules import IgnoreRules

_SECONDS = 10.0


def rule_against(root: Path, exclude: Sequence[str], path: str) -> str:
    """Return the rule as `file:line: pattern` or in words; "" when no rule does, or nothing of that name exists."""
    file = f"{root}/{path}"
    if not os.path.lexists(file):
        return ""
    is_folder = os.path.isdir(file) and not os.path.islink(file)  # noqa: PTH112, PTH114 - not always a valid path
    excluded = IgnoreRules(root, None, exclude).rule_against(path, is_folder=is_folder)
    if excluded:
        return f"setting exclude: {excluded}"
    own = IgnoreRules(root, OWN_IGNORE_FILE).rule_against(path, is_folder=is_folder)
    return own or _rule_of_git(root, path, is_folder)


def _rule_of_git(root: Path, path: str, is_folder: bool) -> str:
    try:
        if not is_ignored_root(root):
            rules = (_rule_in(root, repository, part) for repository, part in repositories_of(root, path))
            return next((rule for rule in rules if rule), "")
    except GitError:
        pass  # no repository: the ignore files are read without git
    rules_without_git = WalkRules(root)
    in_the_way = rules_without_git.folder_in_the_way(path)
    if in_the_way is not None:
        return f"{in_the_way}/ is filled by a package manager or a build"
    return rules_without_git.ignore_rules.rule_against(path, is_folder=is_folder)


def _rule_in(root: Path, repository: Path, part: str) -> str:
    """Ask git, and name its file as the root sees it."""
    answer = run_git(
        repository,
        ["check-ignore", "-v", "-z", "--stdin"],
        seconds=_SECONDS,
        stdin=os.fsencode(part) + b"\0",
        accept=(0, 1),
    )
    fields = [os.fsdecode(field) for field in answer.split(b"\0")]
    if len(fields) < 4 or fields[2].startswith("!"):
        return ""
    source, line, pattern = fields[:3]
    file = os.path.relpath(os.path.normpath(f"{repository}/{source}"), root)
    return f"{source if file.startswith('..') else file}:{line}: {pattern}"
