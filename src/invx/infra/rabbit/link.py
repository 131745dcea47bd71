"""What publishing and feeding stand on: one connection, made anew when it broke, and the topology.

One durable exchange takes every contract by its name on the wire; each context has one durable
quorum queue, bound to the names that it reacts to. Whoever connects declares all of it, which
changes nothing where it stands already: who starts first does not matter.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

EXCHANGE = "invx.contracts"
CONNECT_SECONDS_MAX = 5.0
DROP_SECONDS_MAX = 2.0
PAUSE_SECONDS_FIRST, PAUSE_SECONDS_MAX = 0.2, 2.0

# What a connection raises that is not there, breaks, or does not answer. The driver's own list has
# RuntimeError: a connection that was reset says so when a channel is opened, and seems whole.
BROKEN = (*CONNECTION_EXCEPTIONS, TimeoutError, asyncio.IncompleteReadError)


class BrokerAway(Exception):
    """The broker cannot be reached now."""


def queue_of(context: str) -> str:
    """The queue of what a context reacts to."""
    return f"invx.{context}"


def refused_of(context: str) -> str:
    """The queue of what can never be taken into the context's inbox, for a person to look at."""
    return f"invx.{context}.refused"


@dataclass(frozen=True, slots=True)
class Topology:
    """Who reacts to what: contexts by name on the wire."""

    subscribers: Mapping[str, Sequence[str]]

    @property
    def contexts(self) -> list[str]:
        return sorted({name for names in self.subscribers.values() for name in names})

    async def declare(self, channel: AbstractChannel) -> AbstractExchange:
        """Make what is missing. Raises AMQPError where something of another kind stands."""
        exchange = await channel.declare_exchange(EXCHANGE, "direct", durable=True)
        for name in self.contexts:
            await channel.declare_queue(
                refused_of(name), durable=True, arguments={"x-queue-type": "quorum"}
            )
            # One consumer at a time, others stand by: two would overtake each other within a key.
            queue = await channel.declare_queue(
                queue_of(name),
                durable=True,
                arguments={
                    "x-queue-type": "quorum",
                    "x-single-active-consumer": True,
                    "x-dead-letter-exchange": "",
                    "x-dead-letter-routing-key": refused_of(name),
                },
            )
            for wire, names in self.subscribers.items():
                if name in names:
                    await queue.bind(exchange, wire)
        return exchange


class Link:
    """A connection to the broker that is there when needed; `url` is amqp:// or amqps://."""

    def __init__(self, url: str, topology: Topology, name: str = "invx") -> None:
        self._url = url
        self._name = name
        self.topology = topology
        self._connection: AbstractConnection | None = None
        self._channels: list[AbstractChannel] = []
        self._connecting = asyncio.Lock()
        self._pause = PAUSE_SECONDS_FIRST
        self._not_before = 0.0

    @property
    def where(self) -> str:
        """The broker's address, without the login."""
        parts = urlsplit(self._url)
        return f"{parts.hostname}:{parts.port or 5672}"

    async def channel(self, *, confirms: bool) -> tuple[AbstractChannel, AbstractExchange]:
        """A new channel, with the exchange on it.

        Raises BrokerAway: at once, without asking, while it was seen to be away just now.
        """
        async with self._connecting:
            if time.monotonic() < self._not_before:
                raise BrokerAway(f"RabbitMQ at {self.where} was away just now")
            try:
                async with asyncio.timeout(CONNECT_SECONDS_MAX):
                    channel = await self._opened(confirms)
                    exchange = await self.topology.declare(channel)
            except BROKEN as error:
                await self.drop()
                self._not_before = time.monotonic() + self._pause
                self._pause = min(self._pause * 2, PAUSE_SECONDS_MAX)
                raise BrokerAway(f"RabbitMQ at {self.where}: {type(error).__name__}") from error
            self._pause = PAUSE_SECONDS_FIRST
            return channel, exchange

    async def _opened(self, confirms: bool) -> AbstractChannel:
        if self._connection is None or self._connection.is_closed:
            self._connection = await aio_pika.connect(
                self._url, timeout=CONNECT_SECONDS_MAX, client_properties={"app_id": self._name}
            )
        channel = await self._connection.channel(
            publisher_confirms=confirms, on_return_raises=confirms
        )
        self._channels.append(channel)
        return channel

    async def drop(self) -> None:
        """Let go of the connection, whatever its state."""
        connection, self._connection = self._connection, None
        channels, self._channels = self._channels, []
        for each in (*channels, *([connection] if connection else [])):
            with contextlib.suppress(*BROKEN):  # what is broken already needs no farewell
                await asyncio.wait_for(each.close(), DROP_SECONDS_MAX)

    async def ping(self) -> bool:
        """Whether the broker answers; a check for `/readyz`."""
        try:
            await self.channel(confirms=False)
        finally:
            await self.drop()
        return True
