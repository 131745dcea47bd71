"""Claims for late payment: their streams, and what is overdue."""

from collections.abc import Sequence
from uuid import UUID

from invx.contexts.invoicing.domain.interest.late_claims import LateClaims
from invx.infra.event_store import EventSourcedRepository
from invx.infra.unit_of_work import EventUnitOfWork


class PostgresLateClaims(EventSourcedRepository[LateClaims]):
    """See `app.ports_of_keeping.LateClaimsRepository`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        super().__init__(LateClaims, unit.store, unit.held)
        self._unit = unit

    async def overdue_of(
        self, legal_entity_id: UUID, after: UUID | None, limit: int
    ) -> Sequence[UUID]:
        """Documents of a legal entity that are overdue, behind one of them, in their order."""
        rows = await self._unit.conn.fetch(
            "SELECT document_id FROM invoicing.settlements WHERE tenant_id = $1"
            " AND document_id > $2 AND open_units > 0 AND overdue_from <= $3"
            " AND legal_entity_id = $4 ORDER BY document_id LIMIT $5",
            self._unit.ctx.tenant_id,
            after or UUID(int=0),
            self._unit.ctx.now,
            legal_entity_id,
            limit,
        )
        return [row[0] for row in rows]
