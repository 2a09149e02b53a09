"""Deleting what only past versions of a table need.

Lance does this only together with a compaction, which writes a table of a hundred megabytes again, and it goes by when
a version was made; a reader needs the version that was the newest when its query began. Here the manifest files say
when each version was followed by the next. What compacting had written when a save came before its commit, or when its
process was killed, no version names at all; Lance deletes it after a week.

Files are judged by the names of the Lance format: a manifest spells the names of its data and transaction files, holds
the id of an index, by which its folder is named, in 16 bytes, and of a file of deleted rows (`fragment-version-id`) the
version and the id as two fields of a protobuf message.
"""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise, takewhile
from pathlib import Path
from uuid import UUID

# No write takes so long from its last file to the commit that names it; the last look at a resting folder comes later.
_UNNAMED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Version:
    manifest: Path
    made: float
    """Seconds since the epoch."""


def drop_past_versions(table: Path, seconds: float) -> int:
    """Delete the versions that were followed by another at least so long ago, and the files that no other names.

    Nobody may write the table meanwhile.

    Returns:
        how many past versions are left.

    Raises:
        OSError: a file cannot be read or deleted; what is left is whole.
    """
    versions = _versions(table)
    until = time.time() - seconds
    past = [each for each, _ in takewhile(lambda pair: pair[1].made < until, pairwise(versions))]
    kept = versions[len(past) :]
    needed = b"".join(version.manifest.read_bytes() for version in kept)
    gone = b"".join(version.manifest.read_bytes() for version in past)
    for files in _files(table):
        is_understood = any(name in needed for _, name in files)
        for file, name in files:
            if name not in needed and (name in gone or (is_understood and _is_left_behind(file))):
                _delete(file)
    for version in past:
        version.manifest.unlink(missing_ok=True)
    return max(len(kept) - 1, 0)


def age_of_oldest(table: Path) -> float:
    """Return how many seconds ago the oldest version that is left was made."""
    return time.time() - min((version.made for version in _versions(table)), default=time.time())


def _versions(table: Path) -> list[_Version]:
    """Return the versions of a table, oldest first."""
    found = [
        _Version(file, file.stat().st_mtime)
        for file in (table / "_versions").glob("*.manifest")
        if file.stem.isdecimal()
    ]
    # The number in the name counts down, so that listing a folder shows the newest version first.
    return sorted(found, key=lambda version: int(version.manifest.stem), reverse=True)


def _files(table: Path) -> Iterator[list[tuple[Path, bytes]]]:
    """Yield what versions may share, a list for each kind, with the bytes by which a manifest names it."""
    for folder, in_manifest in _KINDS.items():
        found: list[tuple[Path, bytes]] = []
        for entry in _entries(table / folder):
            with contextlib.suppress(ValueError):
                found.append((entry, in_manifest(entry.name)))
        yield found


def _is_left_behind(entry: Path) -> bool:
    """Tell whether a file or folder that no version names is older than any write under way."""
    with contextlib.suppress(FileNotFoundError):
        files = [entry, *entry.iterdir()] if entry.is_dir() else [entry]
        return max(file.stat().st_mtime for file in files) < time.time() - _UNNAMED_SECONDS
    return False


def _index_bytes(name: str) -> bytes:
    return UUID(name).bytes


def _deletion_bytes(name: str) -> bytes:
    """Return `DeletionFile.read_version` and `.id` as Lance's table.proto numbers them: fields 2 and 3."""
    _fragment, version, number = map(int, name.partition(".")[0].split("-"))
    return b"\x10" + _varint(version) + b"\x18" + _varint(number)


def _varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


_KINDS: dict[str, Callable[[str], bytes]] = {
    "data": str.encode,
    "_transactions": str.encode,
    "_indices": _index_bytes,
    "_deletions": _deletion_bytes,
}


def _entries(folder: Path) -> Iterable[Path]:
    return list(folder.iterdir()) if folder.is_dir() else ()


def _delete(entry: Path) -> None:
    if entry.is_dir():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)
