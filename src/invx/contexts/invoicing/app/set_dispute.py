"""Say that the buyer contests a document, or no longer does."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.charge_soon import charge_soon
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.dispute import clear_dispute, raise_dispute
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDispute(Command):
    document_id: UUID
    disputed: bool
    reason: str | None = None


async def set_dispute(command: SetDispute, uow: InvoicingUnitOfWork) -> Settlement:
    """The buyer contests the document, or no longer does."""
    settlement = await uow.settlements.get(settlement_id(command.document_id))
    if command.disputed:
        raise_dispute(settlement, command.reason)
    else:
        clear_dispute(settlement, command.reason)
        await charge_soon(settlement, uow)
    return settlement
