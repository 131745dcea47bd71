"""What a series may give in this database, and what the outside knows of its numbers (D2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from invx.contexts.invoicing.domain.numbering import Reset, period_start, render
from invx.contexts.invoicing.domain.series import PeriodInvalid, Series
from invx.kernel.errors import Problem


@dataclass(frozen=True, slots=True)
class NumberPermit:
    """Whether this is the database in which the series gives numbers, and how far.

    `here` is false in a database that was restored, promoted or copied, until it was reconciled.
    `reserved` says by period up to where the outside journal knows; `given` the last number that
    was committed when the series was loaded.
    """

    here: bool = False
    reserved: Mapping[str, int] = field(default_factory=dict)
    given: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutsideCount:
    """The last number of a period that was given for certain, and the last that may have been."""

    given: int
    perhaps: int

    def and_(self, other: "OutsideCount") -> "OutsideCount":
        """What two witnesses say together."""
        return OutsideCount(max(self.given, other.given), max(self.perhaps, other.perhaps))


@dataclass(frozen=True, slots=True)
class Loss:
    """Numbers that a restored database does not know: given for certain, or perhaps."""

    period: str
    first: int
    last: int
    certain: bool
    first_text: str
    last_text: str

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    def __str__(self) -> str:
        span = self.first_text if self.count == 1 else f"{self.first_text} to {self.last_text}"
        what = "given, the document is lost" if self.certain else "reserved, perhaps given"
        return f"{span} ({self.count}): {what}"


def losses(series: Series, outside: Mapping[str, OutsideCount], today: date) -> list[Loss]:
    """What the outside knows and the series does not, by period. Nothing is changed.

    Periods that the series gives no numbers in any more are left alone. Raises PeriodInvalid for
    one that it never counts in: numbers left out there would be given again in those it does.
    """
    found = []
    first = _first_period(series, outside)
    for period, count in sorted(outside.items(), key=lambda each: (each[0] != first, each[0])):
        _ensure_period(series, period)
        known = series.next_number(period) - 1 if first in {None, period} else 0
        if series.is_past(period):
            continue
        if count.given > known:
            found.append(_loss(series, period, (known + 1, count.given), today, certain=True))
        if count.perhaps > (last := max(known, count.given)):
            found.append(_loss(series, period, (last + 1, count.perhaps), today, certain=False))
    return found


def _first_period(series: Series, outside: Mapping[str, OutsideCount]) -> str | None:
    """The period that began at the start of a series which knows of none; all others began at 1.

    It comes first among the losses, so that left out in their order the others begin at 1 here too.
    """
    if series.first_period is not None:
        return None
    start = series.definition.start
    reached = (
        period for period, count in outside.items() if max(count.given, count.perhaps) >= start
    )
    return min(reached, default=None)


def _ensure_period(series: Series, period: str) -> None:
    reset = series.definition.reset
    counts = period == "all" if reset is Reset.NONE else period_start(period, reset) is not None
    if not counts:
        detail = f"Series {series.definition.name!r} ({reset}) has no period {period!r}."
        raise PeriodInvalid(detail, problems=[Problem("/period", PeriodInvalid.code, detail)])


def _loss(
    series: Series, period: str, span: tuple[int, int], today: date, *, certain: bool
) -> Loss:
    """Texts name the day where the pattern wants one that the period does not say: then today's."""
    definition = series.definition
    on = period_start(period, definition.reset) or today
    first, last = (render(definition.pattern, number, on) for number in span)
    return Loss(period, *span, certain, first, last)
