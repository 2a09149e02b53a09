"""Edits in Neovim: shown as a diff first, applied when the user says so, undone by undo."""

from pathlib import Path

from neovim_process import Neovim
from neovim_session import StartNeovim, until_answered, until_indexed

from fake_ollama.server import FakeOllamaThread

TEST = "def test_closing_twice_is_refused(service):\n    assert service is not None"
PREVIEW = "vim.wo.diff and vim.wo.winbar:find('Proposed')"


def menu(choice: str) -> str:
    """Lua that picks an entry of the next menu by its words."""
    return f"""
    vim.ui.select = function(items, options, choose)
      for index, item in ipairs(items) do
        if options.format_item(item):find('{choice}', 1, true) then return choose(item, index) end
      end
    end
    """


def test_a_generated_test_is_looked_at_then_applied(
    neovim: Neovim, root: Path, ollama: FakeOllamaThread
) -> None:
    """From the menu of code actions: the test streams, its diff opens, Enter applies it, undo takes it back."""
    ollama.script(f"```python\n{TEST}\n```")
    test_file = root / "tests" / "test_service.py"
    before = test_file.read_text()
    neovim.lua(menu("Generate test"))

    neovim.type("/def delete_user<CR>gra")
    neovim.wait(PREVIEW)
    proposed = neovim.text()
    untouched = test_file.read_text()
    neovim.type("<CR>")
    neovim.wait("vim.fn.expand('%:t') == 'test_service.py'")
    applied = neovim.text()
    neovim.type(":write<CR>")
    neovim.wait("not vim.bo.modified")
    written = test_file.read_text()
    neovim.type("u:write<CR>")
    neovim.wait(
        "vim.fn.readfile(...)[1] and not vim.bo.modified and vim.fn.undotree().seq_cur == 0", str(test_file)
    )

    assert TEST in proposed
    assert untouched == before
    assert TEST in applied
    assert TEST in written
    assert neovim.lua("return #vim.api.nvim_list_tabpages()") == 1
    assert test_file.read_text() == before


def test_a_discarded_test_changes_nothing(neovim: Neovim, root: Path, ollama: FakeOllamaThread) -> None:
    """`q` in the diff closes it, and no buffer and no file is another one than before."""
    ollama.script(f"```python\n{TEST}\n```")
    before = (root / "tests" / "test_service.py").read_text()

    neovim.type("/def delete_user<CR>:Firsthand test<CR>")
    neovim.wait(PREVIEW)
    neovim.type("q")
    neovim.wait("#vim.api.nvim_list_tabpages() == 1")

    assert (root / "tests" / "test_service.py").read_text() == before
    assert modified_buffers(neovim) == []
    assert TEST in until_answered(neovim)


def test_closing_the_diff_discards_too(neovim: Neovim, ollama: FakeOllamaThread) -> None:
    """A user who closes the tab page has said no."""
    ollama.script(f"```python\n{TEST}\n```")
    neovim.type("/def delete_user<CR>:Firsthand test<CR>")
    neovim.wait(PREVIEW)

    neovim.type(":tabclose<CR>")

    neovim.wait("#vim.api.nvim_list_tabpages() == 1")
    assert modified_buffers(neovim) == []


def test_an_edit_for_another_text_is_refused(neovim: Neovim, root: Path, ollama: FakeOllamaThread) -> None:
    """When the test file changes while its diff is open, Enter applies nothing and says why."""
    ollama.script(f"```python\n{TEST}\n```")
    neovim.type("/def delete_user<CR>:Firsthand test<CR>")
    neovim.wait(PREVIEW)
    neovim.lua(
        "vim.api.nvim_buf_set_lines(vim.fn.bufnr('test_service.py'), 0, 0, false, { '# somebody else was here' })"
    )

    neovim.type("<CR>")

    neovim.wait("#vim.api.nvim_list_tabpages() == 1")
    assert "test_service.py changed after this edit was made for it; ask again." in neovim.messages()
    assert TEST not in buffer_text(neovim, "test_service.py")


def test_a_new_test_file_is_made_when_it_is_accepted(
    start_neovim: StartNeovim, root: Path, ollama: FakeOllamaThread
) -> None:
    """A test that needs a file of its own creates it on Enter, not before."""
    ollama.script(
        "```python\nfrom accounts.passwords import is_strong\n\n\ndef test_it():\n    assert not is_strong('a')\n```"
    )
    neovim = start_neovim(root / "accounts" / "passwords.py", endpoint=ollama.url)
    until_indexed(neovim)

    neovim.type("/def is_strong<CR>:Firsthand test<CR>")
    neovim.wait(PREVIEW)
    before = [path.name for path in (root / "tests").iterdir()]
    neovim.type("<CR>")
    neovim.wait("vim.fn.expand('%:t') == 'test_passwords.py'")

    assert "test_passwords.py" not in before
    assert "def test_it" in neovim.text()


def test_documentation_is_looked_at_too(neovim: Neovim, root: Path, ollama: FakeOllamaThread) -> None:
    """`document` goes through the server's own command, and its edit is shown as a diff like every other."""
    ollama.script('```python\n"""Return the user, who must exist."""\n```')

    neovim.type("/def get_user<CR>:Firsthand document<CR>")
    neovim.wait(PREVIEW)
    untouched = buffer_text(neovim, "service.py")
    neovim.type("<CR>")
    neovim.wait("vim.fn.expand('%:t') == 'service.py' and vim.bo.modified")

    assert "Return the user, who must exist." not in untouched
    assert "Return the user, who must exist." in neovim.text()


def test_code_actions_answer_in_the_window(neovim: Neovim, ollama: FakeOllamaThread) -> None:
    """\"Ask about this\" in the built-in menu asks for the question and streams like `:Firsthand ask`."""
    ollama.script("It is called by `delete_account`.")
    neovim.lua(menu("Ask about this"))
    neovim.lua("vim.ui.input = function(_, answer) answer('Who calls it?') end")

    neovim.type("/def delete_user<CR>gra")

    assert "It is called by" in until_answered(neovim)


def modified_buffers(neovim: Neovim) -> list[str]:
    """The names of buffers with unsaved changes."""
    return neovim.lua(
        "return vim.iter(vim.api.nvim_list_bufs()):filter(function(b) return vim.bo[b].modified "
        "and vim.bo[b].buftype == '' end):map(vim.api.nvim_buf_get_name):totable()"
    )


def buffer_text(neovim: Neovim, name: str) -> str:
    """The text of a buffer that need not be shown."""
    return neovim.lua(
        "return table.concat(vim.api.nvim_buf_get_lines(vim.fn.bufnr(...), 0, -1, false), '\\n')", name
    )
