"""Asking in Neovim: the question is typed, the answer streams into a window, its sources open."""

import pytest
from neovim_process import Neovim
from neovim_session import StartNeovim, ask, highlighted, until_answered, until_indexed, until_line

from fake_ollama.server import FakeOllamaThread

ANSWER = "Sessions are revoked with `revoke_all` and `deleted_at` is set to the time of the clock."
QUESTION = "How does user deletion work?"
MODEL = "qwen2.5-coder:7b"


def test_an_answer_names_its_sources(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """The window for answers holds the question, what was read, the answer, and the lines that it rests on."""
    desk_ollama.script(ANSWER)

    text = ask(desk, QUESTION)

    assert text.startswith(f"# {QUESTION}\n\nRead ")
    assert ANSWER in text
    assert "[1] accounts/service.py:" in text.split("Sources\n")[1]
    assert text.splitlines()[-1].startswith(MODEL)


def test_what_is_read_is_shown_before_the_first_word(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """While the model has said nothing yet, the excerpts stand there with their reasons, and the stage is named."""
    desk_ollama.script(ANSWER)
    before_the_first = desk_ollama.hold("chunk", MODEL, 0)

    desk.type(f":Firsthand ask {QUESTION}<CR>")
    before_the_first.wait_until_reached()
    until_line(desk, "- accounts/service.py")
    shown, bar = desk.text(), desk.lua("return vim.wo.winbar")
    before_the_first.release()

    assert "Sessions are revoked" not in shown
    assert "close in meaning" in next(line for line in shown.splitlines() if "delete_user" in line)
    assert "tokens" in shown.splitlines()[2]
    assert "<C-c> stop" in bar
    assert ANSWER in until_answered(desk)


def test_words_appear_as_they_come(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """Half an answer is shown while the other half is not there yet; then the list of what was read is folded."""
    desk_ollama.script(ANSWER)
    in_the_middle = desk_ollama.hold("chunk", MODEL, 5)

    desk.type(f":Firsthand ask {QUESTION}<CR>")
    in_the_middle.wait_until_reached()
    until_line(desk, "Sessions are revoked")
    half = desk.text()
    folded = desk.wait("vim.fn.foldclosed(3) == 3 and vim.fn.foldtextresult(3)")
    in_the_middle.release()

    assert "the time of the clock" not in half
    assert folded.startswith("▸ Read ")
    assert ANSWER in until_answered(desk)


def test_enter_on_a_source_opens_its_lines(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """Enter on a source goes to the window with the code, to the first of its lines, and highlights them all."""
    desk_ollama.script(ANSWER)
    ask(desk, QUESTION)
    source = until_line(desk, "[1] accounts/service.py:")
    first, last = (int(number) for number in source.split(":")[1].split("-"))
    answer_window = desk.lua("return vim.fn.win_getid()")

    desk.type("<CR>")
    desk.wait("vim.fn.expand('%:t') == 'service.py'")

    assert desk.lua("return vim.fn.win_getid()") != answer_window
    assert desk.cursor()[0] == first
    assert highlighted(desk) == list(range(first, last + 1))
    assert "changed" not in desk.messages()


def test_gf_inside_the_text_opens_what_it_rests_on(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """Anywhere in a sentence that has a source, `gf` opens that source."""
    desk_ollama.script(ANSWER)
    ask(desk, QUESTION)
    until_line(desk, "Sessions are revoked")

    desk.type("wgf")

    desk.wait("vim.fn.expand('%:t') == 'service.py'")
    assert highlighted(desk) != []


def test_brackets_go_from_source_to_source(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """`]]` goes down to the next source and `[[` back up."""
    desk_ollama.script(ANSWER)
    ask(desk, QUESTION)
    desk.type("gg]]")
    first = desk.wait("vim.fn.line('.') > 1 and vim.fn.line('.')")
    desk.type("]]")
    second = desk.wait("vim.fn.line('.') > ... and vim.fn.line('.')", first)
    desk.type("[[")

    assert desk.wait("vim.fn.line('.') < ... and vim.fn.line('.')", second) == first


def test_lines_that_changed_since_are_opened_and_said_so(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """When the lines of a source are others by now, the user is told."""
    desk_ollama.script(ANSWER)
    ask(desk, QUESTION)
    until_line(desk, "[1] accounts/service.py:")
    desk.lua(
        """
        local buffer = vim.fn.bufnr('service.py')
        vim.api.nvim_buf_set_lines(buffer, 0, 0, false, { 'import this' })
        """
    )

    desk.type("<CR>")

    desk.wait("vim.fn.expand('%:t') == 'service.py'")
    assert "these lines changed" in desk.messages()


def test_stop_closes_the_models_connection(neovim: Neovim, ollama: FakeOllamaThread) -> None:
    """Control-C in the window ends the answer at once: the model's socket closes and what was said stays."""
    ollama.script(ANSWER)
    in_the_middle = ollama.hold("chunk", MODEL, 3)
    neovim.type(f":Firsthand ask {QUESTION}<CR>")
    in_the_middle.wait_until_reached()
    until_line(neovim, "Sessions")

    neovim.type("<C-c>")

    assert ollama.wait_for_cancellation().path == "/api/chat"
    text = until_answered(neovim)
    assert "Sessions are" in text
    assert text.splitlines()[-1] == "Stopped."


def test_stop_works_from_the_code_too(neovim: Neovim, ollama: FakeOllamaThread) -> None:
    """`:Firsthand stop` stops an answer wherever the cursor is; when nothing is at work it says so."""
    in_the_middle = ollama.hold("chunk", MODEL, 1)
    neovim.type(f":Firsthand ask {QUESTION}<CR>")
    in_the_middle.wait_until_reached()

    neovim.type("<C-w>p:Firsthand stop<CR>")

    ollama.wait_for_cancellation()
    neovim.type("<C-w>p")
    until_answered(neovim)
    neovim.type(":Firsthand stop<CR>")
    neovim.wait("vim.fn.execute('messages'):find('there is nothing to stop')")
    neovim.type(":Firsthand stop<CR>")
    neovim.wait("vim.fn.execute('messages'):find('there is nothing to stop')")


def test_q_closes_and_open_shows_it_again(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """`q` closes the window but loses nothing."""
    desk_ollama.script(ANSWER)
    ask(desk, QUESTION)

    desk.type("q")
    desk.wait("#vim.api.nvim_list_wins() == 1 and vim.bo.filetype == 'python'")
    desk.type(":Firsthand open<CR>")

    assert ANSWER in until_answered(desk)


def test_a_follow_up_knows_what_was_said(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """`i` asks on below the first answer, and the model gets the first question and answer too."""
    desk_ollama.script(ANSWER, "It is archived when `team.archived` is set.")
    ask(desk, QUESTION)

    desk.type("iAnd what happens to teams?<CR>")
    until_line(desk, "It is archived when")
    text = until_answered(desk)

    assert text.index(ANSWER) < text.index("# And what happens to teams?") < text.index("It is archived")
    prompt = desk_ollama.prompts[-1].text
    assert QUESTION in prompt
    assert "Sessions are revoked with" in prompt


def test_chat_goes_on_and_ask_begins_anew(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """`chat` adds to the conversation, `ask` begins one; `history` leads back to the earlier one."""
    desk_ollama.script(ANSWER, "It goes on.", "Something else.")
    ask(desk, QUESTION)
    desk.type(":Firsthand chat And then?<CR>")
    until_line(desk, "It goes on.")
    until_answered(desk)
    ask(desk, "What is a team?")
    other = desk.text()

    desk.lua("vim.ui.select = function(items, options, choose) choose(items[2], 2) end")
    desk.type(":Firsthand history<CR>")
    desk.wait("vim.fn.getline(1):find('deletion')")

    assert other.startswith("# What is a team?")
    assert "# And then?" in desk.text()


def test_a_selection_is_what_is_asked_about(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """With lines selected, the question goes to the model together with the selected code."""
    desk.type("/def is_strong<CR>")
    desk.type("/raise WeakPasswordError<CR>V:Firsthand ask Why twelve?<CR>")

    until_answered(desk)

    assert "Use at least twelve characters" in desk_ollama.prompts[-1].text


def test_explain_says_what_the_code_under_the_cursor_does(
    desk: Neovim, desk_ollama: FakeOllamaThread
) -> None:
    """`explain` streams an explanation of the definition at the cursor."""
    desk_ollama.script("It closes an account: `deleted_at` is set by the clock.")

    desk.type("/def delete_user<CR>:Firsthand explain<CR>")
    text = until_answered(desk)

    assert text.startswith("# Explain service.py:")
    assert "It closes an account" in text
    assert "def delete_user" in desk_ollama.prompts[-1].text


def test_doubts_are_marked_where_they_stand(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """A sentence without a source is underlined, a name that the code lacks is listed with the nearest."""
    desk_ollama.script("Bananas 🍌 ripen in warm rooms over several days. Then `delete_userr` is called.")

    text = ask(desk, QUESTION)

    assert "No source found for" in text
    assert "Not in this workspace\n? delete_userr" in text
    assert "delete_user" in text.split("nearest:")[1]
    marked = marked_texts(desk)
    assert ("FirsthandUngrounded", "delete_userr") in marked
    assert [words for group, words in marked if group == "FirsthandUnsupported"] == [
        "Then `delete_userr` is called."
    ]


def test_sources_fill_the_quickfix_list(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """Control-Q opens the sources as a quickfix list whose entries lead to the lines."""
    desk_ollama.script(ANSWER)
    ask(desk, QUESTION)

    desk.type("<C-q>")
    desk.wait("vim.bo.buftype == 'quickfix'")
    items = desk.lua("return vim.fn.getqflist()")
    desk.type("<CR>")

    desk.wait("vim.fn.expand('%:t') == 'service.py'")
    assert items[0]["lnum"] == desk.cursor()[0]


def test_the_context_of_an_answer_can_be_read(desk: Neovim, desk_ollama: FakeOllamaThread) -> None:
    """`context` shows the budget, the excerpts, and each message exactly as the model got it."""
    desk_ollama.script(ANSWER)
    ask(desk, QUESTION)

    desk.type(":Firsthand context<CR>")
    desk.wait("vim.fn.bufname():find('context')")
    text = desk.text()

    assert "Window 8192 tokens" in text
    assert "# system ·" in text
    assert "You are Firsthand." in text
    assert "def delete_user" in text


def test_an_answer_may_float(start_neovim: StartNeovim, root, ollama: FakeOllamaThread) -> None:
    """With `window.style = 'float'` answers float over the code, and opening a source closes the float."""
    ollama.script(ANSWER)
    neovim = start_neovim(
        root / "accounts" / "service.py", endpoint=ollama.url, options={"window": {"style": "float"}}
    )
    until_indexed(neovim)
    ask(neovim, QUESTION)
    relative = neovim.lua("return vim.api.nvim_win_get_config(0).relative")
    until_line(neovim, "[1] accounts/service.py:")

    neovim.type("<CR>")

    neovim.wait("vim.fn.expand('%:t') == 'service.py'")
    assert relative == "editor"
    assert neovim.lua("return #vim.api.nvim_list_wins()") == 1


@pytest.mark.parametrize("fileformat", ["unix", "dos"])
def test_a_selection_behind_emoji_is_exact(
    fileformat: str, start_neovim: StartNeovim, root, ollama: FakeOllamaThread
) -> None:
    """Characters of any width and both kinds of line ends come out right: exactly what is marked is asked about."""
    ending = "\r\n" if fileformat == "dos" else "\n"
    file = root / "accounts" / "greetings.py"
    file.write_bytes(ending.join(["# 👋🏽", "GREETING = '🙂ü𝄞 hello' + NAME", ""]).encode())
    neovim = start_neovim(file, endpoint=ollama.url)
    until_indexed(neovim)
    neovim.lua("vim.ui.input = function(_, answer) answer('What is it?') end")
    neovim.lua(
        """
        local request = require('firsthand.requests').start
        require('firsthand.requests').start = function(client, method, params, ...)
          _G.asked = params.range
          return request(client, method, params, ...)
        end
        """
    )

    neovim.type("jf🙂vt+h:Firsthand ask<CR>")
    until_answered(neovim)

    assert neovim.lua("return vim.bo[vim.fn.bufnr('greetings.py')].fileformat") == fileformat
    line = "GREETING = '🙂ü𝄞 hello' + NAME".encode()
    asked = neovim.lua("return _G.asked")
    assert asked["start"] == {"line": 1, "character": line.index("🙂".encode())}
    assert asked["end"] == {"line": 1, "character": line.index(b" +")}


def marked_texts(neovim: Neovim) -> list[tuple[str, str]]:
    """The highlight group and the text of each mark in the current buffer."""
    marks = neovim.lua(
        """
        local space = vim.api.nvim_create_namespace('firsthand.marks')
        local marks = vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })
        return vim.tbl_map(function(mark)
          local details = mark[4]
          local row, byte = details.end_row or mark[2], details.end_col or mark[3]
          local lines = vim.api.nvim_buf_get_text(0, mark[2], mark[3], row, byte, {})
          return { details.hl_group or '', table.concat(lines, '\\n') }
        end, marks)
        """
    )
    return [(group, text) for group, text in marks]
