"""Which days of a legal entity are closed, and where what comes too late goes (D5).

Documents and payments of closed days are refused. Tax and bookings follow from them by law and
cannot be refused: they take the first open period, and name the one that they belong to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from invx.kernel.errors import Conflict, Problem

_DAY = timedelta(days=1)


class PeriodKind(StrEnum):
    """What a period is closed for."""

    DOCUMENTS = "documents"  # by date of issue
    PAYMENTS = "payments"  # by day of entries of settlements: money, discounts, write-offs
    TAX = "tax"  # by month of the tax ledger, of all registrations or of one
    ACCOUNTING = "accounting"  # by day of bookings


class PeriodClosed(Conflict):
    """The day lies in a closed period; `problems` names the field and the first open day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The last closed day of each kind; nothing is closed where there is none."""

    documents: date | None = None
    payments: date | None = None
    tax: date | None = None
    accounting: date | None = None
    registrations: Mapping[UUID, date] = field(default_factory=dict)  # beside `tax`

    def last(self, kind: PeriodKind, registration: UUID | None = None) -> date | None:
        """The last closed day of a kind; for tax also what only that registration has closed."""
        days: list[date | None] = [getattr(self, kind)]
        if kind is PeriodKind.TAX and registration is not None:
            days.append(self.registrations.get(registration))
        return max((day for day in days if day is not None), default=None)

    def first_open(self, kind: PeriodKind, day: date, registration: UUID | None = None) -> date:
        """The day itself, or the first open one after it."""
        last = self.last(kind, registration)
        return day if last is None or day > last else last + _DAY

    def ensure_open(self, kind: PeriodKind, day: date, pointer: str) -> None:
        """Raises PeriodClosed for the field that names the day."""
        first = self.first_open(kind, day)
        if first != day:
            detail = (
                f"The period of {kind} is closed to {(first - _DAY).isoformat()};"
                f" the first open day is {first.isoformat()}."
            )
            raise PeriodClosed(detail, problems=[Problem(pointer, PeriodClosed.code, detail)])


NOTHING_CLOSED = Closed()
