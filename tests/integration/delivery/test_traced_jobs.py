"""Traces of due jobs and of what the relay carries, also when it fails or runs again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from opentelemetry.trace import StatusCode

from invx.infra.tracing import Trail, parse_traceparent, work_span
from invx.infra.transport import NobodyReached
from invx.kernel.context import Caller
from invx.kernel.messages import Envelope
from tests.integration.delivery.stage import START, NoteTakenV1, Stage, key, note, tenant
from tests.traces import Traces, context_of, recorded_spans

A, B = tenant(1), tenant(2)
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
HOUR = timedelta(hours=1)
REACT, RELAY = f"react {NoteTakenV1.wire}", f"relay {NoteTakenV1.wire}"


@pytest.fixture(autouse=True)
async def _known(stage: Stage) -> None:
    await stage.know(A, B)


@pytest.fixture
def traces() -> Iterator[Traces]:
    with recorded_spans() as found:
        yield found


@contextmanager
def asked() -> Iterator[None]:
    """As inside a request that a caller traces."""
    with work_span("request", Trail(key("r"), key("c")), trace_parent=PARENT):
        yield


async def schedule(stage: Stage, name: str, after: timedelta, **payload: Any) -> None:
    async def command(_: object, uow: Any) -> None:
        uow.jobs.schedule("ring", name, due_at=uow.ctx.now + after, payload=payload)

    await stage.context().runner.run(command, None, Caller(A, "user:ada", key("c")))


class Rings:
    """A job that goes on ringing after so long, until it has rung so often."""

    def __init__(self, times: int, every: timedelta = timedelta(0), fails: int = 0) -> None:
        self.left, self.every, self.fails = times, every, fails
        self.given: list[dict[str, Any]] = []

    async def __call__(self, payload: Any, uow: Any) -> None:
        if self.fails:
            self.fails -= 1
            raise RuntimeError("Ada Lovelace")
        self.given.append(dict(payload))
        self.left -= 1
        if self.left:
            # If at once, a moment before: a job of the same moment is the same job, which is done.
            due_at = uow.ctx.now + (self.every or -timedelta(milliseconds=len(self.given)))
            uow.jobs.schedule("ring", payload["key"], due_at=due_at)


async def test_a_job_that_is_due_at_once_goes_on_with_the_trace(
    stage: Stage, traces: Traces
) -> None:
    with asked():
        await schedule(stage, "one", timedelta(0))
    await stage.job_worker(ring=Rings(1)).settle()
    assert traces.line(traces.one("job ring")) == ["request", "job ring"]
    assert traces.one("job ring").attributes["invx.context"] == "receiver"


async def test_a_job_of_later_begins_a_trace_and_names_its_cause(
    stage: Stage, traces: Traces
) -> None:
    with asked():
        await schedule(stage, "one", HOUR)
    stage.clock.advance(3601)
    await stage.job_worker(ring=Rings(1)).settle()
    job = traces.one("job ring")
    assert job.parent is None
    assert f"{context_of(job).trace_id:032x}" != TRACE
    [link] = job.links
    assert link.context.span_id == context_of(traces.one("request")).span_id


async def test_a_job_that_recurs_does_not_lengthen_one_trace_for_years(
    stage: Stage, traces: Traces
) -> None:
    with asked():
        await schedule(stage, "one", HOUR)
    worker = stage.job_worker(ring=Rings(4, every=HOUR))
    for _ in range(4):
        stage.clock.advance(3601)
        assert await worker.settle() == 1
    jobs = traces.named("job ring")
    assert len({context_of(job).trace_id for job in jobs}) == 4
    causes = [job.links[0].context.span_id for job in jobs]
    assert causes[1:] == [context_of(job).span_id for job in jobs[:-1]], "each by the one before"


async def test_a_job_that_goes_on_at_once_stays_in_its_trace(stage: Stage, traces: Traces) -> None:
    with asked():
        await schedule(stage, "one", timedelta(0))
    await stage.job_worker(ring=Rings(3)).settle()
    last = traces.named("job ring")[-1]
    assert traces.line(last) == ["request", "job ring", "job ring", "job ring"]


async def test_every_try_of_a_job_hangs_below_what_asked_for_it(
    stage: Stage, traces: Traces
) -> None:
    with asked():
        await schedule(stage, "one", timedelta(0))
    worker = stage.job_worker(ring=Rings(1, fails=1))
    await worker.settle()
    stage.clock.advance(600)
    await worker.settle()
    failed, done = traces.named("job ring")
    assert [traces.line(each) for each in (failed, done)] == [["request", "job ring"]] * 2
    assert [each.attributes["invx.attempt"] for each in (failed, done)] == [1, 2]
    assert failed.status.status_code is StatusCode.ERROR
    assert "Lovelace" not in failed.to_json()


@pytest.mark.parametrize("after", [timedelta(0), HOUR])
async def test_a_job_is_given_its_payload_and_nothing_of_traces(
    stage: Stage, after: timedelta
) -> None:
    with asked():
        await schedule(stage, "one", after, loud=True)
    stage.clock.advance(3601)
    ring = Rings(1)
    await stage.job_worker(ring=ring).settle()
    assert ring.given == [{"loud": True, "key": "one", "attempt": 1}]


async def test_a_job_that_no_trace_caused_is_stored_as_before(stage: Stage) -> None:
    await schedule(stage, "one", timedelta(0), loud=True)
    assert await stage.root.fetchval("SELECT payload::text FROM receiver.due_jobs") == (
        '{"loud":true}'
    )


async def test_a_job_of_an_older_version_runs_without_a_trace(stage: Stage, traces: Traces) -> None:
    await stage.root.execute(
        "INSERT INTO receiver.due_jobs (tenant_id, kind, key, due_at, payload, correlation_id)"
        " VALUES ($1, 'ring', 'old', $2, NULL, $1)",
        A,
        START,
    )
    ring = Rings(1)
    await stage.job_worker(ring=ring).settle()
    assert len(ring.given) == 1
    assert traces.one("job ring").parent is None
    assert not traces.one("job ring").links


async def test_a_trace_that_somebody_garbled_is_no_reason_not_to_run(
    stage: Stage, traces: Traces
) -> None:
    await stage.root.execute(
        "INSERT INTO receiver.due_jobs (tenant_id, kind, key, due_at, payload, correlation_id)"
        """ VALUES ($1, 'ring', 'x', $2, '{"~trace_parent": "00-nonsense"}', $1)""",
        A,
        START,
    )
    await stage.job_worker(ring=Rings(1)).settle()
    assert traces.one("job ring").parent is None
    assert await stage.states("due_jobs") == {"done": 1}


class Away:
    """A transport that reaches nobody a few times, and then what it is given."""

    def __init__(self, stage: Stage, error: Exception, times: int) -> None:
        self.then, self.error, self.times = stage.transport(), error, times

    async def publish(self, envelopes: Any, *, lane: int = 0) -> None:
        if self.times:
            self.times -= 1
            raise self.error
        await self.then.publish(envelopes, lane=lane)


def traced(tenant_id: Any, number: int) -> Envelope:
    return replace(note(tenant_id, key("s"), number), trace_parent=PARENT)


@pytest.mark.parametrize("error", [NobodyReached("away"), RuntimeError("broken")])
async def test_what_was_not_delivered_leaves_no_span(
    stage: Stage, traces: Traces, error: Exception
) -> None:
    await stage.send(traced(A, 1))
    relay = stage.relay(Away(stage, error, times=2))
    for _ in range(3):
        await relay.round()
        stage.clock.advance(60)
    await stage.worker().settle()
    assert await stage.heard() == [(key("s"), 1)]
    assert len(traces.named(RELAY)) == 1
    assert traces.line(traces.one(REACT)) == [RELAY, REACT]


async def test_what_no_trace_caused_is_carried_without_a_span(stage: Stage, traces: Traces) -> None:
    await stage.send(note(A, key("s"), 1), traced(B, 1))
    await stage.relay().round()
    await stage.worker().settle()
    assert len(traces.named(RELAY)) == 1
    assert len(traces.named(REACT)) == 2
    assert [len(traces.line(each)) for each in traces.named(REACT)].count(1) == 1


async def test_the_outbox_keeps_the_span_of_the_command_and_the_inbox_that_of_the_relay(
    stage: Stage, traces: Traces
) -> None:
    await stage.send(traced(A, 1))
    await stage.relay().round()
    kept = await stage.root.fetchval("SELECT trace_parent FROM sender.outbox")
    told = await stage.root.fetchval("SELECT trace_parent FROM receiver.inbox")
    assert kept == PARENT
    carrying = parse_traceparent(told)
    assert carrying is not None
    assert carrying.span_id == context_of(traces.one(RELAY)).span_id
