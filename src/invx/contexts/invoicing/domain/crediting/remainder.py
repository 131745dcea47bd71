"""What is left to credit of a finalized document, and what a credit note takes from it.

A document is a set of *positions*: each item line, and each share of a document-level discount or
charge that bears its own set of taxes. Nets are kept per position and taxes per group: credits by
line, by amount and of the whole take from the same figures, and exhaust them to the cent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from invx.contexts.invoicing.domain.content import AdjustmentLine, Content, Line
from invx.contexts.invoicing.domain.document_events import Credited
from invx.kernel.money import quantize
from invx.rules.totals.model import (
    ZERO,
    AdjustmentAmount,
    GivenTax,
    LineKind,
    LineTotals,
    Regime,
    Share,
    Tax,
    TaxGroup,
    Totals,
)

Group: TypeAlias = tuple[Regime, str | None, str, Decimal]
Groups: TypeAlias = tuple[Group, ...]


def group_of(tax: Tax | TaxGroup | GivenTax) -> Group:
    """The group of the tax breakdown that a tax belongs to."""
    return (tax.regime, tax.jurisdiction, tax.category, tax.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A line, or a share of a document-level adjustment, with its signed figures.

    `gross` is what the line showed, for lines priced with tax; only nets and taxes are limits.
    """

    key: str
    net: Decimal
    gross: Decimal
    quantity: Decimal = ZERO
    taxes: tuple[Tax, ...]
    groups: Groups  # of `taxes`
    line: Line | None = None
    adjustment: AdjustmentLine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """What may still be credited. `taxes` is the tax left per group; withholdings are positive."""

    currency: str
    positions: dict[str, Position]
    taxes: dict[Group, Decimal]
    rounding: Decimal

    @property
    def net(self) -> Decimal:
        return sum((each.net for each in self.positions.values()), self.zero)

    @property
    def gross(self) -> Decimal:
        charged = (tax for group, tax in self.taxes.items() if group[0] is not Regime.WITHHOLDING)
        return sum(charged, self.net)

    @property
    def zero(self) -> Decimal:
        return quantize(ZERO, self.currency)

    @property
    def exhausted(self) -> bool:
        """Whether nothing is left: of no position and of no tax."""
        return not any(each.net for each in self.positions.values()) and not any(
            self.taxes.values()
        )

    def base(self, group: Group) -> Decimal:
        """What is left of the base of one group."""
        return sum(
            (each.net for each in self.positions.values() if group in each.groups), self.zero
        )

    def minus(self, credited: Credited) -> "Remainder":
        """What is left after one more credit."""
        positions = dict(self.positions)
        for took in credited.positions:
            before = positions[took.position]
            positions[took.position] = replace(
                before,
                net=before.net - took.net,
                gross=before.gross - took.gross,
                quantity=before.quantity - took.quantity,
            )
        taxes = dict(self.taxes)
        for tax in credited.taxes:
            taxes[group_of(tax)] -= tax.amount
        return replace(
            self, positions=positions, taxes=taxes, rounding=self.rounding - credited.rounding
        )


def remainder_of(content: Content, totals: Totals) -> Remainder:
    """All of a document, as its figures stand."""
    positions = [
        Position(
            key=f"line:{line.id}",
            net=figures.net,
            gross=figures.gross,
            quantity=line.quantity,
            taxes=line.taxes,
            groups=tuple([group_of(tax) for tax in line.taxes]),
            line=_resolved(line, content),
        )
        for line, figures in items(content.lines, totals.lines)
    ]
    written = content.discounts + content.charges
    for index, figures in enumerate(totals.adjustments):
        positions.extend(_shares(index, written[index], figures, totals))
    return Remainder(
        currency=totals.currency,
        positions={each.key: each for each in positions},
        taxes={group_of(group): group.amount for group in totals.taxes},
        rounding=totals.rounding_amount,
    )


def _resolved(line: Line, content: Content) -> Line:
    if line.price_includes_tax is not None:
        return line
    return replace(line, price_includes_tax=content.prices_include_tax and line.net is None)


def items(
    lines: Sequence[Line], figures: Sequence[LineTotals]
) -> Iterator[tuple[Line, LineTotals]]:
    """The lines that carry money, with their figures: items without children, at any depth."""
    for line, totals in zip(lines, figures, strict=True):
        if line.kind is not LineKind.ITEM:
            continue
        if line.children:
            yield from items(line.children, totals.children)
        else:
            yield line, totals


def _shares(
    index: int, written: AdjustmentLine, figures: AdjustmentAmount, totals: Totals
) -> Iterator[Position]:
    sign = 1 if figures.charge else -1
    for number, share in enumerate(figures.shares):
        yield Position(
            key=f"adjustment:{index}:{number}",
            net=sign * share.amount,
            gross=sign * gross_of(share, totals),
            taxes=tuple([_tax(totals.taxes[group]) for group in share.groups]),
            groups=tuple([group_of(totals.taxes[group]) for group in share.groups]),
            adjustment=written,
        )


def gross_of(share: Share, totals: Totals) -> Decimal:
    """A share of a discount or charge with its taxes, but for withholdings."""
    taxes = zip(share.groups, share.taxes, strict=True)
    return share.amount + sum(
        (tax for group, tax in taxes if totals.taxes[group].regime is not Regime.WITHHOLDING), ZERO
    )


def _tax(group: TaxGroup) -> Tax:
    return Tax(
        regime=group.regime,
        jurisdiction=group.jurisdiction,
        category=group.category,
        rate=group.rate,
        reason=group.reason,
        reason_code=group.reason_code,
    )


def within(amount: Decimal, left: Decimal) -> bool:
    """Whether `amount` has the sign of `left` and is no larger."""
    return min(left, ZERO) <= amount <= max(left, ZERO)
