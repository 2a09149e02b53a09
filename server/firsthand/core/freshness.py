"""The present state of files: what a hit looks like now, in the open buffer or on disk, not when it was indexed."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from firsthand.core.answers import CutExcerpt, Selection
from firsthand.core.languages import language_of
from firsthand.core.lines import LineTable
from firsthand.core.model import Chunk, Hit, Outline, SkippedFile, Span, Symbol
from firsthand.core.ports import Parser, SourceTree

GONE_FILE = "the file no longer exists"
GONE_TEXT = "the code is no longer in the file"

_LINE_END = re.compile(r"\r\n|\n|\r")

# A part of one of these says little without the rest; the header of a class speaks for itself.
_SHOWN_WHOLE = frozenset({"function", "method", "test", "macro", "type", "constant"})
# Aligning a changed piece line by line is quadratic; pieces and files beyond this are looked up by name only.
_LONGEST_ALIGNMENT = 4000
# A piece of which less than half the lines survive is another piece.
_LEAST_SURVIVING_SHARE = 0.5


class OpenBuffers:
    """The unsaved texts of the documents that the editor has open, by path."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def open(self, path: str, text: str) -> None:
        """Remember the document's text; later calls replace it."""
        self._texts[path] = text

    def close(self, path: str) -> None:
        """Forget the document: the disk is the truth again."""
        self._texts.pop(path, None)

    def text(self, path: str) -> str | None:
        """Return the document's text, or None when it is not open."""
        return self._texts.get(path)

    def paths(self) -> list[str]:
        """Return the open documents, those opened last first."""
        return list(reversed(self._texts))


@dataclass(frozen=True, slots=True)
class CurrentFile:
    """A file as it is now, by lines without their ends."""

    path: str
    language: str
    text: str
    lines: tuple[str, ...]

    def lines_text(self, start_line: int, end_line: int) -> str:
        """Return whole lines, from 1, both included, joined by line feeds."""
        return "\n".join(self.lines[start_line - 1 : end_line])


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of a current file that a hit stands for, and the whole definition around them."""

    file: CurrentFile
    start_line: int
    end_line: int
    definition_start: int
    definition_end: int
    symbol: str
    signature: str = ""
    reasons: tuple[str, ...] = ()
    score: float = 0.0
    is_target: bool = False
    """What the request is about: an excerpt of its own, exactly these lines."""
    aside: str = ""
    """What ties it to a better passage, for one that was not found itself; it takes only room that is left."""


def current_file(path: str, text: str, language: str = "") -> CurrentFile:
    """Split a text into lines as the parser counts them."""
    lines = _LINE_END.split(text)
    if lines[-1] == "" and len(lines) > 1:
        lines.pop()
    return CurrentFile(path, language or language_of(path, text), text, tuple(lines))


def selected_lines(selection: Selection) -> tuple[int, int]:
    """Return the first and last line that a selection touches."""
    table = LineTable.of(selection.text)
    last = max(selection.start_byte, selection.end_byte - 1)
    return table.line_of(selection.start_byte), table.line_of(last)


class Freshness:
    """Reads files as they are now; the open buffer comes before the disk."""

    def __init__(self, tree: SourceTree, parser: Parser, buffers: OpenBuffers) -> None:
        self._tree = tree
        self._parser = parser
        self._buffers = buffers

    async def file(self, path: str) -> CurrentFile | str:
        """Return the file as it is now, or the reason why it cannot be shown."""
        text = self._buffers.text(path)
        if text is not None:
            return await asyncio.to_thread(current_file, path, text)
        source = await self._tree.read(path)
        if source is None:
            return GONE_FILE
        if isinstance(source, SkippedFile):
            return source.reason
        return await asyncio.to_thread(current_file, path, source.text, source.language)

    async def outline(self, file: CurrentFile) -> Outline:
        """Return the file's syntax; empty when there is no grammar for its language."""
        outline = await asyncio.to_thread(self._parser.outline, file.language, file.text)
        return outline or Outline(file.language)

    async def passages(
        self, hits: Iterable[Hit], unsaved: Selection | None = None
    ) -> tuple[list[Passage], list[CutExcerpt]]:
        """Read every hit again, in order; hits that are gone come back as cut, with the reason."""
        reading = _Reading(self, unsaved)
        passages: list[Passage] = []
        cut: list[CutExcerpt] = []
        for hit in hits:
            found = await reading.passage(hit)
            if isinstance(found, Passage):
                passages.append(found)
            else:
                span = hit.chunk.span
                cut.append(
                    CutExcerpt(hit.chunk.path, span.start_line, span.end_line, hit.chunk.tokens, found)
                )
        return passages, cut


class _Reading:
    """One sweep over hits: every file is read once and parsed at most once."""

    def __init__(self, freshness: Freshness, unsaved: Selection | None) -> None:
        self._freshness = freshness
        self._files: dict[str, CurrentFile | str] = {}
        self._outlines: dict[str, Outline] = {}
        if unsaved is not None:
            self._files[unsaved.path] = current_file(unsaved.path, unsaved.text)

    async def passage(self, hit: Hit) -> Passage | str:
        chunk = hit.chunk
        if chunk.path not in self._files:
            self._files[chunk.path] = await self._freshness.file(chunk.path)
        file = self._files[chunk.path]
        if isinstance(file, str):
            return file
        located = await asyncio.to_thread(_locate_text, chunk, file)
        if located is None:
            return await self._changed(hit, file)
        start, end = located
        if chunk.span == chunk.definition or chunk.kind not in _SHOWN_WHOLE:
            return _passage(hit, file, located, located)
        return _passage(hit, file, located, await self._definition_around(chunk, file, start, end))

    async def _changed(self, hit: Hit, file: CurrentFile) -> Passage | str:
        chunk = hit.chunk
        if chunk.qualified_name:
            symbol = _same_definition(chunk, (await self._outline(file)).symbols)
            if symbol is not None:
                lines = (symbol.span.start_line, symbol.span.end_line)
                return _passage(hit, file, lines, lines, symbol.signature)
        aligned = await asyncio.to_thread(_surviving_lines, chunk, file)
        return GONE_TEXT if aligned is None else _passage(hit, file, aligned, aligned)

    async def _definition_around(
        self, chunk: Chunk, file: CurrentFile, start: int, end: int
    ) -> tuple[int, int]:
        symbol = _same_definition(chunk, (await self._outline(file)).symbols)
        if symbol is None or not (symbol.span.start_line <= start and end <= symbol.span.end_line):
            return start, end
        return symbol.span.start_line, symbol.span.end_line

    async def _outline(self, file: CurrentFile) -> Outline:
        if file.path not in self._outlines:
            self._outlines[file.path] = await self._freshness.outline(file)
        return self._outlines[file.path]


def _passage(
    hit: Hit, file: CurrentFile, lines: tuple[int, int], definition: tuple[int, int], signature: str = ""
) -> Passage:
    return Passage(
        file=file,
        start_line=lines[0],
        end_line=lines[1],
        definition_start=definition[0],
        definition_end=definition[1],
        symbol=hit.chunk.qualified_name,
        signature=signature or hit.chunk.signature,
        reasons=hit.reasons,
        score=hit.score,
    )


def _locate_text(chunk: Chunk, file: CurrentFile) -> tuple[int, int] | None:
    """Return the lines where the chunk's very text stands now, nearest to where it stood."""
    wanted = _LINE_END.split(chunk.text.rstrip("\r\n"))
    if not any(line.strip() for line in wanted):
        return None
    positions = [
        index
        for index in range(len(file.lines) - len(wanted) + 1)
        if file.lines[index].endswith(wanted[0]) and _matches(file.lines, index, wanted)
    ]
    if not positions:
        return None
    nearest = min(positions, key=lambda index: abs(index + 1 - chunk.span.start_line))
    return nearest + 1, nearest + len(wanted)


def _matches(lines: Sequence[str], index: int, wanted: Sequence[str]) -> bool:
    """Compare whole lines, but for the first and last, of which a chunk may hold a part."""
    if len(wanted) == 1:
        return wanted[0] in lines[index]
    last = index + len(wanted) - 1
    return lines[last].startswith(wanted[-1]) and all(
        lines[index + offset] == wanted[offset] for offset in range(1, len(wanted) - 1)
    )


def _same_definition(chunk: Chunk, symbols: Sequence[Symbol]) -> Symbol | None:
    """Return the definition of this name that lies nearest to where the chunk's definition was."""
    named = [symbol for symbol in symbols if symbol.qualified_name == chunk.qualified_name]
    same_kind = [symbol for symbol in named if symbol.kind == chunk.kind]
    return min(
        same_kind or named,
        key=lambda symbol: abs(symbol.span.start_line - chunk.definition.start_line),
        default=None,
    )


def _surviving_lines(chunk: Chunk, file: CurrentFile) -> tuple[int, int] | None:
    """Return the region of the file that still holds most lines of a piece that has no name."""
    wanted = [line.strip() for line in chunk.text.splitlines()]
    if len(wanted) + len(file.lines) > _LONGEST_ALIGNMENT:
        return None
    present = [line.strip() for line in file.lines]
    blocks = [
        block
        for block in SequenceMatcher(None, wanted, present, autojunk=False).get_matching_blocks()
        if any(wanted[block.a : block.a + block.size])
    ]
    survivors = sum(1 for block in blocks for line in wanted[block.a : block.a + block.size] if line)
    total = sum(1 for line in wanted if line)
    if not blocks or survivors < total * _LEAST_SURVIVING_SHARE:
        return None
    first, last = blocks[0].b, blocks[-1].b + blocks[-1].size
    scattered = last - first > 2 * len(wanted) + 10
    return None if scattered else (first + 1, last)


def span_of_lines(text: str, start_line: int, end_line: int) -> Span:
    """Return the byte range of whole lines, without the end of the last."""
    table = LineTable.of(text)
    end_line = min(end_line, len(table))
    return Span(start_line, end_line, table.starts[start_line - 1], table.ends[end_line - 1])
