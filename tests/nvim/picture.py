"""Draw the picture of the README: a question in a real Neovim in a real terminal, as an SVG.

Run by hand: `python tests/nvim/picture.py FILE.svg`; needs tmux.
"""

import io
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS)]

from neovim_process import NEOVIM  # noqa: E402
from neovim_session import SERVER, install_plugin  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.terminal_theme import DIMMED_MONOKAI, TerminalTheme  # noqa: E402
from rich.text import Text  # noqa: E402

from fake_ollama.server import FakeOllamaThread  # noqa: E402

COLUMNS, LINES = 150, 34
PATIENCE_SECONDS = 60
# Neovim's own colours for what it leaves to the terminal.
THEME = TerminalTheme(
    (20, 22, 27), (224, 226, 234), [tuple(color) for color in DIMMED_MONOKAI.ansi_colors._colors]
)
QUESTION = "What happens to teams when a user is deleted?"
ANSWER = (
    "`UserService.delete_user` refuses to go on when the user is the only owner of a team that has other members: "
    "it raises `LastOwnerError` [1].\n\n"
    "Otherwise the user is taken out of `member_ids` and `owner_ids` of each team, "
    "and a team whose last member leaves is archived: `team.archived = not team.member_ids` [1]. "
    "The row of the user stays for the retention period, with `deleted_at` set by the clock [1]."
)
INIT = """
vim.o.termguicolors = true
vim.o.hlsearch = false
vim.o.laststatus = 3
vim.o.ruler = false
vim.o.showcmd = false
vim.o.statusline = " %t%=%{v:lua.require'firsthand'.statusline()} "
vim.g.firsthand = vim.json.decode([==[OPTIONS]==])
vim.lsp.enable('firsthand')
"""


class Terminal:
    """A tmux session of its own with one program in it."""

    def __init__(self, *command: str) -> None:
        self._tmux = ["tmux", "-L", f"picture-{time.monotonic_ns()}", "-f", "/dev/null"]
        size = ["-x", str(COLUMNS), "-y", str(LINES)]
        subprocess.run([*self._tmux, "new-session", "-d", *size, *command], check=True)
        self._run("set-option", "-ga", "terminal-overrides", ",*:Tc")
        self._run("set-option", "-g", "status", "off")

    def type(self, *keys: str) -> None:
        """Press keys."""
        self._run("send-keys", *keys)

    def screen(self, *options: str) -> str:
        """What is shown."""
        return self._run("capture-pane", "-p", *options)

    def until(self, is_there: Callable[[str], bool]) -> None:
        """Wait until the screen shows something."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_there(self.screen()):
            if time.monotonic() > deadline:
                raise TimeoutError(self.screen())
            time.sleep(0.1)

    def close(self) -> None:
        """End the program."""
        self._run("kill-server")

    def _run(self, *arguments: str) -> str:
        return subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True).stdout


def main(picture: Path) -> None:
    """Ask in a terminal and draw what it shows."""
    with tempfile.TemporaryDirectory() as folder, FakeOllamaThread() as ollama:
        root, home = Path(folder) / "accounts", Path(folder) / "home"
        shutil.copytree(TESTS / "workspaces" / "accounts", root)
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        install_plugin(home)
        configuration = home / "config" / "nvim"
        configuration.mkdir(parents=True)
        options = {
            "server": str(SERVER),
            "settings": {"endpoint": ollama.url, "cacheDir": str(Path(folder) / "cache")},
            "window": {"size": 0.42},
        }
        (configuration / "init.lua").write_text(INIT.replace("OPTIONS", json.dumps(options)))
        folders = [f"XDG_{name}_HOME={home / name.lower()}" for name in ("CONFIG", "DATA", "STATE", "CACHE")]
        command = ["env", *folders, "COLORTERM=truecolor", str(NEOVIM), str(root / "accounts" / "service.py")]
        terminal = Terminal(*command)
        try:
            draw(terminal, ollama, picture)
        finally:
            terminal.close()


def draw(terminal: Terminal, ollama: FakeOllamaThread, picture: Path) -> None:
    """Ask, wait for the answer, open its first source, and save what is seen."""
    terminal.until(lambda screen: "✓ qwen2.5-coder" in screen)
    ollama.script(ANSWER)
    terminal.type(f":Firsthand ask {QUESTION}", "Enter")
    terminal.until(lambda screen: "Sources" in screen and "g? keys" in screen)
    terminal.type("/Sources", "Enter", "j", "Enter")
    terminal.until(lambda screen: "g? keys" in screen and "def delete_user" in screen)
    terminal.type(":echo", "Enter")
    terminal.until(lambda screen: "/Sources" not in screen)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in terminal.screen("-e").rstrip("\n").split("\n"):
        console.print(Text.from_ansi(line), no_wrap=True, overflow="crop", soft_wrap=False)
    picture.write_text(console.export_svg(title="Neovim", theme=THEME), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
