"""Which definition a used name means: decided by names, imports, qualifiers and places, without types.

Each candidate gets a score for what speaks for it; the best ones are meant. `EXACT` says that the language's own rules
of naming lead there; `NAMED` that a variable is called like the type, `HINTED` that the file speaks of the type, `WEAK`
that nothing else in the workspace has the name.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from firsthand.core import origins
from firsthand.core.identifiers import split_identifier, stem
from firsthand.core.model import Definition, Use
from firsthand.core.vocabulary import COMMON_NAMES

Certainty = Literal["exact", "likely"]

NO, WEAK, HINTED, NAMED, EXACT = range(5)

_FAMILIES = {
    **dict.fromkeys(
        ("javascript", "typescript", "tsx", "jsx", "vue", "svelte", "astro", "html"), "ecmascript"
    ),
    **dict.fromkeys(("c", "cpp", "objc", "cuda", "arduino"), "c"),
    **dict.fromkeys(("java", "kotlin", "scala", "groovy"), "jvm"),
}
# Where a name of another file has to be imported to be used.
_IMPORTING = frozenset({"python", "ecmascript", "rust", "dart"})
# Where the files of a folder see each other without imports.
_PACKAGED = frozenset({"go", "jvm", "csharp", "swift", "c", "php", "ruby"})
# Where a member is used inside its class without a word before it.
_IMPLICIT_SELF = frozenset({"jvm", "csharp", "c", "swift", "ruby", "dart", "crystal"})
_SELF = frozenset({"self", "this", "cls", "super", "Self", "static", "parent", "base", "super()", "me", "my"})
_MEMBERS = frozenset({"method", "field"})
_SOURCE_ROOT = re.compile(r"^.*\bsrc/\w+/(?:java|kotlin|scala|groovy)(?:/|$)")
# A name that so many definitions share says nothing about which is meant.
_MOST_NAMESAKES = 3
# Methods of so many types that the name alone tells nothing.
_EVERYDAY = frozenset(
    """add append clear close contains copy count create delete equals execute exists find finish flush get handle has
    hash hashcode init insert invoke isempty is_empty items iterator keys length load lock name next open parse peek pop
    print process push put read release remove reset resolve run save send set size skip start stop string test type
    unlock update value values write""".split()
)
# Parts of a variable's name that say nothing about its type.
_SHORT_WORD = 3


@dataclass(frozen=True, slots=True)
class PlacedDefinition:
    """A definition and the file that it stands in."""

    path: str
    language: str
    is_test: bool
    definition: Definition

    @property
    def owner(self) -> str:
        """The qualified name of what it is a part of, or ""."""
        return self.definition.qualified_name[: -len(self.definition.name)].rstrip(". >")


@dataclass(frozen=True, slots=True)
class PlacedUse:
    """A use and the file that it stands in."""

    path: str
    language: str
    use: Use


@dataclass(frozen=True, slots=True)
class OwnerFacts:
    """Where the owners of members are mentioned: what links a method call to a class without types."""

    files: Collection[tuple[str, str]] = field(default_factory=frozenset)
    """Path and name of each owner that the file mentions."""
    heirs: Collection[tuple[str, str, str]] = field(default_factory=frozenset)
    """Path and name of a class, and the owner that it extends."""


Passing = Mapping[tuple[str, str], Collection[str]]
"""By path and qualified name of a definition: the files that import it and may pass it on."""


def passing_files(
    uses: Sequence[PlacedUse], candidates: Sequence[PlacedDefinition], rounds: int = 3
) -> Passing:
    """Return which files pass definitions on: a package whose `__init__` or index imports what others take from it."""
    imports = [used for used in uses if used.use.kind == "import"]
    passing: dict[tuple[str, str], set[str]] = {}
    for candidate in candidates:
        named = [used for used in imports if used.use.name == candidate.definition.name]
        files = {used.path for used in named if score(used, candidate, OwnerFacts()) != NO}
        for _ in range(rounds):
            more = {used.path for used in named if used.path not in files and _leads_to(used, files)}
            if not more:
                break
            files |= more
        passing[candidate.path, candidate.definition.qualified_name] = files
    return passing


def _leads_to(used: PlacedUse, files: Collection[str]) -> bool:
    use, group = used.use, family(used.language)
    return any(
        path != used.path
        and origins.origin_fit(use.origin, used.path, "", "", path, "", group) == origins.EXACT
        for path in files
    )


def family(language: str) -> str:
    """Return the group of languages that use each other's definitions."""
    return _FAMILIES.get(language, language)


def meant(
    used: PlacedUse, candidates: Sequence[PlacedDefinition], owners: OwnerFacts, passing: Passing
) -> tuple[list[PlacedDefinition], Certainty]:
    """Return the definitions that a use most likely means, none when nothing speaks for any."""
    scores = [
        score(used, candidate, owners) or _passed_on(used, candidate, passing) for candidate in candidates
    ]
    best = max(scores, default=NO)
    found = [candidate for candidate, each in zip(candidates, scores, strict=True) if each == best]
    if best == NO or (best == WEAK and len({each.owner or each.path for each in found}) > _MOST_NAMESAKES):
        return [], "likely"
    return found, "exact" if best == EXACT and len({each.path for each in found}) == 1 else "likely"


def _passed_on(used: PlacedUse, candidate: PlacedDefinition, passing: Passing) -> int:
    """Return HINTED when the file takes the name from one that passes the definition on."""
    use = used.use
    is_member = candidate.definition.kind in _MEMBERS and bool(candidate.owner)
    is_bare = use.kind == "import" or not use.qualifier
    if is_member or not is_bare or not use.origin or used.path == candidate.path:
        return NO
    files = passing.get((candidate.path, candidate.definition.qualified_name), ())
    return HINTED if used.path in files and family(used.language) == family(candidate.language) else NO


def score(used: PlacedUse, candidate: PlacedDefinition, owners: OwnerFacts) -> int:
    """Return how much speaks for a candidate, from NO to EXACT."""
    group = family(used.language)
    if group != family(candidate.language):
        return NO
    is_member = candidate.definition.kind in _MEMBERS and bool(candidate.owner)
    if used.use.kind == "import":
        return NO if is_member or used.path == candidate.path else _by_import(used, candidate)
    if is_member:
        return _member(used, candidate, owners, group)
    if used.path == candidate.path:
        return _same_file(used, candidate)
    return _other_file(used, candidate, group)


def _same_file(used: PlacedUse, candidate: PlacedDefinition) -> int:
    use, owner = used.use, candidate.owner
    if not use.qualifier:
        is_seen = not candidate.definition.is_local or _is_within(use.symbol, owner)
        return EXACT if is_seen else NO
    last = _last(use.qualifier)
    if last in _SELF or (owner and last == _last(owner)):
        return EXACT
    return NO if use.origin and not use.origin.startswith("*") else HINTED if owner else WEAK


def _other_file(used: PlacedUse, candidate: PlacedDefinition, group: str) -> int:
    use = used.use
    if candidate.definition.is_local:
        return NO
    if use.origin and not use.origin.startswith("* "):
        return _by_import(used, candidate)
    if use.qualifier:
        return _by_qualifier(use, candidate, group)
    if use.origin:
        fit = _fit(used, candidate)
        if fit == origins.EXACT:
            return EXACT
        if group in _IMPORTING:
            return HINTED if fit else NO
    elif group in _IMPORTING:
        return NO
    if _package(used.path) == _package(candidate.path) and group in _PACKAGED:
        return EXACT
    return NO if group == "go" else WEAK


def _by_import(used: PlacedUse, candidate: PlacedDefinition) -> int:
    return {origins.EXACT: EXACT, origins.LIKELY: HINTED}.get(_fit(used, candidate), NO)


def _by_qualifier(use: Use, candidate: PlacedDefinition, group: str) -> int:
    last = _last(use.qualifier)
    around = {_last(candidate.owner), _stem(candidate.path), _folder(candidate.path).rpartition("/")[2]}
    if last in around - {""}:
        return EXACT if group not in _IMPORTING else HINTED
    return WEAK if group in _PACKAGED - {"go"} and last[:1].isupper() else NO


def _member(used: PlacedUse, candidate: PlacedDefinition, owners: OwnerFacts, group: str) -> int:
    use, owner = used.use, _last(candidate.owner)
    last = _last(use.qualifier)
    is_same_file = used.path == candidate.path
    is_inside = is_same_file and _is_within(use.symbol, candidate.owner)
    if not use.qualifier:
        if group not in _IMPLICIT_SELF:
            return NO
        if is_inside:
            return EXACT
        return HINTED if _inherits(used, owner, owners) else NO
    if last in _SELF:
        if is_inside:
            return EXACT
        return HINTED if _inherits(used, owner, owners) else NO
    if last == owner:
        return EXACT if is_same_file or use.origin == "" or _fit(used, candidate) else NO
    if group == "go" and is_inside and last == _receiver(use):
        return EXACT
    if use.origin and not use.origin.startswith("*") and last[:1].isupper():
        return NO
    speaks_of_it = (used.path, owner) in owners.files
    if _is_named_after(last, owner, loosely=speaks_of_it):
        return NAMED
    if use.name in COMMON_NAMES:
        return NO
    if speaks_of_it:
        return HINTED
    return NO if use.name.lower() in _EVERYDAY else WEAK


def _receiver(use: Use) -> str:
    """Return the usual name of a receiver in Go: the initial of its type."""
    return use.symbol[:1].lower()


def _inherits(used: PlacedUse, owner: str, owners: OwnerFacts) -> bool:
    return any(
        path == used.path and base == owner and _is_within(used.use.symbol, heir)
        for path, heir, base in owners.heirs
    )


@lru_cache(maxsize=65_536)
def _is_named_after(variable: str, owner: str, *, loosely: bool) -> bool:
    """Tell whether a variable's name says its type: `gateway` is a `PaymentGateway`, and `payments` is one loosely."""
    words = {stem(word) for word in split_identifier(variable) if len(word) >= _SHORT_WORD}
    named = [stem(word) for word in split_identifier(owner)]
    return bool(words) and words <= set(named) and (loosely or named[-1] in words)


def _is_within(symbol: str, outer: str) -> bool:
    return f"{symbol}.".startswith(f"{outer}.")


def _fit(used: PlacedUse, candidate: PlacedDefinition) -> int:
    use = used.use
    return origins.origin_fit(
        *(use.origin, used.path, use.qualifier, use.name, candidate.path),
        *(candidate.definition.qualified_name, family(candidate.language)),
    )


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _package(path: str) -> str:
    """Return the folder of a file; tests of the JVM lie in a tree of their own, with the same packages."""
    return _SOURCE_ROOT.sub("", _folder(path))


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
