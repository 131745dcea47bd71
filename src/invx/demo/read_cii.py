"""UN/CEFACT Cross Industry Invoice (D16B), read into the terms of EN 16931."""

from collections.abc import Iterable
from dataclasses import replace
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

_CII = "urn:un:unece:uncefact:data:standard:"
INVOICE = f"{{{_CII}CrossIndustryInvoice:100}}CrossIndustryInvoice"
NAMES = {
    "rsm": f"{_CII}CrossIndustryInvoice:100",
    "ram": f"{_CII}ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_CII}UnqualifiedDataType:100",
    "qdt": f"{_CII}QualifiedDataType:100",
}
# Of UNTDID 1001: in CII only the type code tells a credit note from an invoice.
CREDIT_NOTE_TYPES = frozenset(
    ("81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532")
)
ZERO = Decimal(0)


def read_cii(data: bytes) -> Document:
    """The document in `data`. Raises Unreadable."""
    root = parse(data, NAMES)
    if root.tag != INVOICE:
        raise Unreadable(f"{root.tag} is not a Cross Industry Invoice")
    head = _part(root, "rsm:ExchangedDocument")
    trade = _part(root, "rsm:SupplyChainTradeTransaction")
    agreement = _part(trade, "ram:ApplicableHeaderTradeAgreement")
    settlement = _part(trade, "ram:ApplicableHeaderTradeSettlement")
    currency = settlement.text("ram:InvoiceCurrencyCode")
    if currency is None:
        raise Unreadable("it names no currency (BT-5)")
    tax_currency = settlement.text("ram:TaxCurrencyCode")
    type_code = head.text("ram:TypeCode") or "380"
    terms = (
        one.prose() for one in settlement.all("ram:SpecifiedTradePaymentTerms/ram:Description")
    )
    return Document(
        syntax="CII",
        number=head.text("ram:ID"),
        type_code=type_code,
        credit_note=type_code in CREDIT_NOTE_TYPES,
        currency=currency,
        tax_currency=tax_currency,
        tax_in_tax_currency=(
            _tax_total(settlement, tax_currency) if tax_currency != currency else None
        ),
        dates=_dates(head, trade, settlement),
        seller=_party(agreement.first("ram:SellerTradeParty")) or Party(),
        buyer=_party(agreement.first("ram:BuyerTradeParty")) or Party(),
        payee=_party(settlement.first("ram:PayeeTradeParty")),
        tax_representative=_party(agreement.first("ram:SellerTaxRepresentativeTradeParty")),
        ship_to=_party(trade.first("ram:ApplicableHeaderTradeDelivery/ram:ShipToTradeParty")),
        references=_references(agreement, settlement),
        payment_terms="\n".join(filter(None, terms)) or None,
        accounts=_accounts(settlement),
        notes=_notes(head),
        lines=_tree(trade.all("ram:IncludedSupplyChainTradeLineItem")),
        adjustments=_adjustments(settlement),
        groups=_groups(settlement),
        totals=_totals(settlement, currency),
    )


def _part(node: Node, path: str) -> Node:
    found = node.first(path)
    if found is None:
        raise Unreadable(f"it has no {path}")
    return found


def _day(node: Node | None, path: str) -> date | None:
    """A date in format 102 (YYYYMMDD), the only one that EN 16931 allows."""
    for form in ("udt:DateTimeString", "udt:DateString", "qdt:DateTimeString"):
        text = node.text(f"{path}/{form}") if node else None
        if text:
            try:
                return date.fromisoformat(text)
            except ValueError:
                raise Unreadable(f"{path} holds {text!r}, which is not a date") from None
    return None


def _dates(head: Node, trade: Node, settlement: Node) -> Dates:
    issue = _day(head, "ram:IssueDateTime")
    if issue is None:
        raise Unreadable("it has no issue date (BT-2)")
    event = trade.first("ram:ApplicableHeaderTradeDelivery/ram:ActualDeliverySupplyChainEvent")
    return Dates(
        issue=issue,
        tax_point=_day(settlement, "ram:ApplicableTradeTax/ram:TaxPointDate"),
        due=_day(settlement, "ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime"),
        supply=_day(event, "ram:OccurrenceDateTime"),
        period=_period(settlement),
    )


def _period(node: Node | None) -> Period | None:
    start = _day(node, "ram:BillingSpecifiedPeriod/ram:StartDateTime")
    end = _day(node, "ram:BillingSpecifiedPeriod/ram:EndDateTime")
    return Period(start=start, end=end) if start or end else None


def _identifier(node: Node | None, scheme: str = "schemeID") -> Identifier | None:
    text = node.text() if node else None
    return Identifier(id=text, scheme=node.attribute(scheme)) if node and text else None


def _identifiers(nodes: Iterable[Node], scheme: str = "schemeID") -> tuple[Identifier, ...]:
    return tuple(found for one in nodes if (found := _identifier(one, scheme)))


def _notes(node: Node | None) -> tuple[str, ...]:
    found = node.all("ram:IncludedNote/ram:Content") if node else []
    return tuple(text for one in found if (text := one.prose()))


def _party(node: Node | None) -> Party | None:
    if node is None:
        return None
    numbers = _identifiers(node.all("ram:SpecifiedTaxRegistration/ram:ID"))
    taxes = {number.scheme: number.id for number in reversed(numbers)}
    address = node.first("ram:PostalTradeAddress")
    contact = node.first("ram:DefinedTradeContact")
    return Party(
        name=node.text("ram:Name"),
        trading_name=node.text("ram:SpecifiedLegalOrganization/ram:TradingBusinessName"),
        legal_information=node.prose("ram:Description"),
        identifiers=_identifiers([*node.all("ram:ID"), *node.all("ram:GlobalID")]),
        registration=_identifier(node.first("ram:SpecifiedLegalOrganization/ram:ID")),
        vat_id=taxes.get("VA"),
        tax_number=taxes.get("FC"),
        endpoint=_identifier(node.first("ram:URIUniversalCommunication/ram:URIID")),
        address=_address(address) if address else {},
        contact=_contact(contact) if contact else {},
    )


def _address(node: Node) -> dict[str, str | None]:
    return {
        "line1": node.text("ram:LineOne"),
        "line2": node.text("ram:LineTwo"),
        "line3": node.text("ram:LineThree"),
        "postal_code": node.text("ram:PostcodeCode"),
        "city": node.text("ram:CityName"),
        "region": node.text("ram:CountrySubDivisionName"),
        "country": node.text("ram:CountryID"),
    }


def _contact(node: Node) -> dict[str, str | None]:
    return {
        "name": node.text("ram:PersonName") or node.text("ram:DepartmentName"),
        "email": node.text("ram:EmailURIUniversalCommunication/ram:URIID"),
        "phone": node.text("ram:TelephoneUniversalCommunication/ram:CompleteNumber"),
    }


def _references(agreement: Node, settlement: Node) -> References:
    preceding = (
        (number, _day(one, "ram:FormattedIssueDateTime"))
        for one in settlement.all("ram:InvoiceReferencedDocument")
        if (number := one.text("ram:IssuerAssignedID"))
    )
    return References(
        buyer_reference=agreement.text("ram:BuyerReference"),
        purchase_order=agreement.text("ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID"),
        sales_order=agreement.text("ram:SellerOrderReferencedDocument/ram:IssuerAssignedID"),
        contract=agreement.text("ram:ContractReferencedDocument/ram:IssuerAssignedID"),
        project=agreement.text("ram:SpecifiedProcuringProject/ram:ID"),
        buyer_accounting_reference=settlement.text(
            "ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID"
        ),
        preceding=tuple(preceding),
    )


def _accounts(settlement: Node) -> tuple[Account, ...]:
    accounts = []
    for means in settlement.all("ram:SpecifiedTradeSettlementPaymentMeans"):
        account = means.first("ram:PayeePartyCreditorFinancialAccount")
        number = account and (account.text("ram:IBANID") or account.text("ram:ProprietaryID"))
        if account and number:
            bic = means.text("ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID")
            holder = account.text("ram:AccountName")
            accounts.append(Account(number=number, holder=holder, bic=bic))
    return tuple(accounts)


def _category(node: Node | None) -> Category | None:
    code = node.text("ram:CategoryCode") if node else None
    if node is None or code is None:
        return None
    return Category(code=code, rate=node.number("ram:RateApplicablePercent") or ZERO)


def _adjustments(node: Node | None) -> tuple[Adjustment, ...]:
    return tuple(
        Adjustment(
            charge=one.text("ram:ChargeIndicator/udt:Indicator") in ("true", "1"),
            amount=one.number("ram:ActualAmount") or ZERO,
            base=one.number("ram:BasisAmount"),
            percent=one.number("ram:CalculationPercent"),
            reason=one.text("ram:Reason"),
            reason_code=one.text("ram:ReasonCode"),
            category=_category(one.first("ram:CategoryTradeTax")),
        )
        for one in (node.all("ram:SpecifiedTradeAllowanceCharge") if node else ())
    )


def _groups(settlement: Node) -> tuple[Group, ...]:
    groups = []
    for one in settlement.all("ram:ApplicableTradeTax"):
        category = _category(one)
        if category is None:
            raise Unreadable("a VAT breakdown (BG-23) lacks its category")
        groups.append(
            Group(
                category=category,
                base=one.number("ram:BasisAmount") or ZERO,
                amount=one.number("ram:CalculatedAmount") or ZERO,
                reason=one.text("ram:ExemptionReason"),
                reason_code=one.text("ram:ExemptionReasonCode"),
            )
        )
    return tuple(groups)


def _stated(settlement: Node) -> Node:
    return _part(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")


def _tax_total(settlement: Node, currency: str | None) -> Decimal | None:
    for total in _stated(settlement).all("ram:TaxTotalAmount"):
        if total.attribute("currencyID") == currency:
            return total.number()
    return None


def _totals(settlement: Node, currency: str) -> Totals:
    stated = _stated(settlement)
    return Totals(
        line_net=stated.number("ram:LineTotalAmount") or ZERO,
        discounts=stated.number("ram:AllowanceTotalAmount") or ZERO,
        charges=stated.number("ram:ChargeTotalAmount") or ZERO,
        net=stated.number("ram:TaxBasisTotalAmount") or ZERO,
        tax=_tax_total(settlement, currency) or ZERO,
        gross=stated.number("ram:GrandTotalAmount") or ZERO,
        prepaid=stated.number("ram:TotalPrepaidAmount") or ZERO,
        rounding=stated.number("ram:RoundingAmount") or ZERO,
        payable=stated.number("ram:DuePayableAmount") or ZERO,
    )


def _tree(nodes: list[Node]) -> tuple[Line, ...]:
    """The lines, each under the line that its ParentLineID names (an extension of EN 16931)."""
    children: dict[str | None, list[Line]] = {}
    ids = {node.text("ram:AssociatedDocumentLineDocument/ram:LineID") for node in nodes}
    for node in nodes:
        line = _line(node)
        parent = node.text("ram:AssociatedDocumentLineDocument/ram:ParentLineID")
        known = parent in ids and parent != line.id
        children.setdefault(parent if known else None, []).append(line)

    def under(parent: str | None) -> tuple[Line, ...]:
        found = children.pop(parent, [])
        return tuple(replace(one, children=under(one.id)) if one.id else one for one in found)

    top = under(None)
    if children:
        raise Unreadable("its lines name each other as parents")
    return top


def _line(node: Node) -> Line:
    head = node.first("ram:AssociatedDocumentLineDocument")
    agreement = node.first("ram:SpecifiedLineTradeAgreement")
    settlement = node.first("ram:SpecifiedLineTradeSettlement")
    quantity = node.first("ram:SpecifiedLineTradeDelivery/ram:BilledQuantity")
    account = "ram:SpecifiedLineTradeSettlement/ram:ReceivableSpecifiedTradeAccountingAccount"
    total = "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"
    status = head.text("ram:LineStatusReasonCode") if head else None
    return Line(
        id=head.text("ram:LineID") if head else None,
        item=_item(node.first("ram:SpecifiedTradeProduct")),
        price=_price(agreement) if agreement else Price(),
        quantity=quantity.number() if quantity else None,
        unit=quantity.attribute("unitCode") if quantity else None,
        net=settlement.number(total) if settlement else None,
        note="\n".join(_notes(head)) or None,
        category=_category(settlement.first("ram:ApplicableTradeTax")) if settlement else None,
        adjustments=_adjustments(settlement),
        period=_period(settlement),
        order_line=(
            agreement.text("ram:BuyerOrderReferencedDocument/ram:LineID") if agreement else None
        ),
        buyer_accounting_reference=node.text(f"{account}/ram:ID"),
        informative=status == "INFORMATION",
    )


def _price(agreement: Node) -> Price:
    net = "ram:NetPriceProductTradePrice"
    gross = "ram:GrossPriceProductTradePrice"
    return Price(
        net=agreement.number(f"{net}/ram:ChargeAmount"),
        gross=agreement.number(f"{gross}/ram:ChargeAmount"),
        discount=agreement.number(f"{gross}/ram:AppliedTradeAllowanceCharge/ram:ActualAmount"),
        base_quantity=(
            agreement.number(f"{net}/ram:BasisQuantity")
            or agreement.number(f"{gross}/ram:BasisQuantity")
        ),
    )


def _item(node: Node | None) -> Item:
    if node is None:
        return Item()
    attributes = (
        (name, value)
        for one in node.all("ram:ApplicableProductCharacteristic")
        if (name := one.text("ram:Description")) and (value := one.text("ram:Value"))
    )
    return Item(
        name=node.text("ram:Name"),
        description=node.prose("ram:Description"),
        seller_id=node.text("ram:SellerAssignedID"),
        buyer_id=node.text("ram:BuyerAssignedID"),
        standard_id=_identifier(node.first("ram:GlobalID")),
        classifications=_identifiers(
            node.all("ram:DesignatedProductClassification/ram:ClassCode"), "listID"
        ),
        origin=node.text("ram:OriginTradeCountry/ram:ID"),
        attributes=tuple(attributes),
    )
