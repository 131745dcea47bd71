"""Headless Chromium, the one of the system (Debian's package `chromium`), and a served world."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from playwright.async_api import Browser, async_playwright

from tests.waiting import HANG_SECONDS
from tests.world import World


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser, for as long as the block lasts."""
    path = shutil.which("chromium")
    assert path, "these tests look at pages in Chromium: install the package `chromium`"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu"],
            timeout=HANG_SECONDS * 1000,
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    """The world on a port of this machine: its address."""
    if world.url is not None:
        yield world.url
        return
    config = uvicorn.Config(
        world.app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        assert not running.done(), "the server did not start"
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running
