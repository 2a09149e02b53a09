"""What a question about users, callers, heirs, importers, tests or dependencies finds in the code graph."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from firsthand.core.model import Chunk, Hit, Scope
from firsthand.core.ports import ChunkStore
from firsthand.core.references import CodeGraph, Reference, name_parts
from firsthand.core.relations import Relation, RelationKind
from firsthand.core.resolution import PlacedDefinition
from firsthand.core.scopes import in_scope

_WANTED: dict[RelationKind, frozenset[str]] = {
    "callers": frozenset({"calls"}),
    "heirs": frozenset({"extends"}),
    "importers": frozenset({"imports"}),
}
_MOST_TARGETS = 100


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The places that a question about a name asks for, all of them."""

    relation: Relation
    definitions: tuple[PlacedDefinition, ...]
    """What the name means here; empty for a file, or for what other packages define."""
    references: tuple[Reference, ...]
    hits: tuple[Hit, ...]
    """The code of these places, each piece once, with what it does."""


async def find_neighbours(
    store: ChunkStore, relation: Relation, scope: Scope = Scope(), *, must_exist: bool = True
) -> Neighbourhood | None:
    """Look up what a relation asks for; None when the name means nothing here, or nothing is related to it.

    Args:
        must_exist: leave names alone that the workspace does not define.
    """
    graph = CodeGraph(store)
    definitions = await graph.find(relation.name, any_case=_looks_like_code(relation.name))
    references = await _references(store, graph, relation, definitions)
    if not definitions and not references and not must_exist:
        references = await graph.mentions(relation.name)
    references = _without_busy_imports(relation.kind, _narrowed(relation.kind, references))
    chosen = tuple(each for each in references if in_scope(each.chunk, scope))
    if not chosen:
        return None
    hits = await _targets(store, chosen) if relation.kind == "uses" else hits_of(chosen)
    return Neighbourhood(relation, definitions, chosen, tuple(hits))


def hits_of(references: Iterable[Reference]) -> list[Hit]:
    """Return the code of references, each piece once, with what it does."""
    reasons: dict[str, list[str]] = {}
    chunks: dict[str, Chunk] = {}
    for each in references:
        chunks[each.chunk.id] = each.chunk
        reasons.setdefault(each.chunk.id, []).append(f"{each.relation} `{each.name}`")
    return [Hit(chunk, 1.0, tuple(dict.fromkeys(reasons[key]))) for key, chunk in chunks.items()]


def _without_busy_imports(kind: RelationKind, references: Sequence[Reference]) -> tuple[Reference, ...]:
    """Drop imports from files that also use what they import: the use says it all."""
    if kind == "importers":
        return tuple(references)
    busy = {each.path for each in references if each.relation != "imports"}
    return tuple(each for each in references if each.relation != "imports" or each.path not in busy)


async def _references(
    store: ChunkStore, graph: CodeGraph, relation: Relation, definitions: Sequence[PlacedDefinition]
) -> tuple[Reference, ...]:
    if relation.kind == "uses":
        return tuple([used for each in definitions for used in await graph.uses(each)])
    if relation.kind == "tests" and definitions:
        return await graph.tests(definitions)
    if definitions:
        return await graph.references(definitions)
    path = await file_named(store, relation.name)
    return await graph.importers(path) if path else ()


async def file_named(store: ChunkStore, name: str) -> str:
    """Return the file that a path or a dotted module name means, or "" when it means none."""
    wanted = name.removeprefix("./")
    if "/" not in wanted and "." not in wanted:
        return ""
    places = {wanted, "/".join(name_parts(name))}
    return await asyncio.to_thread(_shortest_named, await store.manifest(), places)


def _shortest_named(paths: Iterable[str], places: Collection[str]) -> str:
    return min((path for path in paths if _is_named(path, places)), key=len, default="")


def _is_named(path: str, places: Iterable[str]) -> bool:
    stem = path.rpartition(".")[0].removesuffix("/__init__").removesuffix("/index")
    return any(f"/{whole}".endswith(f"/{place}") for whole in (path, stem) for place in places)


def _narrowed(kind: RelationKind, references: tuple[Reference, ...]) -> tuple[Reference, ...]:
    """Keep the references of the kind that is asked for; where there are none, all of them tell more than nothing."""
    wanted = _WANTED.get(kind)
    if wanted is None:
        return references
    return tuple(each for each in references if each.relation in wanted) or references


async def _targets(store: ChunkStore, references: Sequence[Reference]) -> list[Hit]:
    """Return the definitions that are used, as code."""
    used = {each.target: each for each in references if each.target is not None}
    names = list(dict.fromkeys(target.definition.qualified_name for target in used))[:_MOST_TARGETS]
    hits: list[Hit] = []
    for chunk in await store.defining(names, 2 * _MOST_TARGETS):
        for target, reference in used.items():
            is_it = target.path == chunk.path and target.definition.qualified_name == chunk.qualified_name
            if is_it and chunk.span.start_line <= target.definition.line <= chunk.span.end_line:
                hits.append(Hit(chunk, 1.0, (f"used by `{reference.symbol}`",)))
    return hits


def _looks_like_code(name: str) -> bool:
    return any(character.isupper() or character in "_.:/#" for character in name[1:])
