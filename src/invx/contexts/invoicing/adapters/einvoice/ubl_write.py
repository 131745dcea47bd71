"""An e-invoice written as a UBL 2.1 Invoice or CreditNote, by the binding of CEN/TS 16931-3-2."""

from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnwritable
from invx.contexts.invoicing.adapters.einvoice.model import Attachment, EInvoice, Note
from invx.contexts.invoicing.adapters.einvoice.ubl_names import (
    CREDIT_NOTE_NAMESPACE,
    INVOICE_NAMESPACE,
    NAMES,
    NO_ORDER,
    OBJECT_TYPE,
    PROJECT_TYPE,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_write_lines import (
    write_adjustment,
    write_category,
    write_line,
    write_period,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_write_parties import (
    write_delivery,
    write_party,
    write_payee,
    write_tax_representative,
)
from invx.contexts.invoicing.adapters.einvoice.ubl_write_payment import write_payments
from invx.contexts.invoicing.adapters.einvoice.xml import Branch, document, terms_text
from invx.contexts.invoicing.domain.einvoice.code_lists import CREDIT_NOTE_TYPES


def write(invoice: EInvoice) -> bytes:
    """The file: a CreditNote for the type codes of one (BR-CL-01), else an Invoice.

    Elements in the order of the schema; equal invoices give equal bytes. An empty text says as
    little as None. Raises EInvoiceUnwritable for what UBL cannot state exactly.
    """
    credit = invoice.type_code in CREDIT_NOTE_TYPES
    kind = "CreditNote" if credit else "Invoice"
    root = document(kind, NAMES, CREDIT_NOTE_NAMESPACE if credit else INVOICE_NAMESPACE)
    _write_head(root, invoice, kind)
    _write_references(root, invoice, credit=credit)
    _write_parties(root, invoice)
    write_delivery(root, invoice.delivery)
    write_payments(root, invoice.payments, invoice.due_date if credit else None)
    root.add("cac:PaymentTerms").text("cbc:Note", terms_text(invoice.payment_terms))
    for adjustment in invoice.adjustments:
        write_adjustment(root, adjustment, invoice.currency)
    _write_tax(root, invoice)
    _write_totals(root, invoice)
    for line in invoice.lines:
        write_line(root, line, kind, invoice.currency)
    return root.to_bytes()


def _write_head(root: Branch, invoice: EInvoice, kind: str) -> None:
    root.text("cbc:CustomizationID", invoice.specification)
    root.text("cbc:ProfileID", invoice.process)
    root.text("cbc:ID", invoice.number)
    root.day("cbc:IssueDate", invoice.issue_date)
    if kind == "Invoice":
        root.day("cbc:DueDate", invoice.due_date)
    else:
        root.day("cbc:TaxPointDate", invoice.tax_point)
    root.text(f"cbc:{kind}TypeCode", invoice.type_code)
    for note in invoice.notes:
        root.text("cbc:Note", _note_text(note))
    if kind == "Invoice":
        root.day("cbc:TaxPointDate", invoice.tax_point)
    root.text("cbc:DocumentCurrencyCode", invoice.currency)
    root.text("cbc:TaxCurrencyCode", invoice.tax_currency)
    root.text("cbc:AccountingCost", invoice.buyer_accounting_reference)
    root.text("cbc:BuyerReference", invoice.buyer_reference)
    write_period(root, invoice.period, invoice.tax_point_code)


def _note_text(note: Note) -> str:
    """The subject (BT-21) stands before the text between number signs."""
    return f"#{note.subject}#{note.text}" if note.subject else note.text


def _write_references(root: Branch, invoice: EInvoice, *, credit: bool) -> None:
    order = root.add("cac:OrderReference")
    order.text("cbc:ID", invoice.purchase_order or (invoice.sales_order and NO_ORDER))
    order.text("cbc:SalesOrderID", invoice.sales_order)
    for one in invoice.preceding:
        preceding = root.add("cac:BillingReference").add("cac:InvoiceDocumentReference")
        preceding.text("cbc:ID", one.number)
        preceding.day("cbc:IssueDate", one.issue_date)
    _write_reference(root, "cac:DespatchDocumentReference", invoice.despatch_advice)
    _write_reference(root, "cac:ReceiptDocumentReference", invoice.receiving_advice)
    if credit:
        _write_reference(root, "cac:ContractDocumentReference", invoice.contract)
        _write_additional(root, invoice, invoice.project)
        _write_reference(root, "cac:OriginatorDocumentReference", invoice.tender)
    else:
        _write_reference(root, "cac:OriginatorDocumentReference", invoice.tender)
        _write_reference(root, "cac:ContractDocumentReference", invoice.contract)
        _write_additional(root, invoice, None)
        _write_reference(root, "cac:ProjectReference", invoice.project)


def _write_reference(root: Branch, name: str, number: str | None) -> None:
    root.add(name).text("cbc:ID", number)


def _write_additional(root: Branch, invoice: EInvoice, project: str | None) -> None:
    """What is invoiced (BT-18), a credit note's project (BT-11) and what supports (BG-24)."""
    if invoice.object:
        reference = root.add("cac:AdditionalDocumentReference")
        reference.text("cbc:ID", invoice.object.id, schemeID=invoice.object.scheme)
        reference.text("cbc:DocumentTypeCode", OBJECT_TYPE)
    if project:
        reference = root.add("cac:AdditionalDocumentReference")
        reference.text("cbc:ID", project)
        reference.text("cbc:DocumentTypeCode", PROJECT_TYPE)
    for attachment in invoice.attachments:
        _write_attachment(root.add("cac:AdditionalDocumentReference"), attachment)


def _write_attachment(reference: Branch, attachment: Attachment) -> None:
    reference.text("cbc:ID", attachment.id)
    reference.text("cbc:DocumentDescription", attachment.description)
    group = reference.add("cac:Attachment")
    group.binary(
        "cbc:EmbeddedDocumentBinaryObject",
        attachment.content,
        mimeCode=attachment.media_type,
        filename=attachment.filename,
    )
    group.add("cac:ExternalReference").text("cbc:URI", attachment.location)


def _write_parties(root: Branch, invoice: EInvoice) -> None:
    creditor = next((one.debit.creditor for one in invoice.payments if one.debit), None)
    seller_creditor = None if invoice.payee else creditor
    write_party(root.add("cac:AccountingSupplierParty"), invoice.seller, seller_creditor)
    write_party(root.add("cac:AccountingCustomerParty"), invoice.buyer)
    if invoice.payee:
        write_payee(root, invoice.payee, creditor)
    if invoice.tax_representative:
        write_tax_representative(root, invoice.tax_representative)


def _write_tax(root: Branch, invoice: EInvoice) -> None:
    totals = invoice.totals
    if totals.tax is None and invoice.taxes:
        raise EInvoiceUnwritable("UBL has no place for a VAT breakdown without its total (BT-110)")
    if totals.tax is not None:
        total = root.add("cac:TaxTotal")
        total.amount("cbc:TaxAmount", totals.tax, currencyID=invoice.currency)
        for group in invoice.taxes:
            part = total.add("cac:TaxSubtotal")
            part.amount("cbc:TaxableAmount", group.base, currencyID=invoice.currency)
            part.amount("cbc:TaxAmount", group.amount, currencyID=invoice.currency)
            write_category(part, "cac:TaxCategory", group)
    if totals.tax_in_tax_currency is not None:
        if totals.tax is None or not invoice.tax_currency:
            raise EInvoiceUnwritable("BT-111 needs the total in the invoice currency, and BT-6")
        total = root.add("cac:TaxTotal")
        total.amount("cbc:TaxAmount", totals.tax_in_tax_currency, currencyID=invoice.tax_currency)


def _write_totals(root: Branch, invoice: EInvoice) -> None:
    totals = invoice.totals
    group = root.add("cac:LegalMonetaryTotal")
    for name, amount in (
        ("LineExtensionAmount", totals.line_net),
        ("TaxExclusiveAmount", totals.net),
        ("TaxInclusiveAmount", totals.gross),
        ("AllowanceTotalAmount", totals.discounts),
        ("ChargeTotalAmount", totals.charges),
        ("PrepaidAmount", totals.prepaid),
        ("PayableRoundingAmount", totals.rounding),
        ("PayableAmount", totals.payable),
    ):
        group.amount(f"cbc:{name}", amount, currencyID=invoice.currency)
