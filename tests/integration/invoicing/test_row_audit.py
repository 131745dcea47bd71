"""One byte that changed anywhere is found, and the place is named (D3)."""

import os
import random
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from invx.contexts.invoicing.read.projections import TABLES
from tests.integration.infra.test_audit import tampering
from tests.integration.invoicing.flips import (
    MAY_BE_GONE,
    MAY_BE_MORE,
    UNPROVED_COLUMNS,
    UNPROVED_TABLES,
    columns_of,
    drop_constraints,
    flip,
    rows_sample,
)
from tests.integration.isolation.victims import Victim, furnish
from tests.sealing import faults, seal
from tests.simulation.seeds import again, few
from tests.world import Desk, World, line

HERE = "tests/integration/invoicing/test_row_audit.py"
CORE = {"streams", "events", "personal", "outbox", "seals", "seal_leaves", "seal_anchors"}
BESIDE = {
    *("archives", "exported_bookings", "accounting_files"),
    *("file_contents", "stored_files"),
}
SOAK = bool(os.environ.get("INVX_SOAK"))
FLIPS_PER_TABLE = 40 if SOAK else 1


async def sealed_world(world: World) -> tuple[Victim, Path]:
    """A tenant with a row in every table, all of it sealed and anchored."""
    victim = await furnish(world)
    await world.settle()
    await seal(victim.desk, anchored=True)
    return victim, world.key.parent / "anchor.jsonl"


async def test_every_table_is_proved_or_said_not_to_be(world: World) -> None:
    async with world.admin() as conn:
        tables = set(await columns_of(conn))
    assert set(TABLES) | CORE | BESIDE | set(UNPROVED_TABLES) == tables
    assert not (set(TABLES) | CORE | BESIDE) & set(UNPROVED_TABLES)


async def test_what_is_not_proved_is_said_in_the_docs() -> None:
    said = Path("docs/operations/seals.md").read_text()
    for table in UNPROVED_TABLES:
        assert f"`{table}`" in said, table
    for table, column in UNPROVED_COLUMNS:
        assert f"`{table}.{column}`" in said, (table, column)


async def test_rows_of_everything_that_can_happen_are_what_events_give(world: World) -> None:
    victim, anchor = await sealed_world(world)
    async with world.admin() as conn:
        assert await faults(conn, victim.desk.tenant_id, anchor) == {}
        for table in sorted(set(TABLES) | CORE | BESIDE):
            held = await conn.fetchval(
                f"SELECT count(*) FROM invoicing.{table} WHERE tenant_id = $1",
                victim.desk.tenant_id,
            )
            assert held, f"nothing was proved of {table}: it is empty"


@pytest.mark.parametrize("seed", few(1))
async def test_a_byte_that_changed_anywhere_is_named(world: World, seed: int) -> None:
    victim, anchor = await sealed_world(world)
    tenant_id, chance = victim.desk.tenant_id, random.Random(seed)
    async with world.admin() as conn:
        tables = await columns_of(conn)
    unseen = []
    async with tampering(victim.desk) as conn:
        for table in sorted(set(tables) - set(UNPROVED_TABLES)):
            columns = [c for c in tables[table] if (table, c.name) not in UNPROVED_COLUMNS]
            places = await conn.fetch(
                f"SELECT ctid::text FROM invoicing.{table} WHERE tenant_id = $1", tenant_id
            )
            for column in rows_sample(columns, FLIPS_PER_TABLE, chance):
                savepoint = conn.transaction()
                await savepoint.start()
                await drop_constraints(conn, table)
                try:
                    was, now = await flip(conn, column, chance.choice(places)[0], chance)
                except asyncpg.UniqueViolationError:  # of the key: nobody can write that
                    await savepoint.rollback()
                    continue
                found = await faults(conn, tenant_id, anchor)
                await savepoint.rollback()
                if was != now and not names(table, found):
                    unseen.append((table, column.name, was, now, found))
    assert not unseen, f"{unseen}\n  {again(seed, HERE)}"


def names(table: str, found: dict[str, str]) -> bool:
    """Whether the faults name the table, or the stream, seal, register row or export at fault."""
    places = {
        "streams": "stream",
        "events": "stream",
        "personal": "stream",
        "seals": "seal ",
        "seal_leaves": "seal ",
        "seal_anchors": "receipt",
        "archives": "document ",
        "file_contents": "file ",
        "exported_bookings": "export ",
        "accounting_files": "export ",
    }
    if table == "stored_files":  # bytes that whoever names them misses
        return any(said in text for text in found.values() for said in ("document ", "file "))
    said = places.get(table, f"{table}, ")
    return any(said in text or (table == "streams" and "seal" in text) for text in found.values())


async def test_a_row_that_is_gone_slipped_in_or_swapped_is_named(world: World) -> None:
    victim, anchor = await sealed_world(world)
    tenant_id, chance = victim.desk.tenant_id, random.Random(5)
    async with tampering(victim.desk) as conn:
        tables = await columns_of(conn)
        for table in sorted(set(TABLES) | CORE | BESIDE):
            columns = tables[table]
            places = await conn.fetch(
                f"SELECT ctid::text FROM invoicing.{table} WHERE tenant_id = $1", tenant_id
            )
            changes = {}
            if table not in MAY_BE_MORE:
                changes["slipped in"] = _slip_in(table, columns)
            if table not in MAY_BE_GONE:
                changes["gone"] = f"DELETE FROM invoicing.{table} WHERE ctid = $1::text::tid"
            for what, statement in rows_sample(sorted(changes.items()), 2 if SOAK else 1, chance):
                savepoint = conn.transaction()
                await savepoint.start()
                await drop_constraints(conn, table)
                done = await conn.execute(statement, chance.choice(places)[0])
                found = await faults(conn, tenant_id, anchor)
                await savepoint.rollback()
                assert done.endswith(" 1"), (table, what, done)
                assert found, (table, what)


def _slip_in(table: str, columns: list[Any]) -> str:
    """A copy of a row under another key."""
    key = next(c for c in columns if c.type in ("uuid", "text", "bigint", "date"))
    other = {
        "uuid": "gen_random_uuid()",
        "text": f"\"{key.name}\" || 'x'",
        "bigint": f'"{key.name}" + 1000',
        "date": f'"{key.name}" + 1000',
    }[key.type]
    listed = [f'"{c.name}"' for c in columns if (table, c.name) != ("outbox", "position")]
    values = [other if name == f'"{key.name}"' else name for name in listed]
    return (
        f"INSERT INTO invoicing.{table} (tenant_id, {', '.join(listed)})"
        f" SELECT tenant_id, {', '.join(values)} FROM invoicing.{table} WHERE ctid = $1::text::tid"
    )


async def test_two_rows_that_changed_places_are_named(desk: Desk) -> None:
    for price in ("1.00", "2.00"):
        await desk.invoice(line(price))
    await seal(desk)
    for table, column in (
        ("documents", "gross"),
        ("documents", "number"),
        ("numbers", "document_id"),
        ("document_contents", "resource"),
        ("settlements", "open"),
    ):
        async with tampering(desk) as conn:
            await drop_constraints(conn, table)
            (a, one), (b, two) = await conn.fetch(
                f"SELECT ctid::text, {column}::text FROM invoicing.{table}"
                " WHERE tenant_id = $1 LIMIT 2",
                desk.tenant_id,
            )
            type = next(c.type for c in (await columns_of(conn))[table] if c.name == column)
            for place, value in ((a, two), (b, one)):
                await conn.execute(
                    f"UPDATE invoicing.{table} SET {column} = $2::text::{type}"
                    " WHERE ctid = $1::text::tid",
                    *(place, value),
                )
            found = await faults(conn, desk.tenant_id)
        assert list(found) == ["rows"], (table, column, found)
        assert f"{table}, " in found["rows"]
        assert f"{column}: not what the events give" in found["rows"]


async def test_rows_of_an_erased_customer_are_what_events_give(desk: Desk) -> None:
    await desk.invoice(line("1.00"))
    await desk.draft(line("2.00"))
    gone = await desk.draft(line("3.00"))
    assert (await desk.client.delete(f"/v1/invoices/{gone['id']}")).is_success
    await desk.post("/v1/erasures", {"customer": "C-1"})
    await seal(desk)
    async with desk.world.admin() as conn:
        assert await faults(conn, desk.tenant_id) == {}


async def test_a_long_stream_is_replayed_in_pieces(desk: Desk, monkeypatch: Any) -> None:
    monkeypatch.setattr("invx.infra.audit_rows._EVENTS_AT_ONCE", 3)
    for _ in range(5):
        await desk.invoice(line("1.00"))
    await seal(desk)
    async with desk.world.admin() as conn:
        assert await faults(conn, desk.tenant_id) == {}
        await conn.execute(
            "UPDATE invoicing.numbers SET on_date = on_date + 1"
            " WHERE tenant_id = $1 AND number = 5",
            desk.tenant_id,
        )
        assert "number 5: on_date" in (await faults(conn, desk.tenant_id))["rows"]
