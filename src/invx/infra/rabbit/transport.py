"""Publishing contracts to RabbitMQ: safe when the broker has confirmed them.

The broker may accept one message and refuse the one behind it. So no two envelopes of a key are
under way at once: they go in waves, and what is safe of a key is always a prefix.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

import structlog
from aio_pika.abc import AbstractChannel, AbstractExchange
from aio_pika.exceptions import DeliveryError

from invx.infra.rabbit.link import BROKEN, BrokerAway, Link, queue_of
from invx.infra.rabbit.wire import message_of
from invx.infra.rotation import BULK, INTERACTIVE
from invx.infra.transport import NobodyReached
from invx.kernel.messages import Envelope

CONFIRM_SECONDS_MAX = 15.0  # for a wave; a broker that holds us up is not waited for any longer
IN_FLIGHT_MAX = 500
# While a queue holds more than this and somebody works on it, bulk work waits in the outbox: what
# somebody waits for would otherwise stand behind all of it.
BULK_WAITING_MAX = 5_000

log = structlog.get_logger(__name__)


class RabbitTransport:
    """The port of `infra.transport` over one connection with publisher confirms."""

    def __init__(self, link: Link, *, bulk_waiting_max: int = BULK_WAITING_MAX) -> None:
        self._link = link
        self._bulk_waiting_max = bulk_waiting_max
        self._opening = asyncio.Lock()
        self._open: tuple[AbstractChannel, AbstractExchange] | None = None

    async def publish(self, envelopes: Sequence[Envelope], *, lane: int = INTERACTIVE) -> None:
        """Returns when the broker has all of them in every queue that wants them.

        Raises NobodyReached when it is away, refuses some, does not answer in time, or is full of
        bulk work: whatever it is, no tenant is to blame.
        """
        subscribers = self._link.topology.subscribers
        wanted = [each for each in envelopes if each.contract in subscribers]
        if not wanted:
            return
        try:
            channel, exchange = await self._opened()
            if lane == BULK:
                await self._refuse_bulk(channel)
            for wave in waves(wanted):
                async with asyncio.timeout(CONFIRM_SECONDS_MAX):
                    await _confirmed(exchange, wave, lane)
        except DeliveryError as error:
            # A queue has no leader yet, or a binding is gone: the next try declares it again.
            await self._forget()
            raise NobodyReached(f"{self._link.where} refused some") from error
        except BrokerAway as error:
            raise NobodyReached(str(error)) from error
        except BROKEN as error:
            await self._forget()
            raise NobodyReached(f"{self._link.where}: {type(error).__name__}") from error

    async def close(self) -> None:
        """Let go of the connection."""
        await self._forget()

    async def _opened(self) -> tuple[AbstractChannel, AbstractExchange]:
        async with self._opening:
            if self._open is None or self._open[0].is_closed:
                self._open = await self._link.channel(confirms=True)
            return self._open

    async def _forget(self) -> None:
        self._open = None
        await self._link.drop()

    async def _refuse_bulk(self, channel: AbstractChannel) -> None:
        """Raises NobodyReached where too much waits for somebody who works."""
        for name in self._link.topology.contexts:
            queue = await channel.declare_queue(queue_of(name), passive=True)
            waiting = queue.declaration_result.message_count or 0
            working = queue.declaration_result.consumer_count or 0
            if working and waiting > self._bulk_waiting_max:
                raise NobodyReached(f"{queue.name} holds {waiting} already")


def waves(envelopes: Sequence[Envelope]) -> list[list[Envelope]]:
    """The envelopes in order, in parts of which none has two of one key."""
    parts: list[list[Envelope]] = []
    seen: Counter[object] = Counter()
    for envelope in envelopes:
        key = (envelope.tenant_id, envelope.order_key)
        wave = seen[key]
        seen[key] += 1
        if wave == len(parts):
            parts.append([])
        parts[wave].append(envelope)
    return [
        part[first : first + IN_FLIGHT_MAX]
        for part in parts
        for first in range(0, len(part), IN_FLIGHT_MAX)
    ]


async def _confirmed(exchange: AbstractExchange, wave: Sequence[Envelope], lane: int) -> None:
    """Publish all, wait for all; then raise what one of them raised."""
    publishing = [
        exchange.publish(message_of(each, lane), each.contract, mandatory=True) for each in wave
    ]
    for result in await asyncio.gather(*publishing, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
