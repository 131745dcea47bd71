"""Note that something is still open after the due date; a due job of the tenant's clock."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class MarkOverdue(Command):
    document_id: UUID


async def mark_overdue(command: MarkOverdue, uow: InvoicingUnitOfWork) -> None:
    """Note that something is still open after the due date; harmless when nothing is."""
    settlement = await uow.settlements.get(settlement_id(command.document_id))
    settlement.become_overdue(uow.ctx.now)
