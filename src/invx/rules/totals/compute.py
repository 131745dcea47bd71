"""Totals of a document (M3): exact, pure, the only place where an invoice's figures are made."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NamedTuple

from invx.kernel.errors import invariant
from invx.kernel.money import EXACT, allocate, quantize, round_to_sum
from invx.rules.totals.figures import Item, adjustment_amount, line_totals
from invx.rules.totals.groups import Bases, Breakdown, Entry, on_unit, prove
from invx.rules.totals.model import (
    ONE,
    ZERO,
    Adjustment,
    AdjustmentAmount,
    Bill,
    LineKind,
    LineTotals,
    Profile,
    Regime,
    Share,
    Totals,
)


def compute(bill: Bill) -> Totals:
    """The totals of a bill that `problems` finds nothing wrong with.

    Raises InvariantViolation rather than return figures that break BR-CO-10 to 16, and for a bill
    that cannot be totalled at all. Never rounds a figure that was given.
    """
    with localcontext(EXACT):
        sheet = worksheet(bill)
        breakdown = sheet.breakdown
        prove(breakdown)
        totals = _totals(
            bill,
            breakdown,
            lines=tuple(line_totals(sheet.items, breakdown, breakdown.zero)),
            adjustments=tuple([_with_shares(amount, parts) for amount, parts in sheet.placed]),
            line_net=sheet.line_net,
        )
        _check(totals)
        return totals


class Worksheet(NamedTuple):
    """A bill worked out but not yet proven: lines, placed adjustments and the tax breakdown."""

    items: list[Item]
    line_net: Decimal
    placed: list[tuple[AdjustmentAmount, list[Entry]]]
    breakdown: Breakdown


def worksheet(bill: Bill) -> Worksheet:
    """Work the bill out, in the order that its figures depend on each other.

    Lines, then the nets of prices that include tax, then document-level adjustments (their base is
    the sum of nets), then the tax of each group.
    """
    breakdown = Breakdown(bill)
    items = [Item(line, bill.currency, breakdown) for line in bill.lines]
    breakdown.settle_prices()
    line_net = sum([item.net for item in items], breakdown.zero)
    bases = breakdown.bases() if bill.adjustments else {}
    placed = [_place(given, line_net, bases, breakdown) for given in bill.adjustments]
    breakdown.settle_taxes()
    return Worksheet(items, line_net, placed, breakdown)


def _place(
    adjustment: Adjustment, line_net: Decimal, bases: Bases, breakdown: Breakdown
) -> tuple[AdjustmentAmount, list[Entry]]:
    """Work out a document-level adjustment and enter it, under its own taxes or the lines'.

    `bases` are of the lines alone: no adjustment is split by the size of another.
    """
    amount = adjustment_amount(adjustment, line_net, breakdown.currency)
    if adjustment.taxes:
        return amount, [breakdown.enter(_signed(amount, amount.amount), adjustment.taxes)]
    proportional = adjustment.percent is not None and adjustment.base is None
    parts = _split(amount, list(bases.values()), breakdown, proportional=proportional)
    entries = [
        breakdown.enter_groups(_signed(amount, part), groups)
        for groups, part in zip(bases, parts, strict=True)
        if part
    ]
    return amount, entries or [breakdown.enter_groups(breakdown.zero, next(iter(bases)))]


def _split(
    amount: AdjustmentAmount, bases: list[Decimal], breakdown: Breakdown, *, proportional: bool
) -> list[Decimal]:
    """The parts of an adjustment that fall on each set of taxes, by largest remainder.

    A percent of the sum of lines is that percent of each base, also of a negative one; an amount is
    split by the size of the bases, so a base below zero cannot blow up the others' parts.
    """
    if len(bases) == 1:
        return [amount.amount]
    if proportional and amount.percent is not None:
        exact = [base * amount.percent / 100 for base in bases]
        return round_to_sum(exact, amount.amount, breakdown.currency)
    weights = [abs(base) for base in bases]
    return allocate(
        amount.amount, weights if any(weights) else [ONE, *weights[1:]], breakdown.currency
    )


def _with_shares(amount: AdjustmentAmount, entries: Sequence[Entry]) -> AdjustmentAmount:
    return AdjustmentAmount(
        charge=amount.charge,
        base=amount.base,
        percent=amount.percent,
        amount=amount.amount,
        shares=tuple(
            Share(
                amount=_signed(amount, entry.net),
                groups=entry.groups,
                taxes=tuple([_signed(amount, tax) for tax in entry.taxes]),
            )
            for entry in entries
        ),
    )


def _signed(adjustment: AdjustmentAmount, figure: Decimal) -> Decimal:
    """The figure as it counts towards the net, or back; not x -1, which has a negative zero."""
    return figure if adjustment.charge else -figure


def _totals(
    bill: Bill,
    breakdown: Breakdown,
    *,
    lines: tuple[LineTotals, ...],
    adjustments: tuple[AdjustmentAmount, ...],
    line_net: Decimal,
) -> Totals:
    zero = breakdown.zero
    discounts = charges = tax = withheld = zero
    for adjustment in adjustments:
        if adjustment.charge:
            charges += adjustment.amount
        else:
            discounts += adjustment.amount
    for group in breakdown.groups:
        if group.withheld:
            withheld += group.amount
        else:
            tax += group.amount
    net = line_net - discounts + charges
    gross = net + tax
    prepaid = on_unit(bill.prepaid, bill.currency)
    rounding_amount = _payable_rounding(bill, gross - prepaid)
    payable = gross - prepaid + rounding_amount
    return Totals(
        currency=bill.currency,
        profile=bill.profile,
        rounding=bill.rounding,
        lines=lines,
        adjustments=adjustments,
        taxes=tuple([group.finished() for group in breakdown.groups]),
        line_net=line_net,
        discounts=discounts,
        charges=charges,
        net=net,
        tax=tax,
        gross=gross,
        prepaid=prepaid,
        rounding_amount=rounding_amount,
        payable=payable,
        withheld=withheld,
        due=payable - withheld,
    )


def _payable_rounding(bill: Bill, unrounded: Decimal) -> Decimal:
    """BT-114: as given, or what brings the payable to the nearest multiple of the cash unit."""
    if bill.payable_rounding is not None:
        return on_unit(bill.payable_rounding, bill.currency)
    if bill.cash_unit is None:
        return quantize(ZERO, bill.currency)
    coins = (unrounded / bill.cash_unit).quantize(ONE, ROUND_HALF_UP)
    return on_unit(coins * bill.cash_unit - unrounded, bill.currency)


def _check(totals: Totals) -> None:
    """EN 16931's sums once more, from the finished figures as an e-invoice would state them."""
    nets = [line.net for line in totals.lines if line.kind is LineKind.ITEM]
    invariant(totals.line_net == sum(nets), "BR-CO-10: line total")
    off = on = base = tax = withheld = ZERO
    for each in totals.adjustments:
        if each.charge:
            on += each.amount
        else:
            off += each.amount
        parts = sum([share.amount for share in each.shares])
        invariant(each.amount == parts, "an adjustment is not the sum of its shares")
    for group in totals.taxes:
        if group.regime is Regime.WITHHOLDING:
            withheld += group.amount
        else:
            base += group.base
            tax += group.amount
    payable = totals.gross - totals.prepaid + totals.rounding_amount
    invariant(totals.discounts == off, "BR-CO-11: allowances")
    invariant(totals.charges == on, "BR-CO-12: charges")
    invariant(totals.net == totals.line_net - off + on, "BR-CO-13: total without VAT")
    invariant(totals.tax == tax, "BR-CO-14: total VAT")
    invariant(totals.gross == totals.net + tax, "BR-CO-15: total with VAT")
    invariant(totals.payable == payable, "BR-CO-16: payable")
    invariant(totals.withheld == withheld, "what is withheld is not the sum of its groups")
    invariant(totals.due == payable - withheld, "due is payable less what is withheld")
    if totals.profile is Profile.EN16931:
        invariant(totals.net == base, "the VAT groups do not cover the document exactly once")
