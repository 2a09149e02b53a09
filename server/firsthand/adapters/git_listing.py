"""Which files git tracks or would show as untracked, across nested repositories and submodules."""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from firsthand.adapters.git_command import GitError, run_git

_LOG = logging.getLogger(__name__)

# With tags, a name can never be mistaken for the columns that stand before the names of tracked files.
_LIST = ("ls-files", "-z", "-t", "--stage", "--cached", "--others", "--exclude-standard")
_LIST_SECONDS = 60.0
_CHECK_SECONDS = 10.0
# A command line holds no more than some 100 KB.
_NAMES_AT_ONCE = 20

# The setting that belongs to file systems where `A` and `a` are one name; a folder copied from there brings it along.
_ONE_NAME = "core.ignorecase"

_UNTRACKED = b"? "
_REPOSITORY_MODE = b"160000"


def list_by_git(root: Path) -> list[bytes] | None:
    """Return the names of all files below `root` that git knows or would show; None when git has no say here.

    It has none outside a repository, and in a folder that the repository around it ignores.
    """
    try:
        names = list(dict.fromkeys(_names(root, b"")))
        return names if names or not is_ignored_root(root) else None
    except GitError as error:
        _LOG.debug("git does not list %s: %s", root, error)
        return None


def is_ignored_root(root: Path) -> bool:
    """Tell whether a repository around `root` ignores it as a whole.

    Raises:
        GitError: there is no repository.
    """
    top = _top_of(root)
    return top != root and bool(_check_ignore(root.parent, [root.name]))


def ignored_by_git(root: Path, paths: Iterable[str]) -> set[str]:
    """Return the paths that git would leave out; each repository on the way down is asked once, about its parts.

    Raises:
        GitError: there is no repository.
    """
    questions: dict[Path, dict[str, set[str]]] = {}
    for path in paths:
        for repository, part in repositories_of(root, path):
            questions.setdefault(repository, {}).setdefault(part, set()).add(path)
    return {
        path
        for repository, parts in questions.items()
        for part in _ignored_parts(repository, list(parts))
        for path in parts[part]
    }


def repositories_of(root: Path, path: str) -> list[tuple[Path, str]]:
    """Return the repositories that a path runs through from `root` down, each with its part of the path.

    The first stands for whatever is around `root`; the last one holds the file.
    """
    steps: list[tuple[Path, str]] = []
    repository, rest = root, path.split("/")
    depth = 1
    while depth < len(rest):
        inner = repository.joinpath(*rest[:depth])
        if _has_git(inner):
            steps.append((repository, "/".join(rest[:depth])))
            repository, rest, depth = inner, rest[depth:], 1
        else:
            depth += 1
    return [*steps, (repository, "/".join(rest))]


def _top_of(folder: Path) -> Path:
    answer = run_git(folder, ["rev-parse", "--show-toplevel"], seconds=_CHECK_SECONDS)
    return Path(os.fsdecode(answer.rstrip(b"\n")))


def _names(folder: Path, prefix: bytes) -> Iterator[bytes]:
    for entry in _entries(folder):
        if entry.startswith(_UNTRACKED):
            name, is_repository = entry[2:].rstrip(b"/"), entry.endswith(b"/")
        else:
            columns, _, name = entry.partition(b"\t")
            is_repository = columns[2:].startswith(_REPOSITORY_MODE)
        if is_repository:
            yield from _names_of_repository(folder / os.fsdecode(name), prefix + name + b"/")
        elif name:
            yield prefix + name


def _entries(folder: Path) -> list[bytes]:
    if not _hides_spellings(folder):
        return run_git(folder, _LIST, seconds=_LIST_SECONDS).split(b"\0")
    entries = run_git(folder, _LIST, seconds=_LIST_SECONDS, config={_ONE_NAME: "false"}).split(b"\0")
    # The ignore files speak of all spellings all the same.
    untracked = [os.fsdecode(entry[2:]) for entry in entries if entry.startswith(_UNTRACKED)]
    ignored = set(_ignored_parts(folder, untracked)) if untracked else set()
    return [entry for entry in entries if os.fsdecode(entry[2:]) not in ignored]


def _hides_spellings(folder: Path) -> bool:
    """Tell whether git takes `A.py` for the `a.py` that it tracks, although here these are two files.

    It would list only one of them, and neither after a rename that git was not told of.
    """
    asked = ["config", "--type=bool", "--get", _ONE_NAME]
    is_set = run_git(folder, asked, seconds=_CHECK_SECONDS, accept=(0, 1)) == b"true\n"
    return is_set and not (_top_of(folder) / ".GIT").exists()


def _has_git(folder: Path) -> bool:
    # Unlike the method of a path this is no error in a folder that may not be entered.
    return os.path.exists(folder / ".git")  # noqa: PTH110


def _names_of_repository(folder: Path, prefix: bytes) -> Iterator[bytes]:
    if folder.is_symlink() or not _has_git(folder):
        return
    try:
        yield from _names(folder, prefix)
    except GitError as error:
        _LOG.info("the repository %s inside the workspace cannot be listed: %s", folder, error)


def _ignored_parts(repository: Path, parts: Sequence[str]) -> list[str]:
    try:
        return _ignored_untracked(repository, parts)
    except GitError:
        if len(parts) == 1:
            raise
    # One name that git refuses (it lies below a link) spoils the answer for all; without a repository, all are.
    run_git(repository, ["rev-parse", "--git-dir"], seconds=_CHECK_SECONDS)
    return [part for part in parts if _is_ignored_or_refused(repository, part)]


def _is_ignored_or_refused(repository: Path, part: str) -> bool:
    try:
        return bool(_ignored_untracked(repository, [part]))
    except GitError as error:
        _LOG.debug("git says nothing of %s in %s: %s", part, repository, error)
        return True


def _ignored_untracked(repository: Path, parts: Sequence[str]) -> list[str]:
    """Return the names that a rule leaves out, without those that are tracked.

    To git a file counts as tracked, too, in whose place there were tracked files in a folder.
    """
    ruled_out = _check_ignore(repository, parts, "--no-index")
    excused = set(ruled_out).difference(_check_ignore(repository, ruled_out)) if ruled_out else set()
    excused &= _tracked(repository, sorted(excused)) if excused else set()
    return [part for part in ruled_out if part not in excused]


def _tracked(repository: Path, parts: Sequence[str]) -> set[str]:
    names = [f":(literal){part}" for part in parts]
    answer = b"".join(
        run_git(
            repository, ["ls-files", "-z", "--", *names[at : at + _NAMES_AT_ONCE]], seconds=_CHECK_SECONDS
        )
        for at in range(0, len(names), _NAMES_AT_ONCE)
    )
    return {os.fsdecode(name) for name in answer.split(b"\0")}


def _check_ignore(repository: Path, parts: Sequence[str], *options: str) -> list[str]:
    names = b"".join(os.fsencode(part) + b"\0" for part in parts)
    asked = ["check-ignore", "-z", "--stdin", *options]
    answer = run_git(repository, asked, seconds=_CHECK_SECONDS, stdin=names, accept=(0, 1))
    return [os.fsdecode(name) for name in answer.split(b"\0") if name]
