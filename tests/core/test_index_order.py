"""What people work on is indexed first."""

import asyncio
import contextlib
from collections.abc import Sequence

from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from fakes.tree import DictTree
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.index_order import in_order_of_interest
from firsthand.core.indexing import Indexer
from firsthand.core.model import FileStat, Progress, Vector
from firsthand.core.ports import Rejected


def ordered(paths: list[str], worked_on: list[str]) -> list[str]:
    """The paths in their order."""
    return [stat.path for stat in in_order_of_interest([FileStat(path, 1, 1) for path in paths], worked_on)]


def test_open_files_then_their_neighbours_then_the_rest() -> None:
    """The files that are worked on keep their order, the nearer folder comes first, all else stays as it was."""
    paths = ["a/z.py", "b/c/d/far.py", "b/near.py", "b/c/open.py", "b/c/beside.py", "q/recent.py", "q/y.py"]

    assert ordered(paths, ["b/c/open.py", "q/recent.py", "q/gone.py"]) == [
        "b/c/open.py",
        "q/recent.py",
        "b/c/beside.py",
        "q/y.py",
        "b/c/d/far.py",
        "b/near.py",
        "a/z.py",
    ]


def test_nothing_is_worked_on() -> None:
    """Then the order is that of the tree."""
    assert ordered(["b.py", "a/c.py"], []) == ["b.py", "a/c.py"]


async def test_keyword_search_and_vectors_follow_the_order() -> None:
    """The open file is chunked first and embedded first, however late its name comes in the alphabet."""
    tree = DictTree(
        {f"{number:03}.md": f"# Number {number}\n" for number in range(300)} | {"zz/open.md": "# Open\n"}
    )
    embedder = FakeEmbedder()

    async def worked_on() -> list[str]:
        return ["zz/open.md", "200.md"]

    indexer = Indexer(
        tree=tree,
        parser=TreeSitterParser(),
        store=MemoryStore(),
        embedder=embedder,
        writer_lock=contextlib.nullcontext,
        worked_on=worked_on,
    )
    await indexer.refresh(lambda progress: None)

    assert tree.reads[:2] == ["zz/open.md", "200.md"]
    assert {"Open" in text or "Number 200" in text for text in embedder.documents[:1]} == {True}


async def test_a_file_that_is_opened_meanwhile_is_embedded_next() -> None:
    """While thousands of chunks wait, what people open, or save while it is open, does not wait behind them."""
    tree = DictTree(
        {f"{number:03}.md": f"# Number {number}\n" for number in range(300)} | {"zz/open.md": "# Open\n"}
    )
    embedder = FakeEmbedder()
    opened: list[str] = []
    indexer = Indexer(
        tree=tree,
        parser=TreeSitterParser(),
        store=MemoryStore(),
        embedder=embedder,
        writer_lock=contextlib.nullcontext,
        opened=lambda: opened,
    )

    def act(progress: Progress) -> None:
        if progress.stage == "embedding" and progress.done == embedder.batch_size:
            opened.append("zz/open.md")
        if progress.stage == "embedding" and progress.done == 4 * embedder.batch_size:
            tree.write("zz/open.md", "# Saved\n")
            indexer.mark_dirty(["zz/open.md"])

    await indexer.refresh(act)

    places = {
        word: next(place for place, text in enumerate(embedder.documents) if word in text)
        for word in ("Open", "Saved")
    }
    # The batch that was ready when the file was opened is embedded first.
    assert places["Open"] == 2 * embedder.batch_size
    assert 4 * embedder.batch_size < places["Saved"] <= 6 * embedder.batch_size
    assert len(embedder.documents) == len(set(embedder.documents)) == 302


async def test_the_next_batch_is_with_the_model_before_one_ends() -> None:
    """No model waits for us between two batches, and no more than two are under way."""
    under_way: list[int] = []

    class WaitingForTheNext(FakeEmbedder):
        def __init__(self) -> None:
            super().__init__()
            self.running = 0
            self.next_came = asyncio.Event()

        async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
            self.running += 1
            under_way.append(self.running)
            self.next_came.set()
            self.next_came = asyncio.Event()
            is_last = "Number 39" in texts[-1]
            if not is_last:
                await asyncio.wait_for(self.next_came.wait(), 10)
            self.running -= 1
            return await super().embed_documents(texts)

    embedder = WaitingForTheNext()
    indexer = Indexer(
        tree=DictTree({f"{number:03}.md": f"# Number {number}\n" for number in range(40)}),
        parser=TreeSitterParser(),
        store=MemoryStore(),
        embedder=embedder,
        writer_lock=contextlib.nullcontext,
    )

    report = await indexer.refresh(lambda progress: None)

    assert (report.chunks, report.problem) == (len(embedder.documents), "")
    assert max(under_way) == 2
