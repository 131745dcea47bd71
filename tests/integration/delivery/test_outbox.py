"""The relay on PostgreSQL: nothing lost, nothing doubled, nobody starved."""

import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest

from invx.infra.lease import Lease, LeaseLost
from invx.infra.rotation import BULK, INTERACTIVE
from invx.infra.transport import MemoryTransport, PublishFailed
from invx.kernel import limits
from invx.kernel.messages import Envelope
from tests.integration.delivery.stage import (
    OUTBOX_INSERT,
    NoteTakenV1,
    Stage,
    key,
    note,
    outbox_values,
    tenant,
    until,
)

A, B = tenant(1), tenant(2)


class Killed(BaseException):
    """As good as a kill: nothing of ours catches it."""


class Spy:
    """A transport that writes down what it is given, and does what it is told before that."""

    def __init__(self, before=None) -> None:
        self.sent: list[Envelope] = []
        self.batches: list[list[Envelope]] = []
        self.before = before

    async def publish(self, envelopes: Sequence[Envelope], *, lane: int = 0) -> None:
        if self.before is not None:
            await self.before(envelopes)
        self.sent += envelopes
        self.batches.append(list(envelopes))

    @property
    def numbers(self) -> list[int]:
        return [each.sequence for each in self.sent]


async def unpublished(stage: Stage) -> int:
    return await stage.root.fetchval(
        "SELECT count(*) FROM sender.outbox WHERE published_at IS NULL"
    )


async def drain(relay) -> int:
    rounds = 0
    while await relay.round():
        rounds += 1
    return rounds


async def test_a_contract_arrives_as_it_was_sent(stage: Stage) -> None:
    sent = note(A, key("x"), 7)
    await stage.send(sent)
    spy = Spy()
    assert await stage.relay(spy).round() == 1
    assert spy.sent == [sent]
    assert await unpublished(stage) == 0


async def test_what_is_published_is_not_published_again(stage: Stage) -> None:
    await stage.send(*(note(A, key("x"), n) for n in range(1, 6)))
    spy = Spy()
    relay = stage.relay(spy)
    await drain(relay)
    assert await relay.round() == 0
    assert spy.numbers == [1, 2, 3, 4, 5]


async def test_a_crash_between_publishing_and_marking_is_applied_once(stage: Stage) -> None:
    await stage.know(A)
    await stage.send(note(A, key("x"), 1), note(A, key("x"), 2))
    relay = stage.relay()

    async def crash(envelopes) -> None:
        raise Killed

    relay._mark = crash
    with pytest.raises(Killed):
        await relay.round()
    assert await unpublished(stage) == 2
    stage.clock.advance(limits.LEASE_SECONDS + 1)
    await drain(stage.relay())
    await stage.worker().settle()
    assert await stage.heard() == [(key("x"), 1), (key("x"), 2)]
    assert await unpublished(stage) == 0


async def test_a_row_that_commits_late_is_not_skipped(stage: Stage) -> None:
    late = await asyncpg.connect(**stage.place.admin)
    try:
        transaction = late.transaction()
        await transaction.start()
        slow = note(A, key("slow"), 1)
        await late.execute(OUTBOX_INSERT, *outbox_values(slow, 0, stage.clock.now()))
        await stage.send(note(A, key("quick"), 1))  # a higher position, committed first
        spy = Spy()
        relay = stage.relay(spy)
        await drain(relay)
        await transaction.commit()
        await drain(relay)
    finally:
        await late.close()
    assert [each.order_key for each in spy.sent] == [key("quick"), key("slow")]


async def test_only_one_of_two_relays_publishes(stage: Stage) -> None:
    await stage.send(*(note(A, key(n), 1) for n in range(20)))
    spy = Spy()
    first, second = stage.relay(spy), stage.relay(spy)
    counts = await asyncio.gather(first.round(), second.round())
    assert sorted(counts) == [0, 20]
    assert len(spy.sent) == 20


async def test_another_relay_takes_over_when_the_lease_runs_out(stage: Stage) -> None:
    await stage.send(note(A, key("x"), 1))
    first, second = stage.relay(), stage.relay()
    await first.round()
    await stage.send(note(A, key("x"), 2))
    assert await second.round() == 0
    stage.clock.advance(limits.LEASE_SECONDS + 1)
    assert await second.round() == 1
    assert await first.round() == 0


async def test_a_lease_written_ahead_by_a_wrong_clock_is_not_waited_for(stage: Stage) -> None:
    def lease() -> Lease:
        return Lease(stage.sender, "relay", clock=stage.clock, ids=stage.ids, seconds=0.3)

    ahead, other = lease(), lease()
    stage.clock.advance(3_600)
    assert await ahead.take()
    stage.clock.advance(-3_600)
    assert not await other.take()
    assert await ahead.keep(), "who lives renews it by the right time"
    await asyncio.sleep(0.4)
    assert not await other.take(), "it has changed since it was seen"
    await asyncio.sleep(0.4)
    assert await other.take(), "nobody renewed it for as long as it lasts"
    assert other.fence == (ahead.fence or 0) + 1
    assert not await ahead.take()


async def test_a_released_lease_can_be_taken_at_once(stage: Stage) -> None:
    first, second = stage.relay(), stage.relay()
    stop = asyncio.Event()
    running = asyncio.create_task(first.run(stop))
    await stage.send(note(A, key("x"), 1))
    first.wake()

    async def published() -> bool:
        return not await unpublished(stage)

    await until(published)
    stop.set()
    await running
    await stage.send(note(A, key("x"), 2))
    assert await second.round() == 1


async def test_a_relay_that_lost_its_lease_marks_nothing(stage: Stage) -> None:
    await stage.send(note(A, key("x"), 1))
    successor = stage.relay(Spy())

    async def sleep_too_long(envelopes) -> None:
        stage.clock.advance(limits.LEASE_SECONDS + 1)
        assert await successor._lease.take()

    slow = stage.relay(Spy(sleep_too_long))
    with pytest.raises(LeaseLost):
        await slow.round()
    assert await unpublished(stage) == 1
    assert await slow.round() == 0
    assert await successor.round() == 1
    assert await unpublished(stage) == 0


async def test_a_relay_whose_lease_ran_out_publishes_nothing_more(stage: Stage) -> None:
    await stage.send(note(A, key("x"), 1))
    spy = Spy()
    relay = stage.relay(spy)
    assert await relay._lease.take()
    stage.clock.advance(limits.LEASE_SECONDS + 1)
    with pytest.raises(LeaseLost):
        await relay._publish([note(A, key("x"), 1)], INTERACTIVE)
    assert spy.sent == []


async def test_a_failed_publish_is_tried_again_in_order(stage: Stage) -> None:
    await stage.know(A)
    await stage.send(*(note(A, key("x"), n) for n in range(1, 5)))
    broken = [True]

    async def maybe(envelopes) -> None:
        if broken:
            raise PublishFailed

    spy = Spy(maybe)
    relay = stage.relay(spy)
    assert await relay.round() == 0
    assert await relay.round() == 0  # the tenant rests
    broken.clear()
    stage.clock.advance(2)
    assert await relay.round() == 4
    assert spy.numbers == [1, 2, 3, 4]


async def test_a_tenant_that_cannot_be_served_does_not_stop_the_others(stage: Stage) -> None:
    await stage.send(*(note(A, key(n), 1) for n in range(5)), note(B, key("b"), 1))

    async def not_for_a(envelopes) -> None:
        if any(each.tenant_id == A for each in envelopes):
            raise PublishFailed

    spy = Spy(not_for_a)
    assert await stage.relay(spy).round() == 1
    assert [each.tenant_id for each in spy.sent] == [B]
    assert any(entry["event"] == "tenant_not_published" for entry in stage.logs)


async def test_an_outage_of_the_transport_is_not_asked_for_every_tenant(stage: Stage) -> None:
    await stage.send(*(note(tenant(n), key("x"), 1) for n in range(1, 40)))
    asked = []

    async def gone(envelopes) -> None:
        asked.append(envelopes)
        raise PublishFailed

    assert await stage.relay(Spy(gone)).round() == 0
    assert len(asked) <= 4


async def test_a_tenant_with_thousands_of_rows_does_not_delay_anothers_single_one(stage) -> None:
    await stage.root.execute(
        """INSERT INTO sender.outbox (tenant_id, message_id, contract, order_key, sequence,
        occurred_at, recorded_at, actor, correlation_id, causation_id, body)
        SELECT $1, gen_random_uuid(), $2, gen_random_uuid(), 1, now(), now(), 'a',
            gen_random_uuid(), gen_random_uuid(), '{}' FROM generate_series(1, 5000)""",
        A,
        NoteTakenV1.wire,
    )
    await stage.send(note(B, key("b"), 1), *(note(tenant(n), key("x"), 1) for n in range(3, 9)))
    spy = Spy()
    assert await stage.relay(spy).round() <= limits.RELAY_ROWS_PER_ROUND
    assert {each.tenant_id for each in spy.sent} == {A, B, *(tenant(n) for n in range(3, 9))}
    assert sum(each.tenant_id == A for each in spy.sent) == limits.RELAY_ROWS_PER_TENANT


async def test_every_tenant_has_its_turn_when_there_are_more_than_fit_a_round(stage) -> None:
    some = [tenant(n) for n in range(1, limits.RELAY_ROWS_PER_ROUND + 201)]
    await stage.send(*(note(each, key("x"), n) for each in some for n in (1, 2)))
    spy = Spy()
    relay = stage.relay(spy)
    assert await relay.round() == limits.RELAY_ROWS_PER_ROUND
    assert len({each.tenant_id for each in spy.sent}) >= limits.RELAY_ROWS_PER_ROUND // 2
    await relay.round()
    await relay.round()
    assert {each.tenant_id for each in spy.sent} == set(some)
    assert len(spy.sent) == 2 * len(some)


async def test_bulk_rows_come_second_and_yet_in_every_round(stage: Stage) -> None:
    await stage.send(*(note(A, key(f"bulk {n}"), 1) for n in range(5)), lane=BULK)
    await stage.send(*(note(A, key(f"quick {n}"), 1) for n in range(5)))
    spy = Spy()
    await stage.relay(spy).round()
    quick, bulk = spy.batches
    assert {each.order_key for each in quick} == {key(f"quick {n}") for n in range(5)}
    assert {each.order_key for each in bulk} == {key(f"bulk {n}") for n in range(5)}


async def test_interactive_work_does_not_overtake_the_bulk_work_it_follows(stage) -> None:
    await stage.send(note(A, key("x"), 1), lane=BULK)
    await stage.send(note(A, key("x"), 2), lane=INTERACTIVE)
    spy = Spy()
    await drain(stage.relay(spy))
    assert spy.numbers == [1, 2]


async def test_old_published_rows_are_forgotten_and_others_stay(stage: Stage) -> None:
    await stage.send(note(A, key("old"), 1))
    relay = stage.relay(Spy())
    await relay.round()
    stage.clock.at += timedelta(days=limits.OUTBOX_DAYS, seconds=1)
    await stage.send(note(A, key("new"), 1))
    await relay.round()
    await stage.send(note(A, key("waiting"), 1))
    assert await relay.forget() == 1
    left = await stage.root.fetch("SELECT order_key FROM sender.outbox ORDER BY position")
    assert [row[0] for row in left] == [key("new"), key("waiting")]


async def test_the_backlog_is_measured(stage: Stage) -> None:
    relay = stage.relay(Spy())
    assert await relay.measure() == (0, 0.0)
    await stage.send(note(A, key("x"), 1), note(A, key("x"), 2))
    stage.clock.advance(30)
    assert await relay.measure() == (2, 30.0)


async def test_a_relay_goes_on_after_its_database_was_away(stage: Stage) -> None:
    relay, spy, stop = stage.relay(Spy()), Spy(), asyncio.Event()
    relay._transport = spy
    take, failures = relay._lease.keep, []

    async def away_at_first() -> bool:
        if not failures:
            failures.append(1)
            raise OSError("no route")
        return await take()

    relay._lease.keep = away_at_first
    await stage.send(note(A, key("x"), 1))
    running = asyncio.create_task(relay.run(stop))

    async def sent() -> bool:
        relay.wake()
        return bool(spy.sent)

    await until(sent)
    stop.set()
    await running
    assert spy.numbers == [1]


async def test_a_round_costs_few_statements(stage: Stage) -> None:
    await stage.send(*(note(tenant(n), key("x"), 1) for n in range(1, 40)))
    statements = []
    async with stage.pools.system.acquire() as conn:
        conn.add_query_logger(lambda record: statements.append(record.query))
        other = stage.relay(MemoryTransport({}))
        other._database = other._lease._database = _Single(stage, conn)
        assert await other.round() == 39
    asked = [each for each in statements if not each.startswith(("BEGIN", "COMMIT"))]
    assert len(asked) <= 8


class _Single:
    """A database with one connection, so that its statements can be counted."""

    def __init__(self, stage: Stage, conn) -> None:
        self.schema = self.label = stage.sender.schema
        self._conn = conn

    def system_transaction(self, **_):
        @asynccontextmanager
        async def opened():
            await self._conn.execute("BEGIN; SET LOCAL ROLE sender_system")
            yield self._conn
            await self._conn.execute("COMMIT")

        return opened()
