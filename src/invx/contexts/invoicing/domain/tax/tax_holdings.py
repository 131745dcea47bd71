"""How payments, discounts, write-offs and credit notes take a document's bases and taxes.

Each settling amount takes its part of every group, base and tax, so that the parts of all of them
sum to the document's to the cent. A credit note takes what it states. Of the rest money comes
before what was given up: paid after all, a written-off amount counts as paid. What is paid beyond
the document is surplus and takes nothing.
"""

from dataclasses import dataclass
from decimal import Decimal

from invx.contexts.invoicing.domain.balance import Standing
from invx.contexts.invoicing.domain.tax.tax_entries import Cells, Holdings, Share, TaxAccount
from invx.contexts.invoicing.domain.tax.tax_split import (
    between,
    fitted,
    is_within,
    minus,
    plus,
    portion,
    scaled,
    shared,
    upto,
)
from invx.kernel.money import quantize
from invx.rules.totals.model import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The sums of a settlement's entries that tax tells apart, with the sign of the entries."""

    credited: Decimal = ZERO
    received: Decimal = ZERO
    discounted: Decimal = ZERO
    written_off: Decimal = ZERO


def settled_of(standing: Standing, credited: Decimal, prepaid: Decimal) -> Settled:
    """From where a claim stands; `credited` is what credit notes of its own took of it."""
    given_up = standing.written_off + standing.discounted
    return Settled(
        credited=credited,
        received=standing.settled - credited - given_up + prepaid,
        discounted=standing.discounted,
        written_off=standing.written_off,
    )


def nothing_held(account: TaxAccount) -> Holdings:
    """A document of which nothing is settled."""
    zero = quantize(ZERO, account.currency)
    none = Share(amount=zero, cells=(zero,) * (2 * len(account.groups)))
    return Holdings(credited=none, received=none, discounted=none, written_off=none)


def left_of(account: TaxAccount, held: Holdings) -> Share:
    """What nothing has settled yet."""
    shares = (held.credited, held.received, held.discounted, held.written_off)
    cells = account.cells
    for each in shares:
        cells = minus(cells, each.cells)
    amount = abs(account.total) - sum((each.amount for each in shares), ZERO)
    return Share(amount=amount, cells=cells)


def change_between(before: Holdings, after: Holdings) -> Holdings:
    """What is held more; negative where it is less."""
    return Holdings(
        credited=_less(after.credited, before.credited),
        received=_less(after.received, before.received),
        discounted=_less(after.discounted, before.discounted),
        written_off=_less(after.written_off, before.written_off),
    )


def holdings_after(
    account: TaxAccount,
    before: Holdings,
    settled: Settled,
    *,
    taken: Cells | None = None,
    undone: Holdings | None = None,
) -> Holdings:
    """What is held once the settlement's sums are these.

    `taken` is what a credit note took now. `undone` is what a movement that is taken back had
    changed: exactly that is given back, unless later movements have built on it.
    """
    amounts = _amounts(account, settled)
    cells = before.credited.cells if taken is None else plus(before.credited.cells, taken)
    credited = Share(amount=amounts[0], cells=cells)
    if undone is not None and (found := _without(account, before, undone, amounts)):
        return found
    held = [before.received, before.discounted, before.written_off]
    shares = _Splitting(account, credited, held, amounts[1:]).shares()
    return Holdings(
        credited=credited, received=shares[0], discounted=shares[1], written_off=shares[2]
    )


def matching(
    note: tuple[TaxAccount, Holdings], original: tuple[TaxAccount, Holdings], amount: Decimal
) -> Cells:
    """The original's bases and taxes that `amount` of its credit note takes away.

    They are of the groups that the credit note states; of what is unpaid, if that is enough.
    """
    account, held = original
    left = left_of(*note)
    by_group = dict(zip(map(group_key, note[0].groups), _pairs(left.cells), strict=True))
    none = (ZERO, ZERO)
    stated = tuple([-cell for g in account.groups for cell in by_group.get(group_key(g), none)])
    amount = min(amount, left.amount)  # what the buyer paid on top is owed back, not credited
    total = portion(sum(stated, ZERO), amount, left.amount, account.currency)
    ideal = scaled(stated, amount, left.amount)
    open_cells = left_of(account, held).cells
    found = fitted(ideal, total, upto(shared(stated, open_cells)), account.currency)
    if sum(found, ZERO) == total:
        return found
    uncredited = minus(account.cells, held.credited.cells)
    return fitted(ideal, total, upto(shared(stated, uncredited)), account.currency)


def mirrored(cells: Cells, original: TaxAccount, note: TaxAccount) -> Cells:
    """What was taken of the original, as the credit note's own groups have it."""
    by_group = dict(zip(map(group_key, original.groups), _pairs(cells), strict=True))
    none = (ZERO, ZERO)
    return tuple([-cell for g in note.groups for cell in by_group.get(group_key(g), none)])


_APART = ("regime", "jurisdiction", "category", "rate", "scheme", "supply")


def group_key(group: object) -> tuple[object, ...]:
    """What tells the groups of a document apart, and the entries of one from another's."""
    return tuple(getattr(group, name) for name in _APART)


def _pairs(cells: Cells) -> list[tuple[Decimal, Decimal]]:
    return list(zip(cells[::2], cells[1::2], strict=True))


def _less(one: Share, other: Share) -> Share:
    return Share(amount=one.amount - other.amount, cells=minus(one.cells, other.cells))


def _amounts(account: TaxAccount, settled: Settled) -> list[Decimal]:
    """Of the whole: credited, then received, then discounted, then written off; the rest is open.

    Whatever has the other sign than the claim, or exceeds it, takes nothing.
    """
    sign = -1 if account.total < 0 else 1
    room, found = abs(account.total), list[Decimal]()
    for each in (settled.credited, settled.received, settled.discounted, settled.written_off):
        found.append(quantize(min(max(sign * each, ZERO), room), account.currency))
        room -= found[-1]
    return found


def _without(
    account: TaxAccount, before: Holdings, undone: Holdings, amounts: list[Decimal]
) -> Holdings | None:
    found = change_between(undone, before)
    shares = (found.credited, found.received, found.discounted, found.written_off)
    if [each.amount for each in shares] != amounts:
        return None
    limits = upto(account.cells)
    whole = left_of(account, found).cells
    if not all(is_within(cells, limits) for cells in (whole, *(each.cells for each in shares))):
        return None
    return found


class _Splitting:
    """What no credit note took, split over received, discounted, written off and open."""

    def __init__(
        self, account: TaxAccount, credited: Share, held: list[Share], amounts: list[Decimal]
    ) -> None:
        self.currency = account.currency
        self.rest = minus(account.cells, credited.cells)
        self.room = abs(account.total) - credited.amount
        self.amounts = amounts
        self.held = held
        self.cells = [each.cells for each in held]
        zero = quantize(ZERO, self.currency)
        self.nothing = tuple([zero for _ in self.rest])
        self.afresh = not is_within(self.free, upto(self.rest))  # a credit note took what was paid
        if self.afresh:
            self.cells = [self.nothing for _ in held]

    def shares(self) -> list[Share]:
        indexes = range(len(self.held))
        for index in sorted(indexes, key=self._grows):  # what shrinks makes room first
            self.cells[index] = self._fit(index)
        if sum(self.amounts, ZERO) == self.room:  # settled: the share that did it takes the rest
            last = max(indexes, key=lambda index: (self._grows(index), self.amounts[index] > 0))
            self.cells[last] = plus(self.cells[last], self.free)
        return [
            Share(amount=amount, cells=cells)
            for amount, cells in zip(self.amounts, self.cells, strict=True)
        ]

    @property
    def free(self) -> Cells:
        free = self.rest
        for each in self.cells:
            free = minus(free, each)
        return free

    def _grows(self, index: int) -> bool:
        return self.amounts[index] > self.held[index].amount

    def _fit(self, index: int) -> Cells:
        """The cells of one share: more of what is free, or less of what it has."""
        amount, has = self.amounts[index], self.cells[index]
        if not amount:
            return self.nothing
        if amount == self.held[index].amount and not self.afresh:
            return has
        start, whole = sum(self.amounts[:index], ZERO), sum(self.rest, ZERO)
        reached = portion(whole, start + amount, self.room, self.currency)
        total = reached - portion(whole, start, self.room, self.currency)
        more = self.afresh or self._grows(index)
        bounds = between(has, plus(has, self.free)) if more else upto(has)
        return fitted(scaled(self.rest, amount, self.room), total, bounds, self.currency)
