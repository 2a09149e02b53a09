"""A language server with the real wire and fakes behind it: `python fake_workspace.py`.

What the fakes do is written in the texts that a test sends, so that a test reads without looking here: a question
"wait for ever" never ends, "fail" fails, "crash" raises what nobody expected. Everything that happens to the fakes is
noted, a line each, in the file named by FAKE_WORKSPACE_NOTES.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from builders import make_chunk
from fakes.chat import FakeChat
from fakes.tree import FakeHistory
from firsthand.core.answers import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    Budget,
    CharacterRange,
    Citation,
    CitationFound,
    ContextChosen,
    CutExcerpt,
    Excerpt,
    FileEdit,
    Message,
    PromptContext,
    Question,
    Selection,
    StageStarted,
    TextArrived,
    UngroundedName,
    WarningRaised,
)
from firsthand.core.freshness import OpenBuffers
from firsthand.core.hovering import HoverCard
from firsthand.core.model import (
    FileRecord,
    Hit,
    IndexStats,
    Progress,
    Report,
    Scope,
    SkippedFile,
    SourceFile,
)
from firsthand.errors import ModelUnreachableError, RequestError, WorkspaceError
from firsthand.lsp.stdio import serve
from firsthand.settings import Settings

ANSWER_TEXT = "Tokens 🙂 are refreshed in refresh(). It calls imaginary()."
CONTEXT = PromptContext(
    excerpts=(
        Excerpt(1, "src/auth.py", 1, 2, "def refresh():\n    pass", "ab" * 32, "refresh", 9, ("word",), 0.5),
    ),
    cut=(CutExcerpt("src/other.py", 3, 4, 20, "does not fit the window"),),
    budget=Budget(8192, 1024, 100, 0, 9, 7),
    messages=(Message("system", "Answer from the excerpts."), Message("user", "How?")),
)
SUPPORTED = CharacterRange(0, ANSWER_TEXT.index(" It "))
CITATION = Citation(1, "src/auth.py", 1, 2, "ab" * 32, (SUPPORTED,))


class Notes:
    """What happened to the fakes, a line each."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self, text: str) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def answer_to(title: str, **changes: object) -> Answer:
    """Return the one answer that there is."""
    answer = Answer(
        id=f"answer-{title}",
        status="complete",
        text=ANSWER_TEXT,
        citations=(CITATION,),
        unsupported=(CharacterRange(SUPPORTED.end + 1, len(ANSWER_TEXT)),),
        ungrounded=(UngroundedName("imaginary", (CharacterRange(46, 55),), ("refresh",)),),
        model="fake-model",
        budget=CONTEXT.budget,
        timings=(("searching", 1.25), ("generating", 20.0)),
    )
    return replace(answer, **changes)


class FakeAssistant:
    """Answers as the question says."""

    def __init__(self, workspace: "FakeWorkspace") -> None:
        self.chat = FakeChat()
        self.explained: dict[str, str] = {}
        self._workspace = workspace
        self._note = workspace.note

    async def ask(self, question: Question) -> AsyncIterator[AnswerEvent]:
        self._note(f"ask {self._workspace.root.name}: {question.text}")
        if question.selection is not None:
            self._note(f"selected {marked(question.selection)}")
        if question.conversation_id is not None:
            self._note(f"conversation {question.conversation_id}")
        for turn in question.turns or ():
            self._note(f"said before: {turn.question} / {turn.answer}")
        yield StageStarted("searching")
        if question.text == "fail":
            raise ModelUnreachableError(
                "Ollama does not answer at http://127.0.0.1:1; start it: ollama serve"
            )
        if question.text == "crash":
            raise ValueError("secret detail")
        yield ContextChosen((), CONTEXT)
        yield StageStarted("generating")
        for word in ANSWER_TEXT.split(" "):
            yield TextArrived(word if word == "Tokens" else f" {word}")
            await asyncio.sleep(0)
        if question.text == "wait for ever":
            async for event in self._wait():
                yield event
        yield CitationFound(CITATION)
        yield WarningRaised("One sentence rests on nothing.")
        text = f"from {self._workspace.root.name}: {ANSWER_TEXT}" if question.text == "where" else ANSWER_TEXT
        yield AnswerFinished(answer_to("ask", text=text))

    async def explain(self, selection: Selection) -> AsyncIterator[AnswerEvent]:
        self._note(f"explain {selection.path}: {marked(selection)}")
        yield StageStarted("generating")
        if "for ever" in selection.text:
            async for event in self._wait():
                yield event
        self.explained[selection.text] = " explained"
        yield AnswerFinished(answer_to("explain", text=f"It is {marked(selection)}."))

    async def generate_test(self, selection: Selection) -> AsyncIterator[AnswerEvent]:
        self._note(f"test {selection.path}: {marked(selection)}")
        yield StageStarted("generating")
        if "slow" in selection.text:
            while self._workspace.buffers.text(selection.path) == selection.text:  # noqa: ASYNC110 - test decides
                await asyncio.sleep(0.01)
        if "no model" in selection.text:
            yield AnswerFinished(answer_to("test", status="noModel"))
            return
        edits = (
            FileEdit("tests/test_new.py", "def test_new():\n    assert True\n", True),
            FileEdit("src/auth.py", "# 🙂\n", False, *around(selection.text, "pass")),
        )
        yield AnswerFinished(answer_to("test", edits=edits))

    async def document(self, selection: Selection) -> AsyncIterator[AnswerEvent]:
        self._note(f"document {marked(selection)}")
        edits = (FileEdit(selection.path, '"""Doc."""', False, selection.start_byte, selection.start_byte),)
        yield AnswerFinished(answer_to("document", edits=edits))

    async def fix(self, selection: Selection, diagnostic: str) -> AsyncIterator[AnswerEvent]:
        self._note(f"fix {diagnostic}: {marked(selection)}")
        edits = (FileEdit(selection.path, "fixed", False, selection.start_byte, selection.end_byte),)
        warnings = ("Look at it twice.",) if diagnostic == "doubtful" else ()
        yield AnswerFinished(answer_to("fix", edits=edits, warnings=warnings))

    def context(self, answer_id: str) -> PromptContext | None:
        return CONTEXT if answer_id == "answer-ask" else None

    async def _wait(self) -> AsyncIterator[AnswerEvent]:
        try:
            self._note("waiting")
            await asyncio.Event().wait()
            yield StageStarted("never")
        finally:
            self._note("model stream closed")


@dataclass(frozen=True)
class FakeState:
    """What `Indexer.state` says."""

    stage: str = "idle"
    done: int = 0
    total: int = 0
    eta_seconds: float | None = None
    message: str = ""


class FakeIndexer:
    """Pretends to index; a folder with `slow-index` in it reports work until that file is gone."""

    def __init__(self, root: Path, note: Notes) -> None:
        self._root = root
        self._note = note
        self.state = FakeState()

    async def run(self, report: Report) -> None:
        await self._work(report)
        await asyncio.Event().wait()

    async def refresh(self, report: Report, *, patience: float = 0.0) -> None:
        self._note(f"refresh {self._root.name}")
        await self._work(report)

    async def _work(self, report: Report) -> None:
        for stage, total in (("scanning", 0), ("chunking", 100), ("embedding", 300)):
            self.state = FakeState(stage, total // 2, total, 1.5)
            report(Progress(stage, total // 2, total))
            while (self._root / "slow-index").exists():  # noqa: ASYNC110 - the test decides
                await asyncio.sleep(0.01)
        self.state = FakeState()
        report(Progress("idle"))

    def mark_dirty(self, paths: Iterable[str], *, saved: bool = False) -> None:
        self._note(f"dirty {self._root.name}: {' '.join(sorted(paths))}")

    def pause(self) -> None:
        self._note("pause")
        self.state = FakeState("paused")

    def resume(self) -> None:
        self._note("resume")
        self.state = FakeState()


class FakeTree:
    """Reads the files below the root."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def read(self, path: str) -> SourceFile | SkippedFile | None:
        if path.endswith(".bin"):
            return SkippedFile(path, "binary")
        try:
            return SourceFile(path, (self._root / path).read_text("utf-8"), "python", "")
        except OSError:
            return None


class FakeHovers:
    """Knows every word, and what was explained before."""

    def __init__(self, explained: dict[str, str]) -> None:
        self._explained = explained

    async def card(self, selection: Selection) -> HoverCard | None:
        data = selection.text.encode()
        if data[selection.start_byte : selection.start_byte + 1] in (b" ", b"\n", b""):
            return None
        start, end = selection.start_byte, selection.start_byte
        while start > 0 and data[start - 1 : start] not in b" \n\r\t":
            start -= 1
        while end < len(data) and data[end : end + 1] not in b" \n\r\t":
            end += 1
        explanation = self._explained.get(selection.text, "")
        return HoverCard(
            f"```\n{data[start:end].decode()}\n```\n{explanation}", start, end, bool(explanation)
        )


@dataclass(frozen=True)
class FakeOffer:
    role: str
    model: str
    message: str


@dataclass(frozen=True)
class FakeModels:
    provider: str = "ollama"
    embedder: str = "fake-embedder"
    chat: str | None = "fake-model"
    notices: tuple[str, ...] = ()
    offers: tuple[FakeOffer, ...] = ()


@dataclass(frozen=True)
class FakeStatus:
    health: str
    message: str
    root: str
    indexing: FakeState
    stats: IndexStats
    models: FakeModels
    indexed_commit: str | None
    building: None = None


class FakeSearcher:
    """Finds the root's own name in the root, so that a test sees which root answered."""

    def __init__(self, root: Path, note: Notes) -> None:
        self._root = root
        self._note = note

    async def search(
        self, text: str, *, scope: Scope = Scope(), limit: int = 10, near: str | None = None
    ) -> tuple[Hit, ...]:
        self._note(f"search {self._root.name}: {text} {list(scope.paths)} near {near}")
        if scope.files is not None:
            self._note(f"only {' '.join(sorted(scope.files))}; languages {' '.join(scope.languages)}")
        if text == "fail":
            raise ModelUnreachableError(
                "Ollama does not answer at http://127.0.0.1:1; start it: ollama serve"
            )
        best = 0.9 if self._root.name in text else 0.4
        chunks = [
            make_chunk("src/auth.py", 'def refresh():\n    x = "🙂"', name="refresh"),
            make_chunk("src/with space ü.py", "def other(): pass\n", name="other", start_line=7),
        ]
        return tuple(Hit(chunk, best - 0.1 * n, ("same words",)) for n, chunk in enumerate(chunks))[:limit]


@dataclass
class FakeWorkspace:
    """Everything that the server uses of a workspace."""

    root: Path
    models: FakeModels
    note: Notes
    without_index: str = ""

    def __post_init__(self) -> None:
        self.buffers = NotingBuffers(self.note)
        self.tree = FakeTree(self.root)
        self.history = FakeHistory(revisions={"main": ["src/auth.py"]})
        self.indexer = self.keeper = FakeIndexer(self.root, self.note)
        self.searcher = FakeSearcher(self.root, self.note)
        self.assistant = FakeAssistant(self)
        self.hovers = FakeHovers(self.assistant.explained)

    async def status(self) -> FakeStatus:
        stats = IndexStats(files=3, skipped=1, failed=0, chunks=12, embedded=12)
        return FakeStatus("ok", "3 files", str(self.root), self.indexer.state, stats, self.models, "c0ffee")

    async def files(self) -> Sequence[FileRecord]:
        return [
            FileRecord("src/auth.py", "", 1, 1, "indexed", language="python"),
            FileRecord("logo.png", "", 1, 1, "skipped", "binary"),
            FileRecord("bad.py", "", 1, 1, "failed", "cannot be read"),
        ]

    @property
    def sweeping(self) -> bool:
        return (self.root / "sweeping").exists()

    @property
    def unindexed(self) -> str:
        return (
            "2 files are not indexed yet and searched by reading them."
            if (self.root / "waiting").exists()
            else ""
        )

    async def swept(self, question: str) -> None:
        while self.sweeping:  # noqa: ASYNC110 - test decides
            await asyncio.sleep(0.01)

    async def pull_model(self, name: str, report: Report) -> None:
        self.note(f"pull {name}")
        if name == "unknown":
            raise RequestError("Ollama has no model unknown.")
        report(Progress(f"pulling {name}", 0, 0, "pulling manifest"))
        report(Progress(f"pulling {name}", 1_200_000_000, 4_700_000_000, "pulling 6a0746a1ec1a"))
        if name == "endless":
            await asyncio.Event().wait()
        (self.root / "offer-model").unlink(missing_ok=True)

    @property
    def is_answering(self) -> bool:
        return False

    async def models_have_changed(self) -> bool:
        return False

    async def index_has_come(self) -> bool:
        return False

    async def close(self) -> None:
        self.note(f"closed {self.root.name}")


class NotingBuffers(OpenBuffers):
    """Open buffers that note what they are given."""

    def __init__(self, note: Notes) -> None:
        super().__init__()
        self._note = note

    def open(self, path: str, text: str) -> None:
        self._note(f"buffer {path}: {text!r}")
        super().open(path, text)

    def close(self, path: str) -> None:
        self._note(f"buffer {path} closed")
        super().close(path)


def opener(note: Notes) -> Callable[[Path, Settings], Awaitable[FakeWorkspace]]:
    """Return what opens the fakes."""

    async def open_workspace(root: Path, settings: Settings) -> FakeWorkspace:
        note(f"open {root.name} chat={settings.chat_model} excerpts={settings.excerpts}")
        if not is_folder(root):
            raise WorkspaceError(f"There is no folder {root}; check the path.")
        if (root / "crash-on-open").exists():
            raise ValueError("secret detail")
        while (root / "slow-open").exists():  # noqa: ASYNC110 - the test decides
            await asyncio.sleep(0.01)
        return FakeWorkspace(root, models_of(root), note)

    return open_workspace


def is_folder(path: Path) -> bool:
    """Say whether there is such a folder."""
    return path.is_dir()


def models_of(root: Path) -> FakeModels:
    """Return the models of a folder; a folder with `offer-model` in it lacks one."""
    if not (root / "offer-model").exists():
        return FakeModels()
    offer = FakeOffer("chat", "qwen2.5-coder", "There is no chat model. Pull qwen2.5-coder?")
    return FakeModels(chat=None, notices=("Answers are excerpts until there is a model.",), offers=(offer,))


def marked(selection: Selection) -> str:
    """Return the marked text, with the place shown when nothing is marked."""
    data = selection.text.encode()
    text = data[selection.start_byte : selection.end_byte].decode()
    return text or f"|{data[selection.start_byte :].decode().splitlines()[0]}"


def around(text: str, word: str) -> tuple[int, int]:
    """Return the bytes of a word."""
    start = text.encode().find(word.encode())
    return (start, start + len(word)) if start >= 0 else (0, 0)


if __name__ == "__main__":
    serve(opener(Notes(Path(os.environ["FAKE_WORKSPACE_NOTES"]))))
    sys.exit(0)
