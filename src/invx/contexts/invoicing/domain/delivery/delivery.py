"""The way of one document out of the house: to the buyer, and to the authority that clears it."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from invx.contexts.invoicing.domain.delivery.delivery_errors import (
    ChannelUnsuitable,
    ClearanceRequired,
    ClearanceUnderWay,
    DeliveryOver,
    NothingToAsk,
    TransmissionNotFailed,
    TransmissionNotFound,
    TransmittedAlready,
)
from invx.contexts.invoicing.domain.delivery.delivery_events import (
    ClearancePending,
    ClearanceRejected,
    Cleared,
    Delivered,
    DeliveryClosed,
    TransmissionDelayed,
    TransmissionFailed,
    TransmissionQueued,
    TransmissionRejected,
    TransmissionRetried,
    TransmissionSent,
    Viewed,
)
from invx.contexts.invoicing.domain.delivery.pacing import next_attempt
from invx.contexts.invoicing.domain.delivery.transmission import (
    Answer,
    Channel,
    ClearanceStatus,
    DeliveryStatus,
    Reason,
    Transmission,
    TransmissionStatus,
    Verdict,
    Way,
    farthest,
    transmission_id,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Mode
from invx.contexts.invoicing.domain.errors import DocumentReleasedAlready
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import invariant, violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event
from invx.rules.tax.packs import ClearanceRule

Status = TransmissionStatus

_ON_THE_WAY = (Status.QUEUED, Status.SENT)
_TAKEN = (Status.SENT, Status.CLEARED, Status.DELIVERED, Status.VIEWED)


def delivery_id(document_id: UUID) -> UUID:
    """The id of a document's delivery: a stream of its own, found without looking it up."""
    return named_id(document_id, "delivery")


class Delivery(Aggregate):
    """All transmissions of a document, by id, and whether it has been cleared."""

    document_id: UUID
    legal_entity_id: UUID

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.rule = ClearanceRule.NONE
        self.clearance = ClearanceStatus.NOT_REQUIRED
        self.authority_id: str | None = None
        self.rejected_at: datetime | None = None
        self.closed = False
        self.transmissions: dict[UUID, Transmission] = {}
        self._subjects: dict[UUID, UUID] = {}

    @classmethod
    def of(cls, document: Document) -> Self:
        """The delivery of a document of which nothing was sent yet."""
        return cls(delivery_id(document.id))

    @property
    def status(self) -> DeliveryStatus:
        """The farthest that any transmission to the buyer has come."""
        return farthest(self.transmissions.values(), waiting=self.awaits_clearance)

    @property
    def way(self) -> Way:
        """What the document says of it."""
        return Way(
            delivery=self.status,
            clearance=self.clearance,
            rule=self.rule,
            authority_id=self.authority_id,
        )

    @property
    def awaits_clearance(self) -> bool:
        """Whether the buyer may not have it yet."""
        return Way(clearance=self.clearance, rule=self.rule).awaits_clearance

    def transmission(self, id: UUID) -> Transmission:
        """Raises TransmissionNotFound."""
        found = self.transmissions.get(id)
        if found is None:
            raise TransmissionNotFound
        return found

    def require_clearance(self, document: Document, rule: ClearanceRule) -> None:
        """The document, finalized right now, is for an authority to clear."""
        invariant(not self.version, "clearance is required before anything is sent")
        self.record(
            ClearancePending(
                document_id=document.id, legal_entity_id=document.legal_entity_id, rule=rule
            )
        )

    def queue(
        self, document: Document, channel: Channel, format: str, *, now: datetime
    ) -> Transmission:
        """Send it through a channel, as soon as may be; through each channel once.

        Raises ChannelUnsuitable, ClearanceRequired, ClearanceUnderWay, TransmittedAlready and
        DeliveryOver.
        """
        id = transmission_id(document.id, channel.name)
        self._ensure_may_go(document, channel, id)
        endpoint = document.content.buyer.endpoint if document.content.buyer else None
        clears = channel.clears and self.rule is not ClearanceRule.NONE
        self.record(
            TransmissionQueued(
                subject_id=document.subject_id,
                document_id=document.id,
                legal_entity_id=document.legal_entity_id,
                transmission_id=id,
                channel=channel.name,
                format=format,
                clears=clears,
                delivers=channel.delivers,
                revision=document.revision,
                recipient=f"{endpoint.scheme or ''}:{endpoint.id}" if endpoint else None,
                queued_at=now,
            )
        )
        return self.transmissions[id]

    def _ensure_may_go(self, document: Document, channel: Channel, id: UUID) -> None:
        if self.closed:
            raise DeliveryOver
        if id in self.transmissions:
            raise TransmittedAlready
        test = document.mode is Mode.TEST
        if not (channel.test if test else channel.live):
            detail = f"The channel {channel.name!r} takes no {document.mode} documents."
            raise ChannelUnsuitable(detail)
        if not channel.clears or self.rule is ClearanceRule.NONE:
            if not channel.delivers:
                raise ChannelUnsuitable("No authority has to clear this document.")
            if self.awaits_clearance:
                raise ClearanceRequired
        elif self.clearance is ClearanceStatus.REJECTED or any(
            each.clears for each in self.transmissions.values()
        ):
            raise ClearanceUnderWay

    def note(self, id: UUID, answer: Answer, *, now: datetime, sha256: str | None = None) -> None:
        """What a channel said when it was handed the document, or asked about it.

        What is known already, or comes too late to change anything, changes nothing.
        """
        sending = self.transmission(id).status is Status.QUEUED
        if answer.verdict is Verdict.UNREACHABLE:
            if sending:
                self._not_sent(id, answer.reasons, sha256 or "", now)
            return
        if self.transmission(id).status in (Status.QUEUED, Status.FAILED):
            self._sent(id, answer, sha256, now)
        if answer.verdict is Verdict.REJECTED:
            self._rejected(id, answer.reasons, now)
            return
        if answer.authority_id is not None:
            self._cleared(id, answer.authority_id, now)
        if answer.verdict in (Verdict.DELIVERED, Verdict.VIEWED):
            self._arrived(id, answer.verdict, now)

    def fail(self, id: UUID, reason: Reason, *, now: datetime) -> None:
        """Give it up, unless it has been decided meanwhile: `retry` tries again."""
        if self.transmission(id).status in _ON_THE_WAY:
            self.record(
                TransmissionFailed(
                    subject_id=self._subjects[id],
                    transmission_id=id,
                    reasons=(reason,),
                    failed_at=now,
                )
            )

    def give_up_asking(self, id: UUID, *, now: datetime) -> None:
        """No answer came: that matters only where an authority has to decide."""
        transmission = self.transmission(id)
        if transmission.clears and transmission.status is Status.SENT:
            self.fail(id, Reason(code="no_answer", text="No answer came in time."), now=now)

    def retry(self, id: UUID, *, now: datetime) -> None:
        """Raises TransmissionNotFound, TransmissionNotFailed."""
        if self.transmission(id).status is not Status.FAILED:
            raise TransmissionNotFailed
        self.record(TransmissionRetried(transmission_id=id, queued_at=now))

    def ensure_askable(self, id: UUID) -> Transmission:
        """Raises TransmissionNotFound, NothingToAsk."""
        transmission = self.transmission(id)
        done = (Status.QUEUED, Status.REJECTED, Status.VIEWED)
        if transmission.receipt is None or transmission.status in done:
            raise NothingToAsk
        return transmission

    def close(self) -> None:
        """The document is voided. Raises DocumentReleasedAlready when anything may have left.

        What an authority rejected was never issued, and what waits may have left a moment ago.
        """
        if any(each.status is not Status.REJECTED for each in self.transmissions.values()):
            raise DocumentReleasedAlready
        if self.clearance is ClearanceStatus.CLEARED:
            raise DocumentReleasedAlready
        if not self.closed:
            self.record(DeliveryClosed())

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case ClearancePending():
                self.document_id, self.legal_entity_id = event.document_id, event.legal_entity_id
                self.rule, self.clearance = event.rule, ClearanceStatus.PENDING
            case TransmissionQueued():
                self._queued(event)
            case TransmissionDelayed():
                self._change(
                    event.transmission_id,
                    attempts=event.attempt,
                    sha256=event.sha256,
                    reasons=event.reasons or (),
                    next_attempt_at=event.next_attempt_at,
                )
            case TransmissionSent():
                self._apply_sent(event)
            case TransmissionFailed():
                self._end(event.transmission_id, Status.FAILED, event.failed_at, event.reasons)
            case TransmissionRetried():
                self._change(
                    event.transmission_id,
                    status=Status.QUEUED,
                    attempts=0,
                    next_attempt_at=event.queued_at,
                )
            case TransmissionRejected():
                self._end(event.transmission_id, Status.REJECTED, event.rejected_at, event.reasons)
            case Cleared():
                self.clearance, self.authority_id = ClearanceStatus.CLEARED, event.authority_id
                self._end(event.transmission_id, Status.CLEARED, event.cleared_at)
                self._change(event.transmission_id, authority_id=event.authority_id)
            case ClearanceRejected():
                self.clearance, self.rejected_at = ClearanceStatus.REJECTED, event.rejected_at
                self._end(event.transmission_id, Status.REJECTED, event.rejected_at, event.reasons)
            case Delivered():
                self._end(event.transmission_id, Status.DELIVERED, event.delivered_at)
            case Viewed():
                self._end(event.transmission_id, Status.VIEWED, event.viewed_at)
            case DeliveryClosed():
                self.closed = True
                if self.clearance is ClearanceStatus.PENDING:
                    self.clearance = ClearanceStatus.NOT_REQUIRED
            case _:
                violated(f"a delivery does not know {type(event).__name__}")

    def _not_sent(self, id: UUID, reasons: tuple[Reason, ...], sha256: str, now: datetime) -> None:
        attempt = self.transmission(id).attempts + 1
        following = next_attempt(attempt, now)
        if following is None:
            last = reasons[0] if reasons else Reason(text="The channel does not answer.")
            self.fail(id, last, now=now)
            return
        self.record(
            TransmissionDelayed(
                subject_id=self._subjects[id],
                transmission_id=id,
                attempt=attempt,
                sha256=sha256,
                reasons=reasons,
                next_attempt_at=following,
            )
        )

    def _sent(self, id: UUID, answer: Answer, sha256: str | None, now: datetime) -> None:
        transmission = self.transmission(id)
        attempted = transmission.status is Status.QUEUED
        self.record(
            TransmissionSent(
                transmission_id=id,
                attempt=transmission.attempts + attempted,
                sha256=sha256 or transmission.sha256,
                receipt=answer.receipt or transmission.receipt,
                sent_at=now,
            )
        )

    def _rejected(self, id: UUID, reasons: tuple[Reason, ...], now: datetime) -> None:
        transmission = self.transmission(id)
        if transmission.status in (Status.DELIVERED, Status.VIEWED, Status.REJECTED):
            return
        pending = self.clearance is ClearanceStatus.PENDING
        kind = ClearanceRejected if transmission.clears and pending else TransmissionRejected
        self.record(
            kind(
                subject_id=self._subjects[id],
                transmission_id=id,
                reasons=reasons,
                rejected_at=now,
            )
        )

    def _cleared(self, id: UUID, authority_id: str, now: datetime) -> None:
        clears = self.transmission(id).clears
        if clears and self.clearance is ClearanceStatus.PENDING:
            self.record(Cleared(transmission_id=id, authority_id=authority_id, cleared_at=now))

    def _arrived(self, id: UUID, verdict: Verdict, now: datetime) -> None:
        transmission = self.transmission(id)
        if self.awaits_clearance or transmission.status not in _TAKEN:
            return
        if transmission.status in (Status.SENT, Status.CLEARED):
            self.record(Delivered(transmission_id=id, delivered_at=now))
        if verdict is Verdict.VIEWED and self.transmission(id).status is Status.DELIVERED:
            self.record(Viewed(transmission_id=id, viewed_at=now))

    def _queued(self, event: TransmissionQueued) -> None:
        self.document_id, self.legal_entity_id = event.document_id, event.legal_entity_id
        self._subjects[event.transmission_id] = event.subject_id
        self.transmissions[event.transmission_id] = Transmission(
            id=event.transmission_id,
            channel=event.channel,
            format=event.format,
            clears=event.clears,
            delivers=event.delivers,
            revision=event.revision,
            recipient=event.recipient,
            queued_at=event.queued_at,
            next_attempt_at=event.queued_at,
        )

    def _apply_sent(self, event: TransmissionSent) -> None:
        self._change(
            event.transmission_id,
            status=Status.SENT,
            attempts=event.attempt,
            sha256=event.sha256,
            receipt=event.receipt,
            sent_at=event.sent_at,
            next_attempt_at=None,
            reasons=(),
        )

    def _end(
        self, id: UUID, status: Status, at: datetime, reasons: tuple[Reason, ...] | None = ()
    ) -> None:
        self._change(id, status=status, answered_at=at, reasons=reasons or (), next_attempt_at=None)

    def _change(self, id: UUID, **changes: Any) -> None:
        self.transmissions[id] = replace(self.transmissions[id], **changes)
