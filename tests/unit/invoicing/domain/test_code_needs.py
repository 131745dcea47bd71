"""Codes that are none of the lists of EN 16931, each named where it is stated."""

from typing import Any

import pytest

from invx.contexts.invoicing.domain.einvoice.code_needs import code_problems
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import Syntax
from tests.unit.invoicing.einvoice.mapping.issuing import BUYER, S19, SELLER, issued, item

NO_ID = {"id": "1", "scheme": "NONE"}
PLACE = {"address": {"country": "DE"}}


def named(*lines: dict[str, Any], syntax: Syntax = Syntax.UBL, **more: Any) -> dict[str, str]:
    """The rule that is named, by pointer."""
    stated = issued(*lines, **more)
    found = list(code_problems(stated.content, stated.seller, syntax))
    assert {each.code for each in found} <= {"code_unknown"}
    return {each.pointer: each.detail.rpartition("(")[2].rstrip(").") for each in found}


@pytest.mark.parametrize(
    "more,pointer,rule",
    [
        ({"type_code": "999"}, "/type_code", "BR-CL-01"),
        ({"type_code": "381"}, "/type_code", "BR-CL-01"),
        ({"type_code": "380", "type": "credit_note"}, "/type_code", "BR-CL-01"),
        ({"payment_means": {"code": "99"}}, "/payment_means/code", "BR-CL-16"),
        (
            {"further_notes": [{"text": "A"}, {"text": "B", "subject": "QQ9"}]},
            "/further_notes/1/subject",
            "BR-CL-08",
        ),
        (
            {"attachments": [{"id": "A", "content": "aGk=", "media_type": "text/plain"}]},
            "/attachments/0/media_type",
            "BR-CL-24",
        ),
        ({"invoiced_object": NO_ID}, "/invoiced_object/scheme", "BR-CL-07"),
        ({"delivery_location": NO_ID}, "/delivery_location/scheme", "BR-CL-26"),
        ({"buyer": {**BUYER, "identifiers": [NO_ID]}}, "/buyer/identifiers/0/scheme", "BR-CL-10"),
        ({"buyer": {**BUYER, "registration": NO_ID}}, "/buyer/registration/scheme", "BR-CL-11"),
        ({"buyer": {**BUYER, "endpoint": NO_ID}}, "/buyer/endpoint/scheme", "BR-CL-25"),
        (
            {"payee": {"name": "P", "identifiers": [NO_ID]}},
            "/payee/identifiers/0/scheme",
            "BR-CL-10",
        ),
        (
            {"ship_to": {"name": "S", **PLACE, "identifiers": [NO_ID]}},
            "/ship_to/identifiers/0/scheme",
            "BR-CL-26",
        ),
        (
            {"tax_representative": {"name": "T", "address": {"country": "ZZ"}}},
            "/tax_representative/address/country",
            "BR-CL-14",
        ),
        (
            {"discounts": [{"amount": "1", "reason_code": "FC", "taxes": S19}]},
            "/discounts/0/reason_code",
            "BR-CL-19",
        ),
        (
            {"charges": [{"amount": "1", "reason_code": "95", "taxes": S19}]},
            "/charges/0/reason_code",
            "BR-CL-20",
        ),
    ],
)
def test_a_code_of_the_document(more: dict[str, Any], pointer: str, rule: str) -> None:
    assert named(**more) == {pointer: rule}


def test_codes_of_lines_and_their_children() -> None:
    exempt = {"category": "E", "reason_code": "VATEX-NO"}
    about = {"standard_id": NO_ID, "classifications": [NO_ID], "origin": "ZZ"}
    adjusted = [{"amount": "1", "reason_code": "?"}]
    child = item(
        id="2",
        taxes=[exempt],
        item=about,
        discounts=adjusted,
        charges=adjusted,
        invoiced_object=NO_ID,
    )
    at = "/lines/0/children/0"
    assert named(item(price=None, taxes=[], children=[child])) == {
        f"{at}/taxes/0/reason_code": "BR-CL-22",
        f"{at}/item/standard_id/scheme": "BR-CL-21",
        f"{at}/item/classifications/0/scheme": "BR-CL-13",
        f"{at}/item/origin": "BR-CL-15",
        f"{at}/discounts/0/reason_code": "BR-CL-19",
        f"{at}/charges/0/reason_code": "BR-CL-20",
        f"{at}/invoiced_object/scheme": "BR-CL-07",
    }


def test_codes_of_the_seller_lead_under_seller() -> None:
    party = {**SELLER["party"], "identifiers": [NO_ID], "endpoint": NO_ID}
    assert named(seller={"party": party}) == {
        "/seller/identifiers/0/scheme": "BR-CL-10",
        "/seller/endpoint/scheme": "BR-CL-25",
    }
    creditor = {**SELLER["party"], "identifiers": [{"id": "DE98ZZZ", "scheme": "SEPA"}]}
    assert named(seller={"party": creditor}) == {}


def test_small_letters_of_an_exemption_and_other_regimes_are_left_alone() -> None:
    taxes = [
        {"category": "E", "reason_code": "vatex-eu-132"},
        {"regime": "withholding", "category": "IRPF", "rate": "15", "reason_code": "own"},
    ]
    assert named(item(taxes=taxes)) == {}


def test_a_country_that_only_the_rules_of_ubl_know() -> None:
    sudan = {"buyer": {"name": "B", "address": {"country": "SS"}}}
    assert named(**sudan) == {}
    assert named(syntax=Syntax.CII, **sudan) == {"/buyer/address/country": "BR-CL-14"}
