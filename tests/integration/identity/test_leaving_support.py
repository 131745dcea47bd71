"""An operator's access ends when they say so, or are revoked: also in a suspended tenant."""

from typing import Any

import httpx

from invx.infra.tenancy import INSTALLATION
from invx.kernel.ids import parse_typeid, typeid
from tests.integration.identity.test_leaving_tenants import resume
from tests.integration.identity.test_support import hear, let_in, refused, stage
from tests.operators import REASON, OperatorAtWork
from tests.people import Person
from tests.sealing import faults
from tests.tenants import invx
from tests.world import World


async def left(operator: OperatorAtWork, tenant: str) -> httpx.Response:
    return await operator.client.delete(f"/operator/v1/tenants/{tenant}/support-requests")


async def grants(ada: Person) -> list[tuple[str, str | None]]:
    await ada.refresh()  # everybody's tokens of before are refused; people get new ones
    found = (await ada.get("/v1/support-grants"))["data"]
    return [(each["status"], each["ended_reason"]) for each in found]


async def make_due(world: World) -> None:
    """Five minutes later."""
    async with world.admin() as conn:
        moved = await conn.execute(
            "UPDATE identity.due_jobs SET due_at = now() - interval '1 second'"
            " WHERE kind = 'end_support' AND state = 'pending'"
        )
    assert moved == "UPDATE 1"
    await world.settle()


async def suspended_with_somebody_inside(world: World) -> tuple[OperatorAtWork, Person, Any]:
    operator, ada = await stage(world)
    _, client = await let_in(operator, ada)
    await operator.post(f"/tenants/{ada.tenant}/suspend", REASON)
    await hear(world, ada.tenant)
    assert (await client.get("/v1/invoices")).status_code == 200  # a suspended tenant is read
    return operator, ada, client


async def test_an_operator_leaves_and_their_tokens_end(world: World) -> None:
    operator, ada = await stage(world)
    request, client = await let_in(operator, ada)
    assert (await left(operator, ada.tenant)).status_code == 204
    await hear(world, ada.tenant)
    assert (await client.get("/v1/invoices")).status_code == 401
    assert await refused(operator, ada.tenant) == "support_not_granted"
    assert await grants(ada) == [("ended", "operator_left")]
    [ended] = (await ada.get("/v1/audit/acts", type="support_ended"))["data"]
    assert (ended["actor"], ended["about"]) == (operator.actor, request)
    [act] = (await operator.get("/acts", type="tenant_access_left"))["data"]
    assert (act["actor"], act["after"]) == (operator.actor, {"tenant": ada.tenant})
    assert (await left(operator, ada.tenant)).status_code == 204  # again is fine
    nobody = await left(operator, typeid("tnt", operator.id))
    assert nobody.status_code == 404


async def test_in_a_suspended_tenant_the_tokens_end_at_once_and_the_grant_when_it_is_resumed(
    world: World,
) -> None:
    operator, ada, client = await suspended_with_somebody_inside(world)
    assert (await left(operator, ada.tenant)).status_code == 204
    for path in ("/v1/invoices", "/v1/members", "/v1/analytics/revenue"):  # in every context
        assert (await client.get(path)).status_code == 401, path
    assert await grants(ada) == [("granted", None)]
    await make_due(world)  # still suspended
    assert await grants(ada) == [("granted", None)]
    await resume(world, parse_typeid("tnt", ada.tenant))
    await make_due(world)
    assert await grants(ada) == [("ended", "operator_left")]
    assert await refused(operator, ada.tenant) == "support_not_granted"
    identity, tenant_id = world.host.contexts["identity"], parse_typeid("tnt", ada.tenant)
    for id in (tenant_id, INSTALLATION):
        assert await world.host.sealing.seal(identity, id)
        async with world.admin() as conn:
            assert await faults(conn, id, schema="identity") == {}


async def test_what_was_asked_after_leaving_is_not_ended_by_the_late_job(world: World) -> None:
    operator, ada, _ = await suspended_with_somebody_inside(world)
    await left(operator, ada.tenant)
    await world.settle()
    await resume(world, parse_typeid("tnt", ada.tenant))
    await ada.refresh()
    await let_in(operator, ada)  # replaces what was granted before
    await make_due(world)
    assert await grants(ada) == [("granted", None), ("ended", "replaced")]


async def test_who_is_revoked_leaves_a_suspended_tenant_too(world: World) -> None:
    operator, ada, client = await suspended_with_somebody_inside(world)
    said = await invx(world, "operator", "revoke", typeid("opr", operator.id))
    assert said.code == 0, said.text
    assert f"{ada.tenant} is suspended" in said.text
    await hear(world, ada.tenant)
    assert (await client.get("/v1/invoices")).status_code == 401
    await resume(world, parse_typeid("tnt", ada.tenant))
    await make_due(world)
    assert await grants(ada) == [("ended", "operator_revoked")]
