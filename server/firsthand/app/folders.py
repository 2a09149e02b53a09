"""Where Firsthand keeps what it can make again: indexes and models, never inside a workspace."""

import asyncio
import hashlib
import logging
import re
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from firsthand.settings import Settings

log = logging.getLogger(__name__)

_GB = 10**9


def cache_folder(settings: Settings) -> Path:
    """Return the folder that holds everything Firsthand stores."""
    if settings.cache_dir:
        return Path(settings.cache_dir).expanduser().absolute()
    return Path(platformdirs.user_cache_dir("firsthand", appauthor=False))


def models_folder(settings: Settings) -> Path:
    """Return the folder of installed models."""
    return cache_folder(settings) / "models"


def indexes_folder(settings: Settings) -> Path:
    """Return the folder that holds the indexes of all roots."""
    return cache_folder(settings) / "indexes"


def index_folder(settings: Settings, root: Path) -> Path:
    """Return the folder of a root's index: its name for people, a hash of its path for uniqueness."""
    resolved = root.resolve()
    digest = hashlib.sha256(str(resolved).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", resolved.name)[:40].strip("-.") or "root"
    return indexes_folder(settings) / f"{name}-{digest}"


@dataclass(frozen=True, slots=True)
class CacheSizes:
    """How much room indexes take, in bytes; `most` is None when there is no limit."""

    index: int
    """The index of the folder in question."""
    indexes: int
    """Those of all folders."""
    most: int | None
    other_versions: int = 0
    """What of `index` another version of Firsthand made; it is kept for going back to that version."""


async def cache_sizes(settings: Settings, root: Path) -> CacheSizes:
    """Measure the index of a root and all others."""
    from firsthand.adapters import lance_folder
    from firsthand.adapters.lance_disk import size_of
    from firsthand.core.chunking import CHUNKER_VERSION

    folder = index_folder(settings, root)
    present = lance_folder.index_folder(folder, CHUNKER_VERSION)
    others = await asyncio.to_thread(lance_folder.other_versions, present)
    return CacheSizes(
        index=await asyncio.to_thread(size_of, folder),
        indexes=await asyncio.to_thread(size_of, indexes_folder(settings)),
        most=_most_bytes(settings),
        other_versions=sum([await asyncio.to_thread(size_of, other) for other in others]),
    )


async def keep_within_limit(settings: Settings) -> None:
    """Delete spare vectors and indexes that nobody uses while all together take more room than is allowed."""
    most = _most_bytes(settings)
    if most is None:
        return
    from firsthand.adapters.lance_disk import make_room

    size = await asyncio.to_thread(make_room, indexes_folder(settings), most)
    if size > most:
        log.warning(
            "The indexes in use take %.1f GB, more than max_cache_gb = %g allows; to delete one: firsthand clean",
            size / _GB,
            settings.max_cache_gb,
        )


async def clean_index(settings: Settings, root: Path) -> bool:
    """Delete a root's index; return whether there was one.

    Raises:
        StoreBusyError: another process writes it, keeps it up to date or has it open.
    """
    return await _remove(index_folder(settings, root))


async def clean_all(settings: Settings) -> int:
    """Delete every index, models stay; return how many there were.

    Raises:
        StoreBusyError: another process uses one of them.
    """
    from firsthand.adapters.lance_disk import remove_remains, workspace_folders

    folder = indexes_folder(settings)
    await asyncio.to_thread(remove_remains, folder)
    return sum([await _remove(path) for path in await asyncio.to_thread(workspace_folders, folder)])


async def _remove(folder: Path) -> bool:
    if not await asyncio.to_thread(folder.is_dir):
        return False
    from firsthand.adapters.lance_disk import remove_workspace

    await asyncio.to_thread(remove_workspace, folder)
    return True


def _most_bytes(settings: Settings) -> int | None:
    return int(settings.max_cache_gb * _GB) if settings.max_cache_gb else None
