"""A Cross Industry Invoice (D16B, and Factur-X in every profile) as an e-invoice."""

from collections.abc import Iterator
from datetime import date

from invx.contexts.invoicing.adapters.einvoice.cii_lines import (
    read_lines,
    read_object,
    read_period,
    unread_parents,
)
from invx.contexts.invoicing.adapters.einvoice.cii_parties import (
    read_address,
    read_ids,
    read_party,
    read_payee,
    read_representative,
)
from invx.contexts.invoicing.adapters.einvoice.cii_payment import read_payments, read_terms
from invx.contexts.invoicing.adapters.einvoice.cii_taxes import (
    read_adjustments,
    read_groups,
    read_tax_point,
    read_tax_point_code,
    read_totals,
)
from invx.contexts.invoicing.adapters.einvoice.cii_tree import NAMES, ROOT, part, take_day
from invx.contexts.invoicing.adapters.einvoice.cii_write import (
    ATTACHMENT_TYPE,
    PROJECT,
    TENDER_TYPE,
)
from invx.contexts.invoicing.adapters.einvoice.model import (
    Attachment,
    Delivery,
    EInvoice,
    Note,
    Preceding,
)
from invx.contexts.invoicing.adapters.einvoice.xml import Node, parse

_CONTEXT = "rsm:ExchangedDocumentContext"
_TRADE = "rsm:SupplyChainTradeTransaction"
_PARAMETER = "SpecifiedDocumentContextParameter/ram:ID"
_ID = "ram:IssuerAssignedID"


def read(xml: bytes) -> EInvoice:
    """The e-invoice in the file. Raises EInvoiceUnreadable."""
    return _document(parse(xml, NAMES, roots=(ROOT,)))


def unread(xml: bytes) -> list[str]:
    """Paths of what the file says and `read` does not carry. Raises EInvoiceUnreadable."""
    root = parse(xml, NAMES, roots=(ROOT,), remember=True)
    invoice = _document(root)
    return root.unread() + unread_parents(part(root, _TRADE), invoice.lines)


def _document(root: Node) -> EInvoice:
    head = part(root, "rsm:ExchangedDocument")
    trade = part(root, _TRADE)
    agreement = part(trade, "ram:ApplicableHeaderTradeAgreement")
    settlement = part(trade, "ram:ApplicableHeaderTradeSettlement")
    delivery = trade.first("ram:ApplicableHeaderTradeDelivery")
    currency = settlement.required("ram:InvoiceCurrencyCode", "BT-5")
    _check_currencies(root, currency)
    tax_currency = settlement.text("ram:TaxCurrencyCode")
    terms, due_date = read_terms(settlement)
    lines = read_lines(trade)
    return EInvoice(
        number=head.required("ram:ID", "BT-1"),
        issue_date=_issue_date(head),
        type_code=head.required("ram:TypeCode", "BT-3"),
        currency=currency,
        tax_currency=tax_currency,
        tax_point=read_tax_point(settlement),
        tax_point_code=read_tax_point_code(settlement),
        due_date=due_date,
        buyer_reference=agreement.text("ram:BuyerReference"),
        project=_project(agreement),
        contract=agreement.text(f"ram:ContractReferencedDocument/{_ID}"),
        purchase_order=agreement.text(f"ram:BuyerOrderReferencedDocument/{_ID}"),
        sales_order=agreement.text(f"ram:SellerOrderReferencedDocument/{_ID}"),
        receiving_advice=_advice(delivery, "ram:ReceivingAdviceReferencedDocument"),
        despatch_advice=_advice(delivery, "ram:DespatchAdviceReferencedDocument"),
        tender=_tender(agreement),
        object=read_object(agreement),
        buyer_accounting_reference=settlement.text(
            "ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID"
        ),
        payment_terms=terms,
        notes=tuple(_notes(head)),
        process=root.text(f"{_CONTEXT}/ram:BusinessProcess{_PARAMETER}"),
        specification=root.required(f"{_CONTEXT}/ram:Guideline{_PARAMETER}", "BT-24"),
        preceding=tuple(_preceding(settlement)),
        seller=read_party(part(agreement, "ram:SellerTradeParty"), "BT-27"),
        buyer=read_party(part(agreement, "ram:BuyerTradeParty"), "BT-44"),
        payee=read_payee(settlement.first("ram:PayeeTradeParty")),
        tax_representative=read_representative(
            agreement.first("ram:SellerTaxRepresentativeTradeParty")
        ),
        delivery=_delivery(delivery),
        period=read_period(settlement),
        payments=read_payments(settlement),
        adjustments=read_adjustments(settlement),
        totals=read_totals(settlement, currency, tax_currency, has_lines=bool(lines)),
        taxes=read_groups(settlement),
        attachments=tuple(_attachments(agreement)),
        lines=lines,
    )


def _check_currencies(root: Node, currency: str) -> None:
    """Only the VAT total may be in another currency (BT-111); CII has no other place to say one."""
    for amount in root.all(".//*[@currencyID]"):
        stated = amount.attribute("currencyID")
        if stated not in (currency, None) and not amount.tag.endswith("}TaxTotalAmount"):
            raise amount.unreadable(f"an amount in {stated} in an invoice in {currency}")


def _issue_date(head: Node) -> date:
    found = take_day(head, "ram:IssueDateTime")
    if found is None:
        raise head.unreadable("it has no ram:IssueDateTime (BT-2)")
    return found


def _notes(head: Node) -> Iterator[Note]:
    for one in head.all("ram:IncludedNote"):
        content = one.prose("ram:Content")
        if content:
            yield Note(text=content, subject=one.text("ram:SubjectCode"))


def _project(agreement: Node) -> str | None:
    """BT-11. The name is there because the schema demands one."""
    name = agreement.first(f"ram:SpecifiedProcuringProject[ram:Name='{PROJECT}']/ram:Name")
    if name:
        name.text()
    return agreement.text("ram:SpecifiedProcuringProject/ram:ID")


def _documents(agreement: Node, kind: str) -> Iterator[tuple[Node, str]]:
    for one in agreement.all("ram:AdditionalReferencedDocument"):
        stated = one.text(_ID) if one.text("ram:TypeCode") == kind else None
        if stated:
            yield one, stated


def _tender(agreement: Node) -> str | None:
    return next((stated for _, stated in _documents(agreement, TENDER_TYPE)), None)


def _attachments(agreement: Node) -> Iterator[Attachment]:
    for one, stated in _documents(agreement, ATTACHMENT_TYPE):
        file = one.first("ram:AttachmentBinaryObject")
        content = file.binary() if file else None
        yield Attachment(
            id=stated,
            description=one.text("ram:Name"),
            location=one.text("ram:URIID"),
            content=content,
            media_type=file.attribute("mimeCode") if file and content else None,
            filename=file.attribute("filename") if file and content else None,
        )


def _preceding(settlement: Node) -> Iterator[Preceding]:
    for one in settlement.all("ram:InvoiceReferencedDocument"):
        number = one.text(_ID)
        if number:
            issued = take_day(one, "ram:FormattedIssueDateTime", "qdt:DateTimeString")
            yield Preceding(number=number, issue_date=issued)


def _advice(delivery: Node | None, tag: str) -> str | None:
    return delivery.text(f"{tag}/{_ID}") if delivery else None


def _delivery(node: Node | None) -> Delivery | None:
    if node is None:
        return None
    place = node.first("ram:ShipToTradeParty")
    found = Delivery(
        name=place.text("ram:Name") if place else None,
        location=next(iter(read_ids(place)), None) if place else None,
        date=take_day(node, "ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime"),
        address=read_address(place) if place else None,
    )
    return found if found != Delivery() else None
