"""The nearest chunks of a real table, while it changes."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from test_vector_codes import as_vector, clustered

from builders import EmbeddedUpdate, make_chunk, make_update, store_embedded
from firsthand.adapters import lance_nearest
from firsthand.adapters.lance_store import LanceStore, open_store
from firsthand.core.model import Fingerprint, Scope

FINGERPRINT = Fingerprint("test-model", "digest", 32)
VECTORS = clustered(64, 32)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[LanceStore]:
    store = await open_store(folder, FINGERPRINT, 1)
    yield store
    await store.close()


def files(numbers: Iterable[int]) -> list[EmbeddedUpdate]:
    """Return files of one chunk each, whose vectors are those of their numbers."""
    chunks = {number: make_chunk(f"{number}.py", f"text {number}\n") for number in numbers}
    return [
        make_update(chunk.path, [chunk], vectors={chunk.content_hash: as_vector(VECTORS[number])})
        for number, chunk in chunks.items()
    ]


def exact(query: int, numbers: Iterable[int], limit: int) -> list[str]:
    near = {number: float(VECTORS[number] @ VECTORS[query]) for number in numbers}
    return [f"{number}.py" for number in sorted(near, key=lambda number: -near[number])[:limit]]


async def found(store: LanceStore, query: int, limit: int = 5) -> list[str]:
    hits = await store.find_dense(as_vector(VECTORS[query]), Scope(), limit)
    return [hit.chunk.path for hit in hits]


async def others_done() -> None:
    """Wait for what goes on beside the searches."""
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))


async def test_searches_follow_what_is_written_and_removed(tmp_path: Path) -> None:
    """After each change, and again when all has settled, the nearest chunks are those of the files that are there."""
    async with opened(tmp_path) as store:
        await store_embedded(store, files(range(40)))
        for present, change in (
            (range(40), store_embedded(store, [])),
            (range(64), store_embedded(store, files(range(40, 64)))),
            (range(10, 64), store.remove([f"{number}.py" for number in range(10)])),
            (range(10, 64), store.optimize()),
            (range(64), store_embedded(store, files(range(10)))),
        ):
            await change
            for _ in range(2):
                assert await found(store, 3) == exact(3, present, 5)
                await others_done()


async def test_searches_follow_another_writer(tmp_path: Path) -> None:
    """What another store on the same folder embeds, drops and compacts is seen by the next search."""
    async with opened(tmp_path) as store, opened(tmp_path) as other:
        await store_embedded(other, files(range(20)))
        assert await found(store, 30) == exact(30, range(20), 5)
        await store_embedded(other, files(range(20, 64)))
        assert await found(store, 30) == exact(30, range(64), 5)
        await other.remove(["30.py"])
        await other.optimize()
        assert await found(store, 30) == exact(30, set(range(64)) - {30}, 5)


async def test_a_large_table_is_read_beside_the_first_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first search of many vectors does not wait for all of them, and finds the same as later ones."""
    monkeypatch.setattr(lance_nearest, "_READ_AT_ONCE", 10)
    monkeypatch.setattr(lance_nearest, "_MOST_NAMED", 10)
    async with opened(tmp_path) as store:
        await store_embedded(store, files(range(64)))
    async with opened(tmp_path) as store:
        first = await found(store, 9)
        await others_done()

        assert first == await found(store, 9) == exact(9, range(64), 5)


async def test_closing_stops_what_goes_on_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store may be closed right after its first search."""
    monkeypatch.setattr(lance_nearest, "_READ_AT_ONCE", 10)
    async with opened(tmp_path) as store:
        await store_embedded(store, files(range(64)))
    async with opened(tmp_path) as store:
        await found(store, 9)

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_vectors_of_one_text_stored_twice_count_once(tmp_path: Path) -> None:
    """Two processes that embed the same text leave two rows; the search shows its chunks once."""
    async with opened(tmp_path) as store:
        (update,) = files([1])
        await store_embedded(store, [update])
        row = (await store._tables.vectors.query().to_arrow()).slice(0, 1)
        await store._tables.vectors.add(row)

        assert await found(store, 1) == ["1.py"]
        assert np.isclose(
            (await store.find_dense(as_vector(VECTORS[1]), Scope(), 1))[0].score, 1.0, atol=1e-4
        )
