"""Everything a tenant has, as rows, so that a test can say that nothing of it changed."""

import asyncpg

from invx.host import CONTEXTS
from tests.world import Desk, World

_TENANTED = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""


async def tenanted_tables(
    conn: asyncpg.Connection, schemas: tuple[str, ...] = CONTEXTS
) -> list[str]:
    """`schema.table` for every table of tenant data."""
    return [row[0] for row in await conn.fetch(_TENANTED, list(schemas))]


async def written_columns(conn: asyncpg.Connection, table: str) -> str:
    """The columns of a table that a statement can give values to: not those made of others."""
    rows = await conn.fetch(
        "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = $1::text::regclass"
        " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        table,
    )
    return ", ".join(row[0] for row in rows)


async def checksums(world: World, desk: Desk) -> dict[str, str]:
    """Per table a checksum over all rows of the desk's tenant; the admin sees them all."""
    async with world.admin() as conn:
        parts = [
            f"SELECT '{table}', md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), ''))"
            f" || '/' || count(*) FROM {table} t WHERE tenant_id = $1"
            for table in await tenanted_tables(conn)
        ]
        rows = await conn.fetch(" UNION ALL ".join(parts), desk.tenant_id)
    return {row[0]: row[1] for row in rows}
