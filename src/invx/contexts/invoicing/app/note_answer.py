"""What a channel said, on the document and its delivery: the same for answers soon and late."""

from uuid import UUID

from invx.contexts.invoicing.app.open_delivery import queue_cleared
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.delivery.delivery import Delivery
from invx.contexts.invoicing.domain.delivery.transmission import (
    Answer,
    ClearanceStatus,
    DeliveryStatus,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.status import Status

_LEFT = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.VIEWED)


async def note_answer(
    document: Document,
    delivery: Delivery,
    transmission_id: UUID,
    answer: Answer,
    uow: InvoicingUnitOfWork,
    *,
    sha256: str | None = None,
) -> None:
    """Remember it; what was cleared now goes on to the buyer by the channels that wait for that."""
    before = delivery.clearance
    delivery.note(transmission_id, answer, now=uow.ctx.now, sha256=sha256)
    if delivery.clearance is ClearanceStatus.CLEARED and delivery.clearance is not before:
        await _send_on(document, delivery, uow)
    document.note_way(delivery.way)
    if delivery.status in _LEFT and document.status is Status.FINALIZED:
        channel = delivery.transmission(transmission_id).channel
        document.mark_released(uow.ctx.now, how=channel)


async def _send_on(document: Document, delivery: Delivery, uow: InvoicingUnitOfWork) -> None:
    if document.status is not Status.FINALIZED:
        return
    entity = await uow.legal_entities.get(document.legal_entity_id)
    queue_cleared(document, delivery, entity, uow)
