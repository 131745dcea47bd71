"""Contracts by way of a real RabbitMQ: what no fault may lose, double or turn around."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from invx.infra.arrivals import Arrivals
from invx.infra.embedded_rabbit import Rabbit
from invx.infra.inbox import TenantNotHere
from invx.infra.postgres import DatabaseUnavailable
from invx.infra.rabbit.feed import Feed
from invx.infra.rabbit.link import BrokerAway, Link, Topology, refused_of
from invx.infra.rabbit.transport import RabbitTransport
from invx.infra.rotation import BULK
from invx.infra.supervised import free_port
from invx.infra.transport import NobodyReached
from invx.kernel.messages import Envelope
from tests.faults.proxy import Network
from tests.integration.delivery.broker import Broker
from tests.integration.delivery.stage import (
    RECEIVER,
    NoteTakenV1,
    Stage,
    key,
    note,
    tenant,
    until,
)
from tests.waiting import HANG_SECONDS

A, B = tenant(1), tenant(2)


@pytest.fixture
async def broker(rabbit: Rabbit, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Broker:
    monkeypatch.setattr("invx.infra.rabbit.link.CONNECT_SECONDS_MAX", HANG_SECONDS)  # it is busy
    made = Broker(rabbit, stage)
    await made.empty()
    await stage.know(A, B)
    return made


@asynccontextmanager
async def running(*feeds: Feed) -> AsyncIterator[asyncio.Event]:
    """Feeds that run until the block ends, and end well."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(feed.run(stop)) for feed in feeds]
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), HANG_SECONDS)


async def received(stage: Stage) -> int:
    return int(await stage.root.fetchval("SELECT count(*) FROM receiver.inbox"))


async def has(stage: Stage, count: int) -> None:
    async def there() -> bool:
        return await received(stage) >= count

    await until(there)


async def order(stage: Stage) -> list[int]:
    """Sequences of the inbox in the order in which they came."""
    rows = await stage.root.fetch("SELECT sequence FROM receiver.inbox ORDER BY position")
    return [row[0] for row in rows]


async def test_from_the_outbox_to_the_reaction_by_way_of_the_broker(broker: Broker) -> None:
    stage = broker.stage
    sent = [note(t, key(k), n) for n in (1, 2, 3) for t in (A, B) for k in range(4)]
    await stage.send(*sent)
    transport = broker.transport()
    assert await stage.relay(transport).round() == len(sent)
    told: list[object] = []
    async with running(broker.feed(told)):
        await has(stage, len(sent))
    await stage.worker().settle()
    assert sorted(await stage.heard()) == sorted((e.order_key, e.sequence) for e in sent)
    assert set(told) == {stage.receiver}
    assert await broker.waiting() == 0
    await transport.close()


async def test_what_was_published_before_the_receiver_ever_ran_is_kept(broker: Broker) -> None:
    transport = broker.transport()
    await transport.publish([note(A, key("x"), n) for n in range(1, 6)])
    await transport.close()
    await broker.comes_to_hold(5)
    async with running(broker.feed()):
        await has(broker.stage, 5)
    assert await order(broker.stage) == [1, 2, 3, 4, 5]


async def test_a_feed_that_starts_first_makes_what_the_sender_needs(broker: Broker) -> None:
    async with running(broker.feed()):
        transport = broker.transport()
        await transport.publish([note(A, key("x"), 1)])
        await has(broker.stage, 1)
        await transport.close()
    assert await received(broker.stage) == 1


async def test_two_feeds_take_turns_and_never_overtake_each_other(broker: Broker) -> None:
    transport = broker.transport()
    async with running(broker.feed()) as first, running(broker.feed()):
        await transport.publish([note(A, key("x"), n) for n in range(1, 31)])
        first.set()  # the active one goes; the other goes on where it was
        await transport.publish([note(A, key("x"), n) for n in range(31, 61)])
        await has(broker.stage, 60)
    assert await order(broker.stage) == list(range(1, 61))
    await transport.close()


async def test_a_broker_that_is_away_keeps_everything_in_the_outbox(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invx.infra.rabbit.link.PAUSE_SECONDS_FIRST", HANG_SECONDS)
    await stage.know(A)
    await stage.send(note(A, key("x"), 1))
    link = Link("amqp://invx:no@127.0.0.1:9/", Topology({NoteTakenV1.wire: [RECEIVER]}))
    relay = stage.relay(RabbitTransport(link))
    assert await relay.round() == 0
    assert len(await relay.pending(0)) == 1  # nobody rests: it is the broker's fault, no tenant's
    with pytest.raises(NobodyReached, match="was away just now"):
        await RabbitTransport(link).publish([note(A, key("x"), 1)])
    assert [log["event"] for log in stage.logs] == ["transport_away"]


async def test_a_connection_that_was_cut_is_made_anew(broker: Broker) -> None:
    network, port = Network(), free_port()
    cable = network.proxy(port, lambda: broker.rabbit.port)
    url = broker.rabbit.url.replace(f":{broker.rabbit.port}", f":{port}")
    transport = RabbitTransport(Link(url, Topology({NoteTakenV1.wire: [RECEIVER]})))
    try:
        await transport.publish([note(A, key("cut"), 1)])
        for again in range(2, 5):
            await asyncio.to_thread(cable.cut)
            await asyncio.to_thread(cable.heal)
            async with asyncio.timeout(HANG_SECONDS):
                while True:
                    try:
                        await transport.publish([note(A, key("cut"), again)])
                        break
                    except NobodyReached:  # nothing else: no tenant is to blame
                        await asyncio.sleep(0.05)

        async def all_of_them() -> bool:
            return await broker.waiting() >= 4

        await until(all_of_them)
    finally:
        await transport.close()
        network.close()


async def test_a_wrong_password_is_no_reason_to_lose_anything(broker: Broker) -> None:
    topology = Topology({NoteTakenV1.wire: [RECEIVER]})
    link = Link(f"amqp://invx:wrong@127.0.0.1:{broker.rabbit.port}/", topology)
    with pytest.raises(NobodyReached) as refused:
        await RabbitTransport(link).publish([note(A, key("x"), 1)])
    assert "wrong" not in str(refused.value)
    with pytest.raises(BrokerAway):
        await link.ping()


async def test_a_binding_that_was_taken_away_is_noticed_and_made_again(broker: Broker) -> None:
    transport = broker.transport()
    await broker.unbind()
    await transport.publish([note(A, key("x"), 1)])  # its first connection binds
    await broker.unbind()
    with pytest.raises(NobodyReached, match="refused"):
        await transport.publish([note(A, key("x"), 2)])
    await transport.publish([note(A, key("x"), 2)])
    await broker.comes_to_hold(2)
    await transport.close()


@pytest.mark.parametrize("body", [b"hello", b"{}"])
async def test_what_is_no_envelope_is_set_aside_and_the_rest_goes_on(
    broker: Broker, body: bytes
) -> None:
    await broker.say(body)
    transport = broker.transport()
    await transport.publish([note(A, key("x"), 1)])
    async with running(broker.feed()):
        await has(broker.stage, 1)
    await broker.comes_to_hold(1, refused_of(RECEIVER))
    assert await broker.waiting() == 0
    [log] = [log for log in broker.stage.logs if log["event"] == "message_refused"]
    assert log["reason"] == "MessageMalformed"
    await transport.close()


async def test_one_that_no_inbox_can_hold_spoils_no_batch(broker: Broker) -> None:
    """PostgreSQL has no text with a NUL in it: the whole batch fails, then one by one."""
    spoilt = replace(note(A, key("x"), 2), actor="user:\x00")
    transport = broker.transport()
    await transport.publish([note(A, key("x"), 1), spoilt, note(B, key("y"), 1)])
    async with running(broker.feed()):
        await has(broker.stage, 2)

        await broker.comes_to_hold(1, refused_of(RECEIVER))
    assert await received(broker.stage) == 2
    await transport.close()


async def test_bulk_waits_in_the_outbox_while_a_worked_queue_is_full(broker: Broker) -> None:
    transport = broker.transport(bulk_waiting_max=3)
    nobody_works = [note(A, key(n), 1) for n in range(10)]
    await transport.publish(nobody_works, lane=BULK)
    held = Slow(broker)
    async with running(Feed(broker.link(), RECEIVER, held)):
        await held.asked.wait()
        # What it has prefetched is not counted; more than that waits.
        await transport.publish([note(A, key(n), 1) for n in range(2_000, 3_200)])

        async def bulk_is_held_up() -> bool:
            """A broker that is busy says that nothing waits; one message too many is known."""
            try:
                await transport.publish([note(B, key("b"), 1)], lane=BULK)
            except NobodyReached as full:
                return "holds" in str(full)
            return False

        await until(bulk_is_held_up)
        await transport.publish([note(B, key("i"), 1)])  # interactive work is always taken
        held.go.set()
        await has(broker.stage, 1_211)
        await transport.publish([note(B, key("b"), 1)], lane=BULK)
        await has(broker.stage, 1_212)
    await transport.close()


class Slow(Arrivals):
    """Waits until it may go on."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker.stage.receiver, broker.stage.clock, lambda _: None)
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def take(self, envelopes: Sequence[Envelope], lane: int) -> None:
        self.asked.set()
        await self.go.wait()
        await super().take(envelopes, lane)


class Failing(Arrivals):
    """Fails a number of times before it works."""

    def __init__(self, broker: Broker, *errors: Exception) -> None:
        super().__init__(broker.stage.receiver, broker.stage.clock, lambda _: None)
        self.errors = list(errors)

    async def take(self, envelopes: Sequence[Envelope], lane: int) -> None:
        if self.errors:
            raise self.errors.pop(0)
        await super().take(envelopes, lane)


async def test_an_inbox_that_comes_back_gets_everything_in_order(broker: Broker) -> None:
    transport = broker.transport()
    away = Failing(broker, DatabaseUnavailable(), ConnectionResetError(), DatabaseUnavailable())
    async with running(Feed(broker.link(), RECEIVER, away)):
        await transport.publish([note(A, key("x"), n) for n in range(1, 11)])
        await has(broker.stage, 10)
    assert await order(broker.stage) == list(range(1, 11))
    assert away.errors == []
    await transport.close()


async def test_a_feed_told_to_stop_while_the_inbox_is_away_stops(broker: Broker) -> None:
    transport = broker.transport()
    away = Failing(broker, *[DatabaseUnavailable() for _ in range(1_000)])
    async with running(Feed(broker.link(), RECEIVER, away)):
        await transport.publish([note(A, key("x"), 1)])

        async def asked() -> bool:
            return len(away.errors) < 1_000

        await until(asked)
    assert await received(broker.stage) == 0
    await broker.comes_to_hold(1)  # not acknowledged: it comes again
    await transport.close()


async def test_a_tenant_on_its_way_waits_and_holds_up_nobody(broker: Broker) -> None:
    stage, transport = broker.stage, broker.transport()
    status = "UPDATE receiver.tenants SET status = $2 WHERE tenant_id = $1"
    await stage.root.execute(status, A, "moving")
    async with running(broker.feed()):
        await transport.publish([note(A, key("x"), n) for n in range(1, 4)])
        await transport.publish([note(B, key("y"), n) for n in range(1, 4)])
        await has(stage, 3)
        await transport.publish([note(A, key("x"), n) for n in range(4, 6)])
        await transport.publish([note(B, key("y"), 4)])
        await has(stage, 4)
        rows = await stage.root.fetch("SELECT DISTINCT tenant_id FROM receiver.inbox")
        assert [row[0] for row in rows] == [B]
        await stage.root.execute(status, A, "active")
        await has(stage, 9)
    rows = await stage.root.fetch(
        "SELECT sequence FROM receiver.inbox WHERE tenant_id = $1 ORDER BY position", A
    )
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5]
    assert await broker.waiting() == 0
    await transport.close()


async def test_what_is_left_of_an_erased_tenant_is_dropped(broker: Broker) -> None:
    stage, transport = broker.stage, broker.transport()
    await stage.root.execute(
        "UPDATE receiver.tenants SET status = 'erased' WHERE tenant_id = $1", A
    )
    async with running(broker.feed()):
        await transport.publish([note(A, key("x"), 1), note(B, key("y"), 1)])
        await has(stage, 1)
    rows = await stage.root.fetch("SELECT tenant_id FROM receiver.inbox")
    assert [row[0] for row in rows] == [B]
    assert await broker.waiting() == 0
    await transport.close()


async def test_arrivals_name_the_tenants_that_are_elsewhere(broker: Broker) -> None:
    await broker.stage.root.execute("UPDATE receiver.tenants SET status = 'moving'")
    arrivals = Failing(broker)
    with pytest.raises(TenantNotHere) as elsewhere:
        await arrivals.take([note(A, key("x"), 1)], 0)
    assert elsewhere.value.tenants == (A,)
    assert await arrivals.erased([A, tenant(77)]) == set()


async def test_declaring_it_all_again_changes_nothing(broker: Broker) -> None:
    transport = broker.transport()
    await transport.publish([note(A, key("x"), 1)])
    for _ in range(3):
        assert await broker.link().ping()
    await broker.comes_to_hold(1)
    await transport.close()


async def test_what_the_broker_confirmed_survives_its_death(broker: Broker) -> None:
    transport = broker.transport()
    await transport.publish([note(A, key("x"), n) for n in range(1, 11)])
    before = broker.rabbit.broker.restarts
    broker.rabbit.broker.kill()

    async def back() -> bool:
        return broker.rabbit.broker.restarts > before

    await until(back)
    async with running(broker.feed()):
        await has(broker.stage, 10)
    assert await order(broker.stage) == list(range(1, 11))
    await transport.close()


@pytest.mark.parametrize("moment", range(2))
async def test_a_broker_killed_under_way_loses_doubles_and_turns_around_nothing(
    broker: Broker, moment: int
) -> None:
    stage = broker.stage
    sent = [note(A, key(k), n) for n in range(1, 21) for k in range(20)]
    await stage.send(*sent)
    transport = broker.transport()
    relay, stop = stage.relay(transport), asyncio.Event()
    async with running(broker.feed()):
        relaying = asyncio.create_task(relay.run(stop))
        await has(stage, 1 + moment * 100)
        broker.rabbit.broker.kill()
        await has(stage, len(sent))
        stop.set()
        await relaying
    await stage.worker().settle()
    heard = await stage.heard()
    assert len(heard) == len(sent)
    for k in range(20):
        assert [n for held, n in heard if held == key(k)] == list(range(1, 21))
    await transport.close()
