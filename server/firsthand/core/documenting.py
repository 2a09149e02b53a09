"""The use case "document": a doc comment for the definition at a selection, as an insertion."""

import asyncio
import contextlib
import inspect
import re
import textwrap
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from firsthand.core.answers import AnswerEvent, FileEdit, Selection
from firsthand.core.editing import applied, fenced_code, finished, syntax_problem
from firsthand.core.generation import Draft, Generation, Stopwatch, Task
from firsthand.core.inert import inline_code
from firsthand.core.lines import LineTable
from firsthand.core.model import Symbol
from firsthand.core.ports import Parser
from firsthand.core.prompts import Request, fence_around
from firsthand.core.sources import Sources, Target, locate
from firsthand.errors import RequestError

NO_MODEL = "No chat model is at hand, so no documentation was written: start Ollama, or run `firsthand model install`."

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class _Style:
    """How a language writes documentation: what opens it, begins each line and closes it."""

    opening: str
    line: str
    closing: str


_BLOCK = _Style("/**", " * ", " */")
_PYTHON = _Style('"""', "", '"""')
_STYLES = {
    **dict.fromkeys(("go", "c", "cpp", "proto"), _Style("", "// ", "")),
    **dict.fromkeys(("rust", "swift", "dart", "zig", "fsharp"), _Style("", "/// ", "")),
    **dict.fromkeys(
        ("ruby", "bash", "elixir", "perl", "r", "powershell", "make", "nix", "yaml", "toml", "dockerfile"),
        _Style("", "# ", ""),
    ),
    **dict.fromkeys(("haskell", "elm"), _Style("", "-- ", "")),
    **dict.fromkeys(("sql", "ada"), _Style("", "-- ", "")),
    "lua": _Style("", "--- ", ""),
    "csharp": _Style("/// <summary>", "/// ", "/// </summary>"),
    "erlang": _Style("", "%% ", ""),
    "clojure": _Style("", ";; ", ""),
}
_MARKS = re.compile(
    r"^\s*(?:/\*\*?|\*/|\*(?=\s|$)|///?|--[-|]?(?=\s|$)|#(?=\s|$)|\"\"\"|''')\s?|\s*(?:\*/|\"\"\"|''')\s*$"
)


async def document(
    selection: Selection, limit: int, sources: Sources, generation: Generation, parser: Parser
) -> AsyncGenerator[AnswerEvent, None]:
    """Write the documentation of a definition that has none."""
    stopwatch, draft = Stopwatch(), Draft()
    yield stopwatch.start("searching")
    target = await locate(sources.freshness, selection)
    symbol = target.symbol
    if symbol is None:
        raise RequestError("There is nothing to document here: put the cursor inside a function or a class.")
    if symbol.docstring:
        raise RequestError(f"{symbol.qualified_name} has documentation already: edit it, or remove it first.")
    related = await sources.related(target)
    yield stopwatch.start("reading")
    passages, cut = await sources.passages(related, selection)
    request = Request("document", f"the {symbol.kind} {inline_code(symbol.qualified_name)}")
    task = Task(request, related, (target.passage(), *passages), tuple(cut), limit)
    async with contextlib.aclosing(generation.write(task, draft, stopwatch, shows_text=False)) as events:
        async for event in events:
            yield event
    yield stopwatch.start("checking")
    text, edits = await asyncio.to_thread(_result, draft, target, symbol, parser, generation)
    async with contextlib.aclosing(finished(text, draft, generation, stopwatch, edits=edits)) as events:
        async for event in events:
            yield event


def _result(
    draft: Draft, target: Target, symbol: Symbol, parser: Parser, generation: Generation
) -> tuple[str, tuple[FileEdit, ...]]:
    if generation.chat is None:
        return NO_MODEL, ()
    if draft.failure is not None:
        draft.warnings.append(str(draft.failure))
    words = _documentation(draft.attributor.finish().text, symbol, target, parser)
    edit = _insertion(words, target, symbol) if words else None
    name = inline_code(symbol.qualified_name)
    if edit is None:
        return f"The model gave no documentation that fits {name}: ask again, or choose a larger model.", ()
    after = applied(target.file.text, edit)
    if not target.outline.has_errors and syntax_problem(parser, target.file.language, after):
        return f"The documentation for {name} would break the file, so it is not offered: ask again.", ()
    line = LineTable.of(target.file.text).line_of(edit.start_byte)
    fence = fence_around(edit.new_text)
    shown = textwrap.dedent(edit.new_text).rstrip("\r\n").replace("\r\n", "\n")
    place = inline_code(f"{target.file.path}:{line}")
    return f"Documentation for {name}, at {place}:\n\n{fence}{target.file.language}\n{shown}\n{fence}", (
        edit,
    )


def _documentation(answer: str, symbol: Symbol, target: Target, parser: Parser) -> str:
    """Return the words alone, also when the model wrote comment marks or the code around them."""
    code = fenced_code(answer)
    outline = parser.outline(target.file.language, code if code is not None else answer)
    written = next((each for each in outline.symbols if each.name == symbol.name), None) if outline else None
    if written is not None:
        return inspect.cleandoc(written.docstring)
    lines = [
        _MARKS.sub("", line).rstrip() for line in (code if code is not None else answer).strip().split("\n")
    ]
    return inspect.cleandoc("\n".join(lines)).strip()


def _insertion(words: str, target: Target, symbol: Symbol) -> FileEdit | None:
    table = LineTable.of(target.file.text)
    if target.file.language == "python":
        starts = symbol.statement_bytes
        offset = starts[0] if starts else symbol.body_start_byte
    else:
        offset = table.starts[symbol.span.start_line - 1]
    if offset is None:
        return None
    line = table.line_of(offset)
    start = table.starts[line - 1]
    text = table.text(start, table.ends[line - 1])
    indent = text[: len(text) - len(text.lstrip())]
    if target.file.language == "python" and table.data[start:offset].strip():
        return None
    comment = _comment(words, indent, target.file.language)
    ending = "\r\n" if "\r\n" in target.file.text else "\n"
    return FileEdit(target.file.path, comment.replace("\n", ending) + ending, False, start, start)


def _comment(words: str, indent: str, language: str) -> str:
    style = _PYTHON if language == "python" else _STYLES.get(language, _BLOCK)
    lines = _wrapped(_harmless(words, style), max(40, _WIDTH - len(indent) - len(style.line)))
    if style is _PYTHON:
        if len(lines) == 1:
            return f'{indent}"""{lines[0]}"""'
        body = [f'"""{lines[0]}', *lines[1:], '"""']
    elif not style.closing:
        body = [f"{style.line}{line}".rstrip() for line in lines]
    elif style is _BLOCK and len(lines) == 1:
        body = [f"/** {lines[0]} */"]
    else:
        body = [style.opening, *(f"{style.line}{line}".rstrip() for line in lines), style.closing]
    return "\n".join(indent + line if line else "" for line in body)


def _harmless(words: str, style: _Style) -> str:
    """Keep the words from ending the comment that they stand in."""
    if style is _PYTHON:
        words = words.replace("\\", "\\\\").replace('"""', "'''")
        return f"{words} " if words.endswith('"') else words
    return words.replace("*/", "* /")


def _wrapped(words: str, width: int) -> list[str]:
    lines: list[str] = []
    for line in words.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        ) or [""]
    return lines
