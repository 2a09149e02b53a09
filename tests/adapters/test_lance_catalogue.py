"""The catalogue of a real table: what it lists is what the table holds, while it changes."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from builders import EmbeddedUpdate, make_chunk, make_update, make_vector, store_embedded
from firsthand.adapters import lance_catalogue, lance_keywords, lance_nearest
from firsthand.adapters.catalogue import ListedChunk
from firsthand.adapters.lance_predicates import scope_predicate
from firsthand.adapters.lance_schema import chunks_from
from firsthand.adapters.lance_store import LanceStore, open_store
from firsthand.core.model import Chunk, ChunkHead, Fingerprint, Scope, ScoredHead
from firsthand.core.scopes import in_scope

FINGERPRINT = Fingerprint("test-model", "digest", 3)
QUESTION = make_vector(1, 0.2, 0)
PATHS = (
    "a.py",
    "lib/a.py",
    "lib/b.ts",
    "lib/deep/c.go",
    "it's/[x].py",
    "tests/test_a.py",
    "lib2/a.py",
    "ünï/计.py",
)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[LanceStore]:
    store = await open_store(folder, FINGERPRINT, 1)
    yield store
    await store.close()


def file(path: str, number: int, chunks: int = 3) -> EmbeddedUpdate:
    """Return a file of some chunks, whose text, names, kinds and vectors depend on the number."""
    drawn = random.Random(f"{path} {number}")
    made = [
        make_chunk(
            path,
            f"common word{drawn.randrange(6)} text {number} of {path}\n",
            name=drawn.choice(["", "walk", "Walk", "run"]),
            qualified_name=drawn.choice(["Animal.walk", "Animal.run", ""]),
            kind=drawn.choice(["function", "class", "text"]),
            language=drawn.choice(["python", "go", "text"]),
            is_test=drawn.random() < 0.3,
            start_byte=part * 100,
        )
        for part in range(chunks)
    ]
    vectors = {chunk.content_hash: make_vector(1, drawn.random(), drawn.random()) for chunk in made}
    return make_update(path, made, vectors=vectors)


def files(numbers: Iterable[int]) -> list[EmbeddedUpdate]:
    return [file(path, number) for number in numbers for path in [f"{number}/{PATHS[number % len(PATHS)]}"]]


def told(heads: Iterable[ChunkHead]) -> list[tuple[object, ...]]:
    """Return all that heads say."""
    return [
        (h.id, h.path, h.language, h.kind, h.name, h.qualified_name, h.span, h.is_test, h.content_hash)
        for h in heads
    ]


def scored(hits: Iterable[ScoredHead]) -> list[tuple[object, ...]]:
    return [(*told([hit.chunk])[0], round(hit.score, 4)) for hit in hits]


async def assert_true(store: LanceStore, scope: Scope = Scope()) -> None:
    """Each search by the catalogue finds what the same search in the table finds, and the text of that."""
    tables = store._tables
    keywords = await store.find_keywords(["common", "word1"], scope, 500)
    nearest = await store.find_dense(QUESTION, scope, 500)
    defining = await store.find_defining(["Animal.walk", "run"], 500)
    in_table = await lance_keywords.search_table(tables, ["common", "word1"], scope, 500)
    near_in_table = await lance_nearest.search_table(tables, QUESTION, scope, 500)

    assert sorted(told(hit.chunk for hit in keywords)) == sorted(told(hit.chunk for hit in in_table))
    assert told(hit.chunk for hit in nearest) == told(hit.chunk for hit in near_in_table)
    assert np.allclose([hit.score for hit in nearest], [hit.score for hit in near_in_table], atol=1e-3)
    assert told(defining) == told(await store._defining_in_table(["Animal.walk", "run"], 500))
    assert all(isinstance(hit.chunk, ListedChunk) for hit in (*keywords, *nearest))
    assert all(isinstance(head, ListedChunk) for head in defining)
    assert told(await store.read([hit.chunk for hit in keywords])) == told(hit.chunk for hit in keywords)


async def change(store: LanceStore, drawn: random.Random) -> None:
    """Do one of what changes a table."""
    numbers = drawn.sample(range(12), 3)
    match drawn.randrange(5):
        case 0:
            await store.remove([update.record.path for update in files(numbers)])
        case 1:
            await store.optimize()
        case _:
            await store_embedded(
                store,
                [
                    file(update.record.path, drawn.randrange(99), drawn.randrange(2))
                    for update in files(numbers)
                ],
            )


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_listed_is_what_the_table_holds(tmp_path: Path, seed: int) -> None:
    """After any changes, this process's or another's, searches by the catalogue are those in the table."""
    drawn = random.Random(seed)
    async with opened(tmp_path) as store, opened(tmp_path) as other:
        await store_embedded(store, files(range(12)))
        for _ in range(10):
            await change(drawn.choice([store, other]), drawn)
            await assert_true(store)


async def test_scopes_are_those_of_the_table(tmp_path: Path) -> None:
    """Drawn scopes choose by the catalogue what the predicate chooses in the table and `in_scope` among chunks."""
    drawn = random.Random(7)
    updates = [file(path, number) for number, path in enumerate(PATHS)]
    chunks = [chunk for update in updates for chunk in update.chunks]
    globs = [
        *PATHS,
        "lib",
        "lib/",
        "./lib",
        "*.py",
        "lib/**",
        "**/a.*",
        "lib?",
        "it's",
        "\\[x].py",
        "deep",
        ".",
    ]
    async with opened(tmp_path) as store:
        await store_embedded(store, updates)
        catalogue = await store._tables.catalogue.current(store._tables.chunks)
        assert catalogue is not None
        for _ in range(100):
            scope = Scope(
                paths=tuple(drawn.sample(globs, drawn.choice([0, 0, 1, 2]))),
                languages=tuple(drawn.sample(["python", "go", "cobol"], drawn.choice([0, 0, 1, 2]))),
                kinds=tuple(drawn.sample(["function", "class", "test", "enum"], drawn.choice([0, 0, 1, 2]))),
                tests=drawn.choice([None, None, True, False]),
                files=drawn.choice([None, None, frozenset(drawn.sample(PATHS, 3)), frozenset()]),
            )
            listed = catalogue.listed(np.flatnonzero(catalogue.in_scope(scope)))
            query = store._tables.chunks.query()
            predicate = scope_predicate(scope)
            rows = await (query.where(predicate) if predicate else query).select(["chunk"]).to_arrow()

            in_table = sorted(chunk.id for chunk in chunks_from(rows["chunk"]))
            assert sorted(head.id for head in listed) == in_table
            assert sorted(head.id for head in listed) == sorted(
                chunk.id for chunk in chunks if in_scope(chunk, scope)
            )


async def test_scoped_searches_are_those_of_the_table(tmp_path: Path) -> None:
    """A scope limits searches by the catalogue as it limits those in the table."""
    async with opened(tmp_path) as store:
        await store_embedded(store, files(range(12)))
        for scope in (Scope(paths=("*.py",)), Scope(tests=True), Scope(kinds=("class",), languages=("go",))):
            await assert_true(store, scope)


async def read_paths(store: LanceStore, heads: Sequence[ChunkHead]) -> list[str | None]:
    return [chunk and chunk.path for chunk in await store.read(heads)]


async def test_what_was_found_is_read_after_rows_have_moved(tmp_path: Path) -> None:
    """Compaction between finding and reading changes nothing; what is gone or has another text is not returned."""
    async with opened(tmp_path) as store:
        for path in ("moved.py", "gone.py", "changed.py"):
            await store_embedded(store, [file(path, 1, chunks=1)])
        found = [hit.chunk for hit in await store.find_keywords(["common"], Scope(), 9)]
        await store.optimize()
        assert await read_paths(store, found) == [head.path for head in found]

        await store.remove(["gone.py"])
        await store_embedded(store, [file("changed.py", 2, chunks=1)])

        assert sorted(await read_paths(store, found), key=str) == [None, None, "moved.py"]


async def test_a_large_table_is_listed_beside_the_first_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first search of many chunks reads the table, and finds the same as later ones, which do not."""
    async with opened(tmp_path) as store:
        await store_embedded(store, files(range(12)))
    monkeypatch.setattr(lance_catalogue, "_READ_AT_ONCE", 5)
    async with opened(tmp_path) as store:
        first = await store.find_keywords(["common"], Scope(), 99)
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

        assert all(isinstance(hit.chunk, Chunk) for hit in first)
        assert len(first) == 36
        await assert_true(store)


async def test_many_new_rows_are_read_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether rows are read by their ids or all at once, the catalogue is the same."""
    monkeypatch.setattr(lance_catalogue, "_MOST_BY_ID", 0)
    async with opened(tmp_path) as store:
        await store_embedded(store, files(range(6)))
        await assert_true(store)
        await store_embedded(store, files(range(3, 12)))
        await assert_true(store)
