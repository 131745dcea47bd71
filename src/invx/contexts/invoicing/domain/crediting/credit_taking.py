"""What a credit note takes from its original, position by position, and whether that is left."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from invx.contexts.invoicing.domain.content import Content, Line
from invx.contexts.invoicing.domain.crediting.remainder import (
    Groups,
    Position,
    Remainder,
    gross_of,
    group_of,
    items,
    within,
)
from invx.contexts.invoicing.domain.document_events import Credited, CreditedPosition
from invx.contexts.invoicing.domain.errors import CreditExceedsRemainder
from invx.kernel.money import allocate
from invx.rules.totals.model import ZERO, AdjustmentAmount, GivenTax, LineTotals, TaxGroup, Totals


def take(left: Remainder, content: Content, totals: Totals) -> Credited:
    """What a credit note takes from the original.

    A line whose id and taxes are those of an original line takes from that line; any other figure
    is spread over the positions that bear the same taxes, in proportion to what is left of them.
    Raises CreditExceedsRemainder when a position, a tax group or the whole has less left.
    """
    taken = _Taking(left)
    for line, figures in items(content.lines, totals.lines):
        taken.line(line, figures)
    for adjustment in totals.adjustments:
        taken.adjustment(adjustment, totals)
    rounding = totals.rounding_amount
    credited = Credited(
        positions=taken.positions(),
        taxes=tuple([_stated(group) for group in totals.taxes if group.amount or group.base]),
        net=totals.net,
        gross=totals.gross,
        rounding=rounding if within(rounding, left.rounding) else left.zero,
    )
    _within(left, credited)
    return credited


def _stated(group: TaxGroup) -> GivenTax:
    return GivenTax(
        regime=group.regime,
        jurisdiction=group.jurisdiction,
        category=group.category,
        rate=group.rate,
        amount=group.amount,
    )


class _Taking:
    """A credit note at work on the positions of its original."""

    def __init__(self, left: Remainder) -> None:
        self.left = left
        self.taken: dict[str, CreditedPosition] = {}

    def line(self, line: Line, figures: LineTotals) -> None:
        groups = tuple([group_of(tax) for tax in line.taxes])
        position = self.left.positions.get(f"line:{line.id}")
        if position is None or position.line is None or position.groups != groups:
            self._spread(figures.net, figures.gross, self._bearing(groups), groups)
            return
        returned = line.quantity if _returns(line, position) else ZERO
        self._add(position.key, figures.net, figures.gross, returned)

    def adjustment(self, figures: AdjustmentAmount, totals: Totals) -> None:
        sign = 1 if figures.charge else -1
        for share in figures.shares:
            groups = tuple([group_of(totals.taxes[group]) for group in share.groups])
            net = sign * share.amount
            bearing = self._bearing(groups)
            same = [each for each in bearing if each.adjustment is not None and each.net * net > 0]
            self._spread(net, sign * gross_of(share, totals), same or bearing, groups)

    def positions(self) -> tuple[CreditedPosition, ...]:
        return tuple(self.taken.values())

    def _bearing(self, groups: Groups) -> list[Position]:
        """The positions with these taxes, less what this credit note already took of them."""
        found = [each for each in self.left.positions.values() if each.groups == groups]
        return [
            replace(each, net=each.net - took.net) if (took := self.taken.get(each.key)) else each
            for each in found
        ]

    def _spread(
        self,
        net: Decimal,
        gross: Decimal,
        over: Sequence[Position],
        groups: Groups,
    ) -> None:
        weights = [each.net for each in over]
        if not sum(weights, ZERO):
            if net:
                raise CreditExceedsRemainder(f"Nothing is left to credit under {_names(groups)}.")
            return
        nets = allocate(net, weights, self.left.currency)
        grosses = allocate(gross, weights, self.left.currency)
        for each, part, with_tax in zip(over, nets, grosses, strict=True):
            self._add(each.key, part, with_tax, ZERO)

    def _add(self, key: str, net: Decimal, gross: Decimal, quantity: Decimal) -> None:
        before = self.taken.get(key)
        if before is not None:
            net, gross = net + before.net, gross + before.gross
            quantity += before.quantity
        self.taken[key] = CreditedPosition(position=key, net=net, gross=gross, quantity=quantity)


def _returns(line: Line, position: Position) -> bool:
    """Whether a credited line gives units back, rather than lowering their price."""
    sold = position.line
    same = sold is not None and line.unit == sold.unit and line.price in {sold.price, None}
    return same and within(line.quantity, position.quantity)


def _within(left: Remainder, credited: Credited) -> None:
    for took in credited.positions:
        position = left.positions[took.position]
        if not within(took.net, position.net):
            raise CreditExceedsRemainder(
                f"{_name(position)} has {position.net} {left.currency} left, not {took.net}."
            )
    bases = dict.fromkeys(left.taxes, left.zero)
    for took in credited.positions:
        for group in left.positions[took.position].groups:
            bases[group] += took.net
    for group, base in bases.items():
        if not within(base, base_left := left.base(group)):
            raise CreditExceedsRemainder(
                f"{base_left} {left.currency} are left under {_names((group,))}, not {base}."
            )
    for tax in credited.taxes:
        group = group_of(tax)
        tax_left = left.taxes.get(group, left.zero)
        if not within(tax.amount, tax_left):
            raise CreditExceedsRemainder(
                f"{tax_left} {left.currency} of tax are left under {_names((group,))}, "
                f"not {tax.amount}."
            )
    if not within(credited.gross, left.gross):
        raise CreditExceedsRemainder(
            f"The document has {left.gross} {left.currency} left, not {credited.gross}."
        )


def _name(position: Position) -> str:
    if position.line is not None:
        return f"Line {position.line.id}"
    return "A discount or charge of the document"


def _names(groups: Groups) -> str:
    return " and ".join(f"{category} {rate} %" for _, _, category, rate in groups) or "no tax"
