"""Movers that die, fail, or meet work in full swing: the tenant is in one place, and whole."""

from typing import Any

import pytest

from invx.infra.tenants.moving import MoveRefused, Moving
from invx.infra.tenants.tables import alone
from invx.infra.tenants.thawing import thaw_tenants
from tests.integration.tenants.houses import MOVING, Died, move_by_hand, moved, rows_in, status_in
from tests.integration.tenants.two import traded
from tests.tenants import invx
from tests.world import Desk, World, draft_body, post


@pytest.mark.parametrize("at", ["invoicing.documents", "invoicing events"])
async def test_a_mover_that_dies_while_it_copies_changes_nothing(house: World, at: str) -> None:
    desk = await traded(await house.seller())
    before = await rows_in(house, desk, "pooled")
    with pytest.raises(Died):
        await move_by_hand(desk, "acme", dying_at=at)
    assert await status_in(house, desk, "pooled") == "active"
    assert await status_in(house, desk, "acme") == "moved"
    await house.settle()  # what lies in the other place is nobody's
    assert await rows_in(house, desk, "pooled") == before
    await desk.invoice()
    await moved(desk, "pooled")  # undone
    assert await rows_in(house, desk, "acme") == {}
    await moved(desk, "acme")
    assert int((await desk.invoice())["number"][-4:]) == 4


async def frozen(house: World, desk: Desk) -> None:
    """As a mover leaves it that was killed while it kept writers out."""
    async with house.admin() as conn:
        for context in MOVING:
            await conn.execute(
                f"UPDATE {context}.tenants SET before_move = status, status = 'moving',"
                " epoch = epoch + 1 WHERE tenant_id = $1",
                desk.tenant_id,
            )


async def thaw(house: World) -> None:
    """What every process does every few seconds."""
    for context in house.host.contexts.values():
        for database in context.database.everywhere():
            await thaw_tenants(database)


async def test_who_was_frozen_by_a_mover_that_died_is_thawed(house: World) -> None:
    desk = await traded(await house.seller())
    await frozen(house, desk)
    assert (await desk.client.get("/v1/invoices")).status_code == 200
    assert (await desk.client.post("/v1/invoices", json=draft_body())).status_code == 503
    async with house.admin() as mover, alone(desk.tenant_id, mover):
        await thaw(house)  # somebody is still at it
        assert await status_in(house, desk, "pooled") == "moving"
    await thaw(house)
    await desk.invoice()
    for context in house.host.contexts.values():
        await context.directory.suspend(desk.tenant_id)
    await frozen(house, desk)
    await thaw(house)
    assert await status_in(house, desk, "pooled") == "suspended"  # as before
    await frozen(house, desk)
    await moved(desk, "acme")  # running it again does as well
    assert await status_in(house, desk, "acme") == "suspended"


@pytest.mark.parametrize("back", [False, True])
async def test_who_had_left_without_entering_is_completed_by_running_it_again(
    house: World, monkeypatch: pytest.MonkeyPatch, back: bool
) -> None:
    """The moment between two databases: neither lets anybody in, and nothing is lost."""
    desk = await traded(await house.seller())
    one, other = "pooled", "acme"
    if back:
        await moved(desk, "acme")
        one, other = other, one
    before = await rows_in(house, desk, one)

    async def die(_: Moving) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(Moving, "_enter", die)
        with pytest.raises(Died):
            await move_by_hand(desk, other, at=one)
    assert {await status_in(house, desk, each) for each in (one, other)} == {"moved"}
    await thaw(house)
    for response in (
        await desk.client.get("/v1/invoices"),
        await desk.client.post("/v1/invoices", json=draft_body()),
    ):
        assert (response.status_code, response.json()["code"]) == (503, "tenant_moving")
        assert response.headers["Retry-After"]
    await house.settle()
    await moved(desk, other)
    assert await status_in(house, desk, other) == "active"
    assert await rows_in(house, desk, other) == before
    assert await rows_in(house, desk, one) == {}
    assert int((await desk.invoice())["number"][-4:]) == 3


async def test_a_mover_that_failed_lets_writers_in_again(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await traded(await house.seller())

    async def differ(_: Moving) -> None:
        raise MoveRefused

    monkeypatch.setattr(Moving, "_ensure_same_heads", differ)
    with pytest.raises(MoveRefused):
        await move_by_hand(desk, "acme")
    assert await status_in(house, desk, "pooled") == "active"
    await desk.invoice()


async def test_what_is_written_changed_and_deleted_between_two_passes_arrives(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that come, change and go, and a unique value that goes to another row."""
    desk = await traded(await house.seller())
    kept = await desk.draft(external_id="x-1")
    copy = Moving._copy

    async def busy(move: Moving, tables: Any) -> Any:
        seen = await copy(move, tables)
        assert (await desk.client.delete(f"/v1/invoices/{kept['id']}")).is_success
        await desk.draft(external_id="x-1")
        issued = await desk.invoice()
        await post(
            desk.client,
            f"/v1/invoices/{issued['id']}/payments",
            {"amount": "19.00", "source": "p-2"},
        )
        await house.settle()
        return seen

    monkeypatch.setattr(Moving, "_copy", busy)
    took = await move_by_hand(desk, "acme")
    assert took.passes >= 1
    assert await rows_in(house, desk, "pooled") == {}
    found = (await desk.get("/v1/invoices", external_id="x-1"))["data"]
    assert len(found) == 1
    assert found[0]["id"] != kept["id"]
    # `audit` makes every row again from the events and compares.
    assert "Intact: 2 tenants" in (await invx(house, "audit", "verify")).text
