"""How many documents a tenant may still draft today.

A day is one of system time, in UTC: the quota protects the installation, which has one day, and a
sandbox that steps through a year must not get a year's worth. Ids say when they were made, so the
documents of today are a range of their key: nothing is counted beside them.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from uuid import UUID

from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.errors import DocumentQuotaExceeded
from invx.infra.unit_of_work import EventUnitOfWork


class PostgresDocumentQuota:
    """See `app.ports.DocumentQuota`. `allowed` are documents a day by class of tenants."""

    def __init__(self, unit: EventUnitOfWork, allowed: Mapping[str, int]) -> None:
        self._unit = unit
        self._allowed = allowed
        self._before: tuple[str, int] | None = None  # the class, and how many there were before

    async def ensure_room(self) -> None:
        """Room for one more draft than this unit of work has. Raises DocumentQuotaExceeded.

        Only one transaction of the tenant at a time drafts under a quota, so that two of them
        cannot both have the last.
        """
        if not self._allowed:
            return
        now = self._unit.system_now()
        midnight = datetime.combine(now.date(), time(), now.tzinfo)
        if self._before is None:
            self._before = await self._counted(midnight)
        name, before = self._before
        allowed = self._allowed.get(name)
        if allowed is not None and before + self._new() >= allowed:
            raise DocumentQuotaExceeded(name, allowed, now, midnight + timedelta(days=1))

    async def _counted(self, midnight: datetime) -> tuple[str, int]:
        conn, tenant_id = self._unit.conn, self._unit.ctx.tenant_id
        name: str = await conn.fetchval("SELECT invoicing.held_class()")
        if name not in self._allowed:
            return name, 0
        await conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 12))", tenant_id
        )
        count: int = await conn.fetchval(
            "SELECT count(*) FROM (SELECT FROM invoicing.documents WHERE tenant_id = $1"
            " AND document_id >= $2 AND origin = 'issued' LIMIT $3) AS today",
            *(tenant_id, _first_id(midnight), self._allowed[name]),
        )
        return name, count

    def _new(self) -> int:
        """Drafts that this unit of work is about to write."""
        held = (each.aggregate for each in self._unit.held.values())
        return sum(
            isinstance(each, Document) and each.version == len(each.recorded) for each in held
        )


def _first_id(moment: datetime) -> UUID:
    """No id that was made at this moment or later is lower (RFC 9562, 5.7)."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
