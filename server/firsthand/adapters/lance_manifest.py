"""What the index knows of every file, read once and then kept in step with the writes of this process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pyarrow as pa

from firsthand.adapters import lance_schema
from firsthand.adapters.lance_pending import PendingChanges
from firsthand.adapters.lance_steps import InStep
from firsthand.adapters.lance_tables import Tables
from firsthand.core.model import FileRecord

_INTERRUPTED = "indexing was interrupted"
_COUNT_COLUMNS = ("path", "revision", "path_count")


class KnownFiles:
    """The records of all files; read again when a write did not reach its end or anybody else wrote."""

    def __init__(self) -> None:
        self._records: dict[str, FileRecord] = {}
        self.step = InStep(_versions)

    async def records(self, tables: Tables) -> Mapping[str, FileRecord]:
        """Return the records by path; one whose rows are not what it says counts as failed."""
        if not await self.step.holds(tables):
            async with self.step.computing(tables):
                files = await tables.files.query().to_arrow()
                rows = await tables.chunks.query().select(["path", "revision"]).to_arrow()
                self._records = await asyncio.to_thread(_true_records, files, rows)
        return dict(self._records)

    @contextlib.asynccontextmanager
    async def writing(self, tables: Tables, changes: PendingChanges) -> AsyncIterator[None]:
        """Surround one write of this process, whose changes are complete when it ends."""
        async with self.step.writing(tables) as in_step:
            yield
            if not in_step:
                return
            self._records.update({record.path: record for record in changes.stored})
            for record in changes.touched:
                known = self._records.get(record.path)
                if known is not None:
                    self._records[record.path] = replace(record, chunks=known.chunks)
            for path in changes.removed:
                self._records.pop(path, None)


async def _versions(tables: Tables) -> tuple[int, int]:
    return await tables.chunks.version(), await tables.files.version()


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


def _interrupted(path: str) -> FileRecord:
    return FileRecord(path, content_hash="", size=-1, mtime_ns=-1, status="failed", reason=_INTERRUPTED)
