"""Deferred revenue in the journal: moved aside when it is issued, and back as it is earned.

The document itself is booked as ever, gross on the revenue account, so its taxes are where they
were. Beside that the net of a deferred line moves from revenue to the deferral account (passive
Rechnungsabgrenzung, § 250 (2) HGB), and back month by month. Nothing here touches the buyer's side
or a tax: where the revenue account is automatic, the chart's key for the deferral account says that
this once no tax is to be worked out (DATEV: 40).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.domain.bookkeeping.book import Book
from invx.contexts.invoicing.domain.bookkeeping.booking import Booking, BookingKind
from invx.contexts.invoicing.domain.bookkeeping.journal import booking_id
from invx.contexts.invoicing.domain.recognition.recognition_events import (
    DeferredLine,
    RecognitionEntry,
    RecognitionKind,
)
from invx.contexts.invoicing.domain.tax.tax_points import period_of

# Bookings of one document are counted by its settlement; these begin far behind them.
FIRST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose bookings they are."""

    document_id: UUID
    legal_entity_id: UUID
    currency: str


def booking_day(earned_on: date, deferred_on: date) -> date:
    """The day on which earned revenue is booked: no day before it was deferred.

    That is the day of issue, or the later one on which a voided credit note gave it back.
    """
    return max(earned_on, deferred_on)


def bookings_of(
    entries: Sequence[RecognitionEntry],
    lines: dict[str, DeferredLine],
    owner: Owner,
    book: Book | None,
) -> tuple[Booking, ...]:
    """A booking for each entry that moves something between revenue and deferral."""
    if book is None:
        return ()
    found = [_booking(each, lines[each.line_id], owner, book) for each in entries]
    return tuple([each for each in found if each is not None])


def _booking(
    entry: RecognitionEntry, line: DeferredLine, owner: Owner, book: Book
) -> Booking | None:
    if entry.kind is RecognitionKind.REVERSED or line.revenue is None or line.deferral is None:
        return None  # the credit note's own booking took it from revenue
    aside = (entry.kind is RecognitionKind.DEFERRED) is (entry.amount > 0)
    accounts = (line.revenue.account, line.deferral.account)
    debit, credit = accounts if aside else accounts[::-1]
    number = FIRST + entry.sequence
    return Booking(
        booking_id=booking_id(owner.document_id, number),
        kind=BookingKind.RECOGNITION,
        legal_entity_id=owner.legal_entity_id,
        document_id=owner.document_id,
        booked_on=entry.on,
        period=period_of(entry.on),
        debit=debit,
        credit=credit,
        amount=abs(entry.amount),
        currency=owner.currency,
        booked_amount=abs(entry.amount if entry.booked is None else entry.booked),
        book_currency=book.book_currency,
        exchange_rate=book.exchange_rate,
        tax_key=line.deferral.tax_key if line.revenue.automatic else None,
        cost_center=line.cost_center,
        cost_object=line.cost_object,
        document_number=book.number,
        service_date=None,
        receivable=Decimal(0),
        sequence=number,
        automatic=False,
    )
