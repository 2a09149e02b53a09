"""Measure indexing with Ollama against its limit: the same texts in a bare loop over `/api/embed`.

Run by hand: `python tests/bench/ollama_embedding.py DIR [MILLISECONDS]`. A fake Ollama in a process of its own takes
that long for each text (15 by default) and does nothing meanwhile, as a model on a graphics card would for us: what is
measured is how long it is left waiting.
"""

import asyncio
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fake_ollama import embeddings
from fake_ollama.server import FakeOllama
from firsthand.app import open_workspace
from firsthand.core.model import Progress
from firsthand.core.workspace import Workspace
from firsthand.settings import load

MODEL = "nomic-embed-text"
BATCH_SIZES = (1, 8, 16, 32, 64)


class EmbeddingTime:
    """Adds up the seconds that an indexer spends on embedding."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since: float | None = None

    def report(self, progress: Progress) -> None:
        """Count the time since the last report if embedding was under way."""
        now = time.perf_counter()
        if self._since is not None:
            self.seconds += now - self._since
        self._since = now if progress.stage == "embedding" else None


def serve(seconds_a_text: float, urls: Connection) -> None:
    """Be an Ollama that embeds one text after the other, each in the same time, until the process is ended."""
    vectors_of = embeddings._vectors

    def paced(state: Any, runner: Any, texts: list[str], fields: Mapping[str, object]) -> Any:
        time.sleep(seconds_a_text * len(texts))
        return vectors_of(state, runner, texts, fields)

    embeddings._vectors = paced

    async def until_ended() -> None:
        async with FakeOllama() as fake:
            urls.send(fake.url)
            await asyncio.Event().wait()

    asyncio.run(until_ended())


async def measure(root: Path, url: str, cache: str) -> None:
    """Index with the model, then embed the same texts with nothing else around."""
    command_line = {"provider": "ollama", "endpoint": url, "cache_dir": cache, "chat_model": "none"}
    settings, _ = load(None, command_line={**command_line, "embed_model": MODEL}, environment={})
    workspace = await open_workspace(root, settings, need_chat=False)
    embedding = EmbeddingTime()
    report = await workspace.indexer.refresh(embedding.report)
    texts = await texts_of(workspace)
    await workspace.close()
    bare = {size: await bare_seconds(url, texts, size) for size in BATCH_SIZES}
    best = min(bare, key=lambda size: bare[size])
    sys.stdout.write(
        "| files | texts | embedding | bare loop, by texts a request | ratio to the best | all of indexing | ratio |\n"
        "|---|---|---|---|---|---|---|\n"
        f"| {report.files} | {len(texts)} | {embedding.seconds:.1f} s "
        f"| {', '.join(f'{size}: {took:.1f} s' for size, took in bare.items())} "
        f"| {embedding.seconds / bare[best]:.3f} | {report.seconds:.1f} s | {report.seconds / bare[best]:.3f} |\n"
    )


async def texts_of(workspace: Workspace) -> list[str]:
    """Return the distinct texts that were embedded."""
    chunks = [
        chunk for path in await workspace.store.manifest() for chunk in await workspace.store.chunks_of(path)
    ]
    return list({chunk.content_hash: chunk.embedding_text for chunk in chunks}.values())


async def bare_seconds(url: str, texts: Sequence[str], size: int) -> float:
    """Return the seconds of one request after the other with so many texts in each."""
    async with httpx.AsyncClient(timeout=None) as client:
        began = time.perf_counter()
        for start in range(0, len(texts), size):
            batch = {"model": MODEL, "input": texts[start : start + size]}
            (await client.post(f"{url}/api/embed", json=batch)).raise_for_status()
        return time.perf_counter() - began


def main(root: Path, milliseconds: float) -> None:
    """Run both against a server of its own."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=serve, args=(milliseconds / 1000, sender), daemon=True)
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(measure(root, receiver.recv(), folder))
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 15.0)
