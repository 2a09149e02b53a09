"""The chunk store over LanceDB: one workspace root, three tables (see `lance_schema`), one of them an embedder's."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
from lancedb.table import AsyncTable

from firsthand.adapters import lance_folder, lance_lending, lance_schema
from firsthand.adapters.freed_memory import give_back
from firsthand.adapters.lance_damage import Damage
from firsthand.adapters.lance_errors import translated
from firsthand.adapters.lance_lock import being_read, writer_lock
from firsthand.adapters.lance_manifest import KnownFiles
from firsthand.adapters.lance_nearest import NearestChunks
from firsthand.adapters.lance_pending import PendingChanges, PendingHashes, absent
from firsthand.adapters.lance_predicates import VALUES_PER_PREDICATE, one_of
from firsthand.adapters.lance_reader import LanceReader
from firsthand.adapters.lance_tables import Tables, open_tables
from firsthand.adapters.lance_tidying import drop_past
from firsthand.adapters.lance_vectors import open_vectors
from firsthand.core.model import (
    Chunk,
    FileRecord,
    FileUpdate,
    Fingerprint,
    Vector,
)

__all__ = ["LanceStore", "open_store", "writer_lock"]

_VALUES_PER_DELETE = 5_000  # each delete is a commit

# From this share of new rows on, making the indexes again takes less time than compacting and merging them in.
_MOSTLY_NEW_SHARE = 0.05

# Vectors whose text is gone wait for its return (a branch switch) up to this many, or half as many as are in use; each
# save leaves one behind, and a thousand take as much room as a small index.
_SPARE_VECTORS = 300

# A save makes one version of the chunks; compacting makes another and leaves two to four open files behind.
_MOST_VERSIONS_HELD = 100

# Fewer texts than this, as of a saved file, are embedded sooner than other workspaces are asked for them.
_WORTH_ASKING = 4


async def open_store(
    folder: Path, fingerprint: Fingerprint, chunker_version: int, *, workspaces: Path | None = None
) -> "LanceStore":
    """Open the index in `folder` as this embedder sees it; a fresh one where there is none or it is damaged.

    Args:
        workspaces: the folder that holds `folder` and those of other workspaces, whose vectors may be taken over.

    Raises:
        StoreError: the folder cannot be used.
    """
    with translated("be opened"), contextlib.ExitStack() as held:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        index = lance_folder.index_folder(folder, chunker_version)
        held.enter_context(being_read(index))
        tables = await open_tables(index, fingerprint, chunker_version)
        await asyncio.to_thread(lance_folder.mark_used, index, fingerprint)
        await asyncio.to_thread(lance_folder.drop_old_indexes, folder, index)
        opening = _Opening(index, chunker_version, workspaces, Damage(index), held.pop_all())
    return LanceStore(opening, fingerprint, tables)


@dataclass(frozen=True, slots=True)
class _Opening:
    """What the stores of one index have in common, one for each embedder."""

    index: Path
    chunker_version: int
    workspaces: Path | None
    damage: Damage
    held: contextlib.ExitStack
    """What keeps others from deleting the index, until the last store is closed."""
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    stores: "list[LanceStore]" = field(default_factory=list)


class LanceStore(LanceReader):
    """A `ChunkStore`; one process at a time writes (see `writer_lock`), any number read."""

    def __init__(self, opening: _Opening, fingerprint: Fingerprint, tables: Tables) -> None:
        super().__init__(tables, opening.damage)
        self._opening = opening
        self._index = opening.index
        self._fingerprint = fingerprint
        self._dimensions = fingerprint.dimensions
        self._pending = PendingHashes()
        self._files = KnownFiles()
        self._worth_compacting: tuple[AsyncTable, ...] = ()
        self._writing = opening.writing
        self._workspaces = opening.workspaces
        opening.stores.append(self)

    async def beside(self, fingerprint: Fingerprint) -> "LanceStore":
        """Open the same index with the vectors of another embedder.

        Raises:
            StoreError: the vectors cannot be read or made.
        """
        with translated("be opened"):
            vectors = await open_vectors(self._tables.connection, self._index, fingerprint)
            await asyncio.to_thread(lance_folder.mark_used, self._index, fingerprint)
        tables = replace(self._tables, vectors=vectors)
        return LanceStore(self._opening, fingerprint, tables)

    async def embedders(self) -> Sequence[Fingerprint]:
        """Return the embedders that there are vectors of, the one that was used last first."""
        return await asyncio.to_thread(lance_folder.embedders_of, self._index)

    async def manifest(self) -> Mapping[str, FileRecord]:
        """Return what is known of every file; one whose rows are not what its record says counts as failed."""
        async with self._writing:
            with self._reading("be read"):
                return await self._files.records(self._tables)

    async def replace(self, updates: Sequence[FileUpdate]) -> None:
        """Replace the rows of these files: chunks in one commit, then the files' records."""
        latest = list({update.record.path: update for update in updates}.values())
        if not latest:
            return
        rows = await asyncio.to_thread(lance_schema.chunk_table, latest)
        files = await asyncio.to_thread(lance_schema.file_table, latest)
        async with self._write("store files") as changes:
            before = await self._replace_chunks([update.record.path for update in latest], rows)
            # A text that was there has its row, or waits for it already.
            new = [key for key in rows["content_hash"].to_pylist() if key not in before]
            changes.added = await self._without_row(new, changes.waiting)
            await self._replace_records(files)
            changes.stored = [stored.record for stored in lance_schema.stored_files_from(files).values()]

    async def touch(self, records: Sequence[FileRecord]) -> None:
        """Store new sizes and times; files that are not known stay unknown."""
        if not records:
            return
        rows = await asyncio.to_thread(lance_schema.touch_table, records)
        async with self._write("store files") as changes:
            await self._tables.files.merge_insert("path").when_matched_update_all().execute(rows)
            changes.touched = records

    async def remove(self, paths: Sequence[str]) -> None:
        """Forget these files; their vectors stay for a while in case the text returns."""
        async with self._write("forget files") as changes:
            changes.removed = paths
            for batch in lance_schema.batches(list(dict.fromkeys(paths)), VALUES_PER_PREDICATE):
                await self._tables.chunks.delete(one_of("path", batch))
                await self._tables.files.delete(one_of("path", batch))

    async def known_vectors(self, content_hashes: Sequence[str]) -> Mapping[str, Vector]:
        """Return the vectors that this index has for these hashes, of texts that are gone too."""
        known: dict[str, Vector] = {}
        with self._reading("be searched"):
            if not await self._tables.vectors.count_rows():
                return known
            for batch in lance_schema.batches(list(dict.fromkeys(content_hashes)), VALUES_PER_PREDICATE):
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
                for batch in lance_schema.batches(wanted, VALUES_PER_PREDICATE):
                    chunks = await self._chunks_where(one_of("content_hash", batch))
                    found |= {chunk.content_hash: chunk for chunk in chunks}
                if found or not wanted:
                    return [found[key] for key in wanted if key in found]
                self._pending.drop(wanted)

    async def adopt_vectors(self) -> int:
        """Take over the vectors that other workspaces have of texts that wait here; return how many."""
        if self._workspaces is None:
            return 0
        async with self._writing:
            with self._reading("be read"):
                waiting = await self._pending.all(self._tables)
        if len(waiting) < _WORTH_ASKING:
            return 0
        adopted = 0
        folder = self._index.parent
        async for rows in lance_lending.lent(self._workspaces, folder, self._fingerprint, waiting):
            async with self._write("store vectors") as changes:
                await self._tables.vectors.add(rows)
                changes.settled = rows["content_hash"].to_pylist()
            adopted += rows.num_rows
        return adopted

    async def set_vectors(self, vectors: Mapping[str, Vector]) -> None:
        """Store vectors by chunk hash."""
        async with self._write("store vectors") as changes:
            missing = await self._without_row(vectors, changes.waiting)
            await self._add_vectors({key: vectors[key] for key in missing})
            changes.settled = list(vectors)

    async def set_unembeddable(self, reasons: Mapping[str, str]) -> None:
        """Remember chunks that cannot have a vector."""
        async with self._write("store vectors") as changes:
            missing = await self._without_row(reasons, changes.waiting)
            if missing:
                rows = lance_schema.reason_table({key: reasons[key] for key in missing}, self._dimensions)
                await self._tables.vectors.add(rows)
            changes.settled = list(reasons)

    async def index_words(self) -> None:
        """Take all rows into the search indexes."""
        async with self._write("be indexed"):
            is_done = await self._index_mostly_new_rows()
        if is_done:
            await asyncio.to_thread(give_back)
        else:
            await self.optimize()

    async def optimize(self, *, may_give_up: bool = False) -> bool:
        """Compact what `tidy` found worth it, or all; drop surplus vectors, bring the search indexes up to date.

        Writes go on meanwhile. When they got in the way, they wait for the second attempt, or it is given up.

        Returns:
            False when it was given up.
        """
        async with self._write("be compacted"):
            await self._drop_spare_vectors()
            tables, self._worth_compacting = self._worth_compacting, ()
        async with self._compacting():
            finished = await self._tables.optimize(self._index, tables)
        if not (finished or may_give_up):
            async with self._write("be compacted"):
                finished = await self._tables.optimize(self._index, tables)
        await self.forget_past()
        await asyncio.to_thread(give_back)
        return finished

    async def forget_past(self) -> None:
        """Open the tables anew when so many versions were made since that what is held of them weighs.

        The library keeps the files of each search index that it has read open, also when they are deleted.
        """
        async with self._writing:
            with self._reading("be opened", takes_memory=False):
                if await self._tables.chunks.version() - self._tables.opened_at < _MOST_VERSIONS_HELD:
                    return
                tables = await self._tables.reopened(self._index)
                for store in self._opening.stores:
                    if store._opened is not None:
                        store._opened = await tables.with_vectors_of(store._opened)

    async def tidy(self, *, calm: bool = True) -> bool:
        """Delete past versions that no reader needs; tell whether compacting is worth its price now."""
        async with self._writing:
            began = [time for store in self._opening.stores for time in store._begun.values()]
            await drop_past(self._tables.all, self._index, began)
            with translated("be compacted"):
                self._worth_compacting = await self._tables.worth_compacting(calm=calm)
        return bool(self._worth_compacting)

    @property
    def is_damaged(self) -> bool:
        """Whether the index was found damaged since it was opened."""
        return self._damage.is_noticed

    async def damaged(self) -> None:
        """Return when this or another process has found the index damaged."""
        await self._damage.noticed()

    async def sound(self) -> None:
        """Return when no damage is known that was not mended since."""
        await self._damage.over()

    async def mend(self) -> None:
        """Open the index anew, mended, or afresh where that is not possible; the stores beside this one follow.

        Raises:
            StoreError: it cannot be opened, or another process uses it.
        """
        async with self._writing:
            with translated("be opened"):
                tables = await open_tables(self._index, self._fingerprint, self._opening.chunker_version)
                for store in self._opening.stores:
                    await store._go_over_to(tables)
            self._damage.forget()

    async def close(self) -> None:
        """Let go of the tables after the write under way, if any; a search under way ends with a StoreError."""
        async with self._writing:
            opened, self._opened = self._opened, None
        await self._nearest.close()
        await self._memory.close()
        if opened is not None:
            await opened.rest()
        await asyncio.to_thread(lance_folder.mark_used, self._index, self._fingerprint)
        if all(store._opened is None for store in self._opening.stores):
            self._opening.held.close()

    async def _go_over_to(self, tables: Tables) -> None:
        if self._opened is not None:
            vectors = await open_vectors(tables.connection, self._index, self._fingerprint)
            await self._opened.rest()
            self._opened = replace(tables, vectors=vectors)
            await self._nearest.close()
            self._nearest, self._files, self._pending = NearestChunks(), KnownFiles(), PendingHashes()
            self._worth_compacting = ()
            self._counted = None

    @contextlib.asynccontextmanager
    async def _write(self, action: str) -> AsyncIterator[PendingChanges]:
        async with self._writing:
            with self._reading(action):
                async with (
                    self._pending.writing(self._tables) as changes,
                    self._files.writing(self._tables, changes),
                ):
                    yield changes

    @contextlib.asynccontextmanager
    async def _compacting(self) -> AsyncIterator[None]:
        """Surround what gives the tables new versions and changes no row, while writes go on."""
        steps = (self._pending.step, self._files.step)
        with self._reading("be compacted"):
            async with self._writing:
                for step in steps:
                    await step.compacting(self._tables)
            try:
                yield
            finally:
                async with self._writing:
                    for step in steps:
                        await step.compacted(self._tables)

    async def _replace_chunks(self, paths: Sequence[str], rows: pa.Table) -> set[str]:
        """Put these rows in the place of all rows of the files; return the content hashes that were there."""
        chunks = self._tables.chunks
        old = one_of("path", paths)
        before = await chunks.query().where(old).select(["slot", "content_hash"]).to_arrow()
        if not before.num_rows:
            if rows.num_rows:
                await chunks.add(rows)
        elif not rows.num_rows:
            await chunks.delete(old)
        else:
            # One commit, where a delete and an add would show readers a moment without the file.
            merge = chunks.merge_insert("slot").when_matched_update_all().when_not_matched_insert_all()
            if not set(before["slot"].to_pylist()) <= set(rows["slot"].to_pylist()):
                merge = merge.when_not_matched_by_source_delete(old)
            await merge.execute(rows)
        return set(before["content_hash"].to_pylist())

    async def _replace_records(self, rows: pa.Table) -> None:
        files = self._tables.files
        if rows.num_rows == 1:
            # Finding one row takes half of the time of matching all of them, as merging does.
            (row,) = rows.to_pylist()
            changed = await files.update(row, where=one_of("path", [row["path"]]))
            if changed.rows_updated:
                return
        merge = files.merge_insert("path").when_matched_update_all()
        await merge.when_not_matched_insert_all().execute(rows)

    async def _without_row(self, content_hashes: Iterable[str], waiting: Collection[str]) -> list[str]:
        """Return those hashes, once each and in order, that the vectors table has no row for.

        Args:
            waiting: hashes of which that is known.
        """
        distinct = list(dict.fromkeys(content_hashes))
        stored: set[str] = set()
        unknown = [key for key in distinct if key not in waiting]
        if not unknown or not await self._tables.vectors.count_rows():
            return distinct
        for batch in lance_schema.batches(unknown, VALUES_PER_PREDICATE):
            query = self._tables.vectors.query().where(one_of("content_hash", batch))
            stored.update((await query.select(["content_hash"]).to_arrow())["content_hash"].to_pylist())
        return [key for key in distinct if key not in stored]

    async def _add_vectors(self, vectors: Mapping[str, Vector]) -> None:
        if vectors:
            rows = await asyncio.to_thread(lance_schema.vector_table, vectors, self._dimensions)
            async with self._nearest.adding(self._tables.vectors, vectors):
                await self._tables.vectors.add(rows)

    async def _index_mostly_new_rows(self) -> bool:
        waiting = await self._tables.unindexed_chunks()
        if not waiting or waiting < _MOSTLY_NEW_SHARE * await self._tables.chunks.count_rows():
            return False
        await self._tables.renew_indexes()
        return True

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
