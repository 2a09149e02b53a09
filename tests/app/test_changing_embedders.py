"""Ollama comes and goes while a folder is indexed: the real store and embedded model, a fake Ollama on a socket."""

import errno
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fake_ollama.models import embedder
from fake_ollama.server import FakeOllama, FakeOllamaThread
from firsthand.adapters import lance_vectors
from firsthand.app import open_workspace
from firsthand.core.workspace import Workspace
from firsthand.settings import load

EMBEDDED = "bge-small-en-v1.5-int8"
PROGRAM = [sys.executable, "-m", "firsthand"]
OLLAMA = "nomic-embed-text:latest"


@pytest.fixture(autouse=True)
def no_ollama_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests name the endpoint; nothing that runs here by chance takes part."""
    monkeypatch.delenv("OLLAMA_HOST", raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for number in range(6):
        (folder / f"part{number}.py").write_text(f"def part_{number}():\n    return 'apples {number}'\n")
    return folder


@asynccontextmanager
async def opened(root: Path, cache: Path, endpoint: str) -> AsyncIterator[Workspace]:
    """Open the folder as the next session does."""
    settings, problems = load(
        None, command_line={"cache_dir": str(cache), "endpoint": endpoint}, environment={}
    )
    assert problems == []
    workspace = await open_workspace(root, settings, need_chat=False)
    try:
        yield workspace
    finally:
        await workspace.close()


def embedded_texts(fake: FakeOllama) -> int:
    """How many texts the fake was asked to embed."""
    inputs = [request.fields["input"] for request in fake.requests if request.path == "/api/embed"]
    return sum(len(texts) for texts in inputs if isinstance(texts, list))


async def test_search_by_meaning_never_goes_down(root: Path, tmp_path: Path) -> None:
    """Ollama appears: the embedded vectors serve until its own are complete. It goes: they serve again at once."""
    cache = tmp_path / "cache"
    fake = FakeOllama([embedder()])
    async with fake:
        endpoint = fake.url
    async with opened(root, cache, endpoint) as workspace:
        await workspace.indexer.refresh(lambda progress: None)

    async with (
        FakeOllama([embedder()], port=int(endpoint.rpartition(":")[2])) as fake,
        opened(root, cache, endpoint) as workspace,
    ):
        before = await workspace.status()
        first = await workspace.searcher.search("apples")
        asked_before = embedded_texts(fake)
        await workspace.indexer.refresh(lambda progress: None)
        after = await workspace.status()
        asked_by_indexing = embedded_texts(fake)
        await workspace.searcher.search("apples")
        asked_after = embedded_texts(fake)

    async with opened(root, cache, endpoint) as workspace:
        gone = await workspace.status()
        last = await workspace.searcher.search("apples")

    assert before.models.embedder == EMBEDDED
    assert f"searching with {EMBEDDED} until {OLLAMA} is built: 0 of 6" in before.message
    assert (after.models.embedder, after.building) == (OLLAMA, None)
    assert (gone.models.embedder, gone.stats.embedded) == (EMBEDDED, 6)
    assert any("close in meaning" in hit.reasons for hit in (*first, *last))
    assert (asked_before, asked_by_indexing, asked_after) == (0, 6, 7)


async def test_a_disk_without_room_for_new_vectors_leaves_the_old_ones(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The folder opens and is searched with what is there; the log says why."""
    cache = tmp_path / "cache"
    fake = FakeOllama([embedder()])
    async with fake:
        endpoint = fake.url
    async with opened(root, cache, endpoint) as workspace:
        await workspace.indexer.refresh(lambda progress: None)

    async def no_room(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lance_vectors, "_create", no_room)
    async with (
        FakeOllama([embedder()], port=int(endpoint.rpartition(":")[2])),
        opened(root, cache, endpoint) as workspace,
    ):
        status = await workspace.status()
        hits = await workspace.searcher.search("apples")

    assert (status.models.embedder, status.stats.embedded, status.building) == (EMBEDDED, 6, None)
    assert any("close in meaning" in hit.reasons for hit in hits)
    assert "the disk is full" in caplog.text


def test_a_process_that_is_killed_leaves_the_old_vectors_serving(root: Path, tmp_path: Path) -> None:
    """Killed while the new ones are made: the next process searches with the old ones, and finishes the work."""
    cache = ("--cache-dir", str(tmp_path / "cache"), "--json")
    index, status = (*PROGRAM, "index", str(root), *cache), (*PROGRAM, "status", "--root", str(root), *cache)
    output_of(*index, "--provider", "embedded")
    with FakeOllamaThread([embedder()]) as ollama:
        endpoint = ("--endpoint", ollama.url)
        gate = ollama.hold("embedding")
        killed = subprocess.Popen([*index, *endpoint], stdout=subprocess.PIPE)
        gate.wait_until_reached()
        killed.kill()
        killed.communicate()
        gate.release()
        during = output_of(*status, *endpoint)
        output_of(*index, *endpoint)
        after = output_of(*status, *endpoint)

    assert during["models"]["embedder"] == EMBEDDED
    assert during["models"]["building"] == {"model": OLLAMA, "done": 0, "total": 6}
    assert (during["embedded"], after["embedded"]) == (6, 6)
    assert (after["models"]["embedder"], after["models"]["building"]) == (OLLAMA, None)


def output_of(*command: str) -> dict[str, Any]:
    """What a process of its own says."""
    done = subprocess.run(command, check=True, capture_output=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
