"""One of several databases set back to before a move: who is active in two is named, everywhere."""

import asyncio
from collections.abc import Iterator

import pytest

from invx.cli.findings.database import database
from invx.cli.findings.finding import Finding, Level
from invx.place import living_twice, on_one_server
from invx.settings import read_settings
from tests.integration.tenants.houses import MOVING, moved, rows_in
from tests.integration.tenants.two import traded
from tests.tenants import environment, invx, tnt
from tests.world import Desk, World


async def set_back(house: World, desk: Desk, placement: str = "pooled") -> None:
    """The directory of a database as it was before the tenant left it."""
    async with house.admin(placement) as conn:
        for context in MOVING:
            await conn.execute(
                f"UPDATE {context}.tenants SET status = 'active', epoch = epoch + 1"
                " WHERE tenant_id = $1",
                desk.tenant_id,
            )


async def close(house: World, desk: Desk, placement: str, to: str) -> None:
    """As docs/operations/tenants.md says it is done by hand."""
    async with house.admin(placement) as conn:
        for context in MOVING:
            await conn.execute(
                f"UPDATE {context}.tenants SET status = 'moved', placement = $2,"
                " epoch = epoch + 1 WHERE tenant_id = $1",
                *(desk.tenant_id, to),
            )


async def findings(house: World) -> list[Finding]:
    """What the doctor says of the database."""
    settings = read_settings(environment(house))

    def looked() -> Iterator[Finding]:
        yield from database(settings.place)

    return await asyncio.to_thread(lambda: list(looked()))


async def test_nobody_is_named_where_everybody_lives_once(house: World) -> None:
    desk, _ = await traded(await house.seller()), await house.seller()
    await moved(desk, "acme")
    assert await living_twice(house.place) == {}
    listed = await invx(house, "tenant", "list", COLUMNS="200")
    assert "TWICE" not in listed.text
    assert [each for each in await findings(house) if each.subject == "tenants"] == []


@pytest.mark.parametrize("to", ["acme", "berlin"])
async def test_who_is_active_in_two_is_named_by_list_and_doctor(house: World, to: str) -> None:
    desk, other = await traded(await house.seller()), await traded(await house.seller())
    await moved(desk, to)
    await set_back(house, desk)
    assert await living_twice(house.place) == {desk.tenant_id: ["pooled", to]}
    listed = await invx(house, "tenant", "list", COLUMNS="200")
    [line] = [each for each in listed.text.splitlines() if each.startswith("TWICE")]
    assert tnt(desk.tenant_id) in line
    assert f"active in pooled and {to}" in line
    assert tnt(other.tenant_id) not in line
    [found] = [each for each in await findings(house) if each.subject == "tenants"]
    assert found.level is Level.FAIL
    assert f"{tnt(desk.tenant_id)} is active in pooled and {to}" in found.seen
    assert "docs/operations/tenants.md" in found.remedy
    refused = await invx(house, "tenant", "move", tnt(desk.tenant_id), "--to", to)
    assert refused.code == 1
    await close(house, desk, "pooled", to)
    assert await living_twice(house.place) == {}
    await desk.invoice()


async def test_a_suspended_one_and_one_that_is_moving_are_named_too(house: World) -> None:
    """Either may be written again at any moment."""
    for status in ("suspended", "moving"):
        desk = await traded(await house.seller())
        await moved(desk, "acme")
        async with house.admin() as conn:
            for context in MOVING:
                await conn.execute(
                    f"UPDATE {context}.tenants SET status = $2, before_move = 'active'"
                    " WHERE tenant_id = $1",
                    *(desk.tenant_id, status),
                )
        assert (await living_twice(house.place))[desk.tenant_id] == ["pooled", "acme"]


async def test_the_installation_itself_lives_in_every_database_and_is_not_named(
    house: World,
) -> None:
    for placement in ("pooled", "acme", "berlin"):
        async with house.admin(placement) as conn:
            assert await conn.fetchval(
                "SELECT count(*) FROM invoicing.tenants WHERE status = 'active'"
            )
    assert await living_twice(house.place) == {}


async def test_a_database_that_cannot_be_asked_keeps_nobody_from_being_named(
    house: World,
) -> None:
    desk = await traded(await house.seller())
    await moved(desk, "acme")
    await set_back(house, desk)
    async with house.admin() as conn:
        name = house.place.at("berlin").admin["database"]
        await conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            assert await living_twice(house.place) == {desk.tenant_id: ["pooled", "acme"]}
        finally:
            await conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


async def test_what_was_written_in_both_stays_until_somebody_decides(house: World) -> None:
    """Nothing is guessed and nothing deleted; the numbers of both are held apart by the hold."""
    desk = await traded(await house.seller())
    await moved(desk, "acme")
    await desk.invoice()
    await set_back(house, desk)
    before = await rows_in(house, desk, "acme")
    for to in ("pooled", "acme", "berlin"):
        refused = await invx(house, "tenant", "move", tnt(desk.tenant_id), "--to", to)
        assert (refused.code, "one of them was set back" in refused.text) == (1, True)
    assert await rows_in(house, desk, "acme") == before


async def test_which_placements_a_backup_of_the_server_has(house: World) -> None:
    assert list(on_one_server(house.place)) == ["pooled", "acme", "berlin"]
    elsewhere = house.place.at("acme")
    elsewhere.admin["port"] = 1
    assert list(on_one_server(house.place)) == ["pooled", "berlin"]


async def test_the_doctor_asks_every_database_for_its_migrations(house: World) -> None:
    async with house.admin("berlin") as conn:
        await conn.execute("DELETE FROM analytics.migrations WHERE number = 101")
    [found] = [each for each in await findings(house) if each.subject == "database"]
    assert found.level is Level.WARN
    assert "berlin: analytics 0101_pre_revenue.sql" in found.seen
