"""What comes too late for its period: into the first open one, naming where it belongs (D5)."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from invx.contexts.invoicing.domain.bookkeeping.booking import Booking
from invx.contexts.invoicing.domain.periods.closed import Closed, PeriodKind
from invx.contexts.invoicing.domain.tax.tax_entries import TaxEntry, TaxMovement
from invx.contexts.invoicing.domain.tax.tax_points import first_day_of, period_of


def filed(movement: TaxMovement, closed: Closed) -> TaxMovement:
    """A movement of the tax ledger with its entries in open periods.

    The tax point stays: it says when the tax was due, and which exchange rate counts.
    """
    if closed.tax is None and not closed.registrations:
        return movement
    entries = tuple([_filed(each, closed) for each in movement.entries])
    return replace(movement, entries=entries)


def _filed(entry: TaxEntry, closed: Closed) -> TaxEntry:
    day = first_day_of(entry.period)
    open_from = period_of(closed.first_open(PeriodKind.TAX, day, entry.registration))
    if open_from == entry.period:
        return entry
    return replace(entry, period=open_from, closed_period=entry.period)


def booked(
    bookings: Iterable[Booking], closed: Closed, known: Iterable[UUID] = ()
) -> tuple[Booking, ...]:
    """Bookings on open days. Those that are `known` stand already and stay where they are."""
    standing = set(known)
    return tuple(
        [each if each.booking_id in standing else _booked(each, closed) for each in bookings]
    )


def _booked(booking: Booking, closed: Closed) -> Booking:
    day = closed.first_open(PeriodKind.ACCOUNTING, booking.booked_on)
    if day == booking.booked_on:
        return booking
    origin = booking.origin_on or booking.booked_on
    return replace(booking, booked_on=day, period=period_of(day), origin_on=origin)
