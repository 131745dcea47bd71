"""Keep what was first issued: the PDF of a finalized document, byte for byte, until it may go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.errors import DocumentErased
from invx.contexts.invoicing.domain.status import Status
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class ArchiveDocument(Command):
    document_id: UUID


@dataclass(frozen=True, slots=True)
class ArchiveDocuments(Command):
    """A handful: all of their PDFs are held in memory at once."""

    document_ids: Sequence[UUID]


async def archive_document(command: ArchiveDocument, uow: InvoicingUnitOfWork) -> None:
    """Archive the PDF once; a second call changes nothing, and a draft has nothing to archive.

    Raises DocumentErased: what was first issued is gone, and nothing is issued in its place.
    """
    if await uow.archive.holds(command.document_id, "pdf"):
        return
    document = await uow.documents.get(command.document_id)
    if document.erased:
        raise DocumentErased
    await _keep([document], uow)


async def archive_documents(command: ArchiveDocuments, uow: InvoicingUnitOfWork) -> None:
    """The same for several; what is not there any more, or erased, has nothing to archive."""
    kept = await uow.archive.held(command.document_ids, "pdf")
    wanted = [id for id in command.document_ids if id not in kept]
    await _keep((await uow.documents.find_all(wanted)).values() if wanted else (), uow)


async def _keep(documents: Iterable[Document], uow: InvoicingUnitOfWork) -> None:
    unissued = (Status.DRAFT, Status.DELETED)
    issued = [each for each in documents if each.status not in unissued and not each.erased]
    made = (uow.storing.kept(uow.rendering.pdf(each)) for each in issued)
    for document, stored in zip(issued, await uow.facts.need(*made), strict=True):
        uow.archive.keep(document.id, "pdf", media_type="application/pdf", stored=stored)
