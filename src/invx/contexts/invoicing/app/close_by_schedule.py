"""Close the months of a legal entity that its rules want closed; a due job of business time."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.periods.locks import Closing
from invx.contexts.invoicing.domain.periods.period_events import ClosingCause
from invx.contexts.invoicing.domain.periods.schedule import closings_on, next_closing
from invx.kernel.messages import Command
from invx.rules.calendar.zones import start_of_day

JOB = "close_periods"


@dataclass(frozen=True, slots=True)
class CloseBySchedule(Command):
    legal_entity_id: UUID


async def close_by_schedule(command: CloseBySchedule, uow: InvoicingUnitOfWork) -> None:
    """Close what is due; what waits for an exchange rate is tried again tomorrow."""
    await uow.periods.shut_out_writers()
    entity = await uow.legal_entities.find(command.legal_entity_id)
    if entity is None or entity.details.seller is None or not entity.details.period_closing:
        return
    today = entity.today(uow.ctx.now)
    late = False
    for wanted in closings_on(entity.details.period_closing, today):
        if _is_done(entity, wanted):
            continue
        if await uow.periods.unsettled(entity.id, wanted):
            late = True
        else:
            entity.close_periods(wanted, uow.ctx.now, ClosingCause.SCHEDULE)
    schedule_closing(entity, uow, late=late)


def schedule_closing(entity: LegalEntity, uow: InvoicingUnitOfWork, *, late: bool = False) -> None:
    """Come back when the next month is due; tomorrow if something is `late`."""
    today = entity.today(uow.ctx.now)
    due = next_closing(entity.details.period_closing, today)
    if due is not None:
        day = today + timedelta(days=1) if late else due
        moment = start_of_day(day, entity.details.time_zone)
        uow.jobs.schedule(JOB, str(entity.id), due_at=moment)


def begin_closing(entity: LegalEntity, uow: InvoicingUnitOfWork) -> None:
    """The rules became others: what is due by them is closed at once."""
    if entity.details.period_closing:
        uow.jobs.schedule(JOB, str(entity.id), due_at=uow.ctx.now)


def _is_done(entity: LegalEntity, wanted: Closing) -> bool:
    lock = entity.locks.held.get(wanted.scope)
    return lock is not None and lock.through >= wanted.through
