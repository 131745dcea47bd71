"""The lines of a document as those of an e-invoice: flat, each with one VAT and an exact net price.

Headings, texts and what only sums others carry no money, and EN 16931 knows no such lines: their
words become the note (BT-127) of the item that follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from invx.contexts.invoicing.adapters.einvoice import model
from invx.contexts.invoicing.adapters.einvoice.of_parties import identifier
from invx.contexts.invoicing.adapters.wording import Wording
from invx.contexts.invoicing.domain.content import AdjustmentLine, Content, Item, Line
from invx.kernel.errors import violated
from invx.kernel.money import EXACT, quantize
from invx.rules.totals.model import (
    ONE,
    AdjustmentAmount,
    LineKind,
    LineTotals,
    Regime,
    Tax,
    Totals,
)

PRICE_DECIMALS_MAX = 10
ONE_UNIT = "C62"


@dataclass(slots=True)
class _Walk:
    content: Content
    words: Wording
    found: list[model.Line] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)  # words on their way to the next item


def lines_of(
    content: Content, totals: Totals, words: Wording
) -> tuple[tuple[model.Line, ...], str | None]:
    """The lines, and the words of headings and texts that no item follows."""
    walk = _Walk(content, words)
    _enter(walk, content.lines, totals.lines)
    return tuple(walk.found), "\n".join(walk.waiting) or None


def vat_rate(category: str, rate: Decimal) -> Decimal | None:
    """The rate as an e-invoice states it: category O has none, not even zero (BR-O-05)."""
    return None if category == "O" else rate


def adjustment(said: AdjustmentLine, amount: AdjustmentAmount, words: Wording) -> model.Adjustment:
    """A discount or charge. One without a reason is named what it is: BR-33, 38, 42 and 44.

    The base of a percent is that of the amount; where a percent is shared out, it has none.
    """
    label = "line.charge" if amount.charge else "line.discount"
    named = said.reason or said.reason_code
    return model.Adjustment(
        charge=amount.charge,
        amount=amount.amount,
        base=amount.base if said.percent is not None else said.base,
        percent=amount.percent,
        reason=said.reason if named else words.say(label),
        reason_code=said.reason_code,
    )


def _enter(walk: _Walk, lines: Sequence[Line], totals: Sequence[LineTotals]) -> None:
    for line, figures in zip(lines, totals, strict=True):
        if line.kind is LineKind.SUBTOTAL:
            continue
        if line.kind is LineKind.ITEM and not line.children:
            walk.found.append(_line(walk, line, figures))
            walk.waiting = []
            continue
        walk.waiting += [text for text in (line.description, line.details, line.note) if text]
        children = [_inheriting(child, line) for child in line.children]
        _enter(walk, children, figures.children)


def _inheriting(child: Line, parent: Line) -> Line:
    """What is said once of the whole holds for its parts."""
    return replace(
        child,
        service_period=child.service_period or parent.service_period,
        order_line=child.order_line or parent.order_line,
        buyer_accounting_reference=(
            child.buyer_accounting_reference or parent.buyer_accounting_reference
        ),
        invoiced_object=child.invoiced_object or parent.invoiced_object,
    )


def _line(walk: _Walk, line: Line, figures: LineTotals) -> model.Line:
    tax = next((each for each in line.taxes if each.regime is Regime.VAT), None)
    if tax is None:
        violated(f"line {line.id} bears no VAT")
    stated = _priced(walk, line, figures, tax)
    period = line.service_period
    note = "\n".join([*walk.waiting, *([line.note] if line.note else [])])
    return model.Line(
        id=line.id,
        note=note or None,
        object=identifier(line.invoiced_object),
        quantity=stated.quantity,
        unit=stated.unit,
        net=figures.net,
        order_line=line.order_line,
        buyer_accounting_reference=line.buyer_accounting_reference,
        period=model.Period(start=period.start, end=period.end) if period else None,
        adjustments=stated.adjustments,
        price=stated.price,
        category=tax.category,
        rate=vat_rate(tax.category, tax.rate),
        item=_item(line, stated.attributes),
    )


@dataclass(frozen=True, slots=True)
class _Priced:
    """How a net comes about: quantity x price, and what is taken off or put on."""

    quantity: Decimal
    unit: str
    price: model.Price
    adjustments: tuple[model.Adjustment, ...] = ()
    attributes: tuple[model.Attribute, ...] = ()


def _priced(walk: _Walk, line: Line, figures: LineTotals, tax: Tax) -> _Priced:
    if line.price is None:
        return _once(walk, line, figures.net, always=bool(line.breakdown))
    said = [*line.discounts, *line.charges]
    adjusted = tuple(
        adjustment(each, amount, walk.words)
        for each, amount in zip(said, figures.adjustments, strict=True)
    )
    base = None if line.base_quantity == ONE else line.base_quantity
    price = model.Price(
        net=line.price - line.price_discount,
        discount=line.price_discount or None,
        gross=line.price if line.price_discount else None,
        base_quantity=base,
        base_unit=line.unit if base else None,
    )
    includes_tax = line.price_includes_tax
    if includes_tax is None:
        includes_tax = walk.content.prices_include_tax
    if not includes_tax or not tax.rate:
        return _Priced(line.quantity, line.unit, price, adjusted)
    return _without_tax(walk, line, figures, tax, adjusted)


def _without_tax(
    walk: _Walk,
    line: Line,
    figures: LineTotals,
    tax: Tax,
    adjusted: tuple[model.Adjustment, ...],
) -> _Priced:
    """A price that includes tax as the net price with as few decimals as lead to the net.

    Discounts and charges are stated net too, each rounded once; the price takes up the rest.
    """
    currency = walk.content.currency
    nets = tuple(_net_of(each, tax.rate, currency) for each in adjusted)
    target = figures.net
    for each in nets:
        target += -each.amount if each.charge else each.amount
    price = _net_price(line, tax.rate, target)
    if price is None:
        return _once(walk, line, figures.net, always=True)
    base = None if line.base_quantity == ONE else line.base_quantity
    stated = model.Price(net=price, base_quantity=base, base_unit=line.unit if base else None)
    return _Priced(line.quantity, line.unit, stated, nets)


def _net_of(each: model.Adjustment, rate: Decimal, currency: str) -> model.Adjustment:
    amount = quantize(EXACT.divide(each.amount * 100, 100 + rate), currency)
    return replace(each, amount=amount, base=None, percent=None)


def _net_price(line: Line, rate: Decimal, target: Decimal) -> Decimal | None:
    """A net price near the true one with quantity x price = target, or None (rule 2 of BT-131)."""
    if line.price is None:
        return None
    true = [EXACT.divide((line.price - line.price_discount) * 100, 100 + rate)]
    if line.quantity:
        true.append(EXACT.divide(target * line.base_quantity, line.quantity))
    for decimals in range(2, PRICE_DECIMALS_MAX + 1):
        for exact in true:
            price = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
            product = EXACT.divide(EXACT.multiply(line.quantity, price), line.base_quantity)
            if price >= 0 and product.quantize(target, ROUND_HALF_UP) == target:
                return price
    return None


def _once(walk: _Walk, line: Line, net: Decimal, *, always: bool) -> _Priced:
    """One times the amount: a figure that no price leads to. The real quantity is an attribute."""
    words = walk.words
    attributes: list[model.Attribute] = []
    if always or line.quantity != ONE or line.unit != ONE_UNIT:
        said = f"{line.quantity:f} {line.unit}"
        attributes.append(model.Attribute(name=words.say("column.quantity"), value=said))
    for number, step in enumerate(line.breakdown, 1):
        parts = [f"{step.quantity:f}" if step.quantity is not None else "", step.unit or ""]
        product = " ".join(part for part in parts if part)
        if step.price is not None:
            product = f"{product} x {step.price:f}".strip()
        value = f"{product} = {step.amount:f}" if product else f"{step.amount:f}"
        attributes.append(model.Attribute(name=step.description or str(number), value=value))
    sign = -ONE if net < 0 else ONE
    unit = line.unit if line.quantity == ONE else ONE_UNIT
    return _Priced(sign, unit, model.Price(net=abs(net)), attributes=tuple(attributes))


def _item(line: Line, attributes: tuple[model.Attribute, ...]) -> model.Item:
    item = line.item or Item()
    return model.Item(
        name=line.description or "",
        description=line.details,
        seller_id=item.seller_id,
        buyer_id=item.buyer_id,
        standard_id=identifier(item.standard_id),
        classifications=tuple(
            model.Identifier(id=each.id, scheme=each.scheme, scheme_version=each.version)
            for each in item.classifications
        ),
        origin=item.origin,
        attributes=attributes
        + tuple(
            model.Attribute(name=each.name, value=each.value)
            for each in item.attributes
            if each.value
        ),
    )
