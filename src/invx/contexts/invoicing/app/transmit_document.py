"""Send a finalized document through one of the legal entity's channels."""

from dataclasses import dataclass, replace
from uuid import UUID

from invx.contexts.invoicing.app.open_delivery import queue_transmission
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.delivery.delivery import Delivery, delivery_id
from invx.contexts.invoicing.domain.delivery.transmission import Transmission
from invx.contexts.invoicing.domain.document import Document
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmitDocument(Command):
    """Without a format it is the one that the legal entity uses on the channel."""

    document_id: UUID
    channel: str
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Transmitted:
    """A transmission, and the document that it is of."""

    document: Document
    transmission: Transmission


async def transmit_document(command: TransmitDocument, uow: InvoicingUnitOfWork) -> Transmitted:
    """Queue it; a job sends it, outside any transaction.

    Raises DocumentNotFinalized, ChannelUnknown, ClearanceRequired, TransmittedAlready, and what the
    format refuses.
    """
    document = await uow.documents.get(command.document_id)
    document.ensure_finalized()
    entity = await uow.legal_entities.get(document.legal_entity_id)
    use = entity.channel_use(command.channel)
    if command.format is not None:
        use = replace(use, format=command.format)
    delivery = await uow.deliveries.find(delivery_id(document.id)) or Delivery.of(document)
    transmission = queue_transmission(document, delivery, use, uow)
    document.note_way(delivery.way)
    return Transmitted(document, transmission)
