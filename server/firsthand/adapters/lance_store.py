"""The chunk store over LanceDB: one workspace root, one fingerprint, three tables (see `lance_schema`)."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firsthand.adapters import lance_folder, lance_links, lance_schema
from firsthand.adapters.lance_errors import translated
from firsthand.adapters.lance_lock import writer_lock
from firsthand.adapters.lance_pending import PendingChanges, PendingHashes, absent, table_versions
from firsthand.adapters.lance_predicates import any_in_list, one_of, quoted, scope_predicate
from firsthand.adapters.lance_tables import Tables, open_tables
from firsthand.core.model import (
    Chunk,
    FileRecord,
    FileUpdate,
    Fingerprint,
    IndexStats,
    LinkedChunk,
    Scope,
    ScoredChunk,
    Vector,
)
from firsthand.errors import StoreError

__all__ = ["LanceStore", "open_store", "writer_lock"]

# Values in one predicate: Lance parses a few hundred quickly.
_VALUES_PER_PREDICATE = 500
_VALUES_PER_DELETE = 5_000  # each delete is a commit

# Rows that keyword search reads one by one (some 50 µs each) before the index takes them in. The share keeps the
# work of a long first indexing proportional to its size, since each time the whole index is written again.
_UNINDEXED_ROWS = 4_000
_UNINDEXED_SHARE = 0.4

# A scope with fewer chunks than this is searched chunk by chunk; a wider one by asking for more neighbours.
_NARROW_SCOPE = 2_000

# Vectors whose text is gone wait for its return (a branch switch) up to this many, or half as many as are in use.
_SPARE_VECTORS = 10_000

# Mentions are fetched with the least talkative chunks first, and then put in an order that people expect.
_MORE_TO_CHOOSE_FROM = 4

_INTERRUPTED = "indexing was interrupted"


async def open_store(folder: Path, fingerprint: Fingerprint, chunker_version: int) -> "LanceStore":
    """Open the index of this fingerprint in `folder`; a fresh one where there is none or it is damaged.

    Raises:
        StoreError: the folder cannot be used.
    """
    with translated("be opened"):
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        index = lance_folder.index_folder(folder, fingerprint, chunker_version)
        tables = await open_tables(index, fingerprint, chunker_version)
        await asyncio.to_thread(lance_folder.mark_used, index)
        await asyncio.to_thread(lance_folder.drop_old_indexes, folder, index)
    return LanceStore(index, fingerprint, tables)


class LanceStore:
    """A `ChunkStore`; one process at a time writes (see `writer_lock`), any number read."""

    def __init__(self, index: Path, fingerprint: Fingerprint, tables: Tables) -> None:
        self._index = index
        self._dimensions = fingerprint.dimensions
        self._opened: Tables | None = tables
        self._pending = PendingHashes()
        self._writing = asyncio.Lock()
        self._names: frozenset[str] = frozenset()
        self._names_version: int | None = None

    async def manifest(self) -> Mapping[str, FileRecord]:
        """Return what is known of every file; one whose rows are not what its record says counts as failed."""
        async with self._writing:
            with self._reading("be read"):
                files = await self._tables.files.query().to_arrow()
                rows = await self._tables.chunks.query().select(["path", "revision"]).to_arrow()
        return await asyncio.to_thread(_true_records, files, rows)

    async def replace(self, updates: Sequence[FileUpdate]) -> None:
        """Replace the rows of these files: chunks in one commit, then their vectors, then the files' records."""
        latest = list({update.record.path: update for update in updates}.values())
        if not latest:
            return
        rows = await asyncio.to_thread(lance_schema.chunk_table, latest)
        files = await asyncio.to_thread(lance_schema.file_table, latest)
        vectors = {key: vector for update in latest for key, vector in update.vectors.items()}
        async with self._write("store files") as changes:
            await self._replace_chunks([update.record.path for update in latest], rows)
            changes.added = await self._without_row(rows["content_hash"].to_pylist())
            changes.settled = [key for key in changes.added if key in vectors]
            await self._add_vectors({key: vectors[key] for key in changes.settled})
            merge = self._tables.files.merge_insert("path").when_matched_update_all()
            await merge.when_not_matched_insert_all().execute(files)
            await self._index_new_rows()

    async def touch(self, records: Sequence[FileRecord]) -> None:
        """Store new sizes and times; files that are not known stay unknown."""
        if not records:
            return
        rows = await asyncio.to_thread(lance_schema.touch_table, records)
        async with self._write("store files"):
            await self._tables.files.merge_insert("path").when_matched_update_all().execute(rows)

    async def remove(self, paths: Sequence[str]) -> None:
        """Forget these files; their vectors stay for a while in case the text returns."""
        async with self._write("forget files"):
            for batch in lance_schema.batches(list(dict.fromkeys(paths)), _VALUES_PER_PREDICATE):
                await self._tables.chunks.delete(one_of("path", batch))
                await self._tables.files.delete(one_of("path", batch))

    async def known_vectors(self, content_hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Return the vectors that this index has for these hashes, of texts that are gone too."""
        known: dict[str, Vector] = {}
        with self._reading("be searched"):
            for batch in lance_schema.batches(list(dict.fromkeys(content_hashes)), _VALUES_PER_PREDICATE):
                query = self._tables.vectors.query().where(one_of("content_hash", batch))
                found = await query.select(["content_hash", "vector"]).to_arrow()
                known |= await asyncio.to_thread(lance_schema.vectors_from, found)
        return known

    async def without_vector(self, limit: int) -> Sequence[Chunk]:
        """Return up to `limit` chunks that wait for their vector, oldest rows first, one for each hash."""
        async with self._writing:
            while True:
                with self._reading("be read"):
                    wanted = await self._pending.first(self._tables, limit)
                found: dict[str, Chunk] = {}
                for batch in lance_schema.batches(wanted, _VALUES_PER_PREDICATE):
                    chunks = await self._chunks_where(one_of("content_hash", batch))
                    found |= {chunk.content_hash: chunk for chunk in chunks}
                if found or not wanted:
                    return [found[key] for key in wanted if key in found]
                self._pending.drop(wanted)

    async def set_vectors(self, vectors: Mapping[str, Vector]) -> int:
        """Store vectors by chunk hash; return how many chunks have one of them."""
        async with self._write("store vectors") as changes:
            missing = await self._without_row(vectors)
            await self._add_vectors({key: vectors[key] for key in missing})
            changes.settled = list(vectors)
            return await self._count_chunks(changes.settled)

    async def set_unembeddable(self, reasons: Mapping[str, str]) -> None:
        """Remember chunks that cannot have a vector."""
        async with self._write("store vectors") as changes:
            missing = await self._without_row(reasons)
            if missing:
                rows = lance_schema.reason_table({key: reasons[key] for key in missing}, self._dimensions)
                await self._tables.vectors.add(rows)
            changes.settled = list(reasons)

    async def search_dense(self, vector: Vector, scope: Scope, limit: int) -> Sequence[ScoredChunk]:
        """Return the nearest chunks by cosine similarity, best first."""
        with self._reading("be searched"):
            predicate = scope_predicate(scope)
            in_scope = await self._tables.chunks.count_rows(predicate)
            if not in_scope or limit < 1:
                return []
            if predicate and in_scope <= _NARROW_SCOPE:
                return await self._nearest_of_few(vector, predicate, limit)
            total = await self._tables.vectors.count_rows()
            # The expected share of neighbours that lie in the scope, and as much again for the unexpected.
            neighbours = 2 * limit * max(total // in_scope, 1)
            while True:
                hits = await self._nearest(vector, predicate, neighbours, limit)
                if neighbours >= total or len(hits) >= limit:
                    return hits[:limit]
                neighbours *= 8

    async def search_keywords(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[ScoredChunk]:
        """Return chunks by BM25, best first."""
        if not terms or limit < 1:
            return []
        with self._reading("be searched"):
            query = self._tables.chunks.query().nearest_to_text(" ".join(terms), columns=["terms"])
            predicate = scope_predicate(scope)
            if predicate:
                query = query.where(predicate)
            found = await query.select(["chunk", "_score"]).limit(limit).to_arrow()
        chunks = lance_schema.chunks_from(found["chunk"])
        ranked = [ScoredChunk(*pair) for pair in zip(chunks, found["_score"].to_pylist(), strict=True)]
        return sorted(ranked, key=lambda hit: (-hit.score, hit.chunk.id))

    async def chunks_of(self, path: str) -> Sequence[Chunk]:
        """Return the chunks of one file in source order."""
        found = await self._chunks_where(f"path = {quoted(path)}")
        return sorted(found, key=lambda chunk: (chunk.span.start_byte, chunk.span.end_byte))

    async def defining(self, names: Sequence[str], limit: int) -> Sequence[Chunk]:
        """Return chunks that define one of these names: exact case first, then code before tests."""
        if not names or limit < 1:
            return []
        found = await self._chunks_where(any_in_list("defines", {name.lower() for name in names}))
        exact = set(names)

        def rank(chunk: Chunk) -> tuple[bool, bool, str, int]:
            is_exact = chunk.name in exact or chunk.qualified_name in exact
            return not is_exact, chunk.is_test, chunk.path, chunk.span.start_byte

        return sorted(found, key=rank)[:limit]

    async def mentioning(self, name: str, limit: int) -> Sequence[Chunk]:
        """Return chunks that call, refer to, extend or import this very name; code before tests."""
        word = name if name.split() == [name] else lance_schema.last_part(name)
        if not word or limit < 1:
            return []
        with self._reading("be searched"):
            query = self._tables.chunks.query().nearest_to_text(word, columns=["mentions"])
            found = await query.select(["chunk", "_score"]).limit(limit * _MORE_TO_CHOOSE_FROM).to_arrow()
        chunks = lance_schema.chunks_from(found["chunk"])
        return sorted(chunks, key=lambda chunk: (chunk.is_test, chunk.path, chunk.span.start_byte))[:limit]

    async def linked(self, names: Sequence[str], limit: int) -> Sequence[LinkedChunk]:
        """Return chunks that define, use or import one of these names, with those links, rarest mentions first."""
        wanted = {name for name in names if name.split() == [name]}
        if not wanted or limit < 1:
            return []
        words = " ".join(word for name in sorted(wanted) for word in (name, lance_links.defined(name)))
        with self._reading("be searched"):
            query = self._tables.chunks.query().nearest_to_text(words, columns=["mentions"])
            found = await query.select(["chunk", "links", "_score"]).limit(limit).to_arrow()
        return await asyncio.to_thread(lance_schema.linked_from, found, wanted)

    async def links_of(self, path: str) -> Sequence[LinkedChunk]:
        """Return the chunks of one file in source order, with all their links."""
        with self._reading("be searched"):
            query = self._tables.chunks.query().where(f"path = {quoted(path)}")
            found = await query.select(["chunk", "links"]).to_arrow()
        linked = await asyncio.to_thread(lance_schema.linked_from, found)
        return sorted(linked, key=lambda each: (each.chunk.span.start_byte, each.chunk.span.end_byte))

    async def names(self) -> frozenset[str]:
        """Return every plain name of the index; computed again only after the chunks changed."""
        with self._reading("be read"):
            version = await self._tables.chunks.version()
            if version != self._names_version:
                rows = await self._tables.chunks.query().select(["name", "mentions"]).to_arrow()
                self._names = await asyncio.to_thread(_distinct_names, rows)
                self._names_version = version
        return self._names

    async def stats(self) -> IndexStats:
        """Count what is there."""
        with self._reading("be read"):
            statuses = await self._tables.files.query().select(["status"]).to_arrow()
            chunks = await self._tables.chunks.query().select(["content_hash"]).to_arrow()
            query = self._tables.vectors.query().where("vector IS NOT NULL")
            vectors = await query.select(["content_hash"]).to_arrow()
        files = Counter(statuses["status"].to_pylist())
        embedded = await asyncio.to_thread(_count_in, chunks["content_hash"], vectors["content_hash"])
        return IndexStats(files["indexed"], files["skipped"], files["failed"], chunks.num_rows, embedded)

    async def version(self) -> tuple[int, ...]:
        """Return the versions of the tables that searches read."""
        with self._reading("be read"):
            return await table_versions(self._tables)

    async def optimize(self) -> None:
        """Compact, drop old versions and surplus vectors, bring the search indexes up to date.

        Writes go on meanwhile; only when they got in the way once do they wait for the second attempt.
        """
        async with self._write("be compacted"):
            await self._drop_spare_vectors()
        with translated("be compacted"):
            finished = await self._tables.optimize()
        if not finished:
            async with self._write("be compacted"):
                await self._tables.optimize()

    async def close(self) -> None:
        """Let go of the tables after the write under way, if any; a search under way ends with a StoreError."""
        async with self._writing:
            self._opened = None
        await asyncio.to_thread(lance_folder.mark_used, self._index)

    @property
    def _tables(self) -> Tables:
        if self._opened is None:
            raise StoreError("The index is closed; open the workspace again.")
        return self._opened

    @contextlib.contextmanager
    def _reading(self, action: str) -> Iterator[None]:
        try:
            with translated(action):
                yield
        except StoreError as error:
            if error.__cause__ is not None:
                lance_folder.mark_suspect(self._index)
            raise

    @contextlib.asynccontextmanager
    async def _write(self, action: str) -> AsyncIterator[PendingChanges]:
        async with self._writing:
            with translated(action):
                async with self._pending.writing(self._tables) as changes:
                    yield changes

    async def _replace_chunks(self, paths: Sequence[str], rows: pa.Table) -> None:
        chunks = self._tables.chunks
        old = one_of("path", paths)
        if not await chunks.count_rows(old):
            if rows.num_rows:
                await chunks.add(rows)
        elif not rows.num_rows:
            await chunks.delete(old)
        else:
            # One commit, where a delete and an add would show readers a moment without the file.
            merge = chunks.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            await merge.when_not_matched_by_source_delete(old).execute(rows)

    async def _without_row(self, content_hashes: Iterable[str]) -> list[str]:
        """Return those hashes, once each and in order, that the vectors table has no row for."""
        distinct = list(dict.fromkeys(content_hashes))
        stored: set[str] = set()
        for batch in lance_schema.batches(distinct, _VALUES_PER_PREDICATE):
            query = self._tables.vectors.query().where(one_of("content_hash", batch))
            stored.update((await query.select(["content_hash"]).to_arrow())["content_hash"].to_pylist())
        return [key for key in distinct if key not in stored]

    async def _add_vectors(self, vectors: Mapping[str, Vector]) -> None:
        if vectors:
            rows = await asyncio.to_thread(lance_schema.vector_table, vectors, self._dimensions)
            await self._tables.vectors.add(rows)

    async def _index_new_rows(self) -> None:
        waiting = await self._tables.unindexed_chunks()
        if waiting > _UNINDEXED_ROWS and waiting > _UNINDEXED_SHARE * await self._tables.chunks.count_rows():
            await self._tables.optimize()

    async def _drop_spare_vectors(self) -> None:
        chunks = await self._tables.chunks.query().select(["content_hash"]).to_arrow()
        vectors = await self._tables.vectors.query().select(["content_hash"]).to_arrow()
        spare = await asyncio.to_thread(absent, vectors["content_hash"], chunks["content_hash"])
        surplus = len(spare) - max(_SPARE_VECTORS, chunks.num_rows // 2)
        if surplus > 0:
            # Rows stand in the order in which they came, so the front holds the texts that are gone longest.
            oldest = spare.slice(0, surplus).to_pylist()
            for batch in lance_schema.batches(oldest, _VALUES_PER_DELETE):
                await self._tables.vectors.delete(one_of("content_hash", batch))

    async def _nearest_of_few(self, vector: Vector, predicate: str, limit: int) -> list[ScoredChunk]:
        query = self._tables.chunks.query().where(predicate)
        rows = await query.select(["content_hash", "chunk"]).to_arrow()
        hashes = one_of("content_hash", set(rows["content_hash"].to_pylist()))
        ranking = await self._ranking(vector, limit, hashes)
        rows = rows.filter(pc.is_in(rows["content_hash"], value_set=pa.array(ranking, pa.string())))
        return _ranked(lance_schema.chunks_from(rows["chunk"]), ranking)[:limit]

    async def _nearest(
        self, vector: Vector, predicate: str | None, neighbours: int, limit: int
    ) -> list[ScoredChunk]:
        """Return the hits among that many neighbours, which are fewer when two processes stored one vector."""
        ranking = await self._ranking(vector, neighbours)
        hits: list[ScoredChunk] = []
        for batch in lance_schema.batches(list(ranking), _VALUES_PER_PREDICATE):
            hashes = one_of("content_hash", batch)
            chunks = await self._chunks_where(f"{hashes} AND ({predicate})" if predicate else hashes)
            hits += _ranked(chunks, ranking)
            if len(hits) >= limit:
                break
        return hits

    async def _ranking(self, vector: Vector, limit: int, predicate: str | None = None) -> dict[str, float]:
        """Return the nearest content hashes with their similarity, best first."""
        query = (
            self._tables.vectors.query()
            .nearest_to(np.frombuffer(vector, np.float32))
            .distance_type("cosine")
            .limit(limit)
        )
        if predicate:
            query = query.where(predicate)
        found = await query.select(["content_hash", "_distance"]).to_arrow()
        pairs = zip(found["content_hash"].to_pylist(), found["_distance"].to_pylist(), strict=True)
        return {key: 1.0 - distance for key, distance in sorted(pairs, key=lambda pair: pair[1])}

    async def _chunks_where(self, predicate: str) -> list[Chunk]:
        with self._reading("be searched"):
            found = await self._tables.chunks.query().where(predicate).select(["chunk"]).to_arrow()
        # Thousands of chunks may define a name such as `main`.
        return await asyncio.to_thread(lance_schema.chunks_from, found["chunk"])

    async def _count_chunks(self, content_hashes: Sequence[str]) -> int:
        count = 0
        for batch in lance_schema.batches(content_hashes, _VALUES_PER_PREDICATE):
            count += await self._tables.chunks.count_rows(one_of("content_hash", batch))
        return count


def _ranked(chunks: Sequence[Chunk], similarity: Mapping[str, float]) -> list[ScoredChunk]:
    ranked = [ScoredChunk(chunk, similarity[chunk.content_hash]) for chunk in chunks]
    return sorted(ranked, key=lambda hit: (-hit.score, hit.chunk.id))


def _true_records(files: pa.Table, rows: pa.Table) -> dict[str, FileRecord]:
    """Return the records that the chunk rows confirm; all others as failed, to be indexed or removed again."""
    counted = rows.group_by(["path", "revision"]).aggregate([("path", "count")])
    found: dict[str, list[tuple[str, int]]] = {}
    for path, revision, count in zip(*(counted[name].to_pylist() for name in _COUNT_COLUMNS), strict=True):
        found.setdefault(path, []).append((revision, count))
    records: dict[str, FileRecord] = {}
    for path, stored in lance_schema.stored_files_from(files).items():
        expected = [(stored.revision, stored.record.chunks)] if stored.record.chunks else []
        sound = found.pop(path, []) == expected
        records[path] = stored.record if sound else _interrupted(path)
    return records | {path: _interrupted(path) for path in found}


_COUNT_COLUMNS = ("path", "revision", "path_count")


def _interrupted(path: str) -> FileRecord:
    return FileRecord(path, content_hash="", size=-1, mtime_ns=-1, status="failed", reason=_INTERRUPTED)


def _distinct_names(rows: pa.Table) -> frozenset[str]:
    names = pc.unique(rows["name"]).to_pylist()
    mentions = pc.unique(pc.list_flatten(pc.utf8_split_whitespace(rows["mentions"]))).to_pylist()
    return frozenset(name for name in (*names, *mentions) if lance_schema.is_name(name))


def _count_in(values: pa.ChunkedArray, present: pa.ChunkedArray) -> int:
    return int(pc.sum(pc.is_in(values, value_set=present.combine_chunks())).as_py() or 0)
