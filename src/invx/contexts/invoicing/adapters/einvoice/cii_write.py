"""An e-invoice as a Cross Industry Invoice (D16B). EN 16931-3-3 says where each term goes."""

from invx.contexts.invoicing.adapters.einvoice.cii_lines import (
    write_lines,
    write_object,
    write_period,
)
from invx.contexts.invoicing.adapters.einvoice.cii_parties import (
    write_address,
    write_ids,
    write_party,
    write_payee,
    write_representative,
)
from invx.contexts.invoicing.adapters.einvoice.cii_payment import (
    write_creditor,
    write_means,
    write_remittance,
    write_terms,
)
from invx.contexts.invoicing.adapters.einvoice.cii_taxes import (
    write_adjustments,
    write_groups,
    write_totals,
)
from invx.contexts.invoicing.adapters.einvoice.cii_tree import (
    Element,
    always,
    binary,
    day,
    group,
    text,
    to_bytes,
)
from invx.contexts.invoicing.adapters.einvoice.model import (
    Attachment,
    Delivery,
    EInvoice,
    Note,
    Preceding,
)

PROJECT = "Project reference"  # the schema demands a name; EN 16931 knows the project's id only
ATTACHMENT_TYPE, TENDER_TYPE = "916", "50"  # BG-24 and BT-17 among the referenced documents
_CONTEXT = "DocumentContextParameter"


def write(invoice: EInvoice) -> bytes:
    """The file: UTF-8, elements in the order of the schema; the same invoice gives the same bytes.

    Raises EInvoiceUnwritable when a value cannot be carried exactly, or when CII has one place for
    what several payments state differently.
    """
    root = always(
        "rsm:CrossIndustryInvoice",
        always(
            "rsm:ExchangedDocumentContext",
            group(f"ram:BusinessProcessSpecified{_CONTEXT}", text("ram:ID", invoice.process)),
            group(f"ram:GuidelineSpecified{_CONTEXT}", text("ram:ID", invoice.specification)),
        ),
        always(
            "rsm:ExchangedDocument",
            text("ram:ID", invoice.number),
            text("ram:TypeCode", invoice.type_code),
            day("ram:IssueDateTime", invoice.issue_date),
            *map(_note, invoice.notes),
        ),
        always(
            "rsm:SupplyChainTradeTransaction",
            *write_lines(invoice.lines),
            _agreement(invoice),
            _delivery(invoice),
            _settlement(invoice),
        ),
    )
    return to_bytes(root)


def _note(note: Note) -> Element | None:
    return group(
        "ram:IncludedNote", text("ram:Content", note.text), text("ram:SubjectCode", note.subject)
    )


def _agreement(invoice: EInvoice) -> Element:
    return always(
        "ram:ApplicableHeaderTradeAgreement",
        text("ram:BuyerReference", invoice.buyer_reference),
        write_party("ram:SellerTradeParty", invoice.seller),
        write_party("ram:BuyerTradeParty", invoice.buyer),
        write_representative(invoice.tax_representative),
        _referenced("ram:SellerOrderReferencedDocument", invoice.sales_order),
        _referenced("ram:BuyerOrderReferencedDocument", invoice.purchase_order),
        _referenced("ram:ContractReferencedDocument", invoice.contract),
        *map(_attachment, invoice.attachments),
        _tender(invoice.tender),
        write_object(invoice.object),
        _project(invoice.project),
    )


def _delivery(invoice: EInvoice) -> Element:
    stated = invoice.delivery or Delivery()
    return always(
        "ram:ApplicableHeaderTradeDelivery",
        group(
            "ram:ShipToTradeParty",
            *write_ids((stated.location,) if stated.location else ()),
            text("ram:Name", stated.name),
            write_address(stated.address),
        ),
        group("ram:ActualDeliverySupplyChainEvent", day("ram:OccurrenceDateTime", stated.date)),
        _referenced("ram:DespatchAdviceReferencedDocument", invoice.despatch_advice),
        _referenced("ram:ReceivingAdviceReferencedDocument", invoice.receiving_advice),
    )


def _settlement(invoice: EInvoice) -> Element:
    return always(
        "ram:ApplicableHeaderTradeSettlement",
        write_creditor(invoice.payments),
        write_remittance(invoice.payments),
        text("ram:TaxCurrencyCode", invoice.tax_currency),
        text("ram:InvoiceCurrencyCode", invoice.currency),
        write_payee(invoice.payee),
        *write_means(invoice.payments),
        *write_groups(invoice),
        write_period(invoice.period),
        *write_adjustments(invoice.adjustments),
        write_terms(invoice),
        write_totals(invoice),
        *map(_preceding, invoice.preceding),
        group(
            "ram:ReceivableSpecifiedTradeAccountingAccount",
            text("ram:ID", invoice.buyer_accounting_reference),
        ),
    )


def _referenced(tag: str, number: str | None) -> Element | None:
    return group(tag, text("ram:IssuerAssignedID", number))


def _attachment(stated: Attachment) -> Element:
    return always(
        "ram:AdditionalReferencedDocument",
        text("ram:IssuerAssignedID", stated.id),
        text("ram:URIID", stated.location),
        text("ram:TypeCode", ATTACHMENT_TYPE),
        text("ram:Name", stated.description),
        binary(
            "ram:AttachmentBinaryObject",
            stated.content,
            mimeCode=stated.media_type,
            filename=stated.filename,
        ),
    )


def _tender(number: str | None) -> Element | None:
    if not number:
        return None
    return always(
        "ram:AdditionalReferencedDocument",
        text("ram:IssuerAssignedID", number),
        text("ram:TypeCode", TENDER_TYPE),
    )


def _project(number: str | None) -> Element | None:
    if not number:
        return None
    return always(
        "ram:SpecifiedProcuringProject", text("ram:ID", number), text("ram:Name", PROJECT)
    )


def _preceding(stated: Preceding) -> Element:
    return always(
        "ram:InvoiceReferencedDocument",
        text("ram:IssuerAssignedID", stated.number),
        day("ram:FormattedIssueDateTime", stated.issue_date, "qdt:DateTimeString"),
    )
