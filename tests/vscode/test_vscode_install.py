"""The first minutes of a new user: the walkthrough, and the server that its button installs."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from fake_ollama.server import FakeOllamaThread
from package_folder import make_package_folder, make_python_folder
from vscode import code_server
from vscode.code_server import CodeServer
from vscode.desk import Desk
from vscode.way_out import WayOut
from vscode.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTION = "How does user deletion work?"


@pytest.fixture
def new_machine(tmp_path: Path, vsix: Path, way_out: WayOut) -> Iterator[CodeServer]:
    """VS Code on a machine that has Python, and for pip a folder with this project's wheel."""
    pythons = make_python_folder(tmp_path / "python")
    environment = {
        **make_package_folder(tmp_path / "packages"),
        "PATH": os.pathsep.join([str(pythons), os.environ["PATH"]]),
    }
    home = tmp_path / "vscode"
    with CodeServer(code_server.install(), home, vsix, way_out.address, environment) as server:
        yield server


async def test_from_the_walkthrough_to_an_answer(
    browser: Browser,
    new_machine: CodeServer,
    screenshots: Path,
    workspace_copy: Callable[[str], Path],
    ollama: FakeOllamaThread,
    tmp_path: Path,
) -> None:
    """Each button of the walkthrough does what it says: pip installs the server, which then answers a question."""
    ollama.script("Sessions are revoked with `revoke_all` and `deleted_at` is set to the time of the clock.")
    settings = {"firsthand.endpoint": ollama.url, "firsthand.cacheDir": str(tmp_path / "cache")}
    async with Desk(browser, new_machine, settings, screenshots) as desk:
        window = await desk.open(workspace_copy("accounts"))
        offer = window.notification("server was not found")
        await expect(offer.get_by_role("button", name="Install")).to_be_visible()
        await window.open_walkthrough("Get Started with Firsthand")
        await window.screenshot("walkthrough")

        await press(window, "Open the folder that holds your code", "Open Folder")
        await expect(window.quick_input).to_contain_text("Open Folder")
        await window.page.keyboard.press("Escape")

        await press(window, "Have the server here", "Install Server")
        await expect(window.notification("Installing Firsthand's server")).to_be_visible()
        await window.wait_until_indexed()
        await expect(
            step(window, "Have the server here").locator(".codicon-getting-started-step-checked")
        ).to_be_visible()
        (running,) = desk.language_servers()
        assert running in new_machine.processes("/firsthand.firsthand/environments/")

        await press(window, "Ask", "Ask a Question")
        await expect(window.sidebar.question_box).to_be_focused()
        turn = await window.sidebar.ask(QUESTION)
        await turn.wait_until("done", "complete")
        await expect(turn.sources.first).to_contain_text("accounts/service.py")

        await press(window, "Choose a model", "Pull a Model")
        await expect(window.quick_input).to_contain_text("Models stay on this machine")
        await window.page.keyboard.press("Escape")

        await press(window, "Click a citation", "Show What the Model Read")
        await expect(window.active_tab).to_have_attribute("data-resource-name", "What the model read.md")


def step(window: Window, title: str) -> Locator:
    """A step of the walkthrough that is open."""
    return window.page.locator(".getting-started-step").filter(has=window.page.locator("h3", has_text=title))


async def press(window: Window, title: str, name: str) -> None:
    """Unfold a step of the walkthrough and press its button."""
    await step(window, title).click()
    await step(window, title).get_by_role("button", name=name).click()
