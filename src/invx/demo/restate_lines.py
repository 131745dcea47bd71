"""Lines, discounts and charges of an e-invoice as the API takes them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal

from invx.demo.source import Json
from invx.demo.terms import Adjustment, Category, Document, Item, Line, Period, Price
from invx.demo.tidy import filled, plain

CENT = Decimal("0.01")
ATTRIBUTE_CHARS_MAX = 300  # of the API; the standard knows no bound


def parts(line: Line) -> tuple[Line, ...]:
    """The lines that a line sums (sub invoice lines, an extension of EN 16931)."""
    return tuple(child for child in line.children if not child.informative)


def with_parts(lines: Iterable[Line]) -> Iterator[Line]:
    """All lines at every depth, a parent before its children."""
    for line in lines:
        yield line
        yield from with_parts(line.children)


class Entry:
    """One document being entered; `remarks` collect where it contradicts itself."""

    def __init__(self, document: Document) -> None:
        self._reasons = {group.category: group for group in document.groups}
        self._ids = Counter(line.id for line in with_parts(document.lines))
        self.remarks: list[str] = []

    def lines(self, lines: Iterable[Line]) -> list[Json]:
        """The lines, without any of the nets that the API computes."""
        found: list[Json] = []
        for line in lines:
            if line.id and self._ids[line.id] > 1:
                self.remarks.append("line ids occur twice: the API numbers those lines")
            words = filled(
                id=line.id if self._ids[line.id] == 1 else None,
                description=line.item.name or line.item.description or line.note,
                details=_details(line),
            )
            if line.informative:
                found.append({**words, "kind": "text"})
                continue
            found.append({**words, **self._item_line(line)})
            found.extend(self.lines(child for child in line.children if child.informative))
        return found

    def adjustments(self, adjustments: Iterable[Adjustment], *, charge: bool) -> list[Json]:
        """The discounts, or the charges: a percent of a base where that gives the stated amount.

        The amount (BT-92, BT-99, BT-136, BT-141) is mandatory, percent and base are not; so where
        they do not give the amount, the amount is entered.
        """
        return [
            filled(
                **self._figures(one),
                reason=one.reason,
                reason_code=one.reason_code,
                taxes=self._tax(one.category),
            )
            for one in adjustments
            if one.charge is charge
        ]

    def period(self, period: Period | None) -> Json | None:
        """A service period that does not end before it starts."""
        if period is None:
            return None
        if period.start and period.end and period.end < period.start:
            self.remarks.append(f"a period from {period.start} to {period.end}: left out")
            return None
        return filled(
            start=period.start.isoformat() if period.start else None,
            end=period.end.isoformat() if period.end else None,
        )

    def _figures(self, one: Adjustment) -> Json:
        if one.percent is None or one.base is None:
            return {"amount": plain(one.amount)}
        if (one.base * one.percent / 100).quantize(CENT, ROUND_HALF_UP) == one.amount:
            return {"percent": plain(one.percent), "base": plain(one.base)}
        self.remarks.append(
            f"{plain(one.percent)} % of {plain(one.base)} is not {plain(one.amount)}: "
            "the amount was entered"
        )
        return {"amount": plain(one.amount)}

    def _tax(self, category: Category | None) -> list[Json]:
        """The tax, with the reason for exemption that the breakdown names for its category."""
        if category is None:
            return []
        group = self._reasons.get(category)
        code = group.reason_code.upper() if group and group.reason_code else None
        return [
            filled(
                regime="vat",
                category=category.code,
                rate=plain(category.rate),
                reason=group.reason if group else None,
                reason_code=code,
            )
        ]

    def _price(self, price: Price) -> Json:
        """The gross price and its discount where they give the net price (BT-146), else the net."""
        quantity = None if price.base_quantity == 1 else plain(price.base_quantity)
        if price.net is None:
            return filled(price=plain(price.gross), base_quantity=quantity)
        gross, discount = price.gross, price.discount or Decimal(0)
        if gross is not None and gross - discount != price.net:
            self.remarks.append(
                f"a gross price of {plain(gross)} less {plain(discount)} "
                f"is not the net price {plain(price.net)}: the net price was entered"
            )
        elif gross is not None and discount:
            return filled(
                price=plain(gross), price_discount=plain(discount), base_quantity=quantity
            )
        return filled(price=plain(price.net), base_quantity=quantity)

    def _item_line(self, line: Line) -> Json:
        children = self.lines(parts(line))
        money: Json = {"children": children}
        if not children:
            money = filled(
                quantity=plain(line.quantity) or "1",
                unit=line.unit,
                **self._price(line.price),
                discounts=self.adjustments(line.adjustments, charge=False),
                charges=self.adjustments(line.adjustments, charge=True),
                taxes=self._tax(line.category),
            )
        return filled(
            kind="item",
            **money,
            service_period=self.period(line.period),
            item=_item(line.item),
            order_line=line.order_line,
            buyer_accounting_reference=line.buyer_accounting_reference,
        )


def _details(line: Line) -> str:
    """What the description does not say yet."""
    texts = (line.item.description, line.note)
    return "\n".join(text for text in texts if text and text != line.item.name)


def _item(item: Item) -> Json:
    standard = item.standard_id
    return filled(
        seller_id=item.seller_id,
        buyer_id=item.buyer_id,
        standard_id=filled(id=standard.id, scheme=standard.scheme) if standard else None,
        classifications=[filled(id=one.id, scheme=one.scheme) for one in item.classifications],
        origin=item.origin,
        attributes=[
            {"name": name[:ATTRIBUTE_CHARS_MAX], "value": value[:ATTRIBUTE_CHARS_MAX]}
            for name, value in item.attributes
        ],
    )
