"""Keep the e-invoice that was first issued in a format: from then on it is these bytes (D1)."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.with_files import files_of
from invx.contexts.invoicing.domain.errors import DocumentErased, DocumentNotFinalized
from invx.contexts.invoicing.domain.status import Status
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class ArchiveEInvoice(Command):
    document_id: UUID
    format: str


def archive_kind(format: str, *, hybrid: bool) -> str:
    """Under which kind the archive holds the XML of a format, or the PDF with its XML in it."""
    return f"{'hybrid' if hybrid else 'xml'}:{format}"


async def archive_e_invoice(command: ArchiveEInvoice, uow: InvoicingUnitOfWork) -> None:
    """Make and archive the file once; a second call changes nothing.

    Raises DocumentNotFinalized for a draft, and for a voided document of which no such file had
    left the house; DocumentErased; NotRepresentable, and Invalid that names the fields the format
    needs.
    """
    profile = uow.e_invoices.profile(command.format)
    kind = archive_kind(command.format, hybrid=profile is not None)
    if await uow.archive.holds(command.document_id, kind):
        return
    document = await uow.documents.get(command.document_id)
    document.ensure_exists()
    if document.erased and document.status is not Status.DRAFT:
        raise DocumentErased
    if document.status is Status.DRAFT or document.voided:
        raise DocumentNotFinalized(f"The document is {document.status}.")
    files = await files_of(document, uow)
    file, media_type = uow.e_invoices.xml(document, command.format, files), "application/xml"
    if profile is not None:
        [xml] = await uow.facts.need(file)
        file, media_type = uow.rendering.hybrid(document, xml, profile), "application/pdf"
    [stored] = await uow.facts.need(uow.storing.kept(file))
    uow.archive.keep(document.id, kind, media_type=media_type, stored=stored)
