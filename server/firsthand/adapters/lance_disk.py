"""How much room indexes take, and making some: what is spare first, then what was not used for longest.

An index that a process writes, keeps or has open is left alone.
"""

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from firsthand.adapters import lance_folder
from firsthand.adapters.lance_lock import all_locks, is_in_use
from firsthand.errors import StoreError

_LOG = logging.getLogger(__name__)

_DELETED = ".deleted-"


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for path, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(path, name)).st_size  # noqa: PTH118 - thousands of files
    return total


def remove_workspace(folder: Path) -> None:
    """Delete the indexes of a workspace: taken out of the way at once, so that nobody opens half of one.

    Raises:
        StoreBusyError: a process uses one of them.
        OSError: the folder cannot be deleted.
    """
    aside = folder.with_name(f"{folder.name}{_DELETED}{os.getpid()}-{time.time_ns()}")
    with all_locks(folder):
        folder.rename(aside)
    shutil.rmtree(aside)


def workspace_folders(workspaces: Path) -> list[Path]:
    """Return the folder of each workspace, those that are being deleted left out."""
    if not workspaces.is_dir():
        return []
    return sorted(path for path in workspaces.iterdir() if path.is_dir() and _DELETED not in path.name)


def remove_remains(workspaces: Path) -> None:
    """Delete what a killed process did not come to delete."""
    for folder in (*workspaces.glob(f"*{_DELETED}*"), *workspaces.glob(f"*/*/*{lance_folder.DROPPED}*")):
        shutil.rmtree(folder, ignore_errors=True)


def make_room(workspaces: Path, most_bytes: int) -> int:
    """Delete until the indexes of all workspaces take no more than this, as far as that is possible.

    Return:
        the bytes that they take then.
    """
    remove_remains(workspaces)
    size = size_of(workspaces)
    if size <= most_bytes:
        return size
    for removable in _removables(workspaces):
        freed = size_of(removable.folder)
        try:
            removable.remove()
        except (StoreError, OSError) as error:
            _LOG.info("%s is kept: %s", removable.folder, error)
            continue
        _LOG.info("deleted %s, to keep all indexes below %d MB", removable.folder, most_bytes // 10**6)
        size -= freed
        if size <= most_bytes:
            break
    return size_of(workspaces)


@dataclass(frozen=True, slots=True)
class _Removable:
    folder: Path
    remove: Callable[[], None]


def _removables(workspaces: Path) -> Iterator[_Removable]:
    """Yield what may go, in this order: spare vectors, indexes of other versions, then whole workspaces."""
    folders = sorted(workspace_folders(workspaces), key=lance_folder.last_used_of)
    for folder in folders:
        indexes = lance_folder.indexes_in(folder)
        for index in indexes[:1]:
            yield from _spare_vectors(index)
        for index in indexes[1:]:
            yield _Removable(index, partial(_unless_used, index, partial(lance_folder.set_aside, index)))
    for folder in folders:
        yield _Removable(folder, partial(remove_workspace, folder))


def _spare_vectors(index: Path) -> Iterator[_Removable]:
    for fingerprint in lance_folder.embedders_of(index)[1:]:
        remove = partial(lance_folder.drop_vectors, index, fingerprint)
        table = lance_folder.vectors_table(index, fingerprint)
        yield _Removable(table, partial(_unless_used, index, remove))


def _unless_used(index: Path, remove: Callable[[], None]) -> None:
    if is_in_use(index):
        raise StoreError("it is in use")
    remove()
