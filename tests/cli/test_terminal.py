"""Colours, links and progress: only where a person can see them."""

import io
from pathlib import Path

import pytest
from rich.text import Text

from fakes.application import FakeApplication, new_terminal
from firsthand.cli.progress import download_progress, indexing_progress
from firsthand.cli.rendering import location, seen_from_here
from firsthand.cli.run import default_root, run
from firsthand.cli.terminal import visible
from firsthand.core.model import Progress

FILES = {"a.txt": "alpha\n"}


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of a terminal that has colours."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return monkeypatch


def search(*, person: bool, environment: dict[str, str] | None = None) -> str:
    terminal = new_terminal(person=person, environment=environment)
    run(["search", "alpha", "--root", str(Path.cwd())], terminal, FakeApplication(FILES))
    return terminal.stdout.getvalue()


def test_colours_and_links_on_a_terminal(colours: pytest.MonkeyPatch) -> None:
    """A person gets colours, and a path that opens by a click."""
    out = search(person=True)

    assert "\x1b[36m" in out
    assert f";{(Path.cwd() / 'a.txt').as_uri()}\x1b\\" in out


def test_no_colours_in_a_pipe(colours: pytest.MonkeyPatch) -> None:
    """A pipe gets plain text."""
    assert "\x1b" not in search(person=False)


def test_no_color_is_respected(colours: pytest.MonkeyPatch) -> None:
    """With NO_COLOR there is no colour on a terminal either."""
    colours.setenv("NO_COLOR", "1")

    assert "\x1b[36m" not in search(person=True)


@pytest.mark.parametrize(
    "environment", [{"TERM_PROGRAM": "vscode"}, {"TERMINAL_EMULATOR": "JetBrains-JediTerm"}]
)
def test_terminals_that_find_lines_themselves_get_no_link(
    environment: dict[str, str], colours: pytest.MonkeyPatch
) -> None:
    """Terminals of editors open `path:line` at the line; a link of ours would open the file at its top."""
    out = search(person=True, environment=environment)

    assert "a.txt:1" in out
    assert "\x1b]8;" not in out


@pytest.mark.parametrize(
    ("file", "root", "seen"),
    [
        ("here/src/a.py", "here", "src/a.py"),
        ("here/src/a.py", ".", "src/a.py"),
        ("a.py", ".", "../a.py"),
        ("there/a.py", "there", "/there/a.py"),
    ],
)
def test_paths_as_the_current_folder_sees_them(
    file: str, root: str, seen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are relative to the current folder when that is inside the root or around it."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    shown = seen_from_here(tmp_path / file, tmp_path / root)

    assert shown.replace(str(tmp_path), "") == seen


def test_one_line_is_one_number() -> None:
    """A single line is not shown as a range."""
    shown = location(new_terminal(), Path.cwd(), "a.py", 3, 3)

    assert isinstance(shown, Text)
    assert shown.plain == "a.py:3"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("crlf\r\n", "crlf\n"),
        ("\x1b[31mred", "\N{REPLACEMENT CHARACTER}[31mred"),
        ("back\x08", "back\N{REPLACEMENT CHARACTER}"),
        ("over\rwrite", "over\N{REPLACEMENT CHARACTER}write"),
        ("bidi\u202e", "bidi\N{REPLACEMENT CHARACTER}"),
        ("emoji 🦊 and ü", "emoji 🦊 and ü"),
    ],
)
def test_control_characters_become_visible(text: str, shown: str) -> None:
    """Line ends and tabs pass, every other control character is replaced."""
    assert visible(text) == shown


def test_progress_is_shown_to_a_person(colours: pytest.MonkeyPatch) -> None:
    """A person sees each stage with its numbers, on standard error, and the cursor comes back."""
    terminal = new_terminal(person=True)

    with indexing_progress(terminal, delay=0) as report:
        report(Progress("scanning"))
        report(Progress("chunking", 0, 20))
        report(Progress("chunking", 20, 20))
        report(Progress("embedding", 3, 40))
        report(Progress("idle"))

    shown = terminal.stderr.getvalue()
    assert "20/20 files" in shown
    assert "3/40 chunks" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert terminal.stdout.getvalue() == ""


def test_a_download_is_shown_in_bytes(colours: pytest.MonkeyPatch) -> None:
    """A download shows how much of how much."""
    terminal = new_terminal(person=True)

    with download_progress(terminal) as report:
        report(Progress("downloading", 500_000_000, 1_000_000_000))

    assert "0.5/1.0 GB" in terminal.stderr.getvalue()


async def test_quick_work_shows_no_progress(colours: pytest.MonkeyPatch) -> None:
    """Work that is over at once does not flash a bar."""
    terminal = new_terminal(person=True)

    with indexing_progress(terminal) as report:
        report(Progress("chunking", 1, 2))

    assert terminal.stderr.getvalue() == ""


@pytest.mark.parametrize("progress", [indexing_progress, download_progress])
def test_progress_is_silent_in_a_script(progress) -> None:
    """Logs of scripts are not filled with bars."""
    terminal = new_terminal()

    with progress(terminal) as report:
        report(Progress("chunking", 1, 2))

    assert terminal.stderr.getvalue() == ""


def test_json_survives_any_name_and_encoding() -> None:
    """JSON is ASCII, so that a file name with broken or foreign characters passes through any pipe."""
    terminal = new_terminal()

    terminal.write_json({"path": "ü\udcff🦊"})

    assert terminal.stdout.getvalue() == '{"path": "\\u00fc\\udcff\\ud83e\\udd8a"}\n'


def test_the_root_is_the_repository_around(tmp_path: Path) -> None:
    """The default root is the top of the git repository, worktrees included, else the folder itself."""
    inner = tmp_path / "repository" / "src"
    inner.mkdir(parents=True)

    assert default_root(inner) == inner
    (tmp_path / "repository" / ".git").write_text("gitdir: elsewhere\n")
    assert default_root(inner) == tmp_path / "repository"


def test_a_screen_that_is_closed_is_an_error_of_the_pipe() -> None:
    """A reader that goes away is not worded as a failure: the caller ends quietly."""

    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    terminal = new_terminal()
    object.__setattr__(terminal, "stdout", Gone())

    with pytest.raises(BrokenPipeError):
        run(["doctor", "--json"], terminal, FakeApplication())
