"""Anchored steps through the calendar, and stretches of days."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Self

from invx.kernel.errors import invariant
from invx.rules.calendar.zones import today

MONTHS_PER_YEAR = 12
_DAY = timedelta(days=1)


class Unit(StrEnum):
    """What a step is counted in."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_DAYS = {Unit.DAY: 1, Unit.WEEK: 7}
_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: MONTHS_PER_YEAR}


@dataclass(frozen=True, slots=True)
class Interval:
    """So many units: every 2 weeks, every quarter."""

    unit: Unit
    count: int = 1

    def __post_init__(self) -> None:
        invariant(self.count > 0, "an interval is at least one unit long")


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `start` up to, not including, `until`."""

    start: date
    until: date

    def __post_init__(self) -> None:
        invariant(self.start <= self.until, "a period does not end before it starts")

    @classmethod
    def inclusive(cls, start: date, end: date) -> Self:
        """A period as people and EN 16931 (BT-73, BT-74) write it, both days included."""
        return cls(start, end + _DAY)

    @property
    def end(self) -> date:
        """The last day that belongs to it (BT-74)."""
        return self.until - _DAY

    @property
    def days(self) -> int:
        return (self.until - self.start).days

    @property
    def key(self) -> str:
        """The same for every instant of the period and for no other: `2023-05-30/2023-06-06`."""
        return f"{self.start}/{self.until}"

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.until

    def overlap(self, other: Self) -> Self | None:
        """The days that both have, or None."""
        start, until = max(self.start, other.start), min(self.until, other.until)
        return type(self)(start, until) if start < until else None

    def split(self, day: date) -> tuple[Self, Self]:
        """The part before `day` and the part from it; one of them may be empty."""
        cut = min(max(day, self.start), self.until)
        return type(self)(self.start, cut), type(self)(cut, self.until)

    def fraction_of(self, whole: Self) -> Fraction:
        """Its share of the days of `whole`, exact; what lies outside does not count."""
        part = self.overlap(whole)
        return Fraction(part.days, whole.days) if part else Fraction(0)


def step(anchor: date, interval: Interval, count: int) -> date:
    """The date `count` intervals from the anchor.

    Always counted from the anchor, so its day is remembered: from 31 January the months go on to
    28 or 29 February and back to 31 March; from 29 February the years go back to 29 in leap years.
    """
    if interval.unit in _DAYS:
        return anchor + timedelta(days=_DAYS[interval.unit] * interval.count * count)
    return add_months(anchor, _MONTHS[interval.unit] * interval.count * count)


def add_months(day: date, months: int) -> date:
    """The same day of a later (or earlier) month, or the last when that month is shorter."""
    year, month = divmod(day.year * MONTHS_PER_YEAR + day.month - 1 + months, MONTHS_PER_YEAR)
    return date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


def end_of_month(day: date) -> date:
    """The last day of the month."""
    return day.replace(day=days_in_month(day.year, day.month))


def days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    return calendar.monthrange(year, month)[1]


def period(anchor: date, interval: Interval, index: int) -> Period:
    """The period number `index` from the anchor; the first is 0."""
    return Period(step(anchor, interval, index), step(anchor, interval, index + 1))


def index_of(anchor: date, interval: Interval, day: date) -> int | None:
    """The number of the period that `day` is in; None before the anchor: nothing has begun."""
    if day < anchor:
        return None
    if interval.unit in _DAYS:
        return (day - anchor).days // (_DAYS[interval.unit] * interval.count)
    months = (day.year - anchor.year) * MONTHS_PER_YEAR + day.month - anchor.month
    index = months // (_MONTHS[interval.unit] * interval.count)
    return index if step(anchor, interval, index) <= day else index - 1


def period_containing(anchor: date, interval: Interval, day: date) -> Period | None:
    """The period that `day` is in; None before the anchor."""
    index = index_of(anchor, interval, day)
    return None if index is None else period(anchor, interval, index)


def period_at(anchor: date, interval: Interval, now: datetime, zone_name: str) -> Period | None:
    """The period that the instant is in, by the calendar of the zone. Its key names the run."""
    return period_containing(anchor, interval, today(now, zone_name))


def dates_between(anchor: date, interval: Interval, after: date, until: date) -> Iterator[date]:
    """The anchored dates later than `after` and not later than `until`, in order."""
    index = index_of(anchor, interval, after)
    index = 0 if index is None else index + 1
    while (day := step(anchor, interval, index)) <= until:
        yield day
        index += 1


def calendar_key(day: date, unit: Unit) -> str:
    """The name of the calendar period of a day: 2026, 2026-Q1, 2026-01, 2026-W05, 2026-01-31."""
    match unit:
        case Unit.YEAR:
            return f"{day.year:04}"
        case Unit.QUARTER:
            return f"{day.year:04}-Q{(day.month + 2) // 3}"
        case Unit.MONTH:
            return f"{day.year:04}-{day.month:02}"
        case Unit.WEEK:
            year, week, _ = day.isocalendar()
            return f"{year:04}-W{week:02}"
        case Unit.DAY:
            return day.isoformat()
