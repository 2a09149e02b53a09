"""What people work on is indexed first."""

import contextlib

from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from fakes.tree import DictTree
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.index_order import in_order_of_interest
from firsthand.core.indexing import Indexer
from firsthand.core.model import FileStat, Progress


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
    assert places["Open"] == embedder.batch_size
    assert 4 * embedder.batch_size < places["Saved"] <= 6 * embedder.batch_size
    assert len(embedder.documents) == len(set(embedder.documents)) == 302
