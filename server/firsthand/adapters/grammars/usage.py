"""Which names each definition uses: what it calls, refers to and builds on, and every place where it does."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import cast

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

PlacedName = tuple[Draft, int, int, str]
"""The same behind the innermost definition that it stands in."""


def captured_uses(captures: Mapping[str, Sequence[Node]]) -> Iterator[NameUse]:
    """Return the captures of a query as uses."""
    for capture, nodes in captures.items():
        for node in nodes:
            yield node.start_byte, node.end_byte, capture


def assign_uses(
    uses: Iterable[PlacedName], drafts: Sequence[Draft], top: Draft, data: bytes, never: Collection[str]
) -> None:
    """Give every use to the innermost definition that it stands in, or to the file."""
    for draft, start, end, capture in uses:
        _assign(draft, start, capture, data[start:end])
    for draft in (top, *drafts):
        for name in never:
            draft.calls.pop(name, None)


def named_uses(
    uses: Collection[PlacedName],
    drafts: Sequence[Draft],
    table: LineTable,
    imports: Sequence[Import],
    grammar: Grammar,
) -> tuple[Use, ...]:
    """Return the places where names are used, in order, each once."""
    places: dict[int, tuple[Draft, int, UseKind]] = {}
    kinds = {capture: cast(UseKind, capture.partition(".")[0]) for _, _, _, capture in uses}
    for draft, start, end, capture in uses:
        kind = kinds[capture]
        if kind not in _TELLING or end - start > _LONGEST_NAME or start == draft.name_range[0]:
            continue
        if start not in places or _TELLING[kind] > _TELLING[places[start][2]]:
            places[start] = (draft, end, kind)
    known = {draft.name[-1] for draft in drafts if draft.kind not in _MEMBERS}
    known.update(word for each in imports for word in _WORD.findall(each.text))
    lenient = {start for _, start, _, capture in uses if "." not in capture}
    bindings = Bindings(table.data)
    split = lru_cache(maxsize=None)(lambda source: split_name(decode(source)))
    found: list[Use] = []
    for start, (draft, end, kind) in islice(places.items(), _MOST_PLACES):
        before, name = split(table.data[start:end])
        if len(name) < _SHORTEST_NAME or name in _RECEIVERS or name in grammar.never:
            continue
        if kind == "call" and _is_own_header(draft, name, start):
            continue
        qualifier = before or qualifier_before(table.data, start, grammar.name)
        if kind == "reference" and not name[0].isupper():
            # A variable is no reference, but a function of this name may be one.
            is_variable = not qualifier and bindings.binds(draft, start, name)
            if is_variable or (start not in lenient and name not in known):
                continue
        found.append(Use(name, qualifier, kind, table.line_of(start), draft.qualified_name))
    return tuple(found)


def place_uses(uses: Iterable[NameUse], drafts: Sequence[Draft], top: Draft) -> list[PlacedName]:
    """Return each use with the innermost definition that it stands in, in order."""
    placed: list[PlacedName] = []
    inside = [top]
    following = 0
    for start, end, capture in sorted(uses):
        while following < len(drafts) and drafts[following].outer_start <= start:
            inside.append(drafts[following])
            following += 1
        while inside[-1].outer_end <= start and len(inside) > 1:
            inside.pop()
        placed.append((inside[-1], start, end, capture))
    return placed


def _is_own_header(draft: Draft, name: str, start: int) -> bool:
    """Tell whether a call is the definition itself, where a language writes definitions as calls."""
    return draft.body is not None and name == draft.name[-1] and start < draft.body.start_byte


def _assign(draft: Draft, start: int, capture: str, source: bytes) -> None:
    use, _, condition = capture.partition(".")
    if use == "doc":
        draft.doc = clean_string(decode(source)) or draft.doc
        return
    if len(source) > _LONGEST_NAME or (condition and not source[:1].isupper()):
        return
    name = decode(source)
    if use == "call" and not _is_own_header(draft, name, start):
        draft.calls[name] = None
    elif use == "base":
        draft.bases[name] = None
    elif use == "reference" and name not in _RECEIVERS and name != draft.name[-1]:
        draft.references[name] = None
