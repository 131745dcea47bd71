"""Nobody rings, or nobody hears it: relay and worker find their work by looking (E1)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from invx.infra.bell import Bell
from invx.kernel import limits
from tests.integration.delivery.stage import Stage, key, note, tenant, until

A = tenant(1)
CHANNEL = "invx_sender"
Runs = Callable[[asyncio.Event], Awaitable[None]]


@pytest.fixture(autouse=True)
async def _known(stage: Stage) -> None:
    await stage.know(A)


@asynccontextmanager
async def running(*runs: Runs) -> AsyncIterator[None]:
    stop = asyncio.Event()
    tasks = [asyncio.ensure_future(run(stop)) for run in runs]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def test_without_any_bell_a_contract_arrives_by_polling(stage: Stage) -> None:
    relay, worker = stage.relay(), stage.worker()
    async with running(relay.run, worker.run):
        await asyncio.sleep(0.1)  # both have looked, found nothing, and wait
        await stage.send(note(A, key("x"), 1))

        async def arrived() -> bool:
            return await stage.heard() == [(key("x"), 1)]

        await until(arrived)


async def test_a_ring_shortens_the_wait_and_a_bell_that_is_cut_off_only_lengthens_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "POLL_SECONDS", 3600.0)
    links: list[asyncpg.Connection] = []

    async def connect() -> asyncpg.Connection:
        if links:
            raise OSError("no route")
        links.append(await asyncpg.connect(**stage.place.where.system))
        return links[0]

    relay, heard, rings = stage.relay(), asyncio.Event(), Bell(connect)

    def wake() -> None:
        heard.set()
        relay.wake()

    rings.on(CHANNEL, wake)
    async with running(relay.run, rings.run):
        await rings.connected.wait()
        heard.clear()
        await stage.send(note(A, key("x"), 1))
        rings.ring(CHANNEL)

        async def published() -> bool:
            return heard.is_set() and bool(await stage.states())

        await until(published)
        heard.clear()
        await stage.root.execute("SELECT pg_terminate_backend($1)", links[0].get_server_pid())

        async def cut() -> bool:
            return any(entry["event"] == "bell_broken" for entry in stage.logs)

        await until(cut)
        await stage.send(note(A, key("x"), 2))
        rings.ring(CHANNEL)  # nobody hears it, and whoever rang does not notice
        assert not heard.is_set()
        monkeypatch.setattr(limits, "POLL_SECONDS", 0.05)
        relay.wake()  # the end of a poll
        await stage.send(note(A, key("x"), 3))

        async def both() -> bool:
            return await stage.states() == {"pending": 3}

        await until(both)
    await stage.worker().settle()
    assert [number for _, number in await stage.heard()] == [1, 2, 3]
