"""`invx republish --from A --to B`: a context learns another's past, made anew from its events.

Every contract is made by the same pure function as at first, with the same message id, so whatever
the inbox knows already changes nothing; running it twice, or again after a crash, is safe. While a
tenant's past is under way its inbox is on hold: what happens meanwhile waits there, and the claim
goes by sequence, so each key is worked on in order. A contract that has a newer version since then
is a new message; reactions state whole rows, so learning it again does no harm.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contracts.registry import Registry
from invx.infra.context import Context
from invx.infra.inbox import TenantNotHere, receive
from invx.infra.lease import Lease, LeaseLost
from invx.infra.postgres import Database
from invx.infra.rotation import BULK
from invx.infra.tenancy import TenantClosed, UnknownTenant
from invx.kernel.context import Caller
from invx.kernel.errors import Conflict
from invx.kernel.messages import Envelope
from invx.kernel.ports import Clock, Ids

STREAMS_PER_PAGE = 200
_HOLD_SECONDS = 120


class NoHistory(Conflict):
    """The source keeps no events; its past cannot be made anew."""


class AlreadyRepublishing(Conflict):
    """Somebody is sending this tenant's past already; wait until that has ended."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is. `new` counts the contracts that the target did not know."""

    tenants: int
    tenants_done: int = 0
    tenants_closed: int = 0  # moved away or suspended: left out
    streams: int = 0
    contracts: int = 0
    new: int = 0


class Republisher:
    """Sends the past of one context to another."""

    def __init__(
        self, source: Context, target: Context, registry: Registry, *, clock: Clock, ids: Ids
    ) -> None:
        if source.history is None:
            raise NoHistory
        self._history = source.history
        self._source = source
        self._target = target
        self._wanted = frozenset(
            wire for contract in target.reactions for wire in registry.wires(contract)
        )
        self._clock = clock
        self._ids = ids
        self._progress = Progress(0)

    async def run(
        self,
        tenants: Sequence[UUID] | None = None,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> Progress:
        """All tenants, or these. Raises AlreadyRepublishing, LeaseLost."""
        if tenants is None:
            tenants = await self._source.directory.tenant_ids()
        self._progress = Progress(len(tenants))
        for tenant_id in tenants:
            where = await self._where(tenant_id)
            hold = Lease(
                where,
                f"inbox {tenant_id}",
                clock=self._clock,
                ids=self._ids,
                seconds=_HOLD_SECONDS,
            )
            if not await hold.take():
                raise AlreadyRepublishing
            try:
                await self._tenant(tenant_id, where, hold, progress)
            finally:
                await hold.release()
        return self._progress

    async def _tenant(
        self,
        tenant_id: UUID,
        where: Database,
        hold: Lease,
        progress: Callable[[Progress], None],
    ) -> None:
        after: UUID | None = UUID(int=0)
        while after is not None:
            try:
                after, envelopes = await self._page(tenant_id, after)
                if not await hold.take():
                    raise LeaseLost(f"inbox {tenant_id}")
                new = await receive(where, envelopes, now=self._clock.now(), lane=BULK)
            except (TenantClosed, TenantNotHere):
                self._count(closed=1)
                break
            self._count(contracts=len(envelopes), new=new)
            progress(self._progress)
        else:
            self._count(done=1)
        progress(self._progress)

    async def _where(self, tenant_id: UUID) -> Database:
        """Where the tenant's inbox is; one that is just moving is left out when it is tried."""
        try:
            return await self._target.directory.database_of(tenant_id)
        except (UnknownTenant, TenantClosed):
            return self._target.database

    async def _page(self, tenant_id: UUID, after: UUID) -> tuple[UUID | None, list[Envelope]]:
        """The contracts of the next streams, and where to go on; None at the end."""
        caller = Caller(tenant_id, "system:republish", self._ids.new())
        envelopes: list[Envelope] = []
        async with self._source.runner.reading(caller) as (conn, _):
            rows = await conn.fetch(
                f"SELECT stream_id FROM {self._source.schema}.streams"
                " WHERE tenant_id = $1 AND stream_id > $2 ORDER BY stream_id LIMIT $3",
                tenant_id,
                after,
                STREAMS_PER_PAGE,
            )
            for row in rows:
                past = await self._history(conn, tenant_id, row["stream_id"])
                envelopes += [each for each in past if each.contract in self._wanted]
        self._count(streams=len(rows))
        last = rows[-1]["stream_id"] if len(rows) == STREAMS_PER_PAGE else None
        return last, envelopes

    def _count(
        self, *, done: int = 0, closed: int = 0, streams: int = 0, contracts: int = 0, new: int = 0
    ) -> None:
        now = self._progress
        self._progress = Progress(
            now.tenants,
            now.tenants_done + done,
            now.tenants_closed + closed,
            now.streams + streams,
            now.contracts + contracts,
            now.new + new,
        )


async def republish(
    source: Context,
    target: Context,
    registry: Registry,
    *,
    clock: Clock,
    ids: Ids,
    tenants: Sequence[UUID] | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Send everything that `source` ever published and `target` reacts to. See the module."""
    return await Republisher(source, target, registry, clock=clock, ids=ids).run(tenants, progress)
