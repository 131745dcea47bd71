"""Remember that a document left the house, as when somebody sent it by hand."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.document import Document
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDocument(Command):
    document_id: UUID
    how: str


async def release_document(command: ReleaseDocument, uow: InvoicingUnitOfWork) -> Document:
    """Raises NotFound, DocumentNotFinalized. A second time changes nothing."""
    document = await uow.documents.get(command.document_id)
    document.mark_released(uow.ctx.now, how=command.how)
    return document
