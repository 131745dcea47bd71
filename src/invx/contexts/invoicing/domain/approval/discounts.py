"""How much a document gives off its prices, compared with a percent exactly, without dividing."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from invx.contexts.invoicing.domain.content import Content, Line
from invx.kernel.money import EXACT, quantize
from invx.rules.totals.model import ZERO, LineTotals, Totals

_HUNDRED = Decimal(100)


def discounted_over(percent: Decimal, content: Content, totals: Totals) -> bool:
    """Whether a line costs less by more than this percent than its price says.

    Its own discounts, that of its price (BT-147) and the document's count together. A document
    that gives a discount off nothing cannot be compared, and counts as over.
    """
    if totals.discounts and not totals.line_net:
        return True
    whole, left = totals.line_net, totals.line_net - totals.discounts
    if not whole:
        whole = left = Decimal(1)
    for listed, paid in _prices(content.lines, totals.lines, content.currency):
        before = EXACT.multiply(EXACT.multiply(listed, whole), _HUNDRED - percent)
        after = EXACT.multiply(EXACT.multiply(paid, left), _HUNDRED)
        if (after < before) if EXACT.multiply(listed, whole) > 0 else (after > before):
            return True
    return False


def _prices(
    lines: Sequence[Line], figures: Sequence[LineTotals], currency: str
) -> Iterator[tuple[Decimal, Decimal]]:
    """Of each priced line what its price comes to, and that less its discounts; both as priced."""
    for line, figure in zip(lines, figures, strict=True):
        if line.children:
            yield from _prices(line.children, figure.children, currency)
        elif line.price is not None and line.net is None:
            product = EXACT.divide(EXACT.multiply(line.quantity, line.price), line.base_quantity)
            listed = quantize(product, currency)
            off = sum((each.amount for each in figure.adjustments if not each.charge), ZERO)
            if listed:
                yield listed, figure.subtotal - off
