"""The lines of a Cross Industry Invoice (BG-25): each part as it is written, then as it is read.

CII has no lines inside lines: a sub-line names its parent (ParentLineID, as in Factur-X EXTENDED),
a line that has sub-lines is a GROUP whose net counts nowhere, a sub-line that counts is a DETAIL.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from invx.contexts.invoicing.adapters.einvoice.cii_taxes import (
    read_adjustments,
    read_category,
    write_adjustments,
    write_category,
)
from invx.contexts.invoicing.adapters.einvoice.cii_tree import (
    Element,
    always,
    amount,
    day,
    group,
    identifier,
    need_number,
    number,
    part,
    take_day,
    take_id,
    text,
)
from invx.contexts.invoicing.adapters.einvoice.model import (
    Attribute,
    Identifier,
    Item,
    Line,
    Period,
    Price,
)
from invx.contexts.invoicing.adapters.einvoice.xml import Node

DEPTH_MAX = 20  # of sub-lines
ZERO = Decimal(0)
PIECE = "C62"  # the unit of a line that counts nowhere and states none
OBJECT_TYPE = "130"  # BT-18 and BT-128 among the referenced documents, UNTDID 1001
GROUP, DETAIL, INFORMATION = "GROUP", "DETAIL", "INFORMATION"
_ITEM = "ram:IncludedSupplyChainTradeLineItem"
_HEAD = "ram:AssociatedDocumentLineDocument"
_AGREEMENT = "ram:SpecifiedLineTradeAgreement"
_SETTLEMENT = "ram:SpecifiedLineTradeSettlement"
_QUANTITY = "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"
_NET, _GROSS = "ram:NetPriceProductTradePrice", "ram:GrossPriceProductTradePrice"
_PRICE_DISCOUNT = "ram:AppliedTradeAllowanceCharge"
_BASE = "ram:BasisQuantity"
_TOTAL = "ram:SpecifiedTradeSettlementLineMonetarySummation"
_ACCOUNT = "ram:ReceivableSpecifiedTradeAccountingAccount"
_REFERENCE = "ram:AdditionalReferencedDocument"


def write_lines(lines: Iterable[Line], parent: Line | None = None) -> Iterator[Element]:
    """Every line at every depth, a parent before its children."""
    for line in lines:
        yield _write_line(line, parent)
        yield from write_lines(line.children, line)


def read_lines(trade: Node) -> tuple[Line, ...]:
    """The lines, each under the line that its ParentLineID names.

    A sub-line that counts stays on top when its parent counts too: the model knows no such thing.
    Raises EInvoiceUnreadable when lines name each other as parents, or nest without bound.
    """
    nodes = trade.all(_ITEM)
    status = {_id(node): _read_status(node) for node in nodes}
    groups = {id for id, stated in status.items() if stated == GROUP}
    children: dict[str | None, list[Line]] = {}
    for node in nodes:
        line = _read_line(node)
        parents = status.keys() if line.informative else groups
        children.setdefault(_read_parent(node, parents - {line.id}), []).append(line)

    def under(parent: str | None, depth: int) -> tuple[Line, ...]:
        if depth > DEPTH_MAX:
            raise trade.unreadable(f"lines nest deeper than {DEPTH_MAX}")
        found = ((one, under(one.id, depth + 1)) for one in children.pop(parent, []))
        return tuple(_with_children(one, below, one.id in groups) for one, below in found)

    top = under(None, 0)
    if children:
        raise trade.unreadable("lines name each other as parents")
    return top


def unread_parents(trade: Node, lines: Iterable[Line]) -> list[str]:
    """Paths of those ParentLineIDs whose line is in `lines` without its parent."""
    nested = {child.id for line in lines for child in _below(line)}
    parents = (
        node.first(f"{_HEAD}/ram:ParentLineID")
        for node in trade.all(_ITEM)
        if _id(node) not in nested
    )
    return [parent.path for parent in parents if parent]


def write_period(stated: Period | None) -> Element | None:
    """BG-14 and BG-26."""
    if stated is None:
        return None
    return group(
        "ram:BillingSpecifiedPeriod",
        day("ram:StartDateTime", stated.start),
        day("ram:EndDateTime", stated.end),
    )


def read_period(node: Node) -> Period | None:
    """BG-14 and BG-26."""
    start = take_day(node, "ram:BillingSpecifiedPeriod/ram:StartDateTime")
    end = take_day(node, "ram:BillingSpecifiedPeriod/ram:EndDateTime")
    return Period(start=start, end=end) if start or end else None


def write_object(stated: Identifier | None) -> Element | None:
    """BT-18 and BT-128: a referenced document of type 130."""
    if stated is None:
        return None
    return always(
        _REFERENCE,
        text("ram:IssuerAssignedID", stated.id),
        text("ram:TypeCode", OBJECT_TYPE),
        text("ram:ReferenceTypeCode", stated.scheme),
    )


def read_object(node: Node) -> Identifier | None:
    """BT-18 and BT-128."""
    for one in node.all(_REFERENCE):
        stated = (
            one.text("ram:IssuerAssignedID") if one.text("ram:TypeCode") == OBJECT_TYPE else None
        )
        if stated:
            return Identifier(id=stated, scheme=one.text("ram:ReferenceTypeCode"))
    return None


def _below(line: Line) -> Iterator[Line]:
    for child in line.children:
        yield child
        yield from _below(child)


def _status(line: Line, parent: Line | None) -> str | None:
    if line.informative:
        return INFORMATION
    if any(not child.informative for child in line.children):
        return GROUP
    return DETAIL if parent else None


def _write_line(line: Line, parent: Line | None) -> Element:
    return always(
        _ITEM,
        always(
            _HEAD,
            text("ram:LineID", line.id),
            text("ram:ParentLineID", parent.id if parent else None),
            text("ram:LineStatusReasonCode", _status(line, parent)),
            group("ram:IncludedNote", text("ram:Content", line.note)),
        ),
        _write_item(line.item),
        always(
            _AGREEMENT,
            group("ram:BuyerOrderReferencedDocument", text("ram:LineID", line.order_line)),
            *_write_price(line.price),
        ),
        always(
            "ram:SpecifiedLineTradeDelivery",
            number("ram:BilledQuantity", line.quantity, unitCode=line.unit),
        ),
        always(
            _SETTLEMENT,
            write_category("ram:ApplicableTradeTax", line.category, line.rate),
            write_period(line.period),
            *write_adjustments(line.adjustments),
            always(_TOTAL, amount("ram:LineTotalAmount", line.net)),
            write_object(line.object),
            group(_ACCOUNT, text("ram:ID", line.buyer_accounting_reference)),
        ),
    )


def _id(node: Node) -> str:
    return node.required(f"{_HEAD}/ram:LineID", "BT-126")


def _read_status(node: Node) -> str | None:
    """GROUP or INFORMATION; any other line counts."""
    for status in (GROUP, INFORMATION, DETAIL):
        found = node.first(f"{_HEAD}[ram:LineStatusReasonCode='{status}']/ram:LineStatusReasonCode")
        if found:
            return found.text()
    return None


def _read_parent(node: Node, known: Collection[str]) -> str | None:
    stated = node.all(f"{_HEAD}/ram:ParentLineID")
    return next((id for one in stated if (id := one.text()) in known), None)


def _with_children(line: Line, children: tuple[Line, ...], is_group: bool) -> Line:
    """A group that states no net is the sum of its sub-lines; one without any counts nowhere."""
    nets = [child.net for child in children if not child.informative]
    if not is_group:
        return replace(line, children=children)
    if not nets:
        return replace(line, children=children, informative=True)
    return replace(line, children=children, net=line.net or sum(nets, ZERO))


def _read_line(node: Node) -> Line:
    status = _read_status(node)
    counts = status not in (GROUP, INFORMATION)
    settlement = part(node, _SETTLEMENT)
    category, rate = read_category(settlement, "ram:ApplicableTradeTax")
    return Line(
        id=_id(node),
        note=_note(node),
        object=read_object(settlement),
        quantity=_figure(node, _QUANTITY, "BT-129", counts),
        unit=_unit(node, counts),
        net=_figure(settlement, f"{_TOTAL}/ram:LineTotalAmount", "BT-131", counts),
        order_line=node.text(f"{_AGREEMENT}/ram:BuyerOrderReferencedDocument/ram:LineID"),
        buyer_accounting_reference=settlement.text(f"{_ACCOUNT}/ram:ID"),
        period=read_period(settlement),
        adjustments=read_adjustments(settlement),
        price=_read_price(node, counts),
        category=category,
        rate=rate,
        item=_read_item(part(node, "ram:SpecifiedTradeProduct")),
        informative=status == INFORMATION,
    )


def _figure(node: Node, path: str, term: str, counts: bool) -> Decimal:
    """A figure of a line. One that counts nowhere (Factur-X EXTENDED) may lack it: it is zero."""
    found = node.number(path)
    return need_number(node, path, term) if found is None and counts else found or ZERO


def _unit(node: Node, counts: bool) -> str:
    quantity = node.first(_QUANTITY)
    unit = quantity.attribute("unitCode") if quantity else None
    if unit is None and counts:
        raise (quantity or node).unreadable("the quantity has no unit (BT-130)")
    return unit or PIECE


def _note(node: Node) -> str | None:
    notes = (one.prose() for one in node.all(f"{_HEAD}/ram:IncludedNote/ram:Content"))
    return "\n".join(filter(None, notes)) or None


def _write_price(price: Price) -> tuple[Element | None, Element]:
    """The base quantity stands with both prices, for both are for that quantity."""
    gross, discount = price.gross, price.discount
    if gross is None and discount is not None:
        gross = price.net + discount  # the schema knows no discount without what it is off
    return (
        None if gross is None else _one_price(_GROSS, gross, price, _price_discount(discount)),
        _one_price(_NET, price.net, price),
    )


def _one_price(tag: str, value: Decimal, price: Price, discount: Element | None = None) -> Element:
    base = number(_BASE, price.base_quantity, unitCode=price.base_unit)
    return always(tag, number("ram:ChargeAmount", value), base, discount)


def _price_discount(discount: Decimal | None) -> Element | None:
    if discount is None:
        return None
    return always(
        _PRICE_DISCOUNT,
        always("ram:ChargeIndicator", text("udt:Indicator", "false")),
        number("ram:ActualAmount", discount),
    )


def _read_price(node: Node, counts: bool) -> Price:
    """BG-29. Both prices are for one quantity (BT-149): that of the net price, if it states one.

    A discount of zero is none, as in UBL. Of a gross price left out the discount was taken off.
    """
    gross = node.first(f"{_AGREEMENT}/{_GROSS}")
    net_base = node.first(f"{_AGREEMENT}/{_NET}/{_BASE}")
    base = net_base or (gross.first(_BASE) if gross else None)
    quantity = base.text() if base else None
    unit = base.attribute("unitCode") if base and quantity else None
    same = gross.first(f"{_BASE}[.='{quantity}']") if base and base.number() and gross else None
    if same:  # another one is left, and so reported as unread
        same.text()
        same.attribute("unitCode")
    net = _figure(node, f"{_AGREEMENT}/{_NET}/ram:ChargeAmount", "BT-146", counts)
    discount = (_read_price_discount(gross) if gross else None) or None
    stated = gross.number("ram:ChargeAmount") if gross else None
    return Price(
        net=net,
        discount=discount,
        gross=net + discount if stated is None and discount is not None else stated,
        base_quantity=base.number() if base else None,
        base_unit=unit,
    )


def _read_price_discount(gross: Node) -> Decimal | None:
    """BT-147. A charge on a price is not of EN 16931 (CII-SR-119)."""
    for one in gross.all(_PRICE_DISCOUNT):
        indicator = one.text("ram:ChargeIndicator/udt:Indicator")
        if indicator not in ("true", "1"):
            return one.number("ram:ActualAmount")
    return None


def _write_item(item: Item) -> Element:
    return always(
        "ram:SpecifiedTradeProduct",
        identifier("ram:GlobalID", item.standard_id),
        text("ram:SellerAssignedID", item.seller_id),
        text("ram:BuyerAssignedID", item.buyer_id),
        text("ram:Name", item.name),
        text("ram:Description", item.description),
        *(
            group(
                "ram:ApplicableProductCharacteristic",
                text("ram:Description", one.name),
                text("ram:Value", one.value),
            )
            for one in item.attributes
        ),
        *(
            group(
                "ram:DesignatedProductClassification",
                text("ram:ClassCode", c.id, listID=c.scheme, listVersionID=c.scheme_version),
            )
            for c in item.classifications
        ),
        group("ram:OriginTradeCountry", text("ram:ID", item.origin)),
    )


def _read_item(node: Node) -> Item:
    attributes = (
        (one.text("ram:Description"), one.text("ram:Value"))
        for one in node.all("ram:ApplicableProductCharacteristic")
    )
    return Item(
        name=node.required("ram:Name", "BT-153"),
        description=node.prose("ram:Description"),
        seller_id=node.text("ram:SellerAssignedID"),
        buyer_id=node.text("ram:BuyerAssignedID"),
        standard_id=take_id(node.first("ram:GlobalID")),
        classifications=tuple(_classifications(node)),
        origin=node.text("ram:OriginTradeCountry/ram:ID"),
        attributes=tuple(Attribute(name=n, value=v) for n, v in attributes if n and v),
    )


def _classifications(node: Node) -> Iterator[Identifier]:
    for one in node.all("ram:DesignatedProductClassification/ram:ClassCode"):
        stated = take_id(one, "listID")
        if stated:
            yield replace(stated, scheme_version=one.attribute("listVersionID"))
