"""Where the process begins: the only module that touches argv, the standard streams and logging set-up."""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Sequence

from firsthand.cli.run import run
from firsthand.cli.terminal import Terminal


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    _never_fail_on_a_character()
    _log_to_stderr("warning")
    terminal = Terminal(
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        environment=os.environ,
        set_log_level=_log_to_stderr,
    )
    try:
        code = run(sys.argv[1:] if argv is None else argv, terminal)
        # A server closes its wire when it ends.
        if not sys.stdout.closed:
            sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        # What a shell reports for a process that ended by SIGPIPE.
        return 141
    return code


def _never_fail_on_a_character() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    # At INFO it logs the body of every message, which is the user's code.
    logging.getLogger("pygls").setLevel(max(logging.WARNING, logging.getLogger().level))


def _silence_stdout() -> None:
    """Point stdout at nothing, so that the flush at exit cannot fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
