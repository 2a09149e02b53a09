"""Edits that the user may accept: made small, and checked before they are offered."""

import ast
import re
from collections.abc import AsyncGenerator

from firsthand.core.answers import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    Citation,
    FileEdit,
    TextArrived,
    UngroundedName,
)
from firsthand.core.generation import Draft, Generation, Stopwatch, draft_status, new_answer_id
from firsthand.core.lines import decode, encode
from firsthand.core.ports import Parser

_BLOCK = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,})[^\n]*\n(?P<code>.*?)(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)


def fenced_code(answer: str) -> str | None:
    """Return the longest fenced code block of an answer, or None when there is none."""
    blocks = [match["code"] for match in _BLOCK.finditer(answer)]
    return max(blocks, key=len).strip("\n") if blocks else None


def replaced(path: str, before: str, after: str) -> FileEdit:
    """Return the one edit that turns a text into another and touches the least."""
    old, new = encode(before), encode(after)
    start = _common_prefix(old, new)
    end = _common_prefix(old[start:][::-1], new[start:][::-1])
    # An edit must not cut a character in two.
    while start and start < len(old) and old[start] & 0xC0 == 0x80:
        start -= 1
    while end and old[len(old) - end] & 0xC0 == 0x80:
        end -= 1
    end = min(end, len(old) - start, len(new) - start)
    return FileEdit(path, decode(new[start : len(new) - end]), False, start, len(old) - end)


def applied(text: str, edit: FileEdit) -> str:
    """Return the text after the edit."""
    data = encode(text)
    return decode(data[: edit.start_byte] + encode(edit.new_text) + data[edit.end_byte :])


def syntax_problem(parser: Parser, language: str, text: str) -> str:
    """Return why a text does not parse, or ""."""
    if language == "python":
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = f" on line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            return f"{getattr(error, 'msg', None) or error}{line}"
    outline = parser.outline(language, text)
    return f"the {language} code has a syntax error" if outline is not None and outline.has_errors else ""


def _common_prefix(one: bytes, other: bytes) -> int:
    limit = min(len(one), len(other))
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


async def finished(
    text: str,
    draft: Draft,
    generation: Generation,
    stopwatch: Stopwatch,
    *,
    edits: tuple[FileEdit, ...] = (),
    citations: tuple[Citation, ...] = (),
    ungrounded: tuple[UngroundedName, ...] = (),
) -> AsyncGenerator[AnswerEvent, None]:
    """End a use case whose result is an edit; without one the answer is incomplete, without a model it says so."""
    status = "noModel" if generation.chat is None else draft_status(draft)
    yield TextArrived(text)
    yield AnswerFinished(
        Answer(
            id=new_answer_id(),
            status="incomplete" if status == "complete" and not edits else status,
            text=text,
            citations=citations,
            ungrounded=ungrounded,
            model=generation.chat.name if generation.chat else "",
            budget=draft.context.budget,
            timings=stopwatch.timings(),
            warnings=tuple(draft.warnings),
            edits=edits,
        )
    )
