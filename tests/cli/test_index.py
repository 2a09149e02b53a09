"""`firsthand index`: the contract that scripts rely on, and what a person sees."""

import json
from pathlib import Path

from fakes.application import FakeApplication, new_terminal
from firsthand.cli.run import run
from firsthand.errors import ModelFailedError

FILES = {"a.txt": "alpha\n", "b.txt": "beta\n"}


def test_json_has_exactly_the_promised_keys(tmp_path: Path) -> None:
    """Scripts find the promised keys first, in order, and can tell how much was new."""
    application, terminal = FakeApplication(FILES, {"big.bin": "binary"}), new_terminal()

    code = run(["index", str(tmp_path), "--json"], terminal, application)

    result = json.loads(terminal.stdout.getvalue())
    assert code == 0
    assert list(result) == [
        *("files", "skipped", "chunks", "embedded", "reused", "seconds", "embedder"),
        *("failed", "removed", "root"),
    ]
    assert isinstance(result.pop("seconds"), float)
    assert result == {
        "files": 2,
        "skipped": 1,
        "chunks": 2,
        "embedded": 2,
        "reused": 0,
        "embedder": "fake",
        "failed": 0,
        "removed": 0,
        "root": str(tmp_path),
    }
    assert terminal.stderr.getvalue() == ""


def test_a_second_run_reuses(tmp_path: Path) -> None:
    """What did not change is counted as reused, and nothing is embedded again."""
    application, terminal = FakeApplication(FILES), new_terminal()

    run(["index", str(tmp_path), "--json"], new_terminal(), application)
    run(["index", str(tmp_path), "--json"], terminal, application)

    result = json.loads(terminal.stdout.getvalue())
    assert (result["embedded"], result["reused"]) == (0, 2)


def test_a_person_gets_one_line_and_the_skipped_files_on_request(tmp_path: Path) -> None:
    """Nothing is dropped silently: the number is always there, the reasons with `--skipped`."""
    application, terminal = FakeApplication(FILES, {"big.bin": "binary"}), new_terminal()

    run(["index", str(tmp_path), "--skipped"], terminal, application)

    summary, *left_out = terminal.stdout.getvalue().splitlines()
    assert summary.startswith(f"{tmp_path}: 2 files, 2 chunks, 2 embedded, 0 reused, 1 skipped in ")
    assert summary.endswith(" s with fake")
    assert left_out == ["skipped big.bin  binary"]


def test_another_writer_is_waited_for(tmp_path: Path) -> None:
    """While another process writes the index, the command waits, and then does its work."""
    application = FakeApplication(FILES, busy_times=2)

    assert run(["index", str(tmp_path), "--json"], new_terminal(), application) == 0


def test_another_writer_that_goes_on_is_named(tmp_path: Path) -> None:
    """Someone who does not want to wait learns who is writing."""
    application, terminal = FakeApplication(FILES, busy_times=99), new_terminal()

    assert run(["index", str(tmp_path), "--wait", "0"], terminal, application) == 1
    assert terminal.stderr.getvalue().startswith("firsthand: Process 4711 is writing this index")
    assert application.closed == 1


def test_an_embedder_that_fails_is_a_failure(tmp_path: Path) -> None:
    """Files without vectors are not passed off as indexed: the exit code is 1 and the reason is said."""
    application, terminal = FakeApplication(FILES), new_terminal()
    application.embedder.failure = ModelFailedError("The embedder ran out of memory; free some.")

    assert run(["index", str(tmp_path), "--json"], terminal, application) == 1
    assert json.loads(terminal.stdout.getvalue())["chunks"] == 2
    assert terminal.stderr.getvalue() == "firsthand: The embedder ran out of memory; free some.\n"


def test_names_cannot_take_over_the_terminal(tmp_path: Path) -> None:
    """Control characters in a file name are replaced before they reach the screen."""
    application, terminal = FakeApplication({}, {"a\x1b]0;owned\x07.txt": "binary"}), new_terminal()

    run(["index", str(tmp_path), "--skipped"], terminal, application)

    assert "\x1b" not in terminal.stdout.getvalue()
    assert "\x07" not in terminal.stdout.getvalue()
