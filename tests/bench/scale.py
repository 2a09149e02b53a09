"""Measure the index at 10,000, 100,000 and 1,000,000 lines: time, memory, disk, and how long the event loop waits.

Run by hand: `python tests/bench/scale.py FOLDER LINES [SAVES]`. FOLDER takes the corpora (see `scale_corpora`), the
index and the chart. Vectors are drawn, not computed: embedding 100,000 chunks takes an hour and says nothing about the
index. CPU time is that of this process and of its workers; where the machine does other work too, only it means much.
"""

import asyncio
import hashlib
import multiprocessing
import os
import random
import resource
import shutil
import sys
import time
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scale_chart import line_chart
from scale_corpora import corpus

from firsthand.adapters.git_files import WorkspaceTree
from firsthand.adapters.heap_limits import limit_heaps
from firsthand.adapters.lance_store import LanceStore, open_store
from firsthand.adapters.lasting_objects import set_lasting_aside
from firsthand.adapters.onnx_embedder import load_embedded_embedder
from firsthand.adapters.parser_process import IN_BACKGROUND, ProcessParser
from firsthand.adapters.process_cutter import ProcessCutter
from firsthand.core.chunking import CHUNKER_VERSION
from firsthand.core.indexing import Indexer
from firsthand.core.model import Fingerprint, Progress, Scope, Vector
from firsthand.core.retrieval import Searcher

DIMENSIONS = 384
TOPICS = 2_000
QUERIES = 60
PROBE_SECONDS = 0.005
QUIET_SECONDS = 70.0
SWITCHED_FILES = 500
QUESTIONS = (
    "where is the configuration read", "how are errors handled", "parse arguments of the command line",
    "which function opens a connection", "convert a date to text", "draw a line between two points",
    "retry a failed request", "render a template", "matrix multiplication", "close the file after reading",
)  # fmt: skip


class DrawnEmbedder:
    """Unit vectors that depend on the text alone, gathered around topics as those of real texts are."""

    fingerprint = Fingerprint("drawn", "1", DIMENSIONS)
    max_tokens = 512
    batch_size = 512

    def __init__(self) -> None:
        self.texts = 0
        self._topics = np.random.default_rng(0).normal(size=(TOPICS, DIMENSIONS)).astype(np.float32)

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """Draw one vector a text."""
        self.texts += len(texts)
        return await asyncio.to_thread(lambda: [self._vector(text) for text in texts])

    async def embed_query(self, text: str) -> Vector:
        """Draw the vector of a question."""
        return self._vector(text)

    def _vector(self, text: str) -> Vector:
        seed = int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())
        drawn = np.random.default_rng(seed)
        vector = self._topics[seed % TOPICS] + drawn.normal(size=DIMENSIONS).astype(np.float32)
        return array("f", (vector / np.linalg.norm(vector)).astype(np.float32).tobytes())


@dataclass
class Rows:
    """The table that is printed."""

    lines: list[str] = field(default_factory=list)

    def add(self, measure: str, value: str) -> None:
        """Print and keep a line."""
        self.lines.append(f"| {measure} | {value} |")
        sys.stdout.write(self.lines[-1] + "\n")
        sys.stdout.flush()


@asynccontextmanager
async def no_lock() -> AsyncIterator[None]:
    """Nobody else writes."""
    yield


class Bench:
    """One corpus with its index."""

    def __init__(self, root: Path, index: Path) -> None:
        self.root, self.index = root, index
        self.tree = WorkspaceTree(root)
        self.embedder = DrawnEmbedder()
        self.parser, self.bulk = ProcessParser(), ProcessParser(command=IN_BACKGROUND)

    async def open(self) -> tuple[LanceStore, Indexer]:
        """Open the index and what keeps it."""
        store = await open_store(self.index, self.embedder.fingerprint, CHUNKER_VERSION)
        return store, Indexer(
            tree=self.tree, parser=self.parser, bulk_cutter=ProcessCutter(self.bulk), store=store,
            embedder=self.embedder, writer_lock=no_lock,
        )  # fmt: skip

    def close(self) -> None:
        """End the workers."""
        self.parser.close()
        self.bulk.close()


def cpu() -> float:
    """Return the CPU seconds of this process and of the children that have ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def resident_mb() -> int:
    """Return what this process holds in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


def disk_mb(folder: Path) -> float:
    """Return the size of all files below a folder."""
    return sum(entry.stat().st_size for entry in folder.rglob("*") if entry.is_file()) / 2**20


def spread(seconds: Sequence[float]) -> str:
    """Write median, 95th percentile and maximum in milliseconds."""
    ordered = sorted(seconds)
    chosen = (ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)], ordered[-1])
    return " / ".join(f"{each * 1000:.1f}" for each in chosen) + " ms"


@asynccontextmanager
async def probed() -> AsyncIterator[list[float]]:
    """Collect how late the event loop wakes a sleeper."""
    late: list[float] = []

    async def probe() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(PROBE_SECONDS)
            late.append(time.perf_counter() - began - PROBE_SECONDS)

    task = asyncio.create_task(probe())
    yield late
    task.cancel()


async def first_index(bench: Bench, rows: Rows, lines: int, chart: Path) -> None:
    """Index from nothing, first by keyword, then with vectors."""
    store, indexer = await bench.open()
    curve: list[tuple[float, float]] = []

    def report(progress: Progress) -> None:
        if progress.stage == "chunking":
            curve.append((progress.done, time.perf_counter() - began))

    began, used = time.perf_counter(), cpu()
    async with probed() as late:
        await indexer._files.sweep(report)
    took, used = time.perf_counter() - began, cpu() - used
    stats = await store.stats()
    rows.add("files, chunks", f"{stats.files}, {stats.chunks}")
    rows.add(
        "keyword-searchable",
        f"{took:.1f} s, {used:.1f} s CPU; {lines / took:,.0f} lines/s, {2 * lines / used:,.0f} lines per 2 CPU-s",
    )
    rows.add("event loop late, p50 / p95 / most", spread(late))
    rows.add("event loop late, p99", f"{sorted(late)[int(len(late) * 0.99)] * 1000:.1f} ms")
    steps = [
        (done, (later - sooner) / max(done - before, 1) * 1000)
        for (before, sooner), (done, later) in zip(curve[:-8:8], curve[8::8], strict=False)
    ]
    if len(steps) > 1:
        drawing = line_chart(
            steps, title="Cost of a file as the index grows", across="files indexed", up="ms"
        )
        await asyncio.to_thread(chart.write_text, drawing)
    began, used = time.perf_counter(), cpu()
    await indexer.refresh(lambda _: None)
    rows.add(
        "drawn vectors stored, all compacted",
        f"{time.perf_counter() - began:.1f} s, {cpu() - used:.1f} s CPU",
    )
    rows.add("disk", f"{disk_mb(bench.index):.0f} MB")
    rows.add("peak memory of the server", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    await store.close()


async def reopened(bench: Bench, rows: Rows) -> None:
    """Open again with nothing changed."""
    began, used = time.perf_counter(), cpu()
    store, indexer = await bench.open()
    await indexer.refresh(lambda _: None)
    rows.add(
        "reopened, nothing changed: quiescent",
        f"{time.perf_counter() - began:.2f} s, {cpu() - used:.2f} s CPU",
    )
    await store.close()


async def timed(
    rows: Rows, name: str, call: Callable[[int], Awaitable[object]], times: int = QUERIES
) -> None:
    """Time a call."""
    took: list[float] = []
    used = time.process_time()
    for number in range(times):
        began = time.perf_counter()
        await call(number)
        took.append(time.perf_counter() - began)
    rows.add(
        f"{name}, p50 / p95 / most",
        f"{spread(took)}; {(time.process_time() - used) / times * 1000:.1f} ms CPU each",
    )


async def questions(bench: Bench, rows: Rows) -> None:
    """Search, warm."""
    store, _ = await bench.open()
    vectors = [bench.embedder._vector(str(number)) for number in range(QUERIES)]
    searcher = Searcher(store=store, embedder=bench.embedder)
    began = time.perf_counter()
    await searcher.search(QUESTIONS[0])
    rows.add("first hybrid search after opening", f"{(time.perf_counter() - began) * 1000:.0f} ms")
    began, used = time.perf_counter(), cpu()
    await store.prepare_searches()
    rows.add(
        "what searches hold in memory, read", f"{time.perf_counter() - began:.2f} s, {cpu() - used:.2f} s CPU"
    )

    async def nearest(number: int) -> None:
        found = await store.find_dense(vectors[number], Scope(), 100)
        await store.read([each.chunk for each in found])

    await timed(rows, "by meaning, 100 hits", nearest)
    await timed(
        rows, "by keyword, 100 hits", lambda n: store.search_keywords(QUESTIONS[n % 10].split(), Scope(), 100)
    )
    await timed(rows, "hybrid search", lambda n: searcher.search(QUESTIONS[n % 10]))
    model = await load_embedded_embedder()
    await model.embed_query("a question")
    rows.add("memory with the index searched and the embedded model loaded", f"{resident_mb()} MB")
    await model.close()
    await store.close()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as processes:
        reading = processes.submit(reader_mb, bench.root, bench.index)
        rows.add("… in a process that has not made the index", f"{await asyncio.wrap_future(reading)} MB")


def reader_mb(root: Path, index: Path) -> int:
    """Return what a process holds that opened an index, found nothing changed, was asked, and has the model loaded."""

    async def read() -> int:
        bench = Bench(root, index)
        store, indexer = await bench.open()
        model = await load_embedded_embedder()
        await indexer.refresh(lambda _: None)
        searcher = Searcher(store=store, embedder=bench.embedder)
        await store.prepare_searches()
        for number in range(QUERIES):
            await searcher.search(QUESTIONS[number % len(QUESTIONS)])
            await model.embed_query(QUESTIONS[number % len(QUESTIONS)])
        held = resident_mb()
        await model.close()
        await store.close()
        bench.close()
        return held

    limit_heaps()
    set_lasting_aside()
    return asyncio.run(read())


async def switched(bench: Bench, rows: Rows) -> None:
    """Change many files at once and back, as switching to a branch and back does."""
    store, indexer = await bench.open()
    known = await store.manifest()
    paths = [path for path, record in known.items() if record.chunks and record.language][:SWITCHED_FILES]
    texts = {path: await asyncio.to_thread((bench.root / path).read_bytes) for path in paths}
    for name, end in (("there", b"\nchanged_on_the_branch = 1\n"), ("back", b"")):
        for path, text in texts.items():
            await asyncio.to_thread((bench.root / path).write_bytes, text + end)
        began, used, embedded = time.perf_counter(), cpu(), bench.embedder.texts
        await indexer.refresh(lambda _: None)
        rows.add(
            f"branch switch, {len(paths)} files, {name}",
            f"{time.perf_counter() - began:.1f} s, {cpu() - used:.1f} s CPU; "
            f"{bench.embedder.texts - embedded} chunks embedded",
        )
    await store.close()


async def saves(bench: Bench, rows: Rows, count: int) -> None:
    """Change one function of a file of 2,000 lines, again and again, and wait until it is found."""
    store, indexer = await bench.open()
    path = bench.root / "bench_saved.py"
    await _save(path, None)
    keeping = asyncio.create_task(indexer.run(lambda _: None))
    await indexer.settled()
    fresh, embedded = disk_mb(bench.index), bench.embedder.texts
    took: list[float] = []
    used = cpu()
    for number in range(count):
        began = time.perf_counter()
        await _save(path, number)
        indexer.mark_dirty([path.name], saved=True)
        await indexer.settled()
        took.append(time.perf_counter() - began)
        (hit, *_) = await store.search_keywords([f"changed{number}word"], Scope(), 1)
        assert hit.chunk.path == path.name
    rows.add(
        "save to searchable by keyword and meaning (30 ms of rest included), p50 / p95 / most", spread(took)
    )
    rows.add(
        "CPU a save, chunks embedded a save",
        f"{(cpu() - used) / count * 1000:.0f} ms, {(bench.embedder.texts - embedded) / count:.2f}",
    )
    for when in (f"at once after {count} saves", "a quiet minute later"):
        taken = disk_mb(bench.index)
        rows.add(f"disk {when}", f"{taken:.1f} MB, {taken / fresh:.2f} of {fresh:.1f} MB")
        await asyncio.sleep(QUIET_SECONDS)
    keeping.cancel()
    await asyncio.wait([keeping])
    await store.close()
    path.unlink()


async def _save(path: Path, number: int | None) -> None:
    """Write the file with one function changed, or with none."""
    chosen = None if number is None else random.Random(number).randrange(200)
    functions = [
        f"def function_{index}(first, second):\n    total = first\n"
        + "".join(f"    total += second * {line}\n" for line in range(6))
        + (f"    changed{number}word = total\n" if index == chosen else "    unchanged = total\n")
        + "    return total\n"
        for index in range(200)
    ]
    await asyncio.to_thread(path.write_text, "\n".join(functions))


async def measure(folder: Path, size: int, count: int) -> None:
    """Measure everything at one size."""
    root = await asyncio.to_thread(corpus, folder, size)
    index = folder / f"index-{size}"
    shutil.rmtree(index, ignore_errors=True)
    rows = Rows()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__).parent / "bare_parse.py"), str(root)),
        stdout=asyncio.subprocess.PIPE,
    )
    counted, used = (await process.communicate())[0].split()
    lines, seconds = int(counted), float(used)
    rows.add("lines", f"{lines:,}")
    rows.add("bare: read, parse, hash", f"{seconds:.1f} s CPU; {2 * lines / seconds:,.0f} lines per 2 CPU-s")
    bench = Bench(root, index)
    await first_index(bench, rows, lines, folder / f"cost-{size}.svg")
    await reopened(bench, rows)
    await questions(bench, rows)
    await switched(bench, rows)
    await saves(bench, rows, count)
    bench.close()


if __name__ == "__main__":
    limit_heaps()
    set_lasting_aside()
    asyncio.run(measure(Path(sys.argv[1]), int(sys.argv[2]), int((sys.argv[3:] or ["50"])[0])))
