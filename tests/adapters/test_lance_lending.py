"""Workspaces lend each other the vectors of the same texts, over the real LanceDB."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from builders import make_chunk, make_update, make_vector
from firsthand.adapters import lance_lending
from firsthand.adapters.lance_folder import index_folder, vectors_name
from firsthand.adapters.lance_store import LanceStore, open_store
from firsthand.core.model import Chunk, FileUpdate, Fingerprint

FINGERPRINT = Fingerprint("test-model", "digest", 3)


async def opened(folder: Path, fingerprint: Fingerprint = FINGERPRINT, version: int = 1) -> LanceStore:
    """Open the index of a workspace beside the others."""
    return await open_store(folder, fingerprint, version, workspaces=folder.parent)


def files(count: int) -> list[FileUpdate]:
    """Files of one chunk each, the same in every workspace."""
    return [make_update(f"f{number}.py", [chunk(number)]) for number in range(count)]


def chunk(number: int) -> Chunk:
    """One of these chunks."""
    return make_chunk(f"f{number}.py", f"text {number}\n")


async def embed(store: LanceStore, numbers: Sequence[int]) -> None:
    """Store the vectors of some of these chunks."""
    await store.set_vectors({chunk(number).content_hash: make_vector(number, 1, 0) for number in numbers})


@pytest.mark.parametrize("many_hits", [4_000, 3], ids=["by name", "by reading everything"])
async def test_a_second_clone_embeds_nothing(
    tmp_path: Path, many_hits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every vector that another workspace has is taken over as it is, and nothing waits any more."""
    monkeypatch.setattr(lance_lending, "_MANY_HITS", many_hits)
    first, second = await opened(tmp_path / "one"), await opened(tmp_path / "two")
    await first.replace(files(600))
    await embed(first, range(600))
    await second.replace(files(600))

    adopted = await second.adopt_vectors()

    assert (adopted, (await second.stats()).embedded) == (600, 600)
    assert await second.without_vector(1) == []
    key = chunk(7).content_hash
    assert await second.known_vectors([key]) == await first.known_vectors([key])
    await first.close()
    await second.close()


async def test_what_nobody_has_is_left_to_be_embedded(tmp_path: Path) -> None:
    """Several lenders complete each other; a text that none could embed is no vector."""
    lenders = [await opened(tmp_path / name) for name in ("one", "two")]
    await embed(lenders[0], [0, 1])
    await embed(lenders[1], [1, 2])
    await lenders[1].set_unembeddable({chunk(3).content_hash: "too long"})
    borrower = await opened(tmp_path / "three")
    await borrower.replace(files(5))

    adopted = await borrower.adopt_vectors()

    assert adopted == 3
    assert {item.path for item in await borrower.without_vector(9)} == {"f3.py", "f4.py"}
    for store in (*lenders, borrower):
        await store.close()


async def test_other_weights_lend_nothing(tmp_path: Path) -> None:
    """Only the very same embedder; the version of the index does not matter."""
    update = replace(FINGERPRINT, digest="other")
    other, older = await opened(tmp_path / "one", update), await opened(tmp_path / "two", version=1)
    await embed(other, range(5))
    await embed(older, range(4))
    borrower = await opened(tmp_path / "three", version=2)
    await borrower.replace(files(5))

    assert await borrower.adopt_vectors() == 4
    for store in (other, older, borrower):
        await store.close()


async def test_a_saved_file_asks_nobody(tmp_path: Path) -> None:
    """A few texts are embedded sooner than they are looked for."""
    lender, borrower = await opened(tmp_path / "one"), await opened(tmp_path / "two")
    await embed(lender, range(3))
    await borrower.replace(files(3))

    assert await borrower.adopt_vectors() == 0
    await lender.close()
    await borrower.close()


async def test_a_lender_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """Its damage is its own; the next one lends."""
    broken, sound = await opened(tmp_path / "one"), await opened(tmp_path / "two")
    for store in (broken, sound):
        await embed(store, range(5))
    table = index_folder(tmp_path / "one", 1) / f"{vectors_name(FINGERPRINT)}.lance"
    for file in table.glob("data/*"):
        file.write_bytes(b"")
    borrower = await opened(tmp_path / "three")
    await borrower.replace(files(5))

    assert await borrower.adopt_vectors() == 5
    for store in (broken, sound, borrower):
        await store.close()


async def test_a_temporary_index_asks_nobody(tmp_path: Path) -> None:
    """An index that was not told of others has no others."""
    lender = await opened(tmp_path / "one")
    await embed(lender, range(5))
    alone = await open_store(tmp_path / "two", FINGERPRINT, 1)
    await alone.replace(files(5))

    assert await alone.adopt_vectors() == 0
    await lender.close()
    await alone.close()


async def test_workspaces_lend_while_they_write(tmp_path: Path) -> None:
    """Two that borrow from each other while both store and compact lose nothing and end complete."""
    stores = [await opened(tmp_path / name) for name in ("one", "two")]
    for store in stores:
        await store.replace(files(80))

    async def work(store: LanceStore, numbers: Sequence[int]) -> None:
        for start in range(0, len(numbers), 10):
            await embed(store, numbers[start : start + 10])
            await store.adopt_vectors()
            await store.optimize()

    await asyncio.gather(work(stores[0], range(40)), work(stores[1], range(40, 80)))
    for store in stores:
        await store.adopt_vectors()

    for store in stores:
        assert (await store.stats()).embedded == 80
        known = await store.known_vectors([chunk(number).content_hash for number in range(80)])
        assert known == {chunk(number).content_hash: make_vector(number, 1, 0) for number in range(80)}
        await store.close()
