"""What a tenant was called, maybe a person's name, goes with it; its own archive knows it."""

from pathlib import Path

from invx.contexts.identity.domain.tenant_events import TenantOpened
from invx.contexts.identity.wiring import CODEC
from invx.host import holdings_of
from invx.infra.storage.places import StorageSettings
from invx.infra.tenancy import INSTALLATION
from invx.infra.tenants.erasing import erase_tenant
from invx.kernel.ids import parse_typeid
from invx.place import owners
from tests.people import Person, sign_up
from tests.sealing import faults
from tests.tenants import invx
from tests.world import World

NAME = "Kontor Nord GmbH"


async def listed(ada: Person) -> list[tuple[str, str]]:
    """What the organization's list shows: name and status of each that can be entered."""
    answer = await ada.refresh()
    assert answer.status_code == 200, answer.text
    return [(each["name"], each["mode"]) for each in answer.json()["tenants"]]


async def said_of(world: World, tenant: str) -> dict[str, object]:
    """What is kept of a tenant where its organization is."""
    tenant_id = parse_typeid("tnt", tenant)
    async with world.admin() as conn:
        row = await conn.fetchrow(
            "SELECT name, status, (SELECT count(*) FROM identity.personal WHERE subject_id = $1)"
            " AS names, (SELECT count(*) FROM identity.events WHERE stream_id = $1"
            " AND body::text LIKE '%Kontor%') AS events"
            " FROM identity.opened_tenants WHERE opened_tenant_id = $1",
            tenant_id,
        )
    return dict(row)


async def suspended_and_exported(world: World, ada: Person, file: Path) -> None:
    for words in (("suspend", ada.tenant), ("export", ada.tenant, str(file))):
        said = await invx(world, "tenant", *words)
        assert said.code == 0, said.text


async def intact(world: World) -> None:
    async with world.admin() as conn:
        assert await faults(conn, INSTALLATION, schema="identity") == {}


async def test_the_list_of_an_organization_forgets_an_erased_tenant(
    world: World, tmp_path: Path
) -> None:
    ada = await sign_up(world)
    tenant = ada.tenant
    await world.settle()
    before = await listed(ada)
    assert before[0] == (NAME, "live")
    assert await said_of(world, tenant) == {
        "name": NAME,
        "status": "active",
        "names": 1,
        "events": 0,
    }
    file = tmp_path / "t.zip"
    await suspended_and_exported(world, ada, file)
    gone = await invx(world, "tenant", "erase", tenant, "--confirm", NAME)
    assert gone.code == 0, gone.text
    erased = {"name": "", "status": "erased", "names": 0, "events": 0}
    assert await said_of(world, tenant) == erased
    await ada.refresh(tenant=ada.tokens["sandbox"])
    assert await listed(ada) == before[1:]
    await intact(world)
    again = await invx(world, "tenant", "erase", tenant)
    assert "Nothing of it is left" in again.text
    assert await said_of(world, tenant) == erased
    back = await invx(world, "tenant", "import", str(file))
    assert back.code == 0, back.text
    assert await said_of(world, tenant) == {
        "name": NAME,
        "status": "active",
        "names": 1,
        "events": 0,
    }
    assert await listed(ada) == before
    await intact(world)


async def test_an_erasure_that_was_cut_off_before_the_list_is_completed_by_the_next(
    world: World, tmp_path: Path
) -> None:
    ada = await sign_up(world)
    tenant = ada.tenant
    await world.settle()
    await suspended_and_exported(world, ada, tmp_path / "t.zip")
    contexts = holdings_of(StorageSettings())
    async with owners(world.place, "pooled", contexts) as conns:
        await erase_tenant(conns, (), parse_typeid("tnt", ada.tenant))
    assert (await said_of(world, tenant))["name"] == NAME
    said = await invx(world, "tenant", "erase", tenant)
    assert said.code == 0, said.text
    assert (await said_of(world, tenant))["name"] == ""


async def test_a_sandbox_that_ended_is_forgotten_too(world: World) -> None:
    ada = await sign_up(world)
    await world.settle()
    sandbox = ada.tokens["sandbox"]
    ended = await ada.client.delete(f"/v1/sandboxes/{sandbox}")
    assert ended.is_success, ended.text
    await world.settle()
    async with world.admin() as conn:
        assert not await conn.fetchval(
            "SELECT count(*) FROM identity.personal WHERE subject_id = $1",
            parse_typeid("tnt", sandbox),
        )
    await intact(world)


def test_what_was_recorded_with_its_name_inside_is_still_read() -> None:
    body = (
        '{"organization_id": "01a00000-0000-7000-8000-000000000001", "entry": {"name": "Werft",'
        ' "mode": "live", "status": "active", "clock_offset_seconds": 0},'
        ' "opened_at": "2026-01-01T00:00:00Z"}'
    )
    event = CODEC.decode("TenantOpened", 1, body)
    assert isinstance(event, TenantOpened)
    assert event.entry.name == "Werft"
    assert event.subject_id is None
