"""The syntax makes no difference to what an invoice says."""

from dataclasses import fields, replace

import pytest
from hypothesis import HealthCheck, given, settings

from invx.contexts.invoicing.adapters.einvoice import cii_read, cii_write, ubl_read, ubl_write
from invx.contexts.invoicing.adapters.einvoice.model import EInvoice
from tests.unit.invoicing.einvoice.cii.invoices import variants
from tests.unit.invoicing.einvoice.cii.official import files, pairs
from tests.unit.invoicing.einvoice.cii.strategies import invoices

VARIANTS = variants()
FILES = {name: cii_read.read(xml) for name, xml in files().items()} or {
    "invented": VARIANTS["exempt"]
}
PAIRS = pairs() or {
    name: (ubl_write.write(invoice), cii_write.write(invoice)) for name, invoice in VARIANTS.items()
}
# Where the publisher wrote two different things into the files of a pair.
DIFFERENT = {
    "01.10a-INVOICE_ubl": {"purchase_order"},  # UBL's schema demands one with a sales order
    "01.13a-INVOICE_ubl": {"purchase_order"},
    "01.20a-INVOICE_ubl": {"seller", "totals"},  # another street; zeros are written or left out
    "02.02a-INVOICE_ubl": {"totals"},  # a zero is written or left out
}


def through_ubl(invoice: EInvoice) -> EInvoice:
    return ubl_read.read(ubl_write.write(invoice))


def through_cii(invoice: EInvoice) -> EInvoice:
    return cii_read.read(cii_write.write(invoice))


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_of_files_is_one_invoice(name: str) -> None:
    ubl, cii = PAIRS[name]
    left, right = ubl_read.read(ubl), cii_read.read(cii)
    different = {
        one.name for one in fields(EInvoice) if getattr(left, one.name) != getattr(right, one.name)
    }

    assert different == DIFFERENT.get(name, set())


@pytest.mark.parametrize("name", VARIANTS)
def test_every_term_goes_through_both_syntaxes(name: str) -> None:
    invoice = VARIANTS[name]

    assert through_ubl(invoice) == through_cii(invoice) == invoice


@pytest.mark.parametrize("name", FILES)
def test_a_file_goes_through_both_syntaxes(name: str) -> None:
    """UBL has its breakdown inside the total, so that must not be left out."""
    invoice = FILES[name]
    if invoice.totals.tax is None:
        tax = sum(group.amount for group in invoice.taxes)
        invoice = replace(invoice, totals=replace(invoice.totals, tax=tax))

    assert through_ubl(invoice) == through_cii(invoice) == invoice


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(invoices())
def test_any_invoice_goes_through_both_syntaxes(invoice: EInvoice) -> None:
    assert through_ubl(invoice) == through_cii(invoice) == invoice
    assert through_ubl(through_cii(invoice)) == through_cii(through_ubl(invoice))
