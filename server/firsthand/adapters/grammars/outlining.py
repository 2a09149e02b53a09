"""From the captures of a grammar's queries to the outline of a file."""

from tree_sitter import Node, QueryCursor

from firsthand.adapters.grammars.drafts import Draft, nest, span, symbol
from firsthand.adapters.grammars.leads import Leads
from firsthand.adapters.grammars.loading import Grammar
from firsthand.adapters.grammars.naming import find_name, is_name, read_name, read_target, text_of
from firsthand.adapters.grammars.usage import NameUse, assign_uses, captured_uses
from firsthand.core.lines import LineTable
from firsthand.core.model import Import, Outline

_LONGEST_IMPORT = 300
# Ruby's way to name a file from the folder of the one that imports it; elsewhere such paths begin with a dot.
_FROM_HERE = "require_relative"
# A file with more definitions than this is data; the first ones still give it structure.
_MOST_SYMBOLS = 20_000

_Captures = dict[str, list[Node]]
_Range = tuple[int, int]


def outline(grammar: Grammar, root: Node, data: bytes) -> Outline:
    """Reduce a syntax tree to its outline."""
    table = LineTable.of_bytes(data)
    reading = _Reading(table, grammar)
    for pattern, captures in QueryCursor(grammar.definitions).matches(root):
        reading.take(pattern, captures)
    drafts = reading.drafts()
    top = Draft("module", 0, len(data), (0, 0), ("",), outer_end=len(data))
    uses = [*reading.uses, *captured_uses(QueryCursor(grammar.uses).captures(root))]
    places = assign_uses(uses, drafts, top, data)
    for draft in (top, *drafts):
        for name in grammar.never & draft.calls.keys():
            del draft.calls[name]
    imports = reading.imports()
    return Outline(
        language=grammar.name,
        symbols=tuple(symbol(draft, table) for draft in drafts),
        imports=imports,
        calls=tuple(top.calls),
        references=tuple(top.references),
        uses=tuple(places.named(drafts, table, imports, grammar)),
        has_errors=root.has_error,
    )


class _Reading:
    """What the definitions query of one file has matched so far."""

    def __init__(self, table: LineTable, grammar: Grammar) -> None:
        self.uses: list[NameUse] = []
        self._table = table
        self._only = grammar.only
        self._within = grammar.within
        self._drafts: dict[_Range, Draft] = {}
        self._wrappers: dict[_Range, Node] = {}
        self._imports: dict[_Range, Import] = {}
        self._leads: list[tuple[Node, bool]] = []

    def take(self, pattern: int, captures: _Captures) -> None:
        """Note one match."""
        only = self._only.get(pattern)
        if only is not None and not self._says_one_of(only, captures["only"][0]):
            return
        for capture, nodes in captures.items():
            if capture.startswith("lead"):
                self._leads.extend((node, capture == "lead.doc") for node in nodes)
            elif capture.startswith("definition."):
                if self._stands_within(pattern, nodes[0]):
                    self._take_definition(capture.split("."), nodes[0], pattern, captures)
            elif capture == "wrapper":
                wrapped = captures["wrapped"][0]
                self._wrappers[wrapped.start_byte, wrapped.end_byte] = nodes[0]
            elif capture == "import":
                self._take_import(nodes[0], captures.get("target", []))
            elif capture in ("call", "base", "doc"):
                self.uses.extend((node.start_byte, node.end_byte, capture) for node in nodes)

    def imports(self) -> tuple[Import, ...]:
        """Return the imports in source order."""
        return tuple(self._imports[key] for key in sorted(self._imports))

    def drafts(self) -> list[Draft]:
        """Return the definitions in source order, nested, with what leads them."""
        leads = Leads(self._leads, self._table)
        found = [draft for key, draft in self._drafts.items() if key not in self._imports]
        drafts = _once_a_body(sorted(found, key=lambda draft: (draft.start, -draft.end)))[:_MOST_SYMBOLS]
        for draft in drafts:
            self._wrap(draft)
            leading = leads.before(draft.outer_start)
            draft.outer_start = leading.start
            draft.doc = leading.doc
        nest(drafts)
        return drafts

    def _says_one_of(self, words: frozenset[bytes], node: Node) -> bool:
        return self._table.data[node.start_byte : node.end_byte] in words

    def _stands_within(self, pattern: int, node: Node) -> bool:
        around = self._within.get(pattern)
        return around is None or (node.parent is not None and node.parent.type in around)

    def _take_import(self, node: Node, targets: list[Node]) -> None:
        data = self._table.data
        key = (node.start_byte, node.end_byte)
        text = " ".join(text_of(node, data).split())[:_LONGEST_IMPORT].rstrip(";")
        named = read_target(", ".join(text_of(target, data) for target in targets) or text)
        if text.startswith(_FROM_HERE) and not named.startswith("."):
            named = f"./{named}"
        known = self._imports.get(key)
        target = f"{known.target}, {named}" if known is not None else named
        self._imports[key] = Import(text, target, span(self._table, *key))

    def _take_definition(self, capture: list[str], node: Node, pattern: int, captures: _Captures) -> None:
        key = (node.start_byte, node.end_byte)
        known = self._drafts.get(key)
        if known is not None and not _is_better(known, pattern, captures):
            return
        has_fixed_name = len(capture) > 2
        name = None if has_fixed_name else _name_node(node, captures)
        if name is None and not has_fixed_name:
            return
        data = self._table.data
        parts = read_name(text_of(name, data), capture[1]) if name is not None else (capture[2],)
        if not is_name(parts):
            return
        scopes = [
            part for scope in captures.get("scope", []) for part in read_name(text_of(scope, data), "type")
        ]
        body = captures.get("body")
        self._drafts[key] = Draft(
            kind=capture[1],
            start=key[0],
            # Where a grammar puts the body beside the header, both are the definition.
            end=max(key[1], body[0].end_byte) if body else key[1],
            name_range=(name.start_byte, name.end_byte) if name is not None else (key[0], key[0]),
            name=(*scopes, *parts),
            pattern=pattern,
            body=body[0] if body else None,
        )

    def _wrap(self, draft: Draft) -> None:
        """Widen a definition to the nodes around it; its signature begins with those on its own line."""
        start, end = draft.start, draft.end
        draft.header_start = start
        wrapper = self._wrappers.get((start, end))
        while wrapper is not None and (wrapper.start_byte, wrapper.end_byte) != (start, end):
            if b"\n" not in self._table.data[wrapper.start_byte : draft.header_start]:
                draft.header_start = wrapper.start_byte
            start, end = wrapper.start_byte, wrapper.end_byte
            wrapper = self._wrappers.get((start, end))
        draft.outer_start, draft.outer_end = start, end


def _once_a_body(drafts: list[Draft]) -> list[Draft]:
    """Keep the outermost of definitions that share their body, such as a named struct inside its typedef."""
    bodies: set[_Range] = set()
    kept: list[Draft] = []
    for draft in drafts:
        body = (draft.body.start_byte, draft.body.end_byte) if draft.body is not None else None
        if body is None or body not in bodies:
            kept.append(draft)
        if body is not None:
            bodies.add(body)
    return kept


def _is_better(known: Draft, pattern: int, captures: _Captures) -> bool:
    """Tell whether a match replaces one of the same node: by an earlier pattern, or with an optional body."""
    if pattern != known.pattern:
        return pattern < known.pattern
    return known.body is None and "body" in captures


def _name_node(node: Node, captures: _Captures) -> Node | None:
    for capture in ("scoped", "name"):
        if capture in captures:
            return captures[capture][0]
    return find_name(node) if "body" in captures or node.named_child_count else None
