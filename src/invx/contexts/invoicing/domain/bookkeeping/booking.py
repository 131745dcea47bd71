"""The journal: what accounting is told of documents and settlements, one booking a line.

A booking is made of the event that caused it and never changes. The buyer's side is `DEBTOR`: which
number that account has is the accountant's matter and is told when bookings are exported.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

DEBTOR = "debtor"


class BookingKind(StrEnum):
    """What happened."""

    REVENUE = "revenue"  # a document was issued; a credit note's stands on the other side
    PAYMENT = "payment"
    REFUND = "refund"
    DISCOUNT = "discount"  # taken for paying early
    WRITE_OFF = "write_off"
    WITHHOLDING = "withholding"
    EXCHANGE = "exchange"  # realised gain or loss
    RECOGNITION = "recognition"  # revenue that is earned later, aside and back
    ROUNDING = "rounding"  # of cash, when it was paid
    OPENING_BALANCE = "opening_balance"  # open at the takeover from another system
    ALLOCATION = "allocation"  # surplus of one document counts for another: debtor to debtor


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """`amount` goes from `credit` to `debit`; it is never negative.

    Amounts of revenue and discount include their tax, as an account with a tax key wants them.
    `booked_amount` is in `book_currency`, the currency of the books.
    """

    booking_id: UUID  # uuid5 of the document, so a booking that is made again is the same
    kind: BookingKind
    legal_entity_id: UUID
    document_id: UUID
    settlement_entry: UUID | None = None
    reverses: UUID | None = None  # the booking that this one takes back
    booked_on: date
    period: str  # 2026-11
    debit: str  # an account, or DEBTOR
    credit: str  # an account, or DEBTOR
    amount: Decimal
    currency: str
    booked_amount: Decimal
    book_currency: str
    exchange_rate: Decimal | None = None  # units of the book currency per unit of the currency
    tax_key: str | None = None
    tax_category: str | None = None
    tax_rate: Decimal | None = None
    tax: Decimal | None = None  # contained in `amount`
    country: str | None = None  # whose tax it is
    cost_center: str | None = None
    cost_object: str | None = None
    document_number: str
    service_date: date | None = None
    due_date: date | None = None
    # Further fields stand at the end, each with a default.
    receivable: Decimal = Decimal(0)  # what the buyer owes more by it, in `currency`; signed
    tax_due: Decimal = Decimal(0)  # `tax` with the sign of the tax ledger: what is owed more
    sequence: int = 0  # counts the bookings of a document from 1
    pending: bool = False  # no rate to the book currency yet: `booked_amount` says nothing
    scheme: str | None = None  # the legal ground, where the taxes were determined
    automatic: bool = True  # the account knows its tax; else `tax_key` says it, if there is one
    origin_on: date | None = None  # the day it belongs to, where that was closed when it came
