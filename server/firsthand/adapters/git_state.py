"""Which files tell that git moved: another branch, commit or index, or other rules of what is ignored."""

import logging
import os
from pathlib import Path

from firsthand.adapters.git_command import GitError, run_git

_LOG = logging.getLogger(__name__)

_SECONDS = 10.0

# Whatever moves HEAD, also without leaving it, writes a line to its log.
_OF_THE_WORKING_TREE = ("HEAD", "index", "logs/HEAD", "info/sparse-checkout")
_OF_THE_REPOSITORY = ("info/exclude", "config")


def state_files(folder: Path) -> frozenset[str]:
    """Return the files of the repository that a folder is in; none outside of a repository.

    A linked working tree and a submodule have HEAD and index elsewhere than the folder `.git`.
    """
    try:
        answer = run_git(folder, ["rev-parse", "--absolute-git-dir", "--git-common-dir"], seconds=_SECONDS)
    except GitError as error:
        _LOG.debug("%s has no state of git: %s", folder, error)
        return frozenset()
    lines = os.fsdecode(answer).splitlines()
    if len(lines) != 2:
        return frozenset()  # a name with a line break; the files themselves are watched all the same
    own, common = (Path(os.path.realpath(folder / line)) for line in lines)
    files = [own / name for name in _OF_THE_WORKING_TREE] + [common / name for name in _OF_THE_REPOSITORY]
    return frozenset(map(os.fspath, files))
