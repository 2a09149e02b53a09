"""What may be typed, and what wrong usage costs."""

import subprocess
import sys

import pytest

from fakes.application import FakeApplication, new_terminal
from firsthand import __version__
from firsthand.cli.run import run
from firsthand.cli.setting_flags import SETTING_GROUPS, flag_of

COMMANDS = [
    "ask",
    "chat",
    "search",
    "index",
    "serve",
    "status",
    "doctor",
    "clean",
    "hook",
    "model",
    "settings",
]


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The first help a new user sees names all commands, gives examples and explains exit codes."""
    code = run(["--help"], new_terminal())

    text = capsys.readouterr().out
    assert code == 0
    assert all(f"\n    {command} " in text for command in COMMANDS)
    assert "examples:" in text
    assert "130 interrupted" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Help of a command begins with how it is typed and ends with examples."""
    code = run([command, "--help"], new_terminal())

    text = capsys.readouterr().out
    assert code == 0
    assert text.startswith(f"usage: firsthand {command}")
    assert f"firsthand {command}" in text.partition("\n\n")[2] or command == "chat"


def test_serve_takes_every_setting_as_a_flag(capsys: pytest.CaptureFixture[str]) -> None:
    """What can be set anywhere can be set on the server's command line."""
    run(["serve", "--help"], new_terminal())

    text = capsys.readouterr().out
    assert [name for group in SETTING_GROUPS.values() for name in group if flag_of(name) not in text] == []


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints name and version."""
    assert run(["--version"], new_terminal()) == 0
    assert capsys.readouterr().out == f"firsthand {__version__}\n"


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        ([], "COMMAND"),
        (["frobnicate"], "frobnicate"),
        (["ask"], "QUESTION"),
        (["search", "x", "--limit", "0"], "--limit"),
        (["search", "x", "--limit", "many"], "--limit"),
        (["index", "--lim", "3"], "--lim"),
        (["model"], "ACTION"),
        (["ask", "x", "--provider", "cloud"], "--provider"),
        (["ask", "x", "--install-model", "huge"], "--install-model"),
    ],
)
def test_wrong_usage_exits_with_2(argv: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong usage is said on standard error, with what was wrong, and the exit code is 2."""
    code = run(argv, new_terminal(), FakeApplication())

    assert code == 2
    assert named in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--context-tokens", "5"],
            'firsthand: Setting "--context-tokens" in the command line must be at least 1024.\n',
        ),
        (
            ["--temperature", "hot"],
            'firsthand: Setting "--temperature" in the command line must be a number.\n',
        ),
    ],
)
def test_a_wrong_setting_that_was_typed_is_wrong_usage(flags: list[str], message: str) -> None:
    """Someone who just typed a value that cannot be used is told, and nothing is done with another value."""
    application, terminal = FakeApplication(), new_terminal()

    assert run(["ask", "x", *flags], terminal, application) == 2
    assert terminal.stderr.getvalue() == message
    assert application.opened == []


def test_a_wrong_setting_in_the_environment_costs_a_warning(tmp_path) -> None:
    """A wrong variable is named, and the command runs with the default."""
    application = FakeApplication(chat=None)
    terminal = new_terminal(environment={"FIRSTHAND_EXCERPTS": "many"})

    assert run(["index", str(tmp_path)], terminal, application) == 0
    assert 'warning: Setting "FIRSTHAND_EXCERPTS"' in terminal.stderr.getvalue()
    assert application.opened[0].excerpts == 12


def test_flags_reach_the_application(tmp_path) -> None:
    """Flags are stronger than the environment; lists are given by repeating the flag."""
    application = FakeApplication()
    flags = ["--chat-model", "none", "--exclude", "a/", "--exclude", "b,c", "--allow-remote-endpoint"]
    terminal = new_terminal(environment={"FIRSTHAND_CHAT_MODEL": "other", "FIRSTHAND_THREADS": "3"})

    run(["ask", "x", "--root", str(tmp_path), "--no-index", *flags], terminal, application)

    settings = application.opened[0]
    assert (settings.chat_model, settings.exclude, settings.allow_remote_endpoint, settings.threads) == (
        "none",
        ("a/", "b,c"),
        True,
        3,
    )


def test_a_folder_that_is_not_there_fails_in_one_sentence() -> None:
    """A wrong folder is named, with what to give instead."""
    terminal = new_terminal()

    assert run(["index", "/nowhere/at/all"], terminal, FakeApplication()) == 1
    assert terminal.stderr.getvalue() == (
        "firsthand: /nowhere/at/all is not a folder; give the folder of a project.\n"
    )


def test_help_loads_nothing_heavy() -> None:
    """Help and version import neither the application nor the terminal library."""
    code = (
        "import sys; from firsthand.__main__ import main; main(['--version']);"
        "heavy = {'rich', 'pygls', 'lancedb', 'numpy', 'httpx', 'asyncio', 'firsthand.app', 'firsthand.core'};"
        "print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[1] == "[]"
