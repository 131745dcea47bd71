"""Files of others: nothing is lost between reading and writing, and what is left is named."""

import re

import pytest
from lxml import etree

from invx.contexts.invoicing.adapters.einvoice.cii_read import read, unread
from invx.contexts.invoicing.adapters.einvoice.cii_write import write
from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnreadable
from invx.contexts.invoicing.adapters.einvoice.model import EInvoice
from tests.unit.invoicing.einvoice.cii.invoices import full
from tests.unit.invoicing.einvoice.cii.official import broken_rules, faults, files

FILES = {"invented": write(full()), **files()}
# What says nothing of its own: constants, what is stated twice, and what only tells the form.
SAYS_NOTHING = re.compile(
    r"/ram:(ApplicableTradeTax|CategoryTradeTax)(\[\d+\])?/ram:TypeCode$"
    r"|/ram:SpecifiedProcuringProject/ram:Name$"
    r"|/ram:(Gross|Net)PriceProductTradePrice/ram:BasisQuantity$"
    r"|/ram:GrossPriceProductTradePrice/ram:ChargeAmount$"  # the net one and the discount give it
    r"|/ram:AppliedTradeAllowanceCharge/ram:ChargeIndicator/udt:Indicator$"
    r"|/ram:DueDateTypeCode$"
    r"|/ram:SpecifiedTradeSettlementPaymentMeans\[[2-9]\]/ram:Information$"
)


@pytest.mark.parametrize("name", FILES)
def test_a_file_survives_being_read_and_written(name: str) -> None:
    invoice = read(FILES[name])

    assert read(write(invoice)) == invoice
    assert write(read(write(invoice))) == write(invoice)
    assert unread(write(invoice)) == []


@pytest.mark.parametrize("name", FILES)
def test_what_is_written_of_a_file_is_as_valid_as_it_was(name: str) -> None:
    xml = write(read(FILES[name]))

    assert faults(xml) == faults(xml, "whole") == []
    assert broken_rules(xml) <= broken_rules(FILES[name])


@pytest.mark.parametrize("name", ["invented", *sorted(FILES)[:3]])
def test_whatever_is_not_reported_as_unread_matters(name: str) -> None:
    """Each text that `unread` does not name changes the invoice, or is needed, when it is gone."""
    xml = FILES[name]
    tree = etree.ElementTree(etree.fromstring(xml))
    invoice, left = read(xml), set(unread(xml))
    checked = 0
    for element in tree.getroot().iter(etree.Element):
        path = _path(element)
        text = (element.text or "").strip()
        if not text or path in left or SAYS_NOTHING.search(path):
            continue
        kept, element.text = element.text, None
        assert _read(etree.tostring(tree)) != invoice, path
        element.text = kept
        checked += 1
    assert checked > 20


def _read(xml: bytes) -> EInvoice | None:
    try:
        return read(xml)
    except EInvoiceUnreadable:
        return None


def _path(element: etree._Element) -> str:
    """As `unread` names it."""
    steps = []
    while element is not None:
        parent = element.getparent()
        equals = [] if parent is None else parent.findall(element.tag)
        place = f"[{equals.index(element) + 1}]" if len(equals) > 1 else ""
        steps.append(f"{element.prefix}:{etree.QName(element).localname}{place}")
        element = parent
    return "/" + "/".join(reversed(steps))
