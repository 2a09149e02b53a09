"""The editor, the browser and the models: one VS Code server and one browser for all tests, a window for each test."""

import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from fake_ollama.server import FakeOllamaThread
from vscode import code_server
from vscode.code_server import LONGEST_WAIT, CodeServer
from vscode.desk import FIRSTHAND, Desk
from vscode.way_out import WayOut

REPOSITORY = Path(__file__).parents[2]
EXTENSION = REPOSITORY / "clients" / "vscode"
VSIX = EXTENSION / "dist" / "firsthand.vsix"
_SOURCES = ("src", "webview", "media", "package.json", "esbuild.mjs", "README.md")
_REPORT = pytest.StashKey[pytest.TestReport]()

expect.set_options(timeout=LONGEST_WAIT * 1000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Remember how each test went, so that a window of a failed one is photographed."""
    report = yield
    if report.when == "call":
        item.stash[_REPORT] = report
    return report


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures go: `FIRSTHAND_SCREENSHOTS`, else a folder that git ignores."""
    return Path(os.environ.get("FIRSTHAND_SCREENSHOTS") or REPOSITORY / ".cache" / "screenshots" / "vscode")


@pytest.fixture(scope="session")
def vsix() -> Path:
    """The packaged extension: the one that `FIRSTHAND_VSIX` names, else one made from the sources as they are now."""
    if given := os.environ.get("FIRSTHAND_VSIX"):
        return Path(given)
    how = f"run `npm ci && npm run package` in {EXTENSION.relative_to(REPOSITORY)}"
    if not VSIX.exists():
        pytest.fail(f"The extension is not packaged: {how}.", pytrace=False)
    newest = max(_files_of(EXTENSION), key=lambda file: file.stat().st_mtime)
    if newest.stat().st_mtime > VSIX.stat().st_mtime:
        pytest.fail(
            f"{newest.relative_to(EXTENSION)} is newer than the packaged extension: {how}.", pytrace=False
        )
    return VSIX


@pytest.fixture(scope="session")
def way_out() -> Iterator[WayOut]:
    """The only way out of this machine, which is closed."""
    with WayOut() as proxy:
        yield proxy


@pytest.fixture(scope="session")
def vscode_server(
    tmp_path_factory: pytest.TempPathFactory, vsix: Path, way_out: WayOut
) -> Iterator[CodeServer]:
    """VS Code with the packaged extension installed."""
    home = tmp_path_factory.mktemp("vscode")
    with CodeServer(code_server.install(), home, vsix, way_out.address) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(vscode_server: CodeServer, way_out: WayOut) -> AsyncIterator[Browser]:
    """A Chromium that reaches this machine and nothing else."""
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    flags += [
        f"--proxy-server={way_out.address}",
        "--proxy-bypass-list=127.0.0.1",
        "--disable-component-update",
    ]
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=code_server.find_chromium(), args=flags)
        yield chromium
        await chromium.close()


@pytest.fixture
def ollama() -> Iterator[FakeOllamaThread]:
    """An Ollama with a chat model and an embedding model."""
    with FakeOllamaThread() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def desk(
    request: pytest.FixtureRequest,
    browser: Browser,
    vscode_server: CodeServer,
    ollama: FakeOllamaThread,
    tmp_path: Path,
    screenshots: Path,
) -> AsyncIterator[Desk]:
    """A desk with the server found by its setting, the fake Ollama, and a cache of this test's own."""
    settings = {
        "firsthand.server.path": str(FIRSTHAND),
        "firsthand.endpoint": ollama.url,
        "firsthand.cacheDir": str(tmp_path / "cache"),
    }
    async with Desk(browser, vscode_server, settings, screenshots) as sat_at:
        yield sat_at
        report = request.node.stash.get(_REPORT, None)
        if report is None or report.failed:
            await sat_at.photograph("failed/" + re.sub(r"\W+", "-", request.node.name))


def _files_of(extension: Path) -> Iterator[Path]:
    for name in _SOURCES:
        place = extension / name
        yield from (file for file in place.rglob("*") if file.is_file()) if place.is_dir() else [place]
