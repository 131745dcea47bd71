"""What follows from finalizing for the way out: who has to clear it, what is sent of itself."""

from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.delivery.delivery import Delivery
from invx.contexts.invoicing.domain.delivery.delivery_errors import ChannelUnknown
from invx.contexts.invoicing.domain.delivery.transmission import (
    PDF,
    Channel,
    ChannelUse,
    Transmission,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Mode
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.rules.tax.packs import ClearanceRule


def open_delivery(document: Document, entity: LegalEntity, uow: InvoicingUnitOfWork) -> None:
    """Require clearance where the law does, and queue what is sent of itself.

    A document of which nothing is required and nothing sent has no delivery yet. Raises
    ChannelUnknown, and what a format refuses: no number is spent on what cannot be sent.
    """
    if document.content.type is DocumentType.PROFORMA:
        return
    rule = entity.clearance_in(uow.packs).rule
    if rule is ClearanceRule.NONE and not entity.details.transmission_channels:
        return
    delivery = Delivery.of(document)
    if rule is not ClearanceRule.NONE:
        uow.deliveries.add(delivery)
        delivery.require_clearance(document, rule)
    queue_automatic(document, delivery, entity, uow)
    document.note_way(delivery.way)


def queue_automatic(
    document: Document, delivery: Delivery, entity: LegalEntity, uow: InvoicingUnitOfWork
) -> None:
    """Queue what is sent of itself and may be by now; again changes nothing.

    While clearance is awaited only the authority gets it; the rest follows when it has cleared.
    """
    for use in _unused(delivery, entity):
        if _may_go(document, delivery, uow.transmissions.channel(use.channel)):
            queue_transmission(document, delivery, use, uow)


def queue_cleared(
    document: Document, delivery: Delivery, entity: LegalEntity, uow: InvoicingUnitOfWork
) -> None:
    """Queue what waited for the clearance. Nothing may be refused here: the clearance stands.

    What cannot be written, or goes through a channel that is gone, fails visibly when it is sent.
    """
    for use in _unused(delivery, entity):
        channel = _known_or_gone(use.channel, uow)
        if _may_go(document, delivery, channel):
            _queue(document, delivery, channel, use.format, uow)


def _unused(delivery: Delivery, entity: LegalEntity) -> list[ChannelUse]:
    used = {each.channel for each in delivery.transmissions.values()}
    uses = entity.details.transmission_channels
    return [use for use in uses if use.automatic and use.channel not in used]


def _known_or_gone(name: str, uow: InvoicingUnitOfWork) -> Channel:
    try:
        return uow.transmissions.channel(name)
    except ChannelUnknown:
        return Channel(name=name, test=True)


def _may_go(document: Document, delivery: Delivery, channel: Channel) -> bool:
    if not (channel.test if document.mode is Mode.TEST else channel.live):
        return False
    if channel.clears and delivery.rule is not ClearanceRule.NONE:
        return not any(each.clears for each in delivery.transmissions.values())
    return channel.delivers and not delivery.awaits_clearance


def queue_transmission(
    document: Document, delivery: Delivery, use: ChannelUse, uow: InvoicingUnitOfWork
) -> Transmission:
    """Queue one; its job is due at once. Raises what `Delivery.queue` and the format refuse."""
    if use.format != PDF:
        uow.e_invoices.xml(document, use.format, None)  # names what is missing; nothing is written
    return _queue(document, delivery, uow.transmissions.channel(use.channel), use.format, uow)


def _queue(
    document: Document, delivery: Delivery, channel: Channel, format: str, uow: InvoicingUnitOfWork
) -> Transmission:
    if not delivery.version:
        uow.deliveries.add(delivery)
    transmission = delivery.queue(document, channel, format, now=uow.ctx.now)
    schedule_sending(document.id, transmission.id, uow)
    return transmission


def schedule_sending(document_id: UUID, transmission_id: UUID, uow: InvoicingUnitOfWork) -> None:
    """The job that sends is due now."""
    uow.jobs.schedule(
        "send_transmission",
        str(transmission_id),
        due_at=uow.ctx.now,
        payload={"document": str(document_id)},
    )
