"""Answers without a model: the excerpts themselves, each under its place."""

from collections.abc import Sequence

from firsthand.core.answers import CharacterRange, Citation, Excerpt
from firsthand.core.excerpts import excerpt_hash
from firsthand.core.inert import inline_code
from firsthand.core.languages import language_of
from firsthand.core.prompts import fence_around

_MOST_EXCERPTS = 8
_MOST_LINES = 12


def list_excerpts(lead: str, excerpts: Sequence[Excerpt]) -> tuple[str, tuple[Citation, ...]]:
    """Write excerpts as an answer under a lead sentence; each is a citation whose span is its part of the text."""
    text = lead
    citations: list[Citation] = []
    for number, excerpt in enumerate(excerpts[:_MOST_EXCERPTS], 1):
        text += "\n\n"
        start = len(text)
        shown, entry = _entry(excerpt)
        text += entry
        citations.append(
            Citation(
                id=number,
                path=excerpt.path,
                start_line=excerpt.start_line,
                end_line=excerpt.start_line + len(shown) - 1,
                content_hash=excerpt_hash("\n".join(shown)),
                spans=(CharacterRange(start, len(text)),),
            )
        )
    return text, tuple(citations)


def _entry(excerpt: Excerpt) -> tuple[list[str], str]:
    lines = excerpt.text.split("\n")
    shown = lines if len(lines) <= _MOST_LINES + 2 else lines[:_MOST_LINES]
    code = "\n".join(shown)
    fence = fence_around(code)
    symbol = f" · {inline_code(excerpt.symbol)}" if excerpt.symbol else ""
    left = len(lines) - len(shown)
    more = f"\n… {left} more lines, to line {excerpt.end_line}" if left else ""
    last = f"-{excerpt.end_line}" if excerpt.end_line > excerpt.start_line else ""
    head = f"{inline_code(f'{excerpt.path}:{excerpt.start_line}{last}')}{symbol}"
    return shown, f"{head}\n\n{fence}{language_of(excerpt.path)}\n{code}\n{fence}{more}"
