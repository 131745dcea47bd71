"""Erase all that is held of a subject, but for documents that the law still keeps (D4)."""

from uuid import UUID

from invx.contexts.invoicing.app.erase_document import Erasure, erase_in, kept_by_law
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.keeping.erasure_events import Kept


async def erase_subject(subject: UUID, uow: InvoicingUnitOfWork) -> Erasure:
    """Erase what may go now and name what may not. Running it again erases what has become free."""
    await uow.personal_data.shut_out_writers()
    await uow.importing.forget([subject])
    touched: list[UUID] = []
    erased: list[UUID] = []
    kept: list[Kept] = []
    for document in await _documents_of(subject, uow):
        # A draft may have changed hands: what an issued document said of somebody else while it was
        # a draft is no part of what the law keeps.
        if document.subject_id == subject:
            if held := kept_by_law(document, uow.packs, uow.ctx.now.date()):
                kept.append(held)
                continue
            erased.append(document.id)
        touched.append(document.id)
    await erase_in(touched, [subject], uow, archives_of=erased)
    return Erasure(tuple(erased), tuple(kept))


async def _documents_of(
    subject: UUID, uow: InvoicingUnitOfWork
) -> list[Document | ImportedDocument]:
    """The documents that name this subject, or whose settlement or delivery does."""
    streams = await uow.personal_data.streams_of(subject)
    settlements = await uow.settlements.find_all(streams)
    about = [settlement.claim.document_id for settlement in settlements.values()]
    deliveries = await uow.deliveries.find_all(streams)
    about += [delivery.document_id for delivery in deliveries.values()]
    ids = [*streams, *about]
    issued = (await uow.documents.find_all(ids)).values()
    return [*issued, *(await uow.imported.find_all(ids)).values()]
