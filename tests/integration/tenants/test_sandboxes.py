"""Sandboxes and what operators do with tenants: moved, suspended, erased by hand."""

from dataclasses import replace
from typing import Any

from invx.host import CONTEXTS, build_host
from invx.kernel.ids import parse_typeid
from invx.place import eraser_of
from invx.settings import PlacementSettings, PlaceSettings, Settings
from tests.integration.identity.test_sandboxes import inside, make
from tests.integration.tenants.houses import moved
from tests.people import Person, open_for_business
from tests.tenants import invx, rows_of
from tests.world import SELLER, Desk, World, post


async def desk_in(world: World, owner: Person, sandbox: dict[str, Any]) -> Desk:
    """A sandbox at work."""
    client = await inside(world, owner, sandbox)
    await world.settle()
    entity = await post(client, "/v1/legal-entities", SELLER)
    return Desk(world, parse_typeid("tnt", sandbox["id"]), client, entity["id"])


async def statuses(world: World, tenant_id: Any, placement: str = "pooled") -> set[str | None]:
    async with world.admin(placement) as conn:
        return {
            await conn.fetchval(
                f"SELECT status FROM {schema}.tenants WHERE tenant_id = $1", tenant_id
            )
            for schema in CONTEXTS
        }


async def test_a_moved_sandbox_is_erased_where_it_is_and_everywhere_else(house: World) -> None:
    ada = await open_for_business(house)
    sandbox = await make(ada)
    desk = await desk_in(house, ada, sandbox)
    await desk.invoice()
    await moved(desk, "acme")
    await desk.invoice()
    assert (await ada.client.delete(f"/v1/sandboxes/{sandbox['id']}")).status_code == 204
    await house.settle()
    assert await statuses(house, desk.tenant_id) == {"erased"}
    there = await statuses(house, desk.tenant_id, "acme")
    assert there == {None, "erased"}, "identity never was there"
    for placement in ("pooled", "acme"):
        async with house.admin(placement) as conn:
            left = await conn.fetchval(
                "SELECT count(*) FROM invoicing.documents WHERE tenant_id = $1", desk.tenant_id
            )
        assert left == 0, placement


async def test_the_clock_of_a_moved_sandbox_stops_and_says_why(house: World) -> None:
    ada = await open_for_business(house)
    sandbox = await make(ada)
    desk = await desk_in(house, ada, sandbox)
    await moved(desk, "berlin")
    path = f"/v1/sandboxes/{sandbox['id']}/clock"
    begun = await ada.post(path, {"by": "P1M"}, status=202)
    await house.settle()
    stopped = await ada.get(f"{path}/{begun['id']}")
    assert (stopped["state"], stopped["problem"]["code"]) == ("done", "clock_stopped")
    assert "a database of its own" in stopped["problem"]["detail"]
    assert (await desk.invoice())["number"]  # it works on, by the time of the world


async def test_an_operator_may_erase_it_first(world: World) -> None:
    ada = await open_for_business(world)
    sandbox = await make(ada, name="Geheim")
    desk = await desk_in(world, ada, sandbox)
    assert (await invx(world, "tenant", "suspend", sandbox["id"])).code == 0
    words = ("tenant", "erase", sandbox["id"], "--without-export", "--confirm", "Geheim")
    assert (await invx(world, *words)).code == 0
    gone = await ada.client.delete(f"/v1/sandboxes/{sandbox['id']}")
    assert gone.status_code == 404, "there is nothing left to end"
    await world.settle()
    assert await rows_of(world, desk.tenant_id) == {}
    async with world.admin() as conn:
        status = await conn.fetchval(
            "SELECT status FROM identity.opened_tenants WHERE opened_tenant_id = $1",
            desk.tenant_id,
        )
        parked = await conn.fetch("SELECT kind FROM identity.due_jobs WHERE state = 'parked'")
    assert (status, parked) == ("erased", [])


async def test_the_operator_ends_what_a_process_without_the_owners_login_closed(
    world: World,
) -> None:
    ada = await open_for_business(world)
    sandbox = await make(ada, name="Closed")
    desk = await desk_in(world, ada, sandbox)
    host = await build_host(world.place.where, world.settings)  # as `invx work` elsewhere
    try:
        await ada.client.delete(f"/v1/sandboxes/{sandbox['id']}")
        await host.settle()
    finally:
        await host.stop()
    assert await statuses(world, desk.tenant_id) == {"suspended"}
    words = ("tenant", "erase", sandbox["id"], "--without-export", "--confirm", "Closed")
    said = await invx(world, *words)
    assert said.code == 0, said.text
    assert await rows_of(world, desk.tenant_id) == {}


def test_who_has_no_owners_login_has_no_eraser(world: World) -> None:
    settings: Settings = world.settings
    mine = PlaceSettings(app_dsn="postgresql://a@h/d", system_dsn="postgresql://s@h/d")
    assert eraser_of(world.place, replace(settings, place=mine)) is None
    serving = replace(mine, admin_dsn=mine.app_dsn)  # as in containers
    assert eraser_of(world.place, replace(settings, place=serving)) is None
    beside = {"identity": PlacementSettings(app_dsn="postgresql://a@h/i")}
    split = replace(settings.place, contexts=beside)
    assert eraser_of(world.place, replace(settings, place=split)) is None
    owned = replace(mine, admin_dsn="postgresql://o@h/d")
    assert eraser_of(world.place, replace(settings, place=owned)) is not None
    assert eraser_of(world.place, settings) is not None
