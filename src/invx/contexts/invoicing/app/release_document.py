"""Remember that a document left the house, as when somebody sent it by hand."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.finalize_document import Finalized
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDocument(Command):
    document_id: UUID
    how: str


async def release_document(command: ReleaseDocument, uow: InvoicingUnitOfWork) -> Finalized:
    """Raises NotFound, DocumentNotFinalized. A second time changes nothing."""
    document = await uow.documents.get(command.document_id)
    document.mark_released(uow.ctx.now, how=command.how)
    return Finalized(document, await uow.settlements.find(settlement_id(document.id)))
