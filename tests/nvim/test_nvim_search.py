"""Searching in Neovim: a menu or the quickfix list, and words that say where to look."""

import pytest
from neovim_process import Neovim
from neovim_session import until_answered

from fake_ollama.server import FakeOllamaThread

REMEMBER_MENU = """
_G.menu = nil
vim.ui.select = function(items, options, choose)
  _G.prompt = options.prompt
  _G.menu = vim.tbl_map(options.format_item or tostring, items)
  _G.choose = function(index) choose(items[index], index) end
end
"""


def test_a_place_is_chosen_from_a_menu(desk: Neovim) -> None:
    """`search` offers places with their reasons; the one that is chosen opens."""
    desk.lua(REMEMBER_MENU)

    desk.type(":Firsthand search weak passwords<CR>")
    menu = desk.wait("_G.menu")
    wanted = next(index for index, label in enumerate(menu, 1) if label.startswith("accounts/passwords.py"))
    desk.lua("_G.choose(...)", wanted)

    assert "—" in menu[0]
    assert desk.wait("vim.fn.expand('%:t') == 'passwords.py'")


def test_a_bang_fills_the_quickfix_list(desk: Neovim) -> None:
    """`:Firsthand! search` opens the places as a quickfix list."""
    desk.type(":Firsthand! search user deletion<CR>")
    desk.wait("vim.bo.buftype == 'quickfix'")

    names = desk.lua(
        "return vim.tbl_map(function(item) return vim.fs.basename(vim.fn.bufname(item.bufnr)) end, vim.fn.getqflist())"
    )
    assert "service.py" in names
    assert desk.lua("return vim.fn.getqflist({ title = true }).title") == "Firsthand: user deletion"


def test_without_a_query_the_selection_is_searched(desk: Neovim) -> None:
    """What is selected is what is looked for."""
    desk.lua(REMEMBER_MENU)

    desk.type("/WeakPasswordError<CR>viw:Firsthand search<CR>")

    assert any(label.startswith("accounts/errors.py") for label in desk.wait("_G.menu"))


def test_a_scope_limits_where_to_look(desk: Neovim) -> None:
    """`in=` and `tests=` before the words limit the search."""
    desk.type(":Firsthand! search in=docs deletion<CR>")
    desk.wait("vim.bo.buftype == 'quickfix'")
    in_docs = listed(desk)
    desk.type(":cclose<CR>:Firsthand! search tests=yes deletion<CR>")
    desk.wait("vim.bo.buftype == 'quickfix'")
    tests = listed(desk)

    assert in_docs
    assert all("/docs/" in name for name in in_docs)
    assert tests
    assert all("/tests/" in name for name in tests)


def test_filters_in_the_words_are_said(desk: Neovim) -> None:
    """What the server took for a filter stands in the menu's prompt, and limits what is in it."""
    desk.lua(REMEMBER_MENU)

    desk.type(":Firsthand search deletion path:docs/ lang:markdown<CR>")

    assert all(label.startswith("docs/") for label in desk.wait("_G.menu"))
    assert "(path: docs/; language: markdown)" in desk.lua("return _G.prompt")


def test_a_scope_limits_what_is_read(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """A question with a scope is answered from there only."""
    desk.type(":Firsthand ask in=docs tests=no How is a user deleted?<CR>")
    text = until_answered(desk)

    assert text.startswith("# How is a user deleted?")
    read = [line for line in text.splitlines() if line.startswith("- ")]
    assert read
    assert all(line.startswith("- docs/") for line in read)


def test_a_wrong_scope_is_explained(desk: Neovim) -> None:
    """A scope word with a value that does not exist asks nothing and says what it takes."""
    desk.type(":Firsthand ask tests=maybe How?<CR>")

    desk.wait("vim.fn.execute('messages'):find('tests= takes yes')")
    assert desk.lua("return vim.bo.filetype") == "python"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Firsthand se", ["search"]),
        ("Firsthand re", ["reindex", "restart", "resume"]),
        ("Firsthand! sea", ["search"]),
        ("Firsthand ask te", ["tests="]),
        ("Firsthand ask tests=", ["tests=yes", "tests=no"]),
        ("Firsthand ask lang=p", ["lang=python"]),
        ("Firsthand search in=acc", ["in=accounts/"]),
        ("Firsthand status ", []),
    ],
)
def test_the_command_line_is_completed(line: str, expected: list[str], desk: Neovim) -> None:
    """Subcommands and scope words are completed, languages are those of the folder."""
    desk.lua("vim.cmd.cd(vim.fs.root(0, '.git'))")

    assert desk.lua("return vim.fn.getcompletion(..., 'cmdline')", line) == expected


def test_an_unknown_subcommand_names_those_there_are(desk: Neovim) -> None:
    """A typing error is answered by the list of subcommands."""
    desk.type(":Firsthand serach x<CR>")

    desk.wait("vim.fn.execute('messages'):find('is no subcommand; there are ask, chat')")


def test_a_hover_needs_no_command(desk: Neovim) -> None:
    """`K` shows signature, documentation and callers from the server."""
    desk.type("/delete_user(self<CR>K")

    float_text = desk.wait(
        """(function()
          for _, window in ipairs(vim.api.nvim_list_wins()) do
            if vim.api.nvim_win_get_config(window).relative ~= '' then
              return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\\n')
            end
          end
        end)()"""
    )
    assert "def delete_user(self, user_id: int) -> None" in float_text
    assert "accounts/api.py" in float_text


def listed(neovim: Neovim) -> list[str]:
    """The files of the quickfix list."""
    return neovim.lua(
        "return vim.tbl_map(function(item) return vim.fn.bufname(item.bufnr) end, vim.fn.getqflist())"
    )
