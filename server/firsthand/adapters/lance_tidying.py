"""When a table is worth compacting, and which of its versions may go."""

import asyncio
import contextlib
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from lancedb.table import AsyncTable

from firsthand.adapters.lance_lock import is_read_elsewhere
from firsthand.adapters.lance_versions import age_of_oldest, drop_past_versions

# A query reads the version that was the newest when it began. Ours are seen to end, but for those beside searches,
# which are repeated when they fail; others get a minute.
_SPARE_SECONDS = 1.0
_KEPT_SECONDS_FOR_OTHERS = 60.0

_MOST_FRAGMENTS = 100
_UNPROVED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Limits:
    """How much may gather: rows, and shares of the rows that are alive; the larger of both counts."""

    fewest_dead: int
    share_of_dead: float
    fewest_without_index: int
    share_without_index: float


# Compacting writes a table and its search indexes again (2.5 s of CPU for a million lines): it has to free a quarter of
# that, or to spare searches the rows that no index holds yet (some 50 µs each) or files that each of them opens.
_WHEN_CALM = _Limits(500, 0.25, 500, 0.02)
# While files are saved, each save makes compacting begin anew, and in the end one has to wait for it.
_WHEN_BUSY = _Limits(2_000, 1.0, 4_000, 0.08)


async def drop_past(tables: Collection[AsyncTable], index: Path, reads_began: Collection[float]) -> None:
    """Delete what no reader of these tables can need any more; nobody may write them meanwhile.

    Args:
        reads_began: when the reads of this process that are under way began, by the monotonic clock.
    """
    elsewhere = await asyncio.to_thread(is_read_elsewhere, index)
    longest = max((time.monotonic() - began + _SPARE_SECONDS for began in reads_began), default=0.0)
    seconds = max(longest, _KEPT_SECONDS_FOR_OTHERS if elsewhere else 0.0)
    for table in tables:
        # What cannot be deleted now is tried again after the next writes.
        with contextlib.suppress(OSError):
            await asyncio.to_thread(drop_past_versions, _folder_of(table, index), seconds)


async def compact(table: AsyncTable, index: Path) -> None:
    """Compact a table and take new rows into its search indexes; past versions stay until `drop_past`."""
    age = await asyncio.to_thread(age_of_oldest, _folder_of(table, index))
    await table.optimize(cleanup_older_than=timedelta(seconds=age + _UNPROVED_SECONDS))


async def would_gain(table: AsyncTable, indexed: str | None, *, calm: bool) -> bool:
    """Tell whether compacting a table is worth its price.

    Args:
        indexed: the search index that has to be fresh, if any.
        calm: nothing is written meanwhile, as it seems.
    """
    limits = _WHEN_CALM if calm else _WHEN_BUSY
    statistics = cast(dict[str, Any], await table.stats())  # declared as a class, which it is not
    fragments = statistics["fragment_stats"]
    live, count = statistics["num_rows"], fragments["num_fragments"]
    if count > _MOST_FRAGMENTS:
        return True
    stored, largest = fragments["lengths"]["mean"] * count, fragments["lengths"]["max"]
    waste = max(stored - live, stored - largest)
    if waste > max(limits.fewest_dead, limits.share_of_dead * live):
        return True
    found = await table.index_stats(indexed) if indexed else None
    most = max(limits.fewest_without_index, limits.share_without_index * live)
    return found is not None and found.num_unindexed_rows > most


def _folder_of(table: AsyncTable, index: Path) -> Path:
    return index / f"{table.name}.lance"
