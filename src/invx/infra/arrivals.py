"""The inboxes of one context: each tenant's contracts are brought to where the tenant lives."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from invx.infra.inbox import TenantNotHere, receive
from invx.infra.postgres import Database
from invx.infra.tenancy import Directory, UnknownTenant
from invx.kernel.messages import Envelope
from invx.kernel.ports import Clock


class Arrivals:
    """`delivered` is told which database received something, to wake its worker."""

    def __init__(
        self, database: Database, clock: Clock, delivered: Callable[[Database], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._delivered = delivered
        self._directory = Directory(database, clock)

    async def take(self, envelopes: Sequence[Envelope], lane: int) -> None:
        """Put them into the inboxes, in order; those that are there already change nothing.

        A database that fails keeps the others from nothing; then its error is raised: TenantNotHere
        of tenants that have just moved (the next try looks for them anew), or what else it was.
        """
        parts: dict[int, tuple[Database, list[Envelope]]] = {}
        for envelope in envelopes:
            where = await self._where(envelope.tenant_id)
            parts.setdefault(id(where), (where, []))[1].append(envelope)
        failures: list[Exception] = []
        for database, part in parts.values():
            try:
                await receive(database, part, now=self._clock.now(), lane=lane)
            except TenantNotHere as error:
                for tenant_id in error.tenants:
                    self._directory.forget(tenant_id)
                failures.append(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others come first
                failures.append(error)
            else:
                self._delivered(database)
        if failures:
            raise failures[0]

    async def erased(self, tenants: Iterable[UUID]) -> set[UUID]:
        """Those of the tenants that are no more: nothing of them is taken anywhere."""
        gone = set()
        for tenant_id in tenants:
            self._directory.forget(tenant_id)
            found = await self._directory.find(tenant_id)
            if found is not None and found.status == "erased":
                gone.add(tenant_id)
        return gone

    async def _where(self, tenant_id: UUID) -> Database:
        """Where the tenant lives; where it is not known its contracts wait for it at home."""
        if len(self._database.everywhere()) == 1:
            return self._database
        try:
            entry = await self._directory.get(tenant_id)
        except UnknownTenant:
            return self._database
        return self._database.at(entry.placement)
