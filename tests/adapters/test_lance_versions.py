"""Past versions of an index go when no reader needs them, and only then."""

import asyncio
import contextlib
import os
import shutil
import sys
import time
from pathlib import Path
from uuid import uuid4

import lancedb
import pytest
from lancedb.table import AsyncTable

from builders import EmbeddedUpdate, make_chunk, make_update, make_vector, store_embedded
from firsthand.adapters import lance_store, lance_tables
from firsthand.adapters.lance_errors import CONFLICT
from firsthand.adapters.lance_lock import being_read
from firsthand.adapters.lance_store import LanceStore, open_store
from firsthand.adapters.lance_versions import drop_past_versions
from firsthand.core.model import Fingerprint, Scope

FINGERPRINT = Fingerprint("made", "1", 3)
READER = """
import sys
from pathlib import Path
from firsthand.adapters.lance_lock import being_read
with being_read(Path(sys.argv[1])):
    print(flush=True)
    input()
"""


def update_of(path: str, count: int, text: str) -> EmbeddedUpdate:
    chunks = [make_chunk(path, f"{text} {number}\n", start_byte=number * 10) for number in range(count)]
    return make_update(path, chunks, vectors={chunk.content_hash: make_vector(1, 0, 0) for chunk in chunks})


def index_in(folder: Path) -> Path:
    (meta,) = folder.glob("*/meta.json")
    return meta.parent


def grow_older(index: Path, seconds: float) -> None:
    """Make every version that much older than it is."""
    for manifest in index.glob("*.lance/_versions/*.manifest"):
        made = manifest.stat().st_mtime - seconds
        os.utime(manifest, (made, made))


def past_versions(index: Path) -> int:
    return len(list(index.glob("*.lance/_versions/*.manifest"))) - 3


async def saved_often(folder: Path, times: int = 6) -> LanceStore:
    store = await open_store(folder, FINGERPRINT, 1)
    for number in range(times):
        await store_embedded(
            store, [update_of("a.py", 20, f"version {number}"), update_of("b.py", 3, "same")]
        )
    return store


async def test_what_only_past_versions_need_is_deleted(tmp_path: Path) -> None:
    """The files of replaced rows go, and everything that is there is found by keyword and by meaning as before."""
    store = await saved_often(tmp_path)
    index = index_in(tmp_path)
    grow_older(index, 100)
    before = len(list(index.glob("chunks.lance/data/*")))

    await store.tidy()

    assert (past_versions(index), before, len(list(index.glob("chunks.lance/data/*")))) == (0, 6, 1)
    for each in (store, await open_store(tmp_path, FINGERPRINT, 1)):
        assert len(await each.chunks_of("a.py")) == 20
        assert [hit.chunk.path for hit in await each.search_keywords(["same"], Scope(), 9)] == ["b.py"] * 3
        assert len(await each.find_dense(make_vector(1, 0, 0), Scope(), 99)) == 23
        assert {record.status for record in (await each.manifest()).values()} == {"indexed"}
        await each.close()


async def test_what_says_which_rows_are_gone_stays_while_a_version_needs_it(tmp_path: Path) -> None:
    """Each save of a file leaves such a list behind for the rows beside its own; the last one alone counts."""
    store = await open_store(tmp_path, FINGERPRINT, 1)
    await store_embedded(store, [update_of(f"{name}.py", 3, "first") for name in "abcd"])
    for name in "abc":
        await store_embedded(store, [update_of(f"{name}.py", 3, "second")])
    index = index_in(tmp_path)
    before = len(list(index.glob("chunks.lance/_deletions/*")))

    await store.tidy()

    assert (before, len(list(index.glob("chunks.lance/_deletions/*")))) == (3, 1)
    for each in (store, await open_store(tmp_path, FINGERPRINT, 1)):
        texts = [[chunk.text[:6] for chunk in await each.chunks_of(f"{name}.py")] for name in "abcd"]
        assert texts == [["second"] * 3] * 3 + [["first "] * 3]
        await each.close()


async def test_a_version_stays_until_the_next_is_older_than_a_read(tmp_path: Path) -> None:
    """However long ago a version was made, a query may have begun with it until the next one came."""
    store = await saved_often(tmp_path)
    index = index_in(tmp_path)
    grow_older(index, 1_000_000)
    table = await _table(index, "chunks")
    old = await table.version()

    with store._reading("be searched"):
        await store_embedded(store, [update_of("a.py", 1, "newest")])
        await store.tidy()
        await table.checkout(old)
        assert await table.count_rows("path = 'a.py'") == 20
    await store.tidy()

    assert past_versions(index) == 0


async def test_another_process_that_reads_gets_a_minute(tmp_path: Path) -> None:
    """What the reader of another process began with stays longer than what this process can see the end of."""
    store = await saved_often(tmp_path)
    index = index_in(tmp_path)
    grow_older(index, 30)
    reader = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", READER, str(index)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert reader.stdout is not None
    await reader.stdout.readline()
    count = past_versions(index)

    await store.tidy()
    while_read = past_versions(index)
    await reader.communicate(b"\n")
    await store.tidy()

    assert (while_read, past_versions(index)) == (count, 0)


async def test_a_lender_of_this_process_that_reads_gets_a_minute(tmp_path: Path) -> None:
    """A workspace that takes over vectors from this index, in the same process, is not seen to end; so it gets time."""
    store = await saved_often(tmp_path)
    index = index_in(tmp_path)
    grow_older(index, 30)
    count = past_versions(index)

    with contextlib.suppress(OSError), being_read(index):
        await store.tidy()
        while_read = past_versions(index)
        raise OSError("the borrower could not read on")
    await store.tidy()

    assert (while_read, past_versions(index)) == (count, 0)


async def test_a_read_under_way_keeps_its_version(tmp_path: Path) -> None:
    """A search of this process that takes long loses nothing."""
    store = await saved_often(tmp_path)
    index = index_in(tmp_path)
    grow_older(index, 100)
    count = past_versions(index)

    with store._reading("be searched"):
        store._begun = dict.fromkeys(store._begun, time.monotonic() - 200)
        await store.tidy()
        while_read = past_versions(index)
    await store.tidy()

    assert (while_read, past_versions(index)) == (count, 0)


async def test_compacting_is_due_when_it_gains_something(tmp_path: Path) -> None:
    """Saves of one file replace their own rows; rows without a search index and many dead rows are worth the price."""
    store = await saved_often(tmp_path)
    assert not await store.tidy()

    await store_embedded(store, [update_of("big.py", 600, "new")])
    assert await store.tidy()
    await store.optimize()

    assert not await store.tidy()


async def test_compacting_waits_longer_while_files_are_saved(tmp_path: Path) -> None:
    """What is worth its price in a calm moment is not yet worth getting in the way of the next save."""
    store = await saved_often(tmp_path)
    await store_embedded(store, [update_of("big.py", 600, "new")])
    assert (await store.tidy(calm=False), await store.tidy()) == (False, True)

    await store_embedded(store, [update_of("bigger.py", 3_500, "new")])

    assert await store.tidy(calm=False)


async def test_compacting_that_gave_up_is_still_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that comes meanwhile wins and loses nothing; the next attempt compacts."""
    store = await saved_often(tmp_path)
    await store.replace([update_of("big.py", 600, "new")])

    async def compact_late(table: AsyncTable, index: Path) -> None:
        raise RuntimeError(f"{CONFLICT}: a write came between")

    with monkeypatch.context() as patched:
        patched.setattr(lance_tables, "compact", compact_late)
        assert await store.tidy()
        assert not await store.optimize(may_give_up=True)

    assert await store.tidy()
    assert await store.optimize(may_give_up=True)
    assert not await store.tidy()
    assert len(await store.search_keywords(["new"], Scope(), 999)) == 600


async def test_only_tables_that_gain_are_compacted(tmp_path: Path) -> None:
    """A hundred new vectors, one a save, do not make the chunks be written again."""
    store = await saved_often(tmp_path)
    await store.optimize()
    chunks = await _table(index_in(tmp_path), "chunks")
    for number in range(101):
        await store.set_vectors({f"hash {number}": make_vector(0, 1, 0)})
    before = await chunks.version()

    assert await store.tidy()
    await store.optimize()

    assert await chunks.version() == before
    assert not await store.tidy()


async def test_nothing_is_deleted_that_no_past_version_names(tmp_path: Path) -> None:
    """A file that a write has just made, and no version names yet, stays."""
    await (await saved_often(tmp_path)).close()
    index = index_in(tmp_path)
    fresh = index / "chunks.lance" / "data" / "fresh.lance"
    fresh.write_bytes(b"rows")
    grow_older(index, 100)

    await asyncio.to_thread(drop_past_versions, index / "chunks.lance", 1.0)

    assert fresh.exists()


def left_behind(index: Path) -> list[Path]:
    """Leave a copy of everything that compacting writes, of which no version knows."""
    table, unique = index / "chunks.lance", uuid4()
    names = {"data": f"{unique}.lance", "_indices": str(unique), "_deletions": f"0-{unique.time_low}-1.arrow"}
    copies: list[Path] = []
    for kind, name in names.items():
        entry = min((table / kind).iterdir())
        copies.append(table / kind / name)
        (shutil.copytree if entry.is_dir() else shutil.copyfile)(entry, copies[-1])
    return copies


async def test_what_a_lost_compaction_wrote_is_deleted(tmp_path: Path) -> None:
    """A save that comes before its commit leaves files that no version ever names; they go, and nothing else does."""
    store = await saved_often(tmp_path)
    await store.index_words()
    await store_embedded(store, [update_of("b.py", 3, "same")])
    lost, young = left_behind(index_in(tmp_path)), left_behind(index_in(tmp_path))
    for place in [each for entry in lost for each in (entry, *entry.rglob("*"))]:
        os.utime(place, (time.time() - 1000,) * 2)

    await store.tidy()

    assert [entry.exists() for entry in (*lost, *young)] == [False] * 3 + [True] * 3
    await store.close()
    reopened = await open_store(tmp_path, FINGERPRINT, 1)
    assert len(await reopened.search_keywords(["version"], Scope(), 99)) == 20
    assert len(await reopened.find_dense(make_vector(1, 0, 0), Scope(), 99)) == 23
    await reopened.close()


async def _table(index: Path, name: str) -> AsyncTable:
    connection = await lancedb.connect_async(index)
    return await connection.open_table(name)


def deleted_files_held_open() -> list[str]:
    files = [file.readlink().name for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
    return [name for name in files if name.endswith("(deleted)") and ".lance" in name]


async def test_files_that_are_gone_are_not_held_open_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is left open for a week compacts thousands of times; searches find everything all the while."""
    monkeypatch.setattr(lance_store, "_MOST_VERSIONS_HELD", 5)
    store = await open_store(tmp_path, FINGERPRINT, 1)
    other = await store.beside(Fingerprint("other", "1", 3))
    await store_embedded(store, [update_of(f"{number}.py", 60, "same") for number in range(20)])
    held: list[int] = []
    for number in range(4):
        await store_embedded(store, [update_of("0.py", 60, f"changed {number}")])
        await store.optimize()
        await store.tidy()
        held.append(len(deleted_files_held_open()))

    assert min(held[-2:]) == 0 < max(held)
    for each in (store, other):
        assert len(await each.search_keywords(["changed"], Scope(), 99)) == 60
    assert len(await store.find_dense(make_vector(1, 0, 0), Scope(), 2_000)) == 1_200
    await other.close()
    await store.close()
