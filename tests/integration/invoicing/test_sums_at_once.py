"""A balance is the sum of its entries, whoever writes and however many rows at once (M4, M5)."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from invx.infra.system import Uuid7Ids
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from tests.world import Desk, line

SETTLED, ENTERED = "settled_is_the_sum_of_entries", "entered_is_the_sum_of_tax_entries"
# What is added to the second of two settlements that one statement states, and what that breaks.
WRONG = {
    "more is settled": ({"settled": "1", "open": "-1"}, SETTLED),
    "less is settled, and less owed": ({"settled": "-1", "open": "1"}, SETTLED),
    "a cent of tax": ({"entered_tax": "0.01"}, ENTERED),
    "another base": ({"entered_base": "-1"}, ENTERED),
    "both": ({"settled": "1", "open": "-1", "entered_tax": "1"}, SETTLED),
}


@pytest.fixture
async def both(desk: Desk) -> tuple[UUID, UUID]:
    """Two invoices."""
    first, second = [parse_typeid("inv", (await desk.invoice(line("100.00")))["id"]) for _ in "ab"]
    return first, second


async def told(desk: Desk, statement: str, *values: Any) -> Any:
    """Run it as the application does: its role, in its tenant."""
    runner = desk.world.host.contexts["invoicing"].runner
    caller = Caller(desk.tenant_id, "user:test", Uuid7Ids().new())
    tenant, _ = await runner.context(caller)
    async with runner.database.tenant_transaction(desk.tenant_id, tenant.epoch, write=True) as conn:
        return await conn.execute(statement, *values)


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("stating", ["UPDATE", "INSERT"])
async def test_one_wrong_balance_among_many_is_refused(
    desk: Desk, both: tuple[UUID, UUID], name: str, stating: str
) -> None:
    """An insertion states whole rows that are there already, as the write set does."""
    changed, constraint = WRONG[name]
    added = {
        column: f"{column} + CASE document_id WHEN $2 THEN {by} ELSE 0 END"
        for column, by in changed.items()
    }
    columns = await stated_columns(desk)
    if stating == "UPDATE":
        sets = ", ".join(f"{column} = {value}" for column, value in added.items())
        statement = f"UPDATE invoicing.settlements SET {sets} WHERE document_id IN ($1, $2)"
    else:
        values = ", ".join(added.get(column, column) for column in columns)
        sets = ", ".join(f"{column} = excluded.{column}" for column in changed)
        statement = (
            f"INSERT INTO invoicing.settlements ({', '.join(columns)}) SELECT {values}"
            " FROM invoicing.settlements WHERE document_id IN ($1, $2)"
            f" ON CONFLICT (tenant_id, document_id) DO UPDATE SET {sets}"
        )
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await told(desk, statement, *both)
    assert refused.value.constraint_name == constraint


async def test_a_right_balance_is_taken(desk: Desk, both: tuple[UUID, UUID]) -> None:
    again = "UPDATE invoicing.settlements SET disputed = true WHERE document_id IN ($1, $2)"
    assert await told(desk, again, *both) == "UPDATE 2"


async def test_what_is_void_may_have_had_a_balance_but_owes_no_tax(
    desk: Desk, both: tuple[UUID, UUID]
) -> None:
    void = "UPDATE invoicing.settlements SET status = 'void' {more} WHERE document_id IN ($1, $2)"
    assert await told(desk, void.format(more=", settled = 7"), *both) == "UPDATE 2"
    with pytest.raises(asyncpg.CheckViolationError, match="the tax ledger holds"):
        await told(desk, void.format(more=", entered_tax = 0"), *both)


async def test_a_settlement_without_its_entries_is_refused(desk: Desk) -> None:
    """A plain insertion: the balance of one document stated for another, which has no entries."""
    issued = parse_typeid("inv", (await desk.invoice(line("100.00")))["id"])
    draft = parse_typeid("inv", (await desk.draft(line("100.00")))["id"])
    columns = await stated_columns(desk)
    values = ["$2::uuid" if name == "document_id" else name for name in columns]
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await told(
            desk,
            f"INSERT INTO invoicing.settlements ({', '.join(columns)}) SELECT {', '.join(values)}"
            " FROM invoicing.settlements WHERE document_id = $1",
            issued,
            draft,
        )
    assert refused.value.constraint_name == ENTERED


async def stated_columns(desk: Desk) -> list[str]:
    """The columns of settlements that are stated."""
    runner = desk.world.host.contexts["invoicing"].runner
    async with runner.reading(Caller(desk.tenant_id, "user:test", Uuid7Ids().new())) as (conn, _):
        rows = await conn.fetch(
            "SELECT attname::text AS name FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
            " AND attgenerated = '' AND attrelid = 'invoicing.settlements'::regclass"
        )
    return [row["name"] for row in rows]
