"""More than one window, more than one folder."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from fake_ollama.server import FakeOllamaThread
from vscode.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTION = "How does user deletion work?"


async def test_two_windows(
    desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread
) -> None:
    """Two windows on one folder both answer."""
    folder = workspace_copy("accounts")
    windows = [await desk.open(folder), await desk.open(folder)]

    for window in windows:
        await window.wait_until_indexed()
        sidebar = await window.open_sidebar()
        turn = await sidebar.ask(QUESTION)
        await turn.wait_until("done", "complete")
        await expect(turn.what_was_read).to_contain_text("accounts/service.py")


async def test_two_folders(
    desk: Desk, workspace_copy: Callable[[str], Path], tmp_path: Path, ollama: FakeOllamaThread
) -> None:
    """Of two folders an answer says which it is about; a follow-up stays there, or goes where the user sends it."""
    accounts, webshop = workspace_copy("accounts"), workspace_copy("webshop")
    workspace = tmp_path / "both.code-workspace"
    workspace.write_text(json.dumps({"folders": [{"path": str(accounts)}, {"path": str(webshop)}]}))
    ollama.script(
        "It begins.",
        "It goes on.",
        "Sessions are revoked with `revoke_all` and `deleted_at` is set to the time of the clock.",
    )
    window = await desk.open(workspace)
    await window.wait_until_indexed()
    sidebar = await window.open_sidebar()

    about_webshop = await sidebar.ask("How are access tokens refreshed?")
    await about_webshop.wait_until("done", "complete")
    await expect(about_webshop.what_was_read).to_contain_text("src/auth/tokens.ts")
    await expect(about_webshop.looked_in).to_have_text(["webshop"])

    follow_up = await sidebar.ask(QUESTION)
    await follow_up.wait_until("done", "complete")
    await expect(follow_up.looked_in).to_have_text(["webshop"])

    await sidebar.button("In webshop…").click()
    await window.pick("accounts")
    await expect(sidebar.button("Remove accounts")).to_be_visible()
    about_accounts = await sidebar.ask(QUESTION)
    await about_accounts.wait_until("done", "complete")
    await expect(about_accounts.what_was_read).to_contain_text("accounts/service.py")
    await expect(about_accounts.looked_in).to_have_text(["accounts"])
    await window.screenshot("two-folders")

    await about_accounts.citations.first.click()
    await expect(window.active_tab).to_have_attribute("data-resource-name", "service.py")


async def test_closed_window(desk: Desk, workspace_copy: Callable[[str], Path]) -> None:
    """Closing a window ends its server."""
    window = await desk.open(workspace_copy("accounts"))
    await window.wait_until_indexed()
    assert len(desk.language_servers()) == 1

    await window.page.close()

    await asyncio.to_thread(desk.wait_for_no_language_server)
