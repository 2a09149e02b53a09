"""What the best hits of a question call, and what calls them: short excerpts beside those that were found.

Told by names, like `Sources.related`: a name that has many definitions is left alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from firsthand.core.freshness import CurrentFile, Freshness, Passage
from firsthand.core.lines import LineTable
from firsthand.core.model import Chunk, Hit, Scope
from firsthand.core.ports import ChunkStore
from firsthand.core.scopes import in_scope
from firsthand.core.sources import common_folders

_BEST_HITS = 3
_MOST_NAMES = 40
_MOST_USERS = 40
# A name with more definitions than this says little about which of them is meant.
_AMBIGUOUS = 3
_SHORTEST_NAME = 3
# A definition of more lines is shown by its signature.
_SMALL_BODY = 12
_CODE = frozenset({"function", "method", "class", "struct", "interface", "trait", "enum", "macro", "type"})


async def surroundings(hits: Sequence[Hit], store: ChunkStore, scope: Scope, most: int) -> list[Hit]:
    """Return up to `most` pieces of code around the best hits that are not among the hits, with what ties them."""
    if most < 1:
        return []
    known = {hit.chunk.id for hit in hits}
    centres = [hit.chunk for hit in hits[:_BEST_HITS] if hit.chunk.kind in _CODE and hit.chunk.name]
    rows = [await _around(chunk, store) for chunk in centres]
    chosen: dict[str, Hit] = {}
    for hit in chain.from_iterable(zip_longest(*rows)):
        if hit is not None and hit.chunk.id not in known and in_scope(hit.chunk, scope):
            chosen.setdefault(hit.chunk.id, hit)
    return list(chosen.values())[:most]


async def short_passages(hits: Sequence[Hit], freshness: Freshness) -> list[Passage]:
    """Return these hits as they are now, each as a small body or as the lines of its signature."""
    passages, _ = await freshness.passages(hits)
    return [replace(await _shortened(each, freshness), aside=each.reasons[0]) for each in passages]


async def _around(chunk: Chunk, store: ChunkStore) -> list[Hit]:
    """Return what a definition calls and what calls it, in turn."""
    names = [name for name in dict.fromkeys(_called(chunk)) if len(name) >= _SHORTEST_NAME][:_MOST_NAMES]
    defining = await store.defining([*names, chunk.name], 4 * (len(names) + 1))
    called = list(_definitions(chunk, names, defining))
    users: list[Hit] = []
    if len(_named(chunk.name, chunk, defining)) <= _AMBIGUOUS:
        mentioning = await store.mentioning(chunk.name, _MOST_USERS)
        callers = [each for each in mentioning if _is_near_code(each, chunk) and chunk.name in _called(each)]
        callers.sort(key=lambda each: _distance(each, chunk))
        users = [Hit(each, 0.0, (f"calls {chunk.qualified_name}",)) for each in callers]
    return [hit for pair in zip_longest(called, users) for hit in pair if hit is not None]


def _definitions(chunk: Chunk, names: Sequence[str], defining: Sequence[Chunk]) -> Iterator[Hit]:
    for name in names:
        candidates = [each for each in _named(name, chunk, defining) if _is_near_code(each, chunk)]
        candidates.sort(key=lambda each: _distance(each, chunk))
        if candidates and (len(candidates) <= _AMBIGUOUS or candidates[0].path == chunk.path):
            yield Hit(candidates[0], 0.0, (f"called by {chunk.qualified_name}",))


def _named(name: str, chunk: Chunk, defining: Sequence[Chunk]) -> list[Chunk]:
    return [each for each in defining if each.name == name and each.language == chunk.language]


def _called(chunk: Chunk) -> list[str]:
    return [name.replace("::", ".").replace("->", ".").rpartition(".")[2] for name in chunk.calls]


def _is_near_code(other: Chunk, chunk: Chunk) -> bool:
    """Other code of the same language, outside tests."""
    is_itself = other.path == chunk.path and f"{other.qualified_name}.".startswith(f"{chunk.qualified_name}.")
    return other.kind in _CODE and not other.is_test and other.language == chunk.language and not is_itself


def _distance(other: Chunk, chunk: Chunk) -> tuple[bool, int, str, int]:
    return (
        other.path != chunk.path,
        -common_folders(other.path, chunk.path),
        other.path,
        other.span.start_byte,
    )


async def _shortened(passage: Passage, freshness: Freshness) -> Passage:
    first, last = passage.definition_start, passage.definition_end
    if last - first >= _SMALL_BODY:
        first, last = await _signature_lines(passage, freshness)
    return replace(passage, start_line=first, end_line=last, definition_start=first, definition_end=last)


async def _signature_lines(passage: Passage, freshness: Freshness) -> tuple[int, int]:
    """Return the lines from a definition's name to the beginning of its body; its first line where that is unknown."""
    file: CurrentFile = passage.file
    outline = await freshness.outline(file)
    table = LineTable.of(file.text)
    for symbol in outline.symbols:
        if (
            symbol.qualified_name == passage.symbol
            and symbol.body_start_byte is not None
            and passage.definition_start <= symbol.name_span.start_line <= passage.definition_end
        ):
            first = symbol.name_span.start_line
            body = table.line_of(symbol.body_start_byte)
            return first, min(max(first, body - 1), first + _SMALL_BODY - 1)
    return passage.definition_start, passage.definition_start
