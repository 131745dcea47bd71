"""Revenue by month: on PostgreSQL, through the API, and made anew from invoicing's past."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from invx.contexts.analytics.read.queries import revenue_by_month
from invx.contracts.registry import REGISTRY
from invx.infra.lease import Lease
from invx.infra.republish import AlreadyRepublishing, NoHistory, Progress, republish
from invx.infra.system import SystemClock, Uuid7Ids
from invx.kernel.context import Caller
from tests.world import Desk, World, line

YEAR = {"from": "2000-01", "to": "2009-12"}
ROWS = "SELECT * FROM analytics.documents ORDER BY tenant_id, document_id"


async def learn_again(world: World, **more) -> Progress:
    contexts = world.host.contexts
    return await republish(
        contexts["invoicing"],
        contexts["analytics"],
        REGISTRY,
        clock=SystemClock(),
        ids=Uuid7Ids(),
        **more,
    )


@pytest.fixture
async def admin(world: World) -> AsyncIterator[asyncpg.Connection]:
    async with world.admin() as conn:
        yield conn


async def forget_everything(admin: asyncpg.Connection) -> None:
    await admin.execute("TRUNCATE analytics.documents, analytics.inbox, analytics.leases")


async def this_month(desk: Desk, **query: str) -> list[dict[str, str]]:
    found = await desk.get("/v1/analytics/revenue", **query)
    return found["data"]


async def test_a_finalized_invoice_is_revenue_of_its_month(desk: Desk) -> None:
    invoice = await desk.invoice(line("138.66"))
    assert await this_month(desk) == []
    await desk.world.settle()
    [row] = await this_month(desk)
    assert row == {
        "month": invoice["issue_date"][:7],
        "currency": "EUR",
        "net": "138.66",
        "tax": "26.35",
        "gross": "165.01",
        "documents": 1,
    }


async def test_a_credit_note_lowers_revenue(desk: Desk) -> None:
    invoice = await desk.invoice(line("100.00"))
    path = f"/v1/invoices/{invoice['id']}/credit-notes"
    await desk.finalize(await desk.post(path, {"reason": "returned"}))
    await desk.world.settle()
    [row] = await this_month(desk)
    assert (row["net"], row["gross"]) == ("0.00", "0.00")


async def test_a_voided_invoice_is_no_revenue(desk: Desk) -> None:
    await desk.invoice(line("10.00"))
    invoice = await desk.invoice(line("100.00"))
    await desk.post(f"/v1/invoices/{invoice['id']}/void", {"reason": "entered twice"})
    await desk.world.settle()
    [row] = await this_month(desk)
    assert (row["net"], row["documents"]) == ("10.00", 1)


async def test_a_proforma_is_no_revenue(desk: Desk) -> None:
    await desk.invoice(line("100.00"), type="proforma")
    await desk.world.settle()
    assert await this_month(desk) == []


async def test_a_tenant_sees_its_own_revenue_only(world: World) -> None:
    one, other = await world.seller(), await world.seller()
    await one.invoice(line("100.00"))
    await world.settle()
    assert len(await this_month(one)) == 1
    assert await this_month(other) == []


async def test_revenue_can_be_asked_by_currency_and_legal_entity(desk: Desk) -> None:
    await desk.invoice(line("100.00"))
    await desk.world.settle()
    assert len(await this_month(desk, currency="EUR", legal_entity=desk.entity)) == 1
    assert await this_month(desk, currency="CHF") == []
    other = desk.entity[:-1] + ("0" if desk.entity[-1] != "0" else "1")
    assert await this_month(desk, legal_entity=other) == []
    assert await this_month(desk, **YEAR) == []


REFUSED = [
    ({"from": "2026-13"}, "from"),
    ({"from": "2026-02", "to": "2026-01"}, "from"),
    ({"from": "1900-01", "to": "2026-01"}, "from"),
    ({"currency": "XXX"}, "currency"),
    ({"currency": "euro"}, "currency"),
    ({"legal_entity": "inv_01h455vb4pex5vsknk084sn02q"}, "legal_entity"),
    ({"colour": "red"}, "colour"),
]


async def test_a_question_without_meaning_names_its_parameter(desk: Desk) -> None:
    for query, parameter in REFUSED:
        response = await desk.client.get("/v1/analytics/revenue", params=query)
        assert response.status_code == 422, query
        assert parameter in json.dumps(response.json())


async def test_revenue_needs_its_permission(desk: Desk) -> None:
    client = desk.world.client(desk.tenant_id, ("invoices:read",))
    assert (await client.get("/v1/analytics/revenue")).status_code == 403


async def test_amounts_are_exact_however_many_there_are(desk: Desk, admin) -> None:
    await fill(admin, desk.tenant_id, 1000, "0.07")
    [row] = await this_month(desk, **{"from": "2003-05", "to": "2003-05"})
    assert (row["net"], row["documents"]) == ("70.00", 1000)


async def fill(admin: asyncpg.Connection, tenant_id: UUID, count: int, net: str) -> None:
    await admin.execute(
        """INSERT INTO analytics.documents SELECT $1, gen_random_uuid(), 'invoice',
        gen_random_uuid(), 'EUR', '2003-05-01', $3, 0, $3, false, true FROM generate_series(1, $2)
        """,
        tenant_id,
        count,
        Decimal(net),
    )


async def test_revenue_is_read_from_its_index_alone(desk: Desk, admin) -> None:
    await admin.execute(
        """INSERT INTO analytics.documents SELECT $1, gen_random_uuid(), 'invoice',
        gen_random_uuid(), 'EUR', date '2000-01-01' + interval '1 month' * (n % 120), 1, 0, 1,
        false, true FROM generate_series(1, 50000) AS n""",
        desk.tenant_id,
    )
    await admin.execute("VACUUM ANALYZE analytics.documents")
    context = desk.world.host.contexts["analytics"]
    caller = Caller(desk.tenant_id, "user:test", desk.tenant_id)
    async with context.runner.reading(caller) as (conn, ctx):
        asked = []
        conn.add_query_logger(lambda record: asked.append((record.query, record.args)))
        await revenue_by_month(
            conn, ctx, first=date(2003, 1, 1), last=date(2003, 12, 1), currency="EUR"
        )
        await asyncio.sleep(0)  # the log is told a moment later
        query, values = asked[-1]
        plan = await conn.fetchval(f"EXPLAIN (FORMAT JSON) {query}", *values)
    assert '"Index Only Scan"' in plan, plan
    assert "documents_revenue" in plan


async def test_a_context_added_later_learns_the_past(world: World, admin) -> None:
    desks = [await world.seller() for _ in range(2)]
    for desk in desks:
        invoice = await desk.invoice(line("100.00"))
        await desk.invoice(line("7.00"))
        await desk.post(f"/v1/invoices/{invoice['id']}/void", {"reason": "twice"})
    await world.settle()
    before = await admin.fetch(ROWS)
    await forget_everything(admin)
    told: list[Progress] = []
    done = await learn_again(world, progress=told.append)
    await world.settle()
    assert await admin.fetch(ROWS) == before
    assert len(before) == 4
    assert (done.tenants, done.tenants_done, done.contracts, done.new) == (
        3,
        3,
        6,
        6,
    )  # the installation is one
    assert told[-1] == done
    assert [each.contracts for each in told] == sorted(each.contracts for each in told)


async def test_learning_the_past_twice_or_on_top_of_it_changes_nothing(world, admin) -> None:
    desk = await world.seller()
    await desk.invoice(line("100.00"))
    await world.settle()
    before = await admin.fetch(ROWS)
    assert (await learn_again(world)).new == 0
    await forget_everything(admin)
    assert (await learn_again(world)).new == 1
    assert (await learn_again(world)).new == 0
    await world.settle()
    assert await admin.fetch(ROWS) == before


async def test_it_can_be_taken_up_again_after_a_crash(world: World, admin) -> None:
    desks = [await world.seller() for _ in range(3)]
    for desk in desks:
        await desk.invoice(line("100.00"))
    await world.settle()
    before = await admin.fetch(ROWS)
    await forget_everything(admin)

    def crash(progress: Progress) -> None:
        if progress.tenants_done == 2:  # the installation, and one of theirs
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await learn_again(world, progress=crash)
    done = await learn_again(world)
    await world.settle()
    assert await admin.fetch(ROWS) == before
    assert 0 < done.new < done.contracts


async def test_what_happens_meanwhile_waits_for_the_past(world: World, admin) -> None:
    desk = await world.seller()
    invoice = await desk.invoice(line("100.00"))
    await world.settle()
    await forget_everything(admin)
    await desk.post(f"/v1/invoices/{invoice['id']}/void", {"reason": "twice"})
    held: list[int] = []

    def meanwhile(_: Progress) -> None:
        held.append(1)

    target = world.host.contexts["analytics"]
    hold = Lease(target.database, f"inbox {desk.tenant_id}", clock=SystemClock(), ids=Uuid7Ids())
    assert await hold.take()
    await world.settle()
    assert await admin.fetchval("SELECT count(*) FROM analytics.inbox WHERE attempts > 0") == 0
    with pytest.raises(AlreadyRepublishing):
        await learn_again(world)
    await hold.release()
    await learn_again(world, progress=meanwhile)
    await world.settle()
    assert held
    assert await admin.fetchval("SELECT max(attempts) FROM analytics.inbox") == 1
    assert [row["voided"] for row in await admin.fetch(ROWS)] == [True]


async def test_one_tenant_can_learn_alone(world: World, admin) -> None:
    desks = [await world.seller() for _ in range(2)]
    for desk in desks:
        await desk.invoice(line("100.00"))
    await world.settle()
    await forget_everything(admin)
    assert (await learn_again(world, tenants=[desks[0].tenant_id])).new == 1
    await world.settle()
    assert [row["tenant_id"] for row in await admin.fetch(ROWS)] == [desks[0].tenant_id]


async def test_a_tenant_that_moved_away_is_left_out(world: World, admin) -> None:
    desk, gone = await world.seller(), await world.seller()
    for each in (desk, gone):
        await each.invoice(line("100.00"))
    await admin.execute(
        "UPDATE invoicing.tenants SET status = 'moved' WHERE tenant_id = $1", gone.tenant_id
    )
    done = await learn_again(world)
    assert (done.tenants_done, done.tenants_closed) == (2, 1)


async def test_a_context_without_events_has_no_past_to_send(world: World) -> None:
    contexts = world.host.contexts
    with pytest.raises(NoHistory):
        await republish(
            contexts["analytics"],
            contexts["invoicing"],
            REGISTRY,
            clock=SystemClock(),
            ids=Uuid7Ids(),
        )


async def test_w10_a_paid_invoice_leaves_the_outbox_once(desk: Desk, admin) -> None:
    """The public event comes from this contract: one payment that settles, one contract."""
    invoice = await desk.invoice(line("100.00"))
    payment = {"amount": "119.00", "source": "bank:4711"}
    await desk.post(f"/v1/invoices/{invoice['id']}/payments", payment)
    await desk.client.post(f"/v1/invoices/{invoice['id']}/payments", json=payment)
    await desk.world.settle()
    bodies = await admin.fetch(
        "SELECT body::text FROM invoicing.outbox WHERE contract LIKE 'invoicing.settlement.%'"
    )
    paid = [json.loads(row[0]) for row in bodies]
    assert [each["status"] for each in paid] == ["settled"]
    unpublished = "SELECT count(*) FROM invoicing.outbox WHERE published_at IS NULL"
    assert await admin.fetchval(unpublished) == 0
