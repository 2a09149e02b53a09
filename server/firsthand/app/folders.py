"""Where Firsthand keeps what it can make again: indexes and models, never inside a workspace."""

import asyncio
import hashlib
import re
import shutil
from pathlib import Path

import platformdirs

from firsthand.settings import Settings


def cache_folder(settings: Settings) -> Path:
    """Return the folder that holds everything Firsthand stores."""
    if settings.cache_dir:
        return Path(settings.cache_dir).expanduser().absolute()
    return Path(platformdirs.user_cache_dir("firsthand", appauthor=False))


def models_folder(settings: Settings) -> Path:
    """Return the folder of installed models."""
    return cache_folder(settings) / "models"


def index_folder(settings: Settings, root: Path) -> Path:
    """Return the folder of a root's index: its name for people, a hash of its path for uniqueness."""
    resolved = root.resolve()
    digest = hashlib.sha256(str(resolved).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", resolved.name)[:40].strip("-.") or "root"
    return cache_folder(settings) / "indexes" / f"{name}-{digest}"


async def clean_index(settings: Settings, root: Path) -> bool:
    """Delete a root's index; return whether there was one.

    Raises:
        StoreBusyError: another process writes it or keeps it up to date.
    """
    return await _remove(index_folder(settings, root))


async def clean_all(settings: Settings) -> int:
    """Delete every index, models stay; return how many there were.

    Raises:
        StoreBusyError: another process writes one of them or keeps it up to date.
    """
    folder = cache_folder(settings) / "indexes"
    indexes = await asyncio.to_thread(_folders_in, folder)
    return sum([await _remove(path) for path in indexes])


async def _remove(folder: Path) -> bool:
    if not await asyncio.to_thread(folder.is_dir):
        return False
    from firsthand.adapters.lance_lock import all_locks

    with all_locks(folder):
        await asyncio.to_thread(shutil.rmtree, folder)
    return True


def _folders_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
