"""What a settlement knows of its document's tax, and what it adds to the tax ledger."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.domain.balance import Entry, Standing
from invx.contexts.invoicing.domain.tax.tax_entering import (
    movement_entries,
    opening_entries,
    voiding_entries,
)
from invx.contexts.invoicing.domain.tax.tax_entries import (
    Cells,
    Holdings,
    TaxAccount,
    TaxEntry,
    TaxMovement,
)
from invx.contexts.invoicing.domain.tax.tax_holdings import (
    Settled,
    change_between,
    holdings_after,
    matching,
    mirrored,
    nothing_held,
    settled_of,
)


class TaxRecord:
    """Begins with the account of a document. Says what an event adds, and remembers events."""

    def __init__(self, account: TaxAccount, movement: TaxMovement) -> None:
        self.account = account
        self.held = movement.after
        self.entries = {each.sequence: each for each in movement.entries}
        self._changes: dict[UUID, Holdings] = {}  # by entry of the settlement

    @staticmethod
    def opening(account: TaxAccount, opened_on: date) -> TaxMovement:
        """What finalizing adds: on accrual everything, on cash what was paid before."""
        held = nothing_held(account)
        if account.prepaid or not account.total:  # of a total of nothing the rest is taken at once
            held = holdings_after(account, held, Settled(received=account.prepaid))
        return TaxMovement(after=held, entries=opening_entries(account, held, opened_on))

    def movement(self, entry: Entry, standing: Standing, taken: Cells | None) -> TaxMovement:
        """What an entry adds, after which the claim stands so.

        `taken` is what a credit note of its own took of the document, or it of its original.
        """
        account = self.account
        credited = self.held.credited.amount.copy_sign(account.total)
        if taken is not None:
            credited += entry.amount
        after = holdings_after(
            account,
            self.held,
            settled_of(standing, credited, account.prepaid),
            taken=taken,
            undone=self._changes.get(entry.reverses) if entry.reverses else None,
        )
        first = len(self.entries) + 1
        entries = movement_entries(account, self.held, after, entry, first=first)
        return TaxMovement(after=after, entries=entries)

    def voiding(self, opened_on: date) -> TaxMovement:
        """What it adds that the document never was."""
        first = len(self.entries) + 1
        entries = voiding_entries(self.account, self.held, opened_on, first=first)
        return TaxMovement(after=self.held, entries=entries)

    def remember(self, movement: TaxMovement, entry_id: UUID | None = None) -> None:
        """The event with this movement has happened."""
        if entry_id is not None:
            self._changes[entry_id] = change_between(self.held, movement.after)
        self.held = movement.after
        self.entries |= {each.sequence: each for each in movement.entries}

    @property
    def provisional(self) -> bool:
        """Whether an entry waits for a rate, or will once it is entered."""
        return any(each.provisional for each in self.entries.values())

    def restate(self, account: TaxAccount, entries: Iterable[TaxEntry]) -> None:
        """Rates were published: the account and these entries are so from now on."""
        self.account = account
        self.entries |= {each.sequence: each for each in entries}


def matched(
    original: TaxRecord | None, note: TaxRecord | None, document_id: UUID, amount: Decimal
) -> tuple[Cells | None, Cells | None]:
    """What `amount` of a credit note takes of its original, and how the credit note has it.

    Nothing when it credits another document: then it counts like money given from one to the other.
    """
    if original is None or note is None or note.account.credits != document_id:
        return None, None
    cells = matching((note.account, note.held), (original.account, original.held), amount)
    return cells, mirrored(cells, original.account, note.account)
