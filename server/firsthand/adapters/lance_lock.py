"""Who may write an index, and who keeps it: one process at a time each, by locks that die with their holder.

A server keeps an index for as long as it lives, the others follow it. Whoever writes, keeper or command, holds the
writer's lock just for that time. Whoever has an index open, any number, holds a reader's lock of its own, so that an
index in use is never deleted to make room.
"""

import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from firsthand.adapters.lance_errors import translated
from firsthand.errors import StoreBusyError, StoreError

_WRITER = "writer"
_KEEPER = "keeper"
_VECTORS = "vectors"
_READER = "reader"
_numbers = itertools.count()


@contextlib.asynccontextmanager
async def writer_lock(index: Path) -> AsyncIterator[None]:
    """Hold the right to write the index in this folder.

    Raises:
        StoreBusyError: at once, when another process (or another task of this one) holds it.
    """
    with _held(index, _WRITER, "is being updated by"):
        yield


@contextlib.asynccontextmanager
async def keeper_lock(index: Path) -> AsyncIterator[None]:
    """Hold the duty to keep the index in this folder up to date.

    Raises:
        StoreBusyError: at once, when another process has it.
    """
    with _held(index, _KEEPER, "is kept up to date by"):
        yield


@contextlib.contextmanager
def all_locks(folder: Path) -> Iterator[None]:
    """Hold every lock of the indexes in a folder, so that nobody uses them while they are deleted.

    Raises:
        StoreBusyError: a process writes or keeps one of them, or has one open.
    """
    with contextlib.ExitStack() as held:
        for file in sorted(folder.glob("*.lock")):
            name, _, role = file.stem.rpartition(".")
            held.enter_context(_held(folder / name, role, "is in use by"))
        yield


def is_kept(folder: Path) -> bool:
    """Tell whether some process keeps one of the indexes in a folder up to date."""
    for file in folder.glob(f"*.{_KEEPER}.lock"):
        try:
            with _held(folder / file.stem.rpartition(".")[0], _KEEPER, ""):
                continue
        except StoreBusyError:
            return True
    return False


def took_turn(held: contextlib.ExitStack, folder: Path, name: str) -> bool:
    """Take a turn among the processes that look after the indexes in a folder, until `held` ends, if it is free."""
    try:
        held.enter_context(_held(folder / "turn", name, ""))
    except StoreBusyError:
        return False
    return True


@contextlib.contextmanager
def sole_use(index: Path) -> Iterator[None]:
    """Hold every right to the index in this folder, so that it can be replaced.

    Raises:
        StoreBusyError: at once, when another process writes or keeps it.
    """
    deed = "cannot be made anew, because it is in use by"
    with _held(index, _WRITER, deed), _held(index, _KEEPER, deed):
        yield


@contextlib.contextmanager
def vectors_lock(index: Path) -> Iterator[None]:
    """Hold the right to make a new table of vectors in this index, also while others write and keep it.

    Raises:
        StoreBusyError: at once, when another process is making one.
    """
    with _held(index, _VECTORS, "is being prepared for another embedding model by"):
        yield


@contextlib.contextmanager
def being_read(index: Path) -> Iterator[None]:
    """Let other processes know that this one has the index open; where no lock can be made, nobody can delete it.

    What killed readers left is swept away on the way.
    """
    for reader in _locks(index.parent, f"{index.name}.*.{_READER}"):
        _is_held(reader, _READER)
    reader = index.with_name(f"{index.name}.{os.getpid()}-{next(_numbers)}")
    try:
        with contextlib.ExitStack() as held:
            with contextlib.suppress(StoreError):
                held.enter_context(_held(reader, _READER, ""))
            yield
    finally:
        _forget(reader, _READER)


def is_in_use(index: Path) -> bool:
    """Tell whether a process writes or keeps the index in this folder, or has it open, or that cannot be known."""
    try:
        with sole_use(index):
            return any(_is_held(file, _READER) for file in _locks(index.parent, f"{index.name}.*.{_READER}"))
    except StoreError:
        return True


def is_read_elsewhere(index: Path) -> bool:
    """Tell whether anybody but the store that asks has the index open: another process, or this one for a lender."""
    own = f"{index.name}.{os.getpid()}-"
    readers = _locks(index.parent, f"{index.name}.*.{_READER}")
    held_by_us = [reader.name.startswith(own) for reader in readers if _is_held(reader, _READER)]
    return not all(held_by_us) or len(held_by_us) > 1


def _locks(folder: Path, pattern: str) -> list[Path]:
    """Return what the locks of this name in a folder are of."""
    found = sorted(folder.glob(f"{pattern}.lock"))
    return [file.with_name(file.stem.rpartition(".")[0]) for file in found]


def _is_held(index: Path, role: str) -> bool:
    try:
        with _held(index, role, ""):
            pass
    except StoreBusyError:
        return True
    except StoreError:
        return False
    _forget(index, role)
    return False


def _forget(index: Path, role: str) -> None:
    """Remove the lock of a reader that is gone: its name is used once."""
    for file in (_lock_file(index, role), _signature(index, role)):
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def _held(index: Path, role: str, deed: str) -> Iterator[None]:
    # Beside the folder of the index, which may be replaced while the lock is held.
    file = _lock_file(index, role)
    lock = FileLock(file, thread_local=False)
    with translated("be locked"):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise _busy(index, role, deed) from None
    try:
        # The lock file itself is truncated by everyone who tries, so the holder signs in a file beside it.
        with contextlib.suppress(OSError):
            _signature(index, role).write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        lock.release()


def _busy(index: Path, role: str, deed: str) -> StoreBusyError:
    try:
        holder = int(_signature(index, role).read_text(encoding="ascii"))
    except (OSError, ValueError):
        holder = None
    who = "another process" if holder is None else f"process {holder}"
    return StoreBusyError(
        f"The index of this folder {deed} {who}; it can be searched meanwhile, or try again later.",
        holder=holder,
    )


def _lock_file(index: Path, role: str) -> Path:
    return index.with_name(f"{index.name}.{role}.lock")


def _signature(index: Path, role: str) -> Path:
    return index.with_name(f"{index.name}.{role}.pid")
