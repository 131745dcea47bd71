"""Serving on a real socket until somebody says stop: what was asked before is answered."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from invx.cli.serving import listening, serve, url_of
from invx.host import build_host
from invx.settings import ServeSettings
from tests.integration.delivery.stage import until
from tests.waiting import HANG_SECONDS
from tests.world import Desk, World, draft_body


class Served:
    """The server of a test: where it is, and how it is told to stop."""

    def __init__(self, url: str, stop: asyncio.Event, task: "asyncio.Task[None]") -> None:
        self.url = url
        self.stop = stop
        self.task = task


@asynccontextmanager
async def served(world: World) -> AsyncIterator[Served]:
    """The whole application on a free port, with relay and worker."""
    host = await build_host(world.place.where, world.settings)
    stop, up = asyncio.Event(), asyncio.Event()

    async def ready() -> None:
        up.set()

    with listening(ServeSettings(port=0)) as listener:
        task = asyncio.create_task(serve(host, world.settings, listener, stop=stop, ready=ready))
        try:
            await asyncio.wait_for(up.wait(), HANG_SECONDS)
            yield Served(url_of(listener), stop, task)
        finally:
            stop.set()
            await task


@asynccontextmanager
async def writes_held(world: World) -> AsyncIterator[None]:
    """Nobody can write an event while the block lasts."""
    async with world.admin() as conn, conn.transaction():
        await conn.execute("LOCK TABLE invoicing.events IN EXCLUSIVE MODE")
        yield


async def held(world: World) -> bool:
    async with world.admin() as conn:
        waits: bool = await conn.fetchval(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock')"
        )
        return waits


def client_of(desk: Desk, url: str) -> httpx.AsyncClient:
    headers = {"Authorization": desk.client.headers["authorization"]}
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=HANG_SECONDS)


async def nobody_there(desk: Desk, url: str) -> bool:
    """A connection is refused, or broken off; one that only waits is neither."""
    async with client_of(desk, url) as late:
        with contextlib.suppress(httpx.NetworkError, httpx.RemoteProtocolError):
            await late.get("/healthz")
            return False
    return True


async def test_a_request_under_way_is_answered_and_a_later_one_finds_nobody(desk: Desk) -> None:
    async with served(desk.world) as server:
        async with client_of(desk, server.url) as client:
            async with writes_held(desk.world):
                asked = asyncio.create_task(client.post("/v1/invoices", json=draft_body()))
                await until(lambda: held(desk.world))
                server.stop.set()
                await asyncio.sleep(0.3)
                assert not server.task.done()
                assert not asked.done()
                await until(lambda: nobody_there(desk, server.url))
            answer = await asked
        await server.task
    assert answer.status_code == 201, answer.text
    assert (await desk.get(f"/v1/invoices/{answer.json()['id']}"))["status"] == "draft"


async def test_what_was_committed_before_the_end_is_delivered_after_the_next_start(
    desk: Desk,
) -> None:
    async def heard() -> bool:
        async with desk.world.admin() as conn:
            return bool(await conn.fetchval("SELECT count(*) = 2 FROM analytics.documents"))

    for _ in range(2):
        async with served(desk.world) as server, client_of(desk, server.url) as client:
            made = (await client.post("/v1/invoices", json=draft_body())).json()
            done = await client.post(f"/v1/invoices/{made['id']}/finalize", json={})
            assert done.status_code == 200
    async with served(desk.world):
        await until(heard)


async def test_a_server_that_cannot_get_ready_ends_and_says_why(world: World) -> None:
    host = await build_host(world.place.where, world.settings)

    async def ready() -> None:
        raise LookupError("no samples")

    with listening(ServeSettings(port=0)) as listener, pytest.raises(LookupError, match="samples"):
        await asyncio.wait_for(
            serve(host, world.settings, listener, stop=asyncio.Event(), ready=ready),
            HANG_SECONDS,
        )


def test_an_address_is_shown_as_a_browser_takes_it() -> None:
    with listening(ServeSettings(host="0.0.0.0", port=0)) as everywhere:
        assert url_of(everywhere).startswith("http://127.0.0.1:")
    if socket.has_ipv6:
        with listening(ServeSettings(host="::1", port=0)) as six:
            assert url_of(six).startswith("http://[::1]:")
