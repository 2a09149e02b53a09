"""The process in which files are parsed, started by `parser_process`: `python -P -m firsthand.adapters.parser_worker`.

With the argument `background` it lets others go first on a busy machine.

It is a process of its own because tree-sitter holds Python's global lock while it compiles and runs queries, for up to
a second, and because a grammar is C code that may crash or never return on a hostile file.

The wire is `parser_frames`. Out: None once it is ready, then one answer for each request. In: any number of requests,
one at a time: `(seconds, language, text)` for an `Outline | None`, `(seconds, FileStat, SourceFile)` for a `FileUpdate`
whose chunks are packed; the end of the input ends the process.
"""

import contextlib
import faulthandler
import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from firsthand.adapters import parser_frames
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.adapters.worker_process import yield_to_others
from firsthand.core.cutting import ParserCutter
from firsthand.core.model import FileStat, FileUpdate, Outline, SourceFile
from firsthand.core.ports import Parser

_OBJECTS_BETWEEN_COLLECTIONS = 50_000


def serve(parser: Parser) -> None:
    """Answer requests until the input ends."""
    requests, answers = sys.stdin.buffer, _take_stdout()
    if sys.platform != "win32":
        signal.signal(
            signal.SIGALRM, signal.SIG_DFL
        )  # whoever started the server may ignore it, which is inherited
    with Path(os.devnull).open("w") as nowhere:
        _send(answers, None)
        # What is loaded stays, and what a file leaves behind holds no cycles: looking for them takes a twentieth.
        gc.freeze()
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 50, 50)
        for seconds, *request in parser_frames.frames(requests):
            with _alarm(seconds, nowhere):
                answer = _answer(parser, request)
            _send(answers, answer)


@contextlib.contextmanager
def _alarm(seconds: float, nowhere: IO[str]) -> Iterator[None]:
    """End this process when the time is up. That needs neither the global lock nor a server that is still alive."""
    if sys.platform == "win32":
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        yield
        faulthandler.cancel_dump_traceback_later()
    else:
        # Nobody handles the signal, so it ends the process. Stopping a thread that waits takes a turn of a busy core.
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(parser: Parser, request: Sequence[Any]) -> Outline | FileUpdate | None:
    match request:
        case FileStat() as stat, SourceFile() as source:
            return _packed(ParserCutter(parser).cut(stat, source))
        case language, text:
            return parser.outline(language, text)
    raise ValueError("no such request")


def _packed(update: FileUpdate) -> FileUpdate:
    # A worker that only outlines for hovers has no use for Arrow, which takes half of its memory.
    from firsthand.adapters import lance_schema

    return lance_schema.packed(update)


def _take_stdout() -> IO[bytes]:
    """Return the wire, and silence whatever a grammar prints."""
    wire = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return wire


def _send(wire: IO[bytes], message: object) -> None:
    try:
        parser_frames.send(wire, message)
    except OSError:  # the other side is gone
        os._exit(0)


if __name__ == "__main__":
    if sys.argv[1:]:
        yield_to_others()
    serve(TreeSitterParser())
