"""When a table is worth compacting, and which of its versions may go."""

import asyncio
import contextlib
import time
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from lancedb.table import AsyncTable

from firsthand.adapters.lance_lock import is_read_elsewhere
from firsthand.adapters.lance_versions import age_of_oldest, drop_past_versions

# A query reads the version that was the newest when it began. Ours are seen to end, but for those beside searches,
# which are repeated when they fail; others get a minute.
_KEPT_SECONDS = 2.0
_KEPT_SECONDS_FOR_OTHERS = 60.0

# Compacting writes a table and its search indexes again: it has to free a quarter of that, or to spare searches the
# rows that no index holds yet (some 50 µs each) or files that each of them opens.
_SHARE_TO_GAIN = 0.25
_SHARE_WITHOUT_INDEX = 0.02
_FEWEST_ROWS = 500
_MOST_FRAGMENTS = 100
_UNPROVED_SECONDS = 60.0


async def drop_past(tables: Collection[AsyncTable], index: Path, reads_began: Collection[float]) -> None:
    """Delete what no reader of these tables can need any more; nobody may write them meanwhile.

    Args:
        reads_began: when the reads of this process that are under way began, by the monotonic clock.
    """
    elsewhere = await asyncio.to_thread(is_read_elsewhere, index)
    longest = max((time.monotonic() - began for began in reads_began), default=0.0)
    seconds = max(longest + 1.0, _KEPT_SECONDS_FOR_OTHERS if elsewhere else _KEPT_SECONDS)
    for table in tables:
        # What cannot be deleted now is tried again after the next writes.
        with contextlib.suppress(OSError):
            await asyncio.to_thread(drop_past_versions, _folder_of(table, index), seconds)


async def compact(table: AsyncTable, index: Path) -> None:
    """Compact a table and take new rows into its search indexes; past versions stay until `drop_past`."""
    age = await asyncio.to_thread(age_of_oldest, _folder_of(table, index))
    await table.optimize(cleanup_older_than=timedelta(seconds=age + _UNPROVED_SECONDS))


async def would_gain(table: AsyncTable, indexed: str | None) -> bool:
    """Tell whether compacting a table is worth its price.

    Args:
        indexed: the search index that has to be fresh, if any.
    """
    statistics = cast(dict[str, Any], await table.stats())  # declared as a class, which it is not
    fragments = statistics["fragment_stats"]
    live, count = statistics["num_rows"], fragments["num_fragments"]
    if count > _MOST_FRAGMENTS:
        return True
    stored, largest = fragments["lengths"]["mean"] * count, fragments["lengths"]["max"]
    waste = max(stored - live, stored - largest)
    if waste > max(_FEWEST_ROWS, _SHARE_TO_GAIN * live):
        return True
    found = await table.index_stats(indexed) if indexed else None
    return found is not None and found.num_unindexed_rows > max(_FEWEST_ROWS, _SHARE_WITHOUT_INDEX * live)


def _folder_of(table: AsyncTable, index: Path) -> Path:
    return index / f"{table.name}.lance"
