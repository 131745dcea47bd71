"""What must be so before a period is closed, asked of the ledgers."""

from uuid import UUID

from invx.contexts.invoicing.adapters.personal_data import shut_out_writers
from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.contexts.invoicing.domain.periods.locks import Closing
from invx.contexts.invoicing.domain.tax.tax_points import period_of
from invx.infra.unit_of_work import EventUnitOfWork

_OF_TAX = """
SELECT count(*) FROM invoicing.tax_entries WHERE tenant_id = $1 AND legal_entity_id = $2
    AND provisional AND period <= $3
"""
_OF_BOOKS = """
SELECT count(*) FROM invoicing.bookings WHERE tenant_id = $1 AND legal_entity_id = $2
    AND pending AND booked_on <= $3
"""


class PostgresPeriods:
    """See `app.ports_of_keeping.Periods`."""

    def __init__(self, unit: EventUnitOfWork) -> None:
        self._unit = unit

    async def shut_out_writers(self) -> None:
        """From now until the end of this transaction nobody else writes for the tenant."""
        await shut_out_writers(self._unit.conn, self._unit.ctx.tenant_id)

    async def unsettled(self, legal_entity_id: UUID, wanted: Closing) -> int:
        """How many of its entries or bookings wait for an exchange rate."""
        asked = [self._unit.ctx.tenant_id, legal_entity_id]
        match wanted.kind:
            case PeriodKind.TAX:
                statement, values = _OF_TAX, [*asked, period_of(wanted.through)]
                if wanted.registration is not None:
                    statement += " AND registration_id = $4"
                    values.append(wanted.registration)
            case PeriodKind.ACCOUNTING:
                statement, values = _OF_BOOKS, [*asked, wanted.through]
            case PeriodKind.DOCUMENTS | PeriodKind.PAYMENTS:
                return 0
        found: int = await self._unit.conn.fetchval(statement, *values)
        return found
