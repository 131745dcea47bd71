"""The smaller profiles of Factur-X: an e-invoice without what they have no place for.

What is left out stands on the pages of the PDF. No figure is changed: a document whose figures do
not add up without what would be left out does not go into the profile (`needs`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from invx.contexts.invoicing.adapters.einvoice.model import (
    Address,
    EInvoice,
    Item,
    Line,
    Party,
    Payment,
)


def basic(invoice: EInvoice) -> EInvoice:
    """BASIC: an invoice by EN 16931 with the commonest of its terms."""
    return replace(
        _header(invoice),
        lines=tuple(_line(line) for line in invoice.lines),
    )


def basic_wl(invoice: EInvoice) -> EInvoice:
    """BASIC WL: the same without lines."""
    return replace(_header(invoice), lines=())


def minimum(invoice: EInvoice) -> EInvoice:
    """MINIMUM: who, when, how much."""
    return EInvoice(
        number=invoice.number,
        issue_date=invoice.issue_date,
        type_code=invoice.type_code,
        currency=invoice.currency,
        buyer_reference=invoice.buyer_reference,
        purchase_order=invoice.purchase_order,
        process=invoice.process,
        specification=invoice.specification,
        seller=Party(
            name=invoice.seller.name,
            registration=invoice.seller.registration,
            vat_id=invoice.seller.vat_id,
            tax_number=invoice.seller.tax_number,
            address=Address(country=invoice.seller.address.country)
            if invoice.seller.address
            else None,
        ),
        buyer=Party(name=invoice.buyer.name, registration=invoice.buyer.registration),
        totals=replace(
            invoice.totals,
            discounts=None,
            charges=None,
            tax_in_tax_currency=None,
            prepaid=None,
            rounding=None,
        ),
        taxes=(),
        lines=(),
    )


def _header(invoice: EInvoice) -> EInvoice:
    return replace(
        invoice,
        tax_currency=None,
        tax_point=None,
        project=None,
        sales_order=None,
        receiving_advice=None,
        tender=None,
        object=None,
        seller=replace(invoice.seller, legal_information=None, contact=None),
        buyer=replace(invoice.buyer, trading_name=None, contact=None),
        payments=tuple(_payment(payment) for payment in invoice.payments),
        totals=replace(invoice.totals, tax_in_tax_currency=None),
        attachments=(),
    )


def _payment(payment: Payment) -> Payment:
    return replace(
        payment,
        text=None,
        card=None,
        transfers=tuple(replace(each, name=None, bic=None) for each in payment.transfers),
    )


def _line(line: Line) -> Line:
    """A discount or charge keeps its amount; how it was worked out has no place."""
    return replace(
        line,
        object=None,
        order_line=None,
        buyer_accounting_reference=None,
        adjustments=tuple(replace(each, base=None, percent=None) for each in line.adjustments),
        item=Item(name=line.item.name, standard_id=line.item.standard_id),
    )


REDUCED: Mapping[str, Callable[[EInvoice], EInvoice]] = {
    "facturx_basic": basic,
    "facturx_basic_wl": basic_wl,
    "facturx_minimum": minimum,
}
