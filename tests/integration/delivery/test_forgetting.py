"""What housekeeping forgets, and what it must not: an id that may come again, work that waits."""

import asyncio
from datetime import timedelta

import pytest

from invx.infra import upkeep
from invx.infra.inbox import receive
from invx.kernel import limits
from tests.integration.delivery.stage import Stage, key, note, tenant

A, B = tenant(1), tenant(2)
MONTH = timedelta(days=limits.INBOX_BODY_DAYS, seconds=1)
WEEK = timedelta(days=limits.JOB_DAYS, seconds=1)


@pytest.fixture(autouse=True)
async def _known(stage: Stage) -> None:
    await stage.know(A, B)


async def deliver(stage: Stage, *numbers: int, stream: str = "x") -> int:
    """Receive these notes of a stream, as a relay or `republish` brings them; how many are new."""
    notes = [note(A, key(stream), number) for number in numbers]
    return await receive(stage.receiver, notes, now=stage.clock.now())


async def bodies(stage: Stage) -> dict[int, bool]:
    """Number to whether its body is still there."""
    rows = await stage.root.fetch("SELECT sequence, body IS NOT NULL FROM receiver.inbox")
    return dict(map(tuple, rows))


async def test_what_was_done_a_month_ago_loses_its_body_and_what_is_younger_keeps_it(
    stage: Stage,
) -> None:
    await deliver(stage, 1)
    await stage.worker().settle()
    stage.clock.at += MONTH
    await deliver(stage, 2)
    await stage.worker().settle()
    inbox = stage.inbox()
    assert await inbox.forget() == 1
    assert await bodies(stage) == {1: False, 2: True}
    assert await inbox.forget() == 0


async def test_a_forgotten_contract_that_comes_again_is_still_recognised(stage: Stage) -> None:
    """Applied anew, the first would undo the second: `republish` brings both, years later."""
    await deliver(stage, 1)
    await stage.worker().settle()
    stage.clock.at += MONTH
    await stage.inbox().forget()
    await deliver(stage, 2)
    await stage.worker().settle()
    assert await deliver(stage, 1, 2) == 0
    await stage.worker().settle()
    assert await stage.heard() == [(key("x"), 1), (key("x"), 2)]


async def test_what_waits_is_parked_or_was_skipped_is_kept_whole_however_old(stage: Stage) -> None:
    async def refuse(contract: object, uow: object) -> None:
        raise ValueError(contract)

    for stream in ("parked", "skipped", "waiting"):
        await deliver(stage, 1, stream=stream)
    poisoned = stage.worker(refuse)
    for _ in range(limits.REACTION_ATTEMPTS_MAX):
        await poisoned.settle()
        stage.clock.advance(2 * limits.REACTION_DELAY_SECONDS_MAX)
    await stage.root.execute(
        "UPDATE receiver.inbox SET state = 'pending', attempts = 0 WHERE order_key = $1",
        key("waiting"),
    )
    skipped = note(A, key("skipped"), 1).message_id
    await stage.parked().skip(A, skipped, actor="user:ada", reason="known")
    stage.clock.at += MONTH
    assert await stage.inbox().forget() == 0
    assert await stage.parked().replay(A) == 1
    await stage.worker().settle()
    assert sorted(await stage.heard()) == sorted([(key("parked"), 1), (key("waiting"), 1)])


async def test_forgetting_goes_on_until_nothing_old_is_left(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_FORGET_ROWS", 3)
    await deliver(stage, *range(1, 9))
    await stage.worker().settle()
    stage.clock.at += MONTH
    assert await stage.inbox().forget() == 8
    assert not any((await bodies(stage)).values())


async def test_forgetting_reads_only_rows_that_still_have_something_to_forget(stage: Stage) -> None:
    """The ids stay for ever, so an hourly look at all of them would grow for ever too."""
    await stage.root.execute(
        """INSERT INTO receiver.inbox (tenant_id, message_id, contract, order_key, sequence,
        occurred_at, actor, correlation_id, causation_id, body, state, finished_at)
        SELECT $1, gen_random_uuid(), 'c', gen_random_uuid(), 1, now(), 'a', gen_random_uuid(),
            gen_random_uuid(), CASE WHEN n > 20000 THEN '{}'::json END, 'done', '2020-01-01'
        FROM generate_series(1, 20050) AS n""",
        A,
    )
    await stage.root.execute("ANALYZE receiver.inbox")
    asked = (
        "SELECT ctid FROM receiver.inbox WHERE state = 'done' AND body IS NOT NULL"
        " AND finished_at < now() LIMIT 5000"
    )
    plan = await stage.root.fetchval(f"EXPLAIN (FORMAT JSON) {asked}")
    assert "inbox_remembered" in plan
    assert await stage.inbox().forget() == 50


async def test_a_job_done_a_week_ago_is_forgotten_and_one_that_waits_is_not(stage: Stage) -> None:
    ran = []

    async def count(payload: dict[str, str], uow: object) -> None:
        ran.append(payload["key"])

    insert = (
        "INSERT INTO receiver.due_jobs (tenant_id, kind, key, due_at, correlation_id)"
        " VALUES ($1, 'count', $2, $3, gen_random_uuid())"
    )
    await stage.root.execute(insert, A, "done", stage.clock.now())
    await stage.job_worker(count=count).settle()
    stage.clock.at += WEEK
    await stage.root.execute(insert, A, "late", stage.clock.now() - 2 * WEEK)
    await stage.root.execute(insert, A, "future", stage.clock.now() + WEEK)
    assert await stage.jobs().forget() == 1
    assert await stage.states("due_jobs") == {"pending": 2}
    await stage.job_worker(count=count).settle()
    assert ran == ["done", "late"]


async def test_a_job_that_is_scheduled_anew_meanwhile_is_not_forgotten(stage: Stage) -> None:
    """It waits for the lock on the row, and then must look again at what it finds."""
    await stage.root.execute(
        "INSERT INTO receiver.due_jobs (tenant_id, kind, key, due_at, correlation_id, state)"
        " VALUES ($1, 'count', 'x', $2, gen_random_uuid(), 'done')",
        A,
        stage.clock.now() - WEEK,
    )
    async with stage.root.transaction():
        await stage.root.execute("UPDATE receiver.due_jobs SET state = 'pending'")
        forgetting = asyncio.create_task(stage.jobs().forget())
        await asyncio.sleep(0.1)
        assert not forgetting.done()
    assert await forgetting == 0
    assert await stage.states("due_jobs") == {"pending": 1}
