"""A stretch of network between two processes that can be cut, slowed down, and fall silent.

On TCP what is lost is sent again, so loss shows as silence: `stall`. A proxy listens where it is
told, on a port of 127.0.0.1 or on a unix socket, and hands on what comes, unread.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.waiting import HANG_SECONDS

_CHUNK = 65_536

Where = Path | int  # a unix socket, or a port of 127.0.0.1


class Network:
    """The loop, in a thread of its own, that all proxies of a test live in."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._thread.start()
        self._proxies: list[Proxy] = []

    def proxy(self, listens: Where, target: Callable[[], Where]) -> "Proxy":
        """A new stretch, whole; `target` is asked for each connection."""
        made = Proxy(self, target)
        self._proxies.append(made)
        self.wait(made.open(listens))
        return made

    def wait(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it there."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(HANG_SECONDS)

    def close(self) -> None:
        for each in self._proxies:
            self.wait(each.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Proxy:
    """One stretch. Its methods may be called from any thread."""

    def __init__(self, network: Network, target: Callable[[], Where]) -> None:
        self._network = network
        self._target = target
        self._server: asyncio.Server
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._cut = False
        self._cuts = 0  # so far: what was on its way at one of them is lost
        self._delay = 0.0
        self._flows = asyncio.Event()
        self._flows.set()
        self.passed = 0  # bytes

    async def open(self, listens: Where) -> None:
        self._server = (
            await asyncio.start_unix_server(self._carry, listens)
            if isinstance(listens, Path)
            else await asyncio.start_server(self._carry, "127.0.0.1", listens)
        )

    def cut(self) -> None:
        """Break all connections; new ones are closed at once."""
        self._network.wait(self._break())

    def stall(self) -> None:
        """Hand nothing on, in either direction, and keep what comes."""
        self._network.wait(self._still())

    def delay(self, seconds: float) -> None:
        """Hand each piece on so much later."""
        self._delay = seconds

    def heal(self) -> None:
        """As if nothing had been; what was kept goes on its way."""
        self._network.wait(self._whole())

    async def close(self) -> None:
        await self._break()
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _break(self) -> None:
        self._cut = True
        self._cuts += 1
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _still(self) -> None:
        self._flows.clear()

    async def _whole(self) -> None:
        self._cut, self._delay = False, 0.0
        self._flows.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._open.add(writer)
        further: asyncio.StreamWriter | None = None
        cuts = self._cuts
        try:
            await self._flows.wait()
            if self._cut or self._cuts > cuts:
                return
            target = self._target()
            back, further = (
                await asyncio.open_unix_connection(target)
                if isinstance(target, Path)
                else await asyncio.open_connection("127.0.0.1", target)
            )
            self._open.add(further)
            await asyncio.gather(self._pump(reader, further), self._pump(back, writer))
        except OSError:
            return  # who is behind it is away: the other end sees the same as without a proxy
        finally:
            for each in (writer, further):
                if each is not None:
                    self._open.discard(each)
                    each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(_CHUNK):
                if self._delay:
                    await asyncio.sleep(self._delay)
                await self._flows.wait()
                if writer.is_closing():
                    return
                writer.write(piece)
                self.passed += len(piece)
                await writer.drain()
        finally:
            with contextlib.suppress(OSError, RuntimeError):  # it is broken already
                writer.close()
