"""The chunk store over the real LanceDB."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, replace
from pathlib import Path

import lancedb
import pytest
from lancedb.table import AsyncTable

from builders import EmbeddedUpdate, make_chunk, make_update, make_vector, store_embedded
from firsthand.adapters.lance_folder import vectors_name
from firsthand.adapters.lance_lock import keeper_lock
from firsthand.adapters.lance_store import LanceStore, open_store, writer_lock
from firsthand.core.identifiers import terms
from firsthand.core.model import (
    Chunk,
    Definition,
    FileRecord,
    FileUpdate,
    Fingerprint,
    IndexStats,
    Links,
    Scope,
    ScoredChunk,
    Use,
)
from firsthand.core.scopes import exactly
from firsthand.errors import StoreBusyError, StoreError

FINGERPRINT = Fingerprint("test-model", "digest", 3)
OTHER = Fingerprint("other-model", "digest", 2)
HOSTILE_PATHS = (
    "it's.py", "new\nline.py", "per%cent_.py", "back\\slash.py", "ünï/计算.py", 'double"quote.py', "a' OR '1'='1.py",
    "semi;colon--.py", "tab\t.py", "star*.py", "mark?.py", "back\\*.py", "[a].py", " space .py",
)  # fmt: skip
# What the names above would match if they were globs.
LOOKALIKES = ("other.py", "starfish.py", "marks.py", "backs.py", "a.py")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LanceStore]:
    opened = await open_store(tmp_path / "index", FINGERPRINT, 1)
    yield opened
    await opened.close()


def paths_of(chunks: Sequence[Chunk]) -> list[str]:
    return [chunk.path for chunk in chunks]


def hits_of(hits: Sequence[ScoredChunk]) -> list[str]:
    return [hit.chunk.path for hit in hits]


def the_index(folder: Path) -> Path:
    """Return the one index in a folder."""
    (meta,) = folder.glob("*/meta.json")
    return meta.parent


def chunker_versions(folder: Path) -> list[int]:
    """Return the versions of all indexes in a folder."""
    return sorted(json.loads(meta.read_text())["chunker_version"] for meta in folder.glob("*/meta.json"))


def one_chunk_file(path: str, text: str, vector: Sequence[float] = (), **fields: object) -> EmbeddedUpdate:
    """Return a file of one chunk, with its vector if there is one."""
    chunk = make_chunk(path, text, **fields)
    return make_update(path, [chunk], vectors={chunk.content_hash: make_vector(*vector)} if vector else None)


async def test_a_chunk_comes_back_as_it_was_stored(store: LanceStore) -> None:
    """Every field survives, unicode and line ends included."""
    chunk = make_chunk(
        "src/täst.py", "def f():\r\n\treturn '\u2028 \"quoted\" \\ 计'\n", name="f", qualified_name="A.f", parent="A",
        preamble="# src/täst.py", signature="def f()", docstring="Tells f.", imports=["import os"], calls=["g", "h"],
        references=["T"], bases=["B"], is_test=True, start_byte=7, start_line=3,
    )  # fmt: skip
    await store.replace([make_update(chunk.path, [chunk])])

    assert await store.chunks_of(chunk.path) == [chunk]


async def test_replacing_a_file_leaves_nothing_of_the_old_one(store: LanceStore) -> None:
    """New rows stand in for all old ones, other files stay, a file may become empty."""
    old = [make_chunk("a.py", f"old {number}\n", start_byte=number * 10) for number in range(5)]
    new = [make_chunk("a.py", "fresh\n"), make_chunk("a.py", "old 1\n", start_byte=10)]
    await store.replace(
        [make_update("a.py", old), one_chunk_file("b.py", "kept\n"), one_chunk_file("c.py", "dropped\n")]
    )
    await store.replace([make_update("a.py", new), make_update("c.py")])

    assert await store.chunks_of("a.py") == new
    assert paths_of(await store.chunks_of("b.py")) == ["b.py"]
    assert await store.chunks_of("c.py") == []
    assert hits_of(await store.search_keywords(["old"], Scope(), 10)) == ["a.py"]
    assert {path: record.chunks for path, record in (await store.manifest()).items()} == {
        "a.py": 2,
        "b.py": 1,
        "c.py": 0,
    }


async def test_a_file_grows_and_shrinks(store: LanceStore) -> None:
    """Whatever number of chunks a file had before, it has those of its last update, and other files keep theirs."""
    kept = [make_chunk("b.py", f"kept {number}\n", start_byte=number * 10) for number in range(3)]
    await store.replace([make_update("b.py", kept)])
    for step, count in enumerate((3, 5, 5, 2, 4, 0, 1)):
        chunks = [make_chunk("a.py", f"{step} {number}\n", start_byte=number * 10) for number in range(count)]
        await store.replace([make_update("a.py", chunks), one_chunk_file("c.py", f"{step}\n")])

        assert [await store.chunks_of(path) for path in ("a.py", "b.py")] == [chunks, kept]
        assert (await store.stats()).chunks == count + 4
        assert {record.status for record in (await store.manifest()).values()} == {"indexed"}


async def test_the_last_update_of_a_file_counts(store: LanceStore) -> None:
    """Two updates of one file in one call are no conflict."""
    await store.replace([one_chunk_file("a.py", "first\n"), one_chunk_file("a.py", "second\n")])

    assert [chunk.text for chunk in await store.chunks_of("a.py")] == ["second\n"]


async def test_the_manifest_keeps_every_file_with_its_reason(store: LanceStore) -> None:
    """Skipped and failed files are known too; touching changes times but not unknown files."""
    indexed = one_chunk_file("a.py", "text\n")
    skipped = FileRecord("b.png", "", 5, 6, "skipped", "binary")
    failed = FileRecord("c.py", "h", 7, 8, "failed", "unreadable")
    await store.replace([indexed, FileUpdate(skipped, ()), FileUpdate(failed, ())])
    touched = FileRecord("a.py", indexed.record.content_hash, 99, 100, "indexed", "", "python", 1)
    await store.touch([touched, FileRecord("unknown.py", "h", 1, 1, "indexed")])

    assert await store.manifest() == {"a.py": touched, "b.png": skipped, "c.py": failed}
    assert await store.stats() == IndexStats(files=1, skipped=1, failed=1, chunks=1, embedded=0)


async def test_removed_files_are_forgotten(store: LanceStore) -> None:
    """Their chunks, names and records go; more paths than one predicate holds are no problem."""
    updates = [
        one_chunk_file(f"f{number}.py", f"text {number}\n", name=f"name{number}") for number in range(700)
    ]
    await store.replace(updates)
    await store.remove([*(f"f{number}.py" for number in range(1, 700)), "never.py"])

    assert list(await store.manifest()) == ["f0.py"]
    assert await store.names() == {"name0"}
    assert hits_of(await store.search_keywords(["text"], Scope(), 10)) == ["f0.py"]


@pytest.mark.parametrize("path", HOSTILE_PATHS)
async def test_any_file_name_is_only_a_name(store: LanceStore, path: str) -> None:
    """Quotes, wildcards, newlines and SQL in a path reach no other file."""
    await store_embedded(
        store,
        [
            one_chunk_file(path, "mine\n", (1, 0, 0), name=path),
            *(one_chunk_file(other, "mine\n", (0, 1, 0)) for other in LOOKALIKES),
        ],
    )
    await store_embedded(store, [one_chunk_file(path, "mine again\n", (1, 0, 0), name=path)])
    only = Scope(paths=(exactly(path),))

    assert [chunk.text for chunk in await store.chunks_of(path)] == ["mine again\n"]
    assert hits_of(await store.search_keywords(["mine"], only, 10)) == [path]
    assert hits_of(await store.find_dense(make_vector(1, 0, 0), only, 10)) == [path]
    assert paths_of(await store.defining([path], 10)) == [path]
    await store.remove([path])
    assert sorted(await store.manifest()) == sorted(LOOKALIKES)


async def test_an_interrupted_write_shows_in_the_manifest(tmp_path: Path, store: LanceStore) -> None:
    """Rows without their record, or a record without its rows, count as failed, so that the next sweep heals them."""
    await store.replace(
        [one_chunk_file(f"{name}.py", f"{name}\n") for name in ("whole", "rowless", "recordless", "changed")]
    )
    connection = await lancedb.connect_async(the_index(tmp_path / "index"))
    chunks = await connection.open_table("chunks")
    await chunks.delete("path = 'rowless.py'")
    await chunks.update({"revision": "another"}, where="path = 'changed.py'")
    await (await connection.open_table("files")).delete("path = 'recordless.py'")

    manifest = await store.manifest()

    assert {path: record.status for path, record in manifest.items()} == {
        "whole.py": "indexed", "rowless.py": "failed", "recordless.py": "failed", "changed.py": "failed",
    }  # fmt: skip
    assert {record.content_hash for record in manifest.values() if record.status == "failed"} == {""}
    await store.remove(["recordless.py"])
    await store.replace([one_chunk_file(f"{name}.py", f"{name}\n") for name in ("rowless", "changed")])
    assert {record.status for record in (await store.manifest()).values()} == {"indexed"}
    assert await store.chunks_of("recordless.py") == []


async def test_chunks_wait_for_their_vector_in_the_order_in_which_they_came(store: LanceStore) -> None:
    """One for each hash; what has a vector or cannot have one does not wait."""
    files = [one_chunk_file(f"{name}.py", f"{name}\n") for name in "abcd"]
    keys = [file.chunks[0].content_hash for file in files]
    await store.replace(files)
    await store.replace([one_chunk_file("copy.py", "a\n")])

    assert paths_of(await store.without_vector(2)) in (["a.py", "b.py"], ["copy.py", "b.py"])
    await store.set_vectors({keys[0]: make_vector(1, 0, 0), "gone": make_vector(0, 1, 0)})
    await store.set_unembeddable({keys[1]: "too long"})
    assert paths_of(await store.without_vector(10)) == ["c.py", "d.py"]
    await store.remove(["c.py"])
    assert paths_of(await store.without_vector(10)) == ["d.py"]
    assert (await store.stats()).embedded == 2


async def test_what_waits_is_the_same_after_reopening(tmp_path: Path) -> None:
    """Vectors, refusals and waiting chunks are on the disk."""
    store = await open_store(tmp_path, FINGERPRINT, 1)
    files = [one_chunk_file(f"{name}.py", f"{name}\n") for name in "abc"]
    await store.replace(files)
    await store.set_vectors({files[0].chunks[0].content_hash: make_vector(1, 0, 0)})
    await store.set_unembeddable({files[1].chunks[0].content_hash: "too long"})
    await store.close()
    again = await open_store(tmp_path, FINGERPRINT, 1)

    assert paths_of(await again.without_vector(10)) == ["c.py"]
    assert hits_of(await again.find_dense(make_vector(1, 0, 0), Scope(), 10)) == ["a.py"]
    await again.close()


async def test_writes_of_another_handle_are_seen(tmp_path: Path) -> None:
    """A reader that stays open finds what a writer stored meanwhile, in every kind of question."""
    writer = await open_store(tmp_path, FINGERPRINT, 1)
    reader = await open_store(tmp_path, FINGERPRINT, 1)
    assert await reader.without_vector(5) == []
    await store_embedded(
        writer,
        [one_chunk_file("a.py", "found\n", (1, 0, 0), name="found"), one_chunk_file("b.py", "waits\n")],
    )

    assert paths_of(await reader.without_vector(5)) == ["b.py"]
    assert hits_of(await reader.search_keywords(["found"], Scope(), 5)) == ["a.py"]
    assert hits_of(await reader.find_dense(make_vector(1, 0, 0), Scope(), 5)) == ["a.py"]
    assert await reader.names() == {"found"}
    assert set(await reader.manifest()) == {"a.py", "b.py"}
    await reader.close()
    await writer.close()


async def test_vectors_survive_their_text(store: LanceStore) -> None:
    """A text that returns after a branch switch finds its vector again; asking for many hashes works."""
    file = one_chunk_file("a.py", "text\n", (0.25, -0.5, 1.0))
    key = file.chunks[0].content_hash
    await store_embedded(store, [file])
    await store.remove(["a.py"])
    await store.optimize()

    assert await store.known_vectors([*(f"absent {number}" for number in range(1200)), key]) == {
        key: make_vector(0.25, -0.5, 1.0)
    }
    await store.replace([make_update("a.py", file.chunks)])
    assert await store.without_vector(10) == []
    assert hits_of(await store.find_dense(make_vector(0, 0, 1), Scope(), 5)) == ["a.py"]


async def test_vectors_without_text_are_bounded(store: LanceStore) -> None:
    """Those whose text is gone longest are dropped beyond the reserve, those in use never."""
    used = one_chunk_file("a.py", "text\n", (1, 0, 0))
    await store_embedded(store, [used])
    for start in range(0, 600, 200):
        await store.set_vectors(
            {f"spare {number}": make_vector(0, 1, 0) for number in range(start, start + 200)}
        )
    await store.optimize()

    known = await store.known_vectors(
        [used.chunks[0].content_hash, "spare 0", "spare 299", "spare 300", "spare 599"]
    )

    assert set(known) == {used.chunks[0].content_hash, "spare 300", "spare 599"}


async def test_a_vector_of_another_length_is_refused(store: LanceStore) -> None:
    """It comes from another model and would poison the index."""
    with pytest.raises(StoreError, match="2 dimensions instead of 3"):
        await store.set_vectors({"key": make_vector(1, 0)})


async def test_dense_search_ranks_by_cosine(store: LanceStore) -> None:
    """Best first, scores are similarities, length does not matter, chunks without a vector are not found."""
    await store_embedded(
        store,
        [
            one_chunk_file("same.py", "a\n", (2, 0, 0)),
            one_chunk_file("near.py", "b\n", (1, 1, 0)),
            one_chunk_file("far.py", "c\n", (-1, 0, 0)),
            one_chunk_file("none.py", "d\n"),
        ],
    )

    hits = await store.find_dense(make_vector(1, 0, 0), Scope(), 10)

    assert hits_of(hits) == ["same.py", "near.py", "far.py"]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.5**0.5, -1.0], abs=1e-5)
    assert hits_of(await store.find_dense(make_vector(1, 0, 0), Scope(), 1)) == ["same.py"]


SCOPES = {
    "everything": (Scope(), ["app/a.py", "app/b_test.py", "lib/c.ts", "lib2/d.ts"]),
    "folder": (Scope(paths=("lib",)), ["lib/c.ts"]),
    "folder with slash": (Scope(paths=("./lib/",)), ["lib/c.ts"]),
    "file": (Scope(paths=("app/a.py",)), ["app/a.py"]),
    "root": (Scope(paths=(".",)), ["app/a.py", "app/b_test.py", "lib/c.ts", "lib2/d.ts"]),
    "glob": (Scope(paths=("lib*/*.ts",)), ["lib/c.ts", "lib2/d.ts"]),
    "glob of names": (Scope(paths=("*.py",)), ["app/a.py", "app/b_test.py"]),
    "glob of folders": (Scope(paths=("lib?",)), ["lib2/d.ts"]),
    "deep glob": (Scope(paths=("**/c.*",)), ["lib/c.ts"]),
    "several": (Scope(paths=("lib2", "app/a.py")), ["app/a.py", "lib2/d.ts"]),
    "language": (Scope(languages=("typescript",)), ["lib/c.ts", "lib2/d.ts"]),
    "kind": (Scope(kinds=("class",)), ["app/a.py"]),
    "kind test": (Scope(kinds=("test", "class")), ["app/a.py", "app/b_test.py"]),
    "kind test in a folder": (Scope(paths=("lib",), kinds=("test",)), []),
    "files": (Scope(files=frozenset({"lib/c.ts", "it's gone"}), languages=("typescript",)), ["lib/c.ts"]),
    "no files": (Scope(files=frozenset()), []),
    "tests": (Scope(tests=True), ["app/b_test.py"]),
    "no tests in a folder": (Scope(paths=("app",), tests=False), ["app/a.py"]),
    "nothing": (Scope(paths=("absent",)), []),
}  # fmt: skip


@pytest.mark.parametrize(("scope", "expected"), SCOPES.values(), ids=SCOPES.keys())
async def test_a_scope_limits_both_searches(store: LanceStore, scope: Scope, expected: list[str]) -> None:
    """Paths, globs, languages, kinds and tests combine with "and"."""
    await store_embedded(
        store,
        [
            one_chunk_file("app/a.py", "word one\n", (1, 0, 0), kind="class"),
            one_chunk_file("app/b_test.py", "word two\n", (1, 0, 0), is_test=True),
            one_chunk_file("lib/c.ts", "word three\n", (1, 0, 0), language="typescript"),
            one_chunk_file("lib2/d.ts", "word four\n", (1, 0, 0), language="typescript"),
        ],
    )

    assert sorted(hits_of(await store.search_keywords(["word"], scope, 10))) == expected
    assert sorted(hits_of(await store.find_dense(make_vector(1, 0, 0), scope, 10))) == expected


async def store_near_and_far(store: LanceStore) -> None:
    """Store many chunks near to (1, 0, 0) in out.py, and as many that are far from it in in.py."""
    inside = [make_chunk("in.py", f"in {number}\n", start_byte=number * 10) for number in range(2_500)]
    outside = [make_chunk("out.py", f"out {number}\n", start_byte=number * 10) for number in range(2_500)]
    spread = {chunk.content_hash: make_vector(1, 0, n / 5_000) for n, chunk in enumerate(outside)}
    await store_embedded(
        store,
        [
            make_update(
                "in.py", inside, vectors={chunk.content_hash: make_vector(0, 1, 0) for chunk in inside}
            ),
            make_update("out.py", outside, vectors=spread),
        ],
    )


async def test_a_wide_scope_is_filled_from_far_neighbours(store: LanceStore) -> None:
    """The nearest rows may all lie outside the scope; those inside are found all the same."""
    await store_near_and_far(store)

    hits = await store.find_dense(make_vector(1, 0, 0), Scope(paths=("in.py",)), 20)

    assert hits_of(hits) == ["in.py"] * 20


async def test_a_vector_that_is_stored_twice_hides_nothing(tmp_path: Path, store: LanceStore) -> None:
    """Two processes that embed one text at the same time cost a row, and no hit."""
    await store_near_and_far(store)
    connection = await lancedb.connect_async(the_index(tmp_path / "index"))
    vectors = await connection.open_table(vectors_name(FINGERPRINT))
    await vectors.add(await vectors.query().to_arrow())
    known = {hit.chunk.content_hash for hit in await store.find_dense(make_vector(1, 0, 0), Scope(), 3)}

    hits = await store.find_dense(make_vector(1, 0, 0), Scope(paths=("in.py",)), 20)

    assert len(known) == 3
    assert hits_of(hits) == ["in.py"] * 20


async def test_keyword_search_prefers_definitions(store: LanceStore) -> None:
    """The chunk that bears the name stands before those that use it; the path counts, and forms of a word meet."""
    await store.replace(
        [
            one_chunk_file("src/user.py", "refresh_token(a)\nrefresh_token(b)\n", name="caller"),
            one_chunk_file("src/tokens.py", "def refresh_token(x):\n    return x\n", name="refresh_token"),
            one_chunk_file("src/other.py", "unrelated()\n", name="other"),
        ]
    )

    assert hits_of(await store.search_keywords(terms("refreshToken"), Scope(), 10)) == [
        "src/tokens.py",
        "src/user.py",
    ]
    assert hits_of(await store.search_keywords(["tokens"], Scope(), 10)) == ["src/tokens.py", "src/user.py"]
    assert hits_of(await store.search_keywords(["other"], Scope(), 10)) == ["src/other.py"]
    assert await store.search_keywords([], Scope(), 10) == []


async def test_rows_are_found_before_and_after_the_index_takes_them_in(store: LanceStore) -> None:
    """Appended, replaced and deleted rows are right with and without `optimize`."""
    for number in range(30):
        await store.replace([one_chunk_file(f"f{number}.py", f"common unique{number}\n")])
    await store.optimize()
    await store.replace(
        [one_chunk_file("f0.py", "common replaced\n"), one_chunk_file("new.py", "common brandnew\n")]
    )
    await store.remove(["f1.py"])

    for _ in range(2):
        assert hits_of(await store.search_keywords(["unique0"], Scope(), 5)) == []
        assert hits_of(await store.search_keywords(["unique1"], Scope(), 5)) == []
        assert hits_of(await store.search_keywords(["replaced"], Scope(), 5)) == ["f0.py"]
        assert hits_of(await store.search_keywords(["brandnew"], Scope(), 5)) == ["new.py"]
        assert len(await store.search_keywords(["common"], Scope(), 50)) == 30
        await store.optimize()


async def test_many_new_rows_and_few_are_taken_into_the_search_indexes(store: LanceStore) -> None:
    """No row is left to be read one by one, and what is found stays the same, whether the indexes are made anew."""
    for files in (range(200), range(200, 202)):
        await store.replace([one_chunk_file(f"f{number}.py", f"common unique{number}\n") for number in files])
        before = sorted(hits_of(await store.search_keywords(["common"], Scope(), 500)))

        await store.index_words()

        assert await store._tables.unindexed_chunks() == 0
        assert before == sorted(hits_of(await store.search_keywords(["common"], Scope(), 500)))
        assert hits_of(await store.search_keywords([f"unique{files[-1]}"], Scope(), 5)) == [
            f"f{files[-1]}.py"
        ]


async def test_definitions_and_mentions_are_found_by_name(store: LanceStore) -> None:
    """Definitions ignore case and put the exact one first; mentions are exact and put tests last."""
    await store.replace(
        [
            one_chunk_file("lower.py", "a\n", name="gateway", qualified_name="pay.gateway"),
            one_chunk_file("upper.py", "b\n", name="Gateway"),
            one_chunk_file("a_test.py", "c\n", calls=["Gateway"], is_test=True),
            one_chunk_file("b.py", "d\n", references=["shop.Gateway"]),
            one_chunk_file("c.py", "e\n", bases=["Gateway"]),
            one_chunk_file("d.py", "f\n", imports=["from shop import Gateway"]),
            one_chunk_file("e.py", "g\n", calls=["gateway"]),
            one_chunk_file("f.py", "Gateway in text only\n"),
        ]
    )

    assert paths_of(await store.defining(["Gateway"], 10)) == ["upper.py", "lower.py"]
    assert paths_of(await store.defining(["PAY.GATEWAY"], 10)) == ["lower.py"]
    assert paths_of(await store.defining(["absent"], 10)) == []
    assert paths_of(await store.mentioning("Gateway", 10)) == ["b.py", "c.py", "d.py", "a_test.py"]
    assert paths_of(await store.mentioning("shop.Gateway", 10)) == ["b.py"]
    assert paths_of(await store.mentioning("Gateway", 2)) == ["b.py", "c.py"]
    assert await store.names() == {"gateway", "Gateway"}


CHARGE = Links(
    (
        Definition("charge", "Gateway.charge", "method", 2, 4),
        Definition("send", "send", "function", 6, 9, True),
    ),
    (
        Use("Client", "vendor.http", "import", 1, "", "vendor.http"),
        Use("charge", "this", "call", 3, "Gateway.retry", "* a.h, b.h"),
        Use("Base", "", "base", 2, "Gateway"),
    ),
)


def linked_file(path: str, links: Links) -> FileUpdate:
    """Return a file of one chunk with these links."""
    return replace(one_chunk_file(path, f"{path}\n"), links=(links,))


async def test_links_come_back_as_they_were_stored(store: LanceStore) -> None:
    """Every field survives; a search by name brings only the links of that name."""
    await store.replace(
        [linked_file("a.py", CHARGE), linked_file("b.py", Links()), one_chunk_file("c.py", "c\n")]
    )

    (linked,) = await store.links_of("a.py")
    (charge,) = await store.linked(["charge"], 10)
    assert linked.links == CHARGE
    assert (charge.links.definitions, charge.links.uses) == (CHARGE.definitions[:1], CHARGE.uses[1:2])
    assert charge.chunk.path == "a.py"
    assert await store.links_of("b.py") == []
    assert await store.linked(["Charge"], 10) == []
    assert await store.linked(["=charge", "a b", ""], 10) == []


async def test_links_go_with_their_file(store: LanceStore) -> None:
    """A changed file has its new links alone, in the same commit; a removed file has none."""
    other = Links(uses=(Use("refund", "", "call", 1, ""),))
    await store.replace([linked_file("a.py", CHARGE), linked_file("b.py", CHARGE)])
    await store.replace([linked_file("a.py", other)])
    await store.remove(["b.py"])

    assert await store.linked(["charge", "Base"], 10) == []
    assert [each.links for each in await store.linked(["refund"], 10)] == [other]


async def test_an_index_of_an_earlier_version_lends_its_vectors(tmp_path: Path) -> None:
    """After an update of Firsthand files are read again, and no text is embedded a second time."""
    update = one_chunk_file("a.py", "text\n", (0, 1, 0))
    earlier = await open_store(tmp_path, FINGERPRINT, 1)
    await store_embedded(earlier, [update])
    await earlier.close()

    store = await open_store(tmp_path, FINGERPRINT, 2)
    known = await store.known_vectors([update.chunks[0].content_hash])
    foreign = await open_store(tmp_path, replace(FINGERPRINT, model="other"), 2)

    assert await store.manifest() == {}
    assert list(known.values()) == [make_vector(0, 1, 0)]
    assert await foreign.known_vectors([update.chunks[0].content_hash]) == {}
    await store.close()
    await foreign.close()


async def test_names_follow_the_chunks(store: LanceStore) -> None:
    """Last parts only, and those of replaced files are gone."""
    imports = [
        "import { Cart } from './store/cart.js'",
        "os.path",
        "std::fs::File",
        "#include <vector.h>",
        '"./style/main.css"',
    ]
    await store.replace(
        [one_chunk_file("a.py", "a\n", name="run", calls=["self.save", "go"], imports=imports)]
    )
    before = await store.names()
    await store.replace([one_chunk_file("a.py", "b\n", name="walk")])

    assert before == {"run", "save", "go", "cart", "path", "File", "vector", "main"}
    assert await store.names() == {"walk"}


async def test_compaction_and_writes_go_on_together(store: LanceStore) -> None:
    """Neither loses what the other did, and what is known of files and vectors stays true meanwhile."""
    assert (await store.manifest(), await store.without_vector(1)) == ({}, [])

    async def write() -> None:
        for number in range(25):
            vector = (1, 0, 0) if number % 2 else ()
            update = one_chunk_file(f"f{number % 5}.py", f"version {number}\n", vector)
            await store_embedded(store, [update])
            assert (await store.manifest())[update.record.path] == update.record

    async def compact() -> None:
        for _ in range(5):
            await store.optimize()

    await asyncio.gather(write(), compact())

    texts = {
        chunk.path: chunk.text for number in range(5) for chunk in await store.chunks_of(f"f{number}.py")
    }
    assert texts == {f"f{number}.py": f"version {20 + number}\n" for number in range(5)}
    assert {record.status for record in (await store.manifest()).values()} == {"indexed"}
    assert [chunk.path for chunk in await store.without_vector(9)] == ["f0.py", "f2.py", "f4.py"]


async def test_a_cancelled_write_leaves_a_store_that_works(store: LanceStore) -> None:
    """Whatever point it was stopped at, the manifest tells the truth and the next writes succeed."""
    files = [one_chunk_file(f"f{number}.py", f"text {number}\n") for number in range(50)]
    for turns in range(0, 60, 3):
        task = asyncio.create_task(store.replace(files))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await store.replace(files)

    assert {record.status for record in (await store.manifest()).values()} == {"indexed"}
    assert (await store.stats()).chunks == 50
    assert len(await store.without_vector(100)) == 50


async def test_the_two_versions_used_last_are_kept(tmp_path: Path) -> None:
    """Going back to the version before costs nothing, and the disk stays bounded."""
    for version in (1, 2, 3):
        store = await open_store(tmp_path, FINGERPRINT, version)
        assert await store.manifest() == {}
        await store.close()

    assert chunker_versions(tmp_path) == [2, 3]


async def test_embedders_share_the_chunks_and_never_a_vector(tmp_path: Path, store: LanceStore) -> None:
    """Beside one embedder's vectors another's are built of the same chunks; each search sees its own."""
    update = one_chunk_file("a.py", "text\n", (0, 1, 0))
    (chunk,) = update.chunks
    await store_embedded(store, [update])
    other = await store.beside(OTHER)
    waiting = await other.without_vector(10)
    nothing = await other.find_dense(make_vector(1, 0), Scope(), 5)
    await other.set_vectors({chunk.content_hash: make_vector(1, 0)})

    assert [item.content_hash for item in waiting] == [chunk.content_hash]
    assert nothing == []
    assert [hit.score for hit in await other.find_dense(make_vector(1, 0), Scope(), 5)] == [1.0]
    assert await store.known_vectors([chunk.content_hash]) == {chunk.content_hash: make_vector(0, 1, 0)}
    assert set(await store.embedders()) == {FINGERPRINT, OTHER}
    await other.close()


async def test_a_file_that_changes_waits_for_a_vector_of_each_embedder(store: LanceStore) -> None:
    """Whichever of the two wrote it."""
    other = await store.beside(OTHER)
    await store_embedded(store, [one_chunk_file("a.py", "one\n", (0, 1, 0))])
    await other.set_vectors({(await other.without_vector(1))[0].content_hash: make_vector(1, 0)})
    await other.replace([one_chunk_file("a.py", "two\n")])

    assert [chunk.text for chunk in await store.without_vector(5)] == ["two\n"]
    assert [chunk.text for chunk in await other.without_vector(5)] == ["two\n"]
    assert (await store.stats()).embedded == (await other.stats()).embedded == 0
    await other.close()


async def test_damaged_vectors_cost_vectors_only(tmp_path: Path) -> None:
    """Chunks, files and the vectors of other embedders are still there."""
    store = await open_store(tmp_path, FINGERPRINT, 1)
    await store_embedded(store, [one_chunk_file("a.py", "text\n", (0, 1, 0))])
    await (await store.beside(OTHER)).set_vectors({"kept": make_vector(1, 0)})
    await store.close()
    _delete_table(the_index(tmp_path))
    again = await open_store(tmp_path, FINGERPRINT, 1)
    other = await again.beside(OTHER)

    assert list(await again.manifest()) == ["a.py"]
    assert [chunk.path for chunk in await again.without_vector(5)] == ["a.py"]
    assert list(await other.known_vectors(["kept"])) == ["kept"]
    await again.close()
    await other.close()


async def test_half_made_vectors_are_made_anew(tmp_path: Path, store: LanceStore) -> None:
    """A process that was killed while it made the table leaves nothing in the way."""
    (the_index(tmp_path / "index") / f"{vectors_name(OTHER)}.lance" / "data").mkdir(parents=True)

    other = await store.beside(OTHER)

    assert (await other.stats()).embedded == 0
    await other.close()


async def test_vectors_are_made_while_another_process_keeps_the_index(
    tmp_path: Path, store: LanceStore
) -> None:
    """A second session with another model may prepare for it; two that do so at once make one table."""
    async with keeper_lock(the_index(tmp_path / "index")):
        first, second = await asyncio.gather(store.beside(OTHER), store.beside(OTHER))
        await first.set_vectors({"made": make_vector(1, 0)})

    assert list(await second.known_vectors(["made"])) == ["made"]
    await first.close()
    await second.close()


async def test_an_index_made_for_one_embedder_lends_its_vectors(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An index of the time when each embedder had a whole one is not used but for its vectors, and that is said."""
    update = one_chunk_file("a.py", "text\n", (0, 1, 0))
    earlier = await open_store(tmp_path / "made", FINGERPRINT, 1)
    await store_embedded(earlier, [update])
    await earlier.close()
    old = tmp_path / "index" / "0123456789abcdef"
    old.mkdir(parents=True)
    (the_index(tmp_path / "made") / f"{vectors_name(FINGERPRINT)}.lance").rename(old / "vectors.lance")
    identity = {"schema_version": 2, "chunker_version": 1, "fingerprint": asdict(FINGERPRINT)}
    (old / "meta.json").write_text(json.dumps(identity))

    store = await open_store(tmp_path / "index", FINGERPRINT, 1)

    assert await store.manifest() == {}
    assert list((await store.known_vectors([update.chunks[0].content_hash])).values()) == [
        make_vector(0, 1, 0)
    ]
    assert "another version of Firsthand" in caplog.text
    await store.close()


def _truncate_manifests(index: Path) -> None:
    for file in index.glob("chunks.lance/_versions/*"):
        file.write_bytes(file.read_bytes()[:10])


def _delete_data(index: Path) -> None:
    for file in index.glob("chunks.lance/data/*"):
        file.unlink()


def _truncate_files_table(index: Path) -> None:
    for file in index.glob("files.lance/data/*"):
        file.write_bytes(b"")


def _delete_table(index: Path) -> None:
    for file in sorted(index.glob(f"{vectors_name(FINGERPRINT)}.lance/**/*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()


def _blank_data(index: Path) -> None:
    for file in index.glob("chunks.lance/data/*"):
        file.write_bytes(b"\0" * file.stat().st_size)


def _spoil_meta(index: Path) -> None:
    (index / "meta.json").write_text("{")


@pytest.mark.parametrize("damage", [_truncate_manifests, _delete_data, _truncate_files_table, _spoil_meta])
async def test_a_damaged_index_is_made_anew(tmp_path: Path, damage: object) -> None:
    """Opening never fails because of what is on the disk, and the fresh index works."""
    store = await open_store(tmp_path, FINGERPRINT, 1)
    await store.replace([one_chunk_file("a.py", "text\n")])
    await store.close()
    damage(the_index(tmp_path))
    again = await open_store(tmp_path, FINGERPRINT, 1)
    await again.replace([one_chunk_file("b.py", "text\n")])

    assert list(await again.manifest()) == ["b.py"]
    await again.close()


async def test_an_index_that_is_being_written_is_not_taken_for_damaged(
    tmp_path: Path, store: LanceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another process stores while an index is opened stays, and so does the index."""
    count_rows = AsyncTable.count_rows
    written: list[str] = []

    async def count_after_a_write(table: AsyncTable, predicate: str | None = None) -> int:
        if not written:
            written.append("a.py")
            await store.replace([one_chunk_file("a.py", "text\n")])
        return await count_rows(table, predicate)

    monkeypatch.setattr(AsyncTable, "count_rows", count_after_a_write)
    other = await open_store(tmp_path / "index", FINGERPRINT, 1)
    await store.replace([one_chunk_file("b.py", "text\n")])

    assert written == ["a.py"]
    assert sorted(await other.manifest()) == ["a.py", "b.py"]
    await other.close()


@pytest.mark.parametrize("lock", [writer_lock, keeper_lock])
async def test_a_damaged_index_that_is_in_use_is_left_alone(
    tmp_path: Path, lock: Callable[[Path], AbstractAsyncContextManager[None]]
) -> None:
    """Nobody's index is replaced under their feet: the one who opens it is refused."""
    store = await open_store(tmp_path, FINGERPRINT, 1)
    await store.close()
    index = the_index(tmp_path)
    _delete_table(index)
    async with lock(index):
        with pytest.raises(StoreBusyError, match=f"in use by process {os.getpid()}"):
            await open_store(tmp_path, FINGERPRINT, 1)

    assert not list((index / f"{vectors_name(FINGERPRINT)}.lance").glob("**/*"))
    assert (index / "chunks.lance").exists()


async def test_damage_that_shows_later_is_found_at_the_next_opening(tmp_path: Path) -> None:
    """A search that cannot read its rows says so in a sentence, and the index is made anew when it is opened."""
    store = await open_store(tmp_path, FINGERPRINT, 1)
    await store_embedded(store, [one_chunk_file("a.py", "text " * 5_000, (1, 0, 0))])
    _blank_data(the_index(tmp_path))
    with pytest.raises(StoreError, match="could not be searched"):
        await store.chunks_of("a.py")
    await store.close()
    again = await open_store(tmp_path, FINGERPRINT, 1)

    assert await again.manifest() == {}
    await again.close()


async def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """A file in the folder's place gives an error that says what to do."""
    (tmp_path / "index").write_text("a file")

    with pytest.raises(StoreError, match="could not be opened"):
        await open_store(tmp_path / "index", FINGERPRINT, 1)


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    """Late questions get a StoreError, not a crash, and do not put the index under suspicion."""
    store = await open_store(tmp_path, FINGERPRINT, 1)
    await store.close()

    with pytest.raises(StoreError, match="closed"):
        await store.stats()
    assert not (the_index(tmp_path) / "suspect").exists()


async def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """A second one is refused at once with the holder's process, and gets its turn afterwards."""
    async with writer_lock(tmp_path / "index"):
        with pytest.raises(StoreBusyError, match=r"process \d+"):
            async with writer_lock(tmp_path / "index"):
                raise AssertionError("two writers")
    async with writer_lock(tmp_path / "index"):
        pass


async def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    """A killed process leaves nothing that keeps others out."""
    program = (
        "import asyncio, sys; from pathlib import Path; from firsthand.adapters.lance_lock import writer_lock\n"
        "async def hold():\n"
        "    async with writer_lock(Path(sys.argv[1])):\n"
        "        sys.stdout.write('held\\n'); sys.stdout.flush(); sys.stdin.read()\n"
        "asyncio.run(hold())"
    )
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    with pytest.raises(StoreBusyError, match=f"process {holder.pid}"):
        async with writer_lock(tmp_path):
            raise AssertionError("two writers")
    holder.kill()
    await holder.communicate()
    async with writer_lock(tmp_path):
        pass


def test_nothing_is_written_to_stderr(tmp_path: Path) -> None:
    """Lance's warnings would end up in the editor's log on every search."""
    program = (
        "import asyncio, sys; from array import array; from pathlib import Path\n"
        "from firsthand.adapters.lance_store import open_store\n"
        "from firsthand.core.model import Fingerprint, Scope\n"
        "async def main():\n"
        "    store = await open_store(Path(sys.argv[1]), Fingerprint('m', 'd', 3), 1)\n"
        "    await store.set_vectors({'k': array('f', [1, 0, 0])})\n"
        "    await store.search_keywords(['a'], Scope(), 5)\n"
        "    await store.find_dense(array('f', [1, 0, 0]), Scope(), 5)\n"
        "    await store.mentioning('a', 5)\n"
        "    await store.optimize()\n"
        "    await store.close()\n"
        "asyncio.run(main())"
    )
    result = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, check=True)

    assert (result.stdout, result.stderr) == (b"", b"")
