"""A host begins and ends: everything once, what has begun is finished, nothing is left behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from invx.host import build_host, create_app
from invx.infra.postgres import DatabaseUnavailable
from invx.infra.running import Host
from invx.kernel import limits
from invx.kernel.errors import InvariantViolation
from invx.settings import Settings
from tests.integration.delivery.stage import until
from tests.world import Desk, World


@asynccontextmanager
async def hosting(world: World, *names: str) -> AsyncIterator[Host]:
    """Another process on the database of the world, so to say."""
    host = await build_host(world.place.where, world.settings, *([names] if names else []))
    try:
        yield host
    finally:
        await host.stop()


async def counted(desk: Desk) -> int:
    """Documents that analytics has heard of."""
    async with desk.world.admin() as conn:
        count: int = await conn.fetchval("SELECT count(*) FROM analytics.documents")
        return count


@asynccontextmanager
async def analytics_held(world: World) -> AsyncIterator[None]:
    """Nobody can write what analytics learns while the block lasts."""
    async with world.admin() as conn, conn.transaction():
        await conn.execute("LOCK TABLE analytics.documents IN EXCLUSIVE MODE")
        yield


async def waiting_for_locks(world: World) -> bool:
    """Whether somebody waits in the database of the world."""
    async with world.admin() as conn:
        waits: bool = await conn.fetchval(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = 'invx_app' AND wait_event_type = 'Lock')"
        )
        return waits


def tasks() -> list[str]:
    """The names of the host's tasks that run now."""
    parts = ("bell", "relay", "worker", "upkeep")
    return sorted(t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith(parts))


async def test_a_started_host_delivers_without_being_asked(desk: Desk) -> None:
    async with hosting(desk.world) as host:
        host.start_background()
        await desk.invoice()

        async def heard() -> bool:
            return await counted(desk) == 1

        await until(heard)
    async with desk.world.admin() as conn:
        assert await conn.fetchval("SELECT bool_and(state = 'done') FROM analytics.inbox")
        held = "SELECT expires_at > now() FROM invoicing.leases WHERE name = 'relay'"
        assert await conn.fetchval(held) is False, "the lease is given back"


async def test_processes_apart_wake_each_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One answers requests, one relays, one reacts; none of them polls within this test."""
    monkeypatch.setattr(limits, "POLL_SECONDS", 3600.0)
    async with (
        hosting(desk.world) as answering,
        hosting(desk.world) as relaying,
        hosting(desk.world) as reacting,
    ):
        answering.start_background(relays=False, worker=False)
        relaying.start_background(worker=False)
        reacting.start_background(relays=False)
        for host in (answering, relaying, reacting):
            await host.bells["pooled"].connected.wait()
        await asyncio.sleep(0.2)  # everybody has looked once, found nothing, and waits
        app = await create_app(answering, desk.world.settings, background=False)
        apart = replace(desk.world, app=app).client(desk.tenant_id)
        await replace(desk, client=apart).invoice()

        async def heard() -> bool:
            return await counted(desk) == 1

        await until(heard)


async def test_a_host_started_twice_runs_everything_once(world: World) -> None:
    async with hosting(world) as host:
        host.start_background(relays=True, worker=False)
        assert tasks() == ["bell pooled", "relay identity", "relay invoicing", "upkeep"]
        host.start_background()
        host.start_background()
        assert tasks() == ["bell pooled", "relay identity", "relay invoicing", "upkeep", "worker"]
    assert tasks() == []


async def test_a_stopped_host_stays_stopped_and_may_be_stopped_again(world: World) -> None:
    async with hosting(world) as host:
        host.start_background()
        await host.stop()
        with pytest.raises(InvariantViolation, match="stopped host"):
            host.start_background()
        await host.stop()
        with pytest.raises((DatabaseUnavailable, asyncpg.InterfaceError)):
            await host.ready()


async def test_a_stopping_host_finishes_the_reaction_that_it_began(desk: Desk) -> None:
    await desk.invoice()
    async with hosting(desk.world) as host:
        async with analytics_held(desk.world):
            host.start_background()
            await until(lambda: waiting_for_locks(desk.world))
            stopping = asyncio.create_task(host.stop())
            await asyncio.sleep(0.2)
            assert not stopping.done(), "it waits for what has begun, with its connections open"
        await stopping
    assert await counted(desk) == 1


async def test_a_part_that_ends_by_an_error_is_said_at_once(world: World) -> None:
    async def broken(stop: asyncio.Event) -> None:
        raise LookupError("out of order")

    async with hosting(world) as host:
        host.worker.run = broken  # type: ignore[method-assign]  # a defect, planted
        with capture_logs() as logs:
            host.start_background()

            async def said() -> bool:
                return any(e["event"] == "background_ended" for e in logs)

            await until(said)
        assert [e["part"] for e in logs if e["event"] == "background_ended"] == ["worker"]
        assert tasks() == ["bell pooled", "relay identity", "relay invoicing", "upkeep"]


async def test_a_host_of_one_context_serves_it_and_feeds_the_absent_one(desk: Desk) -> None:
    world = desk.world
    async with hosting(world, "invoicing") as host:
        assert list(host.contexts) == list(host.relays) == ["invoicing"]
        app = await create_app(host, world.settings, background=False)
        headers = {"Authorization": desk.client.headers["authorization"]}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://invx.test", headers=headers
        ) as client:
            assert (await client.get("/v1/invoices")).status_code == 200
            assert (await client.get("/v1/analytics/revenue")).status_code == 404
            assert (await client.get("/readyz")).json()["status"] == "ok"
        await desk.invoice()
        await host.settle()
    assert await counted(desk) == 0
    async with hosting(world, "analytics") as other:
        assert other.relays == {}
        other.start_background(relays=True, worker=False)
        assert tasks() == ["bell pooled", "upkeep"]
        await other.settle()
    assert await counted(desk) == 1


async def test_of_two_hosts_the_second_takes_the_relay_over_when_the_first_stops(
    desk: Desk,
) -> None:
    async with hosting(desk.world) as second:
        async with hosting(desk.world) as first:
            await first.settle()
            await desk.invoice()
            assert await second.relays["invoicing"].round() == 0, "the first one's turn"
            first.start_background(worker=False)
        await desk.invoice()
        await second.settle()
    assert await counted(desk) == 2


async def test_an_application_without_background_still_measures_what_waits(desk: Desk) -> None:
    """Its `/metrics` is the only page that shows what relays and workers elsewhere leave behind."""
    world = desk.world
    await desk.invoice()
    async with hosting(world) as host:
        app = await create_app(host, world.settings, background=False)
        async with app.router.lifespan_context(app):
            assert tasks() == ["bell pooled", "upkeep"]
        assert tasks() == []
        with pytest.raises((DatabaseUnavailable, asyncpg.InterfaceError)):
            await host.ready()
    assert await counted(desk) == 0


async def test_a_database_that_is_not_there_is_said_at_once(world: World, tmp_path: Path) -> None:
    nowhere = replace(world.place.where, app={**world.place.where.app, "host": str(tmp_path)})
    with pytest.raises(OSError):
        await build_host(nowhere, Settings())
