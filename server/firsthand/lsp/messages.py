"""Firsthand's additions to LSP: names and shapes on the wire. This file is the source; both clients mirror it.

Objects are flat and in camelCase on the wire; a field that is None is left out. Unknown fields of params are ignored.
Lines (`startLine`, `endLine`) count from 1, both included. `position` and `range` are LSP's own: they count from 0 in
the negotiated position encoding. Spans of an answer's text (`start`, `end`, end excluded) count from 0 in units of the
negotiated position encoding too, over the whole text: UTF-16 code units, as JavaScript counts, unless the client
negotiated UTF-8 (bytes) or UTF-32 (code points).

`initializationOptions` holds settings by their camelCase names, and three facts about the client: `streaming` (it reads
`firsthand/answer/didUpdate` and `firsthand/status/didChange`), `trusted` (false: the folder is not trusted, so
nothing that it says is believed and no model is contacted) and `notices` (it shows the notices and offers of the status
and the failures of folders in its own way, so that the server shows no messages about them). `showDocument` and
`applyEdit` vouch for a client that does not announce these capabilities of LSP but has them. The keys `server` and
`trace` belong to the client.
"""

from dataclasses import dataclass
from typing import Literal

ASK = "firsthand/ask"
EXPLAIN = "firsthand/explain"
GENERATE_TEST = "firsthand/generateTest"
SEARCH = "firsthand/search"
STATUS = "firsthand/status"
CONTEXT = "firsthand/context"

ANSWER_DID_UPDATE = "firsthand/answer/didUpdate"
STATUS_DID_CHANGE = "firsthand/status/didChange"

ASK_COMMAND = "firsthand.ask"
EXPLAIN_COMMAND = "firsthand.explain"
GENERATE_TEST_COMMAND = "firsthand.generateTest"
DOCUMENT_COMMAND = "firsthand.document"
FIX_COMMAND = "firsthand.fix"
SEARCH_COMMAND = "firsthand.search"
REINDEX_COMMAND = "firsthand.reindex"
PAUSE_COMMAND = "firsthand.pause"
RESUME_COMMAND = "firsthand.resume"
STATUS_COMMAND = "firsthand.status"
CANCEL_COMMAND = "firsthand.cancel"
PULL_MODEL_COMMAND = "firsthand.pullModel"

REQUESTS = (ASK, EXPLAIN, GENERATE_TEST, SEARCH, STATUS, CONTEXT)
NOTIFICATIONS = (ANSWER_DID_UPDATE, STATUS_DID_CHANGE)
COMMANDS = (
    ASK_COMMAND,
    EXPLAIN_COMMAND,
    GENERATE_TEST_COMMAND,
    DOCUMENT_COMMAND,
    FIX_COMMAND,
    SEARCH_COMMAND,
    REINDEX_COMMAND,
    PAUSE_COMMAND,
    RESUME_COMMAND,
    STATUS_COMMAND,
    CANCEL_COMMAND,
    PULL_MODEL_COMMAND,
)
NAMES = REQUESTS + NOTIFICATIONS + COMMANDS
"""Every name that a client may mirror."""

CLIENT_KEYS = frozenset({"streaming", "trusted", "notices", "showDocument", "applyEdit", "server", "trace"})
"""Keys of `initializationOptions` and of the section `firsthand` that are not settings of the server."""

UpdateKind = Literal["stage", "context", "delta", "citation", "warning", "done"]
DoneStatus = Literal["complete", "incomplete", "cancelled", "noModel", "failed"]
Health = Literal["ok", "warning", "error"]
Token = str | int


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a document, as in LSP."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Range:
    """A part of a document, as in LSP; the end is excluded."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class ScopeParams:
    """Where to look; what is left out allows everything. `paths` are folders, files or globs below a root.

    `changedSince` is a branch, tag or commit: only files that changed since. Filters in the words of a question
    (`lang:go`, `kind:class`, `path:src/**`, `tests:no`, `tests:only`, `changed:main`) replace what the scope says.
    """

    paths: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    tests: bool | None = None
    changed_since: str | None = None


@dataclass(frozen=True, slots=True)
class TurnParams:
    """A question and its answer, as a client shows them."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class AskParams:
    """Params of `firsthand/ask`. `uri` and `range` say where the user stands and what is selected.

    `turns` is what was said before, oldest first. A client that keeps conversations sends it, because the server
    forgets them when it ends; without it, the server goes by what it remembers of `conversationId`.
    """

    question: str
    stream_id: str | None = None
    conversation_id: str | None = None
    uri: str | None = None
    range: Range | None = None
    scope: ScopeParams | None = None
    turns: tuple[TurnParams, ...] | None = None
    work_done_token: Token | None = None


@dataclass(frozen=True, slots=True)
class PlaceParams:
    """Params of `firsthand/explain` and `firsthand/generateTest`; one of `position` and `range` is needed."""

    uri: str
    position: Position | None = None
    range: Range | None = None
    stream_id: str | None = None
    work_done_token: Token | None = None


@dataclass(frozen=True, slots=True)
class SearchParams:
    """Params of `firsthand/search`; `uri` is the document that the user is in."""

    query: str
    limit: int = 10
    scope: ScopeParams | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class StatusParams:
    """Params of `firsthand/status`; with `details` the languages, skipped and failed files are listed."""

    details: bool = False


@dataclass(frozen=True, slots=True)
class ContextParams:
    """Params of `firsthand/context`."""

    answer_id: str


@dataclass(frozen=True, slots=True)
class AskArguments:
    """The argument of `firsthand.ask`; without a question, the marked code is asked about."""

    question: str = ""
    conversation_id: str | None = None
    uri: str | None = None
    range: Range | None = None
    scope: ScopeParams | None = None


@dataclass(frozen=True, slots=True)
class PlaceArguments:
    """The argument of `firsthand.explain`, `.generateTest` and `.document`."""

    uri: str
    position: Position | None = None
    range: Range | None = None


@dataclass(frozen=True, slots=True)
class FixArguments:
    """The argument of `firsthand.fix`; `diagnostic` is the message to get rid of."""

    uri: str
    range: Range
    diagnostic: str


@dataclass(frozen=True, slots=True)
class FolderArguments:
    """The argument of `firsthand.reindex`, `.pause` and `.resume`; without `uri`, every folder is meant."""

    uri: str | None = None


@dataclass(frozen=True, slots=True)
class CancelArguments:
    """The argument of `firsthand.cancel`: the token that a command returned; without it, every command stops."""

    token: Token | None = None


@dataclass(frozen=True, slots=True)
class PullModelArguments:
    """The argument of `firsthand.pullModel`."""

    model: str


@dataclass(frozen=True, slots=True)
class CommandStarted:
    """Result of a command that goes on in the background."""

    token: str


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A part of an answer's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CitationResult:
    """Lines that an answer rests on; `hash` is the SHA-256 (hex) of those lines as they were read."""

    id: int
    path: str
    uri: str
    start_line: int
    end_line: int
    hash: str
    spans: tuple[TextSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class UngroundedResult:
    """A name that the workspace does not have, with the nearest that it has."""

    name: str
    spans: tuple[TextSpan, ...]
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BudgetResult:
    """Tokens of the model's window and what they were used for."""

    context_tokens: int
    answer_tokens: int
    instructions: int
    history: int
    excerpts: int
    question: int


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """Result of `firsthand/ask` and `firsthand/explain`. `timings` are milliseconds by stage, in order."""

    answer_id: str
    status: str
    text: str
    citations: tuple[CitationResult, ...]
    unsupported: tuple[TextSpan, ...]
    ungrounded: tuple[UngroundedResult, ...]
    model: str
    budget: BudgetResult
    timings: dict[str, float]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GeneratedTestResult(AnswerResult):
    """Result of `firsthand/generateTest`: an answer, and the WorkspaceEdit to accept when there is one."""

    edit: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class HitResult:
    """A piece of code that was found. `excerpt` is its text, `reasons` say why it is there."""

    path: str
    uri: str
    range: Range
    symbol: str
    kind: str
    language: str
    score: float
    reasons: tuple[str, ...]
    excerpt: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Result of `firsthand/search`, best first; `filters` say in words where the query asked to look.

    `notice` says, while there are such, how many files are not indexed yet and were searched by reading them.
    """

    hits: tuple[HitResult, ...]
    filters: tuple[str, ...] = ()
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class ExcerptResult:
    """Lines that went into a prompt."""

    id: int
    path: str
    uri: str
    start_line: int
    end_line: int
    symbol: str
    tokens: int
    score: float
    reasons: tuple[str, ...]
    hash: str
    text: str


@dataclass(frozen=True, slots=True)
class CutResult:
    """A hit that did not go into the prompt, and why."""

    path: str
    uri: str
    start_line: int
    end_line: int
    tokens: int
    reason: str


@dataclass(frozen=True, slots=True)
class MessageResult:
    """A message of the prompt as the model got it; `tokens` is an estimate."""

    role: str
    content: str
    tokens: int


@dataclass(frozen=True, slots=True)
class ContextResult:
    """Result of `firsthand/context`: everything that went into the prompt, in order, and what was cut."""

    answer_id: str
    excerpts: tuple[ExcerptResult, ...]
    cut: tuple[CutResult, ...]
    budget: BudgetResult
    messages: tuple[MessageResult, ...]


@dataclass(frozen=True, slots=True)
class AnswerUpdate:
    """Params of `firsthand/answer/didUpdate`; which fields are there depends on `kind`.

    stage: `stage` · context: `hits`, `cut`, `budget` · delta: `text` · citation: `citation` · warning: `message` ·
    done: `status` and `answerId` (absent when it failed or was cancelled early), and `message` when it failed.
    """

    stream_id: str
    seq: int
    kind: UpdateKind
    stage: str | None = None
    hits: tuple[ExcerptResult, ...] | None = None
    cut: tuple[CutResult, ...] | None = None
    budget: BudgetResult | None = None
    text: str | None = None
    citation: CitationResult | None = None
    message: str | None = None
    status: DoneStatus | None = None
    answer_id: str | None = None


@dataclass(frozen=True, slots=True)
class FileCounts:
    """Files of a folder: indexed ones, all that will be, and those left out."""

    done: int
    total: int
    skipped: int
    failed: int


@dataclass(frozen=True, slots=True)
class IndexingResult:
    """What the indexer is doing: `done` of `total` in `stage`."""

    stage: str
    done: int
    total: int
    message: str


@dataclass(frozen=True, slots=True)
class OfferResult:
    """A model that could be pulled with `firsthand.pullModel`."""

    role: str
    model: str
    message: str


@dataclass(frozen=True, slots=True)
class BuildingResult:
    """The embedding model that is to take over, and for how many chunks it has made vectors."""

    model: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ModelsResult:
    """Which models serve a folder; `chat` is absent when there is none, `building` when no model is to take over."""

    provider: str
    embedder: str
    chat: str | None
    notices: tuple[str, ...]
    offers: tuple[OfferResult, ...]
    building: BuildingResult | None = None


@dataclass(frozen=True, slots=True)
class LeftOutFile:
    """A file that is not in the index, and why."""

    path: str
    uri: str
    reason: str


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """How one folder is doing. `languages` are those of its files, the most common one first."""

    uri: str
    name: str
    health: Health
    message: str
    files: FileCounts
    chunks: int
    embedded: int
    indexing: IndexingResult
    models: ModelsResult | None = None
    eta_ms: int | None = None
    indexed_commit: str | None = None
    languages: tuple[str, ...] | None = None
    skipped_files: tuple[LeftOutFile, ...] | None = None
    failed_files: tuple[LeftOutFile, ...] | None = None


@dataclass(frozen=True, slots=True)
class StatusResult:
    """Result of `firsthand/status` and params of `firsthand/status/didChange`."""

    health: Health
    message: str
    folders: tuple[FolderStatus, ...]
