"""Defects to be found, and releases: what a process is told to become (FAULTS_PLANT)."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4


def _without_confirms() -> None:
    """A publisher that takes what it has written to the socket for what the broker has."""
    from invx.infra.rabbit.link import BROKEN, BrokerAway
    from invx.infra.rabbit.transport import RabbitTransport
    from invx.infra.rabbit.wire import message_of
    from invx.infra.transport import NobodyReached

    async def publish(self: RabbitTransport, envelopes: Any, *, lane: int = 0) -> None:
        try:
            if self._open is None or self._open[0].is_closed:
                self._open = await self._link.channel(confirms=False)
            for each in envelopes:
                if each.contract in self._link.topology.subscribers:
                    await self._open[1].publish(message_of(each, lane), each.contract)
        except (BrokerAway, *BROKEN) as error:
            await self._forget()
            raise NobodyReached from error

    RabbitTransport.publish = publish  # type: ignore[method-assign]


def _acknowledged_first() -> None:
    """A feed that acknowledges before the inbox has committed."""
    from invx.infra.rabbit.feed import Feed

    received = Feed._received

    async def receive(self: Feed, got: Any) -> Any:
        for each in got:
            await each.message.ack()
        return await received(self, got)

    async def nothing(*_: Any) -> None: ...

    Feed._received = receive  # type: ignore[method-assign]
    Feed._acknowledge = nothing  # type: ignore[method-assign]


def _nothing_recognised() -> None:
    """An inbox to which the same message is another one when it comes again."""
    from dataclasses import replace

    from invx.infra.arrivals import Arrivals

    take = Arrivals.take

    async def anew(self: Arrivals, envelopes: Any, lane: int) -> None:
        await take(self, [replace(each, message_id=uuid4()) for each in envelopes], lane)

    Arrivals.take = anew  # type: ignore[method-assign]


def _release(column: str) -> None:
    """The release that states a column which the one before it does not know."""
    from invx.infra.write_set import WriteSet

    put = WriteSet.put

    def with_it(self: WriteSet, table: str, row: Any) -> None:
        put(self, table, {**row, column: True} if table == "documents" else row)

    WriteSet.put = with_it  # type: ignore[method-assign]


def plant(what: str) -> None:
    """Become it."""
    kind, _, column = what.partition(" ")
    if kind == "release":
        _release(column)
    else:
        _DEFECTS[what]()


_DEFECTS: dict[str, Callable[[], None]] = {
    "no confirms": _without_confirms,
    "acknowledged first": _acknowledged_first,
    "nothing recognised": _nothing_recognised,
}
