"""One process keeps an index, the others stand by and take over; changes come from the watcher."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from fakes.tree import DictTree
from fakes.watcher import FakeWatcher
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.indexing import Indexer
from firsthand.core.keeping import IndexKeeper
from firsthand.core.model import Progress
from firsthand.errors import StoreBusyError, StoreError

_PATIENCE_SECONDS = 20


class Session:
    """One of several processes that share an index."""

    def __init__(self, shared: "SharedIndex", *, store: MemoryStore | None = None) -> None:
        self._shared = shared
        self.watcher = FakeWatcher()
        self.stages: list[str] = []
        self._changed = asyncio.Event()
        self.indexer = Indexer(
            tree=shared.tree,
            parser=TreeSitterParser(),
            store=store or shared.store,
            embedder=FakeEmbedder(),
            writer_lock=contextlib.nullcontext,
        )
        self.keeper = IndexKeeper(
            indexer=self.indexer,
            store=store or shared.store,
            watcher=self.watcher,
            keeper_lock=lambda: shared.lock(id(self) % 100_000),
        )
        self._running = asyncio.create_task(self.keeper.run(self._report))

    def _report(self, progress: Progress) -> None:
        self.stages.append(progress.stage)
        self._changed.set()

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Wait until something is true that indexing brings about."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not is_true():
                self._changed.clear()
                await self._changed.wait()

    async def reach(self, stage: str) -> None:
        """Wait until this session is in a stage."""
        await self.until(lambda: bool(self.stages) and self.indexer.state.stage == stage)

    def texts(self, path: str) -> list[str]:
        """What is indexed of a file."""
        return [chunk.text for chunk in self._shared.store._chunks.get(path, ())]

    async def end(self) -> None:
        """End the session as its process would."""
        self._running.cancel()
        await asyncio.wait({self._running})


class SharedIndex:
    """What several sessions have in common."""

    def __init__(self) -> None:
        self.tree = DictTree({"a.md": "# First\n", "b.md": "# Second\n"})
        self.store = MemoryStore(on_mending=lambda: self.held_while_mended.append(self.holder))
        self.holder: int | None = None
        self.held_while_mended: list[int | None] = []
        self.failure: StoreError | None = None

    @contextlib.asynccontextmanager
    async def lock(self, holder: int) -> AsyncIterator[None]:
        if self.failure is not None:
            raise self.failure
        if self.holder is not None:
            raise StoreBusyError("busy", holder=self.holder)
        self.holder = holder
        try:
            yield
        finally:
            self.holder = None


async def test_the_second_session_stands_by() -> None:
    """It says who keeps the index, needs nothing, and does not watch; what it is told is left to the keeper."""
    shared = SharedIndex()
    first = Session(shared)
    await first.reach("idle")
    second = Session(shared)
    await second.reach("following")
    second.indexer.mark_dirty(["a.md"])
    await second.indexer.settled()

    assert second.indexer.state.message == f"another Firsthand (pid {id(first) % 100_000}) keeps this index"
    assert (first.watcher.watching, second.watcher.watching) == (1, 0)
    assert await second.keeper.other_keeper() == second.indexer.state.message
    assert not second.indexer.waiting.is_listed
    assert await first.keeper.other_keeper() == ""
    await first.end()
    await second.end()


async def test_searches_are_prepared_before_the_first_one() -> None:
    """What they hold in memory is read of the index that is there at opening, and again once all is indexed."""
    shared = SharedIndex()
    session = Session(shared)

    async with asyncio.timeout(_PATIENCE_SECONDS):
        prepared = [await shared.store.files_when_prepared.get() for _ in range(2)]

    assert prepared == [0, 2]
    await session.end()


async def test_the_second_session_takes_over() -> None:
    """When the first one goes, the second sweeps, watches and follows changes."""
    shared = SharedIndex()
    first = Session(shared)
    await first.reach("idle")
    second = Session(shared)
    await second.reach("following")
    await first.end()
    shared.tree.write("a.md", "# Changed while nobody looked\n")

    await second.reach("idle")

    assert "Changed" in (await shared.store.chunks_of("a.md"))[0].text
    assert second.watcher.watching == 1
    await second.end()
    assert second.watcher.watching == 0


async def test_the_second_session_tells_when_the_first_has_written() -> None:
    """Its editor's status follows the index that another process writes."""
    shared = SharedIndex()
    first = Session(shared)
    await first.reach("idle")
    second = Session(shared)
    await second.reach("following")
    reported = second.stages.count("following")

    shared.tree.write("a.md", "# Changed\n")
    first.watcher.notice("a.md")

    await second.until(lambda: second.stages.count("following") > reported)
    await first.end()
    await second.end()


async def test_the_second_session_looks_again_for_files_that_wait_while_the_first_writes() -> None:
    """What it knew of them, also that there were none, holds until the other process is seen to index on."""
    shared = SharedIndex()
    first = Session(shared)
    await first.reach("idle")
    second = Session(shared)
    await second.reach("following")
    second.indexer.waiting.begin([])

    number = 0
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while second.indexer.waiting.is_listed:
            number += 1
            reported = second.stages.count("following")
            shared.tree.write("a.md", f"# Changed {number}\n")
            first.watcher.notice("a.md")
            await second.until(lambda reported=reported: second.stages.count("following") > reported)  # type: ignore[misc]

    assert number >= 1
    await first.end()
    await second.end()


async def test_a_paused_session_leaves_the_index_to_others() -> None:
    """The next session takes over while the first one pauses; when that resumes it stands by."""
    shared = SharedIndex()
    first = Session(shared)
    await first.reach("idle")
    second = Session(shared)
    await second.reach("following")
    first.indexer.pause()
    await second.reach("idle")
    shared.tree.write("a.md", "# Saved while the first one paused\n")
    second.watcher.notice("a.md")
    await _until_indexed(second, "a.md", "paused")
    watching, stage = first.watcher.watching, first.indexer.state.stage

    first.indexer.resume()
    await first.reach("following")

    assert (watching, stage) == (0, "paused")
    await first.end()
    await second.end()


async def test_a_session_that_resumes_alone_has_missed_nothing() -> None:
    """What changed while nobody kept the index is found by the sweep that follows."""
    shared = SharedIndex()
    session = Session(shared)
    await session.reach("idle")
    session.indexer.pause()
    await session.until(lambda: shared.holder is None)
    shared.tree.write("a.md", "# Changed while paused\n")

    session.indexer.resume()
    await _until_indexed(session, "a.md", "while paused")

    await session.end()


async def test_what_the_watcher_notices_is_indexed() -> None:
    """Single paths, and everything when it says so, without any editor."""
    shared = SharedIndex()
    session = Session(shared)
    await session.reach("idle")

    shared.tree.write("a.md", "# Noticed\n")
    session.watcher.notice("a.md")
    await _until_indexed(session, "a.md", "Noticed")
    shared.tree.write("c.md", "# Came with a branch\n")
    session.watcher.notice(everything=True)
    await _until_indexed(session, "c.md", "branch")
    await session.end()


async def test_the_same_change_from_several_sides_is_indexed_once() -> None:
    """A save that the editor, the client's watcher and the own watcher report costs one commit."""
    shared = SharedIndex()
    session = Session(shared)
    await session.reach("idle")
    shared.tree.write("a.md", "# Once\n")
    commits = shared.store.commits

    session.indexer.mark_dirty(["a.md"])
    session.watcher.notice("a.md")
    await _until_indexed(session, "a.md", "Once")
    await session.indexer.settled()
    written = shared.store.commits
    session.watcher.notice("a.md", everything=True)
    await _until_swept_again(session)

    # One commit for the chunks and one for their vectors; the late report finds nothing to do.
    assert (written - commits, shared.store.commits - written) == (2, 0)
    await session.end()


async def test_an_index_that_cannot_be_locked_is_an_error_that_may_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The status says what is wrong; when it is mended, the index is kept."""
    monkeypatch.setattr("firsthand.core.keeping._RETRY_SECONDS", 0)
    shared = SharedIndex()
    shared.failure = StoreError("The index could not be locked: its folder is not writable.")
    session = Session(shared)
    await session.reach("failed")
    message = session.indexer.state.message

    shared.failure = None
    await session.reach("idle")

    assert "not writable" in message
    await session.end()


async def test_a_damaged_index_is_mended_while_the_session_lives() -> None:
    """The keeper lets go of it for that moment, then indexes what is missing; nobody has to start anything anew."""
    shared = SharedIndex()
    session = Session(shared)
    await session.reach("idle")

    shared.store.break_down()
    await session.until(lambda: shared.store.mended == 1)
    await session.reach("idle")

    assert session.stages[session.stages.index("failed") :].count("idle") == 1
    assert session.texts("a.md") == ["# First"]
    assert shared.held_while_mended == [None]
    await session.end()


async def test_a_session_that_stands_by_opens_a_damaged_index_anew() -> None:
    """What one session has made afresh, the others find too."""
    shared = SharedIndex()
    first = Session(shared)
    await first.reach("idle")
    other = MemoryStore()
    second = Session(shared, store=other)
    await second.reach("following")

    other.break_down()
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await other.was_mended.wait()

    assert shared.store.mended == 0
    await first.end()
    await second.end()


async def test_a_limited_watcher_is_mentioned_by_its_keeper_only() -> None:
    """Who stands by does not depend on its own watcher."""
    shared = SharedIndex()
    first = Session(shared)
    await first.reach("idle")
    second = Session(shared)
    await second.reach("following")
    first.watcher.limitation = second.watcher.limitation = "changes are noticed late"

    assert (first.keeper.limitation, second.keeper.limitation) == ("changes are noticed late", "")
    await first.end()
    await second.end()


async def _until_indexed(session: Session, path: str, word: str) -> None:
    await session.until(lambda: any(word in text for text in session.texts(path)))


async def _until_swept_again(session: Session) -> None:
    session.stages.clear()
    await session.until(lambda: "scanning" in session.stages and session.indexer.state.stage == "idle")
