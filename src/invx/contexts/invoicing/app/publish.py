"""Which contracts follow from which events; pure functions of one event."""

from uuid import UUID

from invx.contexts.invoicing.domain.document_events import (
    DeliveryChanged,
    DocumentFinalized,
    DocumentRevised,
    DocumentVoided,
)
from invx.contexts.invoicing.domain.settlement_events import BecameOverdue, EntryRecorded
from invx.contracts.invoicing import (
    DeliveryChangedV1,
    DocumentFinalizedV1,
    DocumentVoidedV1,
    PaymentOverdueV1,
    SettlementChangedV1,
)
from invx.kernel.messages import Contract, Event


def contract_of(stream_id: UUID, event: Event) -> Contract | None:
    """What the other contexts are told of this event, if anything."""
    match event:
        case DocumentFinalized():
            content, totals = event.content, event.totals
            return DocumentFinalizedV1(
                document_id=stream_id,
                legal_entity_id=event.legal_entity_id,
                type=str(content.type),
                number=event.number,
                issue_date=event.issue_date,
                currency=content.currency,
                net=totals.net,
                tax=totals.tax,
                gross=totals.gross,
                due=totals.due,
                due_date=event.due_date,
                customer=content.buyer.customer if content.buyer else None,
                credits=event.links.credits,
                test=event.mode == "test",
            )
        case DocumentVoided() | DocumentRevised():
            return DocumentVoidedV1(document_id=stream_id, legal_entity_id=event.legal_entity_id)
        case DeliveryChanged():
            return DeliveryChangedV1(
                document_id=stream_id,
                legal_entity_id=event.legal_entity_id,
                delivery=str(event.way.delivery),
                clearance=str(event.way.clearance),
                authority_id=event.way.authority_id,
            )
        case EntryRecorded():
            claim, entry, after = event.claim, event.entry, event.after
            return SettlementChangedV1(
                document_id=claim.document_id,
                legal_entity_id=claim.legal_entity_id,
                customer=claim.customer,
                currency=claim.currency,
                entry=str(entry.kind),
                amount=entry.amount,
                on=entry.on,
                open=after.open,
                surplus=after.surplus,
                status=str(after.status),
            )
        case BecameOverdue():
            claim, after = event.claim, event.after
            return PaymentOverdueV1(
                document_id=claim.document_id,
                legal_entity_id=claim.legal_entity_id,
                customer=claim.customer,
                currency=claim.currency,
                due_date=event.due_date or claim.due_date,
                amount=after.open if event.amount is None else event.amount,
                open=after.open,
            )
        case _:
            return None
