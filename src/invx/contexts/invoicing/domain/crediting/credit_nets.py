"""Lines of a credit note that state their net instead of a price with tax.

Where a price includes tax, the net follows from the gross of its whole tax group and can move by a
cent with whatever else is credited. A stated net stays.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import Decimal

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.content import Content, Line
from invx.contexts.invoicing.domain.crediting.remainder import Group, group_of
from invx.contexts.invoicing.domain.document import Document
from invx.rules.totals.compute import compute
from invx.rules.totals.model import ONE, ZERO, LineKind, LineTotals


def computed(sold: Line, net: Decimal | None) -> Line:
    """A line of one unit that says what `sold` said, with a net and no price."""
    return replace(
        sold,
        price=None,
        price_discount=ZERO,
        base_quantity=ONE,
        price_includes_tax=False,
        quantity=ONE,
        unit="C62",
        discounts=(),
        charges=(),
        breakdown=(),
        net=net,
    )


def priced(sold: Line, net: Decimal) -> Line:
    """A line of one unit at the price `net`, which no original line is taken to have returned."""
    return replace(computed(sold, None), price=abs(net), quantity=ONE if net > 0 else -ONE)


def by_net(content: Content, original: Document, groups: AbstractSet[Group]) -> Content:
    """`content` where the lines under these groups state the nets that they have now."""
    totals = compute(bill_of(content, original.rounding))
    return replace(content, lines=tuple(_stated(content.lines, totals.lines, original, groups)))


def _stated(
    lines: Sequence[Line],
    figures: Sequence[LineTotals],
    original: Document,
    groups: AbstractSet[Group],
) -> Iterator[Line]:
    for line, totals in zip(lines, figures, strict=True):
        if line.kind is not LineKind.ITEM:
            yield line
        elif line.children:
            below = _stated(line.children, totals.children, original, groups)
            yield replace(line, children=tuple(below))
        elif line.net is None and any(group_of(tax) in groups for tax in line.taxes):
            yield _line(line, totals.net, original)
        else:
            yield line


def _line(line: Line, net: Decimal, original: Document) -> Line:
    """Units that come back stay units; any other line is a price of its own."""
    position = original.invoiced.positions.get(f"line:{line.id}")
    sold = None if position is None else position.line
    if sold is not None and (sold.price, sold.unit) == (line.price, line.unit):
        return replace(computed(line, net), quantity=line.quantity, unit=line.unit)
    return priced(line, net)
