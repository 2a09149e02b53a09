"""Which names each definition uses: what it calls, refers to and builds on, and every place where it does."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, cast

from tree_sitter import Node

from firsthand.adapters.grammars.binding import Bindings
from firsthand.adapters.grammars.comments import clean_string
from firsthand.adapters.grammars.drafts import Draft
from firsthand.adapters.grammars.loading import Grammar
from firsthand.adapters.grammars.qualifiers import qualifier_before, split_name
from firsthand.core.lines import LineTable, decode
from firsthand.core.model import Import, Use, UseKind

# A longer "name" is an expression that a grammar did not take apart.
_LONGEST_NAME = 80
# Type parameters and loop variables.
_SHORTEST_NAME = 2
_RECEIVERS = frozenset({"self", "cls", "this"})
# A file with more places than this is data; a megabyte of real code has about half as many.
_MOST_PLACES = 50_000
# Where one name is captured in several ways, the most telling way counts.
_TELLING: dict[str, int] = {"base": 2, "call": 1, "reference": 0}
_MEMBERS = frozenset({"method", "field"})
_WORD = re.compile(r"\w+")

NameUse = tuple[int, int, str]
"""Where a name stands, in bytes, and the capture that found it."""

_Place = tuple[int, int, Draft, UseKind]
"""Where a name stands, the innermost definition around it, and how it is used there."""


def captured_uses(captures: Mapping[str, Sequence[Node]]) -> Iterator[NameUse]:
    """Return the captures of a query as uses."""
    for capture, nodes in captures.items():
        for node in nodes:
            yield node.start_byte, node.end_byte, capture


def assign_uses(uses: Iterable[NameUse], drafts: Sequence[Draft], top: Draft, data: bytes) -> "Places":
    """Give every use to the innermost definition that it stands in, or to the file; return the places."""
    places: dict[int, _Place] = {}
    lenient: set[int] = set()
    inside = [top]
    following = 0
    for start, end, capture in sorted(uses):
        while following < len(drafts) and drafts[following].outer_start <= start:
            inside.append(drafts[following])
            following += 1
        while inside[-1].outer_end <= start and len(inside) > 1:
            inside.pop()
        draft = inside[-1]
        kind, is_proper = _kind_of(capture)
        if not is_proper:
            lenient.add(start)
        if kind == "doc":
            draft.doc = clean_string(decode(data[start:end])) or draft.doc
        elif kind in _TELLING and end - start <= _LONGEST_NAME:
            source = data[start:end]
            if not is_proper or source[:1].isupper():
                _assign(draft, start, kind, _read(source)[0])
            if start != draft.name_range[0] and (
                start not in places or _TELLING[kind] > _TELLING[places[start][3]]
            ):
                places[start] = (start, end, draft, kind)
    return Places(tuple(places.values()), frozenset(lenient))


@dataclass(frozen=True, slots=True)
class Places:
    """Every place of a file where a name is used, in order, each once."""

    found: Sequence[_Place]
    lenient: Collection[int]
    """Where they begin that count whatever the name begins with."""

    def named(
        self, drafts: Sequence[Draft], table: LineTable, imports: Sequence[Import], grammar: Grammar
    ) -> Iterator[Use]:
        """Yield those that say something about other code: no variables, no headers of definitions."""
        data, starts, never = table.data, table.starts, grammar.never
        known = {draft.name[-1] for draft in drafts if draft.kind not in _MEMBERS}
        known.update(word for each in imports for word in _WORD.findall(each.text))
        bindings = Bindings(data)
        for start, end, draft, kind in self.found[:_MOST_PLACES]:
            _, before, name = _read(data[start:end])
            if len(name) < _SHORTEST_NAME or name in _RECEIVERS or name in never:
                continue
            if kind == "call" and _is_own_header(draft, name, start):
                continue
            is_lower_reference = kind == "reference" and not name[0].isupper()
            # A variable is no reference, but a function of this name may be one.
            if is_lower_reference and start not in self.lenient and name not in known:
                continue
            qualifier = before or qualifier_before(data, start, grammar.name)
            if is_lower_reference and not qualifier and bindings.binds(draft, start, name):
                continue
            yield Use(name, qualifier, kind, bisect_right(starts, start) or 1, draft.qualified_name)


@cache
def _kind_of(capture: str) -> tuple[UseKind | Literal["doc"], bool]:
    kind, _, condition = capture.partition(".")
    return cast(UseKind | Literal["doc"], kind), bool(condition)


@lru_cache(maxsize=65536)
def _read(source: bytes) -> tuple[str, str, str]:
    """Return a name as it is written, what qualifies it there, and the name itself."""
    text = decode(source)
    return (text, *split_name(text))


def _is_own_header(draft: Draft, name: str, start: int) -> bool:
    """Tell whether a call is the definition itself, where a language writes definitions as calls."""
    return draft.body is not None and name == draft.name[-1] and start < draft.body.start_byte


def _assign(draft: Draft, start: int, kind: str, name: str) -> None:
    if kind == "call" and not _is_own_header(draft, name, start):
        draft.calls[name] = None
    elif kind == "base":
        draft.bases[name] = None
    elif kind == "reference" and name not in _RECEIVERS and name != draft.name[-1]:
        draft.references[name] = None
