"""What was read of the terms of chunks serves the next process, as far as it is true there."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builders import make_chunk, make_update
from firsthand.adapters import lance_keywords, lance_terms, saved_terms
from firsthand.adapters.catalogue_terms import CatalogueTerms
from firsthand.adapters.lance_folder import terms_file
from firsthand.adapters.lance_store import LanceStore, open_store
from firsthand.adapters.saved_terms import load_terms, save_terms
from firsthand.core.model import FileUpdate, Fingerprint, Scope

PATHS = [f"file{number}.py" for number in range(12)]


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Terms of more than two chunks are read beside searches, in several runs."""
    monkeypatch.setattr(lance_terms, "_READ_AT_ONCE", 2)
    monkeypatch.setattr(lance_terms, "_ROWS_PER_RUN", 8)


def update(path: str, text: str) -> FileUpdate:
    return make_update(path, [make_chunk(path, f"common {text}\n")])


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[LanceStore]:
    store = await open_store(folder, Fingerprint("test-model", "digest", 3), 1)
    yield store
    await store.close()


async def search_until_read(store: LanceStore) -> None:
    for _ in range(lance_terms._WORTH_READING):
        await store.find_keywords(["common"], Scope(), 50)
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))


async def make_saved(folder: Path) -> Path:
    """Store files, have their terms read and saved, and return the file."""
    async with opened(folder) as store:
        await store.replace([update(path, f"word{number}") for number, path in enumerate(PATHS)])
        await store.optimize()
        await search_until_read(store)
        return terms_file(store._index)


async def assert_true(store: LanceStore) -> None:
    """Searches in memory find and weigh what those in the table do."""
    await store.optimize()
    for asked in (["common"], ["word3"], ["other", "word5"], ["absent"]):
        in_memory = await store.find_keywords(asked, Scope(), 50)
        in_table = await lance_keywords.search_table(store._tables, asked, Scope(), 50)

        assert [hit.chunk.id for hit in in_memory] == [hit.chunk.id for hit in in_table]
        assert [hit.score for hit in in_memory] == pytest.approx([hit.score for hit in in_table], rel=1e-4)


async def test_what_one_process_read_serves_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one reads the file instead of the table, which it does not even ask for terms."""
    await make_saved(tmp_path)
    monkeypatch.setattr(lance_terms, "_those_of", None)
    async with opened(tmp_path) as store:
        await search_until_read(store)

        assert len(store._tables.terms._known.missing) == 0  # type: ignore[union-attr]
        await assert_true(store)


async def test_only_what_changed_since_is_read(tmp_path: Path) -> None:
    """Files that were changed, removed or added since are found as they are now."""
    await make_saved(tmp_path)
    async with opened(tmp_path) as store:
        await store.replace([update("file3.py", "other"), update("new.py", "other word5")])
        await store.remove(["file4.py"])
        await search_until_read(store)

        assert len(store._tables.terms._known.missing) <= 2  # type: ignore[union-attr]
        await assert_true(store)


async def test_moved_rows_are_read_anew(tmp_path: Path) -> None:
    """After all was stored again, nothing of the file is believed, and the file is written anew."""
    file = await make_saved(tmp_path)
    before = await asyncio.to_thread(file.read_bytes)
    async with opened(tmp_path) as store:
        await store.replace([update(path, f"other word{number}") for number, path in enumerate(PATHS)])
        await search_until_read(store)
        await assert_true(store)

    assert await asyncio.to_thread(file.read_bytes) != before


@pytest.mark.parametrize("place", [0, 20, 100, 400, -200, -1])
@pytest.mark.parametrize("kind", ["changed", "shortened"])
async def test_a_damaged_file_is_as_none(tmp_path: Path, place: int, kind: str) -> None:
    """Wherever a file is damaged, nothing of it is believed."""
    file = await make_saved(tmp_path)
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content if kind == "changed" else content[:place])
    async with opened(tmp_path) as store:
        await store.find_keywords(["common"], Scope(), 1)
        catalogue = store._tables.catalogue._known

        assert load_terms(file, catalogue) is None
        await search_until_read(store)
        assert load_terms(file, catalogue) is not None


@pytest.mark.parametrize(
    ("column", "broken"),
    [
        ("rows", lambda rows: rows + 1_000),
        ("starts", lambda starts: starts[::-1]),
        ("starts", lambda starts: starts + 1),
        ("terms", lambda terms: terms[::-1]),
        ("lengths", lambda lengths: -lengths),
    ],
)
async def test_impossible_columns_are_not_believed(
    tmp_path: Path, column: str, broken: Callable[[Any], Any]
) -> None:
    """A file whose checksum is right, and whose numbers cannot be, is as none."""
    file = await make_saved(tmp_path)
    async with opened(tmp_path) as store:
        await search_until_read(store)
        known = store._tables.terms._known
        assert known is not None
        runs = [replace(run, **{column: broken(getattr(run, column))}) for run, _ in known.runs]
        assert load_terms(file, known.catalogue) is not None
        save_terms(
            file, CatalogueTerms(known.catalogue, known.keys, runs, [places for _, places in known.runs])
        )

        assert load_terms(file, known.catalogue) is None


async def test_a_file_of_another_make_is_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another version or another stemmer has written is read anew."""
    file = await make_saved(tmp_path)
    monkeypatch.setattr(saved_terms, "_MAKE", {"version": 1, "stemmer": "0.1"})
    async with opened(tmp_path) as store:
        await store.find_keywords(["common"], Scope(), 1)

        assert load_terms(file, store._tables.catalogue._known) is None


async def test_a_folder_that_takes_no_file_changes_nothing(tmp_path: Path) -> None:
    """Where the file cannot be written, terms are read all the same."""
    async with opened(tmp_path) as store:
        await asyncio.to_thread(terms_file(store._index).mkdir)
        await store.replace([update(path, f"word{number}") for number, path in enumerate(PATHS)])
        await search_until_read(store)

        await assert_true(store)
        assert not list(store._index.glob("terms.new-*"))


async def test_half_written_files_go(tmp_path: Path) -> None:
    """What a killed process left half written is deleted after an hour."""
    file = await make_saved(tmp_path)
    left = file.with_name("terms.new-1")
    left.touch()
    os.utime(left, (0, 0))
    async with opened(tmp_path) as store:
        await search_until_read(store)
        save_terms(file, store._tables.terms._known)  # type: ignore[arg-type]

    assert not left.exists()
