"""Legal holds: their streams, and the rows that say what they keep."""

from collections.abc import Collection, Sequence
from uuid import UUID

from invx.contexts.invoicing.domain.keeping.legal_hold import Holds, LegalHold, LegalHoldNotFound
from invx.contexts.invoicing.domain.keeping.legal_hold_events import HoldScope
from invx.infra.event_store import EventSourcedRepository
from invx.infra.unit_of_work import EventUnitOfWork


class PostgresLegalHolds(EventSourcedRepository[LegalHold]):
    """See `app.ports_of_keeping.LegalHolds`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(LegalHold, unit.store, unit.held, missing=LegalHoldNotFound)
        self._unit = unit

    async def standing(self) -> Holds:
        """All that are not released."""
        rows = await self._unit.conn.fetch(
            "SELECT hold_id, scope, target_id FROM invoicing.legal_holds"
            " WHERE tenant_id = $1 AND released_at IS NULL ORDER BY hold_id",
            self._unit.ctx.tenant_id,
        )
        return Holds.of((row[0], HoldScope(row[1]), row[2]) for row in rows)

    async def count_standing(self) -> int:
        """How many are not released."""
        found: int = await self._unit.conn.fetchval(
            "SELECT count(*) FROM invoicing.legal_holds"
            " WHERE tenant_id = $1 AND released_at IS NULL",
            self._unit.ctx.tenant_id,
        )
        return found

    async def released_about(self, subject_ids: Collection[UUID]) -> Sequence[UUID]:
        """Released holds whose reasons may speak of these: their streams."""
        rows = await self._unit.conn.fetch(
            "SELECT hold_id FROM invoicing.legal_holds WHERE tenant_id = $1"
            " AND subject_id = ANY($2::uuid[]) AND released_at IS NOT NULL ORDER BY hold_id",
            self._unit.ctx.tenant_id,
            list(subject_ids),
        )
        return [row[0] for row in rows]

    async def stopped_by(self, hold_id: UUID) -> Sequence[UUID]:
        """The erasures that this hold stopped somewhere."""
        rows = await self._unit.conn.fetch(
            "SELECT erasure_id FROM invoicing.erasures WHERE tenant_id = $1"
            " AND holds IS NOT NULL AND $2 = ANY(holds) ORDER BY erasure_id",
            self._unit.ctx.tenant_id,
            hold_id,
        )
        return [row[0] for row in rows]
