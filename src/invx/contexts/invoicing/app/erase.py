"""Keep what an erasure did, and come back when what was kept may go (D4)."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from uuid import UUID

from invx.contexts.invoicing.app.erase_document import EraseDocument, erase_document
from invx.contexts.invoicing.app.erase_subject import erase_subject
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.subjects import customer_subject
from invx.contexts.invoicing.domain.errors import DocumentPurged
from invx.contexts.invoicing.domain.keeping.erasure import Erasure, ErasureRecord
from invx.kernel.errors import violated
from invx.kernel.messages import Command

JOB = "erase_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase(Command):
    """A customer everywhere, or whomever one document is for."""

    customer: str | None = None
    document_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class EraseAgain(Command):
    erasure_id: UUID


async def erase(command: Erase, uow: InvoicingUnitOfWork) -> ErasureRecord:
    """Erase what may go now; the record says what stays, why, and until when.

    Raises DocumentNotFound, DocumentPurged.
    """
    if command.customer is not None:
        subject = customer_subject(uow.ctx.tenant_id, command.customer)
        done = await erase_subject(subject, uow)
        subjects = {subject}
    else:
        document_id = command.document_id or violated("an erasure is of somebody")
        document = await uow.documents.get(document_id)
        subjects = {document.subject_id}
        done = await erase_document(EraseDocument(document_id), uow)
    record = ErasureRecord.begin(uow.ids.new(), subjects, command.document_id, done)
    uow.erasures.add(record)
    _come_back(record, uow)
    return record


async def erase_again(command: EraseAgain, uow: InvoicingUnitOfWork) -> None:
    """What has become free since: by the law's day, or as a hold was released. Safe to repeat."""
    record = await uow.erasures.get(command.erasure_id)
    early = record.next_on is None or uow.ctx.now.date() < record.next_on
    if early and not record.holds:
        return
    if record.document_id is not None:
        done = await _of_one(record.document_id, uow)
    else:
        [subject] = record.subject_ids
        done = await erase_subject(subject, uow)
    record.go_on(done)
    _come_back(record, uow)


async def _of_one(document_id: UUID, uow: InvoicingUnitOfWork) -> Erasure:
    """What of one document could go. A purge that came first took everybody in it."""
    try:
        return await erase_document(EraseDocument(document_id), uow)
    except DocumentPurged:
        return Erasure((document_id,), ())


def _come_back(record: ErasureRecord, uow: InvoicingUnitOfWork) -> None:
    if record.next_on is not None:
        moment = datetime.combine(record.next_on, time.min, UTC)
        uow.jobs.schedule(JOB, str(record.id), due_at=moment)
