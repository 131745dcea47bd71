"""The two queues of a context that a worker works on: reactions to contracts, and due jobs.

Each item runs through the context's runner, as the application role inside its tenant; the row that
asked for it is finished in the same transaction.
"""

import asyncio
import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import structlog

from invx.contracts.registry import Registry, UnknownContract
from invx.contracts.shapes import MalformedBody
from invx.infra.attempts import ClaimLost, WorkerDied, recorded
from invx.infra.carrying import trail_of
from invx.infra.context import Context
from invx.infra.inbox import Inbox, Received
from invx.infra.jobs import DueJob, JobQueue
from invx.infra.metrics import INBOX_HANDLED, JOBS_RUN
from invx.infra.rotation import BULK
from invx.infra.tenancy import TenantClosed, TenantMoving, UnknownTenant
from invx.infra.together import Piece, run_together
from invx.infra.tracing import Trail, following, work_span
from invx.kernel import limits
from invx.kernel.context import Caller
from invx.kernel.messages import Envelope

ROWS_PER_BATCH, ROWS_PER_BATCH_MIN = 250, 25
_CLOSED_PAUSE, _MOVING_PAUSE = timedelta(seconds=30), timedelta(seconds=1)

log = structlog.get_logger(__name__)


def _pause(closed: Exception) -> timedelta:
    """A move lasts a moment, a suspension longer."""
    return _MOVING_PAUSE if isinstance(closed, TenantMoving) else _CLOSED_PAUSE


class UnknownJob(Exception):
    """No job of this kind exists here: it was scheduled by newer or by older code."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one claim, no two of one key, that are worked on one tenant after the other."""

    rows: tuple[Received, ...]

    @property
    def claimed_until(self) -> datetime:
        return self.rows[0].claimed_until


class Reactions:
    """A context's inbox as a queue of batches.

    What a batch has of a tenant is done in one transaction. Where that fails, because of one of
    them or for another reason, each is done by itself: so only the bad one waits, or is parked.
    """

    def __init__(self, context: Context, inbox: Inbox, registry: Registry) -> None:
        self.name = f"{context.name} inbox"
        self._context = context
        self._inbox = inbox
        self._registry = registry

    async def claim(self, room: int) -> list[Batch]:
        """At most `room` batches of rows that may run now, no two of one key."""
        rows = await self._inbox.claim(room * ROWS_PER_BATCH)
        rows.sort(key=lambda row: row.envelope.tenant_id)  # stable: within a tenant as claimed
        size = max(ROWS_PER_BATCH_MIN, -(-len(rows) // room))
        return [Batch(tuple(rows[first : first + size])) for first in range(0, len(rows), size)]

    async def work(self, batch: Batch) -> None:
        """React, and finish the rows; or record failures. Raises when that cannot be recorded."""
        end = asyncio.get_running_loop().time() + limits.CLAIM_SECONDS / 2
        async with self._context.reads.changing({row.envelope.tenant_id for row in batch.rows}):
            for _, rows in groupby(batch.rows, key=lambda row: row.envelope.tenant_id):
                await self._work_of(list(rows), end)

    async def _work_of(self, rows: Sequence[Received], end: float) -> None:
        """Of one tenant. What has not begun by `end` is given back, for its claim runs out."""
        left = [] if len(rows) > 1 and await self._done_together(rows) else rows
        for row in left:
            if asyncio.get_running_loop().time() > end:
                await self._inbox.release(row)
                continue
            trail = trail_of(row.envelope)
            with following(trail):
                await self._work(row, trail)

    async def _done_together(self, rows: Sequence[Received]) -> bool:
        """Whether all were done in one transaction; else nothing has happened."""
        pieces = []
        for row in rows:
            if (piece := self._piece(row)) is None:
                return False
            pieces.append(piece)
        try:
            await run_together(
                self._context.runner, pieces, within=lambda conn: self._inbox.finish(conn, *rows)
            )
        except Exception as error:  # noqa: BLE001 - each by itself shows what it was, and of which
            log.info("batch_taken_apart", context=self._context.name, reason=type(error).__name__)
            return False
        for row in rows:
            INBOX_HANDLED.labels(self._context.name, row.envelope.contract, "done").inc()
        return True

    def _piece(self, row: Received) -> Piece | None:
        """What the row asks for; None where it is known not to go smoothly."""
        if row.attempt > 1:
            return None
        envelope = row.envelope
        try:
            contract = self._registry.decode(envelope.contract, envelope.body)
        except (UnknownContract, MalformedBody):
            return None
        if (reaction := self._context.reactions.get(type(contract))) is None:
            return None

        @functools.wraps(reaction)
        async def traced(contract: Any, uow: Any) -> None:
            trail = trail_of(envelope)
            with following(trail), self._reacting(row, trail):
                await reaction(contract, uow)
                uow.stage()  # what it tells others belongs to the same trace

        return Piece(traced, contract, _caller(envelope))

    @contextmanager
    def _reacting(self, row: Received, trail: Trail) -> Iterator[None]:
        """The span of one try of a reaction."""
        envelope = row.envelope
        name = f"react {envelope.contract}"
        with work_span(name, trail, trace_parent=envelope.trace_parent) as span:
            span.set_attribute("invx.context", self._context.name)
            span.set_attribute("invx.attempt", row.attempt)
            span.set_attribute("messaging.message.id", str(envelope.message_id))
            yield

    async def _work(self, row: Received, trail: Trail) -> None:
        envelope = row.envelope
        try:
            with self._reacting(row, trail):
                outcome = await self._react(row)
        except ClaimLost:
            outcome = "claim_lost"
        except (TenantClosed, UnknownTenant) as closed:
            await self._inbox.release(row, pause=_pause(closed))
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
        await self._context.runner.run(
            reaction,
            contract,
            _caller(envelope),
            within=lambda conn: self._inbox.finish(conn, row),
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


def _caller(envelope: Envelope) -> Caller:
    """Whoever caused the contract causes what follows from it."""
    return Caller(
        tenant_id=envelope.tenant_id,
        actor=envelope.actor,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.message_id,
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
            with work_span(
                f"job {job.kind}",
                trail,
                trace_parent=job.trace_parent,
                trace_cause=job.trace_cause,
            ) as span:
                span.set_attribute("invx.context", self._context.name)
                span.set_attribute("invx.attempt", job.attempt)
                await self._run(job)
            outcome = "done"
        except ClaimLost:
            outcome = "claim_lost"
        except (TenantClosed, UnknownTenant) as closed:
            await self._jobs.release(job, pause=_pause(closed))
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
