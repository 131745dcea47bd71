"""The arithmetic of deferred revenue: by day, exact to the unit, whatever was credited between."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from invx.kernel.money import EXACT, quantize
from invx.rules.calendar.periods import end_of_month

_DAY = timedelta(days=1)


def earned(amount: Decimal, start: date, end: date, through: date, currency: str) -> Decimal:
    """What of an amount, spread evenly over the days from `start` to `end`, is earned by a day.

    Both days and `through` are inclusive. It never shrinks with the day and ends with the whole
    amount; what is earned between two days is the difference, so parts sum however they are cut.
    """
    if through >= end:
        return amount
    if through < start:
        return quantize(Decimal(0), currency)
    passed, whole = (through - start).days + 1, (end - start).days + 1
    return quantize(EXACT.divide(EXACT.multiply(amount, Decimal(passed)), Decimal(whole)), currency)


def month_ends(first: date, last: date) -> Iterator[date]:
    """The last day of each month from that of `first` to that of `last`."""
    day = end_of_month(first)
    while day <= end_of_month(last):
        yield day
        day = end_of_month(day + _DAY)


def taken_from(left: Decimal, amount: Decimal) -> Decimal:
    """What of an amount fits into what is left; both have the sign of their line."""
    if left * amount <= 0:
        return left - left
    return min(left, amount, key=abs)


def share_of(whole: Decimal | None, part: Decimal, of: Decimal, currency: str) -> Decimal | None:
    """The part of a value that goes with `part` of an amount; all of it with all."""
    if whole is None or part == of:
        return whole
    return quantize(EXACT.divide(EXACT.multiply(whole, part), of), currency)
