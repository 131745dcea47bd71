"""Keep the PDF of an imported document, byte for byte, with its hash."""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.importing.errors import DocumentNotImported, FileNotPdf
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.kernel.messages import Command

_PDF = b"%PDF-"
_HEAD_BYTES = 1024  # within which readers look for the mark


@dataclass(frozen=True, slots=True)
class KeepForeignFile(Command):
    document_id: UUID
    content: bytes


async def keep_foreign_file(command: KeepForeignFile, uow: InvoicingUnitOfWork) -> ImportedDocument:
    """The document with its PDF; the same bytes again change nothing.

    Raises FileNotPdf, DocumentNotFound, DocumentNotImported, DocumentPurged, ForeignFileIsKept.
    """
    if _PDF not in command.content[:_HEAD_BYTES]:
        raise FileNotPdf
    document = await uow.imported.find(command.document_id)
    if document is None:
        await uow.documents.get(command.document_id)
        raise DocumentNotImported
    digest = sha256(command.content).hexdigest()
    if document.keep_file(digest, len(command.content), uow.ctx.now):
        [stored] = await uow.facts.need(uow.storing.given(command.content, digest))
        uow.archive.keep(document.id, "pdf", media_type="application/pdf", stored=stored)
    return document
