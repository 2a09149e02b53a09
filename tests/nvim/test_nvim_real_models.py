"""From Neovim to real models and back: nothing here is a fake but the hands."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from neovim_process import Neovim
from neovim_session import StartNeovim, highlighted, until_answered, until_indexed, until_line

from real_ollama.server import MODEL, QUESTION, SMALL_ANSWERS, RealOllama, real_ollama_server
from small_models import small_chat_model

# Stands below an answer that took all the tokens that it may take; a warning above it says why.
CUT_OFF = "The answer is incomplete."
# Keeps all that a window for answers ever showed, so that it does not matter how slowly the test looks.
KEEP_WHAT_IS_SHOWN = """
    _G.shown = {}
    vim.api.nvim_create_autocmd('FileType', { pattern = 'firsthand', callback = function(event)
      vim.api.nvim_buf_attach(event.buf, false, { on_lines = function(_, buffer)
        table.insert(_G.shown, table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\\n'))
      end })
    end })
"""


@pytest.fixture
def ollama() -> Iterator[RealOllama]:
    """A server that speaks Ollama's protocol, with a real model behind it."""
    with real_ollama_server(context_tokens=3072) as server:
        yield server


def test_a_question_is_answered_by_a_real_ollama(
    start_neovim: StartNeovim, root: Path, ollama: RealOllama
) -> None:
    """What is read is listed, then the answer grows, its sources open as they stand in the files; stop means stop."""
    neovim = start_neovim(root / "pyproject.toml", settings=ollama.settings(), lua=KEEP_WHAT_IS_SHOWN)
    until_indexed(neovim)

    answer = ask_patiently(neovim)
    sources = answer.split("\nSources\n")[1].split("\n\n")[0].splitlines()

    assert answer.splitlines()[-1].startswith(MODEL)
    check_growth(neovim)
    assert sources
    for source in sources:
        check_source(neovim, root, source)

    stop_in_the_middle(neovim)
    ollama.wait_until_stopped_early()


def test_a_question_is_answered_by_the_built_in_model(start_neovim: StartNeovim, root: Path) -> None:
    """Without any Ollama it is the same, and after a stop the model is free for the next question."""
    built_in = {**SMALL_ANSWERS, "provider": "embedded", "chatModel": str(small_chat_model())}
    neovim = start_neovim(root / "pyproject.toml", settings=built_in, lua=KEEP_WHAT_IS_SHOWN)
    until_indexed(neovim)

    answer = ask_patiently(neovim)

    check_growth(neovim)
    check_source(neovim, root, answer.split("\nSources\n")[1].splitlines()[0])
    # There is one model, and it does one thing at a time: the second can only begin when the first has ended.
    stop_in_the_middle(neovim)
    stop_in_the_middle(neovim)


def ask_patiently(neovim: Neovim) -> str:
    """Ask and return what is shown in the end; however long it takes, as long as the answer grows."""
    begin(neovim)
    number = 0
    while not neovim.wait("#_G.shown > ... and { vim.wo.winbar:find('stop', 1, true) == nil }", number)[0]:
        number = neovim.lua("return #_G.shown")
    return until_answered(neovim)


def begin(neovim: Neovim) -> None:
    """Ask in a conversation of its own; returns when its first word is shown."""
    neovim.lua("_G.shown = {}")
    neovim.type(f":Firsthand ask {QUESTION}<CR>")
    neovim.wait("vim.iter(_G.shown):any(function(text) return text:find('\\nRead .-\\n\\n.') end)")


def check_growth(neovim: Neovim) -> None:
    """First the list of what was read stood there alone, then the text came in more than one piece."""
    shown = [text.split("\n\n", 2) for text in neovim.lua("return _G.shown")]
    after_the_list = [parts[2] for parts in shown if len(parts) == 3]
    pieces = list(dict.fromkeys(words_of(text) for text in after_the_list))

    assert all(parts[1].startswith("Read ") for parts in shown if len(parts) == 3)
    assert pieces[0] == ""
    assert len(pieces) > 3
    assert [pair for pair in itertools.pairwise(pieces) if not pair[1].startswith(pair[0])] == []


def words_of(shown: str) -> str:
    """What the model said so far, without the warning above it and what stands below it in the end."""
    said = shown.split("\nSources\n")[0].strip().removesuffix(CUT_OFF).strip()
    return said.partition("\n\n")[2] if said.startswith("! ") else said


def check_source(neovim: Neovim, root: Path, source: str) -> None:
    """Enter on a source opens its lines, which are those that the answer rests on and that the file has."""
    path, _, place = source.partition("] ")[2].rpartition(":")
    first, last = (int(number) for number in (place.split("-") * 2)[:2])
    neovim.type(":Firsthand open<CR>")
    neovim.wait("vim.bo.filetype == 'firsthand'")
    until_line(neovim, source)

    neovim.type("<CR>")
    neovim.wait("vim.api.nvim_buf_get_name(0) == ...", str(root / path))

    lines = (root / path).read_text("utf-8").splitlines()
    assert highlighted(neovim) == list(range(first, last + 1))
    assert neovim.cursor()[0] == first
    assert neovim.lines()[first - 1 : last] == lines[first - 1 : last] != []
    assert "changed" not in neovim.messages()


def stop_in_the_middle(neovim: Neovim) -> None:
    """Control-C when there is a first word: the answer ends there and says so."""
    begin(neovim)

    neovim.type("<C-c>")

    assert until_answered(neovim).splitlines()[-1] == "Stopped."
