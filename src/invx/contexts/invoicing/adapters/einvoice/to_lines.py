"""Lines, discounts and charges of an e-invoice as our API takes them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from invx.contexts.invoicing.adapters.einvoice import model
from invx.contexts.invoicing.adapters.einvoice.to_parties import identifier
from invx.contexts.invoicing.adapters.einvoice.to_values import filled, plain

Json = dict[str, Any]
CENT = Decimal("0.01")


class Entry:
    """One e-invoice being entered; `remarks` collect where it contradicts itself."""

    def __init__(self, invoice: model.EInvoice) -> None:
        self.reasons = {(group.category, group.rate or 0): group for group in invoice.taxes}
        self.ids = Counter(line.id for line in _all(invoice.lines))
        self.remarks: list[str] = []

    def period(self, period: model.Period | None) -> Json | None:
        """A service period that does not end before it starts."""
        if period is None or not (period.start or period.end):
            return None
        if period.start and period.end and period.end < period.start:
            self.remarks.append(f"A period from {period.start} to {period.end}: left out.")
            return None
        return filled(
            start=period.start.isoformat() if period.start else None,
            end=period.end.isoformat() if period.end else None,
        )

    def taxes(self, category: str | None, rate: Decimal | None) -> list[Json]:
        """The tax, with the reason for exemption that the breakdown names for its category."""
        if category is None:
            return []
        group = self.reasons.get((category, rate or 0))
        return [
            filled(
                category=category,
                rate=plain(rate or Decimal(0)),
                reason=group.reason if group else None,
                reason_code=group.reason_code if group else None,
            )
        ]


def _all(lines: Iterable[model.Line]) -> Iterator[model.Line]:
    for line in lines:
        yield line
        yield from _all(line.children)


def lines_to(lines: Iterable[model.Line], entry: Entry) -> list[Json]:
    """The lines, without any of the nets that the API computes.

    Lines that only inform become texts, those of an item right after it.
    """
    found: list[Json] = []
    for line in lines:
        if line.informative:
            text = line.item.name or line.item.description or line.note
            found.append(filled(kind="text", description=text))
            continue
        found.append(_line(line, entry))
        found += lines_to((child for child in line.children if child.informative), entry)
    return found


def adjustments(stated: Iterable[model.Adjustment], entry: Entry, *, charge: bool) -> list[Json]:
    """The discounts, or the charges: a percent of a base where that gives the stated amount.

    The amount (BT-92, BT-99, BT-136, BT-141) is mandatory, percent and base are not; so where they
    do not give the amount, the amount is entered.
    """
    return [
        filled(
            **_figures(one, entry),
            reason=one.reason,
            reason_code=one.reason_code,
            taxes=entry.taxes(one.category, one.rate),
        )
        for one in stated
        if one.charge is charge
    ]


def _figures(one: model.Adjustment, entry: Entry) -> Json:
    percent, base = one.percent, one.base
    if percent is None or base is None:
        if percent is not None:
            entry.remarks.append(f"{plain(percent)} % of nothing stated: the amount was entered.")
        return filled(amount=plain(one.amount), base=plain(base))
    if (base * percent / 100).quantize(CENT, ROUND_HALF_UP) == one.amount:
        return {"percent": plain(percent), "base": plain(base)}
    entry.remarks.append(
        f"{plain(percent)} % of {plain(base)} is not {plain(one.amount)}: the amount was entered."
    )
    return {"amount": plain(one.amount)}


def _line(line: model.Line, entry: Entry) -> Json:
    unique = bool(line.id) and entry.ids[line.id] == 1
    if line.id and not unique:
        entry.remarks.append("Line ids occur twice: we number those lines.")
    return filled(
        id=line.id if unique else None,
        description=line.item.name or line.item.description or line.note,
        details=line.item.description,
        note=line.note,
        invoiced_object=identifier(line.object),
        **_money(line, entry),
        service_period=entry.period(line.period),
        item=_item(line.item),
        order_line=line.order_line,
        buyer_accounting_reference=line.buyer_accounting_reference,
    )


def _money(line: model.Line, entry: Entry) -> Json:
    parts = [child for child in line.children if not child.informative]
    if parts:
        return {"children": lines_to(parts, entry)}
    return filled(
        quantity=plain(line.quantity),
        unit=line.unit,
        **_price(line.price, entry),
        discounts=adjustments(line.adjustments, entry, charge=False),
        charges=adjustments(line.adjustments, entry, charge=True),
        taxes=entry.taxes(line.category, line.rate),
    )


def _price(price: model.Price, entry: Entry) -> Json:
    """The gross price and its discount where they give the net price (BT-146), else the net."""
    quantity = None if price.base_quantity == 1 else plain(price.base_quantity)
    gross, discount = price.gross, price.discount or Decimal(0)
    if gross is None:
        gross = price.net + discount  # it may be left out; it is what the discount was taken off
    if gross - discount != price.net:
        entry.remarks.append(
            f"A gross price of {plain(gross)} less {plain(discount)} is not the net price "
            f"{plain(price.net)}: the net price was entered."
        )
    elif discount:
        return filled(price=plain(gross), price_discount=plain(discount), base_quantity=quantity)
    return filled(price=plain(price.net), base_quantity=quantity)


def _item(item: model.Item) -> Json:
    return filled(
        seller_id=item.seller_id,
        buyer_id=item.buyer_id,
        standard_id=identifier(item.standard_id),
        classifications=[identifier(each) for each in item.classifications],
        origin=item.origin,
        attributes=[{"name": each.name, "value": each.value} for each in item.attributes],
    )
