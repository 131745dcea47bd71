"""The past of a document: what happened to it, and what it was at any moment."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.approval.approval import approval_id
from invx.contexts.invoicing.domain.delivery.delivery import delivery_id
from invx.contexts.invoicing.domain.delivery.delivery_events import (
    ClearancePending,
    ClearanceRejected,
    Cleared,
    TransmissionDelayed,
    TransmissionFailed,
    TransmissionQueued,
    TransmissionRejected,
    TransmissionSent,
)
from invx.contexts.invoicing.domain.delivery.transmission import Reason
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import (
    CreditRecorded,
    DeliveryChanged,
    DocumentCancelled,
    DocumentFinalized,
    DocumentReleased,
    DocumentReplaced,
    DocumentRevised,
    DraftCreated,
    DraftEdited,
    DraftPatched,
)
from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.importing.imported_events import DocumentImported
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.contexts.invoicing.domain.settlement_events import (
    BecameOverdue,
    EntryRecorded,
    PaymentPlanAgreed,
    PaymentPlanEnded,
    SettlementStatusChanged,
    WithholdingCertified,
)
from invx.contexts.invoicing.domain.status import Status
from invx.contexts.invoicing.read.approval_history import approval_details
from invx.contexts.invoicing.read.resource import document_resource
from invx.contexts.invoicing.read.rows import document_row, settlement_row
from invx.contexts.invoicing.read.views import (
    INVOICE,
    Shown,
    document_json,
    document_summary,
    entry_source,
    instant,
)
from invx.infra.event_store import EventStore, Recorded
from invx.kernel.ids import typeid
from invx.kernel.messages import Event


async def document_history(store: EventStore, document_id: UUID) -> list[dict[str, Any]]:
    """Everything that happened to a document and the streams beside it, oldest first."""
    events = await _past(store, document_id)
    about = {
        document_id: "invoice",
        delivery_id(document_id): "delivery",
        approval_id(document_id): "approval",
    }
    return [
        {
            "object": "history_entry",
            "type": type(each.event).__name__,
            "about": about.get(each.stream_id, "settlement"),
            "version": each.version,
            "at": instant(each.occurred_at),
            "recorded_at": instant(each.recorded_at),
            "actor": each.actor,
            "request_id": str(each.correlation_id),
            "details": _details(each.event),
        }
        for each in events
    ]


async def document_as_of(store: EventStore, document_id: UUID, moment: datetime) -> Shown:
    """The document as it was at a moment of business time. Raises DocumentNotFound before that."""
    past = [each for each in await _past(store, document_id) if each.occurred_at <= moment]
    own = [each.event for each in past if each.stream_id == document_id]
    settled = [each.event for each in past if each.stream_id == settlement_id(document_id)]
    if not own:
        raise DocumentNotFound
    kind = ImportedDocument if isinstance(own[0], DocumentImported) else Document
    document: Document | ImportedDocument = kind.rehydrate(document_id, own)
    if document.status is Status.DELETED:
        raise DocumentNotFound
    settlement = None
    if settled:
        settlement = settlement_row(Settlement.rehydrate(settlement_id(document_id), settled))
    summary = document_summary(document_id, document_row(document), settlement, moment)
    resource = msgspec.json.encode(document_resource(document))
    return Shown(document.version, document_json(summary, resource))


async def _past(store: EventStore, document_id: UUID) -> list[Recorded]:
    """All its streams in the order in which their events were recorded. Raises DocumentNotFound."""
    events = await store.history(document_id)
    if not events or not isinstance(
        events[0].event, DraftCreated | DocumentFinalized | DocumentImported
    ):
        raise DocumentNotFound
    events += await store.history(settlement_id(document_id))
    events += await store.history(delivery_id(document_id))
    events += await store.history(approval_id(document_id))
    return sorted(events, key=lambda each: (each.recorded_at, each.event_id))


def _details(event: Event) -> dict[str, Any]:
    """What a reader wants to know at a glance; the whole is in the state at that moment."""
    match event:
        case DraftCreated() | DraftEdited() | DocumentImported():
            totals = event.totals
            return {"currency": totals.currency, "gross": str(totals.gross)}
        case DraftPatched():
            return {
                "currency": event.totals.currency,
                "gross": str(event.totals.gross),
                "changed_lines": [line.id for line in event.changed],
                "removed_lines": list(event.removed),
            }
        case DocumentFinalized():
            return {
                "number": event.number,
                "issue_date": event.issue_date.isoformat(),
                "gross": str(event.totals.gross),
            }
        case DocumentReleased():
            return {"how": event.how}
        case CreditRecorded():
            note = typeid(INVOICE, event.credit_note_id)
            return {"credit_note": note, "gross": str(event.credited.gross)}
        case DocumentCancelled():
            return {"cancelled_by": typeid(INVOICE, event.cancellation_id)}
        case DocumentReplaced() | DocumentRevised():
            return {"replaced_by": typeid(INVOICE, event.replacement_id)}
        case EntryRecorded():
            entry = event.entry
            return {
                "kind": str(entry.kind),
                "amount": str(entry.amount),
                "source": entry_source(str(entry.kind), entry.source),
                "open": str(event.after.open),
            }
        case SettlementStatusChanged():
            return {"from": str(event.before), "to": str(event.status)}
        case BecameOverdue():
            missed = event.due_date or event.claim.due_date
            amount = event.after.open if event.amount is None else event.amount
            return {"amount": str(amount), "due_date": missed.isoformat() if missed else None}
        case PaymentPlanAgreed():
            parts = event.schedule.parts
            return {
                "instalments": [
                    {"due_date": str(part.due_date), "amount": str(part.amount)} for part in parts
                ],
                "reason": event.reason,
            }
        case WithholdingCertified():
            said = event.certificate
            return {"source": said.source, "amount": str(said.amount), "final": said.final}
        case PaymentPlanEnded():
            return {"reason": event.reason}
        case DeliveryChanged():
            return {"delivery": str(event.way.delivery), "clearance": str(event.way.clearance)}
        case _:
            return _delivery_details(event)


def _delivery_details(event: Event) -> dict[str, Any]:
    match event:
        case ClearancePending():
            return {"rule": str(event.rule)}
        case TransmissionQueued():
            return {"channel": event.channel, "format": event.format}
        case TransmissionSent():
            return {"attempt": event.attempt, "receipt": event.receipt, "sha256": event.sha256}
        case TransmissionDelayed():
            at = instant(event.next_attempt_at)
            return {"attempt": event.attempt, "next_attempt_at": at, **_reasons(event.reasons)}
        case TransmissionFailed() | TransmissionRejected() | ClearanceRejected():
            return _reasons(event.reasons)
        case Cleared():
            return {"authority_id": event.authority_id}
        case _:
            return approval_details(event)


def _reasons(reasons: tuple[Reason, ...] | None) -> dict[str, Any]:
    return {"reasons": msgspec.to_builtins(list(reasons or ()))}
