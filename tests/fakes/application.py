"""The application as the command line sees it, over the fakes of the ports, and a terminal in memory."""

import contextlib
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from fakes.tree import DictTree, FakeChanges, FakeHistory
from fakes.watcher import FakeWatcher
from firsthand.adapters.query_map import QueryMap, QueryMapLesson
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.app import CacheSizes, Finding, LearnedMap, OpenedEvaluator, OpenedLearner
from firsthand.cli.terminal import Terminal
from firsthand.core.answers import AnswerEvent, Question
from firsthand.core.cutting import ParserCutter
from firsthand.core.direct_reading import DirectReading
from firsthand.core.evaluation import Evaluator, IndexedEmbedder
from firsthand.core.freshness import OpenBuffers
from firsthand.core.indexing import Indexer
from firsthand.core.keeping import IndexKeeper
from firsthand.core.learning import Learner
from firsthand.core.model import Fingerprint, Outline, Progress, Report
from firsthand.core.ports import Parser
from firsthand.core.question_map import Verdict
from firsthand.core.retrieval import Searcher
from firsthand.core.succession import EmbeddedIndex, Succession
from firsthand.core.workspace import ModelOffer, ModelState, Workspace
from firsthand.errors import RequestError, StoreBusyError
from firsthand.settings import Settings

Script = Callable[[Question], Sequence[AnswerEvent | BaseException]]


class Screen(io.StringIO):
    """A stream that may claim to be a terminal."""

    def __init__(self, text: str = "", *, terminal: bool = False) -> None:
        super().__init__(text)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def new_terminal(
    stdin: str = "", *, person: bool = False, environment: Mapping[str, str] | None = None
) -> Terminal:
    """A terminal in memory: with a person in front of it, or in a script."""
    return Terminal(
        stdin=Screen(stdin, terminal=person),
        stdout=Screen(terminal=person),
        stderr=Screen(terminal=person),
        environment=environment or {},
        set_log_level=lambda level: None,
    )


class NoParser:
    """Has no grammar at all, so that files are cut by lines."""

    def outline(self, language: str, text: str) -> Outline | None:
        return None


class ScriptedAssistant:
    """Answers every question with the events of a script; an exception in it is raised there."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.questions: list[Question] = []
        self.closed = 0

    async def ask(self, question: Question) -> AsyncIterator[AnswerEvent]:
        self.questions.append(question)
        try:
            for event in self._script(question):
                if isinstance(event, BaseException):
                    raise event
                yield event
        finally:
            self.closed += 1


@dataclass(frozen=True)
class FakeModel:
    """A model in the catalogue, or installed."""

    name: str
    alias: str = ""
    bytes: int = 1_117_320_768
    note: str = "a note"
    path: Path = Path("/models/fake.gguf")


@dataclass
class FakeApplication:
    """Opens workspaces over dictionaries; every field may be set before a command runs."""

    files: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    script: Script = lambda question: []
    chat: str | None = "fake-chat"
    notices: tuple[str, ...] = ()
    offers: tuple[ModelOffer, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    installed: list[FakeModel] = field(default_factory=list)
    install_failure: Exception | None = None
    busy_times: int = 0
    indexes: int = 0
    opened: list[Settings] = field(default_factory=list)
    pulled: list[str] = field(default_factory=list)
    closed: int = 0
    revisions: dict[str, list[str]] = field(default_factory=dict)
    parser: Parser = field(default_factory=NoParser)
    learned: LearnedMap | None = None

    def __post_init__(self) -> None:
        self.tree = DictTree(self.files, self.skipped)
        self.store = MemoryStore()
        self.embedder = FakeEmbedder()
        self.changes = FakeChanges()
        self.assistant = ScriptedAssistant(lambda question: self.script(question))

    async def open_workspace(self, root: Path, settings: Settings, *, need_chat: bool = True) -> Workspace:
        self.opened.append(settings)
        resources = contextlib.AsyncExitStack()
        resources.callback(self._close)
        indexer = Indexer(
            tree=self.tree,
            parser=self.parser,
            store=self.store,
            embedder=self.embedder,
            writer_lock=self._writer_lock,
        )
        buffers = OpenBuffers()
        direct = DirectReading(
            tree=self.tree,
            files=self.tree,
            cutter=ParserCutter(self.parser),
            chunks_of=lambda update: update.chunks,
            store=self.store,
            waiting=indexer.waiting,
            buffers=buffers,
            stage=lambda: indexer.state.stage,
            yielding=indexer.yielding,
        )
        return Workspace(
            root=root,
            tree=self.tree,
            history=FakeHistory(head="c0ffee", revisions=self.revisions),
            parser=self.parser,
            store=self.store,
            indexer=indexer,
            keeper=IndexKeeper(
                indexer=indexer,
                store=self.store,
                watcher=FakeWatcher(),
                keeper_lock=contextlib.nullcontext,
            ),
            searcher=Searcher(store=self.store, embedder=self.embedder, direct=direct),
            assistant=self.assistant,
            hovers=None,
            buffers=buffers,
            models=ModelState("embedded", "fake", self._chat(need_chat), self.notices, self.offers),
            pull=self._pull,
            models_have_changed=self._models_have_changed,
            succession=Succession(EmbeddedIndex(self.embedder, self.store)),
            resources=resources,
        )

    @contextlib.asynccontextmanager
    async def open_evaluator(self, root: Path, settings: Settings) -> AsyncIterator[OpenedEvaluator]:
        self.opened.append(settings)
        try:
            yield OpenedEvaluator(
                Evaluator(
                    tree=self.tree,
                    parser=TreeSitterParser(),
                    changes=self.changes,
                    embedders=[IndexedEmbedder(self.embedder, self.store)],
                    new_store=self._new_store,
                ),
                self.embedder,
                self.notices,
            )
        finally:
            self._close()

    @contextlib.asynccontextmanager
    async def open_learner(self, root: Path, settings: Settings) -> AsyncIterator[OpenedLearner]:
        async with self.open_evaluator(root, settings) as opened:
            yield OpenedLearner(
                Learner(
                    opened.evaluator,
                    QueryMapLesson,
                    keep=self._keep_map,
                    forget=lambda: self.forget_map(root, settings),
                ),
                opened.notices,
            )

    async def _keep_map(self, question_map: QueryMap, verdict: Verdict) -> None:
        self.learned = LearnedMap(self.embedder.fingerprint.model, True, datetime.now(UTC), verdict)

    async def learned_map(self, root: Path, settings: Settings, embedder: Fingerprint) -> LearnedMap | None:
        return self.learned

    async def forget_map(self, root: Path, settings: Settings) -> bool:
        had_one, self.learned = self.learned is not None, None
        return had_one

    async def diagnose(self, root: Path | None, settings: Settings) -> list[Finding]:
        return self.findings

    def index_folder(self, settings: Settings, root: Path) -> Path:
        return Path("/cache/indexes") / root.name

    async def cache_sizes(self, settings: Settings, root: Path) -> CacheSizes:
        return CacheSizes(index=2_500_000, indexes=1_250_000_000, most=5_000_000_000)

    def catalogue(self) -> list[FakeModel]:
        return [FakeModel("big-model", "default"), FakeModel("small-model", "small", 491_400_064)]

    def installed_models(self, settings: Settings) -> list[FakeModel]:
        return self.installed

    async def install_model(self, settings: Settings, name: str, report: Report) -> Path:
        if self.install_failure is not None:
            raise self.install_failure
        found = next((model for model in self.catalogue() if name in (model.name, model.alias)), None)
        if found is None:
            raise RequestError(f'There is no model "{name}" to install.')
        report(Progress("downloading", 5, 10))
        self.installed.append(found)
        self.chat = found.name
        return found.path

    def remove_model(self, settings: Settings, name: str) -> None:
        kept = [model for model in self.installed if name not in (model.name, model.alias)]
        if kept == self.installed:
            raise RequestError(f"{name} is not installed.")
        self.installed = kept

    async def clean_index(self, settings: Settings, root: Path) -> bool:
        was_there, self.indexes = self.indexes > 0, max(0, self.indexes - 1)
        return was_there

    async def clean_all(self, settings: Settings) -> int:
        count, self.indexes = self.indexes, 0
        return count

    @contextlib.asynccontextmanager
    async def _writer_lock(self) -> AsyncIterator[None]:
        if self.busy_times:
            self.busy_times -= 1
            raise StoreBusyError("Process 4711 is writing this index; try again when it is done.")
        yield

    @contextlib.asynccontextmanager
    async def _new_store(self, fingerprint: Fingerprint) -> AsyncIterator[MemoryStore]:
        yield MemoryStore()

    async def _pull(self, name: str, report: Report) -> None:
        self.pulled.append(name)
        self.offers = ()
        self.chat = name

    async def _models_have_changed(self) -> bool:
        return False

    def _chat(self, needed: bool) -> str | None:
        return self.chat if needed else None

    def _close(self) -> None:
        self.closed += 1
