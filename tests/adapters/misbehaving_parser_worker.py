"""A parser process whose parser does, by the name of the language, what no parser should."""

import os
import re

from firsthand.adapters.parser_worker import serve
from firsthand.core.model import Outline


class MisbehavingParser:
    """Answers with the id of its process, where it answers at all."""

    def __init__(self) -> None:
        self._held: list[int] = []

    def outline(self, language: str, text: str) -> Outline | None:
        """Do what the language says; the text is a pipe to open, so that a test sees when that happens."""
        if text:
            self._held.append(os.open(text, os.O_WRONLY))
        match language:
            case "crash":
                os._exit(3)
            case "raise":
                raise RecursionError
            case "hang":
                re.fullmatch("(a+)+b", "a" * 64)  # takes years and never lets go of the global lock
            case "print":
                os.write(1, b"debug")
        return Outline(str(os.getpid()))


if __name__ == "__main__":
    serve(MisbehavingParser())
