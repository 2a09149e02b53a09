"""One workspace root with everything that works on it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from firsthand.core.answers import Message
from firsthand.core.assistant import Assistant
from firsthand.core.file_records import same_stat
from firsthand.core.file_standing import FileStanding, standing_of
from firsthand.core.freshness import OpenBuffers
from firsthand.core.hovering import Hovers
from firsthand.core.index_state import IndexingState
from firsthand.core.indexing import Indexer
from firsthand.core.keeping import IndexKeeper
from firsthand.core.model import FileRecord, IndexStats, Report
from firsthand.core.ports import ChatModel, ChatPart, ChunkStore, History, Parser, RuledTree
from firsthand.core.relations import asked_relation
from firsthand.core.retrieval import Searcher
from firsthand.core.succession import Building, Succession

# How long a question waits for the sweep that follows opening: a small folder is indexed by then, and files that are
# not are searched by reading them.
_SWEEP_SECONDS = 0.3
# Who asks for all places of a kind rather waits, a little for an index from earlier, which is nearly right.
_ALL_PLACES_SECONDS = 3.0
_FIRST_ALL_PLACES_SECONDS = 15.0

# In these stages vectors are being made, or about to be; in the others by another process, later, or not at all.
_BUILDING_STAGES = ("scanning", "chunking", "embedding")

Health = Literal["ok", "warning", "error"]
PullModel = Callable[[str, Report], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A model that is missing and that the user may have pulled; `message` asks the question."""

    role: Literal["chat", "embedding"]
    model: str
    message: str


@dataclass(frozen=True, slots=True)
class ModelState:
    """Which models serve a workspace, what the user should know about them, and what could be pulled."""

    provider: str
    embedder: str
    chat: str | None
    notices: tuple[str, ...] = ()
    offers: tuple[ModelOffer, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkspaceStatus:
    """How a workspace is doing, in a form for people."""

    health: Health
    message: str
    root: str
    indexing: IndexingState
    stats: IndexStats
    models: ModelState
    indexed_commit: str | None
    building: Building | None = None
    """The embedder whose vectors are made while those of `models.embedder` are searched."""


async def never() -> bool:
    """Say that what could change a workspace will not happen."""
    return False


@dataclass(frozen=True, slots=True)
class Workspace:
    """A root folder, its index and what answers from it."""

    root: Path
    tree: RuledTree
    history: History
    parser: Parser
    store: ChunkStore
    indexer: Indexer
    keeper: IndexKeeper
    searcher: Searcher
    assistant: Assistant
    hovers: Hovers
    buffers: OpenBuffers
    models: ModelState
    pull: PullModel
    models_have_changed: Callable[[], Awaitable[bool]]
    """Asks Ollama now; when it says True, opening the workspace anew changes the models."""
    succession: Succession
    resources: contextlib.AsyncExitStack
    without_index: str = ""
    """Why no index can be kept as things stand, so that every question is answered by reading the files."""
    index_has_come: Callable[[], Awaitable[bool]] = never
    """Looks now; when it says True, opening the workspace anew gives it an index."""

    async def status(self) -> WorkspaceStatus:
        """Say how the workspace is doing."""
        stats, building, head = await asyncio.gather(
            self.stats(), self.succession.building(), self.history.head()
        )
        state = self.indexer.state
        models = replace(self.models, embedder=self.succession.serving.model)
        other = state.message if state.stage == "following" else await self.keeper.other_keeper()
        health, message = _verdict(state, stats, models, building, other or self.keeper.limitation)
        return WorkspaceStatus(
            health=health,
            message=message,
            root=str(self.root),
            indexing=state,
            stats=stats,
            models=models,
            indexed_commit=head if state.stage == "idle" and stats.files else None,
            building=building,
        )

    async def stats(self) -> IndexStats:
        """Count what can be found; by meaning, with the embedder that serves now."""
        return await self.succession.serving.store.stats()

    @property
    def sweeping(self) -> bool:
        """Whether the first sweep is under way, so that a search may miss what is there."""
        return self.indexer.sweeping

    @property
    def is_answering(self) -> bool:
        """Whether a chat model is writing for someone."""
        return self.indexer.is_held_back

    async def swept(self, question: str) -> None:
        """Wait for the first sweep, if it is under way, as long as that is worth it for a question."""
        if self.sweeping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(await self._patience(question)):
                    await self.indexer.searchable()

    @property
    def unindexed(self) -> str:
        """Say how many files the last search had to read because they are not indexed yet; "" when there were none."""
        return self.searcher.coverage.sentence

    async def _patience(self, question: str) -> float:
        if asked_relation(question) is None:
            return _SWEEP_SECONDS
        return _ALL_PLACES_SECONDS if (await self.store.stats()).files else _FIRST_ALL_PLACES_SECONDS

    async def files(self) -> Sequence[FileRecord]:
        """List what the index knows of every file, skipped and failed ones with their reasons."""
        manifest = await self.store.manifest()
        return [manifest[path] for path in sorted(manifest)]

    async def unindexed_files(self) -> int:
        """Count the files that the index does not have as they are now; this looks at all of them."""
        scan, manifest = await asyncio.gather(self.tree.scan(), self.store.manifest())
        return sum(not same_stat(stat, manifest.get(stat.path)) for stat in scan.files)

    async def standing(self, path: str) -> FileStanding:
        """Say whether a file is indexed, and why or why not."""
        return await standing_of(path, self.tree, self.succession.serving.store, self.without_index)

    async def pull_model(self, name: str, report: Report) -> None:
        """Fetch a model; open the workspace anew to use it.

        Raises:
            RequestError: only Ollama could pull it, and there is none.
            ModelError: the pull failed.
        """
        await self.pull(name, report)

    async def close(self) -> None:
        """Release the index and the models."""
        await self.resources.aclose()


class CourteousChat:
    """A chat model that holds indexing back while it generates."""

    def __init__(self, chat: ChatModel, indexer: Indexer) -> None:
        self._chat = chat
        self._indexer = indexer

    @property
    def name(self) -> str:
        """The model's name."""
        return self._chat.name

    @property
    def context_tokens(self) -> int:
        """The model's window."""
        return self._chat.context_tokens

    @property
    def answer_tokens(self) -> int:
        """The model's longest answer."""
        return self._chat.answer_tokens

    def estimate_tokens(self, text: str) -> int:
        """The model's estimate."""
        return self._chat.estimate_tokens(text)

    async def stream(
        self, messages: Sequence[Message], *, schema: Mapping[str, object] | None = None
    ) -> AsyncGenerator[ChatPart, None]:
        """Generate while indexing waits."""
        stream = self._chat.stream(messages, schema=schema)
        async with self._indexer.yielding(), contextlib.aclosing(stream) as parts:
            async for part in parts:
                yield part


def _taking_over(state: IndexingState, models: ModelState, building: Building | None) -> str:
    if building is None:
        return ""
    until = f"while {building.model} is being built"
    if state.stage not in _BUILDING_STAGES:
        until = f"until {building.model} is built"
    return f"searching with {models.embedder} {until}: {building.done} of {building.total}"


def _verdict(
    state: IndexingState, stats: IndexStats, models: ModelState, building: Building | None, note: str
) -> tuple[Health, str]:
    if state.stage == "failed":
        return "error", state.message
    if state.stage == "waiting":
        return "warning", state.message
    counts = f"{stats.files} files, {stats.chunks} chunks" if stats.files else "no file is indexed"
    if state.stage not in ("idle", "paused", "following"):
        progress = f" {state.done} of {state.total}" if state.total else ""
        return "ok", _joined(
            f"{state.stage}{progress}", f"{counts} searchable", _taking_over(state, models, building)
        )
    health: Health = "ok"
    facts = [f"{counts}, {stats.skipped} skipped" if stats.skipped else counts]
    if stats.failed:
        health = "warning"
        facts.append(f"{stats.failed} files could not be indexed")
    elif models.chat is None:
        health = "warning"
        facts.append("no chat model: answers are cited excerpts")
    elif state.stage == "paused":
        facts.append("paused")
    return health, _joined(*facts, _taking_over(state, models, building), note)


def _joined(*facts: str) -> str:
    return "; ".join(fact for fact in facts if fact)
