"""Wakes relays and workers of other processes by LISTEN and NOTIFY: a hint, never the truth.

NOTIFY goes through a connection of its own, after COMMIT and throttled; inside the business
transaction it cost 2.8 times as much (measured). A ring that is lost costs one poll.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import asyncpg
import structlog

from invx.kernel.errors import invariant

if TYPE_CHECKING:
    Link = asyncpg.Connection[asyncpg.Record]

RING_SECONDS_MIN = 0.05  # between two rings of this process
RECONNECT_SECONDS = 2.0
_CHANNEL = re.compile(r"[a-z][a-z_]{0,60}")

log = structlog.get_logger(__name__)


class Bell:
    """One connection to one database, for ringing and for hearing."""

    def __init__(self, connect: "Callable[[], Awaitable[Link]]") -> None:
        self._connect = connect
        self._heard: dict[str, Callable[[], None]] = {}
        self._pending: set[str] = set()
        self._rung = asyncio.Event()
        self._broken = asyncio.Event()
        self.connected = asyncio.Event()

    def on(self, channel: str, wake: Callable[[], None]) -> None:
        """Call `wake` when somebody rings; before `run`. Wakes also after a lost connection."""
        invariant(_CHANNEL.fullmatch(channel) is not None, f"{channel!r} cannot name a channel")
        self._heard[channel] = wake

    def ring(self, channel: str) -> None:
        """Wake those who listen, soon; many rings at once become one."""
        invariant(_CHANNEL.fullmatch(channel) is not None, f"{channel!r} cannot name a channel")
        self._pending.add(channel)
        self._rung.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Ring and hear until `stop` is set; a lost connection is made anew."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                try:
                    await self._hold_connection(stopping)
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    log.warning("bell_broken", exc_info=error)
                    await asyncio.wait({stopping}, timeout=RECONNECT_SECONDS)
        finally:
            stopping.cancel()

    async def _hold_connection(self, stopping: "asyncio.Task[bool]") -> None:
        link = await self._connect()
        try:
            self._broken.clear()
            link.add_termination_listener(lambda _: self._broken.set())
            for channel, wake in self._heard.items():
                await link.add_listener(channel, lambda *_, wake=wake: wake())
                wake()  # what was rung while nobody heard
            self.connected.set()
            await self._ring_until_broken(link, stopping)
        finally:
            self.connected.clear()
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await link.close(timeout=2)

    async def _ring_until_broken(self, link: "Link", stopping: "asyncio.Task[bool]") -> None:
        broken = asyncio.create_task(self._broken.wait())
        try:
            while not (stopping.done() or broken.done()):
                rung = asyncio.create_task(self._rung.wait())
                await asyncio.wait({stopping, broken, rung}, return_when=asyncio.FIRST_COMPLETED)
                rung.cancel()
                self._rung.clear()
                pending, self._pending = self._pending, set()
                for channel in sorted(pending):
                    await link.execute(f"NOTIFY {channel}")
                await asyncio.wait({stopping, broken}, timeout=RING_SECONDS_MIN)
        finally:
            broken.cancel()
