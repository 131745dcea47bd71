"""One way of a document out of the house: to its buyer, to an authority, or to both at once."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from invx.contexts.invoicing.domain.delivery.delivery_errors import ClearanceRequired
from invx.kernel.ids import named_id
from invx.rules.tax.packs import ClearanceRule

PDF = "pdf"  # as a format: the document as people read it, without an e-invoice


class Verdict(StrEnum):
    """What a channel says of something that was handed to it."""

    SENT = "sent"  # it has it, and nothing else is known yet
    CLEARED = "cleared"
    DELIVERED = "delivered"
    VIEWED = "viewed"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"  # no answer, or none that can be understood: try again


class TransmissionStatus(StrEnum):
    """Where a transmission stands."""

    QUEUED = "queued"
    SENT = "sent"
    CLEARED = "cleared"
    DELIVERED = "delivered"
    VIEWED = "viewed"
    REJECTED = "rejected"
    FAILED = "failed"  # given up; it can be tried again


class DeliveryStatus(StrEnum):
    """How far a document is on its way to the buyer (D1)."""

    NONE = "none"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    VIEWED = "viewed"


class ClearanceStatus(StrEnum):
    """What an authority says of a document (D1)."""

    NOT_REQUIRED = "not_required"
    PENDING = "pending"
    CLEARED = "cleared"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How far a document has come on its way out: two of its four states (D1)."""

    delivery: DeliveryStatus = DeliveryStatus.NONE
    clearance: ClearanceStatus = ClearanceStatus.NOT_REQUIRED
    rule: ClearanceRule = ClearanceRule.NONE
    authority_id: str | None = None

    @property
    def awaits_clearance(self) -> bool:
        """Whether the buyer may not have it yet."""
        cleared = self.clearance is ClearanceStatus.CLEARED
        return self.rule is ClearanceRule.BEFORE_RELEASE and not cleared

    def ensure_releasable(self) -> None:
        """Raises ClearanceRequired."""
        if self.awaits_clearance:
            raise ClearanceRequired

    def handed_over(self) -> "Way":
        """The same after somebody gave it to the buyer by hand."""
        if self.delivery in (DeliveryStatus.NONE, DeliveryStatus.QUEUED):
            return replace(self, delivery=DeliveryStatus.SENT)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way out that the operator set up. `test` and `live` say which documents it takes."""

    name: str
    clears: bool = False  # an authority decides about what goes this way
    delivers: bool = True  # what goes this way reaches the buyer
    live: bool = True
    test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelUse:
    """That a legal entity sends through a channel: as what, and whether of itself."""

    channel: str
    format: str
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something was rejected, in the words of who rejected it."""

    code: str | None = None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a channel said. `more` says that it will say more when it is asked again.

    `receipt` is the channel's own id of the transmission, `authority_id` the id under which an
    authority cleared the document; a verdict of `cleared` has one.
    """

    verdict: Verdict
    more: bool = False
    receipt: str | None = None
    authority_id: str | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is handed to a channel. `key` is the same on every try, so that one effect follows."""

    key: str
    tenant_id: UUID
    document_id: UUID
    number: str
    revision: int
    format: str
    media_type: str
    content: bytes
    sha256: str
    recipient: str | None = None  # the buyer's endpoint as scheme:id


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmission:
    """A document on its way through one channel, as far as it has come."""

    id: UUID
    channel: str
    format: str
    clears: bool
    delivers: bool
    revision: int
    recipient: str | None
    queued_at: datetime
    status: TransmissionStatus = TransmissionStatus.QUEUED
    attempts: int = 0  # since it was queued, or queued again
    sha256: str | None = None
    receipt: str | None = None
    authority_id: str | None = None
    reasons: tuple[Reason, ...] = ()
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    next_attempt_at: datetime | None = None


def transmission_id(document_id: UUID, channel: str) -> UUID:
    """A document goes through a channel once; so this id is made of the two."""
    return named_id(document_id, f"transmission:{channel}")


def key_of(document_id: UUID, revision: int, channel: str) -> str:
    """What the far side recognises a repetition by: never made of the attempt."""
    return str(named_id(document_id, f"{revision}:{channel}"))


# What a transmission to the buyer makes of the document's delivery, the best first.
_REACHED = {
    TransmissionStatus.VIEWED: DeliveryStatus.VIEWED,
    TransmissionStatus.DELIVERED: DeliveryStatus.DELIVERED,
    TransmissionStatus.CLEARED: DeliveryStatus.SENT,
    TransmissionStatus.SENT: DeliveryStatus.SENT,
    TransmissionStatus.QUEUED: DeliveryStatus.QUEUED,
    TransmissionStatus.FAILED: DeliveryStatus.FAILED,
    TransmissionStatus.REJECTED: DeliveryStatus.FAILED,
}


def farthest(transmissions: Iterable[Transmission], *, waiting: bool) -> DeliveryStatus:
    """The farthest that any has come on its way to the buyer.

    While the document waits for its clearance, what was sent has come to the authority only.
    """
    reached = {_REACHED[each.status] for each in transmissions if each.delivers}
    if waiting and DeliveryStatus.SENT in reached:
        reached = reached - {DeliveryStatus.SENT} | {DeliveryStatus.QUEUED}
    return next((best for best in _REACHED.values() if best in reached), DeliveryStatus.NONE)
