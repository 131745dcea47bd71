"""Hand a queued document to its channel; a due job, and nothing of it within a transaction (E2)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from invx.contexts.invoicing.app.archive_document import ArchiveDocument, archive_document
from invx.contexts.invoicing.app.archive_e_invoice import (
    ArchiveEInvoice,
    archive_e_invoice,
    archive_kind,
)
from invx.contexts.invoicing.app.ask_transmission import schedule_asking
from invx.contexts.invoicing.app.asked import Archived
from invx.contexts.invoicing.app.note_answer import note_answer
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.delivery.delivery import Delivery, delivery_id
from invx.contexts.invoicing.domain.delivery.transmission import (
    PDF,
    Parcel,
    Reason,
    Transmission,
    TransmissionStatus,
    key_of,
)
from invx.contexts.invoicing.domain.document import Document
from invx.kernel.errors import Conflict, Gone, Invalid
from invx.kernel.messages import Command

# A job that schedules itself anew must say another moment than the one at which it was due.
_AT_ONCE = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class SendTransmission(Command):
    document_id: UUID
    transmission_id: UUID


async def send_transmission(command: SendTransmission, uow: InvoicingUnitOfWork) -> None:
    """Archive what goes out, then send those very bytes, then remember what the channel said.

    Each is a transaction of its own. A crash between sending and remembering leads to another
    sending under the same key. Harmless when it is not queued any more.
    """
    delivery = await uow.deliveries.get(delivery_id(command.document_id))
    transmission = delivery.transmission(command.transmission_id)
    if transmission.status is not TransmissionStatus.QUEUED:
        return
    document = await uow.documents.get(command.document_id)
    archived = await uow.archive.find(document.id, _kind(transmission, uow))
    if archived is None:
        await _archive(document, delivery, transmission, uow)
        return
    [content] = await uow.facts.need(uow.storing.content(archived))
    parcel = _parcel(document, transmission, archived, content, uow)
    fact = uow.transmissions.send(transmission.channel, parcel, transmission.attempts)
    [answer] = await uow.facts.need(fact)
    await note_answer(document, delivery, transmission.id, answer, uow, sha256=parcel.sha256)
    after = delivery.transmission(transmission.id)
    if after.status is TransmissionStatus.QUEUED and after.next_attempt_at is not None:
        _schedule(command, uow, after=after.next_attempt_at - uow.ctx.now)
    elif answer.more:
        schedule_asking(document.id, transmission.id, 0, uow)


def _kind(transmission: Transmission, uow: InvoicingUnitOfWork) -> str:
    if transmission.format == PDF:
        return "pdf"
    hybrid = uow.e_invoices.profile(transmission.format) is not None
    return archive_kind(transmission.format, hybrid=hybrid)


async def _archive(
    document: Document, delivery: Delivery, transmission: Transmission, uow: InvoicingUnitOfWork
) -> None:
    """What cannot be written fails visibly: it would fail the same way every time."""
    try:
        if transmission.format == PDF:
            await archive_document(ArchiveDocument(document.id), uow)
        else:
            await archive_e_invoice(ArchiveEInvoice(document.id, transmission.format), uow)
    except (Invalid, Conflict, Gone) as error:
        said = "; ".join(f"{each.pointer}: {each.detail}" for each in error.problems)
        reason = Reason(code=error.code, text=said or error.detail)
        delivery.fail(transmission.id, reason, now=uow.ctx.now)
        document.note_way(delivery.way)
        return
    _schedule(SendTransmission(document.id, transmission.id), uow, after=_AT_ONCE)


def _parcel(
    document: Document,
    transmission: Transmission,
    archived: Archived,
    content: bytes,
    uow: InvoicingUnitOfWork,
) -> Parcel:
    return Parcel(
        key=key_of(document.id, transmission.revision, transmission.channel),
        tenant_id=uow.ctx.tenant_id,
        document_id=document.id,
        number=document.number or "",
        revision=transmission.revision,
        format=transmission.format,
        media_type=archived.media_type,
        content=content,
        sha256=archived.stored.sha256,
        recipient=transmission.recipient,
    )


def _schedule(command: SendTransmission, uow: InvoicingUnitOfWork, *, after: timedelta) -> None:
    uow.jobs.schedule(
        "send_transmission",
        str(command.transmission_id),
        due_at=uow.ctx.now + after,
        payload={"document": str(command.document_id)},
    )
