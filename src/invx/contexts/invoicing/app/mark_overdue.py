"""Note that something is still open after the due date; a due job of the tenant's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class MarkOverdue(Command):
    document_ids: Sequence[UUID]


async def mark_overdue(command: MarkOverdue, uow: InvoicingUnitOfWork) -> None:
    """Note of each that something is still open after the due date, if so."""
    ids = [settlement_id(document_id) for document_id in command.document_ids]
    for settlement in (await uow.settlements.find_all(ids)).values():
        settlement.become_overdue(uow.ctx.now)
