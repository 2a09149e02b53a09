"""The nouns of the domain: files, symbols, chunks, hits. Frozen values without behaviour that needs the world.

Lines count from 1 and ranges of lines include both ends. Bytes count from 0 in the UTF-8 encoding of the decoded
text, end excluded. Paths are relative to the workspace root, with forward slashes.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from firsthand.core.rank_trace import RankTrace

if TYPE_CHECKING:
    Vector = array[float]
else:
    Vector = array  # array('f'): one embedding; adapters view it through the buffer protocol

SymbolKind = Literal[
    "function", "method", "class", "interface", "struct", "enum", "trait", "module", "type", "impl",
    "field", "constant", "variable", "macro", "test", "section", "key", "table",
]  # fmt: skip

ChunkKind = Literal[
    "function", "method", "class", "interface", "struct", "enum", "trait", "module", "type", "impl",
    "constant", "variable", "macro", "test", "section", "config", "table", "text",
]  # fmt: skip


UseKind = Literal["call", "base", "import", "reference"]


class Span(NamedTuple):
    """A range of a file, in lines (from 1, both included) and in bytes (end excluded).

    A tuple, as `Use` is: a file has hundreds of both, and a frozen dataclass takes three times as long to make.
    """

    start_line: int
    end_line: int
    start_byte: int
    end_byte: int


@dataclass(frozen=True, slots=True)
class FileStat:
    """What the file system says about a file without opening it."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was read: decoded text, language by path, SHA-256 (hex) of the bytes."""

    path: str
    text: str
    language: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that is deliberately not indexed, and why, in a few words for the user."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scan:
    """The files of a workspace that may be indexed, and those that are left out with the reason."""

    files: tuple[FileStat, ...]
    skipped: tuple[SkippedFile, ...]


@dataclass(frozen=True, slots=True)
class Import:
    """One import, include, use or require: the text as written (one line) and what it names."""

    text: str
    target: str
    span: Span


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition found in a file's syntax."""

    name: str
    """Its own name: `refresh`."""
    qualified_name: str
    """The name with its enclosing definitions: `TokenStore.refresh`."""
    kind: SymbolKind
    span: Span
    """The whole definition with its decorators and the comment that documents it."""
    name_span: Span
    signature: str
    """The header up to the body, whitespace collapsed to one line."""
    docstring: str
    """The documentation without comment marks, or ""."""
    parent: int | None
    """Index of the enclosing symbol in `Outline.symbols`."""
    calls: tuple[str, ...] = ()
    """Names that are called directly inside (not inside a nested symbol), in order, without repeats."""
    references: tuple[str, ...] = ()
    """Other names used directly inside: types, bases, constants. Without repeats."""
    bases: tuple[str, ...] = ()
    """Names that it extends, implements or embeds."""
    body_start_byte: int | None = None
    """Where the body begins; None when there is no body."""
    statement_bytes: tuple[int, ...] = ()
    """Start offsets of the body's own statements: the places where a long definition may be cut."""


class Use(NamedTuple):
    """A place where a name is used that is defined here or elsewhere."""

    name: str
    """The name itself: `Permanent` of `retry.Permanent`."""
    qualifier: str
    """What is written before it: `retry`, `self.store`, "()" for an expression, or ""."""
    kind: UseKind
    line: int
    symbol: str
    """Qualified name of the innermost definition around it, or ""."""
    origin: str = ""
    """What the file imports it, or its qualifier, from; several separated by commas. "" when it does not say."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition as references know it: names and lines, without its code."""

    name: str
    qualified_name: str
    kind: SymbolKind
    line: int
    """The line of its name."""
    end_line: int
    is_local: bool = False
    """True when it stands inside a function, where nobody else sees it."""


@dataclass(frozen=True, slots=True)
class Links:
    """What ties a piece of code to others: what is defined in it and what it uses."""

    definitions: tuple[Definition, ...] = ()
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """The syntax of one file, reduced to what chunking, hover and test generation need."""

    language: str
    symbols: tuple[Symbol, ...] = ()
    """In source order; a parent stands before its children."""
    imports: tuple[Import, ...] = ()
    calls: tuple[str, ...] = ()
    """Names called outside every symbol."""
    references: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    """Every place where a name is used but the imports, in order, with `origin` still unknown."""
    has_errors: bool = False
    """True when the parser met broken syntax; what it could read is still here."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file along a syntax boundary: what is embedded, found, shown and cited."""

    path: str
    language: str
    kind: ChunkKind
    name: str
    """Last part of the qualified name, or ""."""
    qualified_name: str
    parent: str
    """Qualified name of the enclosing definition, or ""."""
    span: Span
    definition: Span
    """The definition that this chunk is, or is a part of; equal to `span` when the chunk is whole."""
    text: str
    """Exactly the text of `span`."""
    preamble: str
    """What is put before the text for the embedder: path and name, and of a part what it is a part of."""
    signature: str = ""
    docstring: str = ""
    imports: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    is_test: bool = False
    tokens: int = 0
    """Estimated tokens of preamble and text."""
    content_hash: str = ""
    """SHA-256 (hex) of preamble and text: equal hashes have equal embeddings."""

    @property
    def id(self) -> str:
        """Unique inside one index: path and byte range."""
        return f"{self.path}:{self.span.start_byte}-{self.span.end_byte}"

    @property
    def embedding_text(self) -> str:
        """The text that is embedded: preamble, then the code."""
        return f"{self.preamble}\n{self.text}" if self.preamble else self.text


class ChunkHead(Protocol):
    """What a chunk is and where it stands: all that ranking needs, without its text."""

    @property
    def id(self) -> str:
        """`Chunk.id`."""
        ...

    @property
    def path(self) -> str:
        """`Chunk.path`."""
        ...

    @property
    def language(self) -> str:
        """`Chunk.language`."""
        ...

    @property
    def kind(self) -> ChunkKind:
        """`Chunk.kind`."""
        ...

    @property
    def name(self) -> str:
        """`Chunk.name`."""
        ...

    @property
    def qualified_name(self) -> str:
        """`Chunk.qualified_name`."""
        ...

    @property
    def span(self) -> Span:
        """`Chunk.span`."""
        ...

    @property
    def is_test(self) -> bool:
        """`Chunk.is_test`."""
        ...

    @property
    def content_hash(self) -> str:
        """`Chunk.content_hash`."""
        ...


@dataclass(frozen=True, slots=True)
class LinkedChunk:
    """A chunk with its links, or with those that were asked for."""

    chunk: Chunk
    links: Links


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What the index knows about a file."""

    path: str
    content_hash: str
    size: int
    mtime_ns: int
    status: Literal["indexed", "skipped", "failed"]
    reason: str = ""
    language: str = ""
    chunks: int = 0


@dataclass(frozen=True, slots=True)
class FileUpdate:
    """A file's new rows, replacing all it had."""

    record: FileRecord
    chunks: tuple[Chunk, ...]
    links: tuple[Links, ...] = ()
    """The links of each chunk, in the order of `chunks`; empty when nothing is known."""
    packed: bytes = b""
    """Chunks and links as rows of the store, made where they were cut; `chunks` and `links` are empty then."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a vector depends on: two indexes with different fingerprints never mix."""

    model: str
    digest: str
    dimensions: int
    query_prefix: str = ""
    document_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look. Empty means everywhere; the parts are combined with "and"."""

    paths: tuple[str, ...] = ()
    """Folder prefixes, exact paths or globs (`*`, `**`, `?`; a backslash takes their meaning away)."""
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """Chunk kinds; "test" stands for tests of every kind."""
    tests: bool | None = None
    """True: only tests; False: no tests; None: both."""
    changed_since: str = ""
    """A revision: only files that changed since. Takes effect through `files`, see `core/narrowing.py`."""
    files: frozenset[str] | None = None
    """Only these very files; None: all."""


@dataclass(frozen=True, slots=True)
class ScoredHead:
    """A chunk as one search method ranked it, perhaps without its text; a higher score is better."""

    chunk: ChunkHead
    score: float


@dataclass(frozen=True, slots=True)
class ScoredChunk(ScoredHead):
    """The same with its text."""

    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was retrieved, with its final score and why it is there, in a few words each."""

    chunk: Chunk
    score: float
    reasons: tuple[str, ...]
    trace: RankTrace | None = None
    """The numbers behind the score, where a ranking made it."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A change in the history of a file."""

    id: str
    author: str
    date: str
    """ISO 8601, day only."""
    subject: str


@dataclass(frozen=True, slots=True)
class IndexStats:
    """How much is in the index."""

    files: int
    skipped: int
    failed: int
    chunks: int
    embedded: int
    """Chunks that have a vector."""


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one indexing run did. `seconds` is wall time."""

    files: int
    skipped: int
    failed: int
    chunks: int
    embedded: int
    """Vectors computed in this run."""
    reused: int
    """Chunks that kept a vector they had."""
    removed: int
    seconds: float
    problem: str = ""
    """What kept the run from finishing (the embedder failed), as a sentence; "" when all is done."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where long work stands: `done` of `total` (0 when unknown) in `stage`; `detail` is for people."""

    stage: str
    done: int = 0
    total: int = 0
    detail: str = ""
    eta_seconds: float | None = None
    """How long the stage will still take at the rate so far; None where nobody measures that."""


Report = Callable[[Progress], None]
