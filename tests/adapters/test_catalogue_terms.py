"""Keyword search in memory finds and weighs what LanceDB's full-text search does."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import lancedb
import pyarrow as pa
import pytest

from builders import make_chunk, make_update
from firsthand.adapters import catalogue_terms, lance_keywords, lance_terms
from firsthand.adapters.catalogue import ListedChunk
from firsthand.adapters.catalogue_terms import CatalogueTerms
from firsthand.adapters.lance_store import LanceStore, open_store
from firsthand.adapters.lance_tables import _words
from firsthand.adapters.term_postings import english_stem
from firsthand.core.model import Fingerprint, Scope, ScoredHead

FINGERPRINT = Fingerprint("test-model", "digest", 3)
ROOTS = (
    "connect generate generous universe university past paste organ organize internal interfere commune emerge later "
    "arsenal add egg odd ebb fill hop hope tan tie die lie sky skies ski news cosmos bias only early idle gentle "
    "single ugly rational relate conform vital hesitate digitize operate feudal decisive hopeful callous formal "
    "sensitive sensible triplicate electric good allow infer airline gyroscope adjust defend irritate replace "
    "homologous adopt effective bowdlerize prob rate cease control roll user key play boy cry by say yes youth toy "
    "yield buyer evening inning exceed proceed succeed herring apolog biolog cat's it's naïve größe 计算 x509 v2 "
    "_private snake_case http2"
).split()  # fmt: skip
ENDINGS = (
    "", "s", "es", "ed", "ing", "er", "ers", "ly", "edly", "ingly", "ation", "ational", "ization", "izer", "ator",
    "fulness", "ously", "ousness", "iveness", "ivity", "bility", "bly", "alism", "ality", "ally", "entli", "ogist",
    "ology", "less", "lessly", "ement", "ment", "ent", "ence", "ance", "able", "ible", "ant", "ism", "ate", "iti",
    "ous", "ive", "ize", "ion", "al", "ic", "ical", "icate", "ative", "alize", "ness", "ful", "'s", "'",
    "y", "ied", "ies", "ying",
)  # fmt: skip


async def test_stems_are_those_of_lance(tmp_path: Path) -> None:
    """Words meet in one stem exactly where LanceDB's full-text search lets them meet."""
    words = sorted({root + ending for root in ROOTS for ending in ENDINGS})
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(english_stem(word), []).append(word)
    connection = await lancedb.connect_async(tmp_path)
    table = await connection.create_table("words", pa.table({"terms": words}))
    await table.create_index("terms", config=_words(of_prose=True))

    for group in random.Random(3).sample(sorted(groups.values()), 400):
        query = table.query().nearest_to_text(group[0], columns=["terms"]).select(["terms", "_score"])
        found = (await query.limit(200).to_arrow())["terms"].to_pylist()

        assert sorted(found) == group


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[LanceStore]:
    store = await open_store(folder, FINGERPRINT, 1)
    yield store
    await store.close()


async def store_file(store: LanceStore, number: int, drawn: random.Random) -> None:
    words = [f"{root}{ending}" for root in ROOTS[:12] for ending in ("", "s", "ing", "ed")]
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
