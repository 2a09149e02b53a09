"""Where a user sits: one browser profile, the settings, and the windows that were opened."""

import asyncio
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext

from vscode.code_server import LONGEST_WAIT, CodeServer
from vscode.window import Window

# Each test in the extension host has a limit of its own; this one is for an editor that never comes to them.
_LONGEST_RUN = 5 * LONGEST_WAIT
FIRSTHAND = Path(sys.executable).parent / "firsthand"


class Desk:
    """Opens windows with the settings as they are at that moment."""

    def __init__(
        self, browser: Browser, server: CodeServer, settings: dict[str, Any], screenshots: Path
    ) -> None:
        self.settings = settings
        """The user's settings for every window that is opened from now on."""
        self.windows: list[Window] = []
        self._browser = browser
        self._server = server
        self._screenshots = screenshots
        self._context: BrowserContext | None = None

    async def __aenter__(self) -> Self:
        self._context = await self._browser.new_context(viewport={"width": 1280, "height": 800})
        self._context.set_default_timeout(LONGEST_WAIT * 1000)
        await self._context.grant_permissions(["clipboard-read", "clipboard-write"])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._context is not None
        await self._context.close()
        # The next test counts servers, and this one's would take its time from it.
        await asyncio.to_thread(self.wait_for_no_language_server)

    async def open(self, folder: Path) -> Window:
        """Open a window on a folder, or on a `.code-workspace` file."""
        assert self._context is not None
        self.use(self.settings)
        window = Window(await self._context.new_page(), self._server, self._screenshots)
        self.windows.append(window)
        await window.open(folder)
        return window

    async def run_in_host(self, folder: Path, tests: Path) -> tuple[int, str]:
        """Run a module's `run` in the extension host of a window on a folder; returns its exit code and its output."""
        assert self._context is not None
        self.use(self.settings)
        page = await self._context.new_page()
        lines: list[str] = []
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        await page.expose_function("codeAutomationLog", lambda kind, words: lines.append(_formatted(words)))
        await page.expose_function("codeAutomationExit", lambda code: ended.set_result(code))
        payload = {
            "extensionDevelopmentPath": self._server.remote_uri(self._server.installed_extension),
            "extensionTestsPath": self._server.remote_uri(tests),
            "skipWelcome": "true",
        }
        await page.goto(self._server.url_of(folder, payload), wait_until="domcontentloaded")
        async with asyncio.timeout(_LONGEST_RUN):
            return await ended, "\n".join(lines)

    def use(self, settings: dict[str, Any]) -> None:
        """Write these settings, for windows that are open too."""
        self.settings = settings
        self._server.use_settings(settings)

    def language_servers(self) -> Sequence[int]:
        """Return the process ids of the language servers that the windows of this editor run."""
        return self._server.processes("/firsthand serve")

    def wait_for_no_language_server(self) -> None:
        """Return once every language server has ended."""
        deadline = time.monotonic() + LONGEST_WAIT
        while running := self.language_servers():
            if time.monotonic() > deadline:
                raise TimeoutError(f"language servers still run: {running}")
            time.sleep(0.1)

    async def photograph(self, name: str) -> None:
        """Keep a picture of every window, and what the extension logged."""
        for number, window in enumerate(self.windows, 1):
            await window.screenshot(f"{name}-{number}")
        log = self._screenshots / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(self._server.extension_logs, "utf-8")


def _formatted(words: Sequence[Any]) -> str:
    """Write the arguments of a `console.log` as the console does: the first may have places for the others."""
    text, rest = str(words[0]) if words else "", list(words[1:])
    while rest and (place := re.search(r"%[sd]", text)):
        text = text[: place.start()] + str(rest.pop(0)) + text[place.end() :]
    return " ".join([text, *map(str, rest)])
