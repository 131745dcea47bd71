"""A suspended tenant is read, and nothing of it is written, not even in the background."""

import asyncio
from typing import Any

import pytest

from invx.host import CONTEXTS
from invx.infra.system import SystemClock, Uuid7Ids
from invx.infra.tenancy import Directory, TenantErased, UnknownTenant
from tests.tenants import invx, tnt
from tests.world import Desk, World, draft_body


async def value(world: World, statement: str, *args: Any) -> Any:
    async with world.admin() as conn:
        return await conn.fetchval(statement, *args)


async def stated(conn: Any, desk: Desk, status: str, epoch: int) -> None:
    """What the directories say of the tenant, by hand."""
    for context in CONTEXTS:
        await conn.execute(
            f"UPDATE {context}.tenants SET status = $2, epoch = $3 WHERE tenant_id = $1",
            *(desk.tenant_id, status, epoch),
        )


async def test_it_is_read_and_not_written_until_it_is_resumed(world: World) -> None:
    desk, other = await world.seller(), await world.seller()
    issued = await desk.invoice()
    said = await invx(world, "tenant", "suspend", tnt(desk.tenant_id))
    assert (said.code, said.text.strip()) == (0, f"{tnt(desk.tenant_id)} is suspended.")
    assert (await desk.get(f"/v1/invoices/{issued['id']}"))["number"] == issued["number"]
    refused = await desk.client.post("/v1/invoices", json=draft_body())
    assert (refused.status_code, refused.json()["code"]) == (409, "tenant_closed")
    await other.invoice()
    for context in CONTEXTS:
        status = f"SELECT status FROM {context}.tenants WHERE tenant_id = $1"
        assert await value(world, status, desk.tenant_id) == "suspended"
    again = await invx(world, "tenant", "suspend", tnt(desk.tenant_id))
    assert "suspended already" in again.text
    assert "is active." in (await invx(world, "tenant", "resume", tnt(desk.tenant_id))).text
    assert (await desk.client.post("/v1/invoices", json=draft_body())).status_code == 201


async def test_its_reactions_and_jobs_wait_and_are_done_when_it_is_resumed(world: World) -> None:
    desk, other = await world.seller(), await world.seller()
    await desk.invoice()
    await other.invoice()
    await invx(world, "tenant", "suspend", tnt(desk.tenant_id))
    await world.settle()
    waiting = (
        "SELECT (SELECT count(*) FROM analytics.inbox WHERE tenant_id = $1 AND state = 'pending')"
        " + (SELECT count(*) FROM invoicing.due_jobs WHERE tenant_id = $1 AND state = 'pending'"
        " AND kind = 'archive_document')"
    )
    assert await value(world, waiting, desk.tenant_id) >= 2
    assert await value(world, waiting, other.tenant_id) == 0
    attempts = "SELECT max(attempts) FROM analytics.inbox WHERE tenant_id = $1"
    assert await value(world, attempts, desk.tenant_id) == 0
    await invx(world, "tenant", "resume", tnt(desk.tenant_id))
    await world.settle()
    assert await value(world, waiting, desk.tenant_id) == 0
    assert (await desk.get("/v1/analytics/revenue"))["data"][0]["gross"] == "119.00"


async def test_a_writer_under_way_is_waited_for(world: World) -> None:
    """So what an archive of a suspended tenant holds is all that there ever will be."""
    desk = await world.seller()
    context = world.host.contexts["invoicing"]
    async with context.database.tenant_transaction(desk.tenant_id, 1, write=True):
        suspending = asyncio.create_task(context.directory.suspend(desk.tenant_id))
        await asyncio.sleep(0.2)
        assert not suspending.done()
    assert await suspending


async def test_a_suspension_that_died_half_way_is_completed(world: World) -> None:
    desk = await world.seller()
    await world.host.contexts["invoicing"].directory.suspend(desk.tenant_id)
    assert "is suspended." in (await invx(world, "tenant", "suspend", tnt(desk.tenant_id))).text
    status = "SELECT status FROM analytics.tenants WHERE tenant_id = $1"
    assert await value(world, status, desk.tenant_id) == "suspended"


async def test_who_is_not_there_or_elsewhere_is_not_suspended(world: World) -> None:
    desk = await world.seller()
    directory = world.host.contexts["invoicing"].directory
    with pytest.raises(UnknownTenant):
        await directory.suspend(Uuid7Ids().new())
    assert not await directory.resume(desk.tenant_id)
    assert (await directory.get(desk.tenant_id)).status == "active"
    async with world.admin() as conn:
        await stated(conn, desk, "moved", 2)
    refused = await invx(world, "tenant", "resume", tnt(desk.tenant_id))
    assert (refused.code, "The tenant is moved." in refused.text) == (1, True)


async def test_an_erased_tenant_is_unknown_and_its_id_is_not_used_again(world: World) -> None:
    desk = await world.seller()
    async with world.admin() as conn:
        await stated(conn, desk, "erased", 2)
    assert (await desk.client.get("/v1/invoices")).status_code == 404
    directory = Directory(world.host.contexts["invoicing"].database, SystemClock())
    assert desk.tenant_id not in await directory.tenant_ids()
    with pytest.raises(TenantErased):
        await directory.register(desk.tenant_id, name="Again")
    again = await invx(world, "tenant", "create", "Again", "--id", tnt(desk.tenant_id))
    assert (again.code, "never used again" in again.text) == (1, True)
    with pytest.raises(UnknownTenant):
        await directory.resume(desk.tenant_id)


@pytest.mark.parametrize("status, read", [("moving", 200), ("arriving", 503)])
async def test_a_tenant_on_its_way_asks_for_patience(world: World, status: str, read: int) -> None:
    desk = await world.seller()
    async with world.admin() as conn:
        await stated(conn, desk, status, 2)
    assert (await desk.client.get("/v1/invoices")).status_code == read
    refused = await desk.client.post(
        "/v1/invoices", json=draft_body(), headers={"Idempotency-Key": "k"}
    )
    assert (refused.status_code, refused.json()["code"]) == (503, "tenant_moving")
    assert int(refused.headers["Retry-After"]) > 0
    async with world.admin() as conn:
        await stated(conn, desk, "active", 3)
    done = await desk.client.post(
        "/v1/invoices", json=draft_body(), headers={"Idempotency-Key": "k"}
    )
    assert done.status_code == 201  # the refusal was not kept for the key


async def test_the_list_says_how_large_each_tenant_is(world: World) -> None:
    large, small = await world.seller(), await world.seller()
    for _ in range(3):
        await large.invoice()
    await world.settle()
    nothing = await world.tenant()
    said = await invx(world, "tenant", "list", COLUMNS="200")
    assert "3 tenants" in said.text
    sizes = {
        line.split()[0]: float(line.split()[-2])
        for line in said.text.splitlines()
        if line.startswith("tnt_")
    }
    assert sizes[tnt(large.tenant_id)] > sizes[tnt(small.tenant_id)] > 0
    assert sizes[tnt(nothing)] == 0
