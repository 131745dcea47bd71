"""Due jobs: work that becomes due at a moment of the tenant's business time (T5).

Scheduling is part of the unit of work (`uow.jobs.schedule`). Claims work as in the inbox, with one
difference: a job may schedule itself anew while it runs. So the claim is proved under a lock when
the job begins, and what the job then writes over its own row stands.
"""

import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from invx.infra.attempts import ClaimLost, pause_before, reason_of
from invx.infra.metrics import JOBS_DUE, JOBS_LATE
from invx.infra.postgres import Connection, Database
from invx.infra.rotation import INTERACTIVE, Rotation
from invx.infra.tracing import current_traceparent
from invx.infra.upkeep import forget_in_batches
from invx.kernel import limits
from invx.kernel.ports import Clock, Ids

# Beside what the job needs, its payload says where its trace came from. No field is called so.
_PARENT, _CAUSE = "~trace_parent", "~trace_cause"


@dataclass(frozen=True, slots=True)
class DueJob:
    """A claimed job. `due_at` is business time, `claimed_until` system time."""

    tenant_id: UUID
    kind: str
    key: str
    due_at: datetime
    payload: Mapping[str, Any]
    correlation_id: UUID
    claim: UUID
    claimed_until: datetime
    attempt: int
    trace_parent: str | None = None  # of the work that it continues
    trace_cause: str | None = None  # of the work that asked for it, to be done at a later time

    @property
    def last_attempt(self) -> bool:
        return self.attempt >= limits.REACTION_ATTEMPTS_MAX


class JobQueue:
    """Claims, failures and the end of one context's due jobs of one lane."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        ids: Ids,
        chance: random.Random | None = None,
        lane: int = INTERACTIVE,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._chance = chance or random.Random()  # noqa: S311 - jitter
        self._any = _ANY.format(schema=database.schema)
        self._claim = _CLAIM.format(schema=database.schema)
        self.lane = lane
        self._rotation = Rotation(
            database.schema,
            "due_jobs",
            pending=f"state = 'pending' AND lane = {lane}",
            open="coalesce(t.status = 'active', false)",
        )

    async def claim(self, room: int) -> list[DueJob]:
        """At most `room` jobs that are due for their tenants, tenants in turn, the oldest first."""
        now = self._clock.now()
        async with self._database.system_transaction() as conn:
            if not await conn.fetchval(self._any, now):
                return []
            return await self._rotation.collect(conn, room, self._taker(conn, now))

    async def claim_of(self, tenant_id: UUID, room: int) -> list[DueJob]:
        """At most `room` jobs that are due for this tenant, which is active, the oldest first."""
        async with self._database.system_transaction() as conn:
            return await self._taker(conn, self._clock.now())([tenant_id], room)

    def _taker(
        self, conn: Connection, now: datetime
    ) -> Callable[[list[UUID], int], Awaitable[list[DueJob]]]:
        until, claim = now + timedelta(seconds=limits.CLAIM_SECONDS), self._ids.new()

        async def take(tenants: list[UUID], share: int) -> list[DueJob]:
            share = min(share, limits.CLAIM_ROWS_PER_TENANT)
            rows = await conn.fetch(self._claim, tenants, now, share, claim, until, self.lane)
            return [_due_job(row, claim, until) for row in rows]

        return take

    async def prove(self, conn: Connection, job: DueJob) -> None:
        """Lock the job's row in its transaction, before anything else. Raises ClaimLost."""
        held = await conn.fetchval(
            f"SELECT true FROM {self._database.schema}.due_jobs WHERE tenant_id = $1"
            " AND kind = $2 AND key = $3 AND claim = $4 AND state = 'pending' FOR UPDATE",
            *_key(job),
            job.claim,
        )
        if held is None:
            raise ClaimLost(f"{job.kind} {job.key}")

    async def finish(self, conn: Connection, job: DueJob) -> None:
        """Mark the job done in its transaction, unless the job scheduled itself for another time.

        Only after `prove` in the same transaction.
        """
        await conn.execute(
            f"UPDATE {self._database.schema}.due_jobs SET claim = NULL, claimed_until = NULL,"
            " state = CASE WHEN due_at = $4 THEN 'done' ELSE 'pending' END, reason = NULL"
            " WHERE tenant_id = $1 AND kind = $2 AND key = $3",
            *_key(job),
            job.due_at,
        )

    async def fail(self, job: DueJob, error: BaseException, *, park: bool = False) -> bool:
        """Put the job back for a later try, or park it when that was the last; True if parked."""
        parked = park or job.last_attempt
        pause = pause_before(job.attempt, self._chance)
        state = "parked" if parked else "pending"
        await self._end_claim(job, state, self._clock.now() + pause, reason_of(error))
        return parked

    async def release(self, job: DueJob, *, pause: timedelta = timedelta(0)) -> None:
        """Give a claimed job back untried, for now or for later."""
        await self._end_claim(job, "pending", self._clock.now() + pause, None, untried=True)

    async def _end_claim(
        self,
        job: DueJob,
        state: str,
        next_attempt_at: datetime,
        reason: str | None,
        *,
        untried: bool = False,
    ) -> None:
        async with self._database.system_transaction() as conn:
            await conn.execute(
                f"UPDATE {self._database.schema}.due_jobs SET state = $5, next_attempt_at = $6,"
                " reason = coalesce($7, reason), attempts = attempts - $8, claim = NULL,"
                " claimed_until = NULL"
                " WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND claim = $4"
                " AND state = 'pending'",
                *_key(job),
                job.claim,
                state,
                next_attempt_at,
                reason,
                int(untried),
            )

    async def forget(self) -> int:
        """Delete jobs that are done and were due more than a week ago; returns how many.

        Reckoned in system time, so those of a sandbox whose clock is ahead stay longer.
        """
        before = self._clock.now() - timedelta(days=limits.JOB_DAYS)
        forget = _FORGET.format(schema=self._database.schema)
        return await forget_in_batches(self._database, forget, before)

    async def measure(self) -> tuple[int, float]:
        """Jobs that are due (counted up to 10,000), and how late the oldest is in seconds."""
        now = self._clock.now()
        async with self._database.system_transaction() as conn:
            row = await conn.fetchrow(_MEASURE.format(schema=self._database.schema), now)
        count, late = (row["count"], row["late"]) if row else (0, None)
        seconds = late.total_seconds() if late else 0.0
        JOBS_DUE.labels(self._database.label).set(count)
        JOBS_LATE.labels(self._database.label).set(seconds)
        return count, seconds


def _key(job: DueJob) -> tuple[UUID, str, str]:
    return job.tenant_id, job.kind, job.key


def traced(payload: Mapping[str, Any], *, at_once: bool) -> dict[str, Any]:
    """The payload with the span that schedules the job.

    A job that is due at once goes on with its trace. One that is due later begins a trace and names
    its cause: a recurring job would otherwise lengthen one trace for years.
    """
    here = current_traceparent()
    key = _PARENT if at_once else _CAUSE
    return {**payload, key: here} if here else dict(payload)


def _due_job(row: Any, claim: UUID, until: datetime) -> DueJob:
    payload = json.loads(row["payload"] or "{}")
    parent, cause = payload.pop(_PARENT, None), payload.pop(_CAUSE, None)
    return DueJob(
        tenant_id=row["tenant_id"],
        kind=row["kind"],
        key=row["key"],
        due_at=row["due_at"],
        payload=payload,
        correlation_id=row["correlation_id"],
        claim=claim,
        claimed_until=until,
        attempt=row["attempts"],
        trace_parent=parent,
        trace_cause=cause,
    )


# Most polls end here: nothing is due by system time, nor for a tenant whose clock is ahead.
_ANY = """
SELECT EXISTS (SELECT FROM {schema}.due_jobs WHERE state = 'pending' AND due_at <= $1::timestamptz)
    OR EXISTS (
        SELECT FROM {schema}.tenants t JOIN {schema}.due_jobs j USING (tenant_id)
        WHERE t.clock_offset > '0' AND j.state = 'pending'
            AND j.due_at <= $1::timestamptz + t.clock_offset)
"""
_CLAIM = """
WITH head AS (
    SELECT r.tenant_id, r.kind, r.key FROM unnest($1::uuid[]) AS w(tenant_id)
    JOIN {schema}.tenants t USING (tenant_id)
    CROSS JOIN LATERAL (
        SELECT j.tenant_id, j.kind, j.key FROM {schema}.due_jobs j
        WHERE j.tenant_id = t.tenant_id AND j.state = 'pending' AND j.lane = $6
        AND j.due_at <= $2::timestamptz + t.clock_offset AND j.next_attempt_at <= $2
        AND (j.claimed_until IS NULL OR j.claimed_until <= $2)
        ORDER BY j.due_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS r
)
UPDATE {schema}.due_jobs j SET claim = $4, claimed_until = $5, attempts = j.attempts + 1
FROM head h WHERE j.tenant_id = h.tenant_id AND j.kind = h.kind AND j.key = h.key
RETURNING j.tenant_id, j.kind, j.key, j.due_at, j.payload::text AS payload, j.correlation_id,
    j.attempts
"""
_MEASURE = """
SELECT count(*) AS count, max(late) AS late FROM (
    SELECT $1::timestamptz + t.clock_offset - j.due_at AS late
    FROM {schema}.due_jobs j JOIN {schema}.tenants t USING (tenant_id)
    WHERE j.state = 'pending' AND j.due_at <= $1::timestamptz + t.clock_offset
    AND j.due_at <= $1::timestamptz + (SELECT max(clock_offset) FROM {schema}.tenants)
    LIMIT 10000) AS due
"""
# The state is asked again outside: a job may be scheduled anew between the two looks at its row.
_FORGET = """
DELETE FROM {schema}.due_jobs WHERE state = 'done' AND ctid = ANY (ARRAY(
    SELECT ctid FROM {schema}.due_jobs WHERE state = 'done' AND due_at < $1 LIMIT $2))
"""
