"""Which rows a tenant has: every table of a context with a `tenant_id`, as the catalogue says.

Nothing is listed by hand, so a table that a later migration adds is carried and erased too.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from invx.kernel.errors import Conflict, Unavailable

# The row of the directory says where a tenant is; it is no part of what is carried.
_DIRECTORY = "tenants"
_ROWS_AT_ONCE = 5_000

Progress = Callable[[str, int], None]  # what is worked on, and how many rows of it are done


class OwnerTooWeak(Unavailable):
    """The owner's login may not carry tenants: it must be a superuser."""


class TenantCarried(Conflict):
    """Another process is just carrying or erasing this tenant."""


@dataclass(frozen=True, slots=True)
class TenantTable:
    """A table without what the database makes itself: generated columns, and the tenant's id.

    `position` is a column that numbers the rows in their order and is given anew elsewhere.
    """

    schema: str
    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    position: str | None = None

    @property
    def full(self) -> str:
        """Its name in a statement."""
        return f'{self.schema}."{self.name}"'

    @property
    def listed(self) -> str:
        """Its columns in a statement."""
        return ", ".join(f'"{name}"' for name in self.columns)

    @property
    def order(self) -> str:
        """In which order its rows are carried."""
        names = (self.position,) if self.position else self.key
        return ", ".join(f'"{name}"' for name in names) or "1"


async def tenant_tables(conn: Any, schema: str) -> list[TenantTable]:
    """The tables of a context, each behind those that it refers to; then by name."""
    rows = {row["name"]: row for row in await conn.fetch(_TABLES, schema, _DIRECTORY)}
    needs: dict[str, set[str]] = {name: set() for name in rows}
    for row in await conn.fetch(_REFERENCES, schema):
        if row["child"] in needs and row["parent"] in needs and row["child"] != row["parent"]:
            needs[row["child"]].add(row["parent"])
    ordered: list[str] = []
    while needs:
        # Were there a circle, the first by name would break it: constraints are checked at the end.
        free = sorted(name for name, left in needs.items() if left <= set(ordered))
        name = free[0] if free else min(needs)
        ordered.append(name)
        del needs[name]
    return [
        TenantTable(schema, name, tuple(r["columns"]), tuple(r["key"]), r["position"])
        for name, r in ((name, rows[name]) for name in ordered)
    ]


Conns = Mapping[str, Any]  # an owner's connection by context; those of one database share one


def different(conns: Conns) -> list[Any]:
    """Each connection once."""
    return list(dict.fromkeys(conns.values()))


async def prepare(*conns: Any) -> None:
    """Make owner's connections fit to carry rows: they see all, and fire no triggers.

    Constraints between rows are proved when all rows are there, not row by row. Text is written
    alike wherever the server stands. Raises OwnerTooWeak.
    """
    for conn in conns:
        try:
            await conn.execute("SET session_replication_role = replica")
        except asyncpg.InsufficientPrivilegeError as error:
            raise OwnerTooWeak from error
        await conn.execute(
            "SET row_security = off; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD';"
            " SET intervalstyle = 'iso_8601'; SET bytea_output = 'hex'; SET statement_timeout = 0;"
            " SET idle_in_transaction_session_timeout = 0; SET client_encoding = 'UTF8'"
        )


@asynccontextmanager
async def alone(tenant_id: UUID, *conns: Any) -> AsyncIterator[None]:
    """Nobody else carries or erases this tenant in these databases. Raises TenantCarried."""
    async with AsyncExitStack() as stack:
        for conn in conns:
            if not await conn.fetchval(f"SELECT pg_try_advisory_lock({ALONE})", str(tenant_id)):
                raise TenantCarried
            stack.push_async_callback(_unlock, conn, tenant_id)
        yield


async def _unlock(conn: Any, tenant_id: UUID) -> None:
    if not conn.is_closed():
        await conn.execute(f"SELECT pg_advisory_unlock({ALONE})", str(tenant_id))


async def count_rows(conn: Any, tables: Sequence[TenantTable], tenant_id: UUID) -> dict[str, int]:
    """How many rows the tenant has, by `schema.table`, without those that have none."""
    found = {}
    for table in tables:
        statement = f"SELECT count(*) FROM {table.full} WHERE tenant_id = $1"
        if count := await conn.fetchval(statement, tenant_id):
            found[f"{table.schema}.{table.name}"] = count
    return found


async def take_statistics(conn: Any, schema: str) -> None:
    """Let the planner know how many rows just came in, in no transaction.

    Without it, until autovacuum comes by, it takes large tables for small ones and compares each
    row with each: minutes for some ten thousand streams.
    """
    for table in await tenant_tables(conn, schema):
        await conn.execute(f"ANALYZE {table.full}")


async def purge(
    conn: Any, tables: Sequence[TenantTable], tenant_id: UUID, progress: Progress
) -> int:
    """Delete the tenant's rows in batches, each its own transaction; how many there were.

    Ended anywhere, it is simply begun again. `conn` was prepared.
    """
    count = 0
    for table in reversed(tables):
        done = 0
        # The tenant is asked outside too: partitions have rows of the same place in their files.
        statement = (
            f"DELETE FROM {table.full} WHERE tenant_id = $1 AND ctid = ANY (ARRAY("
            f"SELECT ctid FROM {table.full} WHERE tenant_id = $1 LIMIT {_ROWS_AT_ONCE}))"
        )
        while True:
            gone = int((await conn.execute(statement, tenant_id)).rpartition(" ")[2])
            if not gone:
                break
            done += gone
            progress(f"{table.schema}.{table.name}", done)
        count += done
    return count


async def broken_reference(conn: Any, schema: str, tenant_id: UUID) -> str | None:
    """The first foreign key of a context that a row of the tenant breaks; None when all hold."""
    for row in await conn.fetch(_KEYS, schema):
        pairs = list(zip(row["columns"], row["targets"], strict=True))
        match = " AND ".join(f'p."{target}" = c."{column}"' for column, target in pairs)
        named = " AND ".join(f'c."{column}" IS NOT NULL' for column, _ in pairs)
        broken = await conn.fetchval(
            f'SELECT EXISTS (SELECT FROM {schema}."{row["child"]}" c WHERE c.tenant_id = $1'
            f' AND {named} AND NOT EXISTS (SELECT FROM {schema}."{row["parent"]}" p'
            f" WHERE {match}))",
            tenant_id,
        )
        if broken:
            return f"a row of {schema}.{row['child']} refers to nothing in {row['parent']}"
    return None


ALONE = "hashtextextended('invx carries ' || $1, 7)"
_OF_SCHEMA = "JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1"
_TABLES = f"""
SELECT c.relname::text AS name,
    ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
        AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity = ''
        AND a.attname <> 'tenant_id' ORDER BY a.attnum) AS columns,
    ARRAY(SELECT a.attname::text FROM pg_index x
        CROSS JOIN LATERAL unnest(x.indkey::smallint[]) WITH ORDINALITY AS k(attnum, nth)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE x.indrelid = c.oid AND x.indisprimary AND a.attname <> 'tenant_id'
        ORDER BY k.nth) AS key,
    (SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid
        AND a.attidentity <> '' AND NOT a.attisdropped) AS position
FROM pg_class c {_OF_SCHEMA}
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> $2
    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
        AND NOT a.attisdropped)
"""
_REFERENCES = f"""
SELECT c.relname::text AS child, p.relname::text AS parent
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid {_OF_SCHEMA}
JOIN pg_class p ON p.oid = k.confrelid WHERE k.contype = 'f'
"""
_KEYS = f"""
SELECT c.relname::text AS child, p.relname::text AS parent,
    ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(attnum, nth)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum ORDER BY nth) AS columns,
    ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(attnum, nth)
        JOIN pg_attribute a ON a.attrelid = p.oid AND a.attnum = u.attnum ORDER BY nth) AS targets
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid {_OF_SCHEMA}
JOIN pg_class p ON p.oid = k.confrelid
WHERE k.contype = 'f' AND NOT c.relispartition ORDER BY c.relname, k.conname
"""
