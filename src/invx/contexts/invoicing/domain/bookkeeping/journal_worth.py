"""What bookings are worth in the currency of the books.

Where the entries of a settlement say what they are worth (`books.py`), their bookings have those
figures, and what was gained or lost by the rate is a booking of its own. So the buyer's side of a
document in the books is its value there less what the entries carried of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from invx.contexts.invoicing.domain.balance import Entry, EntryKind
from invx.contexts.invoicing.domain.bookkeeping.booking import DEBTOR, Booking
from invx.contexts.invoicing.domain.exchange.exchange import converted
from invx.kernel.money import EXACT, quantize, round_to_sum
from invx.rules.totals.model import ZERO

_MONEY = {EntryKind.PAYMENT, EntryKind.REFUND}


def at_par(bookings: Iterable[Booking]) -> tuple[Booking, ...]:
    """The bookings of a document in the currency of the books."""
    return tuple([replace(each, booked_amount=each.amount) for each in bookings])


def at_rate(bookings: Sequence[Booking], rate: Decimal, before: Decimal) -> tuple[Booking, ...]:
    """The bookings of one event at one rate, when the buyer owed `before`.

    What the buyer owes is converted as a whole before and after, so that nothing is left in the
    books of a document that is settled; the parts of an event sum to that by largest remainder.
    """
    if not bookings:
        return ()
    currency = bookings[0].book_currency
    after = before + _owed(bookings)
    total = converted(after, rate, currency) - converted(before, rate, currency)
    exact = [EXACT.multiply(each.receivable, rate) for each in bookings]
    parts = round_to_sum(exact, total, currency)
    return tuple(
        [
            _known(each, abs(part) if each.receivable else _at(each, rate), rate)
            for each, part in zip(bookings, parts, strict=True)
        ]
    )


def at_worth(
    bookings: Sequence[Booking], entry: Entry, rate: Decimal | None
) -> tuple[Booking, ...]:
    """The bookings of an entry with its figures, as far as they are known; the others wait.

    `rate` is that of the document: what does not touch the buyer's side is converted at it.
    """
    owed, worth = _owed(bookings), entry.booked_amount
    shown = entry.exchange_rate if entry.kind in _MONEY else rate
    if entry.kind is EntryKind.CREDIT:
        shown = None  # the worth comes from another document, maybe of several rates
    parts = [ZERO for _ in bookings]
    if worth is not None:
        # A value can stand the other way round only after early payments were taken back; then
        # nothing is given for the movement itself and the difference says all of it.
        total = -worth if worth * owed < 0 else quantize(ZERO, bookings[0].book_currency)
        exact = [EXACT.divide(EXACT.multiply(each.receivable, total), owed) for each in bookings]
        parts = round_to_sum(exact, total, bookings[0].book_currency)
    found = []
    for each, part in zip(bookings, parts, strict=True):
        if not each.receivable:
            found.append(_waiting(each) if rate is None else _known(each, _at(each, rate), rate))
        else:
            found.append(_waiting(each) if worth is None else _known(each, abs(part), shown))
    return tuple(found)


def left_over(bookings: Iterable[Booking], entry: Entry) -> Decimal:
    """What the buyer's side still has to take so that it took what the entry carried.

    Above zero it was gained: more came in than what it stood for. Zero while that is not known.
    """
    told = tuple(bookings)
    if entry.carried_amount is None or any(each.pending for each in told):
        return ZERO
    return -entry.carried_amount - buyers_side(told)


def buyers_side(bookings: Iterable[Booking]) -> Decimal:
    """What the buyer owes by these bookings, in the currency of the books."""
    return sum((_signed(each) for each in bookings), ZERO)


def as_taken_back(booking: Booking, original: Booking) -> Booking:
    """A booking that takes another back as a whole, with its figures."""
    if original.pending:
        return booking
    return _known(booking, original.booked_amount, original.exchange_rate)


def _signed(booking: Booking) -> Decimal:
    if booking.pending:
        return ZERO
    if booking.receivable:
        return booking.booked_amount.copy_sign(booking.receivable)
    sides = (booking.debit == DEBTOR) - (booking.credit == DEBTOR)
    return booking.booked_amount * sides


def _owed(bookings: Iterable[Booking]) -> Decimal:
    return sum((each.receivable for each in bookings), ZERO)


def _at(booking: Booking, rate: Decimal) -> Decimal:
    return converted(booking.amount, rate, booking.book_currency)


def _known(booking: Booking, booked: Decimal, rate: Decimal | None) -> Booking:
    return replace(booking, booked_amount=booked, exchange_rate=rate, pending=False)


def _waiting(booking: Booking) -> Booking:
    return replace(booking, exchange_rate=None, pending=True)
