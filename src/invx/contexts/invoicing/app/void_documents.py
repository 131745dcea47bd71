"""Void documents by the hundred; each stands for itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.bulk_invoices import Outcome
from invx.contexts.invoicing.app.each_apart import each_document
from invx.contexts.invoicing.app.finalize_document import Finalized
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.void_document import VoidDocument, void_document
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class VoidDocuments(Command):
    document_ids: Sequence[UUID]


async def void_documents(command: VoidDocuments, uow: InvoicingUnitOfWork) -> Sequence[Outcome]:
    """What became of each document, in order."""

    async def void(id: UUID) -> Finalized:
        return await void_document(VoidDocument(document_id=id), uow)

    return await each_document(command.document_ids, void, uow)
