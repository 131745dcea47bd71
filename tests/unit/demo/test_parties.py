"""Sellers and buyers as the API takes them."""

from typing import Any

import pytest

from invx.demo.parties import is_iban, party
from invx.demo.terms import Identifier, Party
from tests.unit.demo.samples import UBL, changed


def seller(*changes: tuple[str, str]) -> dict[str, Any]:
    return changed(UBL, *changes).seller


def test_the_whole_seller_of_the_sample() -> None:
    assert seller() == {
        "name": "Oakline",
        "legal_name": "Oakline GmbH",
        "address": {
            "line1": "Elm Road 1",
            "line2": "Rear building",
            "line3": "3rd floor",
            "postal_code": "04109",
            "city": "Leipzig",
            "region": "Saxony",
            "country": "DE",
        },
        "contact": {"name": "A. Ash", "email": "ash@seller.example", "phone": "+49 341 1"},
        "registrations": [
            {
                "country": "DE",
                "vat_id": "DE136695976",
                "tax_number": "231/123/4567",
                "basis": "accrual",
            }
        ],
        "registration": {"id": "HRB 1", "scheme": "0002"},
        "identifiers": [{"id": "4000000000006", "scheme": "0088"}],
        "bank_accounts": [
            {
                "currency": "EUR",
                "iban": "DE89370400440532013000",
                "bic": "COBADEFFXXX",
                "holder": "Oakline GmbH",
            }
        ],
        "endpoint": {"id": "in@seller.example", "scheme": "EM"},
        "time_zone": "Europe/Berlin",
        "languages": ["en"],
        "default_profile": "en16931",
        "rounding": "per_group",
        "currency": "EUR",
        "backdating_days": 36_500,
    }


def test_a_seller_outside_vat_has_no_registration() -> None:
    found = seller(("cac:PartyTaxScheme>", "cac:Ignored>"))
    assert "registrations" not in found


def test_a_tax_number_alone_is_a_registration() -> None:
    vat = "<cbc:CompanyID>DE 136 695 976</cbc:CompanyID>"
    (registration,) = seller((vat, ""))["registrations"]
    assert registration == {"country": "DE", "tax_number": "231/123/4567", "basis": "accrual"}


@pytest.mark.parametrize(
    "vat_id, country",
    [
        ("SE123456789001", "SE"),
        ("EL123456789", "GR"),
        ("XI 123456789", "XI"),
        ("ATU12345678", "AT"),
    ],
)
def test_a_registration_is_in_the_country_that_the_vat_id_names(vat_id: str, country: str) -> None:
    (registration,) = seller(("DE 136 695 976", vat_id))["registrations"]
    assert registration["country"] == country
    assert registration["vat_id"] == vat_id.replace(" ", "")


def test_a_vat_id_that_names_no_country_is_a_tax_number() -> None:
    found = seller(("DE 136 695 976", "136695976"), ("231/123/4567", ""))
    expected = {"country": "DE", "tax_number": "136695976", "basis": "accrual"}
    assert found["registrations"] == [expected]


@pytest.mark.parametrize("number", ["IBAN", "A", "DE88370400440532013000", "1234567891234"])
def test_a_number_that_is_no_iban_becomes_a_local_account(number: str) -> None:
    (account,) = seller(("DE89 3704 0044 0532 0130 00", number))["bank_accounts"]
    assert account == {"currency": "EUR", "account": number, "holder": "Oakline GmbH"}


@pytest.mark.parametrize("bic", ["BIC", "COBAFRPPXXX", "COBA DE"])
def test_a_bic_that_does_not_fit_its_iban_is_left_out(bic: str) -> None:
    (account,) = seller(("COBADEFFXXX", bic))["bank_accounts"]
    assert account["iban"] == "DE89370400440532013000"
    assert "bic" not in account


@pytest.mark.parametrize(
    "iban", ["DE89370400440532013000", "NL91ABNA0417164300", "NO9386011117947"]
)
def test_ibans_with_right_check_digits_pass(iban: str) -> None:
    assert is_iban(iban)
    assert not is_iban(iban[:-1] + str((int(iban[-1]) + 1) % 10))


def test_one_name_is_not_told_twice() -> None:
    found = party(Party(name="Same", trading_name="Same", address={"country": "DE"}))
    assert found == {"kind": "business", "name": "Same", "address": {"country": "DE"}}


def test_an_address_without_a_country_is_no_address() -> None:
    assert party(Party(name="A", address={"city": "Nowhere"})) == {"kind": "business", "name": "A"}


def test_a_place_of_delivery_without_a_country_is_left_out() -> None:
    place = "<cbc:CityName>Nice</cbc:CityName>"
    country = "<cac:Country><cbc:IdentificationCode>FR</cbc:IdentificationCode></cac:Country>"
    found = changed(UBL, (f"{place}\n      {country}", place))
    assert "ship_to" not in found.request


def test_an_endpoint_without_a_scheme_is_left_out() -> None:
    assert party(Party(name="A", endpoint=Identifier(id="x"))) == {"kind": "business", "name": "A"}


def test_no_party_stays_none() -> None:
    assert party(None) is None
