"""Erase all that is held of a subject, but for what the law or a legal hold keeps (D4)."""

from uuid import UUID

from invx.contexts.invoicing.app.erase_document import erase_in, kept_of
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.keeping.erasure import Erasure
from invx.contexts.invoicing.domain.keeping.erasure_events import Kept


async def erase_subject(subject: UUID, uow: InvoicingUnitOfWork) -> Erasure:
    """Erase what may go now and name what may not. Running it again erases what has become free."""
    await uow.personal_data.shut_out_writers()
    holds = await uow.legal_holds.standing()
    held_whole = holds.subjects.get(subject)
    stopped = {held_whole} if held_whole else set()
    if held_whole is None:
        spared = await uow.importing.forget([subject], but_of=holds.legal_entities)
        stopped |= {holds.legal_entities[each] for each in spared}
    touched: list[UUID] = []
    erased: list[UUID] = []
    kept: list[Kept] = []
    for document in await _documents_of(subject, uow):
        # A draft may have changed hands: what an issued document said of somebody else while it was
        # a draft is no part of what the law keeps. A hold keeps that, too.
        stays = kept_of(document, holds, uow.packs, uow.ctx.now.date())
        hold = held_whole or (stays.hold_id if stays else None)
        if hold is not None:
            stopped.add(hold)
        if stays is not None and document.subject_id == subject:
            kept.append(stays)
        elif hold is None:
            touched.append(document.id)
            if document.subject_id == subject:
                erased.append(document.id)
    if held_whole is None:
        said = {id: [subject] for id in touched}
        await erase_in(said, uow, archives_of=erased, about=[subject])
    return Erasure(tuple(erased), tuple(kept), tuple(sorted(stopped)))


async def _documents_of(
    subject: UUID, uow: InvoicingUnitOfWork
) -> list[Document | ImportedDocument]:
    """The documents that name this subject, or what stands beside them does."""
    streams = await uow.personal_data.streams_of(subject)
    settlements = await uow.settlements.find_all(streams)
    about = [settlement.claim.document_id for settlement in settlements.values()]
    deliveries = await uow.deliveries.find_all(streams)
    about += [delivery.document_id for delivery in deliveries.values()]
    approvals = await uow.approvals.find_all(streams)
    about += [approval.document_id for approval in approvals.values()]
    claims = await uow.late_claims.find_all(streams)
    about += [each.document_id for each in claims.values()]
    ids = [*streams, *about]
    issued = (await uow.documents.find_all(ids)).values()
    return [*issued, *(await uow.imported.find_all(ids)).values()]
