"""Opening, creating, checking and compacting the tables of an index."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import lancedb
from lancedb.db import AsyncConnection
from lancedb.index import FTS, BTree
from lancedb.table import AsyncTable

from firsthand.adapters import lance_folder
from firsthand.adapters.lance_catalogue import FollowedCatalogue
from firsthand.adapters.lance_errors import CONFLICT, VENDOR_ERRORS
from firsthand.adapters.lance_lock import sole_use
from firsthand.adapters.lance_names import FollowedNames
from firsthand.adapters.lance_schema import CHUNKS, FILES
from firsthand.adapters.lance_soundness import check_table, renew_indexes
from firsthand.adapters.lance_terms import FollowedTerms
from firsthand.adapters.lance_tidying import compact, would_gain
from firsthand.adapters.lance_vectors import open_vectors
from firsthand.adapters.remembered_chunks import RememberedChunks
from firsthand.core.model import Fingerprint
from firsthand.errors import StoreBusyError

_LOG = logging.getLogger(__name__)

# Lance's own limits are 6 GiB and 1 GiB, which is no size for a process beside an editor: what belongs to past
# versions of the tables stays in them until they are full.
_INDEX_CACHE_BYTES = 64 * 1024 * 1024
_METADATA_CACHE_BYTES = 32 * 1024 * 1024

_NEW_VERSION = (
    "The index was made by another version of Firsthand: files are read again, what was embedded is kept; "
    "until that is done, search finds what is there so far."
)

# How long to wait for another process that is making the index, and how often to look.
_MAKING_SECONDS = 60.0
_LOOK_SECONDS = 0.1


def _words() -> FTS:
    """Return an index of words that are split already, and taken as they are."""
    return FTS(
        base_tokenizer="whitespace",
        stem=False,
        remove_stop_words=False,
        ascii_folding=False,
        lower_case=False,
        with_position=False,
        max_token_length=None,
    )


# Label lists would suit `defines` and `mentions`, but bringing them up to date took seconds at 10,000 chunks;
# a scan of `defines` takes milliseconds at 100,000.
_INDEXES_OF_CHUNKS: dict[str, FTS | BTree] = {
    "terms": _words(),
    "mentions": _words(),
    "path": BTree(),
    "content_hash": BTree(),
}


@dataclass(frozen=True, slots=True)
class Tables:
    """The open tables of one index, with the vectors of one embedder."""

    connection: AsyncConnection
    chunks: AsyncTable
    vectors: AsyncTable
    files: AsyncTable
    opened_at: int
    """The version of the chunks that was the newest when the tables were opened."""
    terms: FollowedTerms
    """Of the chunks."""
    catalogue: FollowedCatalogue = field(default_factory=FollowedCatalogue)
    """Of the chunks, too."""
    names: FollowedNames = field(default_factory=FollowedNames)
    """Of the chunks, too."""
    remembered: RememberedChunks = field(default_factory=RememberedChunks)
    """Again of the chunks."""

    async def rest(self) -> None:
        """Stop what goes on beside searches."""
        await self.catalogue.close()
        await self.terms.close()

    async def reopened(self, index: Path) -> "Tables":
        """Return the same tables by new handles; with the old ones goes all that the library keeps for them."""
        connection = await _connect(index)
        chunks, files = [await connection.open_table(table.name) for table in (self.chunks, self.files)]
        opened_at = await chunks.version()
        new = replace(self, connection=connection, chunks=chunks, files=files, opened_at=opened_at)
        return await new.with_vectors_of(self)

    async def with_vectors_of(self, other: "Tables") -> "Tables":
        """Return these tables with the vectors of another embedder."""
        return replace(self, vectors=await self.connection.open_table(other.vectors.name))

    async def unindexed_chunks(self) -> int:
        """Count the chunk rows that keyword search has to read one by one."""
        statistics = await self.chunks.index_stats("terms_idx")
        return statistics.num_unindexed_rows if statistics else 0

    async def renew_indexes(self) -> None:
        """Make the search indexes anew from all rows: where most are new, half of the work of merging them in."""
        await renew_indexes(self.chunks, _INDEXES_OF_CHUNKS)

    @property
    def all(self) -> tuple[AsyncTable, ...]:
        """Every table."""
        return self.chunks, self.vectors, self.files

    async def worth_compacting(self, *, calm: bool) -> tuple[AsyncTable, ...]:
        """Return the tables for which that is worth its price."""
        indexes = ("terms_idx", "content_hash_idx", None)
        pairs = zip(self.all, indexes, strict=True)
        return tuple([table for table, indexed in pairs if await would_gain(table, indexed, calm=calm)])

    async def optimize(self, index: Path, tables: Sequence[AsyncTable] = ()) -> bool:
        """Compact these tables, or all, and take new rows into the search indexes.

        Return False when a write came between: the write has won, nothing is lost, and it may be tried again.
        """
        try:
            for table in tables or self.all:
                await compact(table, index)
        except RuntimeError as error:
            if CONFLICT not in str(error).lower():
                raise
            return False
        return True


async def open_tables(index: Path, fingerprint: Fingerprint, chunker_version: int) -> Tables:
    """Open the tables of an index; where there is none, or a damaged one that nobody uses, make a fresh one.

    Raises:
        StoreBusyError: the index cannot be read, and another process uses it.
    """
    deadline = time.monotonic() + _MAKING_SECONDS
    is_made = False
    while True:
        is_damaged = False
        if await asyncio.to_thread(lance_folder.has_meta, index, chunker_version):
            try:
                opened = await _open_sound(index)
            except VENDOR_ERRORS as error:
                if is_made:
                    raise
                _LOG.warning("the index %s cannot be read: %s", index, error)
                is_damaged = True
            else:
                # Outside of what is tried: vectors for which there is no room are no damage of the index.
                return await _with_vectors(opened, index, fingerprint)
        try:
            with sole_use(index):
                has_meta = await asyncio.to_thread(lance_folder.has_meta, index, chunker_version)
                if is_damaged or not has_meta:
                    if await asyncio.to_thread(lance_folder.other_versions, index):
                        _LOG.warning(_NEW_VERSION)
                    await asyncio.to_thread(lance_folder.set_aside, index)
                    await _create(index, chunker_version)
                    is_made = True
        except StoreBusyError:
            if is_damaged or time.monotonic() > deadline:
                raise
            # Another process is making it.
            await asyncio.sleep(_LOOK_SECONDS)


async def _create(index: Path, chunker_version: int) -> None:
    fresh = await asyncio.to_thread(lance_folder.new_folder, index)
    connection = await lancedb.connect_async(fresh)
    chunks = await connection.create_table("chunks", schema=CHUNKS)
    for column, config in _INDEXES_OF_CHUNKS.items():
        await chunks.create_index(column, config=config)
    await connection.create_table("files", schema=FILES)
    connection.close()  # type: ignore[no-untyped-call]
    await asyncio.to_thread(lance_folder.write_meta, fresh, chunker_version)
    await asyncio.to_thread(lance_folder.publish, fresh, index)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The tables that depend on no embedder, found sound; `was_suspect`: only after reading all of them."""

    connection: AsyncConnection
    chunks: AsyncTable
    files: AsyncTable
    was_suspect: bool


async def _connect(index: Path) -> AsyncConnection:
    session = lancedb.Session(
        index_cache_size_bytes=_INDEX_CACHE_BYTES, metadata_cache_size_bytes=_METADATA_CACHE_BYTES
    )
    # Interval zero: each read looks for versions that another process wrote.
    return await lancedb.connect_async(index, session=session, read_consistency_interval=timedelta(0))


async def _open_sound(index: Path) -> _Opened:
    connection = await _connect(index)
    chunks = await connection.open_table("chunks")
    files = await connection.open_table("files")
    suspect = await asyncio.to_thread(lance_folder.is_suspect, index)
    await check_table(chunks, CHUNKS, "path", whole=suspect)
    await check_table(files, FILES, "path", whole=suspect)
    if suspect:
        await renew_indexes(chunks, _INDEXES_OF_CHUNKS)
    return _Opened(connection, chunks, files, suspect)


async def _with_vectors(opened: _Opened, index: Path, fingerprint: Fingerprint) -> Tables:
    vectors = await open_vectors(opened.connection, index, fingerprint, whole=opened.was_suspect)
    if opened.was_suspect:
        await asyncio.to_thread(lance_folder.clear_suspicion, index)
    terms = FollowedTerms(lance_folder.terms_file(index))
    opened_at = await opened.chunks.version()
    return Tables(opened.connection, opened.chunks, vectors, opened.files, opened_at, terms)
