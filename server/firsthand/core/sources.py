"""Where the material of an answer comes from: search, the definition at a selection, and what is related to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Protocol

from firsthand.core.answers import CutExcerpt, Selection
from firsthand.core.freshness import CurrentFile, Freshness, Passage, current_file, selected_lines
from firsthand.core.lines import LineTable
from firsthand.core.model import Chunk, Hit, Outline, Scope, Symbol
from firsthand.core.outlines import ancestors, symbol_at
from firsthand.core.ports import ChunkStore

# A definition beyond this length is shown by its beginning; its parts are retrievable by their own.
_LONGEST_TARGET = 150
# Lines around a cursor that stands in no definition.
_SURROUNDING_LINES = 20
_MOST_CALLEES = 8
_MOST_CALLERS = 8
_MOST_TESTS = 4
# A name with more definitions than this says little about which of them is meant.
_AMBIGUOUS = 3

_SMALL_KINDS = frozenset({"field", "variable", "constant", "key"})


class Search(Protocol):
    """Finds chunks for a text."""

    async def search(
        self,
        text: str,
        *,
        scope: Scope = Scope(),
        limit: int = 10,
        near: str | None = None,
        late_vectors: int = 0,
    ) -> tuple[Hit, ...]:
        """Return the best hits, best first."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """The code that a request is about, as it stands in the editor."""

    selection: Selection
    file: CurrentFile
    outline: Outline
    symbol: Symbol | None
    start_line: int
    end_line: int

    @property
    def label(self) -> str:
        """What to call it: the qualified name, or the lines."""
        if self.symbol is not None:
            return self.symbol.qualified_name
        return f"{self.file.path}:{self.start_line}-{self.end_line}"

    def passage(self) -> Passage:
        """Return the target as the first thing that the model reads."""
        end = self.end_line
        if end - self.start_line >= _LONGEST_TARGET:
            end = self.start_line + _LONGEST_TARGET - 1
        return Passage(
            file=self.file,
            start_line=self.start_line,
            end_line=end,
            definition_start=self.start_line,
            definition_end=end,
            symbol=self.symbol.qualified_name if self.symbol else "",
            signature=self.symbol.signature if self.symbol else "",
            reasons=("selected in the editor",),
            score=1.0,
            is_target=True,
        )


async def locate(freshness: Freshness, selection: Selection) -> Target:
    """Find the definition that the selection is in, in the unsaved text; without one, the lines around it."""
    file = current_file(selection.path, selection.text)
    outline = await freshness.outline(file)
    symbol = enclosing_definition(outline, selection)
    if symbol is not None:
        return Target(selection, file, outline, symbol, symbol.span.start_line, symbol.span.end_line)
    start, end = selected_lines(selection)
    if selection.start_byte == selection.end_byte:
        start, end = max(1, start - _SURROUNDING_LINES), min(len(file.lines), end + _SURROUNDING_LINES)
    return Target(selection, file, outline, None, start, end)


def enclosing_definition(outline: Outline, selection: Selection) -> Symbol | None:
    """Return the smallest definition around the whole selection; a field or constant yields what it is part of."""
    symbol = symbol_at(outline, _first_character(selection))
    if symbol is None:
        return None
    for candidate in (symbol, *ancestors(outline, symbol)):
        is_part = candidate.kind in _SMALL_KINDS and candidate.parent is not None
        if not is_part and selection.end_byte <= candidate.span.end_byte + 1:
            return candidate
    return None


def _first_character(selection: Selection) -> int:
    """Step from the indentation, where a cursor likes to stand, to the code of the line."""
    table = LineTable.of(selection.text)
    if not table.starts:
        return 0
    line = table.line_of(min(selection.start_byte, len(table.data)))
    rest = table.data[selection.start_byte : table.ends[line - 1]]
    before = table.data[table.starts[line - 1] : selection.start_byte]
    if before.strip():
        return selection.start_byte
    return selection.start_byte + len(rest) - len(rest.lstrip())


class Sources:
    """Search, index and the present state of files, together."""

    def __init__(self, *, searcher: Search, store: ChunkStore, freshness: Freshness) -> None:
        self.searcher = searcher
        self.store = store
        self.freshness = freshness

    async def passages(
        self, hits: Iterable[Hit], unsaved: Selection | None
    ) -> tuple[list[Passage], list[CutExcerpt]]:
        """Return hits as they are now; the selection's own document counts as the editor has it."""
        return await self.freshness.passages(hits, unsaved)

    async def related(self, target: Target) -> tuple[Hit, ...]:
        """Return what surrounds a definition: the class it is in, what it calls, what calls it, its tests."""
        symbol = target.symbol
        if symbol is None:
            return ()
        header = await self._header(target, symbol)
        callees = await self._callees(target, symbol)
        users = [
            chunk
            for chunk in await self.store.mentioning(symbol.name, 60)
            if not _inside(chunk, target) and chunk.language not in ("markdown", "text")
        ]
        users.sort(key=lambda chunk: _distance(chunk, target))
        callers = [_hit(chunk, f"uses {symbol.name}") for chunk in users if not chunk.is_test]
        tests = [_hit(chunk, f"tests {symbol.name}") for chunk in users if chunk.is_test]
        paired = zip_longest(callees[:_MOST_CALLEES], callers[:_MOST_CALLERS])
        return (
            *header,
            *(hit for pair in paired for hit in pair if hit is not None),
            *tests[:_MOST_TESTS],
        )

    async def _header(self, target: Target, symbol: Symbol) -> list[Hit]:
        if symbol.parent is None:
            return []
        parent = target.outline.symbols[symbol.parent].qualified_name
        chunks = await self.store.chunks_of(target.file.path)
        return [_hit(chunk, f"{parent} contains it") for chunk in chunks if chunk.qualified_name == parent][
            :1
        ]

    async def _callees(self, target: Target, symbol: Symbol) -> list[Hit]:
        names = _called_inside(target, symbol)
        if not names:
            return []
        defining = await self.store.defining(names, 4 * len(names))
        hits: list[Hit] = []
        for name in names:
            candidates = [
                chunk
                for chunk in defining
                if chunk.name == name and not _inside(chunk, target) and not chunk.is_test
            ]
            candidates.sort(key=lambda chunk: _distance(chunk, target))
            if candidates and (len(candidates) <= _AMBIGUOUS or candidates[0].path == target.file.path):
                hits.append(_hit(candidates[0], f"called by {symbol.name}"))
        return hits


def _called_inside(target: Target, symbol: Symbol) -> list[str]:
    """Return the names that a definition and the definitions inside it call or use."""
    inside = [
        each
        for each in target.outline.symbols
        if symbol.span.start_byte <= each.span.start_byte and each.span.end_byte <= symbol.span.end_byte
    ]
    names = (name for each in inside for name in (*each.calls, *each.bases, *each.references))
    last_parts = (name.replace("::", ".").replace("->", ".").rsplit(".", 1)[-1] for name in names)
    return list(dict.fromkeys(part for part in last_parts if len(part) > 1))[:40]


def _inside(chunk: Chunk, target: Target) -> bool:
    name = target.symbol.qualified_name if target.symbol else ""
    own = chunk.qualified_name == name or chunk.qualified_name.startswith(f"{name}.")
    return chunk.path == target.file.path and bool(name) and own


def _distance(chunk: Chunk, target: Target) -> tuple[bool, bool, int, str]:
    """Order by nearness: same language, same file, common folders."""
    common = common_folders(chunk.path, target.file.path)
    return chunk.language != target.file.language, chunk.path != target.file.path, -common, chunk.path


def common_folders(one: str, other: str) -> int:
    """Count the folders that two paths share from the root on."""
    count = 0
    for a, b in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if a != b:
            break
        count += 1
    return count


def _hit(chunk: Chunk, reason: str) -> Hit:
    return Hit(chunk, 1.0, (reason,))


def without_repeats(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Drop hits of a chunk that came before."""
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.chunk.id, hit)
    return tuple(first.values())
