"""Does the work of one tenant until nothing is left that is due: before its clock moves on (T5).

Relays, workers and other processes may work on the same rows meanwhile: claims see to it that each
is done once, and what others have claimed is waited for. Contexts that another process hosts are
waited for, too; those processes are woken meanwhile.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from time import monotonic
from uuid import UUID

from invx.contracts.registry import Registry
from invx.infra.context import Context
from invx.infra.facts import Answered
from invx.infra.inbox import Inbox
from invx.infra.jobs import JobQueue
from invx.infra.outbox import Relay
from invx.infra.postgres import Database
from invx.infra.reactions import Batch, JobRuns, Reactions
from invx.infra.rotation import LANES
from invx.infra.tenancy import INSTALLATION
from invx.kernel.clocks import Standing
from invx.kernel.ports import Clock, Fact, Ids

PORT = "clockwork"
SECONDS_AT_ONCE = 20.0  # less than a claim lasts; what is left then is done the next time
_ROWS_AT_ONCE = 10
_PAUSE_SECONDS = 0.02
_PATIENCE = timedelta(seconds=5)  # with something that failed; later tries are not waited for


class Clockwork:
    """Provides how a tenant's work stands. `contexts` and `relays` may still be filled."""

    def __init__(
        self,
        contexts: Mapping[str, Context],
        relays: Mapping[str, Relay],
        databases: Sequence[Database],
        registry: Registry,
        *,
        clock: Clock,
        ids: Ids,
        seconds: float = SECONDS_AT_ONCE,
    ) -> None:
        self._contexts = contexts
        self._relays = relays
        self._databases = databases
        self._registry = registry
        self._clock = clock
        self._ids = ids
        self.wake: Callable[[], None] = lambda: None  # processes that host the other contexts
        self._seconds = seconds

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """How it stands after some time of work; evidence is that alone, not what is parked."""
        found = []
        for fact in facts:
            standing = await self._settled(*fact.question)
            said = replace(standing, parked={}, parked_before=(), failing={})
            evidence = json.loads(json.dumps(asdict(said), default=str))
            found.append(Answered(fact, standing, "invx", evidence))
        return found

    async def _settled(self, tenant_id: UUID, offset_seconds: int) -> Standing:
        end = monotonic() + self._seconds
        standing = await self._look(tenant_id, offset_seconds)
        before = tuple(standing.parked)
        while not (standing.settled or standing.failing or monotonic() > end) and standing.open:
            if not await self._work(tenant_id):
                self.wake()
                await asyncio.sleep(_PAUSE_SECONDS)
            standing = await self._look(tenant_id, offset_seconds)
        return replace(standing, parked_before=before)

    async def _work(self, tenant_id: UUID) -> int:
        """Relay, react and run what can be done now; how much that was."""
        count = 0
        for relay in list(self._relays.values()):
            count += await relay.round()
        for context in list(self._contexts.values()):
            count += await self._react(context, tenant_id)
            count += await self._run_jobs(context, tenant_id)
        return count

    async def _react(self, context: Context, tenant_id: UUID) -> int:
        if not context.reactions:
            return 0
        inbox = Inbox(context.database, clock=self._clock, ids=self._ids)
        reactions = Reactions(context, inbox, self._registry)
        rows = await inbox.claim_of((INSTALLATION, tenant_id), _ROWS_AT_ONCE)
        if rows:
            rows.sort(key=lambda row: row.envelope.tenant_id)
            await reactions.work(Batch(tuple(rows)))
        return len(rows)

    async def _run_jobs(self, context: Context, tenant_id: UUID) -> int:
        count = 0
        for lane in LANES if context.jobs else ():
            queue = JobQueue(context.database, clock=self._clock, ids=self._ids, lane=lane)
            runs = JobRuns(context, queue)
            for job in await queue.claim_of(tenant_id, _ROWS_AT_ONCE):
                await runs.work(job)
                count += 1
        return count

    async def _look(self, tenant_id: UUID, offset_seconds: int) -> Standing:
        """What all contexts say, taken together."""
        found = [await self._look_into(each, tenant_id, offset_seconds) for each in self._databases]
        moments = [each.next_due for each in found if each.next_due]
        return Standing(
            settled=all(each.settled for each in found),
            open=all(each.open for each in found),
            next_due=min(moments, default=None),
            parked={name: why for each in found for name, why in each.parked.items()},
            failing={name: why for each in found for name, why in each.failing.items()},
        )

    async def _look_into(
        self, database: Database, tenant_id: UUID, offset_seconds: int
    ) -> Standing:
        now = self._clock.now()
        async with database.system_transaction() as conn:
            row = await conn.fetchrow(_LOOK.format(schema=database.schema), tenant_id, now)
            troubles = await conn.fetch(
                _TROUBLES.format(schema=database.schema), tenant_id, now + _PATIENCE
            )
        if row is None:  # it has not heard of the tenant yet
            return Standing(settled=False)
        parked, failing = (
            {
                f"{database.schema} {each['what']}": each["reason"] or "no reason is known"
                for each in troubles
                if each["state"] == state
            }
            for state in ("parked", "pending")
        )
        return Standing(
            settled=row["offset_seconds"] == offset_seconds and not row["busy"],
            open=row["status"] == "active",
            next_due=row["next_due"],
            parked=parked,
            failing=failing,
        )


# A row whose key has an older parked one is not waited for: it waits for a person.
_LOOK = """
SELECT t.status, extract(epoch FROM t.clock_offset)::bigint AS offset_seconds,
    EXISTS (SELECT FROM {schema}.outbox o WHERE o.tenant_id = $1 AND o.published_at IS NULL)
    OR EXISTS (SELECT FROM {schema}.inbox i WHERE i.tenant_id = $1 AND i.state = 'pending'
        AND NOT EXISTS (SELECT FROM {schema}.inbox p WHERE p.tenant_id = $1
            AND p.order_key = i.order_key AND p.state = 'parked'
            AND (p.sequence, p.position) < (i.sequence, i.position)))
    OR EXISTS (SELECT FROM {schema}.due_jobs j WHERE j.tenant_id = $1 AND j.state = 'pending'
        AND j.due_at <= $2::timestamptz + t.clock_offset) AS busy,
    (SELECT min(due_at) FROM {schema}.due_jobs j WHERE j.tenant_id = $1
        AND j.state = 'pending' AND j.due_at > $2::timestamptz + t.clock_offset) AS next_due
FROM {schema}.tenants t WHERE t.tenant_id = $1
"""
_TROUBLES = """
SELECT state, reason, 'job ' || kind || ' ' || key AS what FROM {schema}.due_jobs
WHERE tenant_id = $1 AND (state = 'parked'
    OR state = 'pending' AND claim IS NULL AND reason IS NOT NULL AND next_attempt_at > $2)
UNION ALL
SELECT state, reason, 'message ' || contract || ' ' || message_id FROM {schema}.inbox
WHERE tenant_id = $1 AND (state = 'parked'
    OR state = 'pending' AND claim IS NULL AND reason IS NOT NULL AND next_attempt_at > $2)
ORDER BY what LIMIT 100
"""
