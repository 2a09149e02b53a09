"""Keyword search in memory finds and weighs what LanceDB's full-text search does."""

import asyncio
import random
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from builders import make_chunk, make_update
from firsthand.adapters import catalogue_terms, lance_catalogue, lance_keywords, lance_nearest, lance_terms
from firsthand.adapters.catalogue import ListedChunk
from firsthand.adapters.catalogue_terms import CatalogueTerms
from firsthand.adapters.lance_store import LanceStore, open_store
from firsthand.core.model import Fingerprint, Scope, ScoredHead

FINGERPRINT = Fingerprint("test-model", "digest", 3)
ROOTS = "connect generate generous universe university past paste organ organize internal interfere commune".split()


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[LanceStore]:
    store = await open_store(folder, FINGERPRINT, 1)
    yield store
    await store.close()


async def store_file(store: LanceStore, number: int, drawn: random.Random) -> None:
    words = [f"{root}{ending}" for root in ROOTS for ending in ("", "s", "ing", "ed")]
    texts = [" ".join(drawn.choices(words, k=drawn.randrange(1, 60))) + "\n" for _ in range(4)]
    chunks = [
        make_chunk(f"file{number}.py", text, name=drawn.choice(words), start_byte=1_000 * part)
        for part, text in enumerate(texts)
    ]
    await store.replace([make_update(f"file{number}.py", chunks)])


def weighed(hits: Sequence[ScoredHead]) -> dict[str, float]:
    return {hit.chunk.id: hit.score for hit in hits}


async def assert_same_weights(store: LanceStore) -> None:
    """A search in memory gives each chunk the score that it has in the table, once the table's index is up to date."""
    await store.optimize()
    for asked in (
        ["connects"],
        ["pasted", "paste"],
        ["connect", "connecting", "organ"],
        ["absent"],
        ["two words"],
    ):
        in_memory = await store.find_keywords(asked, Scope(), 500)
        in_table = await lance_keywords.search_table(store._tables, asked, Scope(), 500)

        assert all(isinstance(hit.chunk, ListedChunk) for hit in in_memory)
        assert weighed(in_memory) == pytest.approx(weighed(in_table), rel=1e-4)
        assert [hit.score for hit in in_memory] == sorted((hit.score for hit in in_memory), reverse=True)


@pytest.mark.parametrize("seed", range(2))
async def test_weights_are_those_of_lance_while_files_change(tmp_path: Path, seed: int) -> None:
    """Saves, removals and compactions, which make many runs and merge them, leave the weights those of the table."""
    drawn = random.Random(seed)
    async with opened(tmp_path) as store:
        for _ in range(6):
            for number in drawn.sample(range(20), 6):
                await store_file(store, number, drawn)
                await store.find_keywords(["connect"], Scope(), 5)
            await store.remove([f"file{number}.py" for number in drawn.sample(range(20), 2)])
            await assert_same_weights(store)


async def test_many_terms_are_read_beside_searches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While they are read, which begins with the third search, the table is searched, with the same result."""
    drawn = random.Random(1)
    monkeypatch.setattr(lance_terms, "_READ_AT_ONCE", 8)
    monkeypatch.setattr(lance_terms, "_ROWS_PER_BATCH", 16)
    async with opened(tmp_path) as store:
        for number in range(12):
            await store_file(store, number, drawn)
        await store.optimize()
        tables = store._tables
        for _ in range(3):
            first = await store.find_keywords(["connect", "organ"], Scope(), 500)
            assert len(tables.terms._known.missing) == 48  # type: ignore[union-attr]
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

        second = await store.find_keywords(["connect", "organ"], Scope(), 500)

        assert len(tables.terms._known.missing) == 0  # type: ignore[union-attr]
        assert weighed(second) == pytest.approx(weighed(first), rel=1e-4)


async def test_a_prepared_search_does_not_wait_and_does_not_search_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much there is to read for it, the first search by keyword and by meaning finds it in memory."""
    async with opened(tmp_path) as store:
        await store_file(store, 1, random.Random(1))
        hashes = [chunk.content_hash for chunk in await store.chunks_of("file1.py")]
        await store.set_vectors({key: array("f", [1, 0, 0]) for key in hashes})
    for reading in (lance_catalogue, lance_nearest, lance_terms):
        monkeypatch.setattr(reading, "_READ_AT_ONCE", 0)
    async with opened(tmp_path) as store:
        await store.prepare_searches()
        by_keyword = await store.find_keywords(["connect", "past", "organ"], Scope(), 5)
        by_meaning = await store.find_dense(array("f", [1, 0, 0]), Scope(), 5)

    assert by_keyword
    assert by_meaning
    assert all(isinstance(hit.chunk, ListedChunk) for hit in (*by_keyword, *by_meaning))


async def test_what_is_compacted_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many rows that only moved keep their terms."""
    drawn = random.Random(1)
    monkeypatch.setattr(catalogue_terms, "_FEW_ROWS", 0)
    async with opened(tmp_path) as store:
        for number in range(12):
            await store_file(store, number, drawn)
        await store.find_keywords(["connect"], Scope(), 5)
        monkeypatch.setattr(lance_terms, "_READ_AT_ONCE", 0)
        before = store._tables.terms._known
        await assert_same_weights(store)
        after = store._tables.terms._known

        assert before is not None
        assert after is not None
        assert before.catalogue is not after.catalogue
        assert len(after.missing) == 0


async def test_terms_that_were_read_twice_count_once(tmp_path: Path) -> None:
    """A row that is in two runs, because it moved and was read again, weighs what it weighs in one."""
    async with opened(tmp_path) as store:
        for number in range(3):
            await store_file(store, number, random.Random(number))
        once = await store.find_keywords(["connect"], Scope(), 50)
        known = store._tables.terms._known
        assert known is not None

        runs = [run for run, _ in known.runs] * 2
        twice = CatalogueTerms(known.catalogue, known.keys, runs).search(["connect"], Scope(), 50)

        assert len(once) > 3
        assert twice == once
