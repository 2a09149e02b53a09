"""Grammars with their queries, loaded once a process.

A query file holds tree-sitter patterns; where several give the same definition, the earlier one wins. Captures:

`definition.<kind>`  a definition; `name`, `body`, `scope` (the type it belongs to when that is written elsewhere)
`scoped`             a dotted path whose parts are the scope and the name
`wrapper`, `wrapped` the node around a definition that belongs to it, such as an export
`lead`, `lead.doc`   what belongs to the definition on the next line: comments and attributes; documentation in a string
`import`, `target`   an import and what it names
`call`, `reference`, `base`, `doc`  names used, and documentation inside the definition, by where they stand
`<use>.proper`       counts only when the name begins with a capital letter: constants and types, not variables

`#set! only "a b"`   a match counts when the capture `only` is one of these words
`#set! within "a b"` when the node around the definition is of one of these kinds: compiled sooner than a pattern each
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import get_args

import tree_sitter_language_pack
from tree_sitter import Language, Query

from firsthand.adapters.grammars import generic

# Its parser never returns, whatever the text.
_BROKEN_GRAMMARS = frozenset({"cobol"})

# Languages that are read with the queries of others, besides or instead of their own.
_QUERIES = {
    "javascript": ("javascript", "javascript_fields", "ecmascript_bases", "jsx"),
    "typescript": ("javascript", "typescript"),
    "cpp": ("c", "cpp"),
    "cuda": ("c", "cpp"),
    "arduino": ("c", "cpp"),
    "objc": ("c", "objc"),
    "hcl": ("terraform",),
    "ocaml": ("ocaml", "ocaml_values"),
    "ocaml_interface": ("ocaml",),
    "tsx": ("javascript", "typescript", "jsx"),
}


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language with the two queries that outline it."""

    name: str
    language: Language
    definitions: Query
    uses: Query
    only: Mapping[int, frozenset[bytes]]
    """By pattern of `definitions`: the words that make its match count."""
    within: Mapping[int, frozenset[str]]
    """By pattern of `definitions`: the kinds of nodes around the definition that make its match count."""
    never: frozenset[str]
    """Words that are captured as calls and are none."""


_known: dict[str, Grammar | None] = {}
_lock = threading.Lock()


def load(name: str) -> Grammar | None:
    """Return the grammar of a language, or None when there is none that can be used."""
    with _lock:
        if name not in _known:
            _known[name] = _build(name)
        return _known[name]


def _build(name: str) -> Grammar | None:
    if name in _BROKEN_GRAMMARS or name not in get_args(tree_sitter_language_pack.SupportedLanguage):
        return None
    language = tree_sitter_language_pack.get_language(name)  # type: ignore[arg-type]
    source = _query_source(name, "definitions")
    if source:
        definitions, uses = Query(language, source), Query(language, _query_source(name, "uses"))
    else:
        definitions, uses = generic.definitions(language), generic.uses(language)
    never = (word for setting in _settings(uses, "never").values() for word in setting.split())
    only = {
        pattern: frozenset(word.encode() for word in setting.split())
        for pattern, setting in _settings(definitions, "only").items()
    }
    within = {
        pattern: frozenset(setting.split()) for pattern, setting in _settings(definitions, "within").items()
    }
    return Grammar(name, language, definitions, uses, only, within, frozenset(never))


def _settings(query: Query, key: str) -> dict[int, str]:
    """Return what `#set!` says under a key, by pattern."""
    found = {pattern: query.pattern_settings(pattern).get(key) for pattern in range(query.pattern_count)}
    return {pattern: setting for pattern, setting in found.items() if setting}


def _query_source(name: str, purpose: str) -> str:
    folder = resources.files(__package__) / "queries"
    files = [folder / f"{part}.{purpose}.scm" for part in _QUERIES.get(name, (name,))]
    return "\n".join(file.read_text("utf-8") for file in files if file.is_file())
