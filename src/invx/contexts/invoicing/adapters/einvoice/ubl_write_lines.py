"""The lines of an invoice (BG-25) and what they share with the document, in UBL."""

from decimal import Decimal

from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnwritable
from invx.contexts.invoicing.adapters.einvoice.model import (
    Adjustment,
    Identifier,
    Item,
    Line,
    Period,
    Price,
    TaxGroup,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_names import OBJECT_TYPE, VAT
from invx.contexts.invoicing.adapters.einvoice.xml import Branch

Taxed = Adjustment | Line | TaxGroup  # what has a VAT category and its rate


def write_line(parent: Branch, stated: Line, kind: str, currency: str, prefix: str = "") -> None:
    """A line, and its sub-lines below it; `kind` is Invoice or CreditNote."""
    if stated.informative:
        raise EInvoiceUnwritable(f"line {stated.id} is for information only, which UBL cannot say")
    line = parent.add(f"cac:{prefix}{kind}Line")
    line.text("cbc:ID", stated.id)
    line.text("cbc:Note", stated.note)
    quantity = "InvoicedQuantity" if kind == "Invoice" else "CreditedQuantity"
    line.number(f"cbc:{quantity}", stated.quantity, unitCode=stated.unit)
    line.amount("cbc:LineExtensionAmount", stated.net, currencyID=currency)
    line.text("cbc:AccountingCost", stated.buyer_accounting_reference)
    write_period(line, stated.period)
    line.add("cac:OrderLineReference").text("cbc:LineID", stated.order_line)
    if stated.object:
        reference = line.add("cac:DocumentReference")
        reference.text("cbc:ID", stated.object.id, schemeID=stated.object.scheme)
        reference.text("cbc:DocumentTypeCode", OBJECT_TYPE)
    for adjustment in stated.adjustments:
        write_adjustment(line, adjustment, currency)
    _write_item(line.add("cac:Item"), stated.item, stated)
    _write_price(line.add("cac:Price"), stated.price, currency)
    for child in stated.children:
        write_line(line, child, kind, currency, "Sub")


def write_period(parent: Branch, period: Period | None, code: str | None = None) -> None:
    """BG-14 or BG-26; the code is what makes the tax point (BT-8)."""
    group = parent.add("cac:InvoicePeriod")
    group.day("cbc:StartDate", period.start if period else None)
    group.day("cbc:EndDate", period.end if period else None)
    group.text("cbc:DescriptionCode", code)


def write_adjustment(parent: Branch, stated: Adjustment, currency: str) -> None:
    """A discount or a charge of a line or of the document."""
    group = parent.add("cac:AllowanceCharge")
    group.text("cbc:ChargeIndicator", "true" if stated.charge else "false")
    group.text("cbc:AllowanceChargeReasonCode", stated.reason_code)
    group.text("cbc:AllowanceChargeReason", stated.reason)
    group.number("cbc:MultiplierFactorNumeric", stated.percent)
    group.amount("cbc:Amount", stated.amount, currencyID=currency)
    group.amount("cbc:BaseAmount", stated.base, currencyID=currency)
    write_category(group, "cac:TaxCategory", stated)


def write_category(parent: Branch, name: str, taxed: Taxed) -> None:
    """A VAT category with its rate, and in a VAT breakdown why it is exempt."""
    if not taxed.category:
        if taxed.rate is not None:
            raise EInvoiceUnwritable("UBL has no place for a VAT rate without its category")
        return
    group = parent.add(name)
    group.text("cbc:ID", taxed.category)
    group.number("cbc:Percent", taxed.rate)
    if isinstance(taxed, TaxGroup):
        group.text("cbc:TaxExemptionReasonCode", taxed.reason_code)
        group.text("cbc:TaxExemptionReason", taxed.reason)
    group.add("cac:TaxScheme").text("cbc:ID", VAT)


def _write_item(group: Branch, item: Item, taxed: Taxed) -> None:
    group.text("cbc:Description", item.description)
    group.text("cbc:Name", item.name)
    _write_identification(group, "Buyers", Identifier(id=item.buyer_id or ""))
    _write_identification(group, "Sellers", Identifier(id=item.seller_id or ""))
    _write_identification(group, "Standard", item.standard_id)
    group.add("cac:OriginCountry").text("cbc:IdentificationCode", item.origin)
    for one in item.classifications:
        group.add("cac:CommodityClassification").text(
            "cbc:ItemClassificationCode",
            one.id,
            listID=one.scheme,
            listVersionID=one.scheme_version,
        )
    write_category(group, "cac:ClassifiedTaxCategory", taxed)
    for attribute in item.attributes:
        part = group.add("cac:AdditionalItemProperty")
        part.text("cbc:Name", attribute.name)
        part.text("cbc:Value", attribute.value)


def _write_identification(group: Branch, whose: str, identifier: Identifier | None) -> None:
    if identifier:
        child = group.add(f"cac:{whose}ItemIdentification")
        child.text("cbc:ID", identifier.id, schemeID=identifier.scheme)


def _write_price(group: Branch, price: Price, currency: str) -> None:
    """The net price; a gross one (BT-148) without discount stands beside a discount of zero."""
    group.number("cbc:PriceAmount", price.net, currencyID=currency)
    group.number("cbc:BaseQuantity", price.base_quantity, unitCode=price.base_unit)
    if price.discount is None and price.gross is None:
        return
    reduction = group.add("cac:AllowanceCharge")
    reduction.text("cbc:ChargeIndicator", "false")
    reduction.number("cbc:Amount", price.discount or Decimal(0), currencyID=currency)
    reduction.number("cbc:BaseAmount", price.gross, currencyID=currency)
