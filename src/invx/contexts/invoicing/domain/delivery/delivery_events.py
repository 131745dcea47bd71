"""What happens to a document on its way out. Recipients and others' answers are personal data."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from invx.contexts.invoicing.domain.delivery.transmission import Reason
from invx.kernel.messages import Event, Personal
from invx.rules.tax.packs import ClearanceRule


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearancePending(Event):
    """The document was finalized, and an authority has to clear it."""

    document_id: UUID
    legal_entity_id: UUID
    rule: ClearanceRule


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionQueued(Event):
    """It is to go through a channel; `subject_id` is whose data it carries."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    subject_id: UUID
    document_id: UUID
    legal_entity_id: UUID
    transmission_id: UUID
    channel: str
    format: str
    clears: bool
    delivers: bool
    revision: int
    recipient: Personal[str]
    queued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionDelayed(Event):
    """The channel did not take it, or did not say so; it will be tried again."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    subject_id: UUID
    transmission_id: UUID
    attempt: int
    sha256: str
    reasons: Personal[tuple[Reason, ...]]
    next_attempt_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionSent(Event):
    """The channel has it. `sha256` is that of the archived bytes that went out."""

    transmission_id: UUID
    attempt: int
    sha256: str | None
    receipt: str | None
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionFailed(Event):
    """Given up: too many tries, too long without an answer, or it cannot be written at all."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    subject_id: UUID
    transmission_id: UUID
    reasons: Personal[tuple[Reason, ...]]
    failed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionRetried(Event):
    """Somebody wants it tried again, under the same key."""

    transmission_id: UUID
    queued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionRejected(Event):
    """The channel will not carry it to the buyer."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    subject_id: UUID
    transmission_id: UUID
    reasons: Personal[tuple[Reason, ...]]
    rejected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared(Event):
    """The authority cleared the document and gave it an id."""

    transmission_id: UUID
    authority_id: str
    cleared_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearanceRejected(Event):
    """The authority rejected the document."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    subject_id: UUID
    transmission_id: UUID
    reasons: Personal[tuple[Reason, ...]]
    rejected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(Event):
    """The buyer's side has it."""

    transmission_id: UUID
    delivered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed(Event):
    """Somebody on the buyer's side opened it."""

    transmission_id: UUID
    viewed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryClosed(Event):
    """The document was taken back before anything left: nothing will."""
