"""A tax return was filed: its period takes nothing any more for that registration."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.close_periods import ClosePeriods, close_periods
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.contexts.invoicing.domain.periods.locks import Closing
from invx.contexts.invoicing.domain.periods.period_events import ClosingCause
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseReturn(Command):
    """`last` is the last day of the return's period."""

    legal_entity_id: UUID
    registration: UUID
    last: date
    hard: bool = False


async def close_return(command: CloseReturn, uow: InvoicingUnitOfWork) -> LegalEntity:
    """The legal entity. A return whose period is closed already changes nothing.

    Raises what `close_periods` raises.
    """
    entity = await uow.legal_entities.get(command.legal_entity_id)
    closed = entity.closed.last(PeriodKind.TAX, command.registration)
    if closed is not None and command.last <= closed and not command.hard:
        return entity
    closing = Closing(
        kind=PeriodKind.TAX,
        through=command.last,
        registration=command.registration,
        hard=command.hard,
    )
    uow.start_over()  # it is read once more when nobody else writes
    return await close_periods(
        ClosePeriods(legal_entity_id=entity.id, closing=closing, cause=ClosingCause.RETURN), uow
    )
