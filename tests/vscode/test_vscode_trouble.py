"""What a user is told when something is missing or breaks, and the way out that they are given."""

import asyncio
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from fake_ollama.models import embedder
from fake_ollama.server import FakeOllamaThread
from vscode.code_server import LONGEST_WAIT
from vscode.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTION = "How does user deletion work?"
PULLING = "Pulling qwen2.5-coder:7b"
OFFER = "Pull qwen2.5-coder:7b"
MEASURE = re.compile(r"\d+ %, \d\.\d of 4\.7 GB")


async def test_killed_server(
    desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread
) -> None:
    """A server that dies is started again, the user is told, and the next question is answered."""
    window = await desk.open(workspace_copy("accounts"))
    await window.wait_until_indexed()
    (victim,) = desk.language_servers()

    os.kill(victim, signal.SIGKILL)

    await expect(window.notification("stopped by itself and was started again")).to_be_visible()
    sidebar = await window.open_sidebar()
    await window.wait_until_indexed()
    turn = await sidebar.ask(QUESTION)
    await turn.wait_until("done", "complete")
    assert victim not in desk.language_servers()


async def test_without_ollama(
    desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread
) -> None:
    """Without Ollama a question is answered with excerpts that open, and the way to a chat model is a button."""
    ollama.refuse_connections()
    window = await desk.open(workspace_copy("accounts"))
    await window.wait_until_indexed()
    sidebar = await window.open_sidebar()

    turn = await sidebar.ask(QUESTION)

    await turn.wait_until("done", "noModel")
    await expect(turn.way_forward.get_by_role("button").first).to_be_visible()
    await turn.show_what_was_read()
    await turn.excerpts.first.click()
    await expect(window.active_tab).to_have_attribute("data-resource-name", "service.py")
    ollama.accept_connections()


class TestWithoutChatModel:
    @pytest.fixture
    def ollama(self) -> Iterator[FakeOllamaThread]:
        """An Ollama that can only embed."""
        with FakeOllamaThread([embedder()]) as server:
            yield server

    async def test_missing_model(
        self, desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread
    ) -> None:
        """A missing model is pulled by a button, with progress and no offer beside it, and answers then."""
        window = await desk.open(workspace_copy("accounts"))
        await window.wait_until_indexed()
        sidebar = await window.open_sidebar()
        turn = await sidebar.ask(QUESTION)
        await turn.wait_until("done", "noModel")
        await expect(window.notification(OFFER)).to_be_visible()
        pulling = ollama.hold("pull", index=4)

        await turn.way_forward.get_by_role("button", name="Pull").click()
        await asyncio.to_thread(pulling.wait_until_reached, LONGEST_WAIT)
        await expect(window.notification(PULLING)).to_contain_text(MEASURE)
        await expect(window.notification(OFFER)).to_have_count(0)
        pulling.release()

        await expect(window.status_item).not_to_have_attribute("aria-label", re.compile("no chat model"))
        answered = await sidebar.ask(QUESTION)
        await answered.wait_until("done", "complete")

    async def test_stopped_pull(
        self, desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread
    ) -> None:
        """A pull that is cancelled ends at Ollama too, and its notification goes."""
        window = await desk.open(workspace_copy("accounts"))
        await window.wait_until_indexed()
        sidebar = await window.open_sidebar()
        turn = await sidebar.ask(QUESTION)
        await turn.wait_until("done", "noModel")
        ollama.hold("pull", index=4)
        await turn.way_forward.get_by_role("button", name="Pull").click()
        await expect(window.notification(PULLING)).to_contain_text(MEASURE)
        await window.screenshot("pull")

        await window.press_button(window.notification(PULLING), "Cancel")

        left = await asyncio.to_thread(ollama.wait_for_cancellation, LONGEST_WAIT)
        assert left.path == "/api/pull"
        await expect(window.notification(PULLING)).to_have_count(0)


async def test_wrong_server_path(desk: Desk, workspace_copy: Callable[[str], Path], tmp_path: Path) -> None:
    """A setting that leads nowhere is named, and can be opened with a button."""
    desk.settings["firsthand.server.path"] = str(tmp_path / "nowhere")
    window = await desk.open(workspace_copy("accounts"))

    complaint = window.notification("firsthand.server.path")

    await expect(complaint).to_contain_text(str(tmp_path / "nowhere"))
    await complaint.get_by_role("button", name="Open Setting").click()
    await expect(window.active_tab).to_contain_text("Settings")
