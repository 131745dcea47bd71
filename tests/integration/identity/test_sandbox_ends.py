"""Sandboxes end: deleted, or when their time has come; then all of them is erased."""

from datetime import UTC, datetime, timedelta

from invx.infra.tenancy import INSTALLATION
from invx.kernel.ids import parse_typeid
from tests.integration.identity.test_sandboxes import inside, make
from tests.people import open_for_business
from tests.tenants import rows_of
from tests.world import SELLER, World, post


async def test_a_deleted_sandbox_is_gone_at_once_and_erased_soon(world: World) -> None:
    ada = await open_for_business(world)
    sandbox = await make(ada, name="Geheim")
    tenant_id = parse_typeid("tnt", sandbox["id"])
    client = await inside(world, ada, sandbox)
    await world.settle()
    await post(client, "/v1/legal-entities", SELLER)
    assert await rows_of(world, tenant_id)
    path = f"/v1/sandboxes/{sandbox['id']}"
    assert (await ada.client.delete(path)).status_code == 204
    assert (await ada.client.get(path)).status_code == 404
    assert (await ada.client.delete(path)).status_code == 404  # twice does no harm
    assert (await ada.refresh(tenant=sandbox["id"])).status_code in (200, 403)
    await world.settle()
    assert await rows_of(world, tenant_id) == {}
    async with world.admin() as conn:
        for schema in world.host.contexts:
            row = await conn.fetchrow(
                f"SELECT name, status FROM {schema}.tenants WHERE tenant_id = $1", tenant_id
            )
            assert tuple(row) == ("", "erased"), schema
        told = await conn.fetchrow(
            "SELECT name, status FROM identity.opened_tenants WHERE opened_tenant_id = $1",
            tenant_id,
        )
        assert tuple(told) == ("", "erased")
    gone = await client.get("/v1/invoices")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_tenant")
    await ada.refresh(tenant=ada.tokens["tenants"][0]["id"])
    assert sandbox["id"] not in [each["id"] for each in ada.tokens["tenants"]]


async def test_a_sandbox_ends_by_itself_when_its_time_has_come(world: World) -> None:
    ada = await open_for_business(world)
    short, long = await make(ada, ttl_hours=1), await make(ada, ttl_hours=48)
    ends_at = datetime.fromisoformat(short["ends_at"])
    assert timedelta(minutes=59) < ends_at - datetime.now(UTC) <= timedelta(hours=1)
    await world.settle()
    assert (await ada.client.get(f"/v1/sandboxes/{short['id']}")).status_code == 200
    await world.advance(INSTALLATION, timedelta(hours=2))
    await world.settle()
    assert (await ada.client.get(f"/v1/sandboxes/{short['id']}")).status_code == 404
    assert await rows_of(world, parse_typeid("tnt", short["id"])) == {}
    assert (await ada.client.get(f"/v1/sandboxes/{long['id']}")).status_code == 200


async def test_an_erasure_that_was_broken_off_goes_on(world: World) -> None:
    """The process ends after the rows are gone and before identity has noted it."""
    ada = await open_for_business(world)
    sandbox = await make(ada)
    tenant_id = parse_typeid("tnt", sandbox["id"])
    await world.settle()
    await ada.client.delete(f"/v1/sandboxes/{sandbox['id']}")
    await world.settle()
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE identity.due_jobs SET state = 'pending' WHERE kind = 'end_sandbox'"
        )
        await conn.execute(
            "UPDATE identity.opened_tenants SET status = 'suspended' WHERE opened_tenant_id = $1",
            tenant_id,
        )
    await world.settle()
    async with world.admin() as conn:
        left = await conn.fetch(
            "SELECT kind FROM identity.due_jobs WHERE state IN ('pending', 'parked')"
        )
        status = await conn.fetchval(
            "SELECT status FROM identity.opened_tenants WHERE opened_tenant_id = $1", tenant_id
        )
    assert (left, status) == ([], "erased")


async def test_where_only_the_operator_can_erase_it_is_closed(world: World) -> None:
    ada = await open_for_business(world)
    sandbox = await make(ada)
    tenant_id = parse_typeid("tnt", sandbox["id"])
    client = await inside(world, ada, sandbox)
    await world.settle()
    await post(client, "/v1/legal-entities", SELLER)
    world.host.contexts["identity"].runner.providers["ending"]._erase = None
    await ada.client.delete(f"/v1/sandboxes/{sandbox['id']}")
    await world.settle()
    refused = await client.post("/v1/legal-entities", json=SELLER)
    assert refused.status_code in (401, 409)
    assert await rows_of(world, tenant_id)
    async with world.admin() as conn:
        for schema in world.host.contexts:
            status = await conn.fetchval(
                f"SELECT status FROM {schema}.tenants WHERE tenant_id = $1", tenant_id
            )
            assert status == "suspended", schema
