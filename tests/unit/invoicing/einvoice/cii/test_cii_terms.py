"""Every term is written where EN 16931-3-3 puts it, and is read from there."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal

import pytest
from lxml import etree

from invx.contexts.invoicing.adapters.einvoice.cii_read import read, unread
from invx.contexts.invoicing.adapters.einvoice.cii_write import write
from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnwritable
from invx.contexts.invoicing.adapters.einvoice.model import (
    CreditTransfer,
    DirectDebit,
    EInvoice,
    Identifier,
    Line,
    Payment,
    Price,
)
from tests.unit.invoicing.einvoice.cii.invoices import full, line, variants
from tests.unit.invoicing.einvoice.cii.official import broken_rules, faults

VARIANTS = variants()
SETTLEMENT = "ram:ApplicableHeaderTradeSettlement"
LINE = "ram:IncludedSupplyChainTradeLineItem"
DOCUMENT = "ram:AdditionalReferencedDocument"
TAX_ID = "ram:SpecifiedTaxRegistration/ram:ID"
PAYEE = "ram:PayeePartyCreditorFinancialAccount"


def texts(xml: bytes, path: str) -> list[str]:
    root = etree.fromstring(xml)
    found = root.iterfind(f".//{path}", root.nsmap)
    return [one.text for one in found]


def stated(value: object, path: str = "") -> Iterator[tuple[str, bool]]:
    """Every field at any depth, and whether it holds something."""
    if is_dataclass(value):
        for part in fields(value):
            yield from stated(getattr(value, part.name), f"{path}/{part.name}")
    elif isinstance(value, tuple) and value:
        for part in value:
            yield from stated(part, path)
    else:
        yield path, value not in (None, (), "")


def with_line(**changes: object) -> EInvoice:
    return replace(full(), lines=(replace(line("1", "200.00"), **changes),))


@pytest.mark.parametrize("name", VARIANTS)
def test_an_invoice_is_read_as_it_was_written(name: str) -> None:
    xml = write(VARIANTS[name])

    assert read(xml) == VARIANTS[name]
    assert unread(xml) == []


@pytest.mark.parametrize("name", VARIANTS)
def test_an_invoice_is_written_by_schema_and_rules(name: str) -> None:
    xml = write(VARIANTS[name])

    assert faults(xml) == faults(xml, "whole") == []
    assert broken_rules(xml) == set()


def test_the_variants_use_every_field_of_the_model() -> None:
    """A field that no variant fills is one that these tests say nothing about."""
    found = [pair for invoice in VARIANTS.values() for pair in stated(invoice)]
    used = {path for path, holds in found if holds}
    unused = {path for path, _ in found if not any(one.startswith(path) for one in used)}

    assert {path for path in unused if not path.endswith("/scheme_version")} == {
        "/lines/children",  # of an extension, see below
        "/buyer/registration/scheme",  # as that of the seller
        "/payee/registration/scheme",
        "/buyer/tax_number",  # sellers only
        "/buyer/legal_information",
        "/lines/adjustments/category",  # those of a line have the line's
        "/lines/adjustments/rate",
    }


def test_the_same_invoice_gives_the_same_bytes() -> None:
    assert write(full()) == write(full()) == write(read(write(full())))


def test_the_file_declares_its_encoding_and_each_namespace_once() -> None:
    xml = write(full())

    assert xml.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert xml.count(b"xmlns:") == 4
    assert "谢谢".encode() in xml


@pytest.mark.parametrize(
    ("term", "path", "content"),
    [
        ("BT-7", "ram:ApplicableTradeTax/ram:TaxPointDate/udt:DateString", ["20260131"]),
        ("BT-10", "ram:BuyerReference", ["04011000-12345-03"]),
        ("BT-17", f"{DOCUMENT}[ram:TypeCode='50']/ram:IssuerAssignedID", ["Los 2"]),
        ("BT-25", "ram:InvoiceReferencedDocument/ram:IssuerAssignedID", ["RE-1", "RE-2"]),
        ("BT-26", "ram:FormattedIssueDateTime/qdt:DateTimeString", ["20251201"]),
        ("BT-29", "ram:SellerTradeParty/ram:ID", ["4711"]),
        ("BT-29", "ram:SellerTradeParty/ram:GlobalID", ["5790000436057"]),
        ("BT-31", f"ram:SellerTradeParty/{TAX_ID}[@schemeID='VA']", ["DE123456789"]),
        ("BT-32", f"ram:SellerTradeParty/{TAX_ID}[@schemeID='FC']", ["123/456/7890"]),
        ("BT-83", "ram:PaymentReference", ["RE-2026/1"]),
        ("BT-84", f"{PAYEE}/ram:IBANID", ["DE02120300000000202051"]),
        ("BT-84", f"{PAYEE}/ram:ProprietaryID", ["12-345"]),
        ("BT-110", "ram:TaxTotalAmount[@currencyID='EUR']", ["36.86"]),
        ("BT-111", "ram:TaxTotalAmount[@currencyID='SEK']", ["400.00"]),
        ("BT-131", f"{LINE}//ram:LineTotalAmount", ["100.00", "100.00"]),
        ("BT-147", "ram:AppliedTradeAllowanceCharge/ram:ActualAmount", ["0.1234", "0.1234"]),
    ],
)
def test_a_term_stands_where_the_standard_puts_it(term: str, path: str, content: list[str]) -> None:
    assert texts(write(full()), path) == content, term


def test_a_discount_in_payment_terms_ends_its_line() -> None:
    [terms] = texts(write(full()), f"{SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:Description")

    assert terms == "30 Tage\n#SKONTO#TAGE=7#PROZENT=2.00#\n"


@pytest.mark.parametrize(("code", "written"), [("3", "5"), ("35", "29"), ("432", "72"), ("9", "9")])
def test_the_tax_point_code_is_translated(code: str, written: str) -> None:
    invoice = replace(full(), tax_point=None, tax_point_code=code)

    assert texts(write(invoice), f"{SETTLEMENT}//ram:DueDateTypeCode") == [written]
    assert read(write(invoice)).tax_point_code == code


def test_a_category_without_rate_is_written_without_one() -> None:
    """BR-O-05: category O has no rate element at all."""
    taxes = tuple(replace(one, category="O", rate=None) for one in full().taxes)
    invoice = replace(full(), taxes=taxes)

    assert read(write(invoice)) == invoice
    assert (
        texts(write(invoice), f"{SETTLEMENT}/ram:ApplicableTradeTax/ram:RateApplicablePercent")
        == []
    )


def test_ids_without_a_scheme_come_first() -> None:
    """CII keeps them in an element of its own, before those with one."""
    ids = (Identifier(id="b", scheme="0088"), Identifier(id="a"))
    invoice = replace(full(), seller=replace(full().seller, identifiers=ids))

    assert read(write(invoice)).seller.identifiers == ids[::-1]


def test_a_price_discount_brings_the_gross_price_that_the_schema_demands() -> None:
    invoice = with_line(price=Price(net=Decimal("9.5"), discount=Decimal("0.5")))

    assert read(write(invoice)).lines[0].price == Price(
        net=Decimal("9.5"), discount=Decimal("0.5"), gross=Decimal(10)
    )


def test_a_price_discount_of_zero_is_none() -> None:
    """UBL cannot tell the two apart, so CII does not either."""
    price = Price(net=Decimal(5), discount=Decimal(0), gross=Decimal(5))

    assert read(write(with_line(price=price))).lines[0].price == replace(price, discount=None)


def test_a_price_keeps_all_of_its_decimals() -> None:
    invoice = with_line(
        price=Price(net=Decimal("0.000123456789"), gross=Decimal("1E+3")), quantity=Decimal("1E-7")
    )
    xml = write(invoice)

    assert b">0.000123456789<" in xml
    assert b">1000<" in xml
    assert b">0.0000001<" in xml
    assert read(xml) == invoice


def test_an_amount_that_needs_a_third_decimal_is_refused() -> None:
    invoice = replace(full(), totals=replace(full().totals, net=Decimal("1.005")))

    with pytest.raises(EInvoiceUnwritable, match=r"TaxBasisTotalAmount is 1\.005"):
        write(invoice)


def test_a_character_that_xml_does_not_have_is_refused() -> None:
    with pytest.raises(EInvoiceUnwritable, match="ram:ID"):
        write(replace(full(), number="a\x00b"))


def test_what_several_payments_say_differently_is_refused() -> None:
    """CII has one place for BT-83, for BT-89 and for BT-90."""
    first = Payment(code="59", remittance="a", debit=DirectDebit(mandate="m", creditor="c"))
    for further, term in (
        (replace(first, remittance="b"), "BT-83"),
        (replace(first, debit=DirectDebit(mandate="n")), "BT-89"),
        (replace(first, debit=DirectDebit(creditor="d")), "BT-90"),
    ):
        with pytest.raises(EInvoiceUnwritable, match=term):
            write(replace(full(), payments=(first, further)))


def test_what_has_no_place_in_the_file_is_refused() -> None:
    """The tax point stands in the breakdown, and BT-111 is told from BT-110 by its currency."""
    for invoice, term in (
        (replace(full(), taxes=()), "BT-7"),
        (replace(full(), taxes=(), tax_point=None, tax_point_code="3"), "BT-8"),
        (replace(full(), tax_currency=None), "BT-111"),
        (replace(full(), tax_currency="EUR"), "BT-111"),
    ):
        with pytest.raises(EInvoiceUnwritable, match=term):
            write(invoice)


def test_means_that_differ_in_the_account_only_are_one_payment() -> None:
    """And a change of code makes another one."""
    account = (CreditTransfer(account="1"),)
    split = tuple(Payment(code=code, transfers=account) for code in ("30", "30", "42"))
    found = read(write(replace(full(), payments=split))).payments

    assert [(one.code, len(one.transfers)) for one in found] == [("30", 2), ("42", 1)]


def sub_lines() -> tuple[Line, ...]:
    """A line that sums two, one of which sums again, and a remark that counts nowhere."""
    inner = replace(line("1.1"), children=(line("1.1.1", "60.00"), line("1.1.2", "40.00")))
    remark = replace(line("1.2.1"), net=Decimal("7.00"), informative=True)
    outer = replace(line("1.2"), children=(remark,))
    whole = replace(line("1", "200.00"), category=None, rate=None, children=(inner, outer))
    return (whole, line("2"))


def test_sub_lines_name_their_parents() -> None:
    xml = write(replace(full(), lines=sub_lines()))
    head = f"{LINE}/ram:AssociatedDocumentLineDocument"

    assert texts(xml, f"{head}/ram:LineID") == ["1", "1.1", "1.1.1", "1.1.2", "1.2", "1.2.1", "2"]
    assert texts(xml, f"{head}/ram:ParentLineID") == ["1", "1.1", "1.1", "1", "1.2"]
    assert texts(xml, f"{head}/ram:LineStatusReasonCode") == [
        *("GROUP", "GROUP", "DETAIL", "DETAIL", "DETAIL", "INFORMATION")
    ]
    assert faults(xml, "extended") == []


def test_sub_lines_are_read_under_their_parents() -> None:
    invoice = replace(full(), lines=sub_lines())

    assert read(write(invoice)) == invoice
    assert unread(write(invoice)) == []
