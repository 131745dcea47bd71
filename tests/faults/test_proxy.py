"""The breakable stretch of network breaks as it says, and is whole again."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from invx.infra.supervised import free_port
from tests.faults.proxy import Network, Proxy
from tests.waiting import HANG_SECONDS, until


@pytest.fixture
def network() -> Iterator[Network]:
    made = Network()
    yield made
    made.close()


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """Somebody who says everything again."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1_000):
            writer.write(piece)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
def stretch(network: Network, echo: int, tmp_path: Path) -> tuple[Proxy, Path]:
    at = tmp_path / "socket"
    return network.proxy(at, lambda: echo), at


async def say(at: Path) -> bytes:
    reader, writer = await asyncio.open_unix_connection(at)
    try:
        writer.write(b"hallo")
        return await asyncio.wait_for(reader.read(5), HANG_SECONDS)
    finally:
        writer.close()


async def test_what_comes_is_handed_on_and_back(stretch: tuple[Proxy, Path]) -> None:
    proxy, at = stretch
    assert await say(at) == b"hallo"
    assert proxy.passed >= 5, "what came back is counted a moment later"


async def test_a_port_leads_there_too(network: Network, echo: int) -> None:
    port = free_port()
    network.proxy(port, lambda: echo)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hallo")
    assert await asyncio.wait_for(reader.read(5), HANG_SECONDS) == b"hallo"
    writer.close()


async def test_who_is_cut_off_notices_and_nobody_comes_through(stretch: tuple[Proxy, Path]) -> None:
    proxy, at = stretch
    reader, writer = await asyncio.open_unix_connection(at)
    writer.write(b"a")
    assert await reader.read(1) == b"a"
    await asyncio.to_thread(proxy.cut)
    assert await asyncio.wait_for(reader.read(1), HANG_SECONDS) == b""
    writer.close()
    with pytest.raises((ConnectionError, AssertionError)):
        assert await say(at) == b"hallo"
    await asyncio.to_thread(proxy.heal)
    assert await say(at) == b"hallo"


async def test_silence_keeps_what_was_said(stretch: tuple[Proxy, Path]) -> None:
    proxy, at = stretch
    reader, writer = await asyncio.open_unix_connection(at)
    await asyncio.to_thread(proxy.stall)
    writer.write(b"later")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(5), 0.3)
    await asyncio.to_thread(proxy.heal)
    assert await asyncio.wait_for(reader.read(5), HANG_SECONDS) == b"later"
    writer.close()


async def test_what_was_silent_when_it_was_cut_never_arrives(
    stretch: tuple[Proxy, Path],
) -> None:
    proxy, at = stretch
    _, writer = await asyncio.open_unix_connection(at)
    await asyncio.to_thread(proxy.stall)
    writer.write(b"lost")
    await asyncio.to_thread(until, lambda: proxy._open)  # who comes only after the cut is let in
    await asyncio.sleep(0.1)
    await asyncio.to_thread(proxy.cut)
    await asyncio.to_thread(proxy.heal)
    await asyncio.sleep(0.1)
    assert proxy.passed == 0
    writer.close()


async def test_delay_holds_each_piece_up(stretch: tuple[Proxy, Path]) -> None:
    proxy, at = stretch
    proxy.delay(0.2)
    began = time.monotonic()
    assert await say(at) == b"hallo"
    assert time.monotonic() - began >= 0.4, "there and back"


async def test_who_is_behind_it_may_be_away(network: Network, tmp_path: Path) -> None:
    nobody = free_port()
    network.proxy(tmp_path / "socket", lambda: nobody)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(HANG_SECONDS)
        await asyncio.to_thread(client.connect, str(tmp_path / "socket"))
        with pytest.raises((ConnectionError, AssertionError)):
            assert await asyncio.to_thread(client.recv, 1)
