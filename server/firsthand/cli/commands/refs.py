"""`firsthand refs`: who uses a name, from the code graph."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from firsthand.cli.application import Context
from firsthand.cli.opening import bring_up_to_date, opened
from firsthand.cli.references import reference_lines, references_json
from firsthand.core.direct_hits import Coverage
from firsthand.core.lines import LineTable
from firsthand.core.model import SourceFile
from firsthand.core.neighbours import file_named
from firsthand.core.references import CodeGraph, Reference
from firsthand.core.resolution import PlacedDefinition
from firsthand.core.workspace import Workspace

# The index is complete for this as soon as it can be searched by keyword; what little is left may be finished.
_FINISHING_SECONDS = 0.3

_RELATIONS = {"calls": {"calls"}, "imports": {"imports"}, "inherits": {"extends"}}


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a name; `nearest` holds other names when it is unknown."""

    symbol: str
    definitions: tuple[PlacedDefinition, ...]
    references: tuple[Reference, ...]
    nearest: tuple[str, ...]
    lines: dict[tuple[str, int], str]
    """The text of the lines that are shown, by path and line."""
    is_foreign: bool = False
    """True when the name is defined in no file of the workspace."""


def run(context: Context) -> int:
    """List references; 1 when there are none and a person is reading."""
    return asyncio.run(_refs(context))


async def _refs(context: Context) -> int:
    async with opened(context, need_chat=False) as workspace:
        await bring_up_to_date(context, workspace, embedding_seconds=_FINISHING_SECONDS, needs_meaning=False)
        found = await _find(context, workspace)
        is_partial = context.arguments.no_index and not workspace.without_index
        unindexed = await workspace.unindexed_files() if is_partial else 0
    if unindexed:
        context.terminal.say(Coverage(unindexed).sentence_about_places)
    if context.arguments.json:
        context.terminal.write_json(
            references_json(found.symbol, found.definitions, found.references, found.nearest, found.lines)
        )
        return 0
    out = context.terminal.out()
    if found.definitions or found.references:
        for line in reference_lines(
            context.terminal, context.root, found.definitions, found.references, found.lines
        ):
            out.print(line)
    if not found.references:
        context.terminal.say(_nothing(found))
        return 1
    if found.is_foreign:
        context.terminal.say(f"{found.symbol} is not defined here; these are the places that name it.")
    return 0


async def _find(context: Context, workspace: Workspace) -> Found:
    symbol: str = context.arguments.symbol
    graph = CodeGraph(workspace.store)
    definitions = await graph.find(symbol)
    path = "" if definitions else await file_named(workspace.store, symbol)
    references = await _references(context, graph, definitions, path)
    nearest = () if definitions or references or path else await graph.nearest(symbol)
    places = [(each.path, each.line) for each in references]
    texts = await _texts(workspace, places)
    return Found(symbol, definitions, references, nearest, texts, not definitions and not path)


async def _references(
    context: Context, graph: CodeGraph, definitions: Sequence[PlacedDefinition], path: str
) -> tuple[Reference, ...]:
    kind: str = context.arguments.kind
    if path:
        found = await graph.importers(path)
    elif not definitions:
        found = await graph.mentions(context.arguments.symbol)
    elif context.arguments.outgoing:
        found = tuple([used for each in definitions for used in await graph.uses(each)])
    elif kind == "tests":
        return await graph.tests(definitions)
    else:
        found = await graph.references(definitions)
    if kind == "tests":
        return tuple(each for each in found if each.is_test)
    wanted = _RELATIONS.get(kind)
    return tuple(each for each in found if wanted is None or each.relation in wanted)


async def _texts(workspace: Workspace, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    texts: dict[tuple[str, int], str] = {}
    tables: dict[str, LineTable | None] = {}
    for path, line in places:
        if path not in tables:
            source = await workspace.tree.read(path)
            tables[path] = LineTable.of(source.text) if isinstance(source, SourceFile) else None
        table = tables[path]
        if table is not None and line <= len(table):
            texts[path, line] = table.text(table.starts[line - 1], table.ends[line - 1]).strip()
    return texts


def _nothing(found: Found) -> str:
    if found.definitions:
        return f"Nothing that was looked at uses {found.symbol} in this way."
    if found.nearest:
        return f"{found.symbol} is not known here; the nearest names are {', '.join(found.nearest)}."
    return f"{found.symbol} is not known here; look for it with: firsthand search {found.symbol}"
