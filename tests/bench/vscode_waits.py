"""Measure what a user of the VS Code extension waits for, beyond the model's own time: the fake Ollama answers at once.

Run by hand, with the extension packaged: `python tests/bench/vscode_waits.py [ROUNDS]`. Times are taken inside the
window, from the event of the key or the mouse to the frame in which what was waited for is drawn.
"""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from playwright.async_api import Locator, async_playwright, expect  # noqa: E402

from fake_ollama.server import FakeOllamaThread  # noqa: E402
from vscode import code_server  # noqa: E402
from vscode.code_server import LONGEST_WAIT, CodeServer  # noqa: E402
from vscode.desk import FIRSTHAND, Desk  # noqa: E402
from vscode.way_out import WayOut  # noqa: E402
from vscode.window import Window  # noqa: E402

VSIX = TESTS.parent / "clients" / "vscode" / "dist" / "firsthand.vsix"
QUESTION = "How does user deletion work?"
QUERY = "where are sessions revoked"
SERVICE = "accounts/service.py"
MODEL = "qwen2.5-coder:7b"
# Notes when an event comes first, and when each thing that is looked for is first seen and drawn after it.
WATCH = """(root, [event, looks]) => {
  const page = root.ownerDocument.defaultView;
  const seen = {};
  page.seen = seen;
  const look = () => {
    for (const [name, selector, words] of looks) {
      if (seen.began === undefined || name in seen) continue;
      const found = [...root.ownerDocument.querySelectorAll(selector)];
      const says = (item) => item.textContent.trim() !== "" && item.textContent.includes(words);
      if (!found.some((item) => item.checkVisibility() && says(item))) continue;
      seen[name] = null;
      page.requestAnimationFrame(() => { seen[name] = page.performance.now() - seen.began; });
    }
  };
  const began = () => { seen.began = page.performance.now(); seen.clock = Date.now(); };
  // Of moves of the mouse, the last one counts.
  page.addEventListener(event, began, { capture: true, once: event !== "mousemove" });
  const observer = new page.MutationObserver(look);
  observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
  page.forget = () => { observer.disconnect(); page.removeEventListener(event, began, { capture: true }); };
}"""
SEEN = "root => root.ownerDocument.defaultView.seen"
FORGET = "root => root.ownerDocument.defaultView.forget()"
# Asks in the extension host for the hover of every definition of a file, once the index knows the callers.
HOVERS = """
const vscode = require("vscode");
exports.run = async () => {
  const [folder] = vscode.workspace.workspaceFolders;
  const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder.uri, "%(file)s"));
  const names = [...document.getText().matchAll(/def (?=\\w)/g)];
  const places = names.map(({ index }) => document.positionAt(index + 4));
  const hover = (place) => vscode.commands.executeCommand("vscode.executeHoverProvider", document.uri, place);
  const text = (hovers) => hovers.flatMap(({ contents }) => contents).map(({ value }) => value).join();
  const deletion = document.positionAt(document.getText().indexOf("delete_user"));
  while (!text(await hover(deletion)).includes("accounts/api.py")) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const times = [];
  for (let round = 0; round < %(rounds)d; round += 1) {
    const began = performance.now();
    await hover(places[round %% places.length]);
    times.push(performance.now() - began);
  }
  console.log("HOVERS " + JSON.stringify(times));
};
"""
Rows = dict[str, list[float]]


async def main(rounds: int) -> None:
    """Measure each wait so many times and print a table."""
    expect.set_options(timeout=LONGEST_WAIT * 1000)
    with tempfile.TemporaryDirectory() as home, WayOut() as proxy, FakeOllamaThread() as ollama:
        folder = workspace(Path(home))
        installed = code_server.install()
        with CodeServer(installed, Path(home) / "vscode", VSIX, proxy.address) as server:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=code_server.find_chromium(), args=["--no-sandbox", "--disable-gpu"]
                )
                settings = {
                    "firsthand.server.path": str(FIRSTHAND),
                    "firsthand.endpoint": ollama.url,
                    "firsthand.cacheDir": str(Path(home) / "cache"),
                }
                async with Desk(browser, server, settings, Path(home)) as desk:
                    rows = await measure(desk, folder, ollama, rounds)
                async with Desk(browser, server, settings, Path(home)) as desk:
                    rows["hover, as the editor asks for it"] = await hovers_in_host(desk, folder, rounds * 10)
                await browser.close()
    sys.stdout.write("| wait | n | p50 | p95 | most |\n|---|---|---|---|---|\n")
    for name, values in rows.items():
        times = f"{at(values, 0.5):.0f} ms | {at(values, 0.95):.0f} ms | {max(values):.0f} ms"
        sys.stdout.write(f"| {name} | {len(values)} | {times} |\n")


async def measure(desk: Desk, folder: Path, ollama: FakeOllamaThread, rounds: int) -> Rows:
    """Measure everything that a window shows."""
    window = await desk.open(folder)
    await window.wait_until_indexed()
    await window.open_sidebar()
    await ask(window)
    asked = [await ask(window) for _ in range(rounds)]
    stopped = [await stop(window, ollama) for _ in range(rounds)]
    found = [await search(window) for _ in range(rounds)]
    await window.open_file(SERVICE, "delete_user")
    hovered = [await hover(window) for _ in range(rounds)]
    activated = [await activation(window) for _ in range(max(10, rounds // 2))]
    return {
        "Enter to list of what is read": [times["read"] for times in asked],
        "Enter to first text": [times["text"] for times in asked],
        "click on Stop to socket of the model closed": stopped,
        "key in search to first hits (150 ms of rest included)": found,
        "mouse to hover (100 ms of rest included)": hovered,
        "activation, as VS Code counts it": activated,
    }


async def ask(window: Window) -> dict[str, float]:
    """Return the milliseconds from Enter to the list of what is read and to the first text of the answer."""
    await new_conversation(window)
    sidebar = window.sidebar
    body = sidebar.frame.locator("body")
    await sidebar.question_box.fill(QUESTION)
    # The list folds when the answer begins, which may be in the same frame; its heading stays.
    looks = [["read", "[data-part='context'] summary", "Read"], ["text", "[data-part='answer']", ""]]
    await body.evaluate(WATCH, ["keydown", looks])
    await sidebar.question_box.press("Enter")
    await sidebar.turn(0).wait_until("done")
    return await seen(body, "read", "text")


async def stop(window: Window, ollama: FakeOllamaThread) -> float:
    """Return the milliseconds from the click on Stop to the model's socket being closed."""
    await new_conversation(window)
    gate = ollama.hold("chunk", MODEL, 1)
    sidebar = window.sidebar
    turn = await sidebar.ask(QUESTION)
    await asyncio.to_thread(gate.wait_until_reached, LONGEST_WAIT)
    body = sidebar.frame.locator("body")
    await body.evaluate(WATCH, ["click", []])
    before = len(ollama.cancelled)
    closing = asyncio.create_task(asyncio.to_thread(closed_at, ollama, before))
    await sidebar.stop_button.click()
    closed = await closing
    times = await body.evaluate(SEEN)
    await body.evaluate(FORGET)
    gate.release()
    await turn.wait_until("cancelled")
    return closed * 1000 - float(times["clock"])


def closed_at(ollama: FakeOllamaThread, before: int) -> float:
    """Return the time at which one more client than `before` has left."""
    while len(ollama.cancelled) == before:
        time.sleep(0.001)
    return time.time()


async def search(window: Window) -> float:
    """Return the milliseconds from the query standing in the box to the first hits."""
    await window.run_command("Firsthand: Search…")
    field = window.quick_input.locator("input[type=text]").first
    await expect(field).to_have_attribute("placeholder", "What are you looking for?")
    root = window.page.locator("body")
    await root.evaluate(WATCH, ["input", [["hits", ".quick-input-list .monaco-list-row", ".py"]]])
    await window.page.keyboard.insert_text(QUERY)
    await window.quick_input.locator(".monaco-list-row", has_text=".py").first.wait_for()
    times = await seen(root, "hits")
    await window.page.keyboard.press("Escape")
    await window.quick_input.wait_for(state="hidden")
    return times["hits"]


async def hover(window: Window) -> float:
    """Return the milliseconds from the mouse coming to rest on a name to its hover."""
    root = window.page.locator("body")
    await window.page.mouse.move(5, 5)
    await window.hover.wait_for(state="hidden")
    await root.evaluate(
        WATCH, ["mousemove", [["hover", ".monaco-hover .code-hover-contents", "delete_user"]]]
    )
    await window.point_at_caret()
    await expect(window.hover).to_contain_text("delete_user")
    return (await seen(root, "hover"))["hover"]


async def hovers_in_host(desk: Desk, folder: Path, rounds: int) -> list[float]:
    """Return the milliseconds of hovers that are asked for inside the extension host, one after the other."""
    script = folder.parent / "hovers.js"
    script.write_text(HOVERS % {"file": SERVICE, "rounds": rounds}, "utf-8")
    code, output = await desk.run_in_host(folder, script)
    found = re.search(r"^HOVERS (.*)$", output, re.MULTILINE)
    if code or found is None:
        raise RuntimeError(output)
    times: list[float] = json.loads(found[1])
    return times


async def activation(window: Window) -> float:
    """Reload the window; return the milliseconds that VS Code counts for reading and activating the extension."""
    await window.reload()
    await window.status_item.wait_for()
    await window.run_command("Developer: Show Running Extensions")
    row = window.page.locator(".runtime-extensions-editor .extension", has_text="firsthand").first
    time_shown = row.locator(".activation-time")
    await expect(time_shown).to_contain_text(re.compile(r"\d+ ?ms"))
    found = re.search(r"(\d+) ?ms", await time_shown.inner_text())
    assert found is not None
    return float(found[1])


async def new_conversation(window: Window) -> None:
    """Begin anew, so that every question has the same prompt."""
    if await window.sidebar.turns.count():
        await window.page.get_by_role("button", name="New Conversation").click()
        await expect(window.sidebar.turns).to_have_count(0)


async def seen(root: Locator, *names: str) -> dict[str, float]:
    """Return what was noted once all of it is drawn."""
    async with asyncio.timeout(LONGEST_WAIT):
        while True:
            times: dict[str, Any] = await root.evaluate(SEEN)
            if all(times.get(name) is not None for name in names):
                await root.evaluate(FORGET)
                return times
            await asyncio.sleep(0.02)


def workspace(home: Path) -> Path:
    """Return a git repository with the small workspace of the tests."""
    root = home / "accounts"
    shutil.copytree(TESTS / "workspaces" / "accounts", root)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def at(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
