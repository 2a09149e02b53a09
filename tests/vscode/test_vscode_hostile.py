"""A folder and a model that mean harm: nothing runs, nothing is fetched, nothing is written."""

from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from fake_ollama.server import FakeOllamaThread
from vscode.code_server import CodeServer
from vscode.desk import Desk
from vscode.hostile import CANARY, MODEL_TEXT, contents, write_repository
from vscode.way_out import WayOut

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_hostile_folder_and_model(
    desk: Desk, tmp_path: Path, ollama: FakeOllamaThread, way_out: WayOut
) -> None:
    """What a folder's files, their names and the model's text say is shown as text, in the sidebar and in hovers."""
    folder = write_repository(tmp_path / "hostile")
    before = contents(folder)
    ollama.script(MODEL_TEXT)
    window = await desk.open(folder)
    await window.wait_until_indexed()
    sidebar = await window.open_sidebar()

    turn = await sidebar.ask("How are sessions revoked?")
    await turn.wait_until("done")
    await turn.show_what_was_read()
    await window.screenshot("hostile-answer")

    assert await turn.article.locator("script, img, iframe, style, form, link, object").count() == 0
    targets = await turn.article.locator("[href], [src]").evaluate_all(
        "elements => elements.map(element => element.getAttribute('href') ?? element.getAttribute('src'))"
    )
    assert [target for target in targets if target and not target.startswith("#")] == []
    assert set("\x1b\x07\u202e").isdisjoint(await turn.article.inner_text())
    await _press_everything(turn.answer)

    await window.open_file("sessions.py", "revoke_all")
    await window.point_at_caret()
    await expect(window.hover).to_contain_text("Revoke all sessions")
    await window.screenshot("hostile-hover")
    assert await window.hover.locator("script, img, iframe, style").count() == 0
    assert await window.hover.locator("a[href^='command:'], a[data-href^='command:']").count() == 0

    assert contents(folder) == before
    assert [attempt for attempt in way_out.attempts if CANARY in attempt] == []
    assert "pwned" not in await window.page.title()
    assert len(window.page.context.pages) == 1


async def test_folder_that_is_not_trusted(
    desk: Desk, tmp_path: Path, ollama: FakeOllamaThread, vscode_server: CodeServer
) -> None:
    """In a folder that is not trusted, questions are answered with excerpts and no model is contacted."""
    folder = write_repository(tmp_path / "hostile")
    before = contents(folder)
    desk.settings |= {
        "security.workspace.trust.enabled": True,
        "security.workspace.trust.startupPrompt": "never",
        "security.workspace.trust.banner": "never",
    }
    window = await desk.open(folder)
    await window.wait_until_indexed()
    sidebar = await window.open_sidebar()

    turn = await sidebar.ask("How are sessions revoked?")

    await turn.wait_until("done", "noModel")
    await expect(turn.what_was_read).to_contain_text("sessions.py")
    await expect(turn.way_forward).to_contain_text("not trusted")
    assert ollama.requests == ()
    assert contents(folder) == before
    assert vscode_server.processes(str(folder)) == []


async def _press_everything(answer: Locator) -> None:
    """Click on every word of the answer that the model meant as a link."""
    for words in ("visit", "run", "script", "data", "file", "open", "net", "press"):
        await answer.get_by_text(words).first.click()
