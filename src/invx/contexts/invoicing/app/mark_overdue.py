"""Note that something is still open after its due date; a due job of the tenant's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.contexts.invoicing.app.charge_soon import charge_soon
from invx.contexts.invoicing.app.portions import schedule_for
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.kernel.messages import Command

MARK_OVERDUE = "mark_overdue"


@dataclass(frozen=True, slots=True)
class MarkOverdue(Command):
    document_ids: Sequence[UUID]


async def mark_overdue(command: MarkOverdue, uow: InvoicingUnitOfWork) -> None:
    """Note of each that something is still open after its due date, if so.

    Where instalments are still to come, the job is due again after the next of them.
    """
    ids = [settlement_id(document_id) for document_id in command.document_ids]
    for settlement in (await uow.settlements.find_all(ids)).values():
        watch_dues(settlement, uow)
        await charge_soon(settlement, uow)


def watch_dues(settlement: Settlement, uow: InvoicingUnitOfWork) -> None:
    """Note what is overdue by now, and look again after the next due date."""
    settlement.become_overdue(uow.ctx.now)
    if moment := next_overdue(settlement, uow.ctx.now):
        schedule_for(MARK_OVERDUE, [settlement.claim.document_id], moment, uow)


def next_overdue(settlement: Settlement, after: datetime | None = None) -> datetime | None:
    """When something of it may become overdue, after this moment; None when nothing will."""
    if not settlement.open:
        return None
    return settlement.dues.schedule.next_moment(settlement.standing.settled, after)
