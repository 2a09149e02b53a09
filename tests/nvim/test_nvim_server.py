"""The server in Neovim: found, started, watched, restarted; and what is said when something is missing."""

import os
import signal
from pathlib import Path

from neovim_process import Neovim
from neovim_session import StartNeovim, ask, until_answered, until_indexed

from fake_ollama.models import embedder
from fake_ollama.server import FakeOllamaThread

QUESTION = "How does user deletion work?"
ANSWER = "Sessions are revoked with `revoke_all`."


def test_a_killed_server_is_started_again(neovim: Neovim, ollama: FakeOllamaThread) -> None:
    """When the server dies, the user reads so, the answer it was writing says so, and the next question is answered."""
    in_the_middle = ollama.hold("chunk", "qwen2.5-coder:7b", 1)
    neovim.type(f":Firsthand ask {QUESTION}<CR>")
    in_the_middle.wait_until_reached()
    first = server_of(neovim)

    os.kill(first, signal.SIGKILL)
    interrupted = until_answered(neovim)
    neovim.wait(
        "vim.fn.execute('messages'):find('the server ended by signal 9 and was started again', 1, true)"
    )
    neovim.type("q")
    until_indexed(neovim)
    in_the_middle.release()
    ollama.script(ANSWER)

    assert "The server ended while it worked on this; ask again." in interrupted
    assert server_of(neovim) != first
    assert ANSWER in ask(neovim, QUESTION)


def test_a_conversation_survives_its_server(neovim: Neovim, ollama: FakeOllamaThread) -> None:
    """After a restart a follow-up still knows what was said."""
    ollama.script(ANSWER, "It is the clock's.")
    ask(neovim, QUESTION)
    neovim.type(":Firsthand restart<CR>")
    neovim.wait("vim.fn.execute('messages'):find('the server was started again')")

    neovim.type(":Firsthand chat Whose time?<CR>")
    neovim.wait("vim.fn.search('It is the clock', 'w') > 0")

    assert QUESTION in ollama.prompts[-1].text


def test_a_server_that_cannot_start_is_explained_once(
    start_neovim: StartNeovim, root: Path, tmp_path: Path
) -> None:
    """A server that ends at once is not started over and over; one message says where to look."""
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)

    neovim = start_neovim(root / "accounts" / "service.py", options={"server": str(broken)})

    neovim.wait("vim.fn.execute('messages'):find('the server could not be started')")
    assert neovim.messages().count("could not be started, it ended with exit code 3") == 1
    assert ":checkhealth firsthand" in neovim.messages()


def test_a_missing_server_says_how_to_get_one(start_neovim: StartNeovim, root: Path) -> None:
    """Without a server there is one message, on opening a file and again only when something is asked."""
    neovim = start_neovim(
        root / "accounts" / "service.py", options={"server": "/nowhere/firsthand"}, lua="vim.o.columns = 200"
    )
    neovim.wait("vim.fn.execute('messages'):find('cannot be executed')")
    neovim.type(f":edit {root}/tests/test_service.py<CR>")
    neovim.type(":Firsthand ask Why?<CR>")

    neovim.wait("select(2, vim.fn.execute('messages'):gsub('cannot be executed', '')) == 2")
    assert "correct the path or remove the option" in neovim.messages()


def test_an_answer_without_a_model_shows_the_way_forward(
    start_neovim: StartNeovim, root: Path, ollama: FakeOllamaThread
) -> None:
    """With no Ollama at all the answer is excerpts with their places, and says how to get more."""
    ollama.refuse_connections()
    neovim = start_neovim(root / "accounts" / "service.py", endpoint=ollama.url)
    until_indexed(neovim)

    text = ask(neovim, QUESTION)

    assert "No chat model" in text
    assert "def delete_user" in text
    assert "see :Firsthand status, or :Firsthand pull" in text
    neovim.type(":Firsthand status<CR>")
    neovim.wait("vim.fn.bufname():find('status')")
    assert "chat model: none, answers are cited excerpts" in neovim.text()


def test_a_missing_model_is_offered_and_pulled(start_neovim: StartNeovim, root: Path) -> None:
    """When Ollama lacks the chat model, a message offers it, `:Firsthand pull` fetches it, and it answers."""
    with FakeOllamaThread(models=[embedder()]) as ollama:
        progress = """
        _G.progress = {}
        vim.api.nvim_create_autocmd('LspProgress', { callback = function(event)
          local value = event.data.params.value
          table.insert(_G.progress, ('%s %s'):format(value.kind, value.title or value.message or ''))
        end })
        """
        neovim = start_neovim(root / "accounts" / "service.py", endpoint=ollama.url, lua=progress)
        until_indexed(neovim)
        neovim.wait("vim.fn.execute('messages'):find('Run :Firsthand pull')")
        neovim.lua("vim.ui.select = function(items, _, choose) _G.offers = items; choose(items[1], 1) end")

        in_the_middle = ollama.hold("pull", index=2)

        neovim.type(":Firsthand pull<CR>")
        in_the_middle.wait_until_reached()
        neovim.wait("vim.list_contains(_G.progress, 'begin Pulling qwen2.5-coder:7b')")
        in_the_middle.release()
        neovim.wait("vim.fn.execute('messages'):find('is here and will be used from now on')")
        neovim.wait("require('firsthand').statusline():find('qwen2.5-coder', 1, true)")
        ollama.script(ANSWER)

        assert neovim.lua("return _G.offers") == ["qwen2.5-coder:7b"]
        assert ANSWER in ask(neovim, QUESTION)


def test_status_lists_what_is_left_out(desk: Neovim) -> None:
    """`status` shows health, counts and models, and each skipped file with its reason."""
    desk.type(":Firsthand status<CR>")
    desk.wait("vim.fn.bufname():find('status')")

    text = desk.text()
    assert text.startswith("# ✓ accounts\n")
    assert "chat model: qwen2.5-coder:7b" in text
    assert "- questions.jsonl: listed in .firsthandignore" in text


def test_indexing_rests_and_goes_on(neovim: Neovim, root: Path) -> None:
    """`pause` stops indexing and the statusline says so; `resume` and `reindex` bring new files in."""
    before = neovim.lua("return require('firsthand').status().folders[1].files.done")
    neovim.type(":Firsthand pause<CR>")
    paused = neovim.wait(
        "require('firsthand').statusline():find('paused') and require('firsthand').statusline()"
    )
    (root / "accounts" / "later.py").write_text("def quarterly_report() -> None:\n    pass\n")
    neovim.type(":Firsthand resume<CR>")
    neovim.wait("not require('firsthand').statusline():find('paused')")
    neovim.type(":Firsthand reindex<CR>")
    neovim.wait("require('firsthand').status().folders[1].files.done > ...", before)
    neovim.type(":Firsthand! search quarterly report<CR>")
    neovim.wait("vim.bo.buftype == 'quickfix' and vim.fn.search('later.py', 'w') > 0")

    assert paused == "✓ paused"


def test_the_statusline_says_how_it_is(desk: Neovim) -> None:
    """Health and model stand in the statusline of the project's files; elsewhere it is empty."""
    here = desk.lua("return require('firsthand').statusline()")
    shown = desk.lua(
        """
        return vim.api.nvim_eval_statusline("%{v:lua.require'firsthand'.statusline()}", {}).str
        """
    )

    assert here == "✓ qwen2.5-coder:7b"
    assert shown == here


def test_checkhealth_checks_what_has_to_be_right(desk: Neovim) -> None:
    """`:checkhealth firsthand` names Neovim, server and version, git, folder, index and model."""
    desk.call("nvim_command", "checkhealth firsthand")

    report = desk.text()
    for expected in (
        "OK Neovim 0.11",
        "OK vim.lsp.enable('firsthand') was called",
        "OK vim.g.firsthand is fine",
        "OK found by vim.g.firsthand.server:",
        "OK firsthand 0.",
        "OK git version",
        "18 files",
        "models by ollama",
        "OK chat model qwen2.5-coder:7b",
    ):
        assert expected in report
    assert "ERROR" not in report


def test_two_editors_share_a_folder(start_neovim: StartNeovim, root: Path, ollama: FakeOllamaThread) -> None:
    """Two editors on one folder both answer, and a file that one writes is found by the other."""
    first = start_neovim(root / "accounts" / "service.py", endpoint=ollama.url)
    second = start_neovim(root / "accounts" / "api.py", endpoint=ollama.url)
    until_indexed(first)
    until_indexed(second)
    ollama.script(ANSWER, "Both work.")

    assert ANSWER in ask(first, QUESTION)
    assert "Both work." in ask(second, QUESTION)
    first.type(f"q:edit {root}/accounts/fresh.py<CR>idef moonlight_sonata():<CR>pass<Esc>:write ++p<CR>")
    second.wait(
        """(function()
          local client = vim.lsp.get_clients({ name = 'firsthand' })[1]
          local reply = client:request_sync('firsthand/search', { query = 'moonlight_sonata' }, 5000)
          local hit = reply and reply.result and reply.result.hits[1]
          return hit and hit.path:find('fresh.py')
        end)()"""
    )


def test_wrong_options_are_named_in_one_message(
    start_neovim: StartNeovim, root: Path, ollama: FakeOllamaThread
) -> None:
    """Unknown options and wrong types are told together, once, and the rest still works."""
    neovim = start_neovim(
        root / "accounts" / "service.py",
        endpoint=ollama.url,
        options={"widnow": {}, "trusted": "yes", "window": {"style": "popup", "size": 7}},
        lua="vim.o.columns = 300",
    )
    until_indexed(neovim)

    said = [line for line in neovim.messages().splitlines() if "vim.g.firsthand" in line]
    assert said == [
        'Firsthand: vim.g.firsthand: "trusted" must be true, false or a function of the folder; '
        '"widnow" is not an option; "window.size" must be a number from 0.1 to 0.9; '
        '"window.style" must be one of "split", "float". The defaults are used instead; see :help firsthand-options.'
    ]


def test_an_untrusted_folder_is_not_believed(
    start_neovim: StartNeovim, root: Path, ollama: FakeOllamaThread
) -> None:
    """With `trusted = false` no model is contacted and firsthand.toml is not read."""
    (root / "firsthand.toml").write_text('exclude = ["accounts/service.py"]\n')
    neovim = start_neovim(root / "accounts" / "service.py", endpoint=ollama.url, options={"trusted": False})
    until_indexed(neovim)

    text = ask(neovim, QUESTION)

    assert "accounts/service.py:" in text
    assert "No chat model" in text
    assert ollama.requests == ()


def test_the_home_folder_is_not_indexed(start_neovim: StartNeovim, tmp_path: Path) -> None:
    """A lone file in the home folder starts no server, and asking there says what to do."""
    lone = tmp_path / "home0" / "notes.md"
    lone.parent.mkdir()
    lone.write_text("# Notes\n")
    neovim = start_neovim(lone, lua="vim.o.columns = 200\nvim.cmd.cd(vim.env.HOME)")

    neovim.type(":Firsthand ask Why?<CR>")

    neovim.wait("vim.fn.execute('messages'):find('your home folder is not indexed')")
    assert neovim.lua("return #vim.lsp.get_clients()") == 0


def server_of(neovim: Neovim) -> int:
    """The process of the server of the current editor."""
    children = Path(f"/proc/{neovim.pid}/task/{neovim.pid}/children").read_text().split()
    names = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return next(process for process, command in names.items() if b"firsthand" in command)
