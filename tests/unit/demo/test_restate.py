"""Requests restate what an author decided, and nothing that the API has to compute."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from invx.demo.compare import compare
from invx.demo.tidy import filled, plain
from tests.unit.demo.fake_api import compute
from tests.unit.demo.samples import CII, UBL, cases, changed

COMPUTED = {"net", "subtotal", "gross", "totals", "tax_groups", "line_net", "tax", "payable"}


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    if isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_no_request_contains_a_computed_figure() -> None:
    for case in cases():
        assert case.source is not None, case.name
        assert not COMPUTED & set(keys(case.source.request)), case.name
        for line in case.source.request["lines"]:
            assert all(
                set(tax) <= {"regime", "category", "rate", "reason", "reason_code"}
                for tax in line.get("taxes", ())
            ), case.name


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)) and value:
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
    else:
        yield value


def test_requests_are_json_without_empty_fields_or_exponents() -> None:
    for case in cases():
        assert case.source is not None, case.name
        body = [case.source.request, case.source.seller]
        assert json.loads(json.dumps(body)) == body, case.name
        for value in leaves(body):
            assert value not in (None, "", [], {}), case.name
            assert not re.fullmatch(r"-?[0-9.]+E[+-]?[0-9]+", str(value)), (case.name, value)


def test_the_sample_computes_to_what_it_states() -> None:
    source = changed(UBL)
    assert compare(source.expected, compute(source.request)) == []


def stated(*left_out: str) -> dict[str, Any]:
    """The request of the sample but for these fields."""
    request = changed(UBL).request
    return {key: value for key, value in request.items() if key not in left_out}


def test_the_sample_names_its_parties_beside_the_buyer() -> None:
    request = stated()
    assert request["ship_to"] == {
        "kind": "business",
        "name": "Platane SA",
        "address": {"city": "Nice", "country": "FR"},
        "identifiers": [{"id": "4000000000013", "scheme": "0088"}],
    }
    assert request["payee"] == {"kind": "business", "name": "Factor AG"}
    assert request["tax_representative"] == {
        "kind": "business",
        "name": "Fiscal SARL",
        "address": {"country": "FR"},
        "vat_id": "FR23334175221",
    }


def test_the_sample_states_its_discounts_and_charges_with_their_taxes() -> None:
    request = stated()
    assert request["discounts"] == [
        {
            "percent": "10",
            "base": "100",
            "reason": "Loyal",
            "reason_code": "95",
            "taxes": [{"regime": "vat", "category": "S", "rate": "19"}],
        }
    ]
    postal = {
        "regime": "vat",
        "category": "E",
        "rate": "0",
        "reason": "Postal service",
        "reason_code": "VATEX-EU-132-1A",
    }
    assert request["charges"] == [{"amount": "5", "reason": "Freight", "taxes": [postal]}]


def test_all_else_that_the_sample_states() -> None:
    parties = ("buyer", "ship_to", "payee", "tax_representative")
    assert stated("lines", "discounts", "charges", *parties) == {
        "type": "invoice",
        "profile": "en16931",
        "currency": "EUR",
        "buyer_reference": "REF-1",
        "purchase_order": "PO-1",
        "sales_order": "SO-1",
        "contract": "C-1",
        "project": "P-1",
        "buyer_accounting_reference": "CC-9",
        "preceding": [{"number": "R-70", "issue_date": "2023-12-01"}],
        "issue_date": "2024-02-01",
        "supply_date": "2024-01-30",
        "service_period": {"start": "2024-01-01", "end": "2024-01-31"},
        "tax_point": "2024-01-31",
        "payment_terms": {"kind": "net", "days": 30, "text": "Net 30 days"},
        "prepaid": "20",
        "payable_rounding": "-0.2",
        "tax_currency": {"currency": "SEK", "rate": "11.3"},
        "notes": "First note\nover two lines\n\nSecond note",
        "footer": "Court of Leipzig",
        "metadata": {"source": "sample.xml", "number": "R-77"},
    }


def test_an_item_line_states_price_before_discount_and_base_quantity() -> None:
    line = changed(UBL).request["lines"][0]
    assert (line["price"], line["price_discount"], line["base_quantity"]) == ("52.5", "2.5", "10")
    assert (line["description"], line["details"]) == ("Apples", "Red, washed\nHandle with care")
    assert line["discounts"] == [{"amount": "10", "reason": "Bruised"}]
    assert "charges" not in line


def test_an_exempt_line_carries_the_reason_of_its_group() -> None:
    assert changed(UBL).request["lines"][1]["taxes"] == [
        {
            "regime": "vat",
            "category": "E",
            "rate": "0",
            "reason": "Postal service",
            "reason_code": "VATEX-EU-132-1A",
        }
    ]


def test_a_description_is_not_said_twice() -> None:
    source = changed(UBL, ("Red, washed", "Apples"))
    assert source.request["lines"][0]["details"] == "Handle with care"


@pytest.mark.parametrize(
    "code, kind, refined",
    [
        ("380", "invoice", None),
        ("389", "invoice", "389"),
        ("384", "invoice", "384"),
        ("326", "invoice", "326"),
        ("381", "credit_note", None),
        ("261", "credit_note", "261"),
    ],
)
def test_the_type_code_becomes_type_and_refinement(
    code: str, kind: str, refined: str | None
) -> None:
    old = "<ram:TypeCode>380</ram:TypeCode>"
    request = changed(CII, (old, f"<ram:TypeCode>{code}</ram:TypeCode>")).request
    assert (request["type"], request.get("type_code")) == (kind, refined)


def test_a_percentage_that_does_not_give_its_amount_yields_to_the_amount() -> None:
    source = changed(
        UBL, ('"EUR">10.00</cbc:Amount><cbc:Base', '"EUR">10.01</cbc:Amount><cbc:Base')
    )
    assert source.request["discounts"][0]["amount"] == "10.01"
    assert "percent" not in source.request["discounts"][0]
    assert source.remarks == ("10 % of 100 is not 10.01: the amount was entered",)


def test_a_percentage_without_a_base_yields_to_the_amount() -> None:
    source = changed(UBL, ('<cbc:BaseAmount currencyID="EUR">100.00</cbc:BaseAmount>', ""))
    assert source.request["discounts"][0]["amount"] == "10"
    assert source.remarks == ()


def test_a_percentage_is_checked_with_halves_away_from_zero() -> None:
    source = changed(
        UBL,
        ("Numeric>10</cbc:Mult", "Numeric>0.5</cbc:Mult"),
        ('"EUR">10.00</cbc:Amount><cbc:Base', '"EUR">0.51</cbc:Amount><cbc:Base'),
        ('"EUR">100.00</cbc:BaseAmount>', '"EUR">101.00</cbc:BaseAmount>'),
    )
    assert source.request["discounts"][0]["percent"] == "0.5"


def test_a_gross_price_that_contradicts_the_net_price_yields_to_it() -> None:
    source = changed(CII, ("52.5</ram:ChargeAmount>", "60</ram:ChargeAmount>"))
    line = source.request["lines"][0]
    assert (line["price"], "price_discount" in line) == ("50", False)
    assert source.remarks == (
        "a gross price of 60 less 2.5 is not the net price 50: the net price was entered",
    )


def test_a_gross_price_stands_in_for_a_missing_net_price() -> None:
    source = changed(CII, ("<ram:ChargeAmount>50</ram:ChargeAmount>", ""))
    assert source.request["lines"][0]["price"] == "52.5"


def test_ids_that_occur_twice_are_left_to_the_api() -> None:
    source = changed(UBL, ("<cac:InvoiceLine><cbc:ID>2", "<cac:InvoiceLine><cbc:ID>1"))
    assert ["id" in line for line in source.request["lines"]] == [False, False]
    assert source.remarks == ("line ids occur twice: the API numbers those lines",)


@pytest.mark.parametrize(
    "old, new, expected",
    [
        (
            "<cbc:DueDate>2024-03-02</cbc:DueDate>",
            "",
            {"payment_terms": {"kind": "on_receipt", "text": "Net 30 days"}},
        ),
        (
            "<cac:PaymentTerms><cbc:Note>Net 30 days</cbc:Note></cac:PaymentTerms>",
            "",
            {"due_date": "2024-03-02"},
        ),
        (
            "2024-03-02",
            "2024-01-01",
            {"payment_terms": {"kind": "net", "days": 0, "text": "Net 30 days"}},
        ),
    ],
)
def test_the_due_date_is_stated_once(old: str, new: str, expected: dict[str, Any]) -> None:
    request = changed(UBL, (old, new)).request
    found = {key: request[key] for key in ("due_date", "payment_terms") if key in request}
    assert found == expected


def test_a_due_date_before_the_issue_is_remarked() -> None:
    remarks = changed(UBL, ("2024-03-02", "2024-01-01")).remarks
    assert remarks == ("due 2024-01-01, before its issue: entered as due on receipt",)


def test_a_period_that_ends_before_it_starts_is_left_out_and_remarked() -> None:
    source = changed(UBL, ("<cbc:EndDate>2024-01-31", "<cbc:EndDate>2023-12-31"))
    assert "service_period" not in source.request
    assert source.remarks == ("a period from 2024-01-01 to 2023-12-31: left out",)


@pytest.mark.parametrize("accounted", ["171.76", "14.15", "5886.20", "0.01"])
def test_the_rate_takes_the_tax_to_the_accounting_currency(accounted: str) -> None:
    source = changed(UBL, ("171.76", accounted))
    rate = Decimal(source.request["tax_currency"]["rate"])
    assert round(Decimal("15.20") * rate, 2) == Decimal(accounted)
    assert compare(source.expected, compute(source.request)) == []


def test_a_tax_currency_that_is_the_currency_is_no_tax_currency() -> None:
    tail = '<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">171.76</cbc:TaxAmount></cac:TaxTotal>'
    source = changed(UBL, (">SEK</cbc:TaxCurrencyCode>", ">EUR</cbc:TaxCurrencyCode>"), (tail, ""))
    assert "tax_currency" not in source.request
    assert source.expected.tax_in_tax_currency is None


def test_without_any_tax_there_is_no_rate_and_a_remark() -> None:
    source = changed(UBL, ("171.76", "0.00"))
    assert "tax_currency" not in source.request
    assert source.remarks == ("no rate to SEK follows from it: left out",)


def sub_lines(status: str) -> tuple[str, str]:
    """A change that puts the sample's second CII line under its first."""
    old = "<ram:LineID>2</ram:LineID></ram:AssociatedDocumentLineDocument>"
    return old, old.replace(
        "</ram:LineID></", f"</ram:LineID><ram:ParentLineID>1</ram:ParentLineID>{status}</"
    )


def test_a_line_with_parts_leaves_its_figures_to_them() -> None:
    source = changed(CII, sub_lines(""))
    (line,) = source.request["lines"]
    assert "price" not in line
    assert [child["description"] for child in line["children"]] == ["Postage"]
    assert [(one.net, one.category) for one in source.expected.lines] == [(90, None), (20, "E")]


def test_an_informative_line_is_text_and_has_no_expected_figures() -> None:
    status = "<ram:LineStatusReasonCode>INFORMATION</ram:LineStatusReasonCode>"
    source = changed(CII, sub_lines(status))
    first, second = source.request["lines"]
    assert first["price"] == "52.5"
    assert (second["kind"], second["description"], "price" in second) == ("text", "Postage", False)
    assert [line.net for line in source.expected.lines] == [90]


def test_ubl_sub_lines_become_children() -> None:
    child = (
        '<cac:SubInvoiceLine><cbc:ID>1.1</cbc:ID><cbc:InvoicedQuantity unitCode="H87">1'
        '</cbc:InvoicedQuantity><cbc:LineExtensionAmount currencyID="EUR">90.00'
        "</cbc:LineExtensionAmount><cac:Item><cbc:Name>Crate</cbc:Name>"
        "<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent>"
        "</cac:ClassifiedTaxCategory></cac:Item><cac:Price>"
        '<cbc:PriceAmount currencyID="EUR">90</cbc:PriceAmount></cac:Price></cac:SubInvoiceLine>'
    )
    price = '<cac:Price><cbc:PriceAmount currencyID="EUR">50'
    source = changed(UBL, (price, child + price))
    assert [line["description"] for line in source.request["lines"][0]["children"]] == ["Crate"]
    assert compare(source.expected, compute(source.request)) == []


def test_empty_fields_are_left_out_and_false_ones_kept() -> None:
    assert filled(a=None, b="", c=[], d={}, e=0, f=False) == {"e": 0, "f": False}


@pytest.mark.parametrize(
    "value, text",
    [
        ("100", "100"),
        ("1E+2", "100"),
        ("0.1200", "0.12"),
        ("-0.00", "0"),
        ("-1.50", "-1.5"),
        ("1.000000000000000000", "1"),
        ("0.00000001", "0.00000001"),
    ],
)
def test_decimals_are_plain(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


def test_no_decimal_is_no_text() -> None:
    assert plain(None) is None
