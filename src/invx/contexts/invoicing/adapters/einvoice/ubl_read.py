"""A UBL 2.1 Invoice or CreditNote read by the binding of CEN/TS 16931-3-2."""

import re
from datetime import date

from invx.contexts.invoicing.adapters.einvoice.model import (
    Attachment,
    EInvoice,
    Identifier,
    Note,
    Preceding,
    TaxGroup,
    Totals,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_names import (
    CREDIT_NOTE,
    INVOICE,
    NAMES,
    NO_ORDER,
    OBJECT_TYPE,
    PROJECT_TYPE,
    VAT,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_read_lines import (
    read_adjustments,
    read_amount,
    read_amount_required,
    read_line,
    read_period,
    read_texts,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_read_parties import (
    read_delivery,
    read_identifier,
    read_party,
    read_payee,
    read_tax_representative,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_read_payment import read_creditor, read_payments
from invx.contexts.invoicing.adapters.einvoice.xml import Node, parse
from invx.contexts.invoicing.domain.einvoice.code_lists import CREDIT_NOTE_TYPES

_SUBJECT = re.compile(r"#([A-Z]{3})#[ \t\r\n]*(.+)", re.DOTALL)


def read(xml: bytes) -> EInvoice:
    """The invoice in the file. Text loses the white space around each of its lines.

    Raises EInvoiceUnreadable: no UBL, a term missing without which there is no invoice, a number or
    date that is none, an amount in another currency, a type code of the other kind of document.
    """
    return _read(_parse(xml, remember=False))


def unread(xml: bytes) -> list[str]:
    """Paths of the texts and attributes that `read` does not carry, in the order of the file.

    An invoice round-trips when there are none. Raises EInvoiceUnreadable.
    """
    root = _parse(xml, remember=True)
    _read(root)
    return root.unread()


def _parse(xml: bytes, *, remember: bool) -> Node:
    return parse(xml, NAMES, roots=(INVOICE, CREDIT_NOTE), remember=remember)


def _read(root: Node) -> EInvoice:
    kind = "Invoice" if root.tag == INVOICE else "CreditNote"
    root.text("cbc:UBLVersionID")  # says nothing of the invoice
    type_code = _type_code(root, kind)
    currency = root.required("cbc:DocumentCurrencyCode", "BT-5")
    tax_currency = root.text("cbc:TaxCurrencyCode")
    seller = root.first("cac:AccountingSupplierParty/cac:Party")
    buyer = root.first("cac:AccountingCustomerParty/cac:Party")
    if seller is None or buyer is None:
        raise root.unreadable("it has no seller (BG-4)" if buyer else "it has no buyer (BG-7)")
    payee = root.first("cac:PayeeParty")
    creditor = read_creditor(root)
    payments = read_payments(root, creditor, credit=kind == "CreditNote")
    tax, tax_in_books = _tax_totals(root, currency, tax_currency)
    representative = root.first("cac:TaxRepresentativeParty")
    delivery = root.first("cac:Delivery")
    order, sales_order = _orders(root)
    return EInvoice(
        number=root.required("cbc:ID", "BT-1"),
        issue_date=_issue_date(root),
        type_code=type_code,
        currency=currency,
        tax_currency=tax_currency,
        tax_point=root.day("cbc:TaxPointDate"),
        tax_point_code=root.text("cac:InvoicePeriod/cbc:DescriptionCode"),
        due_date=root.day("cbc:DueDate") or root.day("cac:PaymentMeans/cbc:PaymentDueDate"),
        buyer_reference=root.text("cbc:BuyerReference"),
        project=root.text("cac:ProjectReference/cbc:ID") or _project(root),
        contract=root.text("cac:ContractDocumentReference/cbc:ID"),
        purchase_order=order,
        sales_order=sales_order,
        receiving_advice=root.text("cac:ReceiptDocumentReference/cbc:ID"),
        despatch_advice=root.text("cac:DespatchDocumentReference/cbc:ID"),
        tender=root.text("cac:OriginatorDocumentReference/cbc:ID"),
        object=_object(root),
        buyer_accounting_reference=root.text("cbc:AccountingCost"),
        payment_terms=read_texts(root, "cac:PaymentTerms/cbc:Note"),
        notes=_notes(root),
        process=root.text("cbc:ProfileID"),
        specification=root.required("cbc:CustomizationID", "BT-24"),
        preceding=_preceding(root),
        seller=read_party(seller, "BT-27", creditor),
        buyer=read_party(buyer, "BT-44", None),
        payee=read_payee(payee, creditor) if payee else None,
        tax_representative=read_tax_representative(representative) if representative else None,
        delivery=read_delivery(delivery) if delivery else None,
        period=read_period(root),
        payments=payments,
        adjustments=read_adjustments(root, currency),
        totals=_totals(root, currency, tax, tax_in_books),
        taxes=_taxes(tax, currency),
        attachments=_attachments(root),
        lines=tuple(read_line(one, kind, currency) for one in root.all(f"cac:{kind}Line")),
    )


def _type_code(root: Node, kind: str) -> str:
    code = root.required(f"cbc:{kind}TypeCode", "BT-3")
    if (code in CREDIT_NOTE_TYPES) != (kind == "CreditNote"):
        raise root.unreadable(f"type code {code} (BT-3) is not that of a UBL {kind} (BR-CL-01)")
    return code


def _issue_date(root: Node) -> date:
    day = root.day("cbc:IssueDate")
    if day is None:
        raise root.unreadable("it has no cbc:IssueDate (BT-2)")
    return day


def _orders(root: Node) -> tuple[str | None, str | None]:
    """BT-13 and BT-14: a sales order alone stands beside a placeholder."""
    sales_order = root.text("cac:OrderReference/cbc:SalesOrderID")
    if sales_order and root.expect("cac:OrderReference/cbc:ID", NO_ORDER):
        return None, sales_order
    return root.text("cac:OrderReference/cbc:ID"), sales_order


def _notes(root: Node) -> tuple[Note, ...]:
    notes = []
    for one in root.all("cbc:Note"):
        text = one.prose()
        found = _SUBJECT.fullmatch(text or "")
        if found:
            notes.append(Note(text=found[2], subject=found[1]))
        elif text:
            notes.append(Note(text=text))
    return tuple(notes)


def _preceding(root: Node) -> tuple[Preceding, ...]:
    return tuple(
        Preceding(number=number, issue_date=one.day("cbc:IssueDate"))
        for one in root.all("cac:BillingReference/cac:InvoiceDocumentReference")
        if (number := one.text("cbc:ID"))
    )


def _object(root: Node) -> Identifier | None:
    for one in root.all("cac:AdditionalDocumentReference"):
        if one.peek("cbc:ID") and one.expect("cbc:DocumentTypeCode", OBJECT_TYPE):
            return read_identifier(one.first("cbc:ID"))
    return None


def _project(root: Node) -> str | None:
    """BT-11 of a credit note, which has no ProjectReference."""
    for one in root.all("cac:AdditionalDocumentReference"):
        if one.peek("cbc:ID") and _is_project(root, one):
            one.text("cbc:DocumentTypeCode")
            return one.text("cbc:ID")
    return None


def _is_project(root: Node, reference: Node) -> bool:
    return root.tag == CREDIT_NOTE and reference.peek("cbc:DocumentTypeCode") == PROJECT_TYPE


def _attachments(root: Node) -> tuple[Attachment, ...]:
    return tuple(
        _attachment(one)
        for one in root.all("cac:AdditionalDocumentReference")
        if one.peek("cbc:DocumentTypeCode") != OBJECT_TYPE and not _is_project(root, one)
    )


def _attachment(node: Node) -> Attachment:
    embedded = node.first("cac:Attachment/cbc:EmbeddedDocumentBinaryObject")
    content = embedded.binary() if embedded else None
    filled = embedded if content else None
    return Attachment(
        id=node.required("cbc:ID", "BT-122"),
        description=read_texts(node, "cbc:DocumentDescription"),
        location=node.text("cac:Attachment/cac:ExternalReference/cbc:URI"),
        content=content,
        media_type=filled.attribute("mimeCode") if filled else None,
        filename=filled.attribute("filename") if filled else None,
    )


def _tax_totals(
    root: Node, currency: str, tax_currency: str | None
) -> tuple[Node | None, Node | None]:
    """Where the VAT is stated in the invoice's currency, and where in that of the books.

    One with a breakdown goes before one without.
    """
    totals = root.all("cac:TaxTotal")
    totals.sort(key=lambda total: total.first("cac:TaxSubtotal") is None)
    stated = _first_in(totals, currency)
    rest = [total for total in totals if total != stated]
    return stated, _first_in(rest, tax_currency) if stated and tax_currency else None


def _first_in(totals: list[Node], currency: str) -> Node | None:
    for total in totals:
        amount = total.first("cbc:TaxAmount")
        if amount and amount.attribute_is("currencyID", currency):
            return total
    return None


def _totals(root: Node, invoice: str, tax: Node | None, other: Node | None) -> Totals:
    stated = root.first("cac:LegalMonetaryTotal")
    if stated is None:
        raise root.unreadable("it states no totals (BG-22)")
    return Totals(
        line_net=read_amount_required(stated, "cbc:LineExtensionAmount", invoice, "BT-106"),
        discounts=read_amount(stated, "cbc:AllowanceTotalAmount", invoice),
        charges=read_amount(stated, "cbc:ChargeTotalAmount", invoice),
        net=read_amount_required(stated, "cbc:TaxExclusiveAmount", invoice, "BT-109"),
        tax=read_amount(tax, "cbc:TaxAmount", invoice) if tax else None,
        tax_in_tax_currency=other.number("cbc:TaxAmount") if other else None,
        gross=read_amount_required(stated, "cbc:TaxInclusiveAmount", invoice, "BT-112"),
        prepaid=read_amount(stated, "cbc:PrepaidAmount", invoice),
        rounding=read_amount(stated, "cbc:PayableRoundingAmount", invoice),
        payable=read_amount_required(stated, "cbc:PayableAmount", invoice, "BT-115"),
    )


def _taxes(total: Node | None, currency: str) -> tuple[TaxGroup, ...]:
    return tuple(_tax(one, currency) for one in total.all("cac:TaxSubtotal")) if total else ()


def _tax(node: Node, currency: str) -> TaxGroup:
    node.expect("cac:TaxCategory/cac:TaxScheme/cbc:ID", VAT)
    return TaxGroup(
        base=read_amount_required(node, "cbc:TaxableAmount", currency, "BT-116"),
        amount=read_amount_required(node, "cbc:TaxAmount", currency, "BT-117"),
        category=node.required("cac:TaxCategory/cbc:ID", "BT-118"),
        rate=node.number("cac:TaxCategory/cbc:Percent"),
        reason=read_texts(node, "cac:TaxCategory/cbc:TaxExemptionReason"),
        reason_code=node.text("cac:TaxCategory/cbc:TaxExemptionReasonCode"),
    )
