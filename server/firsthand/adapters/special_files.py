"""Pipes, sockets and devices of a workspace: git names none of them, and people may wonder where they are."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from firsthand.adapters.git_command import GitError
from firsthand.adapters.git_listing import ignored_by_git


def special_files(root: Path, listed: Iterable[bytes]) -> list[bytes]:
    """Return the names of those that lie beside the files that git lists and that no rule leaves out."""
    folders = {b"", *(name.rpartition(b"/")[0] for name in listed)}
    found = [name for folder in folders for name in _special_in(root, folder)]
    if not found:
        return []
    try:
        ignored = ignored_by_git(root, map(os.fsdecode, found))
    except GitError:
        return []
    return [name for name in found if os.fsdecode(name) not in ignored]


def _special_in(root: Path, folder: bytes) -> Iterator[bytes]:
    with contextlib.suppress(OSError), os.scandir(os.path.join(os.fsencode(root), folder)) as entries:  # noqa: PTH118
        for entry in entries:
            if not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)) and (
                not entry.is_symlink()
            ):
                yield b"/".join(filter(None, (folder, entry.name)))
