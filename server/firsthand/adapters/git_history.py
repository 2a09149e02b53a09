"""The history of a workspace, as git tells it; empty wherever git is absent, slow or has nothing to say."""

import asyncio
import logging
import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from firsthand.adapters.git_command import GitError, filters_off, run_git
from firsthand.adapters.git_listing import repositories_of
from firsthand.adapters.git_revisions import files_changed_since
from firsthand.core.model import Commit

_LOG = logging.getLogger(__name__)

_HEAD_SECONDS = 2.0
_BLAME_SECONDS = 3.0
_RECENT_SECONDS = 10.0

# A commit of any size tells little more about what people work on than its first few files.
_MOST_COMMITS = 1_000
_REMEMBERED_CHANGES = 500

_NO_PROGRAMS = ("--no-textconv", "--no-ext-diff")
_NOT_COMMITTED = "0" * 40

_ChangeKey = tuple[str | None, str, int, int, int]


class GitHistory:
    """The `History` of one root; answers about lines are remembered for as long as HEAD and the file stay."""

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.realpath(root))
        self._changes: OrderedDict[_ChangeKey, Commit | None] = OrderedDict()

    async def head(self) -> str | None:
        """Return the id of the commit that is checked out."""
        return await asyncio.to_thread(_head, self._root)

    async def last_change(self, path: str, start_line: int, end_line: int) -> Commit | None:
        """Return the newest commit that touched these lines of the file as it is on disk."""
        key = await asyncio.to_thread(self._key, path, start_line, end_line)
        if key not in self._changes:
            self._changes[key] = await asyncio.to_thread(_last_change, self._root, path, start_line, end_line)
            if len(self._changes) > _REMEMBERED_CHANGES:
                self._changes.popitem(last=False)
        return self._changes[key]

    async def recent_files(self, limit: int) -> Sequence[str]:
        """Return files with uncommitted changes, newest first, then those that the newest commits changed."""
        return await asyncio.to_thread(_recent_files, self._root, limit)

    async def changed_since(self, revision: str) -> frozenset[str]:
        """Return the files that this line of work changed since it left a revision."""
        return await asyncio.to_thread(files_changed_since, self._root, revision)

    def _key(self, path: str, start_line: int, end_line: int) -> _ChangeKey:
        repository, _ = repositories_of(self._root, path)[-1]
        return _head(repository), path, _modified(self._root / path), start_line, end_line


def _head(folder: Path) -> str | None:
    try:
        answer = run_git(folder, ["rev-parse", "--verify", "--quiet", "HEAD"], seconds=_HEAD_SECONDS)
    except GitError as error:
        _LOG.debug("git tells no commit of %s: %s", folder, error)
        return None
    return answer.decode("ascii", errors="replace").strip()


def _last_change(root: Path, path: str, start_line: int, end_line: int) -> Commit | None:
    # Blame, not `log -L`: the lines are those of the file on disk, which may differ from the commit's.
    repository, rest = repositories_of(root, path)[-1]
    lines = f"{max(start_line, 1)},{max(end_line, start_line, 1)}"
    try:
        output = run_git(
            repository,
            ["blame", "--porcelain", "--no-textconv", "-L", lines, "--", rest],
            seconds=_BLAME_SECONDS,
            config=filters_off(repository, seconds=_BLAME_SECONDS),
        )
    except GitError as error:
        _LOG.debug("git tells no author of %s:%s: %s", path, lines, error)
        return None
    commits = _commits(output.decode(errors="replace"))
    return max(commits, key=lambda dated: dated[0], default=(0, None))[1]


def _commits(porcelain: str) -> Iterator[tuple[int, Commit]]:
    """Yield time and commit of each block that has the commit's headers; its later blocks repeat only the id."""
    commit_id = ""
    headers: dict[str, str] = {}
    for line in porcelain.split("\n"):
        if line.startswith("\t"):
            if "committer-time" in headers and commit_id != _NOT_COMMITTED:
                yield _dated_commit(commit_id, headers)
            commit_id, headers = "", {}
        elif not commit_id:
            commit_id = line.partition(" ")[0]
        else:
            key, _, value = line.partition(" ")
            headers[key] = value


def _dated_commit(commit_id: str, headers: dict[str, str]) -> tuple[int, Commit]:
    seconds = int(headers["committer-time"])
    day = datetime.fromtimestamp(seconds, UTC).date().isoformat()
    return seconds, Commit(commit_id, headers.get("author", ""), day, headers.get("summary", ""))


def _recent_files(root: Path, limit: int) -> list[str]:
    try:
        changed = _changed_files(root)
    except GitError as error:
        _LOG.debug("git tells no changes of %s: %s", root, error)
        return []
    changed.sort(key=lambda path: -_modified(root / path))
    existing = (
        path for path in _distinct([changed, _committed_files(root, limit)]) if (root / path).is_file()
    )
    return [path for path, _ in zip(existing, range(limit), strict=False)]


def _changed_files(root: Path) -> list[str]:
    """Return what differs from HEAD below the root; git names it from the top of the repository."""
    prefix = run_git(root, ["rev-parse", "--show-prefix"], seconds=_HEAD_SECONDS).rstrip(b"\n")
    status = run_git(
        root,
        [
            "status",
            "--porcelain",
            "-z",
            "--no-renames",
            "--untracked-files=all",
            "--ignore-submodules=all",
            "--",
            ".",
        ],
        seconds=_RECENT_SECONDS,
        config=filters_off(root, seconds=_RECENT_SECONDS),
    )
    return list(
        _decoded(
            entry[3:].removeprefix(prefix) for entry in status.split(b"\0") if entry[3:].startswith(prefix)
        )
    )


def _committed_files(root: Path, limit: int) -> Iterator[str]:
    options = [
        "--name-only",
        "--relative",
        "--no-renames",
        "--format=",
        "-z",
        f"-n{min(limit, _MOST_COMMITS)}",
    ]
    try:
        log = run_git(root, ["log", *options, *_NO_PROGRAMS, "--", "."], seconds=_RECENT_SECONDS)
    except GitError as error:
        _LOG.debug("git tells no commits of %s: %s", root, error)
        return
    yield from _decoded(name.lstrip(b"\n") for name in log.split(b"\0"))


def _decoded(names: Iterable[bytes]) -> Iterator[str]:
    """Yield the names that are text; the others are not indexed anyway."""
    for name in names:
        try:
            if name:
                yield name.decode()
        except UnicodeDecodeError:
            continue


def _distinct(sources: Iterable[Iterable[str]]) -> Iterator[str]:
    seen: set[str] = set()
    for source in sources:
        for path in source:
            if path not in seen:
                seen.add(path)
                yield path


def _modified(file: Path) -> int:
    try:
        return file.lstat().st_mtime_ns
    except OSError:
        return 0
