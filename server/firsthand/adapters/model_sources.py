"""Where a model file can come from. Every source continues the same partial file where the last one stopped.

All sources have the same bytes, so the length of the partial file is all there is to know about earlier attempts.
What arrives is not trusted: `model_files` checks the SHA-256 of the whole.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO

import httpx

from firsthand.adapters.model_catalogue import CatalogueModel
from firsthand.core.model import Progress, Report

STAGE = "downloading model"
_BLOCK_BYTES = 4_194_304
_REPORT_BYTES = 1_048_576
# Where the hub cannot be reached the next source should follow at once.
_CONNECT_SECONDS = 3.0
_SILENCE_SECONDS = 30.0
_PUBLIC_HUB = "https://huggingface.co"

Source = Callable[[CatalogueModel, Path, Report], Awaitable[None]]


class SourceFailedError(Exception):
    """A source does not have the file or broke off; the text continues "the source …" for the user."""


async def from_ollama(model: CatalogueModel, partial: Path, report: Report) -> None:
    """Take the file from the models that Ollama has pulled."""
    blob = next((blob for blob in _ollama_blobs(model.sha256) if size_of(blob) == model.bytes), None)
    if blob is None:
        raise SourceFailedError("has not pulled this very file")
    discard(partial)
    with contextlib.suppress(OSError):  # another file system, or not allowed: it is copied below
        await asyncio.to_thread(os.link, blob, partial)
        return
    try:
        with blob.open("rb") as source:
            await append(source, partial, model, report, detail="from Ollama")
    except OSError as error:
        raise SourceFailedError(f"does not let its file be read ({error.strerror})") from error


async def from_hub(model: CatalogueModel, partial: Path, report: Report) -> None:
    """Download the file from the model hub (HF_ENDPOINT names a mirror)."""
    hub = os.environ.get("HF_ENDPOINT", "").rstrip("/") or _PUBLIC_HUB
    url = f"{hub}/{model.hub.repository}/resolve/main/{model.hub.path}"
    timeout = httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS)
    try:
        async with httpx.AsyncClient(timeout=timeout, follow_redirects=True) as client:
            await _download(client, url, model, partial, report)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceFailedError(f"cannot be reached at {hub} ({error or type(error).__name__})") from error


async def append(
    source: IO[bytes], partial: Path, model: CatalogueModel, report: Report, *, detail: str
) -> None:
    """Copy the rest of `source` to the end of the partial file, block by block, never beyond the model's size."""
    with partial.open("ab") as target:
        while block := await asyncio.to_thread(source.read, _BLOCK_BYTES):
            await _write(block, target, model)
            report(Progress(STAGE, target.tell(), model.bytes, detail))


def size_of(path: Path) -> int:
    """Return how many bytes the file has, 0 when there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def discard(path: Path) -> None:
    """Delete the file if it is there."""
    path.unlink(missing_ok=True)


async def _download(
    client: httpx.AsyncClient, url: str, model: CatalogueModel, partial: Path, report: Report
) -> None:
    start = size_of(partial)
    # Compressed transfer would make ranges and lengths meaningless.
    headers = {"Range": f"bytes={start}-", "Accept-Encoding": "identity"}
    async with client.stream("GET", url, headers=headers) as response:
        _require_rest(response, start, model)
        if response.status_code == 200:
            discard(partial)  # the server does not know ranges: it sends all again
        with partial.open("ab") as target:
            reported = 0
            async for block in response.aiter_raw():  # as they arrive: a broken stream loses nothing
                await _write(block, target, model)
                if target.tell() - reported >= _REPORT_BYTES or target.tell() == model.bytes:
                    reported = target.tell()
                    report(Progress(STAGE, reported, model.bytes, "from the model hub"))


def _require_rest(response: httpx.Response, start: int, model: CatalogueModel) -> None:
    """Raise unless the response holds the bytes that are missing: not a login page, not another file."""
    if response.status_code not in (200, 206):
        raise SourceFailedError(f"answers {response.status_code} for this file")
    whole = response.status_code == 200 and response.headers.get("Content-Length") == str(model.bytes)
    rest = response.status_code == 206 and response.headers.get("Content-Range") == (
        f"bytes {start}-{model.bytes - 1}/{model.bytes}"
    )
    if not whole and not rest:
        raise SourceFailedError("sends something else than the file")


async def _write(block: bytes, target: IO[bytes], model: CatalogueModel) -> None:
    if target.tell() + len(block) > model.bytes:
        raise SourceFailedError("sends more than the file has")
    await asyncio.to_thread(_write_through, block, target)


def _write_through(block: bytes, target: IO[bytes]) -> None:
    target.write(block)
    target.flush()  # what arrived survives a kill


def _ollama_blobs(sha256: str) -> list[Path]:
    named = os.environ.get("OLLAMA_MODELS", "")
    folders = [
        *([Path(named)] if named else []),
        Path.home() / ".ollama" / "models",
        Path("/usr/share/ollama/.ollama/models"),
    ]
    return [folder / "blobs" / f"sha256-{sha256}" for folder in folders]
