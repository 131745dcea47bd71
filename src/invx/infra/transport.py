"""How envelopes get from the outbox of one context into the inboxes of others.

The promise: `publish` returns only when every envelope is safe at every subscriber. It may deliver
one twice. Within an order key it keeps order: when it raises, what became safe of a key is a
prefix.
"""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from invx.infra.arrivals import Arrivals
from invx.infra.postgres import Database
from invx.infra.rotation import INTERACTIVE
from invx.kernel.messages import Envelope
from invx.kernel.ports import Clock


class PublishFailed(Exception):
    """Not all envelopes are safe; publish all of them again."""


class NobodyReached(PublishFailed):
    """The transport as a whole does not answer, or is full: no tenant is to blame."""


class Transport(Protocol):
    """Carries envelopes to whoever subscribed."""

    async def publish(self, envelopes: Sequence[Envelope], *, lane: int = INTERACTIVE) -> None:
        """Returns when all are safe. Raises PublishFailed, or what the network raises."""
        ...


class PostgresTransport:
    """Writes straight into the inbox tables of the subscribers: no broker to run.

    `subscriptions` has the databases per name on the wire (`Registry.wires` of every reaction).
    `delivered` is told which database received something, to wake its worker. A subscriber that is
    out of reach keeps the others from nothing: they get theirs before PublishFailed is raised.
    Each tenant's are brought to where it lives; one that has just moved is found the next time.
    """

    def __init__(
        self,
        subscriptions: Mapping[str, Sequence[Database]],
        clock: Clock,
        delivered: Callable[[Database], None] = lambda _: None,
    ) -> None:
        databases = {each.schema: each for some in subscriptions.values() for each in some}
        self._subscribers = {
            wire: [each.schema for each in some] for wire, some in subscriptions.items()
        }
        self._arrivals = {
            schema: Arrivals(database, clock, delivered) for schema, database in databases.items()
        }

    async def publish(self, envelopes: Sequence[Envelope], *, lane: int = INTERACTIVE) -> None:
        """Insert them in batches, in order; those that are there already change nothing."""
        parts: dict[str, list[Envelope]] = {}
        for envelope in envelopes:
            for schema in self._subscribers.get(envelope.contract, ()):
                parts.setdefault(schema, []).append(envelope)
        failures: list[Exception] = []
        for schema, part in parts.items():
            try:
                await self._arrivals[schema].take(part, lane)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others come first
                failures.append(error)
        if failures:
            raise PublishFailed(f"{len(failures)} of {len(parts)} inboxes") from failures[0]


Receiver = Callable[[Sequence[Envelope], int], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Faults:
    """How often, per envelope or per call, the memory transport misbehaves (0 to 1)."""

    duplicate: float = 0.0
    delay: float = 0.0
    reorder: float = 0.0  # between keys; within one the promise holds
    drop: float = 0.0  # publish raises, and only a part is safe


@dataclass(slots=True)
class MemoryTransport:
    """A broker in memory that keeps its promise as badly as the promise allows, by a seed.

    What it accepted is safe: it stays in flight until `deliver` has handed it over. The simulation
    uses it; so do tests that want no database on the way.
    """

    subscriptions: Mapping[str, Sequence[Receiver]]
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311
    faults: Faults = field(default_factory=Faults)
    in_flight: list[tuple[Envelope, Receiver, int]] = field(default_factory=list)

    async def publish(self, envelopes: Sequence[Envelope], *, lane: int = INTERACTIVE) -> None:
        """Accept all, or a prefix and raise PublishFailed."""
        dropped = self.chance.random() < self.faults.drop
        accepted = envelopes[: self.chance.randrange(len(envelopes) + 1)] if dropped else envelopes
        for envelope in accepted:
            for receiver in self.subscriptions.get(envelope.contract, ()):
                self.in_flight.append((envelope, receiver, lane))
                if self.chance.random() < self.faults.duplicate:
                    self.in_flight.append((envelope, receiver, lane))
        if dropped:
            raise PublishFailed(f"{len(envelopes) - len(accepted)} of {len(envelopes)} dropped")

    async def deliver(self, *, everything: bool = False) -> int:
        """Hand over what is in flight, some of it later; returns how many were handed over.

        With `everything` nothing is delayed.
        """
        self._shuffle()
        waiting: list[tuple[Envelope, Receiver, int]] = []
        delayed: set[tuple[object, Receiver]] = set()
        count = 0
        for envelope, receiver, lane in self.in_flight:
            lot = (envelope.order_key, receiver)
            late = not everything and self.chance.random() < self.faults.delay
            if lot in delayed or late:
                delayed.add(lot)
                waiting.append((envelope, receiver, lane))
                continue
            await receiver([envelope], lane)
            count += 1
        self.in_flight = waiting
        return count

    def _shuffle(self) -> None:
        """Another order of the same messages, in which each key still has its own order."""
        if self.chance.random() >= self.faults.reorder:
            return
        lots: dict[tuple[object, Receiver], list[tuple[Envelope, Receiver, int]]] = {}
        for item in self.in_flight:
            lots.setdefault((item[0].order_key, item[1]), []).append(item)
        order = [lot for lot, items in lots.items() for _ in items]
        self.chance.shuffle(order)
        taken = {lot: iter(items) for lot, items in lots.items()}
        self.in_flight = [next(taken[lot]) for lot in order]
