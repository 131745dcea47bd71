"""The arithmetic of what is still open: a claim, the entries against it, and where it stands.

M4: `open - surplus = total - settled` after every entry, and `settled` is the sum of all entries.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.schedule import DuePart, Schedule
from invx.kernel.errors import invariant
from invx.kernel.money import quantize


class EntryKind(StrEnum):
    """Why the open amount moved."""

    PAYMENT = "payment"
    CREDIT = "credit"  # of a credit note, or of another document's surplus
    WRITE_OFF = "write_off"
    WITHHOLDING = "withholding"  # tax that the buyer kept back and pays for us
    DISCOUNT = "discount"  # for early payment
    REFUND = "refund"
    ROUNDING = "rounding"  # of cash, which has no small coins


class SettlementStatus(StrEnum):
    """How far a claim is settled; derived from the entries, never set (D1)."""

    OPEN = "open"
    PARTIAL = "partial"
    SETTLED = "settled"
    OVERPAID = "overpaid"
    WRITTEN_OFF = "written_off"  # a write-off took the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a finalized document asks for. It never changes.

    `total` is signed: what the buyer owes us. A credit note or a negative invoice has a negative
    one: it starts with a surplus, which is what we owe the buyer.
    """

    document_id: UUID
    document_type: DocumentType
    legal_entity_id: UUID
    customer: str | None
    currency: str
    total: Decimal
    opened_on: date
    due_date: date | None = None
    overdue_from: datetime | None = None  # start of the day after the due date in the entity's zone
    # In the order of their days; empty where all is due on one. They sum to the total.
    instalments: tuple[DuePart, ...] = ()
    withheld: Decimal = Decimal(0)  # tax that the buyer is expected to keep back, beside `total`

    @property
    def schedule(self) -> Schedule:
        """What is due when, as the document says."""
        whole = DuePart(self.due_date, self.overdue_from, self.total)
        return Schedule(self.instalments or (whole,), quantize(Decimal(0), self.currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement. A positive amount lowers what is open, a negative one (a refund) raises it."""

    entry_id: UUID
    kind: EntryKind
    amount: Decimal
    source: str  # what caused it; unique within the settlement
    on: date
    reverses: UUID | None = None  # the entry that this one takes back
    # In the books, where those are kept in another currency; None until the rates are known.
    book_currency: str | None = None
    booked_amount: Decimal | None = None  # what the movement is worth, with the sign of `amount`
    carried_amount: Decimal | None = None  # the part of the document's book value that it takes
    exchange_difference: Decimal | None = None  # booked less carried: realised gain, or loss
    exchange_rate: Decimal | None = None  # units of the books' currency per unit of the document's
    rate_source: str | None = None  # who published it, or `received`: from what the bank credited
    rate_day: date | None = None
    account: str | None = None  # of the ledger, which the money went through; for payments, refunds


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a settlement stands after an event: what lists, projections and contracts show.

    `open - surplus = total - paid - credited - written_off - withheld - discounted + refunded
    - rounded`, unless voided. On a credit note `credited` is negative: the part that was applied
    elsewhere.
    """

    settled: Decimal  # the sum of all entries
    open: Decimal  # never negative
    surplus: Decimal  # never negative; at most one of the two is not zero
    paid: Decimal
    credited: Decimal
    written_off: Decimal
    withheld: Decimal
    discounted: Decimal
    refunded: Decimal
    status: SettlementStatus | None  # None when voided: there is nothing to settle
    overdue_since: datetime | None = None
    disputed: bool = False
    voided: bool = False
    rounded: Decimal = Decimal(0)
    late: Decimal | None = None  # by instalments: what is open of those noted as overdue

    @property
    def overdue(self) -> bool:
        """Whether something is open past its due date."""
        return (
            self.overdue_since is not None and (self.open if self.late is None else self.late) > 0
        )


_FIGURES = {
    EntryKind.PAYMENT: "paid",
    EntryKind.CREDIT: "credited",
    EntryKind.WRITE_OFF: "written_off",
    EntryKind.WITHHOLDING: "withheld",
    EntryKind.DISCOUNT: "discounted",
    EntryKind.REFUND: "refunded",
    EntryKind.ROUNDING: "rounded",
}


def standing_at_start(claim: Claim) -> Standing:
    """Nothing has happened yet. A total of zero is settled from the start."""
    zero = quantize(Decimal(0), claim.currency)
    return Standing(
        settled=zero,
        open=max(claim.total, zero),
        surplus=max(-claim.total, zero),
        paid=zero,
        credited=zero,
        written_off=zero,
        withheld=zero,
        discounted=zero,
        refunded=zero,
        rounded=zero,
        status=SettlementStatus.OPEN if claim.total else SettlementStatus.SETTLED,
    )


def standing_after(claim: Claim, before: Standing, entry: Entry) -> Standing:
    """Where the claim stands when `entry` has been added to what stood before."""
    zero = quantize(Decimal(0), claim.currency)
    settled = before.settled + entry.amount
    net = claim.total - settled
    figure = _FIGURES[entry.kind]
    change = -entry.amount if entry.kind is EntryKind.REFUND else entry.amount
    after = replace(
        before,
        settled=settled,
        open=max(net, zero),
        surplus=max(-net, zero),
        status=_status(claim.total, net, entry),
        **{figure: getattr(before, figure) + change},
    )
    invariant(after.open - after.surplus == net, "a balance differs from the sum of its entries")
    return after


def standing_voided(claim: Claim, before: Standing) -> Standing:
    """The document fell away: nothing is owed either way."""
    zero = quantize(Decimal(0), claim.currency)
    return replace(before, open=zero, surplus=zero, status=None, voided=True)


def _status(total: Decimal, net: Decimal, entry: Entry) -> SettlementStatus:
    """What is left compared with the total, in the direction of the total."""
    if not net:
        closed = entry.kind is EntryKind.WRITE_OFF and entry.reverses is None
        return SettlementStatus.WRITTEN_OFF if closed else SettlementStatus.SETTLED
    if net < 0 <= total:
        return SettlementStatus.OVERPAID
    if total <= 0 < net or abs(net) == abs(total):
        return SettlementStatus.OPEN
    if abs(net) > abs(total):
        return SettlementStatus.OVERPAID if total < 0 else SettlementStatus.OPEN
    return SettlementStatus.PARTIAL
