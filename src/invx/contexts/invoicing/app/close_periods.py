"""Close the days of a legal entity that are over, for one kind of thing (D5)."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.periods.locks import Closing, PeriodUnsettled
from invx.contexts.invoicing.domain.periods.period_events import ClosingCause
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePeriods(Command):
    legal_entity_id: UUID
    closing: Closing
    cause: ClosingCause = ClosingCause.BY_HAND
    expected_version: int | None = None


async def close_periods(command: ClosePeriods, uow: InvoicingUnitOfWork) -> LegalEntity:
    """The legal entity with all days up to that one closed; closing again changes nothing.

    Writers are shut out for the moment: whoever began before is done, and whoever begins after sees
    the lock, so nothing lands in a closed period. Raises PeriodMalformed, PeriodNotOver,
    PeriodWouldReopen and PeriodUnsettled.
    """
    await uow.periods.shut_out_writers()
    entity = await uow.legal_entities.get(command.legal_entity_id)
    expect(entity, command.expected_version)
    if entity.close_periods(command.closing, uow.ctx.now, command.cause):
        waiting = await uow.periods.unsettled(entity.id, command.closing)
        if waiting:
            raise PeriodUnsettled(f"{waiting} of its entries wait for an exchange rate.")
    return entity
