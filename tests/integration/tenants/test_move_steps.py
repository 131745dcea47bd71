"""A move that dies or fails at any step: one place, whole, and the next run completes it."""

from typing import Any

import asyncpg
import pytest

from invx.infra.tenants.moving import Moving
from invx.infra.tenants.thawing import thaw_tenants
from tests.integration.tenants.houses import Died, move_by_hand, moved, rows_in, status_in
from tests.integration.tenants.two import traded
from tests.tenants import invx, tnt
from tests.world import Desk, World, draft_body

# Every step of `Moving.move` by its name, and whether the tenant has left when it dies there.
BEFORE = {
    "_ensure_room": False,
    "_copy": False,
    "_catch_up": False,
    "_switch": False,
    "_freeze": False,
    "_ensure_same_heads": False,
    "_leave": False,
    "_enter": True,
    "clear": True,
}
AFTER = {
    "_ensure_room": False,
    "_copy": False,
    "_catch_up": False,
    "_freeze": False,
    "_ensure_same_heads": False,
    "_leave": True,
    "_enter": True,
    "clear": True,
}


def dying(monkeypatch: pytest.MonkeyPatch, step: str, *, after: bool) -> None:
    """Whoever comes to this step dies before it, or right after it; the first one only."""
    real = getattr(Moving, step)

    async def once(self: Moving, *args: Any) -> Any:
        monkeypatch.setattr(Moving, step, real)
        if after:
            await real(self, *args)
        raise Died

    monkeypatch.setattr(Moving, step, once)


async def thawed(house: World) -> None:
    for context in house.host.contexts.values():
        for database in context.database.everywhere():
            await thaw_tenants(database)


async def whole_in(house: World, desk: Desk, there: str, elsewhere: str) -> None:
    """It lives in one place, gives the next number, and nothing of it is in the other."""
    assert await status_in(house, desk, there) == "active"
    assert await status_in(house, desk, elsewhere) in ("moved", None)
    assert await rows_in(house, desk, elsewhere) == {}
    assert int((await desk.invoice())["number"][-4:]) == 3
    await house.settle()
    assert (await desk.get("/v1/analytics/revenue"))["data"][0]["gross"] == "357.00"


@pytest.mark.parametrize("after", [False, True])
async def test_a_mover_that_dies_at_any_step(
    house: World, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    """Before the step or right after it: a tenant for each, one house for all."""
    for step, left in (AFTER if after else BEFORE).items():
        desk = await traded(await house.seller())
        await house.settle()
        before = await rows_in(house, desk, "pooled")
        dying(monkeypatch, step, after=after)
        with pytest.raises(Died):
            await move_by_hand(desk, "acme")
        entered = step == "clear" or (after and step == "_enter")
        await self_evident(house, desk, left=left, entered=entered)
        if not left:
            assert await rows_in(house, desk, "pooled") == before, step
        await moved(desk, "acme")
        await whole_in(house, desk, "acme", "pooled")
    verified = await invx(house, "audit", "verify")
    assert verified.code == 0, verified.text


async def self_evident(house: World, desk: Desk, *, left: bool, entered: bool) -> None:
    """Where a move stands is said by the directories alone, and a request meets just that."""
    await thawed(house)
    read = await desk.client.get("/v1/invoices")
    assert read.status_code == (503 if left and not entered else 200), read.text
    where = {each: await status_in(house, desk, each) for each in ("pooled", "acme")}
    active = [name for name, status in where.items() if status == "active"]
    assert len(active) == (0 if left and not entered else 1), where
    if active:
        assert active == (["acme"] if left else ["pooled"])


async def test_a_move_that_died_is_undone_by_moving_home(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in ("_copy", "_catch_up", "_freeze", "_leave"):
        desk = await traded(await house.seller())
        await house.settle()
        dying(monkeypatch, step, after=False)
        with pytest.raises(Died):
            await move_by_hand(desk, "acme")
        said = await moved(desk, "pooled")
        assert "lives in pooled already" in said
        await whole_in(house, desk, "pooled", "acme")


async def test_a_move_that_died_may_go_to_another_place_instead(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has copied into the first one is deleted."""
    desk = await traded(await house.seller())
    await house.settle()
    dying(monkeypatch, "_switch", after=False)
    with pytest.raises(Died):
        await move_by_hand(desk, "acme")
    assert await rows_in(house, desk, "acme")
    said = await moved(desk, "berlin")
    assert "What was left in acme is deleted." in said
    assert await rows_in(house, desk, "acme") == {}
    await whole_in(house, desk, "berlin", "pooled")


async def test_who_left_for_one_place_is_not_taken_to_another(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the place that it has left for can be entered: what is there was proved."""
    desk = await traded(await house.seller())
    dying(monkeypatch, "_enter", after=False)
    with pytest.raises(Died):
        await move_by_hand(desk, "acme")
    for to in ("berlin", "pooled"):
        refused = await invx(house, "tenant", "move", tnt(desk.tenant_id), "--to", to)
        assert (refused.code, "not whole" in refused.text) == (1, True), refused.text
    refused = await invx(house, "tenant", "suspend", tnt(desk.tenant_id))
    assert refused.code == 1
    assert (await desk.client.post("/v1/invoices", json=draft_body())).status_code == 503
    await moved(desk, "acme")
    assert int((await desk.invoice())["number"][-4:]) == 3


async def test_dying_again_and_again_at_each_step_comes_to_an_end(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await traded(await house.seller())
    await house.settle()
    for step in BEFORE:
        dying(monkeypatch, step, after=False)
        with pytest.raises(Died):
            await move_by_hand(desk, "acme")
        await thawed(house)
        if step == "clear":
            break
    await moved(desk, "acme")
    await whole_in(house, desk, "acme", "pooled")


# The driver says it in its own words where a COPY was under way.
CUT = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


@pytest.mark.parametrize("placement", ["pooled", "acme"])
async def test_a_connection_that_is_cut_while_it_copies(
    house: World, monkeypatch: pytest.MonkeyPatch, placement: str
) -> None:
    """Either database may go away: the tenant stays where it is, and writes."""
    desk = await traded(await house.seller())
    await house.settle()
    real = Moving._copy

    async def cut(self: Moving, *args: Any) -> Any:
        side = self._source if placement == "pooled" else self._target
        async with house.admin(placement) as conn:
            await conn.execute("SELECT pg_terminate_backend($1)", side.conn.get_server_pid())
        return await real(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Moving, "_copy", cut)
        with pytest.raises(CUT):
            await move_by_hand(desk, "acme")
    await thawed(house)
    assert await status_in(house, desk, "pooled") == "active"
    await moved(desk, "acme")
    await whole_in(house, desk, "acme", "pooled")


async def test_a_source_that_is_cut_while_it_is_frozen_is_thawed(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await traded(await house.seller())
    await house.settle()
    real = Moving._ensure_same_heads

    async def cut(self: Moving) -> None:
        async with house.admin() as conn:
            await conn.execute(
                "SELECT pg_terminate_backend($1)", self._source.conn.get_server_pid()
            )
        await real(self)

    with monkeypatch.context() as patch:
        patch.setattr(Moving, "_ensure_same_heads", cut)
        with pytest.raises(CUT):
            await move_by_hand(desk, "acme")
    assert await status_in(house, desk, "pooled") == "moving"
    assert (await desk.client.post("/v1/invoices", json=draft_body())).status_code == 503
    await thawed(house)
    assert await status_in(house, desk, "pooled") == "active"
    await moved(desk, "acme")
    await whole_in(house, desk, "acme", "pooled")
