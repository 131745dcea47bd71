"""Try a transmission again that was given up: under the same key, so that one effect follows."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.open_delivery import schedule_sending
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.transmit_document import Transmitted
from invx.contexts.invoicing.domain.delivery.delivery import delivery_id
from invx.contexts.invoicing.domain.delivery.delivery_errors import TransmissionNotFound
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class RetryTransmission(Command):
    document_id: UUID
    transmission_id: UUID


async def retry_transmission(command: RetryTransmission, uow: InvoicingUnitOfWork) -> Transmitted:
    """Queued again. Raises TransmissionNotFound, TransmissionNotFailed, DocumentNotFinalized."""
    document = await uow.documents.get(command.document_id)
    document.ensure_exists()
    delivery = await uow.deliveries.find(delivery_id(document.id))
    if delivery is None:
        raise TransmissionNotFound
    delivery.retry(command.transmission_id, now=uow.ctx.now)
    document.note_way(delivery.way)
    schedule_sending(document.id, command.transmission_id, uow)
    return Transmitted(document, delivery.transmission(command.transmission_id))
