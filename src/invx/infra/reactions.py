"""The two queues of a context that a worker works on: reactions to contracts, and due jobs.

Each item runs through the context's runner, as the application role inside its tenant; the row that
asked for it is finished in the same transaction.
"""

import functools
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog

from invx.contracts.registry import Registry, UnknownContract
from invx.contracts.shapes import MalformedBody
from invx.infra.attempts import ClaimLost, WorkerDied, recorded
from invx.infra.context import Context
from invx.infra.inbox import Inbox, Received
from invx.infra.jobs import DueJob, JobQueue
from invx.infra.metrics import INBOX_HANDLED, JOBS_RUN
from invx.infra.rotation import BULK
from invx.infra.tenancy import TenantClosed, UnknownTenant
from invx.infra.tracing import Trail, following, work_span
from invx.kernel import limits
from invx.kernel.context import Caller

_CLOSED_PAUSE = timedelta(seconds=30)

log = structlog.get_logger(__name__)


class UnknownJob(Exception):
    """No job of this kind exists here: it was scheduled by newer or by older code."""


class Reactions:
    """A context's inbox as a queue."""

    def __init__(self, context: Context, inbox: Inbox, registry: Registry) -> None:
        self.name = f"{context.name} inbox"
        self._context = context
        self._inbox = inbox
        self._registry = registry

    async def claim(self, room: int) -> list[Received]:
        """Rows that may run now, no two of one key."""
        return await self._inbox.claim(room)

    async def work(self, row: Received) -> None:
        """React, and finish the row; or record the failure. Raises when that cannot be recorded."""
        envelope = row.envelope
        trail = Trail(envelope.message_id, envelope.correlation_id, tenant_id=envelope.tenant_id)
        with following(trail):
            await self._work(row, trail)

    async def _work(self, row: Received, trail: Trail) -> None:
        envelope = row.envelope
        name = f"react {envelope.contract}"
        try:
            with work_span(name, trail, trace_parent=envelope.trace_parent):
                outcome = await self._react(row)
        except ClaimLost:
            outcome = "claim_lost"
        except (TenantClosed, UnknownTenant):
            await self._inbox.release(row, pause=_CLOSED_PAUSE)
            outcome = "tenant_closed"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is recorded on the row
            hopeless = isinstance(error, UnknownContract | MalformedBody | WorkerDied)
            parked = await recorded(functools.partial(self._inbox.fail, row, error, park=hopeless))
            outcome = "parked" if parked else "retried"
            self._report(row, error, parked=parked)
        known = envelope.contract in self._registry
        contract = envelope.contract if known else "unknown"
        INBOX_HANDLED.labels(self._context.name, contract, outcome).inc()

    async def _react(self, row: Received) -> str:
        if row.attempt > limits.REACTION_ATTEMPTS_MAX:
            raise WorkerDied
        envelope = row.envelope
        contract = self._registry.decode(envelope.contract, envelope.body)
        reaction = self._context.reactions.get(type(contract))
        if reaction is None:
            await self._inbox.dismiss(row)
            return "ignored"
        caller = Caller(
            tenant_id=envelope.tenant_id,
            actor=envelope.actor,
            correlation_id=envelope.correlation_id,
            causation_id=envelope.message_id,
        )
        await self._context.runner.run(
            reaction, contract, caller, within=lambda conn: self._inbox.finish(conn, row)
        )
        return "done"

    def _report(self, row: Received, error: Exception, *, parked: bool) -> None:
        say = log.error if parked else log.warning
        say(
            "reaction_parked" if parked else "reaction_failed",
            context=self._context.name,
            contract=row.envelope.contract,
            message_id=str(row.envelope.message_id),
            attempt=row.attempt,
            exc_info=error,
        )


class JobRuns:
    """A context's due jobs as a queue."""

    def __init__(self, context: Context, jobs: JobQueue) -> None:
        self.name = f"{context.name} {'bulk ' if jobs.lane == BULK else ''}jobs"
        self._context = context
        self._jobs = jobs

    async def claim(self, room: int) -> list[DueJob]:
        """Jobs that are due."""
        return await self._jobs.claim(room)

    async def work(self, job: DueJob) -> None:
        """Run it, or record the failure. Raises when that cannot be recorded."""
        trail = Trail(job.claim, job.correlation_id, tenant_id=job.tenant_id)
        with following(trail):
            await self._work(job, trail)

    async def _work(self, job: DueJob, trail: Trail) -> None:
        try:
            with work_span(f"job {job.kind}", trail):
                await self._run(job)
            outcome = "done"
        except ClaimLost:
            outcome = "claim_lost"
        except (TenantClosed, UnknownTenant):
            await self._jobs.release(job, pause=_CLOSED_PAUSE)
            outcome = "tenant_closed"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is recorded on the row
            hopeless = isinstance(error, UnknownJob | WorkerDied)
            parked = await recorded(functools.partial(self._jobs.fail, job, error, park=hopeless))
            outcome = "parked" if parked else "retried"
            say = log.error if parked else log.warning
            say(
                f"job_{outcome}",
                context=self._context.name,
                kind=job.kind,
                attempt=job.attempt,
                exc_info=error,
            )
        JOBS_RUN.labels(self._context.name, outcome).inc()

    async def _run(self, job: DueJob) -> None:
        if job.attempt > limits.REACTION_ATTEMPTS_MAX:
            raise WorkerDied
        run = self._context.jobs.get(job.kind)
        if run is None:
            raise UnknownJob(job.kind)

        @functools.wraps(run)
        async def proven(payload: Mapping[str, Any], uow: Any) -> Any:
            await self._jobs.prove(uow.conn, job)
            if self._jobs.lane == BULK:
                uow.behind_others()
            return await run(payload, uow)

        actor = str(job.payload.get("actor", f"system:{job.kind}"))
        caller = Caller(job.tenant_id, actor, job.correlation_id)
        await self._context.runner.run(
            proven,
            {**job.payload, "key": job.key, "attempt": job.attempt},
            caller,
            within=lambda conn: self._jobs.finish(conn, job),
            long=self._jobs.lane == BULK,
        )
