"""What waits for a person: parked contracts and jobs, with `list`, `replay` and `skip`.

A parked contract parks its key: the later contracts of the same stream wait behind it, all others
go on. Replaying tries it again from the first attempt; skipping gives it up, with a name and a
reason that stay on the row.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.infra.metrics import INBOX_AGE, INBOX_PENDING, PARKED_KEYS
from invx.infra.postgres import Database
from invx.kernel.errors import Invalid, NotFound
from invx.kernel.ports import Clock

LISTED_MAX = 1_000
REASON_CHARS_MAX = 500


class NothingParked(NotFound):
    """No such message or job is parked."""


class ReasonMissing(Invalid):
    """Skipping needs a reason; it stays on the row."""


@dataclass(frozen=True, slots=True)
class ParkedContract:
    """A contract whose reaction failed for good. `waiting` counts those of its key behind it."""

    tenant_id: UUID
    message_id: UUID
    contract: str
    order_key: UUID
    sequence: int
    received_at: datetime
    attempts: int
    reason: str
    waiting: int


@dataclass(frozen=True, slots=True)
class ParkedJob:
    """A job that failed for good."""

    tenant_id: UUID
    kind: str
    key: str
    due_at: datetime
    attempts: int
    reason: str


class Parked:
    """The parked rows of one context."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def contracts(self, tenant_id: UUID | None = None) -> list[ParkedContract]:
        """The oldest thousand, of one tenant or of all."""
        statement = _CONTRACTS.format(schema=self._database.schema, whose=_whose(tenant_id))
        async with self._database.system_transaction() as conn:
            rows = await conn.fetch(statement, LISTED_MAX, *_given(tenant_id))
        return [ParkedContract(**dict(row)) for row in rows]

    async def jobs(self, tenant_id: UUID | None = None) -> list[ParkedJob]:
        """The oldest thousand, of one tenant or of all."""
        statement = _JOBS.format(schema=self._database.schema, whose=_whose(tenant_id))
        async with self._database.system_transaction() as conn:
            rows = await conn.fetch(statement, LISTED_MAX, *_given(tenant_id))
        return [ParkedJob(**dict(row)) for row in rows]

    async def replay(self, tenant_id: UUID, message_id: UUID | None = None) -> int:
        """Try one parked contract again, or all of a tenant; returns how many.

        Raises NothingParked for a message that is not parked.
        """
        which = "" if message_id is None else " AND message_id = $3"
        count = await self._execute(
            f"UPDATE {self._database.schema}.inbox SET state = 'pending', attempts = 0,"
            " next_attempt_at = $2, claim = NULL, claimed_until = NULL"
            f" WHERE tenant_id = $1 AND state = 'parked'{which}",
            tenant_id,
            self._clock.now(),
            *_given(message_id),
        )
        if message_id is not None and not count:
            raise NothingParked
        return count

    async def skip(self, tenant_id: UUID, message_id: UUID, *, actor: str, reason: str) -> None:
        """Give a parked contract up; its key goes on. Raises NothingParked, ReasonMissing.

        Who, when and why stay on the row, together with why it was parked.
        """
        if not reason.strip():
            raise ReasonMissing
        count = await self._execute(
            f"UPDATE {self._database.schema}.inbox SET state = 'skipped', finished_at = $3,"
            " reason = 'skipped by ' || $4::text || ': ' || $5::text || ' (parked: '"
            " || coalesce(reason, '') || ')'"
            " WHERE tenant_id = $1 AND message_id = $2 AND state = 'parked'",
            tenant_id,
            message_id,
            self._clock.now(),
            actor,
            reason.strip()[:REASON_CHARS_MAX],
        )
        if not count:
            raise NothingParked

    async def replay_job(self, tenant_id: UUID, kind: str, key: str) -> None:
        """Run a parked job again. Raises NothingParked."""
        count = await self._execute(
            f"UPDATE {self._database.schema}.due_jobs SET state = 'pending', attempts = 0,"
            " next_attempt_at = '-infinity', claim = NULL, claimed_until = NULL"
            " WHERE tenant_id = $1 AND kind = $2 AND key = $3 AND state = 'parked'",
            tenant_id,
            kind,
            key,
        )
        if not count:
            raise NothingParked

    async def measure(self) -> tuple[int, float, int]:
        """Contracts that wait, the age of the oldest in seconds, and keys that are parked.

        Counted up to 10,000.
        """
        async with self._database.system_transaction() as conn:
            row = await conn.fetchrow(_MEASURE.format(schema=self._database.schema))
        waiting, oldest, parked = row or (0, None, 0)
        age = (self._clock.now() - oldest).total_seconds() if oldest else 0.0
        INBOX_PENDING.labels(self._database.label).set(waiting)
        INBOX_AGE.labels(self._database.label).set(age)
        PARKED_KEYS.labels(self._database.label).set(parked)
        return waiting, age, parked

    async def _execute(self, statement: str, *args: object) -> int:
        async with self._database.system_transaction() as conn:
            done: str = await conn.execute(statement, *args)
        return int(done.rpartition(" ")[2])


def _whose(tenant_id: UUID | None) -> str:
    return "" if tenant_id is None else "AND i.tenant_id = $2"


def _given(value: UUID | None) -> tuple[UUID, ...]:
    return () if value is None else (value,)


_CONTRACTS = """
SELECT i.tenant_id, i.message_id, i.contract, i.order_key, i.sequence, i.received_at, i.attempts,
    coalesce(i.reason, '') AS reason, (
        SELECT count(*) FROM {schema}.inbox b WHERE b.tenant_id = i.tenant_id
        AND b.order_key = i.order_key AND b.state IN ('pending', 'parked')
        AND (b.sequence, b.position) > (i.sequence, i.position)) AS waiting
FROM {schema}.inbox i
WHERE i.state IN ('pending', 'parked') AND i.state = 'parked' {whose}
ORDER BY i.position LIMIT $1
"""
_JOBS = """
SELECT i.tenant_id, i.kind, i.key, i.due_at, i.attempts, coalesce(i.reason, '') AS reason
FROM {schema}.due_jobs i WHERE i.state <> 'done' AND i.state = 'parked' {whose}
ORDER BY i.due_at LIMIT $1
"""
_MEASURE = """
SELECT count(*) FILTER (WHERE state = 'pending'), min(received_at),
    count(DISTINCT (tenant_id, order_key)) FILTER (WHERE state = 'parked')
FROM (SELECT tenant_id, order_key, state, received_at FROM {schema}.inbox
    WHERE state IN ('pending', 'parked') LIMIT 10000) AS unfinished
"""
