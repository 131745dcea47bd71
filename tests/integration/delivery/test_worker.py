"""The worker's loops: woken or polling, bounded, unharmed by failures, gone when told to go."""

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
import pytest

from invx.infra.bell import Bell
from invx.infra.inbox import receive
from invx.infra.worker import ITEMS_AT_ONCE_PER_QUEUE, Worker
from invx.kernel import limits
from tests.integration.delivery.stage import START, NoteTakenV1, Stage, key, note, tenant, until

A, B = tenant(1), tenant(2)


@pytest.fixture(autouse=True)
async def _known(stage: Stage) -> None:
    await stage.know(A, B)


@asynccontextmanager
async def running(worker: Worker):
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        await task


async def deliver(stage: Stage, *envelopes) -> None:
    await receive(stage.receiver, envelopes, now=stage.clock.now())


async def test_a_running_worker_does_what_arrives_when_it_is_woken(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "POLL_SECONDS", 3600.0)
    worker = stage.worker()
    async with running(worker):
        await asyncio.sleep(0.05)
        await deliver(stage, note(A, key("x"), 1))
        worker.wake()

        async def done() -> bool:
            return len(await stage.heard()) == 1

        await until(done)


async def test_a_worker_that_nobody_wakes_polls(stage: Stage) -> None:
    async with running(stage.worker()):
        await asyncio.sleep(0.05)
        await deliver(stage, note(A, key("x"), 1))

        async def done() -> bool:
            return len(await stage.heard()) == 1

        await until(done)
    assert await stage.states() == {"done": 1}


async def test_two_running_workers_apply_everything_once_and_in_order(stage: Stage) -> None:
    rows = [note(t, key(k), n) for n in range(1, 6) for k in range(8) for t in (A, B)]
    await deliver(stage, *rows)

    async def done() -> bool:
        return await stage.states() == {"done": len(rows)}

    async with running(stage.worker()), running(stage.worker()):
        await until(done)
    for each in (A, B):
        heard = await stage.heard(each)
        assert len(heard) == 40
        for k in range(8):
            assert [n for held, n in heard if held == key(k)] == [1, 2, 3, 4, 5]


async def test_no_more_reactions_run_at_once_than_a_queue_may(stage: Stage) -> None:
    at_once = most = 0

    async def slow(contract, uow) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.002)
        at_once -= 1
        uow.write_down(contract)

    await deliver(stage, *(note(A, key(n), 1) for n in range(200)))

    async def done() -> bool:
        return await stage.states() == {"done": 200}

    async with running(stage.worker(slow)):
        await until(done)
    assert 1 < most <= ITEMS_AT_ONCE_PER_QUEUE


async def test_a_stopped_worker_finishes_what_it_began_and_begins_nothing_more(stage) -> None:
    begun = asyncio.Event()

    async def slow(contract, uow) -> None:
        begun.set()
        await asyncio.sleep(0.1)
        uow.write_down(contract)

    await deliver(stage, *(note(A, key("x"), n) for n in range(1, 4)))
    async with running(stage.worker(slow)):
        await begun.wait()
    assert await stage.heard() == [(key("x"), 1)]
    assert await stage.states() == {"done": 1, "pending": 2}


async def test_what_outlives_the_time_to_drain_is_cut_off_and_done_again(stage: Stage) -> None:
    begun = asyncio.Event()

    async def endless(contract, uow) -> None:
        uow.write_down(contract)
        begun.set()
        await asyncio.sleep(3600)

    await deliver(stage, note(A, key("x"), 1))
    worker = Worker([stage.reactions(endless)], drain=0.05)
    async with running(worker):
        await begun.wait()
    assert await stage.heard() == []
    stage.clock.advance(limits.CLAIM_SECONDS + 1)
    await stage.worker().settle()
    assert await stage.heard() == [(key("x"), 1)]


async def test_a_queue_that_cannot_be_claimed_from_does_not_stop_another(stage: Stage) -> None:
    class Broken:
        name = "broken"

        async def claim(self, room: int) -> list[object]:
            raise OSError("no route")

        async def work(self, item: object) -> None:
            raise AssertionError

    await deliver(stage, note(A, key("x"), 1))

    async def done() -> bool:
        return len(await stage.heard()) == 1

    async with running(Worker([Broken(), stage.reactions()])):
        await until(done)
    assert any(entry["event"] == "claim_failed" for entry in stage.logs)


async def test_an_outcome_that_cannot_be_recorded_is_logged_and_the_worker_goes_on(stage) -> None:
    class Item:
        claimed_until: datetime = START

    class Unlucky:
        name = "unlucky"
        left = 3

        async def claim(self, room: int) -> list[object]:
            self.left -= 1
            return [Item()] if self.left >= 0 else []

        async def work(self, item: object) -> None:
            raise ConnectionError

    async with running(Worker([Unlucky()])):

        async def logged() -> bool:
            return len([e for e in stage.logs if e["event"] == "work_not_recorded"]) == 3

        await until(logged)
    assert all(entry["queue"] == "unlucky" for entry in stage.logs)


async def test_a_tenant_with_thousands_of_rows_does_not_delay_anothers_single_one(stage) -> None:
    await stage.root.execute(
        """INSERT INTO receiver.inbox (tenant_id, message_id, contract, order_key, sequence,
        occurred_at, actor, correlation_id, causation_id, body, next_attempt_at)
        SELECT $1, gen_random_uuid(), $2, gen_random_uuid(), 1, now(), 'a', gen_random_uuid(),
            gen_random_uuid(), '{}', '-infinity' FROM generate_series(1, 5000)""",
        A,
        NoteTakenV1.wire,
    )
    await deliver(stage, note(B, key("b"), 1))
    inbox = stage.inbox()
    claimed = [row for _ in range(2) for row in await inbox.claim(4)]
    assert B in {row.envelope.tenant_id for row in claimed}
    assert len(claimed) >= 5


async def test_a_claim_with_thousands_of_rows_waiting_reads_only_a_few(stage: Stage) -> None:
    await stage.root.execute(
        """INSERT INTO receiver.inbox (tenant_id, message_id, contract, order_key, sequence,
        occurred_at, actor, correlation_id, causation_id, body, next_attempt_at)
        SELECT $1, gen_random_uuid(), $2, gen_random_uuid(), 1, now(), 'a', gen_random_uuid(),
            gen_random_uuid(), '{}', $3::timestamptz + interval '1 hour' * (n % 2)
        FROM generate_series(1, 20000) AS n""",
        A,
        NoteTakenV1.wire,
        START,
    )
    await stage.root.execute("ANALYZE receiver.inbox")
    inbox = stage.inbox()
    plan = await stage.root.fetchval(
        "EXPLAIN (ANALYZE, FORMAT JSON) " + inbox._claim,
        [A], 0, START, 50, stage.ids.new(), START,
    )  # fmt: skip
    assert "inbox_pending" in plan
    assert "inbox_unfinished" in plan
    assert '"Seq Scan"' not in plan


async def test_a_ring_in_one_process_wakes_another(stage: Stage) -> None:
    async def connect():
        return await asyncpg.connect(**stage.place.where.system)

    here, there, stop, heard = Bell(connect), Bell(connect), asyncio.Event(), []
    there.on("invx_receiver", lambda: heard.append("receiver"))
    there.on("invx_other", lambda: heard.append("other"))
    tasks = [asyncio.create_task(bell.run(stop)) for bell in (here, there)]
    await here.connected.wait()
    await there.connected.wait()
    assert heard == ["receiver", "other"]  # whatever was rung before it listened
    heard.clear()
    for _ in range(50):
        here.ring("invx_receiver")

    async def rung() -> bool:
        return bool(heard)

    await until(rung)
    await asyncio.sleep(0.1)
    assert set(heard) == {"receiver"}
    assert len(heard) <= 2
    stop.set()
    await asyncio.gather(*tasks)


async def test_a_bell_mends_itself_when_its_connection_is_cut(stage: Stage, monkeypatch) -> None:
    monkeypatch.setattr("invx.infra.bell.RECONNECT_SECONDS", 0.01)
    links, heard, stop = [], [], asyncio.Event()

    async def connect():
        links.append(await asyncpg.connect(**stage.place.where.system))
        return links[-1]

    bell = Bell(connect)
    bell.on("invx_receiver", lambda: heard.append(len(links)))
    task = asyncio.create_task(bell.run(stop))
    await bell.connected.wait()
    await stage.root.execute("SELECT pg_terminate_backend($1)", links[0].get_server_pid())

    async def mended() -> bool:
        return heard[-1:] == [2]

    await until(mended)
    stop.set()
    await task
    assert all(link.is_closed() for link in links)
