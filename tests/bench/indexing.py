"""Measure indexing against its limit: the same texts through the bare embedder.

Run by hand: `python tests/bench/indexing.py DIR`. Uses a fresh index in a temporary folder and the embedded model.
"""

import asyncio
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from firsthand.adapters.onnx_embedder import load_embedded_embedder
from firsthand.app import open_workspace
from firsthand.core.model import Progress
from firsthand.settings import load

QUESTIONS = (
    "where is the configuration read",
    "how are errors handled",
    "parse",
    "which tests cover the parser",
)
QUERY_ROUNDS = 10


class Stages:
    """Adds up the seconds of each stage that an indexer reports."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._since = "", time.perf_counter()

    def report(self, progress: Progress) -> None:
        """Count the time since the last report for the stage that it belonged to."""
        now = time.perf_counter()
        if self._stage:
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = progress.stage, now


async def measure(root: Path, cache: str) -> None:
    """Index, search, then embed the same texts with nothing else around."""
    settings, _ = load(None, command_line={"provider": "embedded", "cache_dir": cache}, environment={})
    workspace = await open_workspace(root, settings, need_chat=False)
    stages = Stages()
    report = await workspace.indexer.refresh(stages.report)
    texts = [
        chunk.embedding_text
        for path in await workspace.store.manifest()
        for chunk in await workspace.store.chunks_of(path)
    ]
    lines = sum(text.count("\n") for text in texts)
    queries = await timed_queries(workspace.searcher.search)
    await workspace.close()
    bare = await bare_seconds(texts)
    embedding = stages.seconds.get("embedding", 0.0)
    before = report.seconds - embedding
    sys.stdout.write(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}\n"
        "| files | chunks | lines | read, cut, store | lines/s "
        "| embedding | chunks/s | bare embedder | ratio | query p50 / p95 |\n"
        "|---|---|---|---|---|---|---|---|---|---|\n"
        f"| {report.files} | {report.chunks} | {lines} | {before:.1f} s | {lines / before:.0f} | {embedding:.1f} s "
        f"| {report.embedded / embedding:.1f} | {bare:.1f} s | {embedding / bare:.2f} "
        f"| {queries[len(queries) // 2]:.0f} / {queries[int(len(queries) * 0.95)]:.0f} ms |\n"
    )


async def timed_queries(search: object) -> list[float]:
    """Return the milliseconds of warm searches, sorted."""
    took: list[float] = []
    for question in QUESTIONS * QUERY_ROUNDS:
        began = time.perf_counter()
        await search(question)  # type: ignore[operator]
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took[len(QUESTIONS) :])


async def bare_seconds(texts: Sequence[str]) -> float:
    """Return the seconds that the embedder alone needs for these texts."""
    embedder = await load_embedded_embedder()
    distinct = list(dict.fromkeys(texts))
    began = time.perf_counter()
    for start in range(0, len(distinct), embedder.batch_size):
        await embedder.embed_documents(distinct[start : start + embedder.batch_size])
    took = time.perf_counter() - began
    await embedder.close()
    return took


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(sys.argv[1]), folder))
