"""The third net: with row-level security off, keys still refuse what crosses tenants (T1, T2)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from invx.host import CONTEXTS
from invx.infra.tenancy import INSTALLED_TABLES
from invx.infra.write_set import Catalogue, WriteSet
from invx.kernel.ids import parse_typeid
from tests.integration.isolation.catalogue import FOREIGN_KEYS
from tests.integration.isolation.rows import tenanted_tables
from tests.integration.isolation.victims import Victim, furnish, leave_waiting
from tests.sealing import seal
from tests.world import Desk, World


@asynccontextmanager
async def unprotected(world: World) -> AsyncIterator[asyncpg.Connection]:
    """The database without row-level security, as somebody whom no grant holds back either."""
    async with world.admin() as conn:
        for table in await tenanted_tables(conn):
            await conn.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        yield conn


async def references(conn: asyncpg.Connection) -> list[dict[str, Any]]:
    """Every foreign key of tenant data: table and target with schema, and the column besides."""
    found = []
    for schema in CONTEXTS:
        for row in await conn.fetch(FOREIGN_KEYS, schema):
            pairs = list(zip(row["columns"], row["targets"], strict=True))
            found.append(
                {
                    "name": row["name"],
                    "table": f"{schema}.{row['table']}",
                    "target": f"{schema}.{row['target']}",
                    "pairs": [pair for pair in pairs if pair[0] != "tenant_id"],
                }
            )
    return found


async def left_alone(conn: asyncpg.Connection, key: dict[str, Any]) -> None:
    """Drop every other constraint that could object to a change, so that this key must."""
    for other in await references(conn):
        if other["name"] != key["name"] and key["table"] in (other["table"], other["target"]):
            await conn.execute(f"ALTER TABLE {other['table']} DROP CONSTRAINT {other['name']}")
    for check in await conn.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = $1::text::regclass",
        key["table"],
    ):
        await conn.execute(f"ALTER TABLE {key['table']} DROP CONSTRAINT {check['conname']}")


async def pointed_across(
    conn: asyncpg.Connection, key: dict[str, Any], one: Desk, other: Desk
) -> str:
    """Let a row of `one` point at a row of `other`, with no other key in the way: what became."""
    columns = [column for column, _ in key["pairs"]]
    filled = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    row = await conn.fetchrow(
        f"SELECT ctid FROM {key['table']} WHERE tenant_id = $1 AND {filled} LIMIT 1", one.tenant_id
    )
    wanted = ", ".join(target for _, target in key["pairs"])
    same = " AND ".join(f"own.{target} = theirs.{target}" for _, target in key["pairs"])
    goal = await conn.fetchrow(
        f"SELECT {wanted} FROM {key['target']} theirs WHERE tenant_id = $1 AND NOT EXISTS"
        f" (SELECT FROM {key['target']} own WHERE own.tenant_id = $2 AND {same})"
        f" ORDER BY {wanted} DESC LIMIT 1",
        other.tenant_id,
        one.tenant_id if one is not other else None,
    )
    if row is None or goal is None:
        return "nothing to try it with"
    sets = ", ".join(f"{column} = ${number}" for number, column in enumerate(columns, 2))
    attempt = conn.transaction()
    await attempt.start()
    try:
        await left_alone(conn, key)
        await conn.execute(
            f"UPDATE {key['table']} SET {sets} WHERE ctid = $1", row["ctid"], *goal.values()
        )
        await conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except asyncpg.ForeignKeyViolationError as refused:
        return f"refused by {refused.constraint_name}"
    finally:
        await attempt.rollback()
    return "accepted"


# Rows of the installation, in no tenant of anybody's.
_INSTALLATIONS = {f"identity.{table}" for table in INSTALLED_TABLES}
_OF_IDENTITY = ("identity.events", "identity.personal", "identity.member_sessions")


def has_rows_of_tenants(table: str) -> bool:
    """Analytics and identity have the same tables as the others, and few rows in them."""
    return not table.startswith(("analytics.", "identity.")) or table in _OF_IDENTITY


async def test_no_row_can_point_at_a_row_of_another_tenant(world: World) -> None:
    one, other = await furnish(world), await furnish(world)
    await leave_waiting(one.desk, "victims-latest")
    await other.desk.draft(legal_entity=other.entity)
    named, text = {"name": "own.csv"}, {"content-type": "text/csv"}
    stored = await other.desk.client.post(
        "/v1/files", params=named, content="own,1\n", headers=text
    )
    assert stored.status_code == 201, stored.text
    await seal(other.desk)  # seals have numbers: this one the first tenant does not have
    async with unprotected(world) as conn:
        keys = [key for key in await references(conn) if has_rows_of_tenants(key["table"])]
        outcome = {
            (key["table"], key["name"]): await pointed_across(conn, key, one.desk, other.desk)
            for key in keys
        }
        shared = [
            key
            for key in await references(conn)
            if key not in keys and key["table"] not in _INSTALLATIONS
        ]
    wrong = {key: said for key, said in outcome.items() if said != f"refused by {key[1]}"}
    assert wrong == {}
    assert len(outcome) > 15
    # What analytics and identity do not fill has the same keys as elsewhere.
    assert {key["name"] for key in shared} <= {key["name"] for key in keys}


async def test_a_row_may_point_at_a_row_of_its_own_tenant(world: World) -> None:
    """So that the refusals above are about the tenant."""
    one = await furnish(world)
    async with unprotected(world) as conn:
        keys = {key["name"]: key for key in await references(conn)}
        said = await pointed_across(
            conn, keys["documents_tenant_id_credits_fkey"], one.desk, one.desk
        )
    assert said == "accepted"


async def appended(world: World, victim: Victim, intruder: Desk, tenant_of: Desk) -> None:
    """An event on the victim's stream, written by the write set as if it were `tenant_of`'s."""
    context = world.host.contexts["invoicing"]
    tenant = await context.directory.get(intruder.tenant_id)
    async with context.database.tenant_transaction(
        intruder.tenant_id, tenant.epoch, write=True
    ) as conn:
        write_set = WriteSet(await Catalogue.read(conn, "invoicing"))
        write_set.insert(
            "events",
            {
                "tenant_id": tenant_of.tenant_id,
                "stream_id": parse_typeid("inv", victim.invoice),
                "version": 99,
                "event_id": some_id(),
                "type": "DraftDeleted",
                "schema_version": 1,
                "occurred_at": "2026-01-01T00:00:00Z",
                "recorded_at": "2026-01-01T00:00:00Z",
                "actor": "intruder",
                "correlation_id": some_id(),
                "causation_id": None,
                "body": {},
                "hash": b"",
            },
        )
        await write_set.flush(conn)


def some_id() -> str:
    return "01a20ae1-ebf2-7155-95ea-5dc2be1e2434"


async def test_nothing_is_appended_to_the_stream_of_another_tenant(world: World) -> None:
    victim, intruder = await furnish(world), await world.seller()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await appended(world, victim, intruder, victim.desk)
    async with unprotected(world) as conn:
        # As its own event the stream's key refuses it: no such stream in this tenant.
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await appended(world, victim, intruder, intruder)
        kept = await conn.fetchval("SELECT count(*) FROM invoicing.events WHERE actor = 'intruder'")
    assert kept == 0


async def test_two_tenants_may_hold_rows_with_the_same_ids(world: World) -> None:
    """A key that contains the tenant never clashes with another's, whatever else it holds."""
    one, other = await furnish(world), await world.seller()
    async with unprotected(world) as conn:
        for table in ("streams", "events", "due_jobs", "idempotency", "facts", "inbox"):
            schema = "analytics" if table == "inbox" else "invoicing"
            columns = ", ".join(
                f'"{row[0]}"'
                for row in await conn.fetch(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = $1"
                    " AND table_name = $2 AND column_name <> 'tenant_id' AND is_identity = 'NO'",
                    schema,
                    table,
                )
            )
            copied = await conn.execute(
                f"INSERT INTO {schema}.{table} (tenant_id, {columns})"
                f" SELECT $2, {columns} FROM {schema}.{table} WHERE tenant_id = $1",
                one.desk.tenant_id,
                other.tenant_id,
            )
            assert copied != "INSERT 0 0", table
