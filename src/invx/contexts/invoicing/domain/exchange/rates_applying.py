"""What a settlement records when exchange rates become known that it waited for."""

from collections.abc import Mapping
from uuid import UUID

from invx.contexts.invoicing.domain.balance import Entry, EntryKind
from invx.contexts.invoicing.domain.bookkeeping.booking import Booking
from invx.contexts.invoicing.domain.bookkeeping.books import Worth
from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate
from invx.contexts.invoicing.domain.periods.closed import NOTHING_CLOSED, Closed
from invx.contexts.invoicing.domain.periods.late import booked
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_events import EntriesBooked, TaxConverted
from invx.contexts.invoicing.domain.tax.tax_conversion import Rates, convert


def convert_taxes(settlement: Settlement, rates: Rates, default: str) -> None:
    """Its provisional entries of the tax ledger, as far as their rates are among these.

    `default` is the currency of the legal entity. Nothing is recorded when nothing changes.
    """
    record = settlement.taxes
    if record is None or not rates:
        return
    account, entries = convert(record.account, tuple(record.entries.values()), rates, default)
    if entries or account != record.account:
        settlement.record(TaxConverted(claim=settlement.claim, account=account, entries=entries))


def unbooked_money(settlement: Settlement) -> list[Entry]:
    """The payments and refunds of which nobody knows what they are worth in the books."""
    if settlement.books is None:
        return []
    return [
        each
        for each in settlement.books.entries.values()
        if each.kind in (EntryKind.PAYMENT, EntryKind.REFUND)
        and each.reverses is None
        and each.booked_amount is None
    ]


def complete_books(
    settlement: Settlement,
    rate: ExchangeRate | None,
    worths: Mapping[UUID, Worth],
    closed: Closed = NOTHING_CLOSED,
) -> None:
    """Its value in the books, that of its entries and of their bookings, with these rates.

    Nothing is recorded when nothing changes. What comes of it on `closed` days is booked later.
    """
    record = settlement.books
    if record is None:
        return
    value = record.value
    if rate is not None and value.rate is None:
        value = value.at(rate, settlement.claim.total)
    entries = record.completed(value, worths)
    if not entries and value == record.value:
        return
    bookings: tuple[Booking, ...] = ()
    if settlement.journal is not None:
        known = [each.booking_id for each in settlement.journal.bookings]
        bookings = booked(settlement.journal.completed(value.factor, entries), closed, known)
    settlement.record(
        EntriesBooked(claim=settlement.claim, value=value, entries=entries, bookings=bookings)
    )
