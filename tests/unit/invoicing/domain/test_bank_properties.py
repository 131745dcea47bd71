"""Bank identifiers: what is built by the standard holds, and no text does worse than a refusal."""

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

# Lengths of the IBAN registry, as its published examples have them.
LENGTHS = {"NO": 15, "BE": 16, "NL": 18, "CH": 21, "LI": 21, "DE": 22, "ES": 24, "FR": 27, "MT": 31}
SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

countries = st.sampled_from(sorted(LENGTHS))


def iban(country: str, account: str) -> str:
    """ISO 13616: check digits that make the number 1 modulo 97, worked out sign by sign."""
    rest = 0
    for sign in f"{account}{country}00":
        value = SIGNS.index(sign)
        rest = (rest * (100 if value > 9 else 10) + value) % 97
    return f"{country}{98 - rest:02}{account}"


def accounts(country: str, signs: str = SIGNS) -> st.SearchStrategy[str]:
    size = LENGTHS[country] - 4
    return st.text(signs, min_size=size, max_size=size)


@given(countries.flatmap(lambda country: st.tuples(st.just(country), accounts(country))))
def test_every_number_with_its_own_check_digits_holds(number):
    assert is_iban(iban(*number))


@given(countries.flatmap(lambda c: st.tuples(st.just(c), accounts(c, "0123456789"))), st.data())
def test_two_digits_that_change_places_are_found(number, data):
    text = iban(*number)
    place = data.draw(st.integers(4, len(text) - 2))
    one, other = text[place], text[place + 1]
    swapped = text[:place] + other + one + text[place + 2 :]
    assert is_iban(swapped) is (one == other)


@given(countries.flatmap(lambda c: st.tuples(st.just(c), accounts(c))), countries)
def test_a_number_is_one_of_its_own_country_only(number, other):
    country, account = number
    moved = iban(other, account)
    assert is_iban(moved) is (LENGTHS[other] == LENGTHS[country])


@given(st.sampled_from(["CH", "LI"]), st.integers(0, 99_999), accounts("CH"))
def test_only_the_institutes_of_the_guideline_make_a_qr_iban(country, institute, rest):
    text = iban(country, f"{institute:05}{rest[5:]}")
    assert is_iban(text)
    assert is_qr_iban(text) is (30_000 <= institute <= 31_999)


@given(countries.flatmap(lambda country: st.tuples(st.just(country), accounts(country))))
def test_letters_where_an_institute_stands_are_no_qr_iban_and_no_crash(number):
    country, account = number
    text = iban(country, "A1B2C" + account[5:])
    assert not is_qr_iban(text)
    problems = list(account_problems(BankAccount(currency="CHF", qr_iban=text, iban=text), "/x"))
    assert [(each.pointer, each.code) for each in problems] == [("/x/qr_iban", "qr_iban_invalid")]


@given(st.text(max_size=40))
def test_no_text_does_worse_than_a_refusal(text):
    account = normal(BankAccount(currency=text, iban=text, qr_iban=text, bic=text))
    found = {each.pointer for each in account_problems(account, "/x")}
    sound = {
        "/x/qr_iban": account.qr_iban is None or is_qr_iban(account.qr_iban),
        "/x/bic": account.bic is None or is_bic(account.bic),
        "/x/iban": account.iban is not None and is_iban(account.iban),
    }
    assert found - {"/x/currency"} == {pointer for pointer, holds in sound.items() if not holds}


@given(st.text(max_size=40))
def test_a_compact_text_stays_as_it_is(text):
    once = compact(text)
    assert not any(sign.isspace() for sign in once)
    assert compact(once) == once


@given(countries.flatmap(lambda c: st.tuples(st.just(c), accounts(c))), st.integers(1, 6))
def test_groups_and_small_letters_make_no_other_account(number, size):
    text = iban(*number)
    groups = " ".join(text[at : at + size] for at in range(0, len(text), size))
    assert normal(BankAccount(currency="EUR", iban=groups.lower())).iban == text


@pytest.mark.parametrize(
    "scheme,number",
    [
        ("us-aba", "021000021 1234567890"),
        ("gb-sort-code", "60-16-13 31926819"),
        ("se-bankgiro", "5805-6201"),
        (None, "0123456789"),
    ],
)
def test_a_local_number_stands_where_there_is_no_iban(scheme, number):
    account = BankAccount(currency="USD", account=number, scheme=scheme)
    assert list(account_problems(account, "/x")) == []
    assert normal(account) == account, "a local number is the bank's own text and kept as it is"
