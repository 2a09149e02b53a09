"""Files to chunks: pieces along syntax boundaries, each with what is known of it.

A chunk is what is embedded, found, shown and cited, so it should be a piece that answers a question: a whole
function, the header of a class, the section under a heading.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from firsthand.core.chunk_cutting import cut_bytes
from firsthand.core.chunk_identities import identify
from firsthand.core.chunk_pieces import Piece, divide
from firsthand.core.chunk_preambles import preamble
from firsthand.core.chunk_sizes import LARGEST
from firsthand.core.identifiers import runs
from firsthand.core.languages import is_test_path
from firsthand.core.lines import LineTable, encode
from firsthand.core.model import Chunk, ChunkKind, Import, Outline, SourceFile, Span, Symbol
from firsthand.core.tokens import estimate_tokens

# Raised whenever the same file would give other chunks: an index of another version is built anew.
CHUNKER_VERSION = 3

_IMPORT_KEYWORDS = frozenset(
    "import from as use using require include const let var type static pub crate self super open qualified "
    "hiding alias only module export default extern mod public private local return".split()
)
_CONFIG_LANGUAGES = frozenset(
    "yaml toml json ini properties xml hcl terraform kdl ron jsonnet dtd csv tsv psv requirements gomod".split()
)
_PROSE_LANGUAGES = frozenset("markdown rst org latex typst html text po bibtex".split())
# Attributes that make a definition a test in languages that keep tests beside the code.
_TEST_ATTRIBUTE = re.compile(r"#\[(?:cfg\(test\)|(?:\w+::)?test\b)")


def chunk_file(source: SourceFile, outline: Outline | None) -> tuple[Chunk, ...]:
    """Return the chunks of a file in source order; every line that is not blank is in at least one."""
    table = LineTable.of(source.text)
    known = outline if outline is not None else Outline(source.language)
    chunks = _Chunks(source, known, table, has_syntax=outline is not None)
    return tuple(chunk for piece in divide(known, table) for chunk in chunks.of(piece))


class _Chunks:
    """Builds the chunks of one file."""

    def __init__(self, source: SourceFile, outline: Outline, table: LineTable, *, has_syntax: bool) -> None:
        self._source = source
        self._outline = outline
        self._table = table
        self._is_test = is_test_path(source.path)
        self._top_kind = _top_kind(source.language, has_syntax)
        self._starts = [symbol.span.start_line for symbol in outline.symbols]
        self._imports = _imports_by_word(outline.imports)

    def of(self, piece: Piece) -> Iterator[Chunk]:
        """Return the chunk of a piece; several when it is a single line that is too long for a chunk."""
        start = self._table.starts[piece.first - 1]
        end = self._table.ends[piece.last - 1]
        text = self._table.text(start, end)
        if piece.first < piece.last or estimate_tokens(text) <= LARGEST:
            yield self._chunk(piece, Span(piece.first, piece.last, start, end), text)
            return
        for first_byte, last_byte in cut_bytes(self._table.data, start, end):
            part = self._table.text(first_byte, last_byte)
            if part.strip():
                yield self._chunk(piece, Span(piece.first, piece.last, first_byte, last_byte), part)

    def _chunk(self, piece: Piece, span: Span, text: str) -> Chunk:
        identity = identify(piece, self._outline, span, self._top_kind)
        words = set(runs(text))
        before = preamble(
            self._source.path,
            identity.qualified_name,
            self._outline.symbols[piece.symbols[0]] if piece.role == "part" else None,
            self._members(piece),
            text,
        )
        definitions = self._definitions(piece)
        return Chunk(
            path=self._source.path,
            language=self._source.language,
            kind=identity.kind,
            name=identity.name,
            qualified_name=identity.qualified_name,
            parent=identity.parent,
            span=span,
            definition=identity.definition,
            text=text,
            preamble=before,
            signature=identity.signature,
            docstring=identity.docstring,
            imports=tuple(dict.fromkeys(statement.target for statement in self._used_imports(words))),
            calls=self._uses(piece, words, (symbol.calls for symbol in definitions), self._outline.calls),
            references=self._uses(
                piece, words, (symbol.references for symbol in definitions), self._outline.references
            ),
            bases=identity.bases,
            is_test=self._is_test or self._stands_in_test(piece),
            tokens=estimate_tokens(before) + estimate_tokens(text),
            content_hash=sha256(encode(f"{before}\n{text}")).hexdigest(),
        )

    def _definitions(self, piece: Piece) -> list[Symbol]:
        """Return the definitions that begin in the lines of a piece, and those that it is a part of."""
        symbols = self._outline.symbols
        inside = range(bisect_left(self._starts, piece.first), bisect_right(self._starts, piece.last))
        around = [
            index for index in (*piece.symbols, piece.owner) if index is not None and index not in inside
        ]
        return [symbols[index] for index in (*around, *inside)]

    def _uses(
        self, piece: Piece, words: set[str], uses: Iterable[Sequence[str]], top: Sequence[str]
    ) -> tuple[str, ...]:
        """Return the names used in a piece, in order, without repeats."""
        at_top = top if piece.owner is None and piece.role == "rest" else ()
        names = dict.fromkeys(name for group in (at_top, *uses) for name in group)
        return tuple(name for name in names if name in words or not name.isidentifier())

    def _used_imports(self, words: set[str]) -> list[Import]:
        """Return the imports that a piece uses, in source order."""
        used = {number for word in self._imports.keys() & words for number in self._imports[word]}
        return [self._outline.imports[number] for number in sorted(used)]

    def _members(self, piece: Piece) -> list[Symbol]:
        """Return the methods that a class header leads, but does not hold."""
        if piece.role != "header":
            return []
        return [
            symbol
            for symbol in self._outline.symbols
            if symbol.parent == piece.symbols[0] and symbol.span.start_line > piece.last
        ]

    def _stands_in_test(self, piece: Piece) -> bool:
        symbols = self._outline.symbols
        index = piece.symbols[0] if piece.symbols else piece.owner
        while index is not None:
            symbol = symbols[index]
            if symbol.kind == "test" or self._has_test_attribute(symbol):
                return True
            index = symbol.parent
        return False

    def _has_test_attribute(self, symbol: Symbol) -> bool:
        lead = self._table.text(symbol.span.start_byte, symbol.name_span.start_byte)
        return _TEST_ATTRIBUTE.search(lead) is not None


def _imports_by_word(imports: Sequence[Import]) -> dict[str, list[int]]:
    """Index the numbers of imports by the words through which code may use them."""
    by_word: dict[str, list[int]] = {}
    for number, statement in enumerate(imports):
        for word in set(runs(statement.text)) - _IMPORT_KEYWORDS:
            by_word.setdefault(word, []).append(number)
    return by_word


def _top_kind(language: str, has_syntax: bool) -> ChunkKind:
    if language in _CONFIG_LANGUAGES:
        return "config"
    return "module" if has_syntax and language not in _PROSE_LANGUAGES else "text"
