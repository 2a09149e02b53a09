"""What is offered where the code is: hovers, code actions, a generated test that is looked at before it is applied."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from fake_ollama.server import FakeOllamaThread
from vscode.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="session")

SERVICE = "accounts/service.py"
NEW_TEST = "```python\ndef test_closing_twice_is_refused(service):\n    assert service is not None\n```"


async def test_hover(desk: Desk, workspace_copy: Callable[[str], Path]) -> None:
    """Resting the mouse on a method shows its signature, its documentation and who calls it."""
    window = await desk.open(workspace_copy("accounts"))
    await window.open_file(SERVICE, "delete_user")
    await window.wait_until_indexed()

    await window.point_at_caret()

    await expect(window.hover).to_contain_text("def delete_user(self, user_id: int) -> None")
    await expect(window.hover).to_contain_text("Close an account")
    await expect(window.hover).to_contain_text("accounts/api.py")
    await window.screenshot("hover")


async def test_explain(desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread) -> None:
    """The code action "Explain" writes its explanation into the sidebar."""
    ollama.script("It revokes the sessions with `revoke_all` and sets `deleted_at` to the time of the clock.")
    window = await desk.open(workspace_copy("accounts"))
    await window.open_file(SERVICE, "delete_user")
    await window.wait_until_indexed()

    assert await window.code_actions() == [
        "Firsthand: Ask about this",
        "Firsthand: Document this",
        "Firsthand: Explain",
        "Firsthand: Generate test",
    ]
    await window.choose_code_action("Firsthand: Explain")

    turn = window.sidebar.turn(0)
    await turn.wait_until("done", "complete")
    assert "It revokes the sessions" in await turn.text()


async def test_generate_test(
    desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread
) -> None:
    """A generated test is shown as a difference, changes nothing until it is accepted, and can be undone."""
    ollama.script(NEW_TEST)
    window = await desk.open(workspace_copy("accounts"))
    tests = window.folder / "tests" / "test_service.py"
    before = tests.read_text("utf-8")
    await window.open_file(SERVICE, "delete_user")
    await window.wait_until_indexed()
    await window.code_actions()
    await window.choose_code_action("Firsthand: Generate test")

    await expect(window.difference).to_contain_text("test_closing_twice_is_refused")
    assert tests.read_text("utf-8") == before
    await window.screenshot("generated-test")

    await window.press_editor_action("Apply Test")
    await expect(window.difference).to_have_count(0)
    await expect(window.active_tab).to_have_attribute("data-resource-name", "test_service.py")
    await window.save()
    assert "def test_closing_twice_is_refused" in tests.read_text("utf-8")

    await window.focus_editor()
    await window.page.keyboard.press("Control+Z")
    await window.save()
    assert tests.read_text("utf-8") == before
