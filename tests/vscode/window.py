"""A window of VS Code as its user handles it: files, keys, the palette, the status bar, notifications, the sidebar."""

import re
from pathlib import Path

from playwright.async_api import Locator, Page, TimeoutError, expect

from vscode.code_server import LONGEST_WAIT, CodeServer
from vscode.sidebar_view import SidebarView

_INDEXED = re.compile(r"\d+ files, [1-9]\d* chunks(?! searchable)")
# How often the page of a workspace file is loaded anew until its folders are there.
_LOADINGS = 4
_SELECTION = re.compile(r"Ln (\d+), Col (\d+)(?: \((\d+) selected\))?")


class Window:
    """One page of the browser with VS Code in it."""

    def __init__(self, page: Page, server: CodeServer, screenshots: Path) -> None:
        self.page = page
        self.sidebar = SidebarView(page)
        self.folder = Path()
        self._server = server
        self._screenshots = screenshots

    # --- the window itself

    async def open(self, folder: Path) -> None:
        """Open a folder, or a `.code-workspace` file."""
        self.folder = folder
        await self.page.goto(self._server.url_of(folder), wait_until="domcontentloaded")
        await self.page.locator(".monaco-workbench").wait_for()
        await self.page.locator("#workbench\\.parts\\.statusbar").wait_for()
        if folder.suffix == ".code-workspace":
            await self._reload_until_folders_are_shown()

    async def _reload_until_folders_are_shown(self) -> None:
        # A busy VS Code can miss what it reads from a workspace file that is new to it: its own explorer
        # then says "No folder opened" until the page is loaded again.
        first = self.page.locator(".explorer-folders-view .monaco-list-row").first
        for _ in range(_LOADINGS):
            try:
                await first.wait_for(timeout=LONGEST_WAIT / _LOADINGS * 1000)
                return
            except TimeoutError:
                await self.page.reload(wait_until="domcontentloaded")
        await first.wait_for()

    async def reload(self) -> None:
        """Reload the window by its command, which lets the editor write down what it has to remember."""
        async with self.page.expect_event("domcontentloaded"):
            await self.run_command("Developer: Reload Window")
        await self.page.locator(".monaco-workbench").wait_for()

    async def screenshot(self, name: str) -> Path:
        """Keep a picture of the window."""
        path = self._screenshots / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=path)
        return path

    async def open_sidebar(self) -> SidebarView:
        """Click Firsthand in the activity bar."""
        await self.page.get_by_role("tab", name="Firsthand").locator("a").click()
        await self.sidebar.wait_until_ready()
        return self.sidebar

    # --- files

    async def open_file(self, path: str, at: str = "") -> None:
        """Open a file of the folder by its path, with the caret before the first occurrence of `at`."""
        before = (self.folder / path).read_text("utf-8").partition(at)[0] if at else ""
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        name = path.rsplit("/", 1)[-1]
        quick = await self._quick_input("Control+P", f"{self.folder / path}:{line}:{column}")
        await quick.locator(".monaco-list-row", has_text=name).first.wait_for()
        await self.page.keyboard.press("Enter")
        await quick.wait_for(state="hidden")
        await expect(self.active_tab).to_have_attribute("data-resource-name", name)
        await self.page.locator(".editor-group-container.active .view-line").first.wait_for()
        await expect(self.page.locator("#status\\.editor\\.selection")).to_contain_text(
            f"Ln {line}, Col {column}"
        )

    @property
    def active_tab(self) -> Locator:
        """The tab of the editor that has the focus."""
        return self.page.locator(".editor-group-container.active .tab.active")

    @property
    def editor(self) -> Locator:
        """The lines that the active editor shows."""
        return self.page.locator(".editor-group-container.active .view-lines").last

    async def text(self) -> str:
        """What the active editor shows, as text."""
        # Lines stand in the document in the order in which they were drawn.
        lines = await self.editor.locator(".view-line").evaluate_all(
            "lines => lines.map(line => [parseInt(line.style.top), line.textContent])"
        )
        return plain("\n".join(text for _, text in sorted(lines)))

    async def selection(self) -> tuple[int, int, int]:
        """Line, column and number of selected characters, as the status bar says them."""
        shown = plain(await self.page.locator("#status\\.editor\\.selection").inner_text())
        found = _SELECTION.search(shown)
        assert found, f"the status bar says no place: {shown!r}"
        return int(found[1]), int(found[2]), int(found[3] or 0)

    async def focus_editor(self) -> None:
        """Put the focus into the active editor, without moving its caret."""
        await self.run_command("View: Focus Active Editor Group")

    async def save(self) -> None:
        """Save the active editor."""
        await self.page.keyboard.press("Control+S")
        await expect(self.page.locator(".editor-group-container.active .tab.active.dirty")).to_have_count(0)

    async def point_at_caret(self) -> None:
        """Rest the mouse on the character behind the caret."""
        caret = await self.page.locator(
            ".editor-group-container.active .cursors-layer .cursor"
        ).first.bounding_box()
        assert caret is not None
        await self.page.mouse.move(caret["x"] + 60, caret["y"] + 40)
        await self.page.mouse.move(caret["x"] + 8, caret["y"] + caret["height"] / 2, steps=4)

    async def code_actions(self) -> list[str]:
        """Open the menu of code actions at the caret; returns their titles, sorted."""
        await self.page.keyboard.press("Control+.")
        await self._code_action_rows.first.wait_for()
        return sorted(plain(title) for title in await self._code_action_rows.all_inner_texts())

    async def choose_code_action(self, title: str) -> None:
        """Choose from the menu of code actions that is open."""
        row = self._code_action_rows.filter(has_text=title)
        # The menu takes clicks once the mouse has moved, so that the click that opened it does not choose as well.
        await row.hover(force=True)
        await row.click()

    @property
    def _code_action_rows(self) -> Locator:
        return self.page.locator(".action-widget .monaco-list-row.action")

    @property
    def difference(self) -> Locator:
        """The right side of the difference that is shown."""
        return self.page.locator(
            ".editor-group-container.active .monaco-diff-editor .editor.modified .view-lines"
        )

    async def press_editor_action(self, title: str) -> None:
        """Press a button in the title bar of the active editor."""
        await self.page.locator(".editor-group-container.active .editor-actions").get_by_label(title).click()

    # --- commands

    async def run_command(self, title: str) -> None:
        """Run a command by its title in the palette."""
        quick = await self._quick_input("F1", f">{title.removesuffix('…')}")
        row = quick.locator(".monaco-list-row").filter(has=self.page.get_by_text(title, exact=True)).first
        await row.click()

    async def open_walkthrough(self, title: str) -> None:
        """Open a walkthrough by its title."""
        await self.run_command("Welcome: Open Walkthrough...")
        await self.pick(title)
        await self.page.locator(".getting-started-step").first.wait_for()

    async def pick(self, words: str) -> None:
        """Choose an entry of the list that is open."""
        field = self.quick_input.locator("input[type=text]").first
        await field.wait_for()
        await field.fill(words)
        await self.quick_input.locator(".monaco-list-row", has_text=words).first.click()

    async def answer_prompt(self, words: str) -> None:
        """Write into the input box that is open, and accept."""
        field = self.quick_input.locator("input[type=text]").first
        await field.wait_for()
        await field.fill(words)
        await field.press("Enter")

    @property
    def quick_input(self) -> Locator:
        """The box of the palette, of pickers and of prompts."""
        return self.page.locator(".quick-input-widget")

    async def _quick_input(self, key: str, words: str) -> Locator:
        field = self.quick_input.locator("input[type=text]").first
        await self.page.keyboard.press(key)
        await field.wait_for()
        await field.fill(words)
        return self.quick_input

    # --- what the window says

    @property
    def status_item(self) -> Locator:
        """The extension's item in the status bar."""
        return self.page.locator(".statusbar-item[id^='firsthand.firsthand']")

    async def wait_until_indexed(self) -> None:
        """Return once the status bar says that the index is complete."""
        await expect(self.status_item).to_have_attribute("aria-label", _INDEXED)

    def notification(self, words: str | re.Pattern[str]) -> Locator:
        """A notification that says these words."""
        return self.page.locator(".notification-toast", has_text=words)

    async def press_button(self, notification: Locator, title: str) -> None:
        """Press a button of a notification."""
        await notification.get_by_role("button", name=title).click()

    @property
    def hover(self) -> Locator:
        """The hover that is open."""
        return self.page.locator(".monaco-hover:visible .code-hover-contents").first

    @property
    def dialog(self) -> Locator:
        """The modal dialog that is open."""
        return self.page.locator(".monaco-dialog-box")


def plain(text: str) -> str:
    """Write the spaces that editors draw as spaces."""
    return text.replace("\u00a0", " ").replace("\u200b", "")
