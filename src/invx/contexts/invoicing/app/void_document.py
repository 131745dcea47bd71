"""Take back a finalized document that nobody outside has seen; its number stays used."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.finalize_document import Finalized
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.recognize_revenue import watch_revenue
from invx.contexts.invoicing.app.tell_engine import owe_engine_void
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.delivery.delivery import delivery_id
from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.contexts.invoicing.domain.settlement import settlement_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidDocument(Command):
    document_id: UUID
    reason: str | None = None
    expected_version: int | None = None


async def void_document(command: VoidDocument, uow: InvoicingUnitOfWork) -> Finalized:
    """Raises DocumentReleasedAlready, DocumentSettled, DocumentCredited, PeriodClosed.

    Then cancel it instead: the cancellation stands in an open period.
    """
    document = await uow.documents.get(command.document_id)
    expect(document, command.expected_version)
    document.ensure_finalized()
    settlement = None
    if document.content.type is not DocumentType.PROFORMA:
        settlement = await uow.settlements.get(settlement_id(document.id))
    entity = await uow.legal_entities.get(document.legal_entity_id)
    if document.issue_date is not None and settlement is not None:
        entity.closed.ensure_open(PeriodKind.DOCUMENTS, document.issue_date, "")
    settled = settlement is not None and bool(settlement.entries)
    delivery = await uow.deliveries.find(delivery_id(document.id))
    document.void(command.reason, settled=settled, now=uow.ctx.now)
    if delivery is not None:
        delivery.close()
        document.note_way(delivery.way)
    owe_engine_void(document, uow)
    watch_revenue(document, uow)
    if settlement is not None:
        settlement.close_void(closed=entity.closed)
    if document.links.credits is not None:
        original = await uow.documents.get(document.links.credits)
        original.withdraw_credit(document.id)
        watch_revenue(original, uow)
    return Finalized(document, settlement)
