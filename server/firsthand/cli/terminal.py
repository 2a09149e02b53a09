"""The terminal as commands see it: streams, colours, links, and text that cannot take it over."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

# Code, file names and models' answers are not trusted: a control character of theirs must not reach the terminal.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Terminal:
    """The standard streams and the environment of this process."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environment: Mapping[str, str]
    set_log_level: Callable[[str], None]

    def out(self) -> "Console":
        """Where results go."""
        return _console(self.stdout)

    def err(self) -> "Console":
        """Where progress, notices and errors go."""
        return _console(self.stderr)

    def say(self, sentence: str) -> None:
        """Tell the user something that is not part of the result."""
        self.stderr.write(visible(sentence) + "\n")
        self.stderr.flush()

    def write_json(self, value: Any) -> None:
        """Write one JSON value on one line; ASCII, so that no encoding and no file name can break it."""
        self.stdout.write(json.dumps(value) + "\n")
        self.stdout.flush()

    def write_text(self, text: str) -> None:
        """Write a piece of a result at once."""
        self.stdout.write(visible(text))
        self.stdout.flush()

    @property
    def can_ask(self) -> bool:
        """True when a person can read a question and answer it."""
        return self.stdin.isatty() and self.stderr.isatty()

    def confirms(self, question: str) -> bool:
        """Ask a yes-or-no question; only a clear yes is one."""
        self.stderr.write(f"{question} [y/N] ")
        self.stderr.flush()
        return self.stdin.readline().strip().lower() in ("y", "yes")

    def link(self, path: Path) -> str | None:
        """Return what a click on a path should open, or None where the terminal itself makes `path:line` clickable."""
        if self.environment.get("TERM_PROGRAM") == "vscode":
            return None
        if self.environment.get("TERMINAL_EMULATOR", "").startswith("JetBrains"):
            return None
        return path.as_uri()


def visible(text: str) -> str:
    """Replace control characters (but not line ends and tabs) by a sign that stands for them."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def _console(stream: TextIO) -> "Console":
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
