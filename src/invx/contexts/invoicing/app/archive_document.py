"""Keep what was first issued: the PDF of a finalized document, byte for byte, until it may go."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.document import Status
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class ArchiveDocument(Command):
    document_id: UUID


async def archive_document(command: ArchiveDocument, uow: InvoicingUnitOfWork) -> None:
    """Archive the PDF once; a second call changes nothing, and a draft has nothing to archive."""
    if await uow.archive.holds(command.document_id, "pdf"):
        return
    document = await uow.documents.get(command.document_id)
    if document.status in (Status.DRAFT, Status.DELETED):
        return
    [content] = await uow.facts.need(uow.rendering.pdf(document))
    uow.archive.keep(document.id, "pdf", media_type="application/pdf", content=content)
