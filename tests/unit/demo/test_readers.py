"""What both readers see in a file, and what they refuse to read."""

from datetime import date
from decimal import Decimal

import pytest

from invx.demo.read_cii import read_cii
from invx.demo.read_ubl import read_ubl
from invx.demo.terms import Document, Identifier, Item
from invx.demo.xml import Unreadable
from tests.unit.demo.samples import CII, UBL, changed


def document(syntax: str) -> Document:
    return read_ubl(UBL.encode()) if syntax == "UBL" else read_cii(CII.encode())


BOTH = pytest.mark.parametrize("syntax", ["UBL", "CII"])


def test_the_same_invoice_in_both_syntaxes_gives_the_same_request() -> None:
    ubl, cii = changed(UBL), changed(CII)
    assert ubl.request == cii.request
    assert ubl.seller == cii.seller
    assert ubl.expected == cii.expected
    assert ubl.remarks == cii.remarks == ()


@BOTH
def test_the_head_is_read(syntax: str) -> None:
    read = document(syntax)
    assert read.syntax == syntax
    assert (read.number, read.type_code, read.credit_note) == ("R-77", "380", False)
    assert (read.currency, read.tax_currency) == ("EUR", "SEK")
    assert read.tax_in_tax_currency == Decimal("171.76")
    assert read.notes == ("First note\nover two lines", "Second note")
    assert read.payment_terms == "Net 30 days"


@BOTH
def test_dates_and_references_are_read(syntax: str) -> None:
    read = document(syntax)
    assert read.dates.issue == date(2024, 2, 1)
    assert read.dates.due == date(2024, 3, 2)
    assert read.dates.tax_point == date(2024, 1, 31)
    assert read.dates.supply == date(2024, 1, 30)
    assert read.dates.period is not None
    assert (read.dates.period.start, read.dates.period.end) == (date(2024, 1, 1), date(2024, 1, 31))
    assert read.references.buyer_reference == "REF-1"
    assert read.references.purchase_order == "PO-1"
    assert read.references.sales_order == "SO-1"
    assert read.references.contract == "C-1"
    assert read.references.project == "P-1"
    assert read.references.buyer_accounting_reference == "CC-9"
    assert read.references.preceding == (("R-70", date(2023, 12, 1)),)


@BOTH
def test_parties_are_read(syntax: str) -> None:
    read = document(syntax)
    seller = read.seller
    assert (seller.name, seller.trading_name) == ("Oakline GmbH", "Oakline")
    assert (seller.vat_id, seller.tax_number) == ("DE 136 695 976", "231/123/4567")
    assert seller.registration == Identifier(id="HRB 1", scheme="0002")
    assert seller.identifiers == (Identifier(id="4000000000006", scheme="0088"),)
    assert seller.endpoint == Identifier(id="in@seller.example", scheme="EM")
    assert seller.legal_information == "Court of Leipzig"
    assert seller.address["line3"] == "3rd floor"
    assert seller.contact == {
        "name": "A. Ash",
        "email": "ash@seller.example",
        "phone": "+49 341 1",
    }
    assert read.buyer.vat_id == "FR40303265045"
    assert read.payee is not None
    assert read.payee.name == "Factor AG"
    assert read.tax_representative is not None
    assert read.tax_representative.vat_id == "FR23334175221"
    assert read.ship_to is not None
    assert read.ship_to.address["city"] == "Nice"


@BOTH
def test_lines_prices_and_items_are_read(syntax: str) -> None:
    first, second = document(syntax).lines
    assert (first.quantity, first.unit, first.net) == (20, "KGM", 90)
    assert first.price.net == 50
    assert first.price.gross == Decimal("52.5")
    assert first.price.discount == Decimal("2.5")
    assert first.price.base_quantity == 10
    assert first.category is not None
    assert (first.category.code, first.category.rate) == ("S", 19)
    assert first.item == Item(
        name="Apples",
        description="Red, washed",
        seller_id="S1",
        buyer_id="B1",
        standard_id=Identifier(id="40001", scheme="0160"),
        classifications=(Identifier(id="5030", scheme="STI"),),
        origin="IT",
        attributes=(("Size", "70+"),),
    )
    assert (first.order_line, first.buyer_accounting_reference) == ("7", "CC-1")
    assert first.note == "Handle with care"
    assert second.item == Item(name="Postage")
    assert second.price.base_quantity is None


@BOTH
def test_allowances_charges_and_the_breakdown_are_read(syntax: str) -> None:
    read = document(syntax)
    discount, charge = read.adjustments
    assert (discount.charge, discount.amount, discount.percent, discount.base) == (
        False,
        10,
        10,
        100,
    )
    assert (discount.reason, discount.reason_code) == ("Loyal", "95")
    assert (charge.charge, charge.amount, charge.percent) == (True, 5, None)
    assert charge.category is not None
    assert charge.category.code == "E"
    standard, exempt = read.groups
    assert (standard.base, standard.amount) == (80, Decimal("15.2"))
    assert (exempt.reason, exempt.base) == ("Postal service", 25)


@BOTH
def test_totals_are_read_as_stated(syntax: str) -> None:
    totals = document(syntax).totals
    assert (totals.line_net, totals.discounts, totals.charges) == (110, 10, 5)
    assert (totals.net, totals.tax, totals.gross) == (105, Decimal("15.2"), Decimal("120.2"))
    assert (totals.prepaid, totals.rounding, totals.payable) == (20, Decimal("-0.2"), 100)


def test_a_ubl_credit_note_is_one_by_its_root() -> None:
    text = UBL.replace("Invoice-2", "CreditNote-2").replace("InvoicedQuantity", "CreditedQuantity")
    for old, new in (
        ("<Invoice ", "<CreditNote "),
        ("</Invoice>", "</CreditNote>"),
        ("InvoiceLine>", "CreditNoteLine>"),
        ("<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>", ""),
        ("<cbc:DueDate>2024-03-02</cbc:DueDate>", ""),
        (
            "<cac:PaymentMeans>",
            "<cac:PaymentMeans><cbc:PaymentDueDate>2024-03-05</cbc:PaymentDueDate>",
        ),
        (
            "<cac:ProjectReference><cbc:ID>P-1</cbc:ID></cac:ProjectReference>",
            (
                "<cac:AdditionalDocumentReference><cbc:ID>P-2</cbc:ID>"
                "<cbc:DocumentTypeCode>50</cbc:DocumentTypeCode></cac:AdditionalDocumentReference>"
            ),
        ),
    ):
        assert old in text
        text = text.replace(old, new)
    read = read_ubl(text.encode())
    assert read.credit_note
    assert read.type_code == "381"
    assert [line.quantity for line in read.lines] == [20, 1]
    assert read.dates.due == date(2024, 3, 5)
    assert read.references.project == "P-2"


@pytest.mark.parametrize("code", ["381", "261", "396"])
def test_a_cii_credit_note_is_one_by_its_type_code(code: str) -> None:
    text = CII.replace("<ram:TypeCode>380</ram:TypeCode>", f"<ram:TypeCode>{code}</ram:TypeCode>")
    read = read_cii(text.encode())
    assert read.credit_note
    assert read.type_code == code


def test_a_category_without_a_rate_has_the_rate_zero() -> None:
    text = CII.replace(
        "<ram:CategoryCode>E</ram:CategoryCode>\n"
        "          <ram:RateApplicablePercent>0</ram:RateApplicablePercent>",
        "<ram:CategoryCode>O</ram:CategoryCode>",
    )
    category = read_cii(text.encode()).lines[1].category
    assert category is not None
    assert (category.code, category.rate) == ("O", 0)


def test_a_ubl_date_may_carry_a_time_zone() -> None:
    text = UBL.replace("2024-02-01</cbc:IssueDate>", "2024-02-01+01:00</cbc:IssueDate>")
    assert read_ubl(text.encode()).dates.issue == date(2024, 2, 1)


def test_a_gross_base_quantity_counts_where_the_net_price_has_none() -> None:
    text = CII.replace(
        '\n          <ram:BasisQuantity unitCode="KGM">10.0000</ram:BasisQuantity>', ""
    ).replace(
        "<ram:ChargeAmount>52.5</ram:ChargeAmount>",
        "<ram:ChargeAmount>52.5</ram:ChargeAmount><ram:BasisQuantity>10</ram:BasisQuantity>",
    )
    assert read_cii(text.encode()).lines[0].price.base_quantity == 10


def test_a_breakdown_in_another_currency_is_not_a_group() -> None:
    subtotal = (
        '<cac:TaxSubtotal><cbc:TaxableAmount currencyID="SEK">904</cbc:TaxableAmount>'
        '<cbc:TaxAmount currencyID="SEK">171.76</cbc:TaxAmount>'
        "<cac:TaxCategory><cbc:ID>S</cbc:ID></cac:TaxCategory></cac:TaxSubtotal>"
    )
    text = UBL.replace("171.76</cbc:TaxAmount>", "171.76</cbc:TaxAmount>" + subtotal)
    assert len(read_ubl(text.encode()).groups) == 2


@pytest.mark.parametrize(
    "old, new, why",
    [
        ("<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", "", "BT-5"),
        ("<cbc:IssueDate>2024-02-01</cbc:IssueDate>", "", "BT-2"),
        ("2024-02-01</cbc:IssueDate>", "1 February</cbc:IssueDate>", "not a date"),
        ('EUR">50</cbc:PriceAmount>', 'EUR">fifty</cbc:PriceAmount>', "not a number"),
        ('EUR">50</cbc:PriceAmount>', 'EUR">NaN</cbc:PriceAmount>', "not a number"),
        ("LegalMonetaryTotal>", "Total>", "BG-22"),
        ("TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19.00", "TaxCategory><cbc:Percent>19", "23"),
        ("Invoice-2", "Order-2", "not a UBL"),
    ],
)
def test_a_ubl_file_that_lacks_what_it_must_state_is_refused(old: str, new: str, why: str) -> None:
    assert old in UBL
    with pytest.raises(Unreadable, match=why):
        read_ubl(UBL.replace(old, new).encode())


@pytest.mark.parametrize(
    "old, new, why",
    [
        ("<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", "", "BT-5"),
        ("ram:IssueDateTime>", "ram:Other>", "BT-2"),
        ("20240201", "202402", "not a date"),
        (
            "<ram:ChargeAmount>50</ram:ChargeAmount>",
            "<ram:ChargeAmount>x</ram:ChargeAmount>",
            "num",
        ),
        ("ram:SpecifiedTradeSettlementHeaderMonetarySummation", "ram:Sum", "Summation"),
        ("ram:ApplicableHeaderTradeAgreement", "ram:Other", "Agreement"),
        (
            "<ram:BasisAmount>80</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode>",
            "",
            "BG-23",
        ),
        ("CrossIndustryInvoice:100", "CrossIndustryOrder:100", "not a Cross Industry"),
    ],
)
def test_a_cii_file_that_lacks_what_it_must_state_is_refused(old: str, new: str, why: str) -> None:
    assert old in CII
    with pytest.raises(Unreadable, match=why):
        read_cii(CII.replace(old, new).encode())


def nested(*ids: tuple[str, str | None]) -> bytes:
    """The CII sample with lines of these ids, each under the parent that it names."""
    start = CII.index("<ram:IncludedSupplyChainTradeLineItem>")
    end = CII.index("<ram:ApplicableHeaderTradeAgreement>")
    template = (
        "<ram:IncludedSupplyChainTradeLineItem><ram:AssociatedDocumentLineDocument>"
        "<ram:LineID>{}</ram:LineID>{}</ram:AssociatedDocumentLineDocument>"
        "</ram:IncludedSupplyChainTradeLineItem>"
    )
    lines = "".join(
        template.format(own, f"<ram:ParentLineID>{parent}</ram:ParentLineID>" if parent else "")
        for own, parent in ids
    )
    return (CII[:start] + lines + CII[end:]).encode()


def test_cii_lines_hang_under_the_line_that_they_name() -> None:
    top = read_cii(nested(("1", None), ("1.1", "1"), ("1.1.1", "1.1"), ("2", None))).lines
    assert [line.id for line in top] == ["1", "2"]
    assert [line.id for line in top[0].children] == ["1.1"]
    assert [line.id for line in top[0].children[0].children] == ["1.1.1"]


def test_a_parent_that_does_not_exist_leaves_the_line_on_top() -> None:
    assert [line.id for line in read_cii(nested(("1", "9"), ("2", "2"))).lines] == ["1", "2"]


def test_lines_that_are_each_others_parents_are_refused() -> None:
    with pytest.raises(Unreadable, match="parents"):
        read_cii(nested(("1", "2"), ("2", "1")))


def test_lines_with_one_id_are_all_kept() -> None:
    assert len(read_cii(nested(("1", None), ("1", None), ("2", None), ("2", None))).lines) == 4
