"""Measure what a user of the Neovim plugin waits for, beyond the model's own time: the fake Ollama answers at once.

Run by hand: `python tests/bench/neovim_waits.py [ROUNDS]`.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "nvim")]

from neovim_process import Neovim  # noqa: E402
from neovim_session import configured, reset, until_answered, until_indexed  # noqa: E402

from fake_ollama.server import FakeOllamaThread  # noqa: E402

QUESTION = "How does user deletion work?"
MODEL = "qwen2.5-coder:7b"
# Notes, inside Neovim, when each kind of news arrives first, in milliseconds of one clock.
WATCH = """
local requests, exact = require('firsthand.requests'), vim.uv.hrtime
_G.seen = {}
local start, heard = requests.start, requests.heard
requests.start = function(...) _G.seen = { pressed = exact() } return start(...) end
requests.heard = function(failure, update, ...)
  _G.seen[update.kind] = _G.seen[update.kind] or exact()
  return heard(failure, update, ...)
end
"""
HOVER = """
local client = vim.lsp.get_clients({ bufnr = 0, name = 'firsthand' })[1]
local began = vim.uv.hrtime()
client:request_sync('textDocument/hover', vim.lsp.util.make_position_params(0, client.offset_encoding), 10000, 0)
return (vim.uv.hrtime() - began) / 1e6
"""


def main(rounds: int) -> None:
    """Measure each wait so many times and print a table."""
    with tempfile.TemporaryDirectory() as folder, FakeOllamaThread() as ollama:
        root = Path(folder) / "accounts"
        shutil.copytree(TESTS / "workspaces" / "accounts", root)
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        file = root / "accounts" / "service.py"
        home, cache = Path(folder) / "home", Path(folder) / "cache"
        with configured(home, cache, file, endpoint=ollama.url) as neovim:
            until_indexed(neovim)
            neovim.lua(WATCH)
            asked = [ask(neovim) for _ in range(rounds)]
            hovered = [hover(neovim) for _ in range(rounds * 10)]
        stopped = [stop(Path(folder) / f"stop{index}", file, cache) for index in range(max(1, rounds // 5))]
    rows = {
        "keypress to hit list": [hits for hits, _ in asked],
        "keypress to first text": [text for _, text in asked],
        "hover without a model": hovered,
        "stop to socket closed": stopped,
    }
    sys.stdout.write("| wait | p50 | p95 | most |\n|---|---|---|---|\n")
    for name, values in rows.items():
        sys.stdout.write(
            f"| {name} | {at(values, 0.5):.0f} ms | {at(values, 0.95):.0f} ms | {max(values):.0f} ms |\n"
        )


def ask(neovim: Neovim) -> tuple[float, float]:
    """Return the milliseconds from the request to the list of what is read and to the first text."""
    reset(neovim)
    neovim.type(f":Firsthand ask {QUESTION}<CR>")
    until_answered(neovim)
    seen = neovim.lua("return _G.seen")
    return (seen["context"] - seen["pressed"]) / 1e6, (seen["delta"] - seen["pressed"]) / 1e6


def hover(neovim: Neovim) -> float:
    """Return the milliseconds of one hover, of another definition each time."""
    reset_cursor = "vim.fn.search([[\\<def\\s\\+\\zs]], 'w')"
    neovim.lua(f"if vim.bo.filetype ~= 'python' then vim.cmd('wincmd p') end {reset_cursor}")
    return float(neovim.lua(HOVER))


def stop(home: Path, file: Path, cache: Path) -> float:
    """Return the milliseconds from Control-C to the model's socket being closed."""
    with FakeOllamaThread() as ollama, configured(home, cache, file, endpoint=ollama.url) as neovim:
        until_indexed(neovim)
        gate = ollama.hold("chunk", MODEL, 1)
        neovim.type(f":Firsthand ask {QUESTION}<CR>")
        gate.wait_until_reached()
        began = time.perf_counter()
        neovim.type("<C-c>")
        ollama.wait_for_cancellation()
        return (time.perf_counter() - began) * 1000


def at(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
