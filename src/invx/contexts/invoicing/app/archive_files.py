"""Make the files of many documents, as first issued, where they are not archived yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.archive_document import ArchiveDocument, archive_document
from invx.contexts.invoicing.app.archive_e_invoice import (
    ArchiveEInvoice,
    archive_e_invoice,
    archive_kind,
)
from invx.contexts.invoicing.app.each_apart import Apart, each_apart
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.errors import DocumentNotFinalized
from invx.kernel.errors import DomainError
from invx.kernel.messages import Command

PDF = "pdf"


@dataclass(frozen=True, slots=True)
class ArchiveFiles(Command):
    """`files` are `pdf` and formats of e-invoices. A handful of documents: all is in memory."""

    document_ids: Sequence[UUID]
    files: Sequence[str]


def kind_of(file: str, *, hybrid: bool) -> str:
    """Under which kind the archive holds such a file."""
    return PDF if file == PDF else archive_kind(file, hybrid=hybrid)


async def archive_files(
    command: ArchiveFiles, uow: InvoicingUnitOfWork
) -> Sequence[DomainError | None]:
    """Why a document lacks one of the files, or None for each that has them all.

    All facts that are lacking are asked for at once: first PDFs and XML, then hybrids.
    """
    wanted = [(id, file) for id in command.document_ids for file in command.files]

    async def archive(one: tuple[UUID, str]) -> None:
        id, file = one
        if (await uow.documents.get(id)).number is None:
            raise DocumentNotFinalized
        if file == PDF:
            await archive_document(ArchiveDocument(id), uow)
        else:
            await archive_e_invoice(ArchiveEInvoice(id, file), uow)

    async def attempt(apart: Apart) -> Sequence[DomainError | None]:
        await uow.documents.find_all(command.document_ids)
        done = await apart.each(enumerate(wanted), archive, undo=lambda _: True)
        return apart.outcomes(len(wanted), done)

    found = await each_apart(attempt, uow)
    size = len(command.files)
    return [
        next((each for each in found[at : at + size] if each is not None), None)
        for at in range(0, len(found), size)
    ]
