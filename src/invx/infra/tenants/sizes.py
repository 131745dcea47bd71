"""How large each tenant is: an estimate, since rows of all tenants lie in the same tables."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID


async def estimated_bytes(conn: Any, schemas: Sequence[str]) -> dict[UUID, int]:
    """Bytes in the database by tenant, tables and indexes of these contexts together.

    A tenant's part of a context is its part of all events there; a context without events is shared
    out by its largest table. Files outside the database are not counted. `conn` is the owner's.
    """
    found: dict[UUID, int] = {}
    for schema in schemas:
        size = await conn.fetchval(_SIZE, schema) or 0
        counts = await _counts(conn, schema)
        total = sum(counts.values())
        for tenant_id, count in counts.items():
            found[tenant_id] = found.get(tenant_id, 0) + size * count // total
    return found


async def _counts(conn: Any, schema: str) -> dict[UUID, int]:
    """Events by tenant, or rows of the largest table where there are none."""
    rows = await conn.fetch(
        f"SELECT tenant_id, sum(version)::bigint AS count FROM {schema}.streams GROUP BY tenant_id"
    )
    if not rows and (table := await conn.fetchval(_LARGEST, schema)) is not None:
        rows = await conn.fetch(
            f"SELECT tenant_id, count(*) AS count FROM {schema}.{table} GROUP BY tenant_id"
        )
    return {row["tenant_id"]: row["count"] for row in rows if row["count"]}


_TABLES = """
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind = 'r'
"""
_SIZE = f"SELECT sum(pg_total_relation_size(c.oid))::bigint {_TABLES}"
_LARGEST = f"""
SELECT c.relname::text {_TABLES} AND EXISTS (SELECT FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
ORDER BY pg_total_relation_size(c.oid) DESC, c.relname LIMIT 1
"""
