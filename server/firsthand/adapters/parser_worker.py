"""The process in which files are parsed: `python -P -m firsthand.adapters.parser_worker`, started by `parser_process`.

It is a process of its own because tree-sitter holds Python's global lock while it compiles and runs queries, for up to
a second, and because a grammar is C code that may crash or never return on a hostile file.

The wire is `parser_frames`. Out: None once it is ready, then an `Outline | None` for each request. In: any number of
`(seconds, language, text)`, one at a time; the end of the input ends the process.
"""

import faulthandler
import os
import sys
from pathlib import Path
from typing import IO

from firsthand.adapters import parser_frames
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.adapters.worker_process import yield_to_others
from firsthand.core.ports import Parser


def serve(parser: Parser) -> None:
    """Answer requests until the input ends."""
    requests, answers = sys.stdin.buffer, _take_stdout()
    with Path(os.devnull).open("w") as nowhere:
        _send(answers, None)
        for seconds, language, text in parser_frames.frames(requests):
            # This alarm needs neither the global lock nor a server that is still alive.
            faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
            outline = parser.outline(language, text)
            faulthandler.cancel_dump_traceback_later()
            _send(answers, outline)


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
    yield_to_others()
    serve(TreeSitterParser())
