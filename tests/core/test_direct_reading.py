"""What is not indexed yet is found all the same, as it is on the disk now, once, and never what indexing leaves out."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest

from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from fakes.tree import DictTree
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core import direct_reading, retrieval
from firsthand.core.cutting import ParserCutter
from firsthand.core.direct_reading import DirectReading
from firsthand.core.freshness import OpenBuffers
from firsthand.core.indexing import Indexer
from firsthand.core.model import FileStat, FileUpdate, Hit, Outline, Progress, Scan, Scope, SourceFile
from firsthand.core.query import Query
from firsthand.core.ranking import rank
from firsthand.core.retrieval import Searcher
from firsthand.core.unsaved_texts import UnsavedTexts


def function(name: str, word: str) -> str:
    """A function long enough to be a piece of its own."""
    body = "".join(f"    {word}_{number} = measure({number})\n" for number in range(30))
    return f"def {name}():\n{body}    return {word}_0\n\n\n"


class HeldParser:
    """Reads syntax as soon as the test says so."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.released = threading.Event()
        self.texts: list[str] = []
        self._real = TreeSitterParser()

    def outline(self, language: str, text: str) -> Outline | None:
        self.asked.set()
        self.released.wait()
        self.texts.append(text)
        return self._real.outline(language, text)


class CountingCutter:
    """Cuts at once and remembers what."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self._real = ParserCutter(TreeSitterParser())
        self.at_once = 2

    def cut(self, stat: FileStat, source: SourceFile) -> FileUpdate:
        if stat.path:
            self.paths.append(stat.path)
        return self._real.cut(stat, source)

    def rest(self) -> None:
        """Nothing to let go of."""


class Desk:
    """A folder whose indexing can be held, and a search that need not wait for it."""

    def __init__(self, files: dict[str, str]) -> None:
        self.tree = DictTree(files)
        self.store = MemoryStore()
        self.buffers = OpenBuffers()
        self.held = HeldParser()
        self.cutter = CountingCutter()
        embedder = FakeEmbedder()
        self.indexer = Indexer(
            tree=self.tree,
            parser=self.held,
            store=self.store,
            embedder=embedder,
            writer_lock=contextlib.nullcontext,
        )
        self.direct = DirectReading(
            tree=self.tree,
            files=self.tree,
            cutter=self.cutter,
            chunks_of=lambda update: update.chunks,
            store=self.store,
            waiting=self.indexer.waiting,
            buffers=self.buffers,
            stage=lambda: self.indexer.state.stage,
            yielding=self.indexer.yielding,
        )
        unsaved = UnsavedTexts(store=self.store, parser=TreeSitterParser(), buffers=self.buffers)
        self.searcher = Searcher(store=self.store, embedder=embedder, unsaved=unsaved, direct=self.direct)

    async def found(self, text: str, *, scope: Scope = Scope(), late_vectors: int = 0) -> dict[str, Hit]:
        """The hits by the name of what they are; no two are the same piece."""
        hits = await self.searcher.search(text, scope=scope, late_vectors=late_vectors)
        assert len({hit.chunk.id for hit in hits}) == len(hits)
        return {hit.chunk.name: hit for hit in hits}

    @contextlib.asynccontextmanager
    async def held_sweep(self) -> AsyncIterator["asyncio.Task[object]"]:
        """A sweep that has listed the files and does not come further before `released`."""
        self.held.released.clear()
        sweep = asyncio.create_task(self.indexer.refresh(ignore))
        await asyncio.to_thread(self.held.asked.wait)
        try:
            yield sweep
        finally:
            self.held.released.set()
            await sweep


def ignore(_progress: Progress) -> None:
    """Nobody looks at the progress."""


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A folder of three files, none of them indexed."""
    desk = Desk(
        {
            "post.py": function("parcel", "weight") + function("letter", "stamp"),
            "other.py": function("other", "thing"),
            "keys.py": function("vault", "stamp"),
        }
    )
    desk.tree.secret.add("keys.py")
    yield desk
    desk.held.released.set()


async def test_a_search_waits_for_the_list_that_a_sweep_is_making(desk: Desk) -> None:
    """Looking at all files once is enough, and they are read as soon as that is done."""
    scan = desk.tree.scan
    scans = 0
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def held_scan() -> Scan:
        nonlocal scans
        scans += 1
        begun.set()
        await may_end.wait()
        return await scan()

    desk.tree.scan = held_scan  # type: ignore[method-assign]
    desk.held.released.clear()
    sweep = asyncio.create_task(desk.indexer.refresh(ignore))
    await begun.wait()
    searching = asyncio.create_task(desk.found("where is `letter` defined"))
    may_end.set()
    found = await searching
    desk.held.released.set()
    await sweep

    assert "letter" in found
    assert scans == 1


async def test_a_search_looks_itself_when_a_sweep_is_given_up(desk: Desk) -> None:
    """Cancelled while it lists the files, a sweep leaves that to the search."""
    scan = desk.tree.scan
    begun = asyncio.Event()

    async def endless_scan() -> Scan:
        begun.set()
        desk.tree.scan = scan  # type: ignore[method-assign]
        await asyncio.Event().wait()
        raise AssertionError

    desk.tree.scan = endless_scan  # type: ignore[method-assign]
    sweep = asyncio.create_task(desk.indexer.refresh(ignore))
    await begun.wait()
    searching = asyncio.create_task(desk.found("where is `letter` defined"))
    sweep.cancel()

    assert "letter" in await searching


async def test_a_definition_is_found_before_its_file_is_indexed(desk: Desk) -> None:
    """By its name and by its words; how much was read for it is known."""
    async with desk.held_sweep():
        by_name = await desk.found("where is `letter` defined")
        by_word = await desk.found("which stamp_3")

        assert await desk.store.chunks_of("post.py") == ()
    assert "defines `letter`" in by_name["letter"].reasons
    assert next(iter(by_word)) == "letter"
    assert desk.direct.coverage.sentence == "3 files are not indexed yet and searched by reading them."


async def test_what_indexing_leaves_out_is_never_shown(desk: Desk) -> None:
    """A file whose content turns out secret has the words of the question, and is not among the hits."""
    async with desk.held_sweep():
        hits = await desk.found("vault stamp_3")

    assert "letter" in hits
    assert "vault" not in hits
    assert "keys.py" not in desk.cutter.paths


async def test_once_indexed_a_file_is_found_once_and_read_no_more(desk: Desk) -> None:
    """The index answers alone when the sweep is over."""
    async with desk.held_sweep():
        before = await desk.found("which stamp_3")
    desk.tree.peeks.clear()

    after = await desk.found("which stamp_3")

    assert before["letter"].chunk == after["letter"].chunk
    assert desk.tree.peeks == []
    assert desk.direct.coverage.sentence == ""


async def test_what_a_search_cut_is_stored_and_not_cut_again(desk: Desk) -> None:
    """The indexer, which had not come to the file, takes over the rows."""
    many = {f"filler_{number:03}.py": function(f"filler_{number}", "sand") for number in range(100)}
    desk = Desk(many | {"zoo.py": function("giraffe", "neck")})
    async with desk.held_sweep():
        await desk.found("where is `giraffe`")
        assert desk.cutter.paths == ["zoo.py"]

    assert [chunk.name for chunk in await desk.store.chunks_of("zoo.py")] == ["giraffe"]
    assert not any("giraffe" in text for text in desk.held.texts)


async def test_a_changed_file_is_found_as_it_is_now(desk: Desk) -> None:
    """After a branch switch what the index still has of a file is not shown beside what the file holds."""
    desk.held.released.set()
    await desk.indexer.refresh(ignore)
    desk.held.asked.clear()
    desk.tree.write("post.py", function("letter", "envelope") + function("telegram", "wire"))

    async with desk.held_sweep():
        hits = await desk.found("parcel letter telegram wire_3 weight_3")

    assert {"letter", "telegram"} <= hits.keys()
    assert "parcel" not in hits
    assert "envelope_3" in hits["letter"].chunk.text


async def test_an_open_document_comes_before_its_file(desk: Desk) -> None:
    """Text that is not saved is found at its lines, and is not what gets indexed."""
    desk.buffers.open("post.py", function("invoice", "currency"))

    async with desk.held_sweep():
        hits = await desk.found("where is `invoice` with currency_3 defined")

    assert "currency_3" in hits["invoice"].chunk.text
    assert [chunk.name for chunk in await desk.store.chunks_of("post.py")] == ["parcel", "letter"]


async def test_a_scope_limits_what_is_read(desk: Desk) -> None:
    """Files outside of it are not even looked at."""
    async with desk.held_sweep():
        hits = await desk.found("stamp_3 thing_3", scope=Scope(paths=("other.py",)))

    assert hits.keys() == {"other"}
    assert desk.tree.peeks == ["other.py"]


async def test_while_another_process_indexes_its_waiting_files_are_read(desk: Desk) -> None:
    """Who stands by finds out by itself what is missing, until nothing is."""
    desk.indexer.stand_by("another Firsthand keeps this index", ignore)
    early = await desk.found("where is `letter` defined")
    update = desk.cutter.cut(*await _read(desk.tree, "post.py"))
    await desk.store.replace([update])
    desk.tree.peeks.clear()

    late = await desk.found("where is `letter` defined")

    assert early["letter"].chunk == late["letter"].chunk
    assert "post.py" not in desk.tree.peeks


async def test_paused_indexing_hides_nothing(desk: Desk) -> None:
    """What the user keeps from being indexed for now is read."""
    desk.indexer.pause()

    assert "letter" in await desk.found("where is `letter` defined")


async def test_an_index_that_is_to_be_used_as_it_is_is_all_that_is_searched(desk: Desk) -> None:
    """Where no indexing was begun, no file is read."""
    assert await desk.found("where is `letter` defined") == {}
    assert desk.tree.peeks == []


async def test_a_huge_folder_is_searched_as_far_as_time_allows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files whose name has a word of the question come first, and how many were read is told."""
    monkeypatch.setattr(direct_reading, "_SCAN_SECONDS", 0.0)
    many = {f"filler_{number:03}.py": function(f"filler_{number}", "sand") for number in range(200)}
    desk = Desk(many | {"zoo_giraffe.py": function("neck", "giraffe")})

    async with desk.held_sweep():
        hits = await desk.found("how tall is a giraffe")

    assert "neck" in hits
    assert desk.direct.coverage.sentence == (
        "201 files are not indexed yet; 64 of them were searched by reading them."
    )


async def test_a_cancelled_search_reads_no_further() -> None:
    """The few files that are being read at that moment are the last."""
    desk = Desk({f"filler_{number:03}.py": function(f"f{number}", "sand") for number in range(200)})
    reading, go_on = threading.Event(), threading.Event()

    peek = desk.tree.peek

    def slow_peek(path: str) -> bytes | None:
        reading.set()
        go_on.wait()
        return peek(path)

    desk.tree.peek = slow_peek
    async with desk.held_sweep():
        search = asyncio.create_task(desk.found("sand"))
        await asyncio.to_thread(reading.wait)
        search.cancel()
        with pytest.raises(asyncio.CancelledError):
            await search
        go_on.set()
        assert not desk.indexer.is_held_back

    assert len(desk.tree.peeks) <= 64


async def test_a_promising_piece_counts_by_meaning_before_it_is_indexed(desk: Desk) -> None:
    """Where a question may have vectors made on the spot, those of pieces that were just cut are among them."""
    async with desk.held_sweep():
        hits = await desk.found("which stamp_3", late_vectors=4)

    assert "close in meaning" in hits["letter"].reasons


async def test_an_open_document_that_the_index_has_is_found_once(desk: Desk) -> None:
    """A file that changed on the disk and in the editor shows what the editor holds."""
    desk.held.released.set()
    await desk.indexer.refresh(ignore)
    desk.held.asked.clear()
    desk.tree.write("post.py", function("letter", "envelope"))
    desk.buffers.open("post.py", function("letter", "telegram"))

    async with desk.held_sweep():
        hits = await desk.found("`letter` telegram_3 envelope_3 stamp_3")

    assert "telegram_3" in hits["letter"].chunk.text


async def test_of_many_pieces_only_the_best_are_ranked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were just read give no more candidates than the index would."""
    ranked: list[int] = []

    def watched(
        query: Query, dense: Sequence[object], keywords: Sequence[object], *rest: Any, **more: Any
    ) -> Any:
        ranked.append(len(keywords))
        return rank(query, dense, keywords, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(retrieval, "_DEPTH", 5)
    monkeypatch.setattr(retrieval, "rank", watched)
    desk.tree.write("many.py", "".join(function(f"part_{number}", "stamp") for number in range(30)))

    async with desk.held_sweep():
        hits = await desk.searcher.search("which stamp_3", limit=2)

    assert (ranked, len(hits)) == ([5], 2)


async def test_equal_pieces_weigh_about_the_same_indexed_or_not(desk: Desk) -> None:
    """Keyword weights of files that are read stand on the scale of the index."""
    desk.held.released.set()
    await desk.indexer.refresh(ignore)
    desk.held.asked.clear()
    desk.tree.write("copy.py", function("letters", "stamp"))

    async with desk.held_sweep():
        hits = await desk.found("which stamp_3")

    indexed, read = hits["letter"].trace, hits["letters"].trace
    assert indexed is not None and indexed.keywords is not None
    assert read is not None and read.keywords is not None
    assert read.keywords.score == pytest.approx(indexed.keywords.score, rel=0.2)


async def _read(tree: DictTree, path: str) -> tuple[FileStat, SourceFile]:
    stat, source = (await tree.stat_all([path]))[path], await tree.read(path)
    assert isinstance(stat, FileStat) and isinstance(source, SourceFile)
    return stat, source
