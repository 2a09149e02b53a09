"""Where no index can be kept, reading the files tells the same of names as an index does."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from firsthand.adapters.absent_store import AbsentStore
from firsthand.adapters.git_files import WorkspaceTree
from firsthand.adapters.lance_schema import chunks_of_update, is_name, linked_of_update, packed
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.cutting import ParserCutter
from firsthand.core.freshness import OpenBuffers
from firsthand.core.indexing import Indexer
from firsthand.core.linked_reading import LinkedReading
from firsthand.core.model import FileStat, FileUpdate, SourceFile
from firsthand.core.neighbours import file_named
from firsthand.core.ports import ChunkStore
from firsthand.core.readable_files import ReadableFiles
from firsthand.core.references import CodeGraph, Reference

ROOT = Path(__file__).parents[1] / "workspaces" / "accounts"


class PackingCutter:
    """Cuts and packs, as processes do; remembers which files, and whether it may rest."""

    def __init__(self) -> None:
        self.cuts: list[str] = []
        self.rests = 0
        self._real = ParserCutter(TreeSitterParser())
        self.at_once = 2

    def cut(self, stat: FileStat, source: SourceFile) -> FileUpdate:
        self.cuts.append(stat.path)
        return packed(self._real.cut(stat, source))

    def rest(self) -> None:
        self.rests += 1


class Bench:
    """A folder that is read, and the same folder with an index."""

    def __init__(self, root: Path = ROOT) -> None:
        self.tree = WorkspaceTree(root)
        self.buffers = OpenBuffers()
        self.cutter = PackingCutter()
        reading = LinkedReading(
            tree=self.tree,
            readable=ReadableFiles(self.tree, self.tree, self.buffers),
            cutter=self.cutter,
            linked_of=linked_of_update,
            chunks_of=chunks_of_update,
        )
        self.absent = AbsentStore("No index can be kept here.", reading)

    async def indexed(self) -> MemoryStore:
        store = MemoryStore()
        indexer = Indexer(
            tree=self.tree,
            parser=TreeSitterParser(),
            store=store,
            embedder=FakeEmbedder(),
            writer_lock=contextlib.nullcontext,
        )
        await indexer.refresh(lambda progress: None)
        return store


def places(references: Sequence[Reference]) -> list[tuple[str, int, str, str, str]]:
    return [(each.path, each.line, each.symbol, each.relation, each.certainty) for each in references]


async def told(store: ChunkStore, name: str) -> list[object]:
    """What a graph tells of a name: its definitions, its users, and what it uses itself."""
    graph = CodeGraph(store)
    definitions = await graph.find(name)
    uses = [places(await graph.uses(each)) for each in definitions]
    return [
        definitions,
        places(await graph.references(definitions)),
        places(await graph.mentions(name)),
        uses,
    ]


@pytest.mark.parametrize("name", ["UserService", "UserService.delete_user", "hash_password", "dataclass"])
async def test_the_graph_is_that_of_an_index(name: str) -> None:
    """Definitions, users and what is used, of a class, a method, a function and a name of a library."""
    bench = Bench()
    store = await bench.indexed()

    assert any(await told(store, name))
    assert await told(bench.absent, name) == await told(store, name)


async def test_files_and_their_names_are_those_of_an_index() -> None:
    """So a module can be named, and a name that an answer uses can be checked."""
    bench = Bench()
    store = await bench.indexed()

    paths = [await file_named(each, "accounts.passwords") for each in (bench.absent, store)]
    users = [places(await CodeGraph(each).importers(paths[1])) for each in (bench.absent, store)]

    assert paths == ["accounts/passwords.py"] * 2
    assert users[0] == users[1] != []
    assert set(filter(is_name, await store.names())) <= await bench.absent.names()


async def test_only_files_that_hold_the_name_are_cut_and_once() -> None:
    """Between two questions nothing is cut again, and the processes that cut may rest."""
    bench = Bench()

    first = await told(bench.absent, "hash_password")
    cuts = list(bench.cutter.cuts)
    again = await told(bench.absent, "hash_password")

    assert first == again
    assert 0 < len(cuts) < len(await bench.absent.manifest())
    assert (bench.cutter.cuts, bench.cutter.rests > 0) == (cuts, True)


async def test_an_open_document_counts_as_it_stands(tmp_path: Path) -> None:
    """What is not saved yet is read from the editor, also for a definition."""
    (tmp_path / "a.py").write_text("def before():\n    return 1\n")
    bench = Bench(tmp_path)
    bench.buffers.open("a.py", "def after():\n    return 1\n\n\ndef user():\n    return after()\n")

    defining = [chunk.name for chunk in await bench.absent.defining(["AFTER"], 5)]
    before, after = [await told(bench.absent, name) for name in ("before", "after")]

    assert defining == ["after"]
    assert not any(before)
    assert after[1] == [("a.py", 6, "user", "calls", "exact")]
