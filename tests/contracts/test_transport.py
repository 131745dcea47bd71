"""What every transport promises: the one in memory, over PostgreSQL, and over RabbitMQ."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from invx.infra.embedded_rabbit import Rabbit
from invx.infra.inbox import receive
from invx.infra.postgres import Database
from invx.infra.rotation import BULK
from invx.infra.transport import (
    Faults,
    MemoryTransport,
    PostgresTransport,
    PublishFailed,
    Transport,
)
from invx.kernel.messages import Envelope
from tests.integration.delivery.broker import Broker
from tests.integration.delivery.stage import NoteTakenV1, Stage, key, note, tenant, until

A, B, LAST = tenant(1), tenant(2), tenant(999)
THERE = "SELECT 1 FROM receiver.inbox WHERE message_id = $1"


@dataclass(slots=True)
class Line:
    """A transport with one subscriber, and what has arrived there."""

    transport: Transport
    arrive: Callable[[], Awaitable[object]]
    stage: Stage

    async def arrived(self) -> list[tuple[UUID, UUID, int, int]]:
        await self.arrive()
        rows = await self.stage.root.fetch(
            "SELECT tenant_id, order_key, sequence, lane FROM receiver.inbox"
            " WHERE tenant_id <> $1 ORDER BY position",
            LAST,
        )
        return [tuple(row) for row in rows]


async def nothing() -> None:
    """It has arrived already."""


@pytest.fixture(params=["memory", "postgres", "rabbit"])
async def line(request: pytest.FixtureRequest, stage: Stage) -> AsyncIterator[Line]:
    if request.param == "rabbit":
        async with broker_line(request.getfixturevalue("rabbit"), stage) as made:
            yield made
    elif request.param == "postgres":
        yield Line(stage.transport(), nothing, stage)
    else:
        transport = MemoryTransport({NoteTakenV1.wire: [into_receiver(stage)]})
        yield Line(transport, lambda: transport.deliver(everything=True), stage)


@asynccontextmanager
async def broker_line(rabbit: Rabbit, stage: Stage) -> AsyncIterator[Line]:
    """The transport and the feed behind it, as two processes would have them."""
    broker = Broker(rabbit, stage)
    await broker.empty()
    stop = asyncio.Event()
    feeding = asyncio.create_task(broker.feed().run(stop))
    transport, numbers = broker.transport(), itertools.count(1)

    async def arrive() -> None:
        """One queue keeps its order: when the last of all is there, all are."""
        last = note(LAST, uuid4(), next(numbers))
        await transport.publish([last])

        async def there() -> bool:
            return bool(await stage.root.fetchval(THERE, last.message_id))

        await until(there)

    try:
        yield Line(transport, arrive, stage)
    finally:
        stop.set()
        await feeding
        await transport.close()


def into_receiver(stage: Stage):
    async def receiver(envelopes, lane: int) -> int:
        return await receive(stage.receiver, envelopes, now=stage.clock.now(), lane=lane)

    return receiver


async def test_everything_arrives_at_the_subscriber(line: Line) -> None:
    sent = [note(t, key(k), 1) for t in (A, B) for k in range(3)]
    await line.transport.publish(sent)
    assert {(t, k) for t, k, *_ in await line.arrived()} == {
        (e.tenant_id, e.order_key) for e in sent
    }


async def test_an_envelope_arrives_unchanged(line: Line) -> None:
    sent = note(A, key("x"), 3)
    await line.transport.publish([sent])
    await line.arrive()
    await line.stage.know(A)
    [row] = await line.stage.inbox().claim(1)
    assert row.envelope == sent


async def test_what_is_published_twice_arrives_once(line: Line) -> None:
    for _ in range(2):
        await line.transport.publish([note(A, key("x"), 1)])
    assert len(await line.arrived()) == 1


async def test_each_key_keeps_its_order(line: Line) -> None:
    for number in range(1, 6):
        await line.transport.publish([note(A, key(k), number) for k in range(3)])
    arrived = await line.arrived()
    for k in range(3):
        assert [n for _, held, n, _ in arrived if held == key(k)] == [1, 2, 3, 4, 5]


async def test_the_lane_arrives_too(line: Line) -> None:
    await line.transport.publish([note(A, key("x"), 1)], lane=BULK)
    assert [lane for *_, lane in await line.arrived()] == [BULK]


async def test_what_nobody_subscribed_to_is_safe_nowhere_and_no_error(line: Line) -> None:
    await line.transport.publish([note(A, key("x"), 1, wire="sender.note.burned.v1")])
    await line.transport.publish([])
    assert await line.arrived() == []


async def test_an_inbox_out_of_reach_fails_the_publish_and_the_other_has_it(stage: Stage) -> None:
    nowhere = Database("nowhere", stage.pools)
    told = []
    transport = PostgresTransport(
        {NoteTakenV1.wire: [nowhere, stage.receiver]}, stage.clock, told.append
    )
    with pytest.raises(PublishFailed):
        await transport.publish([note(A, key("x"), 1)])
    assert await stage.states() == {"pending": 1}
    assert told == [stage.receiver]


class Memo:
    """A receiver that writes down what it is handed."""

    def __init__(self) -> None:
        self.got: list[Envelope] = []

    async def __call__(self, envelopes, lane: int) -> None:
        self.got += envelopes


@pytest.mark.parametrize("seed", range(20))
async def test_the_worst_memory_transport_loses_nothing_it_took_and_keeps_each_key(seed) -> None:
    memo, chance = Memo(), random.Random(seed)
    faults = Faults(duplicate=0.3, delay=0.4, reorder=0.8, drop=0.3)
    transport = MemoryTransport({NoteTakenV1.wire: [memo]}, chance, faults)
    sent = [note(A, key(n % 4), n // 4 + 1) for n in range(40)]
    taken: list[Envelope] = []
    while len(taken) < len(sent):
        batch = sent[len(taken) : len(taken) + 5]
        try:
            await transport.publish(batch)
        except PublishFailed:
            continue
        taken += batch
        await transport.deliver()
    await transport.deliver(everything=True)
    assert transport.in_flight == []
    assert {e.message_id for e in memo.got} == {e.message_id for e in sent}
    first: dict[UUID, list[int]] = {}
    for envelope in dict.fromkeys(memo.got):
        first.setdefault(envelope.order_key, []).append(envelope.sequence)
    assert all(numbers == sorted(numbers) for numbers in first.values())


async def test_the_faults_of_the_memory_transport_really_happen() -> None:
    memo = Memo()
    transport = MemoryTransport(
        {NoteTakenV1.wire: [memo]}, random.Random(3), Faults(duplicate=0.5, delay=0.5, reorder=1)
    )
    sent = [note(A, key(n), 1) for n in range(30)]
    await transport.publish(sent)
    assert await transport.deliver() < len(sent)
    await transport.deliver(everything=True)
    counts = Counter(envelope.message_id for envelope in memo.got)
    assert set(counts.values()) == {1, 2}
    assert [e.order_key for e in dict.fromkeys(memo.got)] != [e.order_key for e in sent]


async def test_a_drop_leaves_a_prefix_and_says_so() -> None:
    memo = Memo()
    transport = MemoryTransport({NoteTakenV1.wire: [memo]}, random.Random(1), Faults(drop=1))
    sent = [note(A, key("x"), n) for n in range(1, 9)]
    with pytest.raises(PublishFailed, match="of 8 dropped"):
        await transport.publish(sent)
    await transport.deliver(everything=True)
    assert memo.got == sent[: len(memo.got)]
    assert len(memo.got) < len(sent)
