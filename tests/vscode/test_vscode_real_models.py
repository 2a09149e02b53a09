"""From the sidebar to real models and back: nothing here is a fake but the hands."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from real_ollama.server import MODEL, QUESTION, RealOllama, real_ollama_server
from vscode.cited_place import place_of
from vscode.desk import Desk
from vscode.sidebar_view import SidebarView
from vscode.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A question is read and answered by one thread of a busy machine.
PATIENCE_MILLISECONDS = 300_000
# Keeps all that the first turn ever showed, so that it does not matter how slowly the test looks.
KEEP_WHAT_IS_SHOWN = """log => {
  const shown = globalThis.shown = [];
  new MutationObserver(() => {
    const [turn] = log.querySelectorAll("article[data-turn]");
    if (turn?.dataset.phase === "running") {
      const list = turn.querySelector("[data-part='context']");
      const listed = list.open && !list.hidden ? list.querySelectorAll("[data-excerpt]").length : 0;
      shown.push({ listed, text: turn.querySelector("[data-part='answer']").textContent });
    }
  }).observe(log, { subtree: true, childList: true, characterData: true, attributes: true });
}"""


@pytest.fixture
def ollama() -> Iterator[RealOllama]:
    """A server that speaks Ollama's protocol, with a real model behind it."""
    with real_ollama_server(context_tokens=3072) as server:
        yield server


async def test_a_question_is_answered_by_real_models(
    desk: Desk, workspace_copy: Callable[[str], Path], ollama: RealOllama
) -> None:
    """What is read is listed, then the answer grows, its sources open as they stand in the files; stop means stop."""
    desk.settings |= {f"firsthand.{name}": value for name, value in ollama.settings().items()}
    window = await desk.open(workspace_copy("accounts"))
    await window.wait_until_indexed()
    sidebar = await window.open_sidebar()

    await check_answer(window, sidebar)
    await check_stop(window, sidebar, ollama)


async def check_answer(window: Window, sidebar: SidebarView) -> None:
    """The answer is announced by what was read, grows, and names lines that open."""
    log = sidebar.frame.locator("[role='log']")
    await log.evaluate(KEEP_WHAT_IS_SHOWN)
    turn = await sidebar.ask(QUESTION)
    await expect(turn.article).to_have_attribute("data-phase", "done", timeout=PATIENCE_MILLISECONDS)

    await turn.wait_until("done", "complete")
    await expect(turn.stage).to_contain_text(MODEL)
    shown = await log.evaluate("() => globalThis.shown")
    before_the_list = list(itertools.takewhile(lambda view: not view["listed"], shown))
    assert len(before_the_list) < len(shown)
    assert not any(view["text"] for view in before_the_list)
    assert len({len(view["text"]) for view in shown}) > 3
    await expect(turn.sources).not_to_have_count(0)
    for source in await turn.sources.all():
        await check_source(window, source)


async def check_source(window: Window, source: Locator) -> None:
    """A click on a source selects its lines, which are those that the answer rests on and that the file has."""
    path, first, last = await place_of(source)
    lines = (window.folder / path).read_text("utf-8").splitlines()
    cited = "\n".join(lines[first - 1 : last])
    assert 1 <= first <= last <= len(lines)

    await source.click()

    await expect(window.active_tab).to_have_attribute("data-resource-name", Path(path).name)
    place = f"Ln {last}, Col {len(lines[last - 1]) + 1} ({len(cited)} selected)"
    await expect(window.page.locator("#status\\.editor\\.selection")).to_contain_text(place)
    await window.page.keyboard.press("Control+C")
    await window.page.wait_for_function(
        "cited => navigator.clipboard.readText().then(text => text === cited)", arg=cited
    )
    await expect(window.notification("changed since this answer")).to_have_count(0)


async def check_stop(window: Window, sidebar: SidebarView, ollama: RealOllama) -> None:
    """A question that is stopped in the middle of its answer ends, and the model with it."""
    await window.run_command("Firsthand: New Conversation")
    await expect(sidebar.turns).to_have_count(0)
    turn = await sidebar.ask(QUESTION)
    await expect(turn.answer).not_to_have_text("", timeout=PATIENCE_MILLISECONDS)

    await sidebar.stop_button.click()

    await turn.wait_until("cancelled")
    await expect(turn.answer).not_to_have_text("")
    await asyncio.to_thread(ollama.wait_until_stopped_early)
