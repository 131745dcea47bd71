"""Erase the personal data in one document: for a buyer who has no id as a customer (D4).

What is kept by law, and how values go, is the same for all erasures.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.delete_file import let_go
from invx.contexts.invoicing.app.forget_files import forget_soon
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.with_files import named_files
from invx.contexts.invoicing.domain.delivery.delivery import delivery_id
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.keeping.erasure_events import Kept
from invx.contexts.invoicing.domain.retention import retention_of
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.messages import Command
from invx.rules.tax.packs import Packs


@dataclass(frozen=True, slots=True)
class EraseDocument(Command):
    document_id: UUID


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was done: documents whose buyer is erased, and those that the law keeps."""

    erased: tuple[UUID, ...]
    kept: tuple[Kept, ...]


async def erase_document(command: EraseDocument, uow: InvoicingUnitOfWork) -> Erasure:
    """Erase whomever this document speaks of, unless the law still keeps it. Again does no harm.

    A draft that was thrown away can be erased, too. The seller's own data is not the buyer's and
    stays. Raises DocumentNotFound.
    """
    await uow.personal_data.shut_out_writers()
    imported = await uow.imported.find(command.document_id)
    document = imported or await uow.documents.get(command.document_id)
    streams = [document.id, settlement_id(document.id), delivery_id(document.id)]
    subjects = set(await uow.personal_data.subjects_of(streams)) - {document.legal_entity_id}
    kept = kept_by_law(document, uow.packs, uow.ctx.now.date())
    if kept is not None:
        # What it said of others while it was a draft is no part of what the law keeps.
        subjects.discard(document.subject_id)
    await uow.importing.forget(subjects)
    erased = [document.id] if document.subject_id in subjects else []
    touched = [document.id] if subjects else []
    await erase_in(touched, sorted(subjects), uow, archives_of=erased)
    return Erasure(tuple(erased), (kept,) if kept else ())


def kept_by_law(document: Document | ImportedDocument, packs: Packs, today: date) -> Kept | None:
    """What the law says of a document today; None when its buyer's data may go."""
    held = retention_of(document, packs)
    if held is None or today > held.until:
        return None
    return Kept(document.id, document.number, held.until, held.source)


async def erase_in(
    documents: Collection[UUID],
    subjects: Collection[UUID],
    uow: InvoicingUnitOfWork,
    *,
    archives_of: Collection[UUID],
) -> None:
    """Erase what these documents, and the streams beside them, say of the subjects.

    Writers are shut out.

    Each document's stream then tells that it happened, when, by whom and about whom (D3).
    """
    if not documents:
        return
    beside = [of(id) for id in documents for of in (settlement_id, delivery_id)]
    streams = [*documents, *beside]
    files = await uow.personal_data.erase(subjects, streams, archives_of=archives_of)
    forget_soon(files, uow)
    found = await uow.documents.find_all(documents)
    for document in found.values():
        document.note_erasure(subjects)
    for imported in (await uow.imported.find_all(documents)).values():
        imported.note_erasure(subjects)
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
