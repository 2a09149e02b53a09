"""What commits say and which files they changed, as git tells it; nothing where git is absent or too slow."""

import asyncio
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from firsthand.adapters.git_command import GitError, run_git
from firsthand.core.evaluation_questions import Change

_LOG = logging.getLogger(__name__)

_SECONDS = 20.0
# No subject and no name of a file can begin a line with it.
_SUBJECT_MARK = "\x01"


class GitChanges:
    """The `ChangeLog` of one root: commits that are no merges, with the files below the root."""

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.realpath(root))

    async def changes(self, limit: int) -> Sequence[Change]:
        """Return the newest commits."""
        return await asyncio.to_thread(_changes, self._root, limit)


def _changes(root: Path, limit: int) -> list[Change]:
    arguments = [
        "log",
        "--no-merges",
        "--name-only",
        "--relative",
        "--no-renames",
        "--no-textconv",
        "--no-ext-diff",
        f"--format={_SUBJECT_MARK}%s",
        f"-n{limit}",
        "--",
        ".",
    ]
    try:
        output = run_git(root, arguments, seconds=_SECONDS)
    except GitError as error:
        _LOG.debug("git tells no commits of %s: %s", root, error)
        return []
    return list(_read(output.decode(errors="replace")))


def _read(log: str) -> Iterator[Change]:
    for entry in log.split(_SUBJECT_MARK)[1:]:
        subject, *names = entry.split("\n")
        # A name that git puts in quotes has characters that files of code do not have.
        yield Change(subject, tuple(name for name in names if name and not name.startswith('"')))
