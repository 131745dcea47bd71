"""Closing beside writers: exactly one order wins, and whoever closed finds nothing new in it."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from invx.contexts.invoicing.api.routes.periods import CHANGES
from invx.contexts.invoicing.read.periods import list_period_changes
from invx.infra.http.pagination import parse_list_query
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from tests.e2e.acts import be_at, berlin
from tests.integration.invoicing.crowd import Spy, faults, walked
from tests.world import Desk, World, line

ROUNDS, WRITERS = 4, 6
_IN_IT = {
    "documents": "SELECT count(*) FROM invoicing.documents WHERE tenant_id = $1"
    " AND status = 'finalized' AND issue_date <= '2026-02-28'",
    "payments": "SELECT count(*) FROM invoicing.settlement_entries WHERE tenant_id = $1"
    " AND on_date <= '2026-02-28'",
    "tax": "SELECT count(*) FROM invoicing.tax_entries WHERE tenant_id = $1"
    " AND period <= '2026-02'",
    "accounting": "SELECT count(*) FROM invoicing.bookings WHERE tenant_id = $1"
    " AND booked_on <= '2026-02-28'",
}


async def count(desk: Desk, kind: str) -> int:
    async with desk.world.admin() as conn:
        found: int = await conn.fetchval(_IN_IT[kind], desk.tenant_id)
        return found


async def close(desk: Desk, kind: str) -> int:
    """How much was in it when it was closed."""
    path = f"/v1/legal-entities/{desk.entity}/periods/{kind}"
    answer = await desk.client.put(path, json={"closed_through": "2026-02-28"})
    assert answer.status_code == 200, answer.text
    return await count(desk, kind)


@pytest.mark.parametrize("kind", sorted(_IN_IT))
async def test_what_is_closed_is_closed_whoever_writes_beside_it(world: World, kind: str) -> None:
    desk = await world.seller(backdating_days=90, accounting={"chart": "SKR03"})
    await be_at(desk, berlin("2026-03-20 12:00"))
    outcomes = set()
    for _ in range(ROUNDS):
        drafts = [await desk.draft(line("10.00")) for _ in range(WRITERS)]
        paid = await desk.invoice(line("100.00"))

        async def write(at: int, of: dict[str, Any] = paid, among: Any = tuple(drafts)) -> int:
            if kind == "payments":
                body = {"amount": "1.00", "source": f"b{at}", "on": "2026-02-10"}
                path = f"/v1/invoices/{of['id']}/payments"
            else:
                body = {"issue_date": "2026-02-10"}
                path = f"/v1/invoices/{among[at]['id']}/finalize"
            return (await desk.client.post(path, json=body)).status_code

        work = [asyncio.create_task(write(at)) for at in range(WRITERS // 2)]
        closing = asyncio.create_task(close(desk, kind))
        work += [asyncio.create_task(write(at)) for at in range(WRITERS // 2, WRITERS)]
        outcomes |= set(await asyncio.gather(*work))
        assert await count(desk, kind) == await closing
        reopen = f"/v1/legal-entities/{desk.entity}/periods/{kind}/reopen"
        await desk.post(reopen, {"closed_through": None, "reason": "again"})
    assert outcomes <= {200, 409}


async def test_the_history_of_many_changes_is_read_by_its_key(desk: Desk) -> None:
    entity = parse_typeid("le", desk.entity)
    async with desk.world.admin() as conn:
        await conn.execute(
            "INSERT INTO invoicing.period_changes SELECT $1, $2, n, 'documents', NULL, 'closed',"
            " NULL, date '2020-01-01' + n, false, 'by_hand', NULL, 'user:x', now()"
            " FROM generate_series(1, 100000) n",
            desk.tenant_id,
            entity,
        )
        await conn.execute("ANALYZE invoicing.period_changes")
    assert parse_list_query(CHANGES, []).descending
    runner = desk.world.host.contexts["invoicing"].runner
    caller = Caller(tenant_id=desk.tenant_id, actor="user:test", correlation_id=uuid4())
    async with runner.reading(caller) as (conn, ctx):
        assert await conn.fetchval("SELECT current_user") == "invoicing_app"
        spy: Any = Spy(conn)
        for descending in (True, False):
            rows = await list_period_changes(
                spy, ctx, entity, 50_000, limit=26, descending=descending
            )
            assert len(rows) == 26
    assert len(spy.plans) == 2
    assert [found for plan in spy.plans for found in faults(plan, 100) + walked(plan, 100)] == []
