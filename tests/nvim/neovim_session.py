"""What a user of the plugin does again and again, and where its parts lie."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from neovim_process import Neovim

PLUGIN = Path(__file__).parents[2] / "clients" / "nvim"
SERVER = Path(sys.executable).parent / "firsthand"

StartNeovim = Callable[..., Neovim]


def configured(
    home: Path,
    cache: Path,
    *files: Path,
    endpoint: str = "",
    options: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    lua: str = "",
) -> Neovim:
    """Start an editor whose configuration enables Firsthand."""
    install_plugin(home)
    given = {
        "server": str(SERVER),
        "settings": {"endpoint": endpoint, "cacheDir": str(cache), **(settings or {})},
        **(options or {}),
    }
    folder = home / "config" / "nvim"
    folder.mkdir(parents=True)
    (folder / "init.lua").write_text(
        f"vim.g.firsthand = vim.json.decode([==[{json.dumps(given)}]==])\n{lua}\nvim.lsp.enable('firsthand')\n"
    )
    return Neovim(home, files)


def install_plugin(home: Path) -> None:
    """Put the plugin where Neovim's built-in packages are."""
    package = home / "data" / "nvim" / "site" / "pack" / "firsthand" / "start" / "firsthand"
    package.parent.mkdir(parents=True)
    package.symlink_to(PLUGIN)


def reset(editor: Neovim) -> None:
    """Leave one window with the file that the editor was started with, as it is on disk, and no conversation."""
    editor.type("<C-\\><C-n>")
    editor.lua(
        """
        vim.cmd('silent! tabonly! | silent! only!')
        vim.wo.winfixbuf = false
        vim.cmd('silent buffer! 1 | silent edit! | messages clear')
        vim.api.nvim_win_set_cursor(0, { 1, 0 })
        for _, conversation in ipairs(require('firsthand.conversation').all()) do
          vim.api.nvim_buf_delete(conversation.buffer, { force = true })
        end
        """
    )
    editor.wait("vim.fn.maparg('K', 'n') ~= ''")


def until_indexed(editor: Neovim) -> None:
    """Wait until the server of the current buffer has every file in its index."""
    editor.wait(
        """(function()
          local status = require('firsthand').status()
          local folder = status and status.folders[1]
          local rests = { 'idle', 'following' }
          return folder and folder.files.done > 0 and vim.list_contains(rests, folder.indexing.stage)
        end)()"""
    )


def ask(editor: Neovim, question: str) -> str:
    """Type a question and return what the window for answers shows when the answer is complete."""
    editor.type(f":Firsthand ask {question}<CR>")
    return until_answered(editor)


def until_answered(editor: Neovim) -> str:
    """Return what the current conversation shows when its last answer has ended."""
    editor.wait("vim.bo.filetype == 'firsthand' and vim.wo.winbar:find('g?', 1, true)")
    return editor.text()


def until_line(editor: Neovim, beginning: str) -> str:
    """Put the cursor on the first line that begins like this, as soon as there is one, and return the line."""
    editor.wait(
        """(function(beginning)
          for number, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
            if vim.startswith(line, beginning) then
              vim.api.nvim_win_set_cursor(0, { number, 0 })
              return true
            end
          end
        end)(...)""",
        beginning,
    )
    return str(editor.call("nvim_get_current_line"))


def highlighted(neovim: Neovim) -> list[int]:
    """The highlighted lines of the current buffer, from 1."""
    return neovim.lua(
        """
        local space = vim.api.nvim_create_namespace('firsthand.jump')
        return vim.tbl_map(function(mark) return mark[2] + 1 end,
          vim.api.nvim_buf_get_extmarks(0, space, 0, -1, {}))
        """
    )
