"""Due jobs: by the tenant's own clock, once each, parked when they fail for good."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from invx.infra.parked import NothingParked
from invx.infra.reactions import JobRuns
from invx.kernel import limits
from invx.kernel.context import Caller
from tests.integration.delivery.stage import START, Stage, key, tenant

A, B = tenant(1), tenant(2)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
async def _known(stage: Stage) -> None:
    await stage.know(A, B)


class Ran:
    """A job that remembers when it ran and for whom."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.runs: list[tuple[UUID, str, datetime]] = []

    async def __call__(self, payload, uow) -> None:
        if self.fails:
            self.fails -= 1
            raise RuntimeError
        self.runs.append((uow.ctx.tenant_id, payload["key"], uow.ctx.now))

    @property
    def keys(self) -> list[str]:
        return [run[1] for run in self.runs]


async def schedule(
    stage: Stage, name: str, due_at: datetime, *, tenant_id: UUID = A, kind: str = "ring"
) -> None:
    """As `uow.jobs.schedule` in a command of its own."""

    async def command(_, uow) -> None:
        uow.jobs.schedule(kind, name, due_at=due_at, payload={"loud": True})

    caller = Caller(tenant_id, "user:ada", key("correlation"))
    await stage.context().runner.run(command, None, caller)


async def test_a_job_runs_when_its_time_has_come_and_only_once(stage: Stage) -> None:
    ring = Ran()
    await schedule(stage, "one", START + HOUR)
    worker = stage.job_worker(ring=ring)
    assert await worker.settle() == 0
    stage.clock.advance(3601)
    assert await worker.settle() == 1
    assert await worker.settle() == 0
    assert ring.runs == [(A, "one", START + timedelta(seconds=3601))]
    assert await stage.states("due_jobs") == {"done": 1}


async def test_a_job_is_given_its_payload_and_acts_for_the_system(stage: Stage) -> None:
    seen = []

    async def look(payload, uow) -> None:
        seen.append((dict(payload), uow.ctx.caller))

    await schedule(stage, "one", START)
    await stage.job_worker(ring=look).settle()
    payload, caller = seen[0]
    assert payload == {"loud": True, "key": "one", "attempt": 1}
    assert caller.actor == "system:ring"
    assert caller.correlation_id == key("correlation")


async def test_a_sandbox_whose_clock_is_ahead_runs_its_jobs_and_nobody_elses(stage) -> None:
    ring = Ran()
    for each in (A, B):
        await schedule(stage, "later", START + 24 * HOUR, tenant_id=each)
    worker = stage.job_worker(ring=ring)
    await stage.directory.advance_clock(A, 25 * HOUR)
    await worker.settle()
    assert ring.runs == [(A, "later", START + 25 * HOUR)]


async def test_a_clock_that_lags_behind_holds_its_jobs_back(stage: Stage) -> None:
    ring = Ran()
    await stage.directory.advance_clock(A, -2 * HOUR)
    await schedule(stage, "now", START)
    worker = stage.job_worker(ring=ring)
    assert await worker.settle() == 0
    stage.clock.advance(2 * 3600)
    assert await worker.settle() == 1


async def test_d02_two_schedulers_run_a_job_once(stage: Stage) -> None:
    ring = Ran()
    for n in range(20):
        await schedule(stage, f"{n:02}", START)
    await asyncio.gather(*(stage.job_worker(ring=ring).settle() for _ in range(2)))
    assert sorted(ring.keys) == [f"{n:02}" for n in range(20)]


async def test_jobs_run_in_the_order_of_their_times(stage: Stage) -> None:
    ring = Ran()
    for n in (3, 1, 2):
        await schedule(stage, str(n), START - n * HOUR)
    await stage.job_worker(ring=ring).settle()
    assert sorted(ring.keys) == ["1", "2", "3"]
    assert await stage.jobs().claim(5) == []


async def test_d02_a_crash_after_the_claim_does_not_strand_the_job(stage: Stage) -> None:
    ring = Ran()
    await schedule(stage, "one", START)
    assert len(await stage.jobs().claim(5)) == 1  # and then the process is gone
    assert await stage.job_worker(ring=ring).settle() == 0
    stage.clock.advance(limits.CLAIM_SECONDS + 1)
    await stage.job_worker(ring=ring).settle()
    assert ring.keys == ["one"]


async def test_a_job_under_a_lost_claim_writes_nothing(stage: Stage) -> None:
    ring = Ran()
    await schedule(stage, "one", START)
    slow = JobRuns(stage.context(jobs={"ring": ring}), stage.jobs())
    [held] = await slow.claim(1)
    stage.clock.advance(limits.CLAIM_SECONDS + 1)
    [again] = await slow.claim(1)
    await slow.work(held)
    assert ring.runs == []
    await slow.work(again)
    assert ring.keys == ["one"]


async def test_a_job_may_schedule_itself_anew(stage: Stage) -> None:
    times = []

    async def every_hour(payload, uow) -> None:
        times.append(uow.ctx.now)
        uow.jobs.schedule("tick", "clock", due_at=uow.ctx.now + HOUR)

    await schedule(stage, "clock", START, kind="tick")
    worker = stage.job_worker(tick=every_hour)
    for _ in range(3):
        await worker.settle()
        stage.clock.advance(3600)
    assert times == [START, START + HOUR, START + 2 * HOUR]
    assert await stage.states("due_jobs") == {"pending": 1}


async def test_a_job_that_is_moved_runs_at_its_new_time_only(stage: Stage) -> None:
    ring = Ran()
    await schedule(stage, "one", START)
    await schedule(stage, "one", START + HOUR)
    worker = stage.job_worker(ring=ring)
    await worker.settle()
    assert ring.runs == []
    stage.clock.advance(3600)
    await worker.settle()
    assert ring.keys == ["one"]


async def test_a_failed_job_is_tried_again_and_parked_at_last(stage: Stage) -> None:
    ring = Ran(fails=limits.REACTION_ATTEMPTS_MAX)
    await schedule(stage, "one", START)
    worker = stage.job_worker(ring=ring)
    for _ in range(limits.REACTION_ATTEMPTS_MAX):
        assert await worker.settle() == 1
        assert await worker.settle() == 0
        stage.clock.advance(2 * limits.REACTION_DELAY_SECONDS_MAX)
    [parked] = await stage.parked().jobs()
    assert (parked.kind, parked.key, parked.reason) == ("ring", "one", "RuntimeError")
    await stage.parked().replay_job(A, "ring", "one")
    await worker.settle()
    assert ring.keys == ["one"]
    with pytest.raises(NothingParked):
        await stage.parked().replay_job(A, "ring", "one")


async def test_a_job_of_unknown_kind_is_parked_at_once(stage: Stage) -> None:
    await schedule(stage, "one", START, kind="dance")
    await stage.job_worker(ring=Ran()).settle()
    assert [(job.kind, job.reason) for job in await stage.parked().jobs(A)] == [
        ("dance", "UnknownJob: dance")
    ]
    assert await stage.parked().jobs(B) == []


async def test_a_suspended_tenants_jobs_wait_and_lose_no_attempt(stage: Stage) -> None:
    ring = Ran()
    await schedule(stage, "one", START)
    await stage.root.execute("UPDATE receiver.tenants SET status = 'suspended'")
    stage.directory.forget(A)
    assert await stage.job_worker(ring=ring).settle() == 0
    await stage.root.execute("UPDATE receiver.tenants SET status = 'active'")
    stage.directory.forget(A)
    assert await stage.job_worker(ring=ring).settle() == 1
    assert ring.keys == ["one"]


async def test_a_tenant_with_many_due_jobs_does_not_delay_anothers_single_one(stage) -> None:
    await stage.root.execute(
        """INSERT INTO receiver.due_jobs (tenant_id, kind, key, due_at, correlation_id)
        SELECT $1, 'ring', n::text, $2::timestamptz - interval '1 day', gen_random_uuid()
        FROM generate_series(1, 5000) AS n""",
        A,
        START,
    )
    await schedule(stage, "mine", START, tenant_id=B)
    ring = Ran()
    queue = stage.jobs()
    claimed = [job for _ in range(2) for job in await queue.claim(8)]
    assert any(job.tenant_id == B for job in claimed)
    assert ring.runs == []


async def test_what_is_due_is_measured_by_each_tenants_clock(stage: Stage) -> None:
    await schedule(stage, "one", START - HOUR)
    await schedule(stage, "two", START + HOUR, tenant_id=B)
    assert await stage.jobs().measure() == (1, 3600.0)
    await stage.directory.advance_clock(B, 3 * HOUR)
    assert await stage.jobs().measure() == (2, 7200.0)
