"""Which names each definition uses: what it calls, refers to and builds on."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from tree_sitter import Node

from firsthand.adapters.grammars.comments import clean_string
from firsthand.adapters.grammars.drafts import Draft
from firsthand.core.lines import decode

# A longer "name" is an expression that a grammar did not take apart.
_LONGEST_NAME = 80
_RECEIVERS = frozenset({"self", "cls", "this"})


Use = tuple[int, int, str]
"""Where a name stands, in bytes, and the capture that found it."""


def captured_uses(captures: Mapping[str, Sequence[Node]]) -> Iterator[Use]:
    """Return the captures of a query as uses."""
    for capture, nodes in captures.items():
        for node in nodes:
            yield node.start_byte, node.end_byte, capture


def assign_uses(
    uses: list[Use], drafts: Sequence[Draft], top: Draft, data: bytes, never: Collection[str]
) -> None:
    """Give every use to the innermost definition that it stands in, or to the file."""
    inside = [top]
    following = 0
    for start, end, capture in sorted(uses):
        while following < len(drafts) and drafts[following].outer_start <= start:
            inside.append(drafts[following])
            following += 1
        while inside[-1].outer_end <= start and len(inside) > 1:
            inside.pop()
        _assign(inside[-1], start, capture, data[start:end])
    for draft in (top, *drafts):
        for name in never:
            draft.calls.pop(name, None)


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
