"""The inbox: contracts received, each worked on once, in order per key (E1, E3).

A row is claimed by the system role, for a while; the reaction then runs as the application role
inside its tenant and finishes the row in its own transaction, which fails unless the claim still
stands. So a crash anywhere loses nothing and doubles nothing. Within an order key the oldest
unfinished row goes first, and no row goes while an older one is unfinished, be it claimed, waiting
for its next try, or parked.

A message id is remembered for ever, so no window of time limits what is recognised: a relay whose
database was restored sends again what it sent since, and `republish` makes the ids of all the past
anew. Were an old id forgotten, its contract would be done again behind younger ones of its key, and
undo them. What is forgotten of a row done long ago is its body.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from invx.infra.attempts import ClaimLost, pause_before, reason_of
from invx.infra.postgres import Connection, Database
from invx.infra.rotation import INTERACTIVE, LANES, Rotation
from invx.infra.upkeep import forget_in_batches
from invx.kernel import limits
from invx.kernel.messages import Envelope
from invx.kernel.ports import Clock, Ids


@dataclass(frozen=True, slots=True)
class Received:
    """A claimed row. `attempt` counts this one; a claim that is not finished counts too."""

    envelope: Envelope
    lane: int
    claim: UUID
    claimed_until: datetime
    attempt: int

    @property
    def last_attempt(self) -> bool:
        return self.attempt >= limits.REACTION_ATTEMPTS_MAX


async def receive(
    database: Database, envelopes: Sequence[Envelope], *, now: datetime, lane: int = INTERACTIVE
) -> int:
    """Put envelopes into the inbox of a context; those that are there already change nothing.

    Returns how many were new. `now` is system time. Raises TenantNotHere when one of their tenants
    lives elsewhere or is on its way: what a move has copied already would miss it.
    """
    if not envelopes:
        return 0
    columns = zip(*(_columns(envelope) for envelope in envelopes), strict=True)
    async with database.system_transaction() as conn:
        tenants = list({envelope.tenant_id for envelope in envelopes})
        # As a writer of each tenant: a move waits for us, or we for it, and then see where it is.
        await conn.execute(_HOLD, tenants)
        gone = await conn.fetch(_GONE.format(schema=database.schema), tenants)
        if gone:
            raise TenantNotHere([row["tenant_id"] for row in gone])
        done: str = await conn.execute(
            _RECEIVE.format(schema=database.schema), lane, now, *map(list, columns)
        )
    return int(done.rpartition(" ")[2])


def _columns(envelope: Envelope) -> tuple[Any, ...]:
    return (
        envelope.tenant_id,
        envelope.message_id,
        envelope.contract,
        envelope.order_key,
        envelope.sequence,
        envelope.occurred_at,
        envelope.actor,
        envelope.correlation_id,
        envelope.causation_id,
        envelope.trace_parent,
        envelope.body,
    )


class TenantNotHere(Exception):
    """Contracts came to a database in which their tenants do not live."""

    def __init__(self, tenants: Sequence[UUID]) -> None:
        super().__init__(f"{len(tenants)} tenants live elsewhere")
        self.tenants = tuple(tenants)


class Inbox:
    """Claims, failures and the end of the rows of one context's inbox."""

    # Planted in tests, to show that the simulation finds it when this is weakened.
    older = "o.state IN ('pending', 'parked')"

    def __init__(
        self, database: Database, *, clock: Clock, ids: Ids, chance: random.Random | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._chance = chance or random.Random()  # noqa: S311 - jitter
        schema = database.schema
        self._claim = _CLAIM.format(schema=schema, older=self.older)
        self._open = _OPEN_OF.format(schema=schema, open=_OPEN.format(schema=schema, now=2))
        self._rotations = {
            lane: Rotation(
                schema,
                "inbox",
                pending=f"state = 'pending' AND lane = {lane}",
                open=_OPEN.format(schema=schema, now=4),
            )
            for lane in LANES
        }

    async def claim(self, room: int) -> list[Received]:
        """At most `room` rows that may run now: interactive before bulk, tenants in turn.

        No two of them, nor any that is claimed elsewhere, share an order key.
        """
        now = self._clock.now()
        found: list[Received] = []
        # A claim that a crash loses was of a reaction that is not committed either.
        async with self._database.system_transaction(durable=False) as conn:
            for lane in LANES:
                take = self._taker(conn, now, lane)
                found += await self._rotations[lane].collect(conn, room - len(found), take, now)
        return found

    async def claim_of(self, tenant_ids: Sequence[UUID], room: int) -> list[Received]:
        """At most `room` rows of each lane that may run now, of those of these that are open."""
        now, found = self._clock.now(), list[Received]()
        async with self._database.system_transaction() as conn:
            rows = await conn.fetch(self._open, list(tenant_ids), now)
            for lane in LANES:
                take = self._taker(conn, now, lane)
                found += await take([row["tenant_id"] for row in rows], room)
        return found

    def _taker(
        self, conn: Connection, now: datetime, lane: int
    ) -> Callable[[list[UUID], int], Awaitable[list[Received]]]:
        until, claim = now + timedelta(seconds=limits.CLAIM_SECONDS), self._ids.new()

        async def take(tenants: list[UUID], share: int) -> list[Received]:
            share = min(share, limits.CLAIM_ROWS_PER_TENANT)
            rows = await conn.fetch(self._claim, tenants, lane, now, share, claim, until)
            rows.sort(key=lambda row: row["position"])
            return [_received(row, lane, claim, until) for row in rows]

        return take

    async def finish(self, conn: Connection, *rows: Received) -> None:
        """Mark rows of one tenant done in the transaction of their reactions. Raises ClaimLost."""
        done = await conn.execute(
            _FINISH.format(schema=self._database.schema),
            rows[0].envelope.tenant_id,
            [row.envelope.message_id for row in rows],
            [row.claim for row in rows],
            self._clock.now(),
        )
        if done != f"UPDATE {len(rows)}":
            raise ClaimLost(str(rows[0].envelope.message_id))

    async def dismiss(self, row: Received) -> None:
        """Mark a row done that nobody here reacts to."""
        async with self._database.system_transaction() as conn:
            await self.finish(conn, row)

    async def fail(self, row: Received, error: BaseException, *, park: bool = False) -> bool:
        """Put the row back for a later try, or park it when that was the last; True if parked.

        A row that somebody else claimed meanwhile is left alone.
        """
        parked = park or row.last_attempt
        pause = pause_before(row.attempt, self._chance)
        await self._end_claim(
            row, "parked" if parked else "pending", self._clock.now() + pause, reason_of(error)
        )
        return parked

    async def release(self, row: Received, *, pause: timedelta = timedelta(0)) -> None:
        """Give a claimed row back untried, for now or for later."""
        await self._end_claim(row, "pending", self._clock.now() + pause, None, untried=True)

    async def forget(self) -> int:
        """Forget the bodies of rows done more than a month ago, in batches; returns how many."""
        before = self._clock.now() - timedelta(days=limits.INBOX_BODY_DAYS)
        forget = _FORGET.format(schema=self._database.schema)
        return await forget_in_batches(self._database, forget, before)

    async def _end_claim(
        self,
        row: Received,
        state: str,
        next_attempt_at: datetime,
        reason: str | None,
        *,
        untried: bool = False,
    ) -> None:
        async with self._database.system_transaction() as conn:
            await conn.execute(
                f"UPDATE {self._database.schema}.inbox SET state = $4, next_attempt_at = $5,"
                " reason = coalesce($6, reason), attempts = attempts - $7, claim = NULL,"
                " claimed_until = NULL"
                " WHERE tenant_id = $1 AND message_id = $2 AND claim = $3 AND state = 'pending'",
                row.envelope.tenant_id,
                row.envelope.message_id,
                row.claim,
                state,
                next_attempt_at,
                reason,
                int(untried),
            )


def _received(row: Any, lane: int, claim: UUID, until: datetime) -> Received:
    return Received(envelope_of(row), lane, claim, until, row["attempts"])


def envelope_of(row: Any) -> Envelope:
    """The envelope in a row of an inbox or an outbox."""
    return Envelope(
        message_id=row["message_id"],
        tenant_id=row["tenant_id"],
        contract=row["contract"],
        order_key=row["order_key"],
        sequence=row["sequence"],
        occurred_at=row["occurred_at"],
        actor=row["actor"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        body=row["body"],
        trace_parent=row["trace_parent"],
    )


_HOLD = """
SELECT pg_advisory_xact_lock_shared(hashtextextended(t.id::text, 4))
FROM (SELECT id FROM unnest($1::uuid[]) AS u(id) ORDER BY id) AS t
"""
_GONE = """
SELECT tenant_id FROM {schema}.tenants
WHERE tenant_id = ANY($1::uuid[]) AND status IN ('moving', 'moved', 'arriving', 'erased')
"""
_RECEIVE = """
INSERT INTO {schema}.inbox (tenant_id, message_id, contract, order_key, sequence, occurred_at,
    actor, correlation_id, causation_id, trace_parent, body, lane, received_at, next_attempt_at)
SELECT tenant_id, message_id, contract, order_key, sequence, occurred_at,
    actor, correlation_id, causation_id, trace_parent, body::json, $1, $2,
    least($2, now())  -- a clock that was ahead would hold it up until then
FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::bigint[], $8::timestamptz[],
    $9::text[], $10::uuid[], $11::uuid[], $12::text[], $13::text[]) WITH ORDINALITY
    AS e(tenant_id, message_id, contract, order_key, sequence, occurred_at, actor,
        correlation_id, causation_id, trace_parent, body, nth)
ORDER BY nth
ON CONFLICT (tenant_id, message_id) DO NOTHING
"""
# A tenant is open when it is active and its past is not just being sent to it (infra.republish).
_OPEN = """coalesce(t.status = 'active', false) AND NOT EXISTS (
    SELECT FROM {schema}.leases h
    WHERE h.name = 'inbox ' || t.tenant_id AND h.expires_at > ${now})"""
_OPEN_OF = "SELECT tenant_id FROM {schema}.tenants t WHERE tenant_id = ANY($1::uuid[]) AND {open}"
# A claim pushes `next_attempt_at` to its own end: claimed rows and rows that wait are skipped by
# the index, not one by one. Two claims at once: what one has locked the other skips, and what one
# has committed no longer satisfies the other's condition when it reads the row under its lock.
# The older row is asked for by a subquery of its own, which takes its key from the index: joined,
# as NOT EXISTS is, it is looked for among all of the tenant's rows while statistics are old.
_CLAIM = """
WITH head AS (
    SELECT r.tenant_id, r.message_id FROM unnest($1::uuid[]) AS t(tenant_id)
    CROSS JOIN LATERAL (
        SELECT i.tenant_id, i.message_id FROM {schema}.inbox i
        WHERE i.tenant_id = t.tenant_id AND i.lane = $2 AND i.state = 'pending'
        AND i.next_attempt_at <= $3 AND (
            SELECT true FROM {schema}.inbox o WHERE o.tenant_id = i.tenant_id
            AND o.order_key = i.order_key AND {older}
            AND (o.sequence, o.position) < (i.sequence, i.position) LIMIT 1) IS NULL
        ORDER BY i.next_attempt_at, i.position LIMIT $4 FOR UPDATE SKIP LOCKED) AS r
)
UPDATE {schema}.inbox i SET claim = $5, claimed_until = $6, next_attempt_at = $6,
    attempts = i.attempts + 1
FROM head h WHERE i.tenant_id = h.tenant_id AND i.message_id = h.message_id
RETURNING i.tenant_id, i.message_id, i.position, i.contract, i.order_key, i.sequence, i.occurred_at,
    i.actor, i.correlation_id, i.causation_id, i.trace_parent, i.body::text AS body, i.attempts
"""
_FINISH = """
UPDATE {schema}.inbox i SET state = 'done', claim = NULL, claimed_until = NULL, reason = NULL,
    finished_at = $4
FROM unnest($2::uuid[], $3::uuid[]) AS done(message_id, claim)
WHERE i.tenant_id = $1 AND i.message_id = done.message_id AND i.claim = done.claim
    AND i.state = 'pending'
"""
_FORGET = """
UPDATE {schema}.inbox SET body = NULL, trace_parent = NULL
WHERE state = 'done' AND body IS NOT NULL AND ctid = ANY (ARRAY(
    SELECT ctid FROM {schema}.inbox
    WHERE state = 'done' AND body IS NOT NULL AND finished_at < $1 LIMIT $2))
"""
