"""From the outline of a file to the links of its chunks: what each defines, uses and imports, and from where."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from firsthand.core.lines import LineTable, decode
from firsthand.core.model import Chunk, Definition, Import, Links, Outline, SourceFile, Symbol, Use

_WORD = re.compile(r"[^\W\d][\w$]*")
_COMMENT = re.compile(r"(?:(?<=\s)|^)(?:#(?!include|import)|//|--).*$", re.MULTILINE)
_PATH_PART = re.compile(r"[^\s./\\:'\"`,;<>(){}]+")
_EXTENSION = re.compile(
    r"\.(?:h|hh|hpp|hxx|inc|js|jsx|mjs|cjs|ts|tsx|mts|cts|py|rb|php|vue|svelte|lua|sh|bash|dart|proto|scss|css)$"
)
_KEYWORDS = frozenset(
    "import from as use using require require_once require_relative include include_once const let var type static pub "
    "crate self super open qualified hiding alias only module export default extern mod public private local return "
    "function fun func final struct class enum protocol package source global typeof await async load dofile autoload "
    "internal package_private final fn trait given".split()
)
# Where an import takes over everything, or says nothing of the names that it brings.
_OPEN_LANGUAGES = frozenset(
    {"c", "cpp", "objc", "cuda", "arduino", "csharp", "swift", "ruby", "bash", "elixir", "crystal", "perl"}
)
# A class in the middle of a path, as where one of its members is imported: `shop.Cart.total`.
_OWNER = re.compile(r"\.([A-Z][\w$]*)(?=\.)")
_OPEN = re.compile(r"\*|\._$|\bimport\s+static\b.*\*")
_FUNCTIONS = frozenset({"function", "method"})
_NO_DEFINITIONS = frozenset({"section", "key"})
# All that a file takes over, as one text; a file that includes more is a list of includes.
_MOST_OPEN = 40


def link_chunks(source: SourceFile, outline: Outline | None, chunks: Sequence[Chunk]) -> tuple[Links, ...]:
    """Return the links of each chunk; every definition and use stands in exactly one."""
    if outline is None or not chunks:
        return ()
    table = LineTable.of(source.text)
    definitions: list[list[Definition]] = [[] for _ in chunks]
    uses: list[list[Use]] = [[] for _ in chunks]
    place = _Places(chunks)
    for symbol in outline.symbols:
        if symbol.kind not in _NO_DEFINITIONS:
            line = symbol.name_span.start_line
            definitions[place.of(line)].append(
                Definition(
                    symbol.name,
                    symbol.qualified_name,
                    symbol.kind,
                    line,
                    symbol.span.end_line,
                    is_local=_is_in_function(outline, symbol),
                )
            )
    imports = _Imports(outline, table)
    for use in (*imports.uses(), *imports.with_origins(outline.uses)):
        uses[place.of(use.line)].append(use)
    return tuple(Links(tuple(defined), tuple(used)) for defined, used in zip(definitions, uses, strict=True))


def _is_in_function(outline: Outline, symbol: Symbol) -> bool:
    return symbol.parent is not None and outline.symbols[symbol.parent].kind in _FUNCTIONS


class _Places:
    """Finds the chunk that holds a line."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._order = sorted(range(len(chunks)), key=lambda index: chunks[index].span.start_line)
        self._starts = [chunks[index].span.start_line for index in self._order]
        self._ends = [chunks[index].span.end_line for index in self._order]

    def of(self, line: int) -> int:
        nearest = max(bisect_right(self._starts, line) - 1, 0)
        for position in range(nearest, -1, -1):
            if self._ends[position] >= line:
                return self._order[position]
        return self._order[nearest]


class _Imports:
    """What a file imports, by the names through which it may use it."""

    def __init__(self, outline: Outline, table: LineTable) -> None:
        self._outline = outline
        self._table = table
        self._by_name: dict[str, str] = {}
        self._lines: set[int] = set()
        self._uses: list[Use] = []
        own = {symbol.name for symbol in outline.symbols if symbol.parent is None}
        opened = dict.fromkeys(each.target for each in outline.imports if self._is_open(each) and each.target)
        self._open = "* " + ", ".join(list(opened)[:_MOST_OPEN]) if opened else ""
        self._own = own
        for statement in outline.imports:
            self._take(statement)

    def uses(self) -> list[Use]:
        """Return the imports themselves: each name that is imported, and each module."""
        return self._uses

    def with_origins(self, uses: Sequence[Use]) -> Iterator[Use]:
        """Yield the uses outside import statements, each with where its first name comes from."""
        for use in uses:
            if use.line in self._lines:
                continue
            head = use.qualifier.partition(".")[0] or use.name
            origin = self._by_name.get(head, "")
            if not origin and head not in self._own and (not use.qualifier or head[:1].isupper()):
                origin = self._open
            yield Use(use.name, use.qualifier, use.kind, use.line, use.symbol, origin) if origin else use

    def _is_open(self, statement: Import) -> bool:
        return self._outline.language in _OPEN_LANGUAGES or bool(_OPEN.search(statement.text))

    def _take(self, statement: Import) -> None:
        span = statement.span
        self._lines.update(range(span.start_line, span.end_line + 1))
        source = decode(self._table.data[span.start_byte : span.end_byte])
        source = _COMMENT.sub(lambda match: " " * len(match[0]), source)
        targets = [target.strip() for target in statement.target.split(",") if target.strip()] or [""]
        modules = {module_name(target): target for target in targets}
        inside = {part for target in targets for part in _PATH_PART.findall(_EXTENSION.sub("", target))}
        inside.update(part for target in targets for part in _WORD.findall(target))
        seen: set[str] = set()
        for match in _WORD.finditer(source):
            word = match[0]
            if word in _KEYWORDS or word in seen or (word in inside and word not in modules):
                continue
            seen.add(word)
            self._add(word, modules.get(word, statement.target), self._line(statement, source, match.start()))
        for module, target in modules.items():
            if module and module not in seen:
                self._add(module, target, span.start_line)
            for owner in _OWNER.findall(target):
                if owner not in seen and owner != module:
                    self._add(owner, target, span.start_line)
            first = _WORD.match(target)
            if first and first[0] not in self._by_name:
                self._by_name[first[0]] = target

    def _line(self, statement: Import, source: str, offset: int) -> int:
        return statement.span.start_line + source.count("\n", 0, offset)

    def _add(self, name: str, origin: str, line: int) -> None:
        self._by_name[name] = origin
        self._uses.append(Use(name, origin, "import", line, "", origin))


def module_name(target: str) -> str:
    """Return what a module is called by itself: `../store/token.js` → token, `a.b.refresh` → refresh."""
    parts: list[str] = _PATH_PART.findall(_EXTENSION.sub("", target.rstrip("./*")))
    return parts[-1] if parts else ""
