"""What an administrator asks a database about a moment, over all tenants."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID


async def last_moment(conn: Any, schemas: Sequence[str]) -> datetime | None:
    """When the newest event of any context was recorded."""
    moments = [
        await conn.fetchval(f"SELECT max(recorded_at) FROM {schema}.events") for schema in schemas
    ]
    return max((moment for moment in moments if moment), default=None)


async def tenants_of(conn: Any, schema: str) -> list[UUID]:
    """The tenants that live in this database and are whole."""
    rows = await conn.fetch(
        f"SELECT tenant_id FROM {schema}.tenants"
        " WHERE status IN ('active', 'suspended', 'moving') ORDER BY tenant_id"
    )
    return [row["tenant_id"] for row in rows]


async def events_after(conn: Any, schema: str, moment: datetime) -> tuple[int, int]:
    """How many events came after a moment of system time, and of how many tenants."""
    row = await conn.fetchrow(
        f"SELECT count(*), count(DISTINCT tenant_id) FROM {schema}.events WHERE recorded_at > $1",
        moment,
    )
    return row[0], row[1]


async def seals_beyond(
    conn: Any, schema: str, tenant_id: UUID, numbers: Collection[int]
) -> set[int]:
    """Those of `numbers` that are behind the last seal of the tenant."""
    last = await conn.fetchval(
        f"SELECT coalesce(max(number), 0) FROM {schema}.seals WHERE tenant_id = $1", tenant_id
    )
    return {number for number in numbers if number > last}


async def archives(conn: Any) -> bool:
    """Whether the server keeps the continuous archive."""
    return bool(await conn.fetchval("SHOW archive_mode") == "on")


async def close_tenants(conn: Any, schema: str, only: UUID | None) -> bool:
    """Let nothing be written; with `only`, all other tenants cannot even be read.

    False when there is no such tenant. Cached entries of the directory are outdated at once. What
    lives elsewhere, and what is gone, stays so.
    """
    rows = await conn.fetch(
        f"UPDATE {schema}.tenants SET epoch = epoch + 1, status = CASE"
        " WHEN $1::uuid IS NULL OR tenant_id = $1 THEN 'suspended' ELSE 'moved' END"
        " WHERE status IN ('active', 'suspended', 'moving') RETURNING tenant_id",
        only,
    )
    return only is None or only in {row["tenant_id"] for row in rows}
