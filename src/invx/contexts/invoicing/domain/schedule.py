"""What of a claim is due when, and what of each part is still open: oldest part first.

The parts are those of the document, until a payment plan takes their place. Whatever settles the
claim (money, a credit note, tax kept back) covers the part that is due first, then the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from invx.kernel.errors import Problem
from invx.kernel.money import quantize
from invx.rules.calendar.zones import overdue_from

PLAN_PARTS_MAX = 120
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class DuePart:
    """A part of a claim; without a day it is never overdue."""

    due_date: date | None
    overdue_from: datetime | None  # start of the day after it in the legal entity's zone
    amount: Decimal


def due_part(due_date: date, amount: Decimal, zone: str) -> DuePart:
    """A part that is due on a day of this zone."""
    return DuePart(due_date, overdue_from(due_date, zone), amount)


@dataclass(frozen=True, slots=True)
class OpenPart:
    """A part with what of it is open; `until` is what must be settled for it to be covered."""

    due_date: date | None
    overdue_from: datetime | None
    amount: Decimal
    until: Decimal
    open: Decimal

    def is_overdue(self, now: datetime) -> bool:
        """Whether something of it is open after its day."""
        return self.open > 0 and self.overdue_from is not None and self.overdue_from <= now


@dataclass(frozen=True, slots=True)
class Schedule:
    """Parts by due date. `covered` had been settled when they were agreed."""

    parts: tuple[DuePart, ...]
    covered: Decimal = ZERO

    def open_parts(self, settled: Decimal) -> tuple[OpenPart, ...]:
        """Each part with what is open of it: they sum to what is open of the claim.

        The first also bears what was covered before and is open again, as after a bounced payment.
        """
        found: list[OpenPart] = []
        until = self.covered
        for part in self.parts:
            until += part.amount
            left = max(until - settled, until - until)
            left = min(left, part.amount) if found else left
            found.append(OpenPart(part.due_date, part.overdue_from, part.amount, until, left))
        return tuple(found)

    def next_part(self, settled: Decimal) -> OpenPart:
        """The first that is not covered; the last when all are."""
        parts = self.open_parts(settled)
        return next((each for each in parts if each.open > 0), parts[-1])

    def next_moment(self, settled: Decimal, after: datetime | None = None) -> datetime | None:
        """When the next open part becomes overdue, after this moment; None when none will."""
        moments = [
            each.overdue_from
            for each in self.open_parts(settled)
            if each.open > 0 and each.overdue_from is not None
        ]
        return min([each for each in moments if after is None or each > after], default=None)


def with_rest(amounts: Sequence[Decimal | None], total: Decimal) -> list[Decimal]:
    """The amounts, of which one that is not stated takes what the others leave of the total.

    A second one gets nothing, which `plan_problems` objects to.
    """
    left = total - sum((each for each in amounts if each is not None), total - total)
    found: list[Decimal] = []
    for each in amounts:
        found.append(left if each is None else each)
        left = total - total if each is None else left
    return found


def plan_problems(
    parts: Sequence[DuePart], *, total: Decimal, currency: str, today: date
) -> list[Problem]:
    """What is wrong with a payment plan for what is open, by field."""
    found: list[Problem] = []
    if not 1 <= len(parts) <= PLAN_PARTS_MAX:
        detail = f"From 1 to {PLAN_PARTS_MAX} parts."
        return [Problem("/instalments", "out_of_range", detail)]
    for index, part in enumerate(parts):
        at = f"/instalments/{index}"
        if part.amount <= 0 or quantize(part.amount, currency) != part.amount:
            detail = f"Above zero, on the smallest unit of {currency}."
            found.append(Problem(f"{at}/amount", "amount_not_on_smallest_unit", detail))
        before = parts[index - 1].due_date if index else None
        if part.due_date is None or part.due_date < today:
            found.append(Problem(f"{at}/due_date", "due_date_past", f"Today is {today}."))
        elif before is not None and part.due_date <= before:
            detail = "Each part is due after the one before it."
            found.append(Problem(f"{at}/due_date", "due_dates_not_ascending", detail))
    summed = sum((part.amount for part in parts), ZERO)
    if not found and summed != total:
        detail = f"The parts make {summed}; open are {total}."
        found.append(Problem("/instalments", "plan_differs_from_open", detail))
    return found
