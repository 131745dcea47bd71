"""Interest by the day on what is overdue: exact inside, rounded where a figure is shown.

A day bears interest on what is overdue at its end: money that comes on a day lowers that day's
base. It bears a part of the yearly rate: 1/365, or 1/366 in leap years under act/act. The sum from
the first day is rounded once, half up; a segment is the difference of two such sums. So segments
always sum to the whole, and a claim in two parts comes to what a claim in one comes to.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor

from invx.contexts.invoicing.domain.interest.rule import (
    DayCount,
    ReferenceRateUnknown,
    Terms,
    YearlyRate,
)
from invx.kernel.money import exponent
from invx.rules.totals.model import ZERO

_DAY = timedelta(days=1)
_PERCENT = 100
_LEAP, _COMMON = 366, 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A claim over time: its parts by due date, and what lowered it, by day, in any order."""

    total: Decimal
    currency: str
    parts: Sequence[tuple[date, Decimal]]
    lowered: Sequence[tuple[date, Decimal]]

    def overdue(self, day: date, grace_days: int) -> Decimal:
        """What is overdue at the end of a day."""
        settled = sum((amount for on, amount in self.lowered if on <= day), ZERO)
        later = [part for due, part in self.parts if due + timedelta(days=grace_days) >= day]
        return max(self.total - settled - sum(later, ZERO), ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Days, both included, with one base and one rate, and what they bear."""

    first: date
    last: date
    days: int
    base: Decimal
    rate: YearlyRate
    amount: Decimal

    @property
    def formula(self) -> str:
        """How the exact amount comes about, before rounding."""
        return f"{self.base} × {self.rate.rate} % × {self.days} days"


def accrue(debt: Debt, terms: Terms, last: date, claimed: date | None = None) -> list[Segment]:
    """All segments with interest, from the first overdue day to `last`.

    None goes beyond the day to which it was `claimed` before: the next one begins behind it.
    Raises ReferenceRateUnknown where days are overdue for which there is no rate.
    """
    found: list[Segment] = []
    exact, shown = Fraction(0), ZERO
    cap = _cap(debt, terms)
    for first, until in pairwise(_cuts(debt, terms, last, claimed)):
        base = debt.overdue(first, terms.grace_days)
        if not base or not terms.rates:
            continue
        rate = _rate_on(first, terms)
        days = (until - first).days
        year = _year(first, terms.day_count)
        exact += Fraction(base) * Fraction(rate.rate) * days / (_PERCENT * year)
        total = _rounded(exact, debt.currency)
        total = total if cap is None else min(total, cap)
        segment = Segment(
            first=first,
            last=until - _DAY,
            days=days,
            base=base,
            rate=rate,
            amount=total - shown,
        )
        found.append(segment)
        shown = total
    return found


def total_of(segments: Iterable[Segment]) -> Decimal:
    """The interest of segments that follow one another."""
    return sum((each.amount for each in segments), ZERO)


def _cap(debt: Debt, terms: Terms) -> Decimal | None:
    """Down to the smallest unit of the currency, so that rounding exceeds no cap."""
    if terms.cap is None:
        return None
    units = Fraction(debt.total * terms.cap) / _PERCENT * 10 ** exponent(debt.currency)
    return Decimal(floor(units)).scaleb(-exponent(debt.currency))


def _cuts(debt: Debt, terms: Terms, last: date, claimed: date | None) -> list[date]:
    """The days on which base or rate may change, from the first overdue day to behind the last."""
    if not debt.parts:
        return []
    grace = timedelta(days=terms.grace_days) + _DAY
    dues = [due + grace for due, _ in debt.parts]
    start, end = min(dues), last + _DAY
    cuts = {start, end, *dues, *(on for on, _ in debt.lowered)}
    cuts |= {each.valid_from for each in terms.rates}
    if terms.known_to is not None:
        cuts.add(terms.known_to + _DAY)
    if claimed is not None:
        cuts.add(claimed + _DAY)
    if terms.day_count is DayCount.ACT_ACT:
        cuts |= {date(year, 1, 1) for year in range(start.year, end.year + 1)}
    return sorted(day for day in cuts if start <= day <= end)


def _rate_on(day: date, terms: Terms) -> YearlyRate:
    begun = [each for each in terms.rates if each.valid_from <= day]
    if not begun or (terms.known_to is not None and day > terms.known_to):
        raise ReferenceRateUnknown(f"The base rate of {day.isoformat()} is not known.")
    return begun[-1]


def _year(day: date, count: DayCount) -> int:
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    return _LEAP if leap and count is DayCount.ACT_ACT else _COMMON


def _rounded(amount: Fraction, currency: str) -> Decimal:
    """Half up, on the smallest unit of the currency."""
    units = amount * 10 ** exponent(currency)
    whole = (units.numerator * 2 + units.denominator) // (units.denominator * 2)
    return Decimal(whole).scaleb(-exponent(currency))
