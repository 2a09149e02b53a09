"""Queries for languages that have none of their own, derived from how grammars commonly name their nodes."""

import re

from tree_sitter import Language, Query, QueryError

_DEFINITION = re.compile(
    r"^(?:[a-z]+_)*?(function|method|procedure|subroutine|sub|func|fun|def|class|struct|record|trait|protocol|"
    r"interface|contract|module|namespace|package|enum|union|type|impl|instance|macro|message|service|rpc|"
    r"constructor|task|entity|architecture|component|model|resource|rule|target|block|table|section|"
    r"object|actor|event|modifier|mixin|extension)"
    r"_(?:definition|declaration|item|decl|def|statement|spec|implementation|section)$"
)
_KINDS = {
    "class": "class", "struct": "struct", "record": "struct", "union": "struct", "trait": "trait",
    "protocol": "interface", "interface": "interface", "contract": "class", "module": "module",
    "namespace": "module", "package": "module", "enum": "enum", "type": "type", "impl": "impl", "instance": "impl",
    "macro": "macro", "message": "struct", "service": "class", "entity": "class", "architecture": "class",
    "component": "class", "model": "struct", "resource": "key", "block": "key", "table": "table",
    "section": "section", "object": "class", "actor": "class", "mixin": "class", "extension": "impl",
    "method": "method",
}  # fmt: skip
# Grammars use these words for statements that name nothing.
_NO_DEFINITION = frozenset({"type_spec", "block_statement", "section_statement", "rule_statement"})
_CALL = re.compile(
    r"^(?:function_call|method_call|call|call_expression|method_invocation|function_call_expression)$"
)
_IMPORT = re.compile(
    r"^(?:import|include|use|using|require|open|imports?|preproc_include)"
    r"(?:_(?:statement|declaration|directive|item|expression|decl|clause))?$"
)
_COMMENT = re.compile(r"^(?:[a-z]+_)*comment$")
_IDENTIFIER = re.compile(r"^(?:[a-z]+_)*(?:identifier|name|symbol|word)$|^(?:label|path)$")


def definitions(language: Language) -> Query:
    """Return a query that finds definitions, imports and comments by the names of their nodes."""
    patterns: list[str] = []
    for kind in _named_kinds(language):
        if _COMMENT.match(kind):
            patterns.append(f"({kind}) @lead")
        elif _IMPORT.match(kind):
            patterns.append(f"({kind}) @import")
        else:
            patterns.extend(_definition_patterns(language, kind))
    return Query(language, "\n".join(patterns))


def uses(language: Language) -> Query:
    """Return a query that finds the names that are called."""
    patterns: list[str] = []
    for kind in _named_kinds(language):
        if _CALL.match(kind):
            candidates = (
                f"({kind} {field}: (_) @call)" for field in ("function", "name", "method", "callee")
            )
            patterns.extend(candidate for candidate in candidates if _is_possible(language, candidate))
    return Query(language, "\n".join(patterns))


def is_identifier(node_kind: str) -> bool:
    """Tell whether nodes of this kind are names."""
    return _IDENTIFIER.match(node_kind) is not None


def _definition_patterns(language: Language, node_kind: str) -> list[str]:
    match = _DEFINITION.match(node_kind)
    if match is None or node_kind in _NO_DEFINITION:
        return []
    definition = f"@definition.{_KINDS.get(match[1], 'function')}"
    named = f"({node_kind} name: (_) @name) {definition}"
    with_body = f"({node_kind} body: (_) @body) {definition}"
    both = f"({node_kind} name: (_) @name body: (_) @body) {definition}"
    # Asking takes up to 40 ms each: where both fields stand together each may, and the node alone always does.
    if _is_possible(language, both):
        candidates = [both, named, with_body]
    else:
        candidates = [pattern for pattern in (named, with_body) if _is_possible(language, pattern)]
    return [*candidates, f"({node_kind}) {definition}"]


def _named_kinds(language: Language) -> list[str]:
    kinds = range(language.node_kind_count)
    names = {
        language.node_kind_for_id(kind)
        for kind in kinds
        if language.node_kind_is_named(kind) and language.node_kind_is_visible(kind)
    }
    return sorted(name for name in names if name is not None)


def _is_possible(language: Language, pattern: str) -> bool:
    try:
        Query(language, pattern)
    except QueryError:
        return False
    return True
