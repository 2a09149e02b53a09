"""How it looks in each theme: pictures of the main views, and what can be measured of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from fake_ollama.server import FakeOllamaThread
from vscode.desk import Desk
from vscode.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

THEMES = {
    "light": ("Light Modern", "vs"),
    "dark": ("Dark Modern", "vs-dark"),
    "high-contrast": ("Dark High Contrast", "hc-black"),
    "high-contrast-light": ("Light High Contrast", "hc-light"),
}
BODY_CLASSES = {
    "vs": "vscode-light",
    "vs-dark": "vscode-dark",
    "hc-black": "vscode-high-contrast",
    "hc-light": "vscode-high-contrast-light",
}
ANSWER = """Sessions are revoked with `revoke_all`, and `deleted_at` is set to the time of the clock.

- Memberships go at once: `team.member_ids` no longer has the user.
- A team whose last member leaves is **archived**.
- `purge_everything` then empties the cloud.

```python
self._sessions.revoke_all(user_id)
user.deleted_at = self._clock()
```
"""


async def test_looks(desk: Desk, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread) -> None:
    """In every theme the sidebar takes the theme's colours, names all its buttons and needs no sideways scrolling."""
    ollama.script(ANSWER)
    window = await desk.open(workspace_copy("accounts"))
    sidebar = await window.open_sidebar()
    await expect(sidebar.welcome).to_be_visible()
    await window.wait_until_indexed()
    await window.screenshot("welcome-light")
    await window.open_file("accounts/service.py", "delete_user")
    turn = await sidebar.ask("How does user deletion work?")
    await turn.wait_until("done", "complete")

    backgrounds = set()
    for name, (label, css_class) in THEMES.items():
        await window.run_command("Preferences: Color Theme")
        await window.pick(label)
        await expect(window.page.locator(f".monaco-workbench.{css_class}")).to_be_visible()
        await expect(sidebar.frame.locator(f"body.{BODY_CLASSES[css_class]}")).to_be_visible()
        await window.screenshot(f"answer-{name}")
        backgrounds.add(await _background(window))
        assert await _buttons_without_name(window) == []
        assert await _overflow(window) == 0

    assert len(backgrounds) >= 3


async def _background(window: Window) -> str:
    body = window.sidebar.frame.locator("body")
    colour = await body.evaluate(
        "body => getComputedStyle(body).getPropertyValue('--vscode-sideBar-background')"
    )
    return str(colour)


async def _buttons_without_name(window: Window) -> list[str]:
    found = await window.sidebar.frame.get_by_role("button").evaluate_all(
        """buttons => buttons
            .filter(button => !(button.ariaLabel || button.title || button.textContent.trim()))
            .map(button => button.outerHTML)"""
    )
    return list(found)


async def _overflow(window: Window) -> int:
    root = window.sidebar.frame.locator("html")
    return int(await root.evaluate("root => root.scrollWidth - root.clientWidth"))
