"""Whether a table can be read and searched, found out when it is opened and not in the middle of a question."""

from collections.abc import Mapping

import pyarrow as pa
from lancedb.index import FTS, BTree
from lancedb.table import AsyncTable

from firsthand.adapters.lance_errors import CONFLICT
from firsthand.core.side_by_side import side_by_side


async def check_table(table: AsyncTable, schema: pa.Schema, key: str, *, whole: bool) -> None:
    """Read the key column, or everything.

    Raises:
        ValueError: the table has other columns or lacks rows.
    """
    found = await table.schema()
    if found != schema:
        raise ValueError(f"the table {table.name} has other columns")
    # Another process may write meanwhile; both counts have to be of one version.
    await table.checkout(await table.version())
    rows = 0
    async for batch in await table.query().select(schema.names if whole else [key]).to_batches():
        rows += batch.num_rows
    if rows != await table.count_rows():
        raise ValueError(f"the table {table.name} lacks rows")
    await table.checkout_latest()  # type: ignore[no-untyped-call]


async def renew_indexes(table: AsyncTable, indexes: Mapping[str, FTS | BTree]) -> None:
    """Make the search indexes of a table again from its rows: reading rows does not tell whether they are whole."""
    # One after the other would take half as long again: the library makes each with one core.
    async with side_by_side() as tasks:
        for column, config in indexes.items():
            tasks.create_task(_renew(table, column, config))


async def _renew(table: AsyncTable, column: str, config: FTS | BTree) -> None:
    try:
        await table.create_index(column, config=config, replace=True)
    except RuntimeError as error:
        # Somebody who could use them all writes at this moment.
        if CONFLICT not in str(error).lower():
            raise
