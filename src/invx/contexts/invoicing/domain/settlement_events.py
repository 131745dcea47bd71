"""What happens to a settlement. Each event states the claim and where it stands afterwards.

So a projection or a contract needs one event and nothing before it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from invx.contexts.invoicing.domain.balance import Claim, Entry, SettlementStatus, Standing
from invx.contexts.invoicing.domain.bookkeeping.book import Book
from invx.contexts.invoicing.domain.bookkeeping.booking import Booking
from invx.contexts.invoicing.domain.bookkeeping.books import BookValue
from invx.contexts.invoicing.domain.schedule import Schedule
from invx.contexts.invoicing.domain.tax.tax_entries import TaxAccount, TaxEntry, TaxMovement
from invx.contexts.invoicing.domain.withheld import Certificate
from invx.kernel.messages import Event, Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementOpened(Event):
    """A document was finalized. `subject_id` is whose personal data later notes may hold.

    `tax_account` is the document as the tax ledger sees it, `taxes` what it adds there (M5); a
    document without tax has neither, nor has one finalized before there was such a ledger.
    `book` and `bookings` are the same for the journal, where the legal entity keeps books. `value`
    is the claim in the currency of the books, where that is another one.
    """

    claim: Claim
    after: Standing
    subject_id: UUID
    tax_account: TaxAccount | None = None
    taxes: TaxMovement | None = None
    book: Book | None = None
    bookings: tuple[Booking, ...] = ()
    value: BookValue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRecorded(Event):
    """A movement; `sequence` counts the settlement's entries from 1 without gaps."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    claim: Claim
    entry: Entry
    note: Personal[str] = None
    sequence: int
    after: Standing
    subject_id: UUID
    taxes: TaxMovement | None = None
    bookings: tuple[Booking, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementStatusChanged(Event):
    """The derived status became another one: exactly one event per change (W10)."""

    claim: Claim
    before: SettlementStatus
    status: SettlementStatus
    after: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class BecameOverdue(Event):
    """Something was still open after its due date; happens at most once for each instalment.

    `amount` is overdue in all, `due_date` the day that was missed last. Events of before there were
    instalments say neither: then all that was open was overdue.
    """

    claim: Claim
    at: datetime
    after: Standing
    amount: Decimal | None = None
    due_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlanAgreed(Event):
    """What is open is paid by a plan from now on; the document stays as it is."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    claim: Claim
    schedule: Schedule
    agreed_on: date
    reason: Personal[str] = None
    after: Standing
    subject_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlanEnded(Event):
    """The plan counts no more: what is open is due as the document says."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    claim: Claim
    reason: Personal[str] = None
    after: Standing
    subject_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WithholdingCertified(Event):
    """The buyer's certificate of tax kept back came in, or took the place of an earlier one."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    claim: Claim
    certificate: Certificate
    expected: Decimal  # by the document and its credit notes
    note: Personal[str] = None
    after: Standing
    subject_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeRaised(Event):
    """The buyer contests the document."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    claim: Claim
    reason: Personal[str] = None
    after: Standing
    subject_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeCleared(Event):
    """The dispute is over."""

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}
    claim: Claim
    reason: Personal[str] = None
    after: Standing
    subject_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementVoided(Event):
    """The document was voided; nothing is owed any more."""

    claim: Claim
    after: Standing
    taxes: TaxMovement | None = None
    bookings: tuple[Booking, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRateStated(Event):
    """The rate to the book currency became known: all bookings, with their amounts in it."""

    claim: Claim
    rate: Decimal  # units of the book currency per unit of the claim's
    after: Standing
    bookings: tuple[Booking, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxConverted(Event):
    """A rate was published that the document's tax waited for.

    `account` is the document in the tax ledger from now on; `entries` are those of its entries that
    were provisional and are no more, each whole, under the sequence that it has.
    """

    claim: Claim
    account: TaxAccount
    entries: tuple[TaxEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesBooked(Event):
    """A rate was published that the document or its entries waited for in the books.

    `value` is that of the document from now on; `entries` are those with more figures than before.
    `bookings` of the journal are those that waited, each whole, and new ones: what was gained.
    """

    claim: Claim
    value: BookValue
    entries: tuple[Entry, ...]
    bookings: tuple[Booking, ...] = ()
