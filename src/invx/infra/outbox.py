"""The relay: carries committed contracts from the outbox to the transport, at least once.

It works by row flag, never by "last id seen": positions are handed out before commit, so a row may
appear behind a cursor. One relay is active per context and database, by a lease. The lease is
proved again in the transaction that marks rows as published; a relay that lost it marks nothing,
and what it published meanwhile is published once more and recognised by the inboxes.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from invx.infra.carrying import carried
from invx.infra.inbox import envelope_of
from invx.infra.lease import Lease, LeaseLost
from invx.infra.metrics import OUTBOX_LAG, OUTBOX_PENDING, RELAYED
from invx.infra.postgres import Connection, Database
from invx.infra.rotation import INTERACTIVE, LANES, Rotation
from invx.infra.transport import NobodyReached, Transport
from invx.infra.upkeep import forget_in_batches
from invx.kernel import limits
from invx.kernel.messages import Envelope
from invx.kernel.ports import Clock, Ids

_REST_SECONDS_MAX = 30
_FAILURES_IN_A_ROW_MAX = 3

log = structlog.get_logger(__name__)


class Relay:
    """Publishes one context's outbox, in rounds."""

    def __init__(
        self,
        database: Database,
        transport: Transport,
        *,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._database = database
        self._transport = transport
        self._clock = clock
        self._lease = Lease(database, "relay", clock=clock, ids=ids)
        self._wake = asyncio.Event()
        self._away = False  # the transport, when it was last asked
        self._resting: dict[UUID, tuple[datetime, float]] = {}  # tenants that could not be served
        schema = database.schema
        self._read = _READ.format(schema=schema)
        self._rotations = {
            lane: Rotation(
                schema, "outbox", pending=f"published_at IS NULL AND lane = {lane}", open=_OPEN
            )
            for lane in LANES
        }

    def wake(self) -> None:
        """There may be something: do not wait for the next poll. Call it after COMMIT."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; then the lease is given back. Nothing ends it but `stop`."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._wake.clear()
                try:
                    busy = await self.round()
                except LeaseLost:
                    busy = 0
                except Exception as error:
                    log.warning("relay_failed", context=self._database.label, exc_info=error)
                    busy = 0
                if not busy:
                    # Each commit wakes it: a broker that is away would be asked by every one.
                    wake = asyncio.Event() if self._away else self._wake
                    await _first_of(stopping, wake, limits.POLL_SECONDS)
        finally:
            stopping.cancel()
            with contextlib.suppress(Exception):  # a lease that is not given back runs out
                await self._lease.release()

    async def round(self) -> int:
        """Publish a bounded batch of each lane; how many rows were published.

        0 when nothing is pending or another relay holds the lease. Raises LeaseLost.
        """
        self._away = False
        if not await self._lease.keep():
            return 0
        return sum([await self._round(lane) for lane in LANES])

    async def _round(self, lane: int) -> int:
        envelopes = await self.pending(lane)
        if not envelopes:
            return 0
        try:
            await self._publish(envelopes, lane)
        except LeaseLost:
            raise
        except NobodyReached as error:  # it is asked again at the next poll
            self._away |= lane == INTERACTIVE  # bulk may only have to wait
            log.warning("transport_away", context=self._database.label, reason=str(error))
            return 0
        except Exception as error:
            log.warning("publish_failed", context=self._database.label, exc_info=error)
            return await self._publish_apart(envelopes, lane)
        return len(envelopes)

    async def pending(self, lane: int) -> list[Envelope]:
        """The rows to publish next: tenants in turn, in order per key."""
        async with self._database.system_transaction() as conn:
            return await self._rotations[lane].collect(
                conn, limits.RELAY_ROWS_PER_ROUND, self._reader(conn, lane)
            )

    def _reader(self, conn: Connection, lane: int) -> Any:
        async def take(tenants: list[UUID], share: int) -> list[Envelope]:
            now = self._clock.now()
            awake = [
                tenant_id
                for tenant_id in tenants
                if tenant_id not in self._resting or self._resting[tenant_id][0] <= now
            ]
            share = min(share, limits.RELAY_ROWS_PER_TENANT)
            rows = await conn.fetch(self._read, awake, lane, share)
            rows.sort(key=lambda row: row["position"])
            return [envelope_of(row) for row in rows]

        return take

    async def _publish(self, envelopes: Sequence[Envelope], lane: int) -> None:
        """Publish, then mark. A crash in between publishes again, which the inboxes recognise."""
        if not self._lease.valid:
            raise LeaseLost("relay")
        with carried(envelopes, self._database.label) as traced:
            await self._transport.publish(traced, lane=lane)
        await self._mark(envelopes)
        RELAYED.labels(self._database.label).inc(len(envelopes))
        for tenant_id in self._resting.keys() & {envelope.tenant_id for envelope in envelopes}:
            del self._resting[tenant_id]

    async def _publish_apart(self, envelopes: Sequence[Envelope], lane: int) -> int:
        """Tenant by tenant, after a batch failed; a tenant that fails rests, longer each time.

        Gives up for this round when it looks as if nobody can be served.
        """
        apart: dict[UUID, list[Envelope]] = {}
        for envelope in envelopes:
            apart.setdefault(envelope.tenant_id, []).append(envelope)
        count = failures = 0
        for tenant_id, part in apart.items():
            if failures == _FAILURES_IN_A_ROW_MAX:
                break
            if not await self._lease.keep():
                raise LeaseLost("relay")
            try:
                await self._publish(part, lane)
            except LeaseLost:
                raise
            except Exception as error:  # noqa: BLE001 - it rests, visibly; the others go on
                self._rest(tenant_id, error)
                failures += 1
            else:
                count += len(part)
                failures = 0
        return count

    def _rest(self, tenant_id: UUID, error: Exception) -> None:
        seconds = min(self._resting.get(tenant_id, (None, 0.5))[1] * 2, _REST_SECONDS_MAX)
        self._resting[tenant_id] = (self._clock.now() + timedelta(seconds=seconds), seconds)
        log.warning(
            "tenant_not_published",
            context=self._database.label,
            tenant=str(tenant_id),
            rest_seconds=seconds,
            exc_info=error,
        )

    async def _mark(self, envelopes: Sequence[Envelope]) -> None:
        # Marks that a crash loses are made again: what is published twice is recognised.
        async with self._database.system_transaction(durable=False) as conn:
            await self._lease.hold(conn)
            await conn.execute(
                _MARK.format(schema=self._database.schema),
                [envelope.tenant_id for envelope in envelopes],
                [envelope.message_id for envelope in envelopes],
                self._clock.now(),
            )

    async def measure(self) -> tuple[int, float]:
        """Rows that wait (counted up to 10,000), and the age of the oldest in seconds."""
        async with self._database.system_transaction() as conn:
            row = await conn.fetchrow(_MEASURE.format(schema=self._database.schema))
        count = row["count"] if row else 0
        oldest = row["oldest"] if row else None
        lag = (self._clock.now() - oldest).total_seconds() if oldest else 0.0
        OUTBOX_PENDING.labels(self._database.label).set(count)
        OUTBOX_LAG.labels(self._database.label).set(lag)
        return count, lag

    async def forget(self) -> int:
        """Delete rows published more than a week ago, in batches; returns how many."""
        before = self._clock.now() - timedelta(days=limits.OUTBOX_DAYS)
        forget = _FORGET.format(schema=self._database.schema)
        return await forget_in_batches(self._database, forget, before)


async def _first_of(stopping: "asyncio.Task[bool]", wake: asyncio.Event, seconds: float) -> None:
    waking = asyncio.create_task(wake.wait())
    await asyncio.wait({stopping, waking}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    waking.cancel()


# What a tenant left behind that is elsewhere now, or is just being brought in, is not sent.
_OPEN = "coalesce(t.status IN ('active', 'suspended'), true)"
# A row waits while an older one of its key is in the other lane; otherwise interactive work would
# overtake the bulk work that it follows. (A subquery and no NOT EXISTS: see the inbox's claim.)
_READ = """
SELECT r.* FROM unnest($1::uuid[]) AS t(tenant_id) CROSS JOIN LATERAL (
    SELECT o.tenant_id, o.message_id, o.position, o.contract, o.order_key, o.sequence,
        o.occurred_at, o.actor, o.correlation_id, o.causation_id, o.trace_parent,
        o.body::text AS body
    FROM {schema}.outbox o
    WHERE o.tenant_id = t.tenant_id AND o.lane = $2 AND o.published_at IS NULL AND (
        SELECT true FROM {schema}.outbox b WHERE b.tenant_id = o.tenant_id
        AND b.order_key = o.order_key AND b.published_at IS NULL AND b.lane <> o.lane
        AND b.sequence < o.sequence LIMIT 1) IS NULL
    ORDER BY o.position LIMIT $3) AS r
"""
_MARK = """
UPDATE {schema}.outbox o SET published_at = $3
FROM unnest($1::uuid[], $2::uuid[]) AS p(tenant_id, message_id)
WHERE o.tenant_id = p.tenant_id AND o.message_id = p.message_id AND o.published_at IS NULL
"""
_MEASURE = """
SELECT count(*) AS count, min(recorded_at) AS oldest FROM (
    SELECT recorded_at FROM {schema}.outbox WHERE published_at IS NULL LIMIT 10000) AS pending
"""
# Rows lie in the order of their insertion, so a scan that stops early finds the old ones first.
_FORGET = """
DELETE FROM {schema}.outbox WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM {schema}.outbox WHERE published_at < $1 LIMIT $2))
"""
