"""The database makes a request wait too long: 503, nothing half-written, and it works later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from tests.world import Desk, World

LOCK, STATEMENT = "lock_timeout", "statement_timeout"
# Nobody else holds a lock here; but a slow machine may need a while for any statement.
MOMENT = {LOCK: "300ms", STATEMENT: "3s"}


async def shorten(world: World, setting: str) -> None:
    """On every connection of the application: one timeout to a moment, the other to never."""
    pool = world.host.pools.app
    held = [await pool.acquire() for _ in range(pool.get_max_size())]
    for conn in held:
        for each in (LOCK, STATEMENT):
            await conn.execute(f"SET {each} = '{MOMENT[each] if each == setting else '0'}'")
    for conn in held:
        await pool.release(conn)


@asynccontextmanager
async def held(world: World, statement: str, *values: Any) -> AsyncIterator[asyncpg.Connection]:
    """The locks that a statement takes, until the end."""
    async with world.admin() as conn, conn.transaction():
        await conn.execute(statement, *values)
        yield conn


async def written(world: World) -> dict[str, int]:
    """How many rows each table has that finalizing writes to."""
    tables = ("events", "streams", "documents", "settlements", "numbers", "outbox", "due_jobs")
    async with world.admin() as conn:
        return {
            table: await conn.fetchval(f"SELECT count(*) FROM invoicing.{table}")
            for table in (*tables, "idempotency", "personal")
        }


def told_to_come_back(response: httpx.Response) -> None:
    assert response.status_code == 503, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) > 0
    problem = response.json()
    assert (problem["code"], problem["status"]) == ("unavailable", 503)
    assert "SELECT" not in problem["detail"]
    assert "timeout" not in problem["detail"]


HOLD_SERIES = "SELECT 1 FROM invoicing.streams WHERE tenant_id = $1 AND kind = 'Series' FOR UPDATE"


@pytest.mark.parametrize("setting", [LOCK, STATEMENT])
async def test_a_finalization_that_waits_too_long_writes_nothing_and_can_be_sent_again(
    world: World, desk: Desk, setting: str
) -> None:
    draft = await desk.draft()
    before = await written(world)
    await shorten(world, setting)
    path, key = f"/v1/invoices/{draft['id']}/finalize", {"Idempotency-Key": "f-1"}
    async with held(world, HOLD_SERIES, desk.tenant_id):
        told_to_come_back(await desk.client.post(path, headers=key))
        assert await desk.get(f"/v1/invoices/{draft['id']}") == draft
    assert await written(world) == before
    done = await desk.client.post(path, headers=key)
    assert done.status_code == 200, done.text
    assert "idempotent-replayed" not in done.headers
    assert (done.json()["status"], done.json()["number"][-1]) == ("finalized", "1")
    again = await desk.client.post(path, headers=key)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == done.content


async def test_what_was_flushed_before_the_wait_is_gone_too(world: World, desk: Desk) -> None:
    """Here the write itself waits: another transaction holds the table that it ends with."""
    draft = await desk.draft()
    before = await written(world)
    await shorten(world, LOCK)
    async with held(world, "LOCK TABLE invoicing.settlements IN SHARE ROW EXCLUSIVE MODE"):
        told_to_come_back(await desk.client.post(f"/v1/invoices/{draft['id']}/finalize"))
    assert await written(world) == before
    assert (await desk.finalize(draft))["number"][-1] == "1"


@pytest.mark.parametrize("setting", [LOCK, STATEMENT])
@pytest.mark.parametrize("path", ["/v1/invoices", "/v1/invoices/{id}", "/v1/invoices/{id}/history"])
async def test_a_read_that_waits_too_long_is_told_to_come_back(
    world: World, desk: Desk, setting: str, path: str
) -> None:
    draft = await desk.draft()
    path = path.replace("{id}", draft["id"])
    await shorten(world, setting)
    table = "events" if path.endswith("history") else "documents"
    async with held(world, f"LOCK TABLE invoicing.{table} IN ACCESS EXCLUSIVE MODE"):
        told_to_come_back(await desk.client.get(path))
    assert (await desk.client.get(path)).status_code == 200


async def test_a_tenant_whose_writers_are_shut_out_too_long_is_told_to_come_back(
    world: World, desk: Desk
) -> None:
    """The wait is in the opening of the transaction, before any handler."""
    await shorten(world, LOCK)
    shut = "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 4))"
    async with held(world, shut, desk.tenant_id):
        told_to_come_back(await desk.client.post("/v1/invoices", json={"lines": []}))
    await desk.draft()


async def test_connections_that_ran_into_a_timeout_are_as_good_as_new(
    world: World, desk: Desk
) -> None:
    draft = await desk.draft()
    await shorten(world, LOCK)
    path = f"/v1/invoices/{draft['id']}"
    async with held(world, "LOCK TABLE invoicing.documents IN ACCESS EXCLUSIVE MODE"):
        size = world.host.pools.app.get_max_size() * 2
        for response in await asyncio.gather(*(desk.client.get(path) for _ in range(size))):
            told_to_come_back(response)
    pool = world.host.pools.app
    assert pool.get_idle_size() == pool.get_size()
    assert await desk.get(path) == draft
