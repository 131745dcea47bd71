"""UBL 2.1 Invoice and CreditNote, read into the terms of EN 16931."""

from datetime import date
from decimal import Decimal

from invx.demo.terms import (
    Account,
    Adjustment,
    Category,
    Dates,
    Document,
    Group,
    Identifier,
    Item,
    Line,
    Party,
    Period,
    Price,
    References,
    Totals,
)
from invx.demo.xml import Node, Unreadable, parse

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
INVOICE = f"{{{_UBL}Invoice-2}}Invoice"
CREDIT_NOTE = f"{{{_UBL}CreditNote-2}}CreditNote"
NAMES = {
    "cac": f"{_UBL}CommonAggregateComponents-2",
    "cbc": f"{_UBL}CommonBasicComponents-2",
}
ZERO = Decimal(0)


def read_ubl(data: bytes) -> Document:
    """The document in `data`. Raises Unreadable."""
    root = parse(data, NAMES)
    if root.tag not in (INVOICE, CREDIT_NOTE):
        raise Unreadable(f"{root.tag} is not a UBL Invoice or CreditNote")
    credit_note = root.tag == CREDIT_NOTE
    currency = root.text("cbc:DocumentCurrencyCode")
    if currency is None:
        raise Unreadable("it names no currency (BT-5)")
    kind = "CreditNote" if credit_note else "Invoice"
    tax_currency = root.text("cbc:TaxCurrencyCode")
    delivery = root.first("cac:Delivery")
    return Document(
        syntax="UBL",
        number=root.text("cbc:ID"),
        type_code=root.text(f"cbc:{kind}TypeCode") or ("381" if credit_note else "380"),
        credit_note=credit_note,
        currency=currency,
        tax_currency=tax_currency,
        tax_in_tax_currency=_tax_total(root, tax_currency) if tax_currency != currency else None,
        dates=_dates(root),
        seller=_party(root.first("cac:AccountingSupplierParty/cac:Party")) or Party(),
        buyer=_party(root.first("cac:AccountingCustomerParty/cac:Party")) or Party(),
        payee=_party(root.first("cac:PayeeParty")),
        tax_representative=_party(root.first("cac:TaxRepresentativeParty")),
        ship_to=_ship_to(delivery) if delivery else None,
        references=_references(root),
        payment_terms="\n".join(_texts(root, "cac:PaymentTerms/cbc:Note")) or None,
        accounts=_accounts(root),
        notes=_texts(root, "cbc:Note"),
        lines=tuple(_line(line) for line in root.all(f"cac:{kind}Line")),
        adjustments=_adjustments(root),
        groups=_groups(root, currency),
        totals=_totals(root, currency),
    )


def _texts(node: Node, path: str) -> tuple[str, ...]:
    return tuple(text for one in node.all(path) if (text := one.prose()))


def _day(node: Node, path: str) -> date | None:
    text = node.text(path)
    try:
        return date.fromisoformat(text[:10]) if text else None  # xs:date may carry a zone
    except ValueError:
        raise Unreadable(f"{path} holds {text!r}, which is not a date") from None


def _identifier(node: Node | None) -> Identifier | None:
    text = node.text() if node else None
    return Identifier(id=text, scheme=node.attribute("schemeID")) if node and text else None


def _identifiers(node: Node, path: str) -> tuple[Identifier, ...]:
    return tuple(found for one in node.all(path) if (found := _identifier(one)))


def _dates(root: Node) -> Dates:
    issue = _day(root, "cbc:IssueDate")
    if issue is None:
        raise Unreadable("it has no issue date (BT-2)")
    return Dates(
        issue=issue,
        tax_point=_day(root, "cbc:TaxPointDate"),
        due=_day(root, "cbc:DueDate") or _day(root, "cac:PaymentMeans/cbc:PaymentDueDate"),
        supply=_day(root, "cac:Delivery/cbc:ActualDeliveryDate"),
        period=_period(root),
    )


def _period(node: Node) -> Period | None:
    start = _day(node, "cac:InvoicePeriod/cbc:StartDate")
    end = _day(node, "cac:InvoicePeriod/cbc:EndDate")
    return Period(start=start, end=end) if start or end else None


def _address(node: Node | None) -> dict[str, str | None]:
    if node is None:
        return {}
    return {
        "line1": node.text("cbc:StreetName"),
        "line2": node.text("cbc:AdditionalStreetName"),
        "line3": node.text("cac:AddressLine/cbc:Line"),
        "postal_code": node.text("cbc:PostalZone"),
        "city": node.text("cbc:CityName"),
        "region": node.text("cbc:CountrySubentity"),
        "country": node.text("cac:Country/cbc:IdentificationCode"),
    }


def _party(node: Node | None) -> Party | None:
    if node is None:
        return None
    numbers = {
        scheme.text("cac:TaxScheme/cbc:ID") or "": scheme.text("cbc:CompanyID")
        for scheme in reversed(node.all("cac:PartyTaxScheme"))
    }
    vat_id = numbers.pop("VAT", None)
    trading_name = node.text("cac:PartyName/cbc:Name")
    return Party(
        name=node.text("cac:PartyLegalEntity/cbc:RegistrationName") or trading_name,
        trading_name=trading_name,
        legal_information=node.prose("cac:PartyLegalEntity/cbc:CompanyLegalForm"),
        identifiers=_identifiers(node, "cac:PartyIdentification/cbc:ID"),
        registration=_identifier(node.first("cac:PartyLegalEntity/cbc:CompanyID")),
        vat_id=vat_id,
        tax_number=next(filter(None, reversed(numbers.values())), None),  # BT-32: not VAT
        endpoint=_identifier(node.first("cbc:EndpointID")),
        address=_address(node.first("cac:PostalAddress")),
        contact={
            "name": node.text("cac:Contact/cbc:Name"),
            "email": node.text("cac:Contact/cbc:ElectronicMail"),
            "phone": node.text("cac:Contact/cbc:Telephone"),
        },
    )


def _ship_to(delivery: Node) -> Party:
    return Party(
        name=delivery.text("cac:DeliveryParty/cac:PartyName/cbc:Name"),
        identifiers=_identifiers(delivery, "cac:DeliveryLocation/cbc:ID"),
        address=_address(delivery.first("cac:DeliveryLocation/cac:Address")),
    )


def _references(root: Node) -> References:
    preceding = (
        (number, _day(one, "cbc:IssueDate"))
        for one in root.all("cac:BillingReference/cac:InvoiceDocumentReference")
        if (number := one.text("cbc:ID"))
    )
    # A credit note has no ProjectReference; BT-11 is then a document reference of type 50.
    documents = {
        one.text("cbc:DocumentTypeCode"): one.text("cbc:ID")
        for one in root.all("cac:AdditionalDocumentReference")
    }
    return References(
        buyer_reference=root.text("cbc:BuyerReference"),
        purchase_order=root.text("cac:OrderReference/cbc:ID"),
        sales_order=root.text("cac:OrderReference/cbc:SalesOrderID"),
        contract=root.text("cac:ContractDocumentReference/cbc:ID"),
        project=root.text("cac:ProjectReference/cbc:ID") or documents.get("50"),
        buyer_accounting_reference=root.text("cbc:AccountingCost"),
        preceding=tuple(preceding),
    )


def _accounts(root: Node) -> tuple[Account, ...]:
    return tuple(
        Account(
            number=number,
            holder=account.text("cbc:Name"),
            bic=account.text("cac:FinancialInstitutionBranch/cbc:ID"),
        )
        for account in root.all("cac:PaymentMeans/cac:PayeeFinancialAccount")
        if (number := account.text("cbc:ID"))
    )


def _category(node: Node | None) -> Category | None:
    code = node.text("cbc:ID") if node else None
    if node is None or code is None:
        return None
    return Category(code=code, rate=node.number("cbc:Percent") or ZERO)


def _adjustments(node: Node) -> tuple[Adjustment, ...]:
    return tuple(
        Adjustment(
            charge=one.text("cbc:ChargeIndicator") in ("true", "1"),
            amount=one.number("cbc:Amount") or ZERO,
            base=one.number("cbc:BaseAmount"),
            percent=one.number("cbc:MultiplierFactorNumeric"),
            reason=one.text("cbc:AllowanceChargeReason"),
            reason_code=one.text("cbc:AllowanceChargeReasonCode"),
            category=_category(one.first("cac:TaxCategory")),
        )
        for one in node.all("cac:AllowanceCharge")
    )


def _groups(root: Node, currency: str) -> tuple[Group, ...]:
    groups = []
    for one in root.all("cac:TaxTotal/cac:TaxSubtotal"):
        category = _category(one.first("cac:TaxCategory"))
        amount = one.first("cbc:TaxAmount")
        if category is None or amount is None:
            raise Unreadable("a VAT breakdown (BG-23) lacks its category or its amount")
        if amount.attribute("currencyID") != currency:
            continue
        groups.append(
            Group(
                category=category,
                base=one.number("cbc:TaxableAmount") or ZERO,
                amount=amount.number() or ZERO,
                reason=one.text("cac:TaxCategory/cbc:TaxExemptionReason"),
                reason_code=one.text("cac:TaxCategory/cbc:TaxExemptionReasonCode"),
            )
        )
    return tuple(groups)


def _tax_total(root: Node, currency: str | None) -> Decimal | None:
    for total in root.all("cac:TaxTotal/cbc:TaxAmount"):
        if total.attribute("currencyID") == currency:
            return total.number()
    return None


def _totals(root: Node, currency: str) -> Totals:
    stated = root.first("cac:LegalMonetaryTotal")
    if stated is None:
        raise Unreadable("it states no totals (BG-22)")
    return Totals(
        line_net=stated.number("cbc:LineExtensionAmount") or ZERO,
        discounts=stated.number("cbc:AllowanceTotalAmount") or ZERO,
        charges=stated.number("cbc:ChargeTotalAmount") or ZERO,
        net=stated.number("cbc:TaxExclusiveAmount") or ZERO,
        tax=_tax_total(root, currency) or ZERO,
        gross=stated.number("cbc:TaxInclusiveAmount") or ZERO,
        prepaid=stated.number("cbc:PrepaidAmount") or ZERO,
        rounding=stated.number("cbc:PayableRoundingAmount") or ZERO,
        payable=stated.number("cbc:PayableAmount") or ZERO,
    )


def _line(node: Node) -> Line:
    quantity = node.first("cbc:InvoicedQuantity") or node.first("cbc:CreditedQuantity")
    nested = node.all("cac:SubInvoiceLine") or node.all("cac:SubCreditNoteLine")
    return Line(
        id=node.text("cbc:ID"),
        item=_item(node.first("cac:Item")),
        price=_price(node.first("cac:Price")),
        quantity=quantity.number() if quantity else None,
        unit=quantity.attribute("unitCode") if quantity else None,
        net=node.number("cbc:LineExtensionAmount"),
        note="\n".join(_texts(node, "cbc:Note")) or None,
        category=_category(node.first("cac:Item/cac:ClassifiedTaxCategory")),
        adjustments=_adjustments(node),
        period=_period(node),
        order_line=node.text("cac:OrderLineReference/cbc:LineID"),
        buyer_accounting_reference=node.text("cbc:AccountingCost"),
        children=tuple(_line(child) for child in nested),
    )


def _price(node: Node | None) -> Price:
    if node is None:
        return Price()
    net = node.number("cbc:PriceAmount")
    discount = node.number("cac:AllowanceCharge/cbc:Amount")
    gross = node.number("cac:AllowanceCharge/cbc:BaseAmount")
    if gross is None and net is not None and discount is not None:
        gross = net + discount  # BT-148 may be left out; it is what BT-147 was taken off
    return Price(
        net=net, gross=gross, discount=discount, base_quantity=node.number("cbc:BaseQuantity")
    )


def _item(node: Node | None) -> Item:
    if node is None:
        return Item()
    classes = node.all("cac:CommodityClassification/cbc:ItemClassificationCode")
    attributes = (
        (name, value)
        for one in node.all("cac:AdditionalItemProperty")
        if (name := one.text("cbc:Name")) and (value := one.text("cbc:Value"))
    )
    return Item(
        name=node.text("cbc:Name"),
        description=node.prose("cbc:Description"),
        seller_id=node.text("cac:SellersItemIdentification/cbc:ID"),
        buyer_id=node.text("cac:BuyersItemIdentification/cbc:ID"),
        standard_id=_identifier(node.first("cac:StandardItemIdentification/cbc:ID")),
        classifications=tuple(
            Identifier(id=code, scheme=one.attribute("listID"))
            for one in classes
            if (code := one.text())
        ),
        origin=node.text("cac:OriginCountry/cbc:IdentificationCode"),
        attributes=tuple(attributes),
    )
