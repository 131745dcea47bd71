"""Revenue earned day by day, as a bookkeeper would count it: one day, one exact share, no formula.

An oracle for `domain.recognition`: whole units and Fractions only, a list of days instead of an
expression, and nothing of the program's own arithmetic.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction

DAY = timedelta(days=1)


def half_away(exact: Fraction) -> int:
    """The nearest whole unit, halves away from zero."""
    size = abs(exact)
    whole = size.numerator // size.denominator
    nearest = whole + (size - whole >= Fraction(1, 2))
    return nearest if exact >= 0 else -nearest


def days(start: date, end: date) -> Iterator[date]:
    """Each day from the first to the last."""
    while start <= end:
        yield start
        start += DAY


def by_month(units: int, start: date, end: date) -> dict[str, int]:
    """What each month earns: the running sum of the days' shares, rounded at its end."""
    every = list(days(start, end))
    share = Fraction(units, len(every))
    running, told, found = Fraction(0), 0, {}
    for day in every:
        running += share
        if day == end or (day + DAY).month != day.month:
            found[f"{day:%Y-%m}"] = half_away(running) - told
            told = half_away(running)
    return found


def dealt(units: int, weights: Sequence[Fraction]) -> list[int]:
    """Whole units by largest remainder (Hamilton): floors first, then one each to the largest."""
    sign, size = (-1 if units < 0 else 1), abs(units)
    exact = [size * weight / sum(weights) for weight in weights]
    parts = [each.numerator // each.denominator for each in exact]
    order = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in order[: size - sum(parts)]:
        parts[at] += 1
    return [sign * each for each in parts]


class Account:
    """One line of a positive net: what is deferred is a purse, and each day takes its share."""

    def __init__(self, units: int, start: date, end: date) -> None:
        self.net, self.end = units, end
        self.deferred, self.recognised = units, 0
        self.notes: dict[str, int] = {}
        self._next = start  # the first day that has not been told
        self._plan = by_month(units, start, end)

    def run(self, last: date) -> None:
        """Every month that is over by then; the last month counts when it is over itself."""
        for month in list(self._plan):
            if _end_of(month) <= last:
                self._earn(month)

    def _earn(self, month: str) -> None:
        amount = self._plan.pop(month)
        self.deferred -= amount
        self.recognised += amount
        if amount:  # a month in which nothing moved leaves its days to the next spreading
            self._next = min(_end_of(month), self.end) + DAY

    def credit(self, note: str, units: int) -> None:
        """A credit note takes the purse first, then what was earned."""
        self.notes[note] = units
        first = min(units, self.deferred)
        self.deferred -= first
        self.recognised -= units - first
        self._spread()

    def void(self, note: str) -> None:
        """A voided credit note fills the purse."""
        self.deferred += self.notes.pop(note)
        self._spread()

    def _spread(self) -> None:
        if self._next > self.end:  # its days are over, so it is earned as soon as somebody looks
            self._plan = {f"{self.end:%Y-%m}": self.deferred} if self.deferred else {}
        else:
            self._plan = by_month(self.deferred, self._next, self.end)


def _end_of(month: str) -> date:
    year, number = map(int, month.split("-"))
    return date(year + number // 12, number % 12 + 1, 1) - DAY
