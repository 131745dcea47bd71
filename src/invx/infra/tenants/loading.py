"""Rows out of a table and into another, as the lines of PostgreSQL's COPY in text format.

Such a line ends with a newline, and holds none: whole rows are cut off by looking for the last one.
Rows come in through a temporary table without a tenant: whatever the lines say, they become rows of
the one tenant that is brought in.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

from invx.infra.tenants.tables import TenantTable

CHUNK_BYTES = 8_000_000

Sink = Callable[[bytes], Awaitable[None]]


async def copy_out(conn: Any, table: TenantTable, tenant_id: UUID, sink: Sink) -> None:
    """All rows of the tenant, in the table's order."""
    await conn.copy_from_query(
        f"SELECT {table.listed} FROM {table.full} WHERE tenant_id = $1 ORDER BY {table.order}",
        tenant_id,
        output=sink,
    )


async def copy_in(
    conn: Any,
    table: TenantTable,
    tenant_id: UUID,
    lines: AsyncIterator[bytes],
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """New rows from lines, some thousand in each transaction; how many there were.

    `progress` is told how many are in. Raises asyncpg errors when they are no rows of the table.
    """
    count = 0
    async for chunk in _whole_lines(lines):
        async with conn.transaction():
            await stage(conn, table, chunk)
            order = " ORDER BY ctid" if table.position else ""
            count += rows_of(
                await conn.execute(
                    f"INSERT INTO {table.full} (tenant_id, {table.listed})"
                    f" SELECT $1, {table.listed} FROM pg_temp.staged{order}",
                    tenant_id,
                )
            )
        progress(count)
    return count


async def stage(conn: Any, table: TenantTable, chunk: bytes) -> None:
    """Lay lines out in `pg_temp.staged`, which is gone at the end of the transaction."""
    await conn.execute("DROP TABLE IF EXISTS pg_temp.staged")
    await conn.execute(
        f"CREATE TEMP TABLE staged ON COMMIT DROP AS SELECT {table.listed} FROM {table.full}"
        " WITH NO DATA"
    )
    await conn.copy_to_table("staged", source=_one(chunk), columns=list(table.columns))


def rows_of(done: str) -> int:
    """How many rows a statement says that it touched."""
    return int(done.rpartition(" ")[2])


async def _whole_lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    held: list[bytes] = []
    size = 0
    async for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= CHUNK_BYTES and b"\n" in piece:
            whole, _, rest = b"".join(held).rpartition(b"\n")
            yield whole + b"\n"
            held, size = [rest], len(rest)
    if last := b"".join(held):
        yield last


async def _one(chunk: bytes) -> AsyncIterator[bytes]:
    yield chunk
