"""The structural hover: what a symbol is, who uses it, which tests mention it, what changed it last. No model."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from firsthand.core.answers import Selection
from firsthand.core.explanations import Explanations
from firsthand.core.freshness import current_file
from firsthand.core.inert import inert, inert_markdown, inline_code
from firsthand.core.languages import is_test_path, language_of
from firsthand.core.lines import LineTable
from firsthand.core.model import Chunk, Commit, Definition, Outline, Symbol, SymbolKind
from firsthand.core.ports import ChunkStore, History, Parser
from firsthand.core.prompts import fence_around
from firsthand.core.references import CodeGraph, Reference
from firsthand.core.resolution import PlacedDefinition
from firsthand.core.vocabulary import COMMON_NAMES

# History runs a process; a hover that waits for it is worse than one without it.
_HISTORY_SECONDS = 0.15
_MOST_CHANGES_KEPT = 512
_MOST_PENDING = 4
_MOST_OUTLINES_KEPT = 16
# More users than this are counted as "100+".
_MOST_COUNTED = 100
# A hover has some tens of milliseconds; the rarest mentions are read first.
_MOST_CHUNKS_READ = 120
_MOST_LISTED = 4
_LONGEST_SIGNATURE = 400
_LONGEST_DOC = 600
_PARTIAL = "Files are still being indexed: who uses it there is missing here"

_IDENTIFIER = re.compile(rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*")
_IMPORTED_FROM = re.compile(r"[\w@./-]+")


@dataclass(frozen=True, slots=True)
class HoverCard:
    """A hover's text and the identifier that it is about."""

    markdown: str
    start_byte: int
    end_byte: int
    explained: bool = False
    """True when a model's explanation of this very code is in the text."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """What the card describes, wherever it is defined."""

    name: str
    qualified_name: str
    kind: str
    language: str
    signature: str
    docstring: str
    path: str
    start_line: int
    end_line: int
    others: int = 0
    """How many further definitions have the same name."""


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int


_Place = tuple[str, int, int, str]


class Hovers:
    """Makes hover cards from syntax, index and history."""

    def __init__(
        self,
        *,
        store: ChunkStore,
        parser: Parser,
        history: History,
        explanations: Explanations | None = None,
        sweeping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take what it reads.

        Args:
            sweeping: tells whether files may be missing from the index because nobody has come to them yet.
        """
        self._store = store
        self._parser = parser
        self._history = history
        self._explanations = explanations or Explanations()
        self._sweeping = sweeping
        self._outlines: OrderedDict[tuple[str, str], Outline] = OrderedDict()
        self._pending: dict[_Place, asyncio.Future[Commit | None]] = {}
        self._changes: OrderedDict[_Place, Commit | None] = OrderedDict()

    async def card(self, selection: Selection) -> HoverCard | None:
        """Describe the identifier at the selection's start; None where nothing of this workspace is named."""
        word = _identifier_at(selection)
        if word is None:
            return None
        outline = await self._outline(selection)
        subject = _defined_here(outline, word, selection)
        if subject is None:
            subject = await self._defined_elsewhere(outline, word, selection)
        if subject is None:
            return None
        is_partial = self._sweeping()
        change, users = await asyncio.gather(
            self._last_change(subject, selection),
            self._users(subject),
        )
        markdown = _markdown(subject, users, change)
        if is_partial:
            markdown += f"\n- {_PARTIAL}"
        explanation = self._explanation(subject, selection)
        if explanation:
            markdown += f"\n\n---\n\n{inert_markdown(explanation)}"
        return HoverCard(markdown, word.start, word.end, explained=explanation is not None)

    async def _users(self, subject: _Subject) -> Sequence[Reference]:
        """Return who uses the subject; of a name that stands everywhere, as many as are quickly read."""
        definition = Definition(
            subject.name,
            subject.qualified_name,
            cast(SymbolKind, subject.kind),
            subject.start_line,
            subject.end_line,
        )
        placed = PlacedDefinition(subject.path, subject.language, is_test_path(subject.path), definition)
        found = await CodeGraph(self._store).references([placed], limit=_MOST_CHUNKS_READ)
        busy = {each.path for each in found if each.relation != "imports"}
        return [each for each in found if each.relation != "imports" or each.path not in busy]

    def _explanation(self, subject: _Subject, selection: Selection) -> str | None:
        """Return what a model said about this definition, if the code is still the same."""
        if subject.path != selection.path:
            return None
        file = current_file(selection.path, selection.text)
        return self._explanations.find(subject.path, file.lines_text(subject.start_line, subject.end_line))

    async def close(self) -> None:
        """Stop looking into the history."""
        pending = list(self._pending.values())
        self._pending.clear()
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def _outline(self, selection: Selection) -> Outline:
        key = (selection.path, selection.text)
        known = self._outlines.get(key)
        if known is not None:
            self._outlines.move_to_end(key)
            return known
        language = language_of(selection.path, selection.text)
        outline = await asyncio.to_thread(self._parser.outline, language, selection.text)
        self._outlines[key] = outline or Outline(language)
        while len(self._outlines) > _MOST_OUTLINES_KEPT:
            self._outlines.popitem(last=False)
        return self._outlines[key]

    async def _defined_elsewhere(
        self, outline: Outline, word: _Word, selection: Selection
    ) -> _Subject | None:
        if not _is_used(outline, word) and _is_ordinary(word.text):
            return None
        found = [chunk for chunk in await self._store.defining([word.text], 50) if chunk.name == word.text]
        if not found or (_is_ordinary(word.text) and all(chunk.path != selection.path for chunk in found)):
            return None
        found.sort(key=lambda chunk: _preference(chunk, outline, word, selection))
        best = found[0]
        definitions = {(chunk.path, chunk.definition.start_byte) for chunk in found}
        return _Subject(
            name=best.name,
            qualified_name=best.qualified_name,
            kind=best.kind,
            language=best.language,
            signature=best.signature,
            docstring=best.docstring,
            path=best.path,
            start_line=best.definition.start_line,
            end_line=best.definition.end_line,
            others=len(definitions) - 1,
        )

    async def _last_change(self, subject: _Subject, selection: Selection) -> Commit | None:
        """Ask the history within its time limit; what came late is kept for the next hover."""
        version = selection.text if subject.path == selection.path else ""
        key = (subject.path, subject.start_line, subject.end_line, version)
        if key in self._changes:
            return self._changes[key]
        task = self._pending.get(key)
        if task is None:
            if len(self._pending) >= _MOST_PENDING:
                return None
            lookup = self._history.last_change(subject.path, subject.start_line, subject.end_line)
            task = self._pending[key] = asyncio.ensure_future(lookup)
        await asyncio.wait({task}, timeout=_HISTORY_SECONDS)
        if not task.done():
            return None
        del self._pending[key]
        change = task.result()
        self._changes[key] = change
        while len(self._changes) > _MOST_CHANGES_KEPT:
            self._changes.popitem(last=False)
        return change


def _identifier_at(selection: Selection) -> _Word | None:
    """Return the identifier that the cursor touches, on the left or on the right."""
    table = LineTable.of(selection.text)
    if not 0 <= selection.start_byte <= len(table.data) or not table.starts:
        return None
    line = table.line_of(selection.start_byte)
    start, end = table.starts[line - 1], table.ends[line - 1]
    for match in _IDENTIFIER.finditer(table.data, start, end):
        if match.start() <= selection.start_byte <= match.end():
            return _Word(match[0].decode("utf-8", "replace"), match.start(), match.end())
    return None


def _defined_here(outline: Outline, word: _Word, selection: Selection) -> _Subject | None:
    for symbol in outline.symbols:
        if symbol.name_span.start_byte <= word.start and word.end <= symbol.name_span.end_byte:
            return _subject(symbol, outline.language, selection.path)
    if not _is_used(outline, word):
        return None
    named = [symbol for symbol in outline.symbols if symbol.name == word.text]
    return _subject(named[0], outline.language, selection.path) if len(named) == 1 else None


def _subject(symbol: Symbol, language: str, path: str) -> _Subject:
    return _Subject(
        name=symbol.name,
        qualified_name=symbol.qualified_name,
        kind=symbol.kind,
        language=language,
        signature=symbol.signature,
        docstring=symbol.docstring,
        path=path,
        start_line=symbol.span.start_line,
        end_line=symbol.span.end_line,
    )


def _is_used(outline: Outline, word: _Word) -> bool:
    """Tell whether the code uses the name; words in comments, strings and keywords are not used."""
    groups = (
        outline.calls,
        outline.references,
        *((*each.calls, *each.references, *each.bases) for each in outline.symbols),
    )
    used = (name for group in groups for name in group)
    return any(word.text in re.split(r"\.|::|->", name) for name in used) or any(
        word.text in re.findall(r"[\w$]+", each.text)
        for each in outline.imports
        if each.span.start_byte <= word.start < each.span.end_byte
    )


def _is_ordinary(name: str) -> bool:
    return name in COMMON_NAMES or len(name) < 2


def _preference(
    chunk: Chunk, outline: Outline, word: _Word, selection: Selection
) -> tuple[bool, bool, bool, bool, str]:
    """Order definitions: this file, then imported modules, then this language, then not a test."""
    stem = chunk.path.rsplit("/", 1)[-1].split(".", 1)[0]
    folder = chunk.path.rsplit("/", 2)[-2] if "/" in chunk.path else ""
    targets = {
        part
        for each in outline.imports
        if word.text in each.text or each.target
        for path in _IMPORTED_FROM.findall(each.target)
        for part in re.split(r"[./]", path)
    }
    imported = stem in targets or (stem in ("index", "mod", "__init__") and folder in targets)
    return (
        chunk.path != selection.path,
        not imported,
        chunk.language != outline.language,
        chunk.is_test,
        chunk.path,
    )


def _markdown(subject: _Subject, users: Sequence[Reference], change: Commit | None) -> str:
    parts = [_signature_block(subject)]
    paragraph = re.split(r"\n\s*\n", subject.docstring.strip(), maxsplit=1)[0]
    if paragraph:
        parts.append(inert(_shortened(" ".join(paragraph.split()), _LONGEST_DOC)))
    others = f" and {subject.others} more of this name" if subject.others else ""
    facts = [f"Defined at {_place(subject.path, subject.start_line)}{others}"]
    facts += _mentions("Used by", [each for each in users if not each.is_test])
    facts += _mentions("Tested in", [each for each in users if each.is_test])
    if change is not None:
        facts.append(
            f"Last change {inert(change.date)} by {inert(change.author)}: {inert(_shortened(change.subject, 120))} "
            f"({inline_code(change.id[:8])})"
        )
    return "\n\n".join(parts) + "\n\n" + "\n".join(f"- {fact}" for fact in facts)


def _signature_block(subject: _Subject) -> str:
    signature = _shortened(
        subject.signature or f"{subject.kind} {subject.qualified_name}", _LONGEST_SIGNATURE
    )
    fence = fence_around(signature)
    language = re.sub(r"[^\w+-]", "", subject.language)
    return f"{fence}{language}\n{signature}\n{fence}"


def _mentions(label: str, users: Sequence[Reference]) -> list[str]:
    """Say how many definitions use a symbol, and name the first few with the line where they do."""
    places: dict[tuple[str, str], int] = {}
    for each in users:
        places.setdefault((each.path, each.symbol), each.line)
    if not places:
        return []
    count = f"{len(places)}" if len(places) <= _MOST_COUNTED else f"{_MOST_COUNTED}+"
    noun = "place" if len(places) == 1 else "places"
    listed = [
        f"{inline_code(symbol)} {_place(path, line)}" if symbol else _place(path, line)
        for (path, symbol), line in list(places.items())[:_MOST_LISTED]
    ]
    more = ", …" if len(places) > _MOST_LISTED else ""
    return [f"{label} {count} {noun}: {', '.join(listed)}{more}"]


def _place(path: str, line: int) -> str:
    return inline_code(f"{path}:{line}")


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
