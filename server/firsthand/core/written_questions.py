"""Questions that stand in a document: a comment, or a line of prose, that ends in a question mark."""

import re
from collections.abc import Sequence

PROSE_SUFFIXES = (".md", ".markdown", ".rst", ".adoc", ".org", ".txt")
"""Ends of the names of files whose every line is prose."""

# How comments begin and end in the languages that people write; a docstring is one too.
_COMMENT_START = re.compile(
    r"\s*(?:#+|//+[/!]?|--+|;+|%+|/\*+!?|\*+(?!/)|<!--|\"{3}|'{3}|\"(?=\s)|REM\b)", re.IGNORECASE
)
_COMMENT_END = re.compile(r"\s*(?:\*+/|-->|\"{3}|'{3})\s*$")
_QUESTION_MARKS = ("?", "？", "؟")
_FEWEST_CHARACTERS = 6
# A question that is longer is a text that happens to end in a question mark.
_MOST_LINES = 12


def question_in(lines: Sequence[str], *, is_prose: bool) -> str | None:
    """Return the question that these lines ask, on one line; None when they ask none."""
    if not 0 < len(lines) <= _MOST_LINES:
        return None
    parts = []
    for line in lines:
        text = _COMMENT_END.sub("", line)
        start = _COMMENT_START.match(text)
        if start is None and not is_prose and text.strip():
            return None
        parts.append(text[start.end() if start else 0 :])
    question = " ".join(" ".join(parts).split())
    if not question.endswith(_QUESTION_MARKS) or len(question) < _FEWEST_CHARACTERS:
        return None
    return question
