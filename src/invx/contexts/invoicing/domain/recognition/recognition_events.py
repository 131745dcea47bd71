"""What happens to the deferred revenue of a document."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from invx.contexts.invoicing.domain.bookkeeping.booking import Booking
from invx.contexts.invoicing.domain.bookkeeping.chart import Account
from invx.contexts.invoicing.domain.recognition.terms import Method, Milestone
from invx.kernel.messages import Event


class RecognitionKind(StrEnum):
    """Why deferred or recognised revenue moved."""

    DEFERRED = "deferred"  # issued, and not earned yet
    RECOGNIZED = "recognized"  # from deferred to earned
    CREDITED = "credited"  # taken back while it was deferred
    REVERSED = "reversed"  # taken back after it was earned


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionEntry:
    """One movement; what is given back (a credit note that was voided) is negative.

    `amount` has the sign of the line. `booked` is in the currency of the books.
    """

    sequence: int
    line_id: str
    kind: RecognitionKind
    part: str  # a month, a milestone, or what caused it
    on: date
    amount: Decimal
    booked: Decimal | None = None
    through: date | None = None  # straight-line: recognised up to this day


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredLine:
    """A line whose revenue is earned later, as it was when the document was issued."""

    line_id: str
    net: Decimal
    booked: Decimal | None = None
    method: Method
    start: date | None = None
    end: date | None = None
    milestones: tuple[Milestone, ...] = ()
    revenue: Account | None = None
    deferral: Account | None = None
    cost_center: str | None = None
    cost_object: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionOpened(Event):
    """A document was issued whose revenue is not earned yet. Its lines are deferred."""

    document_id: UUID
    legal_entity_id: UUID
    customer: str | None
    currency: str
    book_currency: str
    issued_on: date
    lines: tuple[DeferredLine, ...]
    entries: tuple[RecognitionEntry, ...]
    bookings: tuple[Booking, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueRecognized(Event):
    """Days have passed: what they earned is recognised, month by month."""

    entries: tuple[RecognitionEntry, ...]
    bookings: tuple[Booking, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneReached(Event):
    """Somebody said that a milestone is reached."""

    line_id: str
    name: str
    on: date
    entries: tuple[RecognitionEntry, ...]
    bookings: tuple[Booking, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionAdjusted(Event):
    """A credit note took a part of the document, or gave it back, or the document fell away.

    `taken` is what the cause takes in all from now on, by line.
    """

    cause: UUID
    taken: dict[str, Decimal]
    entries: tuple[RecognitionEntry, ...]
    bookings: tuple[Booking, ...] = ()
