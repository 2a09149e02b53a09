"""What the domain needs from the outside: small protocols, named for roles."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from firsthand.core.answers import Message
from firsthand.core.model import (
    Chunk,
    ChunkHead,
    Commit,
    FileRecord,
    FileStat,
    FileUpdate,
    Fingerprint,
    IndexStats,
    LinkedChunk,
    Outline,
    Scan,
    Scope,
    ScoredChunk,
    ScoredHead,
    SkippedFile,
    SourceFile,
    Vector,
)


class Parser(Protocol):
    """Reads the syntax of a file. Synchronous and CPU-bound: callers run it in a thread."""

    def outline(self, language: str, text: str) -> Outline | None:
        """Return the outline of `text`, or None when there is no grammar for `language`."""
        ...


class Cutter(Protocol):
    """Makes the rows of a file. Synchronous and CPU-bound: callers run it in threads, several at once."""

    @property
    def at_once(self) -> int:
        """How many files are cut at the same time; further calls wait."""
        ...

    def cut(self, stat: FileStat, source: SourceFile) -> FileUpdate:
        """Return the new rows of a file, or a record of why there are none."""
        ...

    def rest(self) -> None:
        """Let go of what only the work on many files needs."""
        ...


class SourceTree(Protocol):
    """The files of one workspace root."""

    async def scan(self) -> Scan:
        """List every file that may be indexed, without opening any, and those left out."""
        ...

    async def stat_all(self, paths: Sequence[str]) -> Mapping[str, FileStat | SkippedFile | None]:
        """Return what `scan` would say of each path now; None when it would not name it."""
        ...

    async def read(self, path: str) -> SourceFile | SkippedFile | None:
        """Read and decode one file; skipped when its content should not be indexed, None when it is gone."""
        ...


class RawFiles(Protocol):
    """The bytes of files that a scan has named. Synchronous: callers run it in a thread."""

    def peek(self, path: str) -> bytes | None:
        """Return what a file holds, to be counted and not to be shown: nothing of it was judged; None if unreadable."""
        ...


class RuledTree(SourceTree, Protocol):
    """A source tree with rules of its own, about which people can ask."""

    async def rule_against(self, path: str) -> str:
        """Return the rule that leaves a path out, as `file:line: pattern` or in words; "" when none does."""
        ...


@dataclass(frozen=True, slots=True)
class Changes:
    """What may have changed below a root: some paths, or everything."""

    paths: frozenset[str] = frozenset()
    everything: bool = False


class Watcher(Protocol):
    """Notices changes of one workspace root by itself, whoever makes them."""

    @property
    def limitation(self) -> str:
        """Why changes are noticed late, as a clause for people; "" while they are noticed at once."""
        ...

    def changes(self) -> AsyncGenerator[Changes, None]:
        """Yield changes until closed; the first item says "everything", as soon as nothing more can be missed."""
        ...


class History(Protocol):
    """The version history of one workspace root; all answers are empty outside version control."""

    async def head(self) -> str | None:
        """Return the id of the commit that is checked out."""
        ...

    async def last_change(self, path: str, start_line: int, end_line: int) -> Commit | None:
        """Return the newest commit that touched these lines."""
        ...

    async def changed_since(self, revision: str) -> frozenset[str]:
        """Return paths that differ from the commit at which this line of work left a revision, new files included.

        Raises:
            RequestError: there is no such revision, or no version control.
        """
        ...

    async def recent_files(self, limit: int) -> Sequence[str]:
        """Return paths with uncommitted changes, then those changed by the newest commits."""
        ...


@dataclass(frozen=True, slots=True)
class Rejected:
    """A text that the embedder cannot embed, and why; it stands where its vector would."""

    reason: str


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def fingerprint(self) -> Fingerprint:
        """What the vectors depend on."""
        ...

    @property
    def max_tokens(self) -> int:
        """Most tokens of one text, prefix included, that influence its vector."""
        ...

    @property
    def batch_size(self) -> int:
        """How many documents to hand over at a time so that progress and cancellation stay smooth."""
        ...

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
        """Embed texts of the index, one result a text, in order.

        Raises:
            ModelError: nothing could be embedded; the texts are not to blame.
        """
        ...

    async def embed_query(self, text: str) -> Vector:
        """Embed a question.

        Raises:
            ModelError: the question could not be embedded.
        """
        ...


@dataclass(frozen=True, slots=True)
class ChatText:
    """A piece of the model's answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ChatThinking:
    """A piece of the model's thinking, which is not part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ChatStage:
    """What a silent model is doing: "loading model", "reading prompt"."""

    name: str


@dataclass(frozen=True, slots=True)
class ChatEnd:
    """How a generation ended. Token counts are the model's own, None when it did not tell."""

    reason: Literal["stop", "length", "broken"]
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    prompt_was_cut: bool = False
    """True when the server silently dropped part of the prompt, so the answer must not pass as grounded."""


ChatPart = ChatText | ChatThinking | ChatStage | ChatEnd


class ChatModel(Protocol):
    """Generates text. One conversation at a time is enough; closing the stream stops the model."""

    @property
    def name(self) -> str:
        """What the user knows it by: `qwen2.5-coder:7b`."""
        ...

    @property
    def context_tokens(self) -> int:
        """Size of the window that prompt and answer share."""
        ...

    @property
    def answer_tokens(self) -> int:
        """Most tokens that an answer may take (`num_predict`)."""
        ...

    def estimate_tokens(self, text: str) -> int:
        """Estimate, on the safe side, how many tokens `text` takes in this model."""
        ...

    def stream(
        self, messages: Sequence[Message], *, schema: Mapping[str, object] | None = None
    ) -> AsyncGenerator[ChatPart, None]:
        """Generate; the last part is a `ChatEnd`. Use with `contextlib.aclosing`.

        Args:
            schema: a JSON schema that the whole answer must follow; the caller validates it all the same.

        Raises:
            ModelError: nothing was generated, or the generation broke before its end.
        """
        ...


class ChunkStore(Protocol):
    """The index of one workspace root under one fingerprint. Derived and disposable."""

    async def manifest(self) -> Mapping[str, FileRecord]:
        """Return what is known of every file, by path."""
        ...

    async def replace(self, updates: Sequence[FileUpdate]) -> None:
        """Replace the rows of these files, in one commit: readers see old rows or new rows, never half."""
        ...

    async def touch(self, records: Sequence[FileRecord]) -> None:
        """Store new sizes and times of files whose chunks did not change."""
        ...

    async def remove(self, paths: Sequence[str]) -> None:
        """Forget these files."""
        ...

    async def known_vectors(self, content_hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Return the vectors that the index has for these chunk hashes, wherever they stand."""
        ...

    async def without_vector(self, limit: int) -> Sequence[Chunk]:
        """Return up to `limit` chunks that still wait for their vector."""
        ...

    async def adopt_vectors(self) -> int:
        """Take over vectors of waiting texts from wherever else this user has them; return how many."""
        ...

    async def set_vectors(self, vectors: Mapping[str, Vector]) -> None:
        """Store vectors by chunk hash, for every chunk with that hash."""
        ...

    async def set_unembeddable(self, reasons: Mapping[str, str]) -> None:
        """Remember, by chunk hash, chunks that cannot have a vector, so that they are not tried again."""
        ...

    async def search_keywords(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[ScoredChunk]:
        """Return chunks by BM25 over code-aware terms (`identifiers.terms`), best first."""
        ...

    async def find_dense(self, vector: Vector, scope: Scope, limit: int) -> Sequence[ScoredHead]:
        """Return the nearest chunks by cosine similarity, best first, perhaps without the text, which costs most."""
        ...

    async def find_keywords(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[ScoredHead]:
        """Return what `search_keywords` returns, perhaps without the text."""
        ...

    async def find_defining(self, names: Sequence[str], limit: int) -> Sequence[ChunkHead]:
        """Return what `defining` returns, perhaps without the text."""
        ...

    async def read(self, heads: Sequence[ChunkHead]) -> Sequence[Chunk | None]:
        """Return the very chunks that these heads stand for, in their order; None for those that are gone."""
        ...

    async def chunks_of(self, path: str) -> Sequence[Chunk]:
        """Return the chunks of one file in source order."""
        ...

    async def defining(self, names: Sequence[str], limit: int) -> Sequence[Chunk]:
        """Return chunks whose `name` or `qualified_name` is one of these, ignoring case."""
        ...

    async def mentioning(self, name: str, limit: int) -> Sequence[Chunk]:
        """Return chunks whose calls, references, bases or imports hold this very name."""
        ...

    async def linked(self, names: Sequence[str], limit: int) -> Sequence[LinkedChunk]:
        """Return up to `limit` chunks that define, use or import one of these very names, with those links alone."""
        ...

    async def links_of(self, path: str) -> Sequence[LinkedChunk]:
        """Return the chunks of one file that have links, in source order, with all of them."""
        ...

    async def names(self) -> frozenset[str]:
        """Return every name the index knows: of symbols, calls, references and imports, last parts only."""
        ...

    async def stats(self) -> IndexStats:
        """Count what is there."""
        ...

    async def version(self) -> tuple[int, ...]:
        """Return a value that changes whenever what can be found changes, whichever process wrote."""
        ...

    async def prepare_searches(self) -> None:
        """Read what searches hold in memory, so that the first one is as fast as those after it."""
        ...

    async def index_words(self) -> None:
        """Bring the full-text index up to date; compacting may wait for `optimize`."""
        ...

    async def optimize(self, *, may_give_up: bool = False) -> bool:
        """Compact, bring the full-text index up to date; return False when that was given up.

        Args:
            may_give_up: let writes that come meanwhile win, instead of having them wait.
        """
        ...

    async def tidy(self, *, calm: bool = True) -> bool:
        """Delete what is left of past writes and no reader needs; tell whether `optimize` is worth its price now.

        Args:
            calm: nothing has changed for a while, so that no write is likely to come meanwhile.
        """
        ...

    async def forget_past(self) -> None:
        """Let go of what is held in memory of an index that others have written often since.

        Raises:
            StoreError: it cannot be opened anew.
        """
        ...

    @property
    def is_damaged(self) -> bool:
        """Whether what is on the disk was found to be other than what was written."""
        ...

    async def damaged(self) -> None:
        """Return when the index is found damaged, by this or another process."""
        ...

    async def sound(self) -> None:
        """Return when no damage is known that was not mended since."""
        ...

    async def mend(self) -> None:
        """Open the index anew, mended, or an empty one where that is not possible; nobody may be keeping it."""
        ...

    async def close(self) -> None:
        """Release files and locks."""
        ...
