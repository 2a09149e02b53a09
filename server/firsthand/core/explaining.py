"""The use cases "explain" and "fix": about the definition at a selection, from its surroundings."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator
from dataclasses import replace

from firsthand.core.answers import AnswerEvent, AnswerFinished, FileEdit, Selection
from firsthand.core.freshness import span_of_lines
from firsthand.core.generation import Draft, Generation, Stopwatch, Task
from firsthand.core.model import Hit
from firsthand.core.ports import Parser
from firsthand.core.prompts import Request
from firsthand.core.sources import Sources, Target, locate, without_repeats
from firsthand.errors import RequestError

_CODE_BLOCK = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[^\n]*\n(?P<code>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL
)
_LONGEST_DIAGNOSTIC = 2000


async def explain(
    selection: Selection, limit: int, sources: Sources, generation: Generation
) -> AsyncGenerator[AnswerEvent, None]:
    """Explain the definition at the selection."""
    stopwatch, draft = Stopwatch(), Draft()
    yield stopwatch.start("searching")
    target = await _target(selection, sources)
    related = await sources.related(target)
    request = Request("explain", _described(target))
    yield stopwatch.start("reading")
    task = await _task(request, target, related, limit, sources)
    async with contextlib.aclosing(generation.write(task, draft, stopwatch)) as events:
        async for event in events:
            yield event
    async with contextlib.aclosing(generation.finish(task, draft, stopwatch)) as events:
        async for event in events:
            yield event


async def fix(
    selection: Selection,
    diagnostic: str,
    limit: int,
    sources: Sources,
    generation: Generation,
    parser: Parser,
) -> AsyncGenerator[AnswerEvent, None]:
    """Explain a reported problem and propose the definition anew; an edit is offered only when it parses."""
    if not diagnostic.strip():
        raise RequestError("There is no problem to fix: give the text of the diagnostic in `diagnostic`.")
    stopwatch, draft = Stopwatch(), Draft()
    yield stopwatch.start("searching")
    target = await _target(selection, sources)
    found = await sources.searcher.search(
        f"{diagnostic[:_LONGEST_DIAGNOSTIC]} {target.label}", limit=limit, near=selection.path
    )
    related = without_repeats((*await sources.related(target), *found))
    yield stopwatch.start("reading")
    request = Request("fix", diagnostic[:_LONGEST_DIAGNOSTIC].strip())
    task = await _task(request, target, related, limit, sources)
    async with contextlib.aclosing(generation.write(task, draft, stopwatch)) as events:
        async for event in events:
            yield event
    async with contextlib.aclosing(generation.finish(task, draft, stopwatch)) as events:
        async for event in events:
            if isinstance(event, AnswerFinished) and event.answer.status == "complete":
                edits = await asyncio.to_thread(_replacement, event.answer.text, target, parser)
                yield AnswerFinished(replace(event.answer, edits=edits))
            else:
                yield event


async def _target(selection: Selection, sources: Sources) -> Target:
    if not selection.text.strip():
        raise RequestError(f"{selection.path} is empty: there is nothing to explain.")
    return await locate(sources.freshness, selection)


async def _task(
    request: Request, target: Target, related: tuple[Hit, ...], limit: int, sources: Sources
) -> Task:
    passages, cut = await sources.passages(related, target.selection)
    return Task(request, related, (target.passage(), *passages), tuple(cut), limit)


def _described(target: Target) -> str:
    if target.symbol is None:
        return f"lines {target.start_line}-{target.end_line} of `{target.file.path}`"
    return f"the {target.symbol.kind} `{target.symbol.qualified_name}` in `{target.file.path}`"


def _replacement(answer: str, target: Target, parser: Parser) -> tuple[FileEdit, ...]:
    """Return the edit that puts the answer's code in the definition's place, when it is the same definition."""
    blocks = [match["code"].rstrip("\n") for match in _CODE_BLOCK.finditer(answer)]
    if target.symbol is None or len(blocks) != 1 or target.passage().end_line != target.end_line:
        return ()
    text = target.file.text
    span = span_of_lines(text, target.start_line, target.end_line)
    code = _indented_like(blocks[0], target.file.lines[target.start_line - 1])
    if "\r\n" in text:
        code = code.replace("\n", "\r\n")
    data = text.encode("utf-8", "surrogatepass")
    changed = (data[: span.start_byte] + code.encode() + data[span.end_byte :]).decode(
        "utf-8", "surrogatepass"
    )
    outline = parser.outline(target.file.language, changed)
    names = [symbol.qualified_name for symbol in outline.symbols] if outline else []
    was_broken = target.outline.has_errors
    if (
        outline is None
        or (outline.has_errors and not was_broken)
        or target.symbol.qualified_name not in names
    ):
        return ()
    return (FileEdit(target.file.path, code, False, span.start_byte, span.end_byte),)


def _indented_like(code: str, first_line: str) -> str:
    """Shift the code to the indentation of the line where it will stand."""
    wanted = first_line[: len(first_line) - len(first_line.lstrip())]
    lines = code.split("\n")
    present = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    return "\n".join(wanted + line.removeprefix(present) if line.strip() else "" for line in lines)
