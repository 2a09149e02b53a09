"""The names of definitions and imports as people write them."""

import re

from tree_sitter import Node

from firsthand.adapters.grammars.generic import is_identifier
from firsthand.core.lines import decode

# A path of names, as in `Store::load`, `M.create` or `Account:deposit`; operators and titles stay whole.
_PATH = re.compile(r"~?[\w$]+(?:(?:::|[.:\\])~?[\w$]+[?!=]?)+")
_SEPARATOR = re.compile(r"::|[.:\\]")
_TYPE_ARGUMENTS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")
# Parts of a JavaScript path that say where a function hangs, not what it belongs to.
_HANGERS = frozenset({"exports", "module", "prototype", "this", "window", "globalThis"})
_FREE_TEXT_KINDS = frozenset({"test", "section", "key", "table"})
_LONGEST_NAME = 160
# Where a macro hides the syntax, a grammar may take a keyword for a name.
_KEYWORDS = frozenset("namespace class struct enum union template if else for while switch return do".split())
_IMPORT_KEYWORD = re.compile(r"^#?(?:import|include|use|using|require|open)\s+")
_QUOTES = "\"'`<> \t"
# How far below a definition its name may be when the grammar does not mark it.
_NAME_SEARCH = 24


def read_name(text: str, kind: str) -> tuple[str, ...]:
    """Return the parts of a name: the types or modules it is qualified with, then its own."""
    name = " ".join(text.split())[:_LONGEST_NAME]
    if kind in _FREE_TEXT_KINDS:
        return (name.strip(_QUOTES).strip("# ") or name,)
    plain = _TYPE_ARGUMENTS.sub("", name)
    if not _PATH.fullmatch(plain):
        # A quote at the end alone belongs to the name: `foldl'`.
        unquoted = name.strip("\"'`") if name.startswith(('"', "'", "`")) else name
        return (_without_parameters(unquoted.lstrip(":")) or name,)
    parts = _SEPARATOR.split(plain)
    return (*(part for part in parts[:-1] if part not in _HANGERS), parts[-1])


def _without_parameters(name: str) -> str:
    """Drop what follows the name where a grammar does not tell them apart, as in conversion operators of C++."""
    return name if name.startswith("operator()") else name.split("(")[0].rstrip()


def is_name(parts: tuple[str, ...]) -> bool:
    """Tell whether a definition may have this name."""
    return bool(parts[-1]) and parts[-1] not in _KEYWORDS


def read_target(text: str) -> str:
    """Return what an import names, without quotes and the list of what it takes from there."""
    named = _IMPORT_KEYWORD.sub("", " ".join(text.split()))
    return named.split("{")[0].strip(_QUOTES).rstrip(".:;*").strip(_QUOTES)


def find_name(node: Node) -> Node | None:
    """Return the first node below a definition that looks like a name, breadth first."""
    queue = list(node.named_children[:_NAME_SEARCH])
    for _ in range(_NAME_SEARCH):
        if not queue:
            return None
        candidate = queue.pop(0)
        if is_identifier(candidate.type):
            return candidate
        if candidate.start_byte - node.start_byte < _LONGEST_NAME:
            queue.extend(candidate.named_children[:4])
    return None


def text_of(node: Node, data: bytes) -> str:
    """Return the source of a node."""
    return decode(data[node.start_byte : node.end_byte])
