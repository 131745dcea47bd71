"""Erase the personal data in one document: for a buyer who has no id as a customer (D4).

What is kept by law, and how values go, is the same for all erasures.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.delete_file import let_go
from invx.contexts.invoicing.app.forget_files import forget_soon
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.with_files import named_files
from invx.contexts.invoicing.domain.approval.approval import approval_id
from invx.contexts.invoicing.domain.delivery.delivery import delivery_id
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.interest.late_claims import late_claims_id
from invx.contexts.invoicing.domain.keeping.erasure import Erasure
from invx.contexts.invoicing.domain.keeping.erasure_events import Kept
from invx.contexts.invoicing.domain.keeping.legal_hold import Holds
from invx.contexts.invoicing.domain.retention import retention_of
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.messages import Command
from invx.rules.tax.packs import Packs

# The streams that speak of a document beside its own.
_BESIDE = (settlement_id, delivery_id, approval_id, late_claims_id)


@dataclass(frozen=True, slots=True)
class EraseDocument(Command):
    document_id: UUID


async def erase_document(command: EraseDocument, uow: InvoicingUnitOfWork) -> Erasure:
    """Erase whomever this document speaks of, unless the law or a hold keeps it. Again is no harm.

    A draft that was thrown away can be erased, too. The seller's own data is not the buyer's and
    stays. Raises DocumentNotFound, DocumentPurged.
    """
    await uow.personal_data.shut_out_writers()
    imported = await uow.imported.find(command.document_id)
    if imported is not None:
        imported.ensure_not_purged()
    document = imported or await uow.documents.get(command.document_id)
    said = await uow.personal_data.subjects_of(streams_about(document.id))
    subjects = set().union(*said.values()) - {document.legal_entity_id}
    holds = await uow.legal_holds.standing()
    kept = kept_of(document, holds, uow.packs, uow.ctx.now.date())
    stopped = {holds.subjects[each] for each in subjects & holds.subjects.keys()}
    subjects -= holds.subjects.keys()
    if kept is not None:
        # What it said of others while it was a draft is no part of what the law keeps.
        subjects.discard(document.subject_id)
        if kept.hold_id is not None:
            stopped.add(kept.hold_id)
            subjects.clear()
    await uow.importing.forget(subjects)
    erased = [document.id] if document.subject_id in subjects else []
    touched = {document.id: subjects} if subjects else {}
    await erase_in(touched, uow, archives_of=erased, about=subjects)
    return Erasure(tuple(erased), (kept,) if kept else (), tuple(sorted(stopped)))


def streams_about(document_id: UUID) -> list[UUID]:
    """The streams that speak of a document: its own, and those beside it."""
    return [document_id, *(of(document_id) for of in _BESIDE)]


def kept_of(
    document: Document | ImportedDocument, holds: Holds, packs: Packs, today: date
) -> Kept | None:
    """What keeps a document today, the law, a legal hold or both; None when its data may go."""
    held = retention_of(document, packs)
    law = held if held is not None and today <= held.until else None
    hold_id = holds.on(document)
    if law is None and hold_id is None:
        return None
    until, source = (law.until, law.source) if law else (None, None)
    return Kept(document.id, document.number, until, source, hold_id)


async def erase_in(
    documents: Mapping[UUID, Collection[UUID]],
    uow: InvoicingUnitOfWork,
    *,
    archives_of: Collection[UUID],
    about: Collection[UUID] = (),
    purged: bool = False,
) -> None:
    """Erase what these documents, and the streams beside them, say of their subjects.

    What is erased is all that any of these streams says of any of the subjects. So do released
    holds that are `about` somebody. Writers are shut out. Each document's stream then tells that it
    happened, when, by whom and about whom (D3).
    """
    of_holds = await uow.legal_holds.released_about(about)
    if not documents and not of_holds:
        return
    streams = [stream for id in documents for stream in streams_about(id)]
    subjects = set(about).union(*documents.values())
    files = await uow.personal_data.erase(
        sorted(subjects), [*streams, *of_holds], archives_of=archives_of
    )
    forget_soon(files, uow)
    found = await uow.documents.find_all(documents)
    imported = await uow.imported.find_all(documents)
    for id, document in found.items():
        document.note_erasure(documents[id], purged=purged)
    for id, foreign in imported.items():
        foreign.note_erasure(documents[id], purged=purged)
    await _erase_files([found[id] for id in archives_of if id in found], uow)


async def _erase_files(documents: Sequence[Document], uow: InvoicingUnitOfWork) -> None:
    """The uploaded files of erased documents go too, unless others name them."""
    named: list[UUID] = []
    for document in documents:
        if files := named_files(document.content):
            await uow.attached.release(document.id)
            named += files
    if named:
        used = await uow.attached.in_use(named)
        await let_go([id for id in dict.fromkeys(named) if id not in used], uow)
