"""What a settlement is asked to enter."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.domain.balance import Entry, EntryKind
from invx.contexts.invoicing.domain.bookkeeping.books import Worth
from invx.contexts.invoicing.domain.periods.closed import NOTHING_CLOSED, Closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A wish for an entry. Without an amount it takes as much as there is.

    `source` makes it safe to repeat: a second posting of one source with the same figures changes
    nothing, with other figures it is refused. `currency` is checked when the caller names one.
    """

    source: str
    on: date
    amount: Decimal | None = None
    currency: str | None = None
    note: str | None = None
    worth: Worth = field(default_factory=Worth)  # in the books, where their currency is another
    account: str | None = None  # of the ledger, which the money went through
    default_account: str | None = None  # where the caller names none
    closed: Closed = NOTHING_CLOSED  # where tax and bookings of the entry may not stand
    carried: bool = False  # from before our books: it is in the opening balance already

    def made(self, entry: Entry, kind: EntryKind) -> bool:
        """Whether this very posting has made the entry; both are of one source."""
        same = (entry.kind, entry.on, entry.reverses) == (kind, self.on, None)
        wanted = entry.amount if self.amount is None else self.amount
        same = same and self.account in {None, entry.account}
        same = same and self.worth.amount in (None, entry.booked_amount)
        return same and wanted.is_finite() and abs(wanted) == abs(entry.amount)
