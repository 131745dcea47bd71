"""What a format asks and a document lacks: each by the field of our API and the official rule."""

from itertools import product
from typing import Any

import pytest

from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from invx.contexts.invoicing.domain.einvoice.e_invoice_needs import ensure_complete, missing
from invx.contexts.invoicing.domain.errors import EInvoiceIncomplete
from tests.unit.invoicing.einvoice.mapping.issuing import BUYER, S19, SELLER, issued, item

GERMAN = ("xrechnung_ubl", "xrechnung_cii")
CORE = ("ubl", "cii", "facturx_en16931", "facturx_extended")
ALL = tuple(FORMATS)
TOWN = {"line1": "Kai 1", "city": "Hamburg", "postal_code": "20457", "country": "DE"}
PARTY = {
    "name": "Kontor Nord",
    "address": TOWN,
    "endpoint": {"scheme": "9930", "id": "DE136695976"},
    "contact": {"name": "Jo Weiß", "phone": "+49 40 1", "email": "jo@kontor.example"},
}
COMPLETE: dict[str, Any] = {
    "seller": {"party": PARTY},
    "buyer": {**BUYER, "address": TOWN, "endpoint": {"scheme": "0204", "id": "04011000-12345-03"}},
    "buyer_reference": "04011000-12345-03",
}
EXEMPT = [{"category": "O", "reason": "Not subject to VAT"}]


def found(format: str, *lines: dict[str, Any], **more: Any) -> dict[str, str]:
    """The rule by pointer of what a document lacks that has everything but for `more`."""
    stated = issued(*lines, **{**COMPLETE, **more})
    problems = missing(stated.content, stated.totals, stated.seller, FORMATS[format])
    told = {each.pointer: each.detail for each in problems}
    assert len(told) == len(problems), "a field is named once"
    return {at: said.rpartition("(")[2].rstrip(").") for at, said in told.items()}


def seller(**more: Any) -> dict[str, Any]:
    """The seller with other details of the party; None takes one away."""
    party = {name: value for name, value in {**PARTY, **more}.items() if value is not None}
    return {"seller": {"party": party}}


def without(said: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: value for each, value in said.items() if each != name}


@pytest.mark.parametrize("format", ALL)
def test_a_complete_document_lacks_nothing_in_any_format(format: str) -> None:
    assert found(format) == {}
    stated = issued(**COMPLETE)
    ensure_complete(stated.content, stated.totals, stated.seller, FORMATS[format])


# What is taken away or added, the formats that mind, the field, and the rule.
ORDER: dict[str, Any] = {"buyer_reference": None, "purchase_order": "4500"}
CARD = {"payment_means": {"code": "54"}}
DEBIT = {"payment_means": {"direct_debit": {"mandate": "M-1"}}}
NO_ACCOUNT = {"seller": {"party": PARTY, "bank_accounts": []}}
TABLE: list[tuple[dict[str, Any], tuple[str, ...], dict[str, str]]] = [
    ({"buyer_reference": None}, GERMAN, {"/buyer_reference": "BR-DE-15"}),
    ({"buyer_reference": None}, ("peppol",), {"/buyer_reference": "PEPPOL-EN16931-R003"}),
    (
        {**ORDER, "buyer": {**COMPLETE["buyer"], "address": {**TOWN, "country": "FR"}}},
        ("peppol",),
        {},
    ),
    (ORDER, ("peppol",), {"/buyer_reference": "BR-DE-15"}),  # Peppol's rules between Germans
    (ORDER, GERMAN, {"/buyer_reference": "BR-DE-15"}),
    (
        {"buyer": without(COMPLETE["buyer"], "endpoint")},
        (*GERMAN, "peppol"),
        {"/buyer/endpoint": "PEPPOL-EN16931-R010"},
    ),
    (
        seller(endpoint={"scheme": "EM", "id": "rechnung@kontor.example"}),
        ("peppol",),
        {"/seller/endpoint/scheme": "PEPPOL-EN16931-CL008"},
    ),
    (seller(endpoint={"scheme": "EM", "id": "rechnung@kontor.example"}), GERMAN, {}),
    (seller(endpoint=None), (*GERMAN, "peppol"), {"/seller/endpoint": "PEPPOL-EN16931-R020"}),
    (
        seller(contact=None),
        GERMAN,
        {
            "/seller/contact/name": "BR-DE-5",
            "/seller/contact/phone": "BR-DE-6",
            "/seller/contact/email": "BR-DE-7",
        },
    ),
    (
        seller(contact={"name": "Jo"}, endpoint=PARTY["endpoint"]),
        GERMAN,
        {
            "/seller/contact/phone": "BR-DE-6",
            "/seller/contact/email": "BR-DE-7",
        },
    ),
    (seller(address=without(TOWN, "city")), GERMAN, {"/seller/address/city": "BR-DE-3"}),
    (
        seller(address=without(TOWN, "postal_code")),
        GERMAN,
        {"/seller/address/postal_code": "BR-DE-4"},
    ),
    (
        {"buyer": {**COMPLETE["buyer"], "address": {"country": "DE"}}},
        GERMAN,
        {"/buyer/address/city": "BR-DE-8", "/buyer/address/postal_code": "BR-DE-9"},
    ),
    (
        {"ship_to": {"name": "Lager", "address": {"country": "DE"}}},
        GERMAN,
        {"/ship_to/address/city": "BR-DE-10", "/ship_to/address/postal_code": "BR-DE-11"},
    ),
    ({"ship_to": {"name": "Lager", "address": TOWN}}, GERMAN, {}),
    ({"type_code": "325"}, GERMAN, {"/type_code": "BR-DE-17"}),
    ({"type_code": "384"}, GERMAN, {"/preceding": "BR-DE-26"}),
    ({"type_code": "384"}, CORE, {}),
    (NO_ACCOUNT, GERMAN, {"/seller/bank_accounts": "BR-DE-1"}),
    (NO_ACCOUNT, CORE, {}),
    (
        {**NO_ACCOUNT, "payment_means": {"code": "58"}},
        ALL,
        {"/seller/bank_accounts": "BR-61"},
    ),
    (CARD, ALL, {"/payment_means/card": "BR-51"}),
    ({"payment_means": {"card": {"number": "1234"}}}, ALL, {}),
    (
        DEBIT,
        GERMAN,
        {
            "/payment_means/direct_debit/creditor": "BR-DE-30",
            "/payment_means/direct_debit/account": "BR-DE-31",
        },
    ),
    (
        {"payment_means": {"code": "59"}},
        GERMAN,
        {
            "/payment_means/direct_debit/mandate": "PEPPOL-EN16931-R061",
            "/payment_means/direct_debit/creditor": "BR-DE-30",
            "/payment_means/direct_debit/account": "BR-DE-31",
        },
    ),
    (
        {"tax_point": "2026-11-01", "tax_point_code": "5"},
        ALL,
        {"/tax_point_code": "BR-CO-03"},
    ),
    (
        {"attachments": [{"id": "A", "content": "aGk="}]},
        ALL,
        {"/attachments/0/media_type": "BT-125-1", "/attachments/0/filename": "BT-125-2"},
    ),
    ({"attachments": [{"id": "A", "url": "https://example.org/a"}]}, ALL, {}),
    (
        {"payable_rounding": "0.01"},
        ("facturx_basic", "facturx_basic_wl"),
        {"/payable_rounding": "BT-114"},
    ),
    ({"cash_unit": "1"}, ("facturx_basic", "facturx_basic_wl"), {}),  # nothing to round
    ({"payable_rounding": "0.01"}, CORE, {}),
    (
        {"seller": {"party": PARTY, "registrations": []}},
        GERMAN,
        {"/seller/registrations": "BR-DE-16"},
    ),
]
CASES = [
    pytest.param(more, format, expected, id=f"{at}-{format}")
    for at, (more, formats, expected) in enumerate(TABLE)
    for format in formats
]


@pytest.mark.parametrize(("more", "format", "expected"), CASES)
def test_what_is_lacking_is_named_by_field_and_rule(
    more: dict[str, Any], format: str, expected: dict[str, str]
) -> None:
    assert found(format, **more) == expected


LINES: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"description": None}, {"/lines/0/description": "BR-25"}),
    ({"item": {"standard_id": {"id": "4006"}}}, {"/lines/0/item/standard_id/scheme": "BR-64"}),
    ({"item": {"standard_id": {"id": "4006", "scheme": "0160"}}}, {}),
    (
        {"item": {"classifications": [{"id": "1", "scheme": "STI"}, {"id": "2"}]}},
        {"/lines/0/item/classifications/1/scheme": "BR-65"},
    ),
]


@pytest.mark.parametrize(("more", "expected"), LINES)
@pytest.mark.parametrize("format", ["ubl", "peppol", "facturx_extended"])
def test_what_a_line_lacks_is_named_with_the_line(
    format: str, more: dict[str, Any], expected: dict[str, str]
) -> None:
    assert found(format, item(**more)) == expected


def test_a_child_is_named_below_its_parent() -> None:
    child = item(id="2", description=None)
    parent = item(None, taxes=[], description=None, children=[child])
    assert found("ubl", parent) == {"/lines/0/children/0/description": "BR-25"}


def test_outside_the_scope_of_vat_a_seller_is_known_by_a_registration() -> None:
    """The VAT id may not be shown there (BR-O-02), so something else has to identify the seller."""
    line = item(taxes=EXEMPT)
    assert found("ubl", line) == {"/seller/registration": "BR-CO-26"}
    for known in (
        {"registration": {"id": "HRB 1"}},
        {"identifiers": [{"id": "4000001123452", "scheme": "0088"}]},
    ):
        for format in ("ubl", *GERMAN):
            assert found(format, line, **seller(**known)) == {}
    assert found("ubl", item(taxes=S19)) == {}


def test_rounding_to_coins_is_refused_where_it_cannot_be_said() -> None:
    price = item("1.01")  # 1.20 with tax, so nothing is rounded to five hundredths
    assert found("facturx_basic", price, cash_unit="0.05") == {}
    rounded = item("1.02")  # 1.21
    assert found("facturx_basic", rounded, cash_unit="0.05") == {"/cash_unit": "BT-114"}
    assert found("ubl", rounded, cash_unit="0.05") == {}


@pytest.mark.parametrize(("format", "more"), [*product(GERMAN, [CARD, {"type_code": "325"}])])
def test_all_that_is_lacking_is_told_at_once(format: str, more: dict[str, Any]) -> None:
    stated = issued(**{**COMPLETE, "buyer_reference": None, **more})
    with pytest.raises(EInvoiceIncomplete) as refused:
        ensure_complete(stated.content, stated.totals, stated.seller, FORMATS[format])
    assert len(refused.value.problems) == 2
    assert "2 fields are missing or wrong for XRechnung 3.0" in str(refused.value.detail)
    one = issued(**{**COMPLETE, "buyer_reference": None})
    with pytest.raises(EInvoiceIncomplete, match="One field is missing"):
        ensure_complete(one.content, one.totals, one.seller, FORMATS[format])


def test_a_seller_whose_registration_is_over_is_not_known_by_it() -> None:
    """On the day of issue nothing says who owes the tax: a VAT id of last year does not."""
    over = {**SELLER["registrations"][0], "valid_to": "2025-12-31"}
    of_old = {"seller": {"party": PARTY, "registrations": [over]}}
    assert "/seller/registrations" in found("xrechnung_ubl", issue_date="2026-01-01", **of_old)
    assert found("xrechnung_ubl", issue_date="2025-12-31", **of_old) == {}
