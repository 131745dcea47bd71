"""A process that is told to stop says so before it takes no more; one that is early waits."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from typer.testing import CliRunner

from invx.cli.parts import _built
from invx.cli.program import app
from invx.cli.serving import listening, serve, url_of
from invx.host import build_host
from invx.place import prepare_database
from invx.settings import ServeSettings
from tests.waiting import HANG_SECONDS
from tests.world import World


async def test_it_answers_while_it_drains_and_says_that_it_is_not_ready(world: World) -> None:
    settings = replace(world.settings, serve=ServeSettings(port=0, drain_seconds=6))
    host = await build_host(world.place.where, settings)
    stop, up = asyncio.Event(), asyncio.Event()

    async def ready() -> None:
        up.set()

    with listening(settings.serve) as listener:
        serving = asyncio.create_task(serve(host, settings, listener, stop=stop, ready=ready))
        await asyncio.wait_for(up.wait(), HANG_SECONDS)
        async with httpx.AsyncClient(base_url=url_of(listener), timeout=60) as client:
            assert (await client.get("/readyz")).status_code == 200
            stop.set()
            await asyncio.sleep(0.2)
            refused = await client.get("/readyz")
            assert (refused.status_code, refused.json()["checks"]["database"]) == (503, False)
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/v1/permissions")).status_code == 200
            assert not serving.done()
        await asyncio.wait_for(serving, HANG_SECONDS)
        await host.stop()


async def test_without_a_time_to_drain_it_ends_at_once(world: World) -> None:
    host = await build_host(world.place.where, world.settings)
    stop = asyncio.Event()

    async def ready() -> None:
        stop.set()

    with listening(ServeSettings(port=0)) as listener:
        serving = serve(host, world.settings, listener, stop=stop, ready=ready)
        await asyncio.wait_for(serving, HANG_SECONDS)
    await host.stop()
    assert not await host.ready()


async def test_a_process_that_starts_before_its_database_waits_for_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"{world.place.admin['database']}_later"
    later = replace(
        world.place,
        admin={**world.place.admin, "database": name},
        where=replace(
            world.place.where,
            app={**world.place.where.app, "database": name},
            system={**world.place.where.system, "database": name},
        ),
    )
    stop = asyncio.Event()
    waiting = asyncio.create_task(_built(later, world.settings, ["invoicing"], stop))
    await asyncio.sleep(1.5)
    assert not waiting.done()
    await prepare_database(later)
    host = await asyncio.wait_for(waiting, HANG_SECONDS)
    assert host is not None
    assert await host.ready()
    await host.stop()
    assert "Waiting for the database" in capsys.readouterr().err


async def test_who_waits_can_be_told_to_stop(world: World) -> None:
    nowhere = replace(
        world.place, where=replace(world.place.where, app={**world.place.where.app, "port": 1})
    )
    stop = asyncio.Event()
    waiting = asyncio.create_task(_built(nowhere, world.settings, ["invoicing"], stop))
    await asyncio.sleep(0.3)
    stop.set()
    assert await asyncio.wait_for(waiting, HANG_SECONDS) is None


def test_where_no_services_run_the_page_says_how_to_start_them(tmp_path) -> None:
    done = CliRunner().invoke(app, ["services"], env={"INVX_HOME": str(tmp_path)})
    assert done.exit_code == 1
    assert "up --services" in str(done.exception.detail)
