"""The stage's two contexts with a broker between them."""

from dataclasses import dataclass

import aio_pika

from invx.infra.arrivals import Arrivals
from invx.infra.embedded_rabbit import Rabbit
from invx.infra.rabbit.feed import Feed
from invx.infra.rabbit.link import Link, Topology, queue_of, refused_of
from invx.infra.rabbit.transport import RabbitTransport
from tests.integration.delivery.stage import RECEIVER, NoteTakenV1, Stage, until


@dataclass(slots=True)
class Broker:
    """One side each: who publishes and who feeds have connections of their own."""

    rabbit: Rabbit
    stage: Stage

    def link(self) -> Link:
        return Link(self.rabbit.url, Topology({NoteTakenV1.wire: [RECEIVER]}))

    def transport(self, **settings: int) -> RabbitTransport:
        return RabbitTransport(self.link(), **settings)

    def feed(self, told: list[object] | None = None) -> Feed:
        heard = told if told is not None else []
        arrivals = Arrivals(self.stage.receiver, self.stage.clock, heard.append)
        return Feed(self.link(), RECEIVER, arrivals)

    async def empty(self) -> None:
        """No message of earlier tests.

        Their queues stay: RabbitMQ 3.10 does not find its way back to one that was deleted and made
        anew a moment before it is killed.
        """
        link = self.link()
        channel, _ = await link.channel(confirms=False)
        for name in (queue_of(RECEIVER), refused_of(RECEIVER)):
            await (await channel.get_queue(name)).purge()
        await link.drop()

    async def unbind(self) -> None:
        """What somebody might do to the broker by hand."""
        link = self.link()
        channel, exchange = await link.channel(confirms=False)
        await (await channel.get_queue(queue_of(RECEIVER))).unbind(exchange, NoteTakenV1.wire)
        await link.drop()

    async def waiting(self, name: str = queue_of(RECEIVER)) -> int:
        """How many messages nobody has taken."""
        connection = await aio_pika.connect(self.rabbit.url)
        channel = await connection.channel()
        queue = await channel.declare_queue(name, passive=True)
        count = queue.declaration_result.message_count or 0
        await connection.close()
        return count

    async def comes_to_hold(self, count: int, name: str = queue_of(RECEIVER)) -> None:
        """Wait until so many wait: what comes back or is set aside takes the broker a moment.

        And a broker that is busy for a quarter of a second tells whoever asks of none at all.
        """

        async def held() -> bool:
            return await self.waiting(name) == count

        await until(held)

    async def say(self, body: bytes, wire: str = NoteTakenV1.wire) -> None:
        """A message that no relay of ours would send."""
        link = self.link()
        _, exchange = await link.channel(confirms=True)
        await exchange.publish(aio_pika.Message(body), wire, mandatory=True)
        await link.drop()
