"""Transactions belong to one tenant: opened for it, and nothing of it stays behind (T4)."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from invx.infra.postgres import (
    TENANT_CLOSED,
    TENANT_STALE,
    UNKNOWN_TENANT,
    DatabaseUnavailable,
)
from invx.infra.tenancy import TenantClosed, UnknownTenant
from invx.kernel.errors import ConcurrencyConflict
from tests.world import Desk, World, draft_body, line

NOBODY = UUID("01a20ae1-ebf2-7155-95ea-5dc2be1e2434")


async def open_and_look(world: World, tenant_id: UUID, epoch: int, *, write: bool) -> str:
    """What the transaction of a tenant says of itself."""
    database = world.host.contexts["invoicing"].database
    async with database.tenant_transaction(tenant_id, epoch, write=write) as conn:
        found: str = await conn.fetchval(
            "SELECT current_user || ' ' || current_setting('app.tenant')"
        )
    return found


async def directory(world: World, desk: Desk, change: str) -> None:
    """Change the tenant's entry where every context reads it, behind the process's back."""
    async with world.admin() as conn:
        for context in world.host.contexts:
            await conn.execute(
                f"UPDATE {context}.tenants SET {change} WHERE tenant_id = $1", desk.tenant_id
            )


async def refused_with(world: World, tenant_id: UUID, epoch: int, *, write: bool) -> str | None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        await open_and_look(world, tenant_id, epoch, write=write)
    return refused.value.sqlstate


async def test_a_transaction_runs_as_the_application_in_its_tenant(world: World) -> None:
    desk = await world.seller()
    said = await open_and_look(world, desk.tenant_id, 1, write=True)
    assert said == f"invoicing_app {desk.tenant_id}"


@pytest.mark.parametrize("write", [True, False])
async def test_an_unknown_tenant_does_not_open(world: World, write: bool) -> None:
    assert await refused_with(world, NOBODY, 1, write=write) == UNKNOWN_TENANT
    with pytest.raises(UnknownTenant):
        await world.host.contexts["invoicing"].directory.get(NOBODY)
    assert (await world.client(NOBODY).get("/v1/invoices")).status_code == 404


async def test_a_suspended_tenant_reads_and_does_not_write(world: World) -> None:
    desk = await world.seller()
    issued = await desk.invoice()
    await directory(world, desk, "status = 'suspended'")
    assert (await desk.get(f"/v1/invoices/{issued['id']}"))["id"] == issued["id"]
    refused = await desk.client.post("/v1/invoices", json=draft_body())
    assert (refused.status_code, refused.json()["code"]) == (409, TenantClosed.code)
    assert await refused_with(world, desk.tenant_id, 1, write=True) == TENANT_CLOSED
    await directory(world, desk, "status = 'active'")
    assert (await desk.client.post("/v1/invoices", json=draft_body())).status_code == 201


async def test_a_tenant_that_moved_does_neither(world: World) -> None:
    desk = await world.seller()
    await directory(world, desk, "status = 'moved', epoch = epoch + 1")
    for response in (
        await desk.client.get("/v1/invoices"),
        await desk.client.post("/v1/invoices", json=draft_body()),
    ):
        assert (response.status_code, response.json()["code"]) == (409, TenantClosed.code)
    assert await refused_with(world, desk.tenant_id, 2, write=False) == TENANT_CLOSED


async def test_a_stale_entry_is_read_anew_and_the_request_succeeds(world: World) -> None:
    desk = await world.seller()
    await desk.draft()  # the entry is in the cache now
    await directory(world, desk, "epoch = epoch + 7")
    assert await refused_with(world, desk.tenant_id, 1, write=False) == TENANT_STALE
    assert (await desk.client.get("/v1/invoices")).status_code == 200
    await directory(world, desk, "epoch = epoch + 7")
    assert (await desk.client.post("/v1/invoices", json=draft_body())).status_code == 201
    held = await world.host.contexts["invoicing"].directory.get(desk.tenant_id)
    assert held.epoch == 15


async def test_a_moved_clock_is_seen_at_once_although_the_entry_was_cached(world: World) -> None:
    desk = await world.seller()
    before = (await desk.draft())["created_at"]
    await directory(world, desk, "clock_offset = interval '400 days', epoch = epoch + 1")
    assert (await desk.draft())["created_at"][:4] > before[:4]


async def test_a_move_waits_for_writers_and_stops_those_that_come_late(world: World) -> None:
    """The epoch rises while a writer is inside; nobody who still believes the old one commits."""
    desk = await world.seller()
    database = world.host.contexts["invoicing"].database
    async with world.admin() as mover:
        async with database.tenant_transaction(desk.tenant_id, 1, write=True) as writer:
            moving = asyncio.create_task(move(mover, desk))
            await asyncio.sleep(0.2)
            assert not moving.done()  # it waits for the writer
            late = asyncio.create_task(open_and_look(world, desk.tenant_id, 1, write=True))
            await asyncio.sleep(0.2)
            assert not late.done()  # and this one waits for the move
            await writer.execute("UPDATE invoicing.streams SET sealed_version = 0")
        await moving
        with pytest.raises(asyncpg.PostgresError) as refused:
            await late
    assert refused.value.sqlstate in (TENANT_STALE, TENANT_CLOSED)
    assert await refused_with(world, desk.tenant_id, 1, write=True) == TENANT_STALE


async def move(mover: asyncpg.Connection, desk: Desk) -> None:
    """What a move does at the old place, in one transaction (T4)."""
    async with mover.transaction():
        await mover.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 4))", desk.tenant_id
        )
        await mover.execute(
            "UPDATE invoicing.tenants SET status = 'moved', epoch = epoch + 1 WHERE tenant_id = $1",
            desk.tenant_id,
        )


async def test_200_interleaved_requests_of_two_tenants_never_mix(world: World) -> None:
    """Good ones and refused ones, over a pool of ten connections that all of them share."""
    desks = [await world.seller(), await world.seller()]
    made: list[set[str]] = [set(), set()]
    leaks: list[str] = []

    async def once(number: int) -> None:
        whose = number % 2
        desk, name = desks[whose], f"Kunde {whose}"
        buyer = {"name": name, "customer": f"C-{whose}"}
        match number % 5:
            case 0 | 1:
                said = await desk.draft(line("1.00"), buyer=buyer)
                made[whose].add(said["id"])
            case 2:
                listed = (await desk.get("/v1/invoices", limit=100))["data"]
                leaks.extend(
                    f"{number} sees {each['id']}"
                    for each in listed
                    if each["customer"] != f"C-{whose}"
                )
            case 3:  # refused inside the transaction
                other = next(iter(made[1 - whose]), "inv_x")
                response = await desk.client.post(f"/v1/invoices/{other}/finalize")
                if response.status_code != 404:
                    leaks.append(f"{number} finalizes {other}: {response.status_code}")
            case _:  # refused by a constraint: the external id is taken from the second time on
                body = draft_body(buyer=buyer, external_id=f"same-{number % 3}")
                response = await desk.client.post("/v1/invoices", json=body)
                if response.status_code not in (201, 409):
                    leaks.append(f"{number}: {response.status_code} {response.text}")

    await asyncio.gather(*(once(number) for number in range(200)))
    assert leaks == []
    assert all(made)
    for whose, desk in enumerate(desks):
        listed = await desk.get("/v1/invoices", limit=100)
        assert {each["customer"] for each in listed["data"]} == {f"C-{whose}"}
    assert await left_behind(world) == []


async def test_no_way_out_of_a_transaction_leaves_the_tenant_behind(world: World) -> None:
    desk = await world.seller()
    database = world.host.contexts["invoicing"].database

    async def committed(conn: Any) -> None:
        await conn.execute("SELECT 1")

    async def failed(conn: Any) -> None:
        await conn.execute("SELECT 1/0")

    async def raised(conn: Any) -> None:
        raise ConcurrencyConflict("on purpose")

    async def cancelled(conn: Any) -> None:
        raise asyncio.CancelledError

    async def interrupted(conn: Any) -> None:
        await asyncio.wait_for(conn.execute("SELECT pg_sleep(10)"), 0.2)

    for way in (committed, failed, raised, cancelled, interrupted):
        try:
            async with database.tenant_transaction(desk.tenant_id, 1, write=True) as conn:
                await way(conn)
        except (asyncpg.PostgresError, ConcurrencyConflict):
            pass
        except DatabaseUnavailable:  # a connection that was too slow is not used again
            assert way is interrupted
        except asyncio.CancelledError:
            assert way is cancelled
        assert await left_behind(world) == [], way.__name__
    for tenant_id, epoch in ((NOBODY, 1), (desk.tenant_id, 99)):  # it failed to open
        await refused_with(world, tenant_id, epoch, write=True)
        assert await left_behind(world) == []


async def left_behind(world: World) -> list[str]:
    """What the connections of the pool still say of a tenant or a role."""
    pool = world.host.pools.app
    held = [await pool.acquire() for _ in range(pool.get_size())]
    try:
        said = [
            await conn.fetchval(
                "SELECT current_user || ' ' || coalesce(current_setting('app.tenant', true), '')"
            )
            for conn in held
        ]
        inside = [conn.is_in_transaction() for conn in held]
    finally:
        for conn in held:
            await pool.release(conn)
    return [each for each in said if each != "invx_app "] + ["in a transaction"] * sum(inside)
