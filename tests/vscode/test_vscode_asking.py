"""A question in the sidebar: from the first start to the lines that the answer rests on."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from fake_ollama.server import FakeOllamaThread
from fake_ollama.state import Reply
from vscode.cited_place import place_of
from vscode.code_server import LONGEST_WAIT
from vscode.desk import Desk
from vscode.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTION = "How does user deletion work?"
DELETION = Reply(
    (
        "Sessions are revoked ",
        "with `revoke_all` and ",
        "`deleted_at` is set to the time of the clock.",
    )
)


async def test_first_question(
    desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread
) -> None:
    """The status bar shows the index grow; what is read is listed, the answer streams, a citation opens its lines."""
    embedding = ollama.hold("embedding")
    window = await desk.open(workspace_copy("accounts"))
    await asyncio.to_thread(embedding.wait_until_reached, LONGEST_WAIT)
    await expect(window.status_item).to_contain_text(re.compile(r"\d+/\d+"))
    embedding.release()
    await window.wait_until_indexed()
    await expect(window.status_item).not_to_contain_text("/")

    ollama.script(DELETION)
    first_token, last_token = ollama.hold("chunk", index=0), ollama.hold("chunk", index=2)
    sidebar = await window.open_sidebar()
    turn = await sidebar.ask(QUESTION)

    await asyncio.to_thread(first_token.wait_until_reached, LONGEST_WAIT)
    await expect(turn.excerpts.first).to_be_visible()
    await expect(turn.what_was_read).to_contain_text("accounts/service.py")
    await expect(turn.answer).to_have_text("")
    first_token.release()

    await asyncio.to_thread(last_token.wait_until_reached, LONGEST_WAIT)
    await expect(turn.answer).to_contain_text("Sessions are revoked")
    await turn.wait_until("running")
    last_token.release()

    await turn.wait_until("done", "complete")
    assert "with revoke_all and deleted_at is set to the time of the clock." in await turn.text()
    await expect(turn.stage).to_contain_text("qwen2.5-coder:7b")

    path, first, last = await place_of(turn.citations.first)
    assert path == "accounts/service.py"
    await turn.citations.first.click()
    await expect(window.active_tab).to_have_attribute("data-resource-name", "service.py")
    lines = (window.folder / path).read_text("utf-8").splitlines()[first - 1 : last]
    assert any("self._sessions.revoke_all(user_id)" in line for line in lines)
    assert await window.selection() == (last, len(lines[-1]) + 1, len("\n".join(lines)))


async def test_stop(desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread) -> None:
    """Stop closes the model's connection, and what was written stays."""
    ollama.script(DELETION)
    gate = ollama.hold("chunk", index=1)
    window = await desk.open(workspace_copy("accounts"))
    await window.wait_until_indexed()
    sidebar = await window.open_sidebar()
    turn = await sidebar.ask(QUESTION)
    await asyncio.to_thread(gate.wait_until_reached, LONGEST_WAIT)
    await expect(turn.answer).to_contain_text("Sessions are")

    await sidebar.stop_button.click()

    left = await asyncio.to_thread(ollama.wait_for_cancellation, LONGEST_WAIT)
    assert left.path == "/api/chat"
    await turn.wait_until("cancelled")
    await expect(turn.answer).to_contain_text("Sessions are")
    await expect(sidebar.ask_button).to_be_visible()


async def test_history(desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread) -> None:
    """A conversation is there again after the window was reloaded, and a follow-up knows what was said before."""
    ollama.script(DELETION)
    window = await desk.open(workspace_copy("accounts"))
    await window.wait_until_indexed()
    sidebar = await window.open_sidebar()
    turn = await sidebar.ask(QUESTION)
    await turn.wait_until("done", "complete")

    await window.reload()
    await sidebar.wait_until_ready()

    await expect(sidebar.turns).to_have_count(1)
    await expect(sidebar.turn(0).answer).to_contain_text("Sessions are revoked")
    ollama.script("Memberships go at once, `archived` is set when the last member leaves.")
    follow_up = await sidebar.ask("And what about its teams?")
    await follow_up.wait_until("done", "complete")
    assert QUESTION in ollama.prompts[-1].text


async def test_keyboard_alone(
    desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread
) -> None:
    """A user without a mouse asks, reaches a citation and opens its lines."""
    ollama.script(DELETION)
    window = await desk.open(workspace_copy("accounts"))
    await window.wait_until_indexed()
    keys = window.page.keyboard

    await window.run_command("Firsthand: Ask…")
    await expect(window.sidebar.question_box).to_be_focused()
    await keys.type(QUESTION)
    await keys.press("Enter")
    turn = window.sidebar.turn(0)
    await turn.wait_until("done", "complete")
    await expect(window.sidebar.question_box).to_be_focused()
    await _walk_to(window, turn.citations.first)
    await keys.press("Enter")

    await expect(window.active_tab).to_have_attribute("data-resource-name", "service.py")


async def _walk_to(window: Window, target: Locator) -> None:
    """Press Shift+Tab until the target has the focus, as far as there are stops between the question and it."""
    for _ in range(30):
        await window.page.keyboard.press("Shift+Tab")
        if await target.evaluate("element => element === element.ownerDocument.activeElement"):
            return
    raise AssertionError("Shift+Tab does not lead from the question to the citation.")
