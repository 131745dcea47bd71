"""The inbox on PostgreSQL: once each, in order per key, whatever dies in between."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from invx.infra.attempts import ClaimLost
from invx.infra.inbox import receive
from invx.infra.rotation import BULK
from invx.kernel import limits
from invx.kernel.errors import NotYet
from tests.integration.delivery.stage import START, Stage, key, note, tenant, write_down

A, B = tenant(1), tenant(2)


@pytest.fixture(autouse=True)
async def _known(stage: Stage) -> None:
    await stage.know(A, B)


async def deliver(stage: Stage, *envelopes, lane: int = 0) -> int:
    return await receive(stage.receiver, envelopes, now=stage.clock.now(), lane=lane)


async def test_a_message_received_twice_is_applied_once(stage: Stage) -> None:
    assert await deliver(stage, note(A, key("x"), 1), note(A, key("x"), 2)) == 2
    assert await deliver(stage, note(A, key("x"), 2), note(A, key("x"), 3)) == 1
    await stage.worker().settle()
    assert await deliver(stage, note(A, key("x"), 1)) == 0
    await stage.worker().settle()
    assert await stage.heard() == [(key("x"), 1), (key("x"), 2), (key("x"), 3)]


async def test_a_reaction_acts_for_the_one_who_caused_the_contract(stage: Stage) -> None:
    seen = []

    async def look(contract, uow) -> None:
        seen.append(uow.ctx.caller)

    sent = note(A, key("x"), 1)
    await deliver(stage, sent)
    await stage.worker(look).settle()
    assert seen[0].tenant_id == A
    assert seen[0].actor == "user:ada"
    assert seen[0].correlation_id == sent.correlation_id
    assert seen[0].causation_id == sent.message_id
    assert seen[0].permissions == frozenset()


async def test_a_failed_reaction_leaves_nothing_behind_and_succeeds_later(stage: Stage) -> None:
    tries = []

    async def at_the_second_try(contract, uow) -> None:
        uow.write_down(contract)
        tries.append(stage.clock.now())
        if len(tries) == 1:
            raise RuntimeError

    await deliver(stage, note(A, key("x"), 1))
    worker = stage.worker(at_the_second_try)
    await worker.settle()
    assert await stage.heard() == []
    assert await stage.states() == {"pending": 1}
    stage.clock.advance(2)
    await worker.settle()
    assert await stage.heard() == [(key("x"), 1)]
    assert await stage.states() == {"done": 1}


async def test_the_pauses_grow_and_have_a_bound(stage: Stage) -> None:
    async def never(contract, uow) -> None:
        raise RuntimeError

    await deliver(stage, note(A, key("x"), 1))
    worker, pauses = stage.worker(never), []
    while await worker.settle():
        due = await stage.root.fetchval("SELECT next_attempt_at FROM receiver.inbox")
        pauses.append((due - stage.clock.now()).total_seconds())
        stage.clock.at = due
    assert len(pauses) == limits.REACTION_ATTEMPTS_MAX
    assert pauses[:6] == sorted(pauses[:6])
    assert pauses[0] < 2
    assert max(pauses) <= limits.REACTION_DELAY_SECONDS_MAX * 1.25


async def test_a_cause_that_is_missing_is_waited_for(stage: Stage) -> None:
    async def only_after_one(contract, uow) -> None:
        known = await uow.conn.fetchval("SELECT count(*) FROM receiver.heard WHERE number = 1")
        if contract.number > 1 and not known:
            raise NotYet
        uow.write_down(contract)

    worker = stage.worker(only_after_one)
    await deliver(stage, note(A, key("effect"), 2))
    await worker.settle()
    assert await stage.heard() == []
    await deliver(stage, note(A, key("cause"), 1))
    await worker.settle()
    stage.clock.advance(2)
    await worker.settle()
    assert await stage.heard() == [(key("cause"), 1), (key("effect"), 2)]


async def test_nothing_overtakes_a_retry_of_its_key_and_other_keys_go_on(stage: Stage) -> None:
    async def fails_at_first_on_one(contract, uow) -> None:
        if contract.number == 1 and contract.key == key("x") and stage.clock.now() == START:
            raise RuntimeError
        uow.write_down(contract)

    await deliver(stage, *(note(A, key("x"), n) for n in (1, 2, 3)), note(A, key("y"), 1))
    worker = stage.worker(fails_at_first_on_one)
    await worker.settle()
    assert await stage.heard() == [(key("y"), 1)]
    stage.clock.advance(2)
    await worker.settle()
    assert await stage.heard() == [(key("y"), 1), *((key("x"), n) for n in (1, 2, 3))]


async def test_two_workers_never_hold_one_key_at_once(stage: Stage) -> None:
    await deliver(stage, *(note(A, key(k), n) for k in range(10) for n in range(1, 6)))
    first, second = await asyncio.gather(stage.inbox().claim(50), stage.inbox().claim(50))
    claimed = Counter(row.envelope.order_key for row in (*first, *second))
    assert set(claimed.values()) == {1}
    assert {row.envelope.sequence for row in (*first, *second)} == {1}
    assert await stage.inbox().claim(50) == []


async def test_two_workers_keep_the_order_of_each_key(stage: Stage) -> None:
    await deliver(stage, *(note(A, key(k), n) for n in range(1, 8) for k in range(12)))

    async def work() -> None:
        queue = stage.reactions()
        for _ in range(100):
            rows = await queue.claim(5)
            await asyncio.gather(*(queue.work(row) for row in rows))

    await asyncio.gather(work(), work())
    heard = await stage.heard()
    assert len(heard) == 84
    for k in range(12):
        assert [n for held, n in heard if held == key(k)] == list(range(1, 8))


async def test_a_row_of_the_past_that_comes_late_goes_before_the_younger_ones(stage) -> None:
    await deliver(stage, note(A, key("x"), 5), note(A, key("x"), 4))
    await deliver(stage, note(A, key("x"), 1))
    await stage.worker().settle()
    assert [number for _, number in await stage.heard()] == [1, 4, 5]


async def test_the_end_of_a_lost_claim_rolls_everything_back(stage: Stage) -> None:
    await deliver(stage, note(A, key("x"), 1))
    slow, quick = stage.reactions(), stage.reactions()
    [held] = await slow.claim(1)
    stage.clock.advance(limits.CLAIM_SECONDS + 1)
    [again] = await quick.claim(1)
    await slow.work(held)
    assert await stage.heard() == []
    await quick.work(again)
    assert await stage.heard() == [(key("x"), 1)]


async def test_a_row_is_finished_only_under_its_claim(stage: Stage) -> None:
    await deliver(stage, note(A, key("x"), 1))
    inbox = stage.inbox()
    [row] = await inbox.claim(1)
    await inbox.dismiss(row)
    with pytest.raises(ClaimLost):
        await inbox.dismiss(row)


async def test_a_worker_that_dies_every_time_does_not_try_for_ever(stage: Stage) -> None:
    await deliver(stage, note(A, key("x"), 1))
    for _ in range(limits.REACTION_ATTEMPTS_MAX):
        assert len(await stage.inbox().claim(1)) == 1  # and then the process is gone
        stage.clock.advance(limits.CLAIM_SECONDS + 1)
    await stage.worker().settle()
    assert await stage.states() == {"parked": 1}
    assert (await stage.parked().contracts())[0].reason == "WorkerDied"


async def test_interactive_rows_go_before_bulk_rows_unless_they_follow_them(stage) -> None:
    await deliver(stage, note(A, key("bulk"), 1), note(A, key("mixed"), 1), lane=BULK)
    await deliver(stage, note(A, key("quick"), 1), note(A, key("mixed"), 2))
    first = await stage.inbox().claim(1)
    assert [row.envelope.order_key for row in first] == [key("quick")]
    rest = await stage.inbox().claim(10)
    assert [(row.envelope.order_key, row.envelope.sequence) for row in rest] == [
        (key("bulk"), 1),
        (key("mixed"), 1),
    ]


async def test_a_contract_that_nobody_reacts_to_is_done(stage: Stage) -> None:
    await deliver(stage, note(A, key("x"), 1), note(A, key("x"), 2))
    queue = stage.reactions()
    queue._context.reactions.clear()
    for _ in range(2):
        for row in await queue.claim(5):
            await queue.work(row)
    assert await stage.states() == {"done": 2}
    assert await stage.heard() == []


async def test_a_released_row_can_be_claimed_at_once_and_counts_no_attempt(stage) -> None:
    await deliver(stage, note(A, key("x"), 1))
    inbox = stage.inbox()
    [row] = await inbox.claim(1)
    await inbox.release(row)
    [again] = await inbox.claim(1)
    assert (row.attempt, again.attempt) == (1, 1)


@pytest.mark.parametrize("status", ["suspended", "moved"])
async def test_a_closed_tenants_rows_wait_without_losing_attempts(stage: Stage, status) -> None:
    await deliver(stage, note(A, key("x"), 1), note(B, key("x"), 1))
    close = "UPDATE receiver.tenants SET status = $2 WHERE tenant_id = $1"
    queue = stage.reactions()
    claimed = await queue.claim(5)
    await stage.root.execute(close, A, status)  # between claim and reaction
    for row in claimed:
        await queue.work(row)
    stage.clock.advance(3600)
    await stage.worker().settle()
    assert await stage.heard(A) == []
    assert len(await stage.heard(B)) == 1
    await stage.root.execute(close, A, "active")
    await stage.worker(write_down).settle()
    assert len(await stage.heard(A)) == 1


async def test_rows_of_an_unknown_tenant_wait_until_it_is_known(stage: Stage) -> None:
    await deliver(stage, note(tenant(3), key("x"), 1))
    await stage.worker().settle()
    assert await stage.states() == {"pending": 1}
    await stage.know(tenant(3))
    await stage.worker().settle()
    assert await stage.states() == {"done": 1}


async def test_what_came_while_the_clock_was_ahead_is_not_held_up(stage: Stage) -> None:
    await stage.know(A)
    right = datetime.now(UTC)
    await receive(stage.receiver, [note(A, key("x"), 1)], now=right + timedelta(hours=1))
    stage.clock.at = right + timedelta(seconds=5)
    assert len(await stage.inbox().claim(10)) == 1
