"""A small world in which everything that may go wrong between two contexts does, by a seed.

The relay, the inbox, the runner and PostgreSQL are the real ones; time, the broker, the failures
and the order of all steps come from the seed. Two relays and two workers take turns; writers commit
late or never; processes die with work in their hands. Then everything is healed and drained, and
the fold of what was heard is compared with what was committed.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import asyncpg

from invx.infra.inbox import Inbox, Received, receive
from invx.infra.lease import LeaseLost
from invx.infra.outbox import Relay
from invx.infra.reactions import Reactions
from invx.infra.transport import Faults, MemoryTransport
from invx.kernel.errors import NotYet
from invx.kernel.messages import Envelope
from tests.integration.delivery.stage import (
    NOTES,
    OUTBOX_INSERT,
    NoteTakenV1,
    Stage,
    key,
    note,
    outbox_values,
    tenant,
)

TENANTS, KEYS, STEPS = 3, 3, 400
HEAL_ROUNDS_MAX = 400
FAULTS = Faults(duplicate=0.2, delay=0.3, reorder=0.5, drop=0.2)


class Wrong(AssertionError):
    """The world ended in a state that must not be."""


class Killed(BaseException):
    """The process is gone; nothing of ours catches it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the world is built of; a planted bug replaces one of them."""

    inbox: type[Inbox] = Inbox
    relay: type[Relay] = Relay
    receive: Callable[..., Awaitable[int]] = receive


@dataclass(slots=True)
class Writer:
    """A transaction that is open: what it will have said once it commits."""

    conn: "asyncpg.Connection[asyncpg.Record]"
    transaction: Any = None
    stream: tuple[UUID, UUID] | None = None
    count: int = 0


@dataclass(slots=True)
class Hands:
    """A worker process: its queue, and the rows that it claimed and has not worked on."""

    queue: Reactions
    rows: list[Received] = field(default_factory=list)


class DeliveryWorld:
    """One run of one seed."""

    def __init__(self, stage: Stage, seed: int, parts: Parts) -> None:
        self.stage = stage
        self.chance = random.Random(seed)
        self.parts = parts
        self.healed = self.slow = False
        self.trace: list[str] = []
        self.streams = [
            (tenant(t + 1), key(f"{t} {k}")) for t in range(TENANTS) for k in range(KEYS)
        ]
        self.committed = dict.fromkeys(self.streams, 0)
        self.cursed = (self.streams[0][1], 1)  # fails until the healing, so it is parked
        self.writers: list[Writer] = []
        self.broker = MemoryTransport(
            {NoteTakenV1.wire: [self._arrive]}, random.Random(seed), FAULTS
        )
        self.relays = [self._relay() for _ in range(2)]
        self.workers = [Hands(self._queue()) for _ in range(2)]

    async def run(self) -> None:
        """All steps, then the healing, then the judgement. Raises Wrong."""
        await self.stage.know(*(tenant(t + 1) for t in range(TENANTS)))
        for _ in range(3):
            self.writers.append(Writer(await asyncpg.connect(**self.stage.place.admin)))
        try:
            steps = [self.write, self.write, self.relay, self.deliver, self.claim]
            steps += [self.work, self.work, self.work, self.pass_time, self.die]
            for _ in range(STEPS):
                step = self.chance.choice(steps)
                self.trace.append(step.__name__)
                await step()
            await self.heal()
            await self.judge()
        finally:
            for writer in self.writers:
                await writer.conn.close()

    async def write(self) -> None:
        """Begin a transaction that says one or two notes, or end one: commit or roll back."""
        writer = self.chance.choice(self.writers)
        if writer.stream is not None:
            await self._end(writer, commit=self.chance.random() < 0.8)
            return
        busy = {each.stream for each in self.writers}
        writer.stream = self.chance.choice([each for each in self.streams if each not in busy])
        writer.count = self.chance.randrange(1, 3)
        writer.transaction = writer.conn.transaction()
        await writer.transaction.start()
        lane = int(self.chance.random() < 0.2)
        for number in range(writer.count):
            said = note(*writer.stream, self.committed[writer.stream] + number + 1)
            await writer.conn.execute(
                OUTBOX_INSERT, *outbox_values(said, lane, self.stage.clock.now())
            )

    async def _end(self, writer: Writer, *, commit: bool) -> None:
        if commit and writer.stream is not None:
            await writer.transaction.commit()
            self.committed[writer.stream] += writer.count
        else:
            await writer.transaction.rollback()
            self.trace.append("write rolled back")
        writer.stream = None

    async def relay(self) -> None:
        """A round of either relay; now and then it dies after publishing and before marking."""
        index = self.chance.randrange(2)
        relay = self.relays[index]
        if not self.healed and self.chance.random() < 0.15:
            relay._mark = self._die
        try:
            await relay.round()
        except LeaseLost:
            self.trace.append("lease lost")
            self.slow = False
        except Killed:
            self.slow = False
            self.trace.append("relay died")
            self.relays[index] = self._relay()

    async def _die(self, *_: Any) -> None:
        raise Killed

    async def publish(self, envelopes: Sequence[Envelope], *, lane: int = 0) -> None:
        """The broker as the relays see it; at times so slow that the other relay takes over."""
        await self.broker.publish(envelopes, lane=lane)
        if not self.healed and not self.slow and self.chance.random() < 0.2:
            self.slow = True
            self.stage.clock.advance(20)
            for relay in self.relays:
                await relay.round()
            self.slow = False

    async def deliver(self) -> None:
        """The broker hands over some of what it holds."""
        await self.broker.deliver(everything=self.healed)

    async def claim(self) -> None:
        """A worker takes rows into its hands."""
        hands = self.chance.choice(self.workers)
        hands.rows += await hands.queue.claim(self.chance.randrange(1, 6))

    async def work(self) -> None:
        """A worker does one of its rows, in whatever order it likes."""
        hands = self.chance.choice(self.workers)
        if hands.rows:
            row = hands.rows.pop(self.chance.randrange(len(hands.rows)))
            await hands.queue.work(row)

    async def pass_time(self) -> None:
        """Seconds mostly; sometimes so long that leases and claims run out."""
        self.stage.clock.advance(self.chance.choice([1, 2, 5, 20, 70, 300, 4000]))

    async def die(self) -> None:
        """A worker dies with everything in its hands."""
        index = self.chance.randrange(2)
        if self.workers[index].rows:
            self.trace.append("rows in dead hands")
        self.workers[index] = Hands(self._queue())

    async def heal(self) -> None:
        """No more faults; everything that is under way arrives and is worked on."""
        for writer in self.writers:
            if writer.stream is not None:
                await self._end(writer, commit=True)
        self.healed = True
        if (await self.stage.states()).get("parked"):
            self.trace.append("parked")
        self.broker.faults = Faults()
        for _ in range(HEAL_ROUNDS_MAX):
            self.stage.clock.advance(70)
            await self.relay()
            await self.deliver()
            for number in range(TENANTS):
                await self.stage.parked().replay(tenant(number + 1))
            for hands in self.workers:
                hands.rows += await hands.queue.claim(20)
                while hands.rows:
                    await hands.queue.work(hands.rows.pop())
            if not await self._unfinished():
                return
        raise Wrong("it does not come to rest")

    async def _unfinished(self) -> int:
        return await self.stage.root.fetchval(
            """SELECT (SELECT count(*) FROM sender.outbox WHERE published_at IS NULL)
            + (SELECT count(*) FROM receiver.inbox WHERE state IN ('pending', 'parked'))"""
        )

    async def judge(self) -> None:
        """What was heard is what was committed: each once, in order, by its own tenant."""
        heard: dict[tuple[UUID, UUID], list[int]] = {each: [] for each in self.streams}
        for row in await self.stage.root.fetch("SELECT * FROM receiver.heard ORDER BY nth"):
            stream = (row["tenant_id"], row["key"])
            if stream not in heard:
                raise Wrong("a tenant saw another's row")
            heard[stream].append(row["number"])
        for stream, count in self.committed.items():
            expected = list(range(1, count + 1))
            if missing := set(expected) - set(heard[stream]):
                raise Wrong(f"lost: {sorted(missing)}")
            if len(heard[stream]) > count:
                raise Wrong(f"applied more than once: {heard[stream]}")
            if heard[stream] != expected:
                raise Wrong(f"out of order: {heard[stream]}")

    async def _react(self, contract: NoteTakenV1, uow: Any) -> None:
        uow.write_down(contract)
        if self.healed:
            return
        if (contract.key, contract.number) == self.cursed or self.chance.random() < 0.2:
            self.trace.append("reaction failed")
            raise self.chance.choice([RuntimeError, NotYet])

    async def _arrive(self, envelopes: Any, lane: int) -> None:
        await self.parts.receive(
            self.stage.receiver, envelopes, now=self.stage.clock.now(), lane=lane
        )

    def _relay(self) -> Relay:
        return self.parts.relay(self.stage.sender, self, clock=self.stage.clock, ids=self.stage.ids)

    def _queue(self) -> Reactions:
        context = self.stage.context(self._react)
        return Reactions(context, self.stage.inbox(self.parts.inbox), NOTES)


async def forgetful_receive(database: Any, envelopes: Any, *, now: Any, lane: int = 0) -> int:
    """Planted: nobody looks whether the message is known."""
    known = await receive(database, envelopes, now=now, lane=lane)
    if known:
        return known
    again = [replace(each, message_id=key(f"{each.message_id} {now}")) for each in envelopes]
    return await receive(database, again, now=now, lane=lane)
