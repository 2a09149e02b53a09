"""Which files of a folder differ from what they were at a revision."""

import re
from pathlib import Path

from firsthand.adapters.git_command import GitError, filters_off, run_git
from firsthand.errors import RequestError

_SECONDS = 15.0
# What git takes for a revision; in front of it a dash would make it an option.
_REVISION = re.compile(r"[^\s\x00-\x1f\x7f-][^\s\x00-\x1f\x7f]*")
_OPTIONS = ("--name-only", "--relative", "--no-renames", "-z", "--ignore-submodules=all", "--no-textconv")


def files_changed_since(root: Path, revision: str) -> frozenset[str]:
    """Return the files below the root that this line of work changed since it left the revision; blocks.

    Uncommitted and untracked files count; deleted ones are named, too. Changes that only the other side made since do
    not count.

    Raises:
        RequestError: the folder is not under git, or git does not know the revision.
    """
    try:
        run_git(root, ["rev-parse", "--is-inside-work-tree"], seconds=_SECONDS)
    except GitError as error:
        raise RequestError(
            f"What changed since {revision} cannot be told: git does not know this folder."
        ) from error
    try:
        base = _fork_point(root, _commit(root, revision))
        config = filters_off(root, seconds=_SECONDS)
        changed = run_git(
            root, ["diff", "--no-ext-diff", *_OPTIONS, base, "--", "."], seconds=_SECONDS, config=config
        )
        untracked = run_git(
            root, ["ls-files", "--others", "--exclude-standard", "-z", "--", "."], seconds=_SECONDS
        )
    except GitError as error:
        raise RequestError(f"What changed since {revision} cannot be told: {error}.") from error
    names = (changed + untracked).split(b"\0")
    return frozenset(name.decode(errors="replace") for name in names if name)


def _commit(root: Path, revision: str) -> str:
    if _REVISION.fullmatch(revision):
        arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        found = run_git(root, arguments, seconds=_SECONDS, accept=(0, 1, 128)).strip()
        if found:
            return found.decode("ascii", errors="replace")
    raise RequestError(
        f"git knows no revision {revision}: name a branch, a tag or a commit, such as main or HEAD~5."
    )


def _fork_point(root: Path, commit: str) -> str:
    """Return the newest commit that both sides have; without one, the revision itself is compared with."""
    found = run_git(root, ["merge-base", commit, "HEAD"], seconds=_SECONDS, accept=(0, 1, 128)).strip()
    return found.decode("ascii", errors="replace") or commit
