"""Parsing in a process of its own: the same outlines, and nothing that happens there reaches the server."""

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from firsthand.adapters.parser_process import ProcessParser, workers_for_many
from firsthand.adapters.treesitter_parser import TreeSitterParser

SAMPLES = Path(__file__).parent.parent / "core" / "samples"
MISBEHAVING = (sys.executable, str(Path(__file__).parent / "misbehaving_parser_worker.py"))
# A server with a misbehaving worker: parses what its arguments say, tells when it is done, waits for its end.
SERVER = f"""
import sys
from firsthand.adapters.parser_process import ProcessParser
parser = ProcessParser(command={MISBEHAVING!r}, seconds_per_file=float(sys.argv[3]))
parser.outline(sys.argv[1], sys.argv[2])
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def parser() -> Iterator[ProcessParser]:
    """A parser with the real worker."""
    with closing(ProcessParser()) as parser:
        yield parser


@pytest.fixture
def misbehaving() -> Iterator[ProcessParser]:
    """A parser whose worker misbehaves on demand."""
    with closing(ProcessParser(command=MISBEHAVING, seconds_per_file=0.5)) as parser:
        yield parser


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe: whoever opens it waits for the other side."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def process_of(parser: ProcessParser) -> int:
    """Return the id of the worker process."""
    outline = parser.outline("well", "")
    assert outline is not None
    return int(outline.language)


def is_there(process: int) -> bool:
    """Tell whether a child has not ended yet."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def goes_away(pipe: int) -> bool:
    """Tell whether the other side of a pipe closes it within half a minute."""
    readable, _, _ = select.select([pipe], [], [], 30)
    return bool(readable) and os.read(pipe, 1) == b""


@pytest.mark.parametrize("language", sorted(folder.name for folder in SAMPLES.iterdir()))
def test_outlines_are_those_of_the_parser(parser: ProcessParser, language: str) -> None:
    """What comes back from the process equals what the parser says, to the last field."""
    (file,) = (path for path in (SAMPLES / language).iterdir() if not path.name.startswith("expected"))
    text = file.read_text("utf-8")

    outline = parser.outline(language, text)

    assert outline is not None
    assert outline == TreeSitterParser().outline(language, text)


@pytest.mark.parametrize("text", ["", "x = '\ud800'\n", "def größe():\n    return '日本語 🎉'\r\n" * 20_000])
def test_any_text_goes_through(parser: ProcessParser, text: str) -> None:
    """Empty texts, lone surrogates and megabytes reach the worker unchanged."""
    assert parser.outline("python", text) == TreeSitterParser().outline("python", text)


def test_a_table_of_numbers_has_an_outline(parser: ProcessParser) -> None:
    """Looking for the variables of a function that holds a long list ends before the parser gives the file up."""
    text = f"def find():\n    pass\n\n\ndef table():\n    rows = [{'1, 2, 3, ' * 9_000}]\n    return use(rows, find)\n"
    outline = parser.outline("python", text)

    assert outline is not None
    assert [use.name for use in outline.uses] == ["use", "find"]


def test_without_a_grammar_there_is_no_outline(parser: ProcessParser) -> None:
    """The worker's None is an answer like any other."""
    assert parser.outline("no-such-language", "hello\n") is None


def test_threads_take_turns(parser: ProcessParser) -> None:
    """Many threads at once each get the outline of their own text."""
    texts = [f"def function_{n}():\n    return call_{n}()\n" * 50 for n in range(24)]

    with ThreadPoolExecutor(8) as threads:
        outlines = list(threads.map(lambda text: parser.outline("python", text), texts))

    assert [{symbol.name for symbol in outline.symbols} for outline in outlines if outline] == [
        {f"function_{n}"} for n in range(24)
    ]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("crash", "The parser crashed (exit status 3) on a crash text of 0 characters"),
        ("raise", "The parser crashed (exit status 1) on a raise text of 0 characters"),
        ("hang", "The parser took more than 0.5 s on a hang text of 0 characters"),
    ],
)
def test_a_text_that_ends_the_worker_has_no_outline(
    misbehaving: ProcessParser, caplog: pytest.LogCaptureFixture, language: str, sentence: str
) -> None:
    """A crash, an exception and a parser that never returns cost this text its outline, and the log says so."""
    before = process_of(misbehaving)

    outline = misbehaving.outline(language, "")

    assert outline is None
    assert process_of(misbehaving) != before
    assert [message[: len(sentence)] for message in caplog.messages] == [sentence]


def test_a_deadly_text_is_not_tried_again(misbehaving: ProcessParser) -> None:
    """The worker does not even see a text that ended its predecessor."""
    misbehaving.outline("crash", "")
    before = process_of(misbehaving)

    assert misbehaving.outline("crash", "") is None
    assert process_of(misbehaving) == before


def test_a_worker_that_was_killed_is_replaced(
    misbehaving: ProcessParser, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that someone ends between two files is started again, and no text is blamed."""
    before = process_of(misbehaving)
    os.kill(before, signal.SIGKILL)
    os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)

    assert process_of(misbehaving) != before
    assert caplog.messages == []


def test_as_many_files_are_read_at_once_as_are_allowed(tmp_path: Path) -> None:
    """A file is read while two others hold their processes, where three are allowed: half of six cores."""
    pipes = [tmp_path / "first", tmp_path / "second"]
    with (
        closing(
            ProcessParser(command=MISBEHAVING, seconds_per_file=5, most_workers=workers_for_many(6))
        ) as parser,
        ThreadPoolExecutor(2) as threads,
        contextlib.ExitStack() as opened,
    ):
        for path in pipes:
            os.mkfifo(path)
        held = [threads.submit(parser.outline, "well", str(path)) for path in pipes]
        process_of(parser)
        for path in pipes:
            opened.enter_context(path.open("rb"))
        outlines = [each.result() for each in held]

    assert None not in outlines
    assert [workers_for_many(cores) for cores in (1, 2, 4, 6, 8, 64)] == [2, 2, 2, 3, 4, 4]


def test_workers_that_nobody_needs_end(misbehaving: ProcessParser, pipe: Path) -> None:
    """Those that had nothing to do between two looks, but for the one that worked last; none is missed."""
    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(misbehaving.outline, "well", str(pipe))
        first = process_of(misbehaving)
        with pipe.open("rb"):
            last = int(held.result().language)
    looks = []
    for but in (1, 1, 0):
        misbehaving.end_unused(but=but)
        looks.append([is_there(first), is_there(last)])

    assert looks == [[True, True], [False, True], [False, False]]
    assert process_of(misbehaving) not in (first, last)


def test_what_a_grammar_prints_does_not_disturb(misbehaving: ProcessParser) -> None:
    """Output on the worker's stdout goes nowhere; the answers stay whole."""
    assert misbehaving.outline("print", "") == misbehaving.outline("well", "")


@pytest.mark.parametrize(
    "command", [("/no/such/python",), (sys.executable, "-c", "raise SystemExit(9)")], ids=["absent", "broken"]
)
def test_a_worker_that_does_not_come_up_is_given_up(
    caplog: pytest.LogCaptureFixture, command: tuple[str, ...]
) -> None:
    """Without a worker nothing has an outline; after three attempts there are no more."""
    with closing(ProcessParser(command=command)) as parser:
        outlines = [parser.outline("python", f"x = {n}\n") for n in range(6)]

    assert outlines == [None] * 6
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 3
    assert all("cannot be started (" in message for message in caplog.messages)


def test_a_text_that_hangs_does_not_hold_up_others(pipe: Path) -> None:
    """While one worker is lost in a text, another one answers."""
    with (
        ThreadPoolExecutor(1) as threads,
        closing(ProcessParser(command=MISBEHAVING, seconds_per_file=600)) as parser,
    ):
        call = threads.submit(parser.outline, "hang", str(pipe))
        with pipe.open():
            answered = process_of(parser)
            is_lost = not call.done()
        parser.close()

    assert answered
    assert is_lost
    assert call.result() is None


def test_closing_ends_the_workers_and_calls_under_way(pipe: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Calls that hang and those that wait for their turn return None, and so does every later one."""
    parser = ProcessParser(command=MISBEHAVING, seconds_per_file=600)
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(parser.outline, "hang", str(pipe)) for _ in range(4)]
        with pipe.open("rb", buffering=0) as workers:
            parser.close()
            ended = goes_away(workers.fileno())

    assert [call.result() for call in calls] == [None] * 4
    assert ended
    assert parser.outline("well", "") is None
    assert caplog.messages == []


def test_closing_twice_or_before_any_call_is_fine() -> None:
    """A parser that never parsed has no process to end."""
    parser = ProcessParser(command=("/no/such/python",))
    parser.close()
    parser.close()

    assert parser.outline("python", "x = 1\n") is None


@pytest.mark.parametrize(("mode", "seconds"), [("well", "60"), ("hang", "1")])
def test_the_worker_ends_with_the_server(pipe: Path, mode: str, seconds: str) -> None:
    """A server that is killed leaves no orphan: an idle worker ends at once, one that hangs when its time is up."""
    with (
        subprocess.Popen(
            [sys.executable, "-c", SERVER, mode, str(pipe), seconds], stdin=subprocess.PIPE
        ) as server,
        pipe.open("rb", buffering=0) as worker,
    ):
        server.kill()
        server.wait()

        assert goes_away(worker.fileno())
