"""IBAN, QR-IBAN and BIC: lengths, check digits, shapes. The numbers are official examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.bank import (
    account_problems,
    compact,
    is_bic,
    is_iban,
    is_qr_iban,
    normal,
)
from invx.contexts.invoicing.domain.party import BankAccount

IBANS = [
    "DE89370400440532013000",
    "AT611904300234573201",
    "CH9300762011623852957",
    "FR1420041010050500013M02606",
    "GB29NWBK60161331926819",
    "NL91ABNA0417164300",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S",
    "BR1800360305000010009795493C1",
]
QR_IBAN = "CH4431999123000889012"


def problems(**fields):
    account = BankAccount(currency=fields.pop("currency", "EUR"), **fields)
    return [(each.pointer, each.code) for each in account_problems(account, "/bank_accounts/0")]


@pytest.mark.parametrize("iban", IBANS)
def test_ibans_of_the_registry_hold(iban):
    assert is_iban(iban)
    assert not is_qr_iban(iban)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DE",
        "DE89370400440532013001",
        "DE8937040044053201300",
        "DE893704004405320130000",
        "DK1212341234123412",
        "ZZ89370400440532013000",
        "de89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "DE8937040044053201300Ä",
    ],
)
def test_what_is_no_iban_is_not_taken_for_one(text):
    assert not is_iban(text)


@given(st.sampled_from(IBANS), st.data())
def test_one_wrong_digit_is_always_found(iban, data):
    places = [index for index, char in enumerate(iban) if char.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from("0123456789").filter(lambda each: each != iban[place]))
    assert not is_iban(iban[:place] + digit + iban[place + 1 :])


def test_a_qr_iban_is_known_by_its_institute():
    assert is_qr_iban(QR_IBAN)
    assert not is_qr_iban("CH9300762011623852957")
    assert not is_qr_iban("DE89370400440532013000")


@pytest.mark.parametrize("bic", ["COBADEFF", "COBADEFFXXX", "DEUTDEFF500", "NLPRXKPR"])
def test_bics_of_eight_and_eleven_characters_hold(bic):
    assert is_bic(bic)


@pytest.mark.parametrize("bic", ["", "COBADEF", "COBADEFFXX", "COBAZZFF", "cobadeff", "COBA1EFF"])
def test_what_is_no_bic_is_not_taken_for_one(bic):
    assert not is_bic(bic)


def test_blanks_and_small_letters_are_taken_out():
    account = BankAccount(
        currency="EUR",
        iban=" de89 3704 0044 0532 0130 00 ",
        qr_iban="ch44 3199 9123 0008 8901 2",
        bic="coba de ff",
    )
    assert normal(account) == BankAccount(
        currency="EUR", iban=IBANS[0], qr_iban=QR_IBAN, bic="COBADEFF"
    )
    assert compact("a b\tc\n") == "ABC"


def test_an_account_with_an_iban_or_a_local_number_is_fine():
    assert problems(iban=IBANS[0], bic="COBADEFF") == []
    assert problems(currency="USD", account="021000021/123456", scheme="us-aba") == []
    assert problems(currency="CHF", iban="CH9300762011623852957", qr_iban=QR_IBAN) == []


@pytest.mark.parametrize(
    "fields,field,code",
    [
        ({}, "iban", "account_missing"),
        ({"qr_iban": QR_IBAN}, "iban", "account_missing"),
        ({"iban": "DE89370400440532013001"}, "iban", "iban_invalid"),
        ({"iban": QR_IBAN}, "iban", "iban_is_qr_iban"),
        ({"iban": IBANS[0], "qr_iban": IBANS[2]}, "qr_iban", "qr_iban_invalid"),
        ({"iban": IBANS[0], "bic": "NOBIC"}, "bic", "bic_invalid"),
        ({"iban": IBANS[0], "currency": "EUX"}, "currency", "unknown_currency"),
    ],
)
def test_an_account_that_breaks_a_rule_is_named_by_pointer(fields, field, code):
    assert problems(**fields) == [(f"/bank_accounts/0/{field}", code)]
