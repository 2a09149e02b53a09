"""Whatever happens to the files of an index, the next session searches what is true, and nobody has to clean up."""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_asyncio

from builders import nearest_chunks
from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from fakes.tree import DictTree
from firsthand.adapters.lance_store import LanceStore, open_store
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.indexing import Indexer
from firsthand.core.model import Scope
from firsthand.core.ports import ChunkStore
from firsthand.errors import StoreDamagedError

EMBEDDER = FakeEmbedder(8)
PARSER = TreeSitterParser()

# Every kind of file that there is in an index, as a pattern below its folder.
KINDS = [
    "*/meta.json", "*/vectors-*.json",
    *(
        f"*/{table}.lance/{part}"
        for table in ("chunks", "files", "vectors-*")
        for part in ("_versions/*.manifest", "_versions/*.json", "_transactions/*", "data/*")
    ),
    "*/chunks.lance/_deletions/*", "*/files.lance/_deletions/*",
    *(
        f"*/chunks.lance/_indices/*/{name}"
        for name in ("metadata.lance", "page_*", "part_*_docs.lance", "part_*_invert.lance", "part_*_tokens.lance")
    ),
    "*/vectors-*.lance/_indices/*/page_*",
]  # fmt: skip


def _leave_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _overwrite(file: Path) -> None:
    file.write_bytes(os.urandom(file.stat().st_size))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "half": _leave_half,
    "garbage": _overwrite,
}


def code(number: int, functions: int) -> str:
    """Return a file; one word stands in each of its pieces."""
    return "".join(
        f"def everywhere_{number}_{part}(value):\n    return helper_{number}(value)\n\n\n"
        for part in range(functions)
    )


def indexer(tree: DictTree, store: ChunkStore) -> Indexer:
    return Indexer(
        tree=tree, parser=PARSER, store=store, embedder=EMBEDDER, writer_lock=contextlib.nullcontext
    )


async def refresh(tree: DictTree, store: ChunkStore) -> None:
    await indexer(tree, store).refresh(lambda progress: None)


async def found(store: ChunkStore) -> dict[str, list[tuple[str, int, str]]]:
    """Return what each kind of search finds when it is asked for everything."""
    vector = await EMBEDDER.embed_query("everywhere")
    chunks = {
        "by word": [hit.chunk for hit in await store.search_keywords(["everywhere"], Scope(), 999)],
        "by meaning": await nearest_chunks(store, vector, 999),
        "by link": [each.chunk for each in await store.linked([f"helper_{n}" for n in range(12)], 999)],
    }
    return {
        search: sorted((chunk.path, chunk.span.start_byte, chunk.text) for chunk in hits)
        for search, hits in chunks.items()
    }


class Damaged:
    """Files and an index of them that has seen changes, deletions, compaction, and changes after that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.truth: dict[str, list[tuple[str, int, str]]] = {}
        self.tree = DictTree({f"part{number}.py": code(number, 3) for number in range(12)})

    async def make(self) -> None:
        store = await self.open()
        await refresh(self.tree, store)
        for number in range(3):
            self.tree.write(f"part{number}.py", code(number, 4))
            await refresh(self.tree, store)
        await store.optimize()
        self.tree.delete("part6.py")
        await refresh(self.tree, store)
        await store.remove(["part7.py"])
        await store.close()
        from_nothing = MemoryStore()
        await refresh(self.tree, from_nothing)
        self.truth = await found(from_nothing)

    async def open(self) -> LanceStore:
        return await open_store(self.folder, EMBEDDER.fingerprint, 1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> Damaged:
    """An index that nothing has happened to yet."""
    whole = Damaged(tmp_path_factory.mktemp("whole"))
    await whole.make()
    return whole


@pytest.fixture
def damaged(whole: Damaged, tmp_path: Path) -> Damaged:
    """A copy of it to be damaged."""
    damaged = Damaged(tmp_path / "copy")
    shutil.copytree(whole.folder, damaged.folder)
    damaged.tree, damaged.truth = whole.tree, whole.truth
    return damaged


async def searched_in_a_session(damaged: Damaged) -> dict[str, list[tuple[str, int, str]]] | None:
    """Open, bring up to date, search; None when the damage showed in a question."""
    store = await damaged.open()
    try:
        await refresh(damaged.tree, store)
        return await found(store)
    except StoreDamagedError:
        return None
    finally:
        await store.close()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", KINDS)
async def test_no_damage_lasts(
    damaged: Damaged, kind: str, damage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A question may meet the damage to files of one kind; the next session finds what is true, and no vendor talks."""
    files = list(damaged.folder.glob(kind))
    for file in files:
        DAMAGES[damage](file)
    session = await searched_in_a_session(damaged) or await searched_in_a_session(damaged)

    assert files
    assert session == damaged.truth
    assert capfd.readouterr() == ("", "")
