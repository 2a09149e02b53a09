"""What is done with an answer and with a search: read, copy, insert, keep, open."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from fake_ollama.server import FakeOllamaThread
from fake_ollama.state import Reply
from vscode.code_server import LONGEST_WAIT
from vscode.desk import Desk
from vscode.sidebar_view import SidebarView
from vscode.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTION = "How does user deletion work?"
BEGINNING = "Sessions are revoked with `revoke_all`."
PARAGRAPHS = tuple(f"\n\nThis is paragraph {number} of many, and none is the last." for number in range(40))
SERVICE = "accounts/service.py"


async def test_a_long_answer(
    desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread
) -> None:
    """A long answer shows its beginning and stays where the user scrolls; it is copied, inserted and kept as it is."""
    ollama.script(Reply((BEGINNING, *PARAGRAPHS)))
    late = ollama.hold("chunk", index=30)
    window = await desk.open(workspace_copy("accounts"))
    await window.wait_until_indexed()
    await window.open_file(SERVICE, "def delete_user")
    sidebar = await window.open_sidebar()
    turn = await sidebar.ask(QUESTION)
    await asyncio.to_thread(late.wait_until_reached, LONGEST_WAIT)
    await expect(turn.answer).to_contain_text("This is paragraph 28")

    await expect(turn.question).to_be_in_viewport(ratio=1)
    await expect(sidebar.button("Scroll to the end")).to_be_visible()
    await turn.answer.hover()
    await window.page.mouse.wheel(0, 150)
    await expect(turn.question).not_to_be_in_viewport()
    scrolled_to = await scroll_of(sidebar)
    late.release()
    await turn.wait_until("done", "complete")
    assert await scroll_of(sidebar) == scrolled_to

    await check_uses(window, sidebar)


async def check_uses(window: Window, sidebar: SidebarView) -> None:
    """The last answer is on the clipboard, at the cursor, in a document."""
    answer = BEGINNING + "".join(PARAGRAPHS)
    before = (window.folder / SERVICE).read_text("utf-8")
    await sidebar.button("Copy answer").click()
    await window.page.wait_for_function(
        "answer => navigator.clipboard.readText().then(text => text === answer)", arg=answer
    )

    await sidebar.button("Insert answer at cursor").click()
    await expect(window.editor).to_contain_text("Sessions are revoked with")
    await window.save()
    assert (window.folder / SERVICE).read_text("utf-8") == before.replace(
        "def delete_user", f"{answer}def delete_user", 1
    )
    await window.page.keyboard.press("Control+Z")
    await window.save()
    assert (window.folder / SERVICE).read_text("utf-8") == before

    await sidebar.button("Open answer as document").click()
    await expect(window.active_tab).to_have_attribute("data-resource-name", "How does user deletion work.md")
    await expect(window.editor).to_contain_text("Sessions are revoked with")


async def test_search(desk: Desk, workspace_copy: Callable[[str], Path]) -> None:
    """What is found is shown as the user walks along the list; Escape goes back, Enter opens it at its lines."""
    window = await desk.open(workspace_copy("accounts"))
    await window.wait_until_indexed()
    await window.open_file("README.md")

    rows = await search(window, "revoke_all")
    await expect(rows.first).to_contain_text("accounts/repository.py")
    await expect(window.active_tab).to_have_attribute("data-resource-name", "repository.py")
    await expect(window.active_tab).to_have_attribute("aria-label", re.compile("preview"))
    await window.screenshot("search")
    await window.page.keyboard.press("Escape")
    await expect(window.active_tab).to_have_attribute("data-resource-name", "README.md")

    rows = await search(window, "revoke_all")
    await expect(rows.first).to_contain_text("accounts/repository.py")
    await window.page.keyboard.press("Enter")
    await expect(window.quick_input).to_be_hidden()
    await expect(window.active_tab).to_have_attribute("data-resource-name", "repository.py")
    await expect(window.active_tab).not_to_have_attribute("aria-label", re.compile("preview"))
    await window.focus_editor()
    await window.page.keyboard.press("Control+C")
    await window.page.wait_for_function(
        "() => navigator.clipboard.readText().then(text => text.includes('def revoke_all('))"
    )


async def search(window: Window, words: str) -> Locator:
    """Search as a user types; returns the rows once there are some."""
    await window.run_command("Firsthand: Search…")
    field = window.quick_input.locator("input[type=text]").first
    await expect(field).to_have_attribute("placeholder", "What are you looking for?")
    await field.press_sequentially(words)
    rows = window.quick_input.locator(".monaco-list-row")
    await rows.first.wait_for()
    return rows


async def scroll_of(sidebar: SidebarView) -> float:
    """How far the conversation is scrolled down."""
    return float(await sidebar.frame.locator("[role='log']").evaluate("log => log.scrollTop"))
