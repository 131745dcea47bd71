"""The tax breakdown: every taxed figure of a document, gathered by group, each group rounded once.

A group is (regime, jurisdiction, category, rate). Figures net of tax are its exclusive part: their
sum times the rate, rounded once. Figures that include tax are its inclusive part: the sum of the
given gross figures stays as it is, net = r(gross / (1 + rate)), tax = gross - net. A group of both
adds the two.

What BR-CO-17 then satisfies: exact for an exclusive group; within 0.01 for an inclusive one (any
rate under 200 %) and for a mixed one (any rate under 100 %), as two roundings of at most half a
unit meet.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from invx.kernel.errors import invariant, violated
from invx.kernel.money import allocate, quantize, round_to_sum, smallest_unit
from invx.rules.totals.model import (
    ONE,
    ZERO,
    Bill,
    Profile,
    Regime,
    Rounding,
    Tax,
    TaxGroup,
)

HUNDREDTH = Decimal("0.01")  # to which EN 16931 rounds what it compares

Bases = dict[tuple[int, ...], Decimal]
GroupKey = tuple[Regime, str | None, str, Decimal]


class Entry:
    """A signed figure that bears taxes: a line, or a share of a document-level adjustment."""

    __slots__ = ("figure", "groups", "net", "taxes")

    def __init__(self, figure: Decimal, groups: tuple[int, ...]) -> None:
        self.figure = figure
        self.groups = groups
        self.net = figure  # until prices that include tax are settled
        self.taxes = [ZERO] * len(groups)


class Group:
    """One tax at work: its exclusive entries with the place of the tax in each, and its sums."""

    __slots__ = (
        "amount", "base", "category", "codes", "exclusive", "given", "inclusive_base",
        "inclusive_tax", "jurisdiction", "parts", "rate", "reasons", "regime", "withheld",
    )  # fmt: skip

    def __init__(self, tax: Tax) -> None:
        self.regime = tax.regime
        self.withheld = tax.regime is Regime.WITHHOLDING
        self.jurisdiction = tax.jurisdiction
        self.category = tax.category
        self.rate = tax.rate
        self.reasons: list[str] = []
        self.codes: list[str] = []
        self.exclusive: list[tuple[Entry, int]] = []
        self.inclusive_base = self.inclusive_tax = self.base = self.amount = ZERO
        self.given: Decimal | None = None
        self.parts = 0  # figures that were rounded on their own

    def explain_exemption(self, tax: Tax) -> None:
        """Keep the distinct reasons of the taxes in this group: it can state only one."""
        if tax.reason and tax.reason not in self.reasons:
            self.reasons.append(tax.reason)
        if tax.reason_code and tax.reason_code not in self.codes:
            self.codes.append(tax.reason_code)

    def finished(self) -> TaxGroup:
        """The group as it is shown. Several reasons are joined; several codes cannot be."""
        return TaxGroup(
            regime=self.regime,
            jurisdiction=self.jurisdiction,
            category=self.category,
            rate=self.rate,
            base=self.base,
            amount=self.amount,
            reason="; ".join(self.reasons) or None,
            reason_code=self.codes[0] if len(self.codes) == 1 else None,
        )


class Breakdown:
    """All groups of a document. Enter the lines, settle prices, enter adjustments, settle taxes."""

    def __init__(self, bill: Bill) -> None:
        self.currency = bill.currency
        self.per_line = bill.rounding is Rounding.PER_LINE
        self.only_lines = not bill.adjustments
        self.zero = quantize(ZERO, bill.currency)
        self.unit = smallest_unit(bill.currency)
        whole = bill.profile is Profile.PLAIN and self.unit == ONE
        self.given_limit = 2 * ONE if whole else ONE  # JPY 1 off is the least that can be off
        self.groups: list[Group] = []
        self.entries: list[Entry] = []
        self._index: dict[GroupKey, int] = {}
        self._inclusive: dict[tuple[int, ...], list[Entry]] = {}
        self._given = {
            (given.regime, given.jurisdiction, given.category, given.rate): given.amount
            for given in bill.given_taxes
        }

    def enter(self, figure: Decimal, taxes: Sequence[Tax], *, includes_tax: bool = False) -> Entry:
        """Take in a figure with its taxes."""
        return self.enter_groups(
            figure, tuple([self._group(tax) for tax in taxes]), includes_tax=includes_tax
        )

    def enter_groups(
        self, figure: Decimal, groups: tuple[int, ...], *, includes_tax: bool = False
    ) -> Entry:
        """Take in a figure whose groups are known."""
        entry = Entry(figure, groups)
        self.entries.append(entry)
        within: list[int] = []
        for position, index in enumerate(groups):
            group = self.groups[index]
            if includes_tax and not group.withheld:
                within.append(index)
            else:
                group.exclusive.append((entry, position))
        if within:
            self._inclusive.setdefault(tuple(within), []).append(entry)
        return entry

    def group(self, key: GroupKey) -> Group | None:
        """The group of a key, when the document has it."""
        index = self._index.get(key)
        return None if index is None else self.groups[index]

    def decides_net(self, group: Group) -> bool:
        """Whether a tax given for this group leaves the rest of its gross as net.

        So it is when all figures of the group include this tax and no other: then nothing else
        could take up the difference.
        """
        if group.exclusive or self.per_line or not self.only_lines:
            return False
        index = self.groups.index(group)
        return [within for within in self._inclusive if index in within] == [(index,)]

    def strays(self, group: Group) -> bool:
        """Whether the tax is further from base x rate than roundings, or BR-CO-17, explain.

        A computed tax may be two units off for each part that was rounded on its own; a given one
        less than `given_limit`, and that much more when tax is rounded per line. BR-CO-17 rounds
        base x rate to hundredths, also where the currency has no decimals.
        """
        exact = group.base * group.rate / 100
        slack = 2 * self.unit * group.parts * (1 + group.rate / 100)
        if group.given is None:
            return abs(group.amount - exact) > slack
        stated = exact.quantize(HUNDREDTH, ROUND_HALF_UP)
        return abs(group.amount - stated) >= self.given_limit + (slack if self.per_line else 0)

    def bases(self) -> Bases:
        """The net of each set of taxes that is entered so far."""
        bases: Bases = {}
        for entry in self.entries:
            bases[entry.groups] = bases.get(entry.groups, self.zero) + entry.net
        return bases or {(): self.zero}

    def settle_prices(self) -> None:
        """Find the nets and the taxes of what was priced with tax."""
        for indexes, entries in self._inclusive.items():
            if self.per_line:
                for entry in entries:
                    self._settle_inclusive(indexes, [entry])
            else:
                self._settle_inclusive(indexes, entries)

    def settle_taxes(self) -> None:
        """Find the taxes of all else, and with them each group's base and amount."""
        for group in self.groups:
            self._settle_exclusive(group)

    def _group(self, tax: Tax) -> int:
        key = (tax.regime, tax.jurisdiction, tax.category, tax.rate)
        index = self._index.get(key)
        if index is None:
            index = self._index[key] = len(self.groups)
            self.groups.append(Group(tax))
            self.groups[index].given = self._given.get(key)
        if tax.reason or tax.reason_code:
            self.groups[index].explain_exemption(tax)
        return index

    def _settle_inclusive(self, indexes: tuple[int, ...], entries: list[Entry]) -> None:
        groups = [self.groups[index] for index in indexes]
        rate = sum((group.rate for group in groups), ZERO)
        gross = sum((entry.figure for entry in entries), self.zero)
        net = quantize(gross * 100 / (100 + rate), self.currency)
        if groups[0].given is not None and self.decides_net(groups[0]):
            net = gross - on_unit(groups[0].given, self.currency)
        exact = [entry.figure * 100 / (100 + rate) for entry in entries]
        for entry, share in zip(entries, round_to_sum(exact, net, self.currency), strict=True):
            entry.net = share
        taxes = (
            allocate(gross - net, [group.rate for group in groups], self.currency)
            if (rate)
            else [self.zero] * len(groups)
        )
        for group, tax in zip(groups, taxes, strict=True):
            group.inclusive_base += net
            group.inclusive_tax += tax
            group.parts += 1
        self._share_inclusive(indexes, entries, taxes)

    def _share_inclusive(
        self, indexes: tuple[int, ...], entries: list[Entry], taxes: list[Decimal]
    ) -> None:
        """Split each entry's tax among its groups so that entries and groups both add up."""
        left = [entry.figure - entry.net for entry in entries]
        for index, tax in zip(indexes[:-1], taxes[:-1], strict=True):
            exact = [entry.net * self.groups[index].rate / 100 for entry in entries]
            for place, share in enumerate(round_to_sum(exact, tax, self.currency)):
                entries[place].taxes[entries[place].groups.index(index)] = share
                left[place] -= share
        for entry, rest in zip(entries, left, strict=True):
            entry.taxes[entry.groups.index(indexes[-1])] = rest

    def _settle_exclusive(self, group: Group) -> None:
        nets = [entry.net for entry, _ in group.exclusive]
        base = sum(nets, self.zero)
        exact = [net * group.rate / 100 for net in nets]
        if self.per_line:
            tax = sum((quantize(share, self.currency) for share in exact), self.zero)
            group.parts += len(exact)
        else:
            tax = quantize(base * group.rate / 100, self.currency)
            group.parts += 1
        if group.given is not None:
            tax = on_unit(group.given, self.currency) - group.inclusive_tax
        shares = [tax] if len(exact) == 1 else round_to_sum(exact, tax, self.currency)
        for (entry, position), share in zip(group.exclusive, shares, strict=True):
            entry.taxes[position] = share
        group.base = base + group.inclusive_base
        group.amount = tax + group.inclusive_tax


def on_unit(amount: Decimal, currency: str) -> Decimal:
    """A given figure in the currency's usual form. One that is not on the unit is a defect."""
    rounded = quantize(amount, currency)
    if rounded != amount:
        violated(f"{amount} is not a whole number of units of {currency}")
    return rounded


def prove(breakdown: Breakdown) -> None:
    """Raise InvariantViolation unless each group is the sum of its entries, near base x rate."""
    bases = [breakdown.zero] * len(breakdown.groups)
    amounts = list(bases)
    for entry in breakdown.entries:
        for position, index in enumerate(entry.groups):
            bases[index] += entry.net
            amounts[index] += entry.taxes[position]
    for group, base, amount in zip(breakdown.groups, bases, amounts, strict=True):
        invariant(base == group.base, "BR-x-08: a group's base is not the sum of its figures")
        invariant(amount == group.amount, "a group's tax is not the sum of its shares")
        invariant(not breakdown.strays(group), "BR-CO-17: a group's tax is not base times rate")
