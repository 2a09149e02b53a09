"""Chunks that were read are read from memory again, as long as they are there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from builders import make_chunk, make_update
from firsthand.adapters import remembered_chunks
from firsthand.adapters.lance_store import LanceStore, open_store
from firsthand.core.model import ChunkHead, Fingerprint, Scope

FILES = ("a.py", "b.py", "c.py")


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[LanceStore]:
    store = await open_store(folder, Fingerprint("test-model", "digest", 3), 1)
    await store.replace([make_update(path, [make_chunk(path, f"common text of {path}\n")]) for path in FILES])
    yield store
    await store.close()


async def heads_of(store: LanceStore) -> Sequence[ChunkHead]:
    found = [hit.chunk for hit in await store.find_keywords(["common"], Scope(), 9)]
    return sorted(found, key=lambda head: head.path)


async def test_what_was_read_is_read_from_memory(tmp_path: Path) -> None:
    """The same heads give the very same chunks again, in their order."""
    async with opened(tmp_path) as store:
        heads = await heads_of(store)
        first = await store.read(heads)
        second = await store.read(heads[::-1])

    assert [chunk.path for chunk in first if chunk] == [*FILES]
    assert all(one is other for one, other in zip(first, second[::-1], strict=True))


async def test_what_is_gone_is_not_remembered(tmp_path: Path) -> None:
    """A chunk whose file was removed, or has another text, is gone for who has its head."""
    async with opened(tmp_path) as store:
        heads = await heads_of(store)
        await store.read(heads)
        await store.remove(["a.py"])
        await store.replace([make_update("b.py", [make_chunk("b.py", "other text\n")])])

        assert [chunk and chunk.path for chunk in await store.read(heads)] == [None, None, "c.py"]


async def test_moved_rows_are_found(tmp_path: Path) -> None:
    """After compaction, which moves rows, old heads give the same chunks."""
    async with opened(tmp_path) as store:
        heads = await heads_of(store)
        before = await store.read(heads)
        await store.optimize()

        assert list(await store.read(heads)) == list(before)


async def test_what_was_not_asked_for_longest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the chunk that was read longest ago is read from the table again."""
    monkeypatch.setattr(remembered_chunks, "_MOST_REMEMBERED", 2)
    async with opened(tmp_path) as store:
        one, two, three = await heads_of(store)
        (first,) = await store.read([one])
        (second,) = await store.read([two])
        await store.read([one])
        await store.read([three])

        assert (await store.read([one]))[0] is first
        assert (await store.read([two]))[0] is not second
