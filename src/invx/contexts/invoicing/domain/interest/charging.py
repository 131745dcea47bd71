"""Claims for late payment by themselves: when the next one is due, and what stops them."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from invx.rules.calendar.periods import add_months

AFTER_DAYS_MIN = 2  # so that one whole day is over by then
AFTER_DAYS_MAX = 366
EVERY_MONTHS_MAX = 12
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """First so many days after the due date, then every so many months, as long as it is overdue.

    `finalize`: the claim is issued at once; else it is left as a draft for somebody to look at.
    """

    after_days: int = 14
    every_months: int = 1
    finalize: bool = True


class ChargingState(StrEnum):
    """Whether late payment of a document is claimed by itself, and if not, why."""

    OFF = "off"  # by no rule, or the document bears no interest
    SETTLED = "settled"  # nothing is open: paid, credited, written off
    DISPUTED = "disputed"
    WAIVED = "waived"
    WAITING = "waiting"  # nothing is overdue yet
    SCHEDULED = "scheduled"


def next_charge(first_due: date, charging: Charging, claimed: date | None) -> date:
    """The day on which the next claim is made, for the days before it.

    Counted from the first due date, so nothing that comes in between moves it: the first such day
    that has something to claim when all days to `claimed` were claimed before.
    """
    first = first_due + timedelta(days=charging.after_days)
    months, day = 0, first
    while claimed is not None and day <= claimed + _DAY:
        months += charging.every_months
        day = add_months(first, months)
    return day
