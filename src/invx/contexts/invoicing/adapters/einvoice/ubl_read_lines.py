"""The lines of an invoice (BG-25) and what they share with the document, out of UBL."""

from decimal import Decimal

from invx.contexts.invoicing.adapters.einvoice.model import (
    Adjustment,
    Attribute,
    Identifier,
    Item,
    Line,
    Period,
    Price,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_names import OBJECT_TYPE, VAT
from invx.contexts.invoicing.adapters.einvoice.ubl_read_parties import read_identifier
from invx.contexts.invoicing.adapters.einvoice.xml import Node


def read_line(node: Node, kind: str, currency: str) -> Line:
    """A line with its sub-lines; `kind` is Invoice or CreditNote."""
    item = _required(node, "cac:Item", "BG-31")
    quantity = _required(
        node, "cbc:InvoicedQuantity" if kind == "Invoice" else "cbc:CreditedQuantity", "BT-129"
    )
    unit = quantity.attribute("unitCode")
    if unit is None:
        raise quantity.unreadable("it has no unitCode (BT-130)")
    category = item.text("cac:ClassifiedTaxCategory/cbc:ID")
    if category:
        item.expect("cac:ClassifiedTaxCategory/cac:TaxScheme/cbc:ID", VAT)
    return Line(
        id=node.required("cbc:ID", "BT-126"),
        note=read_texts(node, "cbc:Note"),
        object=_object(node),
        quantity=_number(quantity, "BT-129"),
        unit=unit,
        net=read_amount_required(node, "cbc:LineExtensionAmount", currency, "BT-131"),
        order_line=node.text("cac:OrderLineReference/cbc:LineID"),
        buyer_accounting_reference=node.text("cbc:AccountingCost"),
        period=read_period(node),
        adjustments=read_adjustments(node, currency),
        price=_price(_required(node, "cac:Price", "BG-29"), currency),
        category=category,
        rate=item.number("cac:ClassifiedTaxCategory/cbc:Percent") if category else None,
        item=_item(item),
        children=tuple(read_line(one, kind, currency) for one in node.all(f"cac:Sub{kind}Line")),
    )


def read_texts(node: Node, path: str) -> str | None:
    """All texts at `path`, each on lines of its own."""
    return "\n".join(text for one in node.all(path) if (text := one.prose())) or None


def read_amount(node: Node, path: str, currency: str) -> Decimal | None:
    """The amount at `path`. Raises EInvoiceUnreadable when it is in another currency."""
    child = node.first(path)
    if child is None:
        return None
    if not child.attribute_is("currencyID", currency):
        raise child.unreadable(
            f"it is in {child.attribute('currencyID')}, and the invoice in {currency}"
        )
    return child.number()


def read_amount_required(node: Node, path: str, currency: str, term: str) -> Decimal:
    """The amount at `path`. Raises EInvoiceUnreadable also when there is none."""
    amount = read_amount(node, path, currency)
    if amount is None:
        raise node.unreadable(f"it has no {path} ({term})")
    return amount


def read_period(node: Node) -> Period | None:
    """BG-14 or BG-26."""
    start = node.day("cac:InvoicePeriod/cbc:StartDate")
    end = node.day("cac:InvoicePeriod/cbc:EndDate")
    return Period(start=start, end=end) if start or end else None


def read_adjustments(node: Node, currency: str) -> tuple[Adjustment, ...]:
    """Discounts and charges in the order of the file."""
    return tuple(_adjustment(one, currency) for one in node.all("cac:AllowanceCharge"))


def _adjustment(node: Node, currency: str) -> Adjustment:
    category = node.text("cac:TaxCategory/cbc:ID")
    if category:
        node.expect("cac:TaxCategory/cac:TaxScheme/cbc:ID", VAT)
    return Adjustment(
        charge=_is_charge(node),
        amount=read_amount_required(node, "cbc:Amount", currency, "BT-92, BT-99, BT-136, BT-141"),
        base=read_amount(node, "cbc:BaseAmount", currency),
        percent=node.number("cbc:MultiplierFactorNumeric"),
        reason=read_texts(node, "cbc:AllowanceChargeReason"),
        reason_code=node.text("cbc:AllowanceChargeReasonCode"),
        category=category,
        rate=node.number("cac:TaxCategory/cbc:Percent") if category else None,
    )


def _is_charge(node: Node) -> bool:
    stated = node.required("cbc:ChargeIndicator", "BG-20, BG-21, BG-27, BG-28")
    if stated not in ("true", "1", "false", "0"):
        raise node.unreadable(f"{stated!r} is neither true nor false")
    return stated in ("true", "1")


def _object(node: Node) -> Identifier | None:
    """BT-128. Its type code is left out by some."""
    for one in node.all("cac:DocumentReference"):
        if not one.peek("cbc:ID"):
            continue
        code = one.peek("cbc:DocumentTypeCode")
        if code is None or one.expect("cbc:DocumentTypeCode", OBJECT_TYPE):
            return read_identifier(one.first("cbc:ID"))
    return None


def _price(node: Node, currency: str) -> Price:
    """A discount of zero beside a gross price is none: UBL has no gross price without discount."""
    reduction = node.first("cac:AllowanceCharge")
    base = node.first("cbc:BaseQuantity")
    discount = gross = None
    if reduction and reduction.expect("cbc:ChargeIndicator", "false", "0"):
        discount = read_amount(reduction, "cbc:Amount", currency)
        gross = read_amount(reduction, "cbc:BaseAmount", currency)
    return Price(
        net=read_amount_required(node, "cbc:PriceAmount", currency, "BT-146"),
        discount=None if gross is not None and not discount else discount,
        gross=gross,
        base_quantity=base.number() if base else None,
        base_unit=base.attribute("unitCode") if base else None,
    )


def _item(node: Node) -> Item:
    return Item(
        name=node.required("cbc:Name", "BT-153"),
        description=read_texts(node, "cbc:Description"),
        seller_id=node.text("cac:SellersItemIdentification/cbc:ID"),
        buyer_id=node.text("cac:BuyersItemIdentification/cbc:ID"),
        standard_id=read_identifier(node.first("cac:StandardItemIdentification/cbc:ID")),
        classifications=tuple(
            Identifier(
                id=code,
                scheme=one.attribute("listID"),
                scheme_version=one.attribute("listVersionID"),
            )
            for one in node.all("cac:CommodityClassification/cbc:ItemClassificationCode")
            if (code := one.text())
        ),
        origin=node.text("cac:OriginCountry/cbc:IdentificationCode"),
        attributes=tuple(
            Attribute(name=name, value=value)
            for one in node.all("cac:AdditionalItemProperty")
            if one.peek("cbc:Name")
            and (value := one.text("cbc:Value"))
            and (name := one.text("cbc:Name"))
        ),
    )


def _required(node: Node, path: str, term: str) -> Node:
    found = node.first(path)
    if found is None:
        raise node.unreadable(f"it has no {path} ({term})")
    return found


def _number(node: Node, term: str) -> Decimal:
    number = node.number()
    if number is None:
        raise node.unreadable(f"it is empty ({term})")
    return number
