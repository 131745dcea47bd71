"""Reactions of a tenant share a transaction; one that fails keeps the others from nothing."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from invx.infra.inbox import receive
from invx.infra.reactions import ROWS_PER_BATCH, ROWS_PER_BATCH_MIN, Reactions
from invx.infra.rotation import BULK
from invx.kernel import limits
from tests.integration.delivery.stage import Stage, key, note, tenant, write_down

A, B = tenant(1), tenant(2)
COUNT_HEARD = "SELECT count(*) FROM receiver.heard"


@pytest.fixture(autouse=True)
async def _known(stage: Stage) -> None:
    await stage.know(A, B)


async def deliver(stage: Stage, *envelopes: Any, lane: int = 0) -> None:
    await receive(stage.receiver, envelopes, now=stage.clock.now(), lane=lane)


async def work(queue: Reactions, room: int = 4) -> list[int]:
    """Claim once and do all of it; how many rows each batch had."""
    batches = await queue.claim(room)
    for batch in batches:
        await queue.work(batch)
    return [len(batch.rows) for batch in batches]


async def commits(stage: Stage) -> Counter[str]:
    """How many rows of the inbox each transaction finished, by the transaction."""
    rows = await stage.root.fetch("SELECT xmin::text AS by FROM receiver.inbox WHERE state='done'")
    return Counter(row["by"] for row in rows)


async def test_what_a_tenant_has_in_a_batch_is_one_transaction(stage: Stage) -> None:
    await deliver(stage, *(note(A, key(n), 1) for n in range(20)))
    await deliver(stage, *(note(B, key(n), 1) for n in range(3)))
    assert await work(stage.reactions()) == [23]
    assert sorted((await commits(stage)).values()) == [3, 20]
    assert len(await stage.heard()) == 23


async def test_much_work_is_split_into_no_more_batches_than_there_is_room_for(
    stage: Stage,
) -> None:
    await stage.know(*(tenant(n) for n in range(3, 10)))
    for n in range(1, 10):
        await deliver(stage, *(note(tenant(n), key(k), 1) for k in range(60)))
    sizes = await work(stage.reactions(), room=4)
    assert len(sizes) <= 4
    assert ROWS_PER_BATCH_MIN <= max(sizes) <= ROWS_PER_BATCH
    await stage.worker().settle()
    assert await stage.states() == {"done": 540}


async def test_both_lanes_of_a_tenant_are_finished_together(stage: Stage) -> None:
    await deliver(stage, *(note(A, key(n), 1) for n in range(3)))
    await deliver(stage, *(note(A, key(n), 1) for n in range(3, 6)), lane=BULK)
    assert await work(stage.reactions()) == [6]
    assert list((await commits(stage)).values()) == [6]


async def test_one_that_fails_waits_by_itself(stage: Stage) -> None:
    async def unless_three(contract: Any, uow: Any) -> None:
        uow.write_down(contract)
        if contract.number == 3:
            raise RuntimeError

    await deliver(stage, *(note(A, key(n), n) for n in range(1, 7)))
    await work(stage.reactions(unless_three))
    assert sorted(number for _, number in await stage.heard()) == [1, 2, 4, 5, 6]
    assert await stage.states() == {"done": 5, "pending": 1}
    taken = [entry["reason"] for entry in stage.logs if entry["event"] == "batch_taken_apart"]
    assert taken == ["RuntimeError"]
    row = await stage.root.fetchrow("SELECT attempts, reason FROM receiver.inbox WHERE sequence=3")
    assert row is not None
    assert (row["attempts"], row["reason"]) == (1, "RuntimeError")


async def test_one_that_failed_before_spoils_no_batch(stage: Stage) -> None:
    async def unless_three(contract: Any, uow: Any) -> None:
        if contract.number == 3:
            raise RuntimeError
        uow.write_down(contract)

    await deliver(stage, note(A, key(3), 3))
    await work(stage.reactions(unless_three))
    stage.clock.advance(5)
    await deliver(stage, *(note(A, key(n), n) for n in (1, 2)))
    await work(stage.reactions(unless_three))
    assert await stage.states() == {"done": 2, "pending": 1}
    assert [e for e in stage.logs if e["event"] == "batch_taken_apart"] == []


async def test_a_reaction_sees_what_those_before_it_in_the_batch_wrote(stage: Stage) -> None:
    seen: list[int] = []

    async def counting(contract: Any, uow: Any) -> None:
        uow.write_down(contract)
        seen.append(await uow.conn.fetchval(COUNT_HEARD))

    await deliver(stage, *(note(A, key(n), n) for n in range(1, 6)))
    await work(stage.reactions(counting))
    assert seen == [0, 1, 2, 3, 4]
    assert list((await commits(stage)).values()) == [5]


async def test_each_acts_for_whoever_caused_it_and_in_its_own_trace(stage: Stage) -> None:
    said: list[tuple[Any, Any, Any]] = []

    async def noting(contract: Any, uow: Any) -> None:
        caller = uow.ctx.caller
        said.append((caller.actor, caller.correlation_id, caller.causation_id))
        uow.write_down(contract)

    notes = [note(A, key(n), 1) for n in range(4)]
    await deliver(stage, *notes)
    await work(stage.reactions(noting))
    assert sorted(said) == sorted((e.actor, e.correlation_id, e.message_id) for e in notes)


async def test_a_batch_whose_claim_was_lost_does_nothing(stage: Stage) -> None:
    await deliver(stage, *(note(A, key(n), 1) for n in range(4)))
    slow, quick = stage.reactions(), stage.reactions()
    [held] = await slow.claim(1)
    stage.clock.advance(limits.CLAIM_SECONDS + 1)
    assert await work(quick) == [4]
    await slow.work(held)
    assert len(await stage.heard()) == 4
    assert [e["reason"] for e in stage.logs if e["event"] == "batch_taken_apart"] == ["ClaimLost"]


async def test_what_has_not_begun_in_time_is_given_back_untried(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(contract: Any, uow: Any) -> None:
        await asyncio.sleep(0.05)
        raise RuntimeError

    monkeypatch.setattr(limits, "CLAIM_SECONDS", 0.2)
    await deliver(stage, *(note(A, key(n), 1) for n in range(6)))
    await work(stage.reactions(slow))
    tried = await stage.root.fetch("SELECT attempts FROM receiver.inbox")
    assert {row["attempts"] for row in tried} <= {0, 1}
    assert 0 in {row["attempts"] for row in tried}
    monkeypatch.undo()
    stage.clock.advance(5)
    await stage.worker(write_down).settle()
    assert len(await stage.heard()) == 6
