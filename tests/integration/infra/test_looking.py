"""`Runner.look`: a handler that writes nothing is answered of a suspended tenant too."""

from typing import Any

import pytest

from invx.infra.system import Uuid7Ids
from invx.infra.tenancy import TenantClosed, TenantMoving, UnknownTenant
from invx.kernel.context import Caller
from invx.kernel.errors import InvariantViolation
from tests.world import Desk, World


def caller_of(desk: Desk) -> Caller:
    return Caller(desk.tenant_id, "user:test", Uuid7Ids().new())


async def count_documents(_: None, uow: Any) -> int:
    """Looks, and records nothing."""
    found: int = await uow.conn.fetchval(
        "SELECT count(*) FROM invoicing.documents WHERE tenant_id = $1", uow.ctx.tenant_id
    )
    return found


async def schedule(_: None, uow: Any) -> None:
    """Writes, whatever it says."""
    uow.jobs.schedule("archive_document", "x", due_at=uow.ctx.now)


async def stated(world: World, desk: Desk, status: str, epoch: int) -> None:
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE invoicing.tenants SET status = $2, epoch = $3 WHERE tenant_id = $1",
            *(desk.tenant_id, status, epoch),
        )


@pytest.mark.parametrize("status", ["active", "suspended", "moving"])
async def test_it_is_answered_wherever_the_tenant_is_read(world: World, status: str) -> None:
    desk = await world.seller()
    await desk.draft()
    await stated(world, desk, status, 7)
    runner = world.host.contexts["invoicing"].runner
    assert await runner.look(count_documents, None, caller_of(desk)) == 1
    assert await runner.look(count_documents, None, caller_of(desk), long=True) == 1


@pytest.mark.parametrize(
    "status, refusal",
    [("arriving", TenantMoving), ("moved", TenantClosed), ("erased", UnknownTenant)],
)
async def test_it_is_refused_where_the_tenant_is_not_read(
    world: World, status: str, refusal: type[Exception]
) -> None:
    desk = await world.seller()
    await stated(world, desk, status, 7)
    runner = world.host.contexts["invoicing"].runner
    with pytest.raises(refusal):
        await runner.look(count_documents, None, caller_of(desk))


async def test_who_writes_while_it_was_to_look_is_found_out(world: World) -> None:
    """Where the tenant is suspended nothing may slip past its status."""
    desk = await world.seller()
    runner = world.host.contexts["invoicing"].runner
    await stated(world, desk, "suspended", 7)
    with pytest.raises(InvariantViolation, match="only to look"):
        await runner.look(schedule, None, caller_of(desk))
    async with world.admin() as conn:
        assert not await conn.fetchval("SELECT count(*) FROM invoicing.due_jobs WHERE key = 'x'")


async def test_a_run_is_refused_as_ever(world: World) -> None:
    desk = await world.seller()
    runner = world.host.contexts["invoicing"].runner
    await stated(world, desk, "suspended", 7)
    with pytest.raises(TenantClosed):
        await runner.run(count_documents, None, caller_of(desk))


async def test_an_erased_tenant_is_told_so_under_a_key_too(world: World) -> None:
    """The refusal is stored nowhere: there is nobody to store it for."""
    desk = await world.seller()
    await desk.draft()
    await stated(world, desk, "erased", 7)
    for _ in range(2):
        answer = await desk.client.post(
            "/v1/invoices", json={"lines": []}, headers={"Idempotency-Key": "k"}
        )
        assert answer.status_code in (404, 422), answer.text
        assert answer.status_code != 500
