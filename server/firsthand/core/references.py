"""The code graph: who uses a definition, what it uses, who imports a file, which tests cover it.

The graph is not stored as such. The index keeps each chunk's links (`linking`), and a question about one name reads
the links of that name and resolves them (`resolution`), so that no edge outlives the code that it came from.
"""

import asyncio
import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from firsthand.core import origins
from firsthand.core.identifiers import split_identifier, stem, terms
from firsthand.core.model import Chunk, LinkedChunk, Scope, Use, UseKind
from firsthand.core.ports import ChunkStore
from firsthand.core.resolution import (
    Certainty,
    OwnerFacts,
    PlacedDefinition,
    PlacedUse,
    family,
    meant,
    passing_files,
)

Relation = Literal["calls", "extends", "imports", "refers to", "is named after"]

# More chunks than this mention only names that stand everywhere, such as `get`.
_MOST_CHUNKS = 4000
# Each use is compared with each definition of its name; so many comparisons take some seconds.
_MOST_COMPARISONS = 300_000
_MOST_NEAREST = 5
_LEAST_LIKENESS = 0.6
_MOST_TESTS_BY_NAME = 40
_MOST_DEFINITIONS = 200

_RELATIONS: dict[UseKind, Relation] = {
    "call": "calls",
    "base": "extends",
    "import": "imports",
    "reference": "refers to",
}
# What a line is said to do when it does several things.
_TELLING: dict[Relation, int] = {"extends": 4, "calls": 3, "refers to": 2, "imports": 1, "is named after": 0}
_MEMBERS = frozenset({"method", "field"})
_SEPARATOR = re.compile(r"::|->|[.#/\\]")
_FOLDER_FILES = frozenset({"index", "mod", "__init__", "lib", "main", "init"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that uses something, and how sure it is that this very thing is meant."""

    path: str
    line: int
    symbol: str
    """Qualified name of the definition around the place, or ""."""
    relation: Relation
    name: str
    """What is used, by its qualified name."""
    certainty: Certainty
    is_test: bool
    chunk: Chunk
    target: PlacedDefinition | None = None
    """What is used, where the index knows it."""


class CodeGraph:
    """Answers who uses what, from the links that the index keeps."""

    def __init__(self, store: ChunkStore) -> None:
        self._store = store

    async def find(self, name: str, *, any_case: bool = True) -> tuple[PlacedDefinition, ...]:
        """Return the definitions that a name may mean: `refresh`, `TokenStore.refresh`, `retry.Permanent`.

        Args:
            any_case: look for other spellings when this one is not defined.
        """
        parts = name_parts(name)
        if not parts:
            return ()
        found = await self._defined(parts)
        if not found and any_case:
            known = await self._store.names()
            others = [each for each in known if each.lower() == parts[-1].lower() and each != parts[-1]]
            for other in sorted(others):
                found += await self._defined([*parts[:-1], other])
        return tuple(found)

    async def nearest(self, name: str) -> tuple[str, ...]:
        """Return the names of the index that are most like a name that it does not have."""
        parts = name_parts(name)
        if not parts:
            return ()
        spellings: dict[str, list[str]] = {}
        for each in sorted(await self._store.names()):
            spellings.setdefault(each.lower(), []).append(each)
        alike = difflib.get_close_matches(
            parts[-1].lower(), spellings, n=4 * _MOST_NEAREST, cutoff=_LEAST_LIKENESS
        )
        names = [name for key in alike for name in spellings[key]]
        linked = await self._store.linked(names, _MOST_CHUNKS)
        defined = {each.name for chunk in linked for each in chunk.links.definitions}
        return tuple(name for name in names if name in defined)[:_MOST_NEAREST]

    async def references(
        self, definitions: Sequence[PlacedDefinition], *, limit: int = _MOST_CHUNKS
    ) -> tuple[Reference, ...]:
        """Return every place that uses one of these definitions, by file and line.

        Args:
            limit: how many chunks that mention the names are looked at.
        """
        names = {each.definition.name for each in definitions}
        linked = await self._store.linked(sorted(names), limit)
        wanted = {_identity(each) for each in definitions}
        others = [each for each in _definitions(linked) if _identity(each) not in wanted]
        candidates = without_doubles([*definitions, *others])
        owners = await self._owner_facts(candidates, limit)
        # A name that stands everywhere takes seconds.
        return await asyncio.to_thread(_users, linked, wanted, candidates, owners)

    async def mentions(self, name: str) -> tuple[Reference, ...]:
        """Return every place that uses a name which the workspace does not define, such as a library's."""
        parts = name_parts(name)
        if not parts:
            return ()
        linked = await self._store.linked([parts[-1]], _MOST_CHUNKS)
        qualifier = parts[-2] if len(parts) > 1 else ""
        return in_order(
            Reference(
                path=each.chunk.path,
                line=use.line,
                symbol=use.symbol,
                relation=_RELATIONS[use.kind],
                name=use.name,
                certainty="likely",
                is_test=each.chunk.is_test,
                chunk=each.chunk,
            )
            for each, use in _uses(linked)
            if not qualifier or qualifier in name_parts(f"{use.origin}/{use.qualifier}")
        )

    async def uses(self, definition: PlacedDefinition) -> tuple[Reference, ...]:
        """Return what a definition uses of this workspace; each reference's target says what that is."""
        inside = [
            (each, use)
            for each in await self._store.links_of(definition.path)
            for use in each.links.uses
            if f"{use.symbol}.".startswith(f"{definition.definition.qualified_name}.")
        ]
        names = sorted({use.name for _, use in inside})
        if not names:
            return ()
        linked = await self._store.linked(names, _MOST_CHUNKS)
        candidates = without_doubles(_definitions(linked))
        owners = await self._owner_facts(candidates, _MOST_CHUNKS)
        return await asyncio.to_thread(_used, definition, inside, linked, candidates, owners)

    async def importers(self, path: str) -> tuple[Reference, ...]:
        """Return the imports of a file, or of the folder that it stands for."""
        parts = path.rsplit(".", 1)[0].split("/")
        names = {parts[-1], *parts[-2:-1]}
        linked = await self._store.linked(sorted(names), _MOST_CHUNKS)
        return await asyncio.to_thread(_importers, path, linked)

    async def tests(self, definitions: Sequence[PlacedDefinition]) -> tuple[Reference, ...]:
        """Return the tests that use one of these definitions, and those that are named after it."""
        direct = [each for each in await self.references(definitions) if each.is_test]
        known = {(each.path, each.symbol) for each in direct}
        named = [
            each
            for definition in definitions
            for each in await self._tests_by_name(definition)
            if (each.path, each.symbol) not in known
        ]
        return in_order([*direct, *named])

    async def _defined(self, parts: Sequence[str]) -> list[PlacedDefinition]:
        linked = await self._store.linked([parts[-1]], _MOST_CHUNKS)
        found = without_doubles(_definitions(linked))
        return [each for each in found if _is_called(each, parts)]

    async def _owner_facts(self, candidates: Sequence[PlacedDefinition], limit: int) -> OwnerFacts:
        names = {each.owner.rpartition(".")[2] for each in candidates if each.definition.kind in _MEMBERS}
        names.discard("")
        if not names or len(names) > _MOST_DEFINITIONS:
            return OwnerFacts()
        linked = await self._store.linked(sorted(names), limit)
        files = {(each.chunk.path, use.name) for each, use in _uses(linked)}
        files |= {(each.chunk.path, item.name) for each in linked for item in each.links.definitions}
        heirs = {(each.chunk.path, use.symbol, use.name) for each, use in _uses(linked) if use.kind == "base"}
        return OwnerFacts(files, heirs)

    async def _tests_by_name(self, definition: PlacedDefinition) -> list[Reference]:
        name = definition.definition.name
        wanted = {stem(word) for word in split_identifier(name)}
        # A single word is in the name of many tests that are about something else.
        if len(wanted) < 2:
            return []
        found = await self._store.search_keywords(terms(name), Scope(tests=True), _MOST_TESTS_BY_NAME)
        return [
            Reference(
                path=chunk.path,
                line=chunk.span.start_line,
                symbol=chunk.qualified_name,
                relation="is named after",
                name=definition.definition.qualified_name,
                certainty="likely",
                is_test=True,
                chunk=chunk,
                target=definition,
            )
            for chunk in (scored.chunk for scored in found)
            if family(chunk.language) == family(definition.language)
            and wanted <= {stem(word) for word in split_identifier(chunk.name)}
        ]


def name_parts(name: str) -> list[str]:
    """Take a name as people write it apart: `Cart::total()` → Cart, total."""
    plain = re.sub(r"\(.*\)$", "", name.strip().strip("`\"'"))
    return [part for part in _SEPARATOR.split(plain) if part and not part.isspace()]


def in_order(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """Return references by file and line, code before tests; a line that uses a name twice stands once."""
    best: dict[tuple[str, int, str], Reference] = {}
    for each in references:
        key = (each.path, each.line, each.name)
        known = best.get(key)
        if known is None or _TELLING[each.relation] > _TELLING[known.relation]:
            best[key] = each
    return tuple(sorted(best.values(), key=lambda each: (each.is_test, each.path, each.line)))


def without_doubles(definitions: Iterable[PlacedDefinition]) -> list[PlacedDefinition]:
    """Keep one of the definitions with one name in one file; constructors and `impl` blocks count as their type."""
    first: dict[tuple[str, str], PlacedDefinition] = {}
    for each in sorted(definitions, key=lambda item: (item.definition.kind == "impl", item.definition.line)):
        first.setdefault((each.path, each.definition.qualified_name), each)
    kept = list(first.values())
    types = {each.definition.name for each in kept if each.definition.kind != "impl"}
    kept = [
        each
        for each in kept
        if (each.definition.kind != "impl" or each.definition.name not in types)
        and each.owner.rpartition(".")[2] != each.definition.name
    ]
    return sorted(kept, key=lambda each: (each.is_test, each.path, each.definition.line))


def _is_called(found: PlacedDefinition, parts: Sequence[str]) -> bool:
    """Tell whether a definition may be written like this: with its owner, its file or its folder before it."""
    if len(parts) == 1:
        return True
    qualified = found.definition.qualified_name.split(".")
    place = found.path.rsplit(".", 1)[0].split("/")
    places = [place[:-1], place] if place[-1] in _FOLDER_FILES else [place, place[:-1]]
    return any(
        [part.lower() for part in whole[-len(parts) :]] == [part.lower() for part in parts]
        for whole in ([*place, *qualified] for place in places)
    )


def _users(
    linked: Sequence[LinkedChunk],
    wanted: Collection[tuple[str, str]],
    candidates: Sequence[PlacedDefinition],
    owners: OwnerFacts,
) -> tuple[Reference, ...]:
    namesakes = _by_name(candidates)
    most_namesakes = max(map(len, namesakes.values()), default=1)
    placed = [
        (each, PlacedUse(each.chunk.path, each.chunk.language, use))
        for each, use in islice(_uses(linked), _MOST_COMPARISONS // most_namesakes)
    ]
    passing = passing_files([used for _, used in placed], candidates)
    found: list[Reference] = []
    for each, used in placed:
        targets, certainty = meant(used, namesakes.get(used.use.name, ()), owners, passing)
        hit = next((target for target in targets if _identity(target) in wanted), None)
        if hit is not None and not _is_own(each.chunk.path, used.use, hit):
            found.append(_reference(each.chunk, used.use, hit, certainty))
    return in_order(found)


def _used(
    definition: PlacedDefinition,
    inside: Iterable[tuple[LinkedChunk, Use]],
    linked: Sequence[LinkedChunk],
    candidates: Sequence[PlacedDefinition],
    owners: OwnerFacts,
) -> tuple[Reference, ...]:
    imports = [PlacedUse(each.chunk.path, each.chunk.language, use) for each, use in _uses(linked)]
    passing = passing_files(imports, candidates)
    namesakes = _by_name(candidates)
    found: list[Reference] = []
    for each, use in inside:
        used = PlacedUse(each.chunk.path, each.chunk.language, use)
        targets, certainty = meant(used, namesakes.get(use.name, ()), owners, passing)
        if targets and not _is_part(targets[0], definition):
            found.append(_reference(each.chunk, use, targets[0], certainty))
    return in_order(found)


def _importers(path: str, linked: Iterable[LinkedChunk]) -> tuple[Reference, ...]:
    found: list[Reference] = []
    for each, use in _uses(linked):
        chunk = each.chunk
        if use.kind != "import" or chunk.path == path:
            continue
        fit = origins.origin_fit(use.origin, chunk.path, "", use.name, path, "", family(chunk.language))
        if fit != origins.NO:
            certainty: Certainty = "exact" if fit == origins.EXACT else "likely"
            found.append(
                Reference(chunk.path, use.line, use.symbol, "imports", path, certainty, chunk.is_test, chunk)
            )
    return in_order(found)


def _by_name(definitions: Iterable[PlacedDefinition]) -> dict[str, list[PlacedDefinition]]:
    found: dict[str, list[PlacedDefinition]] = {}
    for each in definitions:
        found.setdefault(each.definition.name, []).append(each)
    return found


def _definitions(linked: Iterable[LinkedChunk]) -> list[PlacedDefinition]:
    return [
        PlacedDefinition(each.chunk.path, each.chunk.language, each.chunk.is_test, definition)
        for each in linked
        for definition in each.links.definitions
    ]


def _uses(linked: Iterable[LinkedChunk]) -> Iterable[tuple[LinkedChunk, Use]]:
    return ((each, use) for each in linked for use in each.links.uses)


def _reference(chunk: Chunk, use: Use, target: PlacedDefinition, certainty: Certainty) -> Reference:
    return Reference(
        path=chunk.path,
        line=use.line,
        symbol=use.symbol,
        relation=_RELATIONS[use.kind],
        name=target.definition.qualified_name,
        certainty=certainty,
        is_test=chunk.is_test,
        chunk=chunk,
        target=target,
    )


def _identity(placed: PlacedDefinition) -> tuple[str, str]:
    """Return what stays the same while a file is edited."""
    return placed.path, placed.definition.qualified_name


def _is_own(path: str, use: Use, target: PlacedDefinition) -> bool:
    """Tell whether a definition uses itself: recursion, a method that names its class."""
    return path == target.path and f"{use.symbol}.".startswith(f"{target.definition.qualified_name}.")


def _is_part(target: PlacedDefinition, whole: PlacedDefinition) -> bool:
    name = f"{target.definition.qualified_name}."
    return target.path == whole.path and name.startswith(f"{whole.definition.qualified_name}.")
