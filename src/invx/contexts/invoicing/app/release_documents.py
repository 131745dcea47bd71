"""Remember of documents by the hundred that they left the house; each stands for itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.bulk_invoices import Outcome
from invx.contexts.invoicing.app.each_apart import each_document
from invx.contexts.invoicing.app.finalize_document import Finalized
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.release_document import ReleaseDocument, release_document
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class ReleaseDocuments(Command):
    document_ids: Sequence[UUID]
    how: str


async def release_documents(
    command: ReleaseDocuments, uow: InvoicingUnitOfWork
) -> Sequence[Outcome]:
    """What became of each document, in order."""

    async def release(id: UUID) -> Finalized:
        return await release_document(ReleaseDocument(document_id=id, how=command.how), uow)

    return await each_document(command.document_ids, release, uow)
