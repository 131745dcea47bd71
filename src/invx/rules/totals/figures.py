"""The figure of each line before tax is known: quantity x price, discounts and charges."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from invx.kernel.errors import violated
from invx.kernel.money import quantize
from invx.rules.totals.groups import Breakdown, Entry, on_unit
from invx.rules.totals.model import (
    ONE,
    ZERO,
    Adjustment,
    AdjustmentAmount,
    Line,
    LineKind,
    LineTotals,
)


class Item:
    """A line at work. Its entry holds what the breakdown decides; a parent has children instead."""

    __slots__ = ("adjustments", "children", "entry", "line", "subtotal")

    def __init__(self, line: Line, currency: str, breakdown: Breakdown) -> None:
        self.line = line
        self.children: list[Item] = []
        self.adjustments: tuple[AdjustmentAmount, ...] = ()
        self.entry: Entry | None = None
        self.subtotal = ZERO
        if line.kind is not LineKind.ITEM:
            return
        if line.children:
            self.children = [Item(child, currency, breakdown) for child in line.children]
            return
        if line.net is not None:
            self.subtotal = on_unit(line.net, currency)
            self.entry = breakdown.enter(self.subtotal, line.taxes)
            return
        self.subtotal = figure = quantize(product(line), currency)
        if line.adjustments:
            self.adjustments = tuple(
                adjustment_amount(adjustment, self.subtotal, currency)
                for adjustment in line.adjustments
            )
            for adjustment in self.adjustments:
                figure += adjustment.amount if adjustment.charge else -adjustment.amount
        self.entry = breakdown.enter(figure, line.taxes, includes_tax=line.includes_tax)

    @property
    def net(self) -> Decimal:
        """BT-131, once the breakdown has settled the prices that include tax."""
        if self.entry is not None:
            return self.entry.net
        return sum((child.net for child in self.children), ZERO)


def product(line: Line) -> Decimal:
    """Quantity x (price - price discount) / base quantity, not rounded."""
    price = line.price
    if price is None or not line.base_quantity > 0:
        violated(f"line {line.id} cannot be priced")
    if line.price_discount:
        price -= line.price_discount
    if line.base_quantity == ONE:
        return line.quantity * price
    return line.quantity * price / line.base_quantity


def adjustment_amount(
    adjustment: Adjustment, default_base: Decimal, currency: str
) -> AdjustmentAmount:
    """A percent of its base, rounded, or the given amount."""
    base, percent = adjustment.base, adjustment.percent
    if percent is not None:
        base = default_base if base is None else base
        amount = quantize(base * percent / 100, currency)
    elif adjustment.amount is not None:
        amount = on_unit(adjustment.amount, currency)
    else:
        violated("a discount or charge has neither a percent nor an amount")
    return AdjustmentAmount(charge=adjustment.charge, base=base, percent=percent, amount=amount)


def line_totals(items: Sequence[Item], breakdown: Breakdown, zero: Decimal) -> Iterator[LineTotals]:
    """The finished lines. A subtotal shows the items since the last subtotal or heading."""
    net = gross = zero
    for item in items:
        if item.line.kind is LineKind.ITEM:
            finished = _finished(item, breakdown, zero)
            net += finished.net
            gross += finished.gross
            yield finished
            continue
        shows = item.line.kind is LineKind.SUBTOTAL
        yield LineTotals(
            id=item.line.id,
            kind=item.line.kind,
            subtotal=net if shows else zero,
            adjustments=(),
            net=net if shows else zero,
            gross=gross if shows else zero,
            taxes=(),
        )
        if item.line.kind is not LineKind.TEXT:
            net = gross = zero


def _finished(item: Item, breakdown: Breakdown, zero: Decimal) -> LineTotals:
    line, entry = item.line, item.entry
    if entry is None:
        children = tuple(line_totals(item.children, breakdown, zero))
        own = [child for child in children if child.kind is LineKind.ITEM]
        net = sum((child.net for child in own), zero)
        gross = sum((child.gross for child in own), zero)
        return LineTotals(
            id=line.id,
            kind=line.kind,
            subtotal=net,
            adjustments=(),
            net=net,
            gross=gross,
            taxes=(),
            children=children,
        )
    net = gross = entry.net
    for position, group in enumerate(entry.groups):
        if not breakdown.groups[group].withheld:
            gross += entry.taxes[position]
    return LineTotals(
        id=line.id,
        kind=line.kind,
        subtotal=item.subtotal,
        adjustments=item.adjustments,
        net=net,
        gross=gross,
        taxes=tuple([(net, amount) for amount in entry.taxes]),
    )
