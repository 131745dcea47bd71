"""The rate between two currencies on a day, from what is published."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.exchange.exchange import (
    RATE_DIGITS,
    PublishedRate,
    RateQuestion,
    converted,
    rate_between,
)

D = Decimal
THURSDAY, FRIDAY, SUNDAY = date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 29)
MONDAY, TUESDAY = date(2026, 11, 30), date(2026, 12, 1)
figures = st.decimals("0.0001", "99999", places=5)


def published(quote, rate, first_day=FRIDAY, base="EUR", last_day=None):
    return PublishedRate(
        base=base, quote=quote, first_day=first_day, last_day=last_day, rate=D(rate)
    )


def ask(base, quote, on=FRIDAY, source="ecb"):
    return RateQuestion(source=source, base=base, quote=quote, on=on)


def test_a_published_pair_keeps_its_digits():
    found = rate_between(ask("EUR", "USD"), [published("USD", "1.0860")], FRIDAY)
    assert (str(found.rate), found.day, found.source) == ("1.0860", FRIDAY, "ecb")


def test_a_pair_turned_round_is_one_quotient():
    found = rate_between(ask("USD", "EUR"), [published("USD", "1.25")], FRIDAY)
    assert str(found.rate) == "0.8"
    large = rate_between(ask("USD", "EUR"), [published("USD", "0.001")], FRIDAY)
    assert str(large.rate) == "1000"


def test_a_cross_rate_goes_through_the_currency_of_the_source():
    rates = [published("USD", "1.25"), published("JPY", "160")]
    assert rate_between(ask("USD", "JPY"), rates, FRIDAY).rate == D("128")
    assert rate_between(ask("USD", "JPY", source="hmrc"), rates, FRIDAY) is None


def test_swiss_rates_are_stated_for_the_foreign_currency():
    month = {"first_day": date(2026, 11, 1), "last_day": MONDAY}
    rates = [published("CHF", "0.9312", base="EUR", **month)]
    rates.append(published("CHF", "0.8", base="USD", **month))
    assert rate_between(ask("EUR", "CHF", source="estv"), rates, FRIDAY).rate == D("0.9312")
    assert rate_between(ask("EUR", "USD", source="estv"), rates, FRIDAY).rate == D("1.164")


@given(one=figures, other=figures)
def test_a_cross_rate_is_right_to_the_last_digit(one, other):
    rates = [published("USD", one), published("JPY", other)]
    found = rate_between(ask("USD", "JPY"), rates, FRIDAY).rate
    exact = Fraction(other) / Fraction(one)
    assert abs(Fraction(found) - exact) <= exact / 10 ** (RATE_DIGITS - 1) / 2
    assert len(found.as_tuple().digits) <= RATE_DIGITS


@given(one=figures, amount=st.decimals("0.01", "9999999", places=2))
def test_there_and_back_comes_to_the_same_amount(one, amount):
    rates = [published("USD", one)]
    there = rate_between(ask("EUR", "USD"), rates, FRIDAY).rate
    back = rate_between(ask("USD", "EUR"), rates, FRIDAY).rate
    assert converted(amount * there, back, "EUR") == amount


@pytest.mark.parametrize(
    ("first_day", "on", "today", "holds"),
    [
        (FRIDAY, FRIDAY, FRIDAY, True),
        (FRIDAY, SUNDAY, SUNDAY, True),  # nothing is published at the weekend
        (FRIDAY, MONDAY, MONDAY, True),  # that of today comes in the afternoon
        (FRIDAY, MONDAY, TUESDAY, False),  # there was one; it was not imported
        (THURSDAY, MONDAY, MONDAY, False),
        (FRIDAY, THURSDAY, FRIDAY, False),
        (date(2026, 4, 2), date(2026, 4, 7), date(2026, 4, 7), True),  # over Easter
        (date(2026, 4, 2), date(2026, 4, 6), date(2026, 4, 9), True),
    ],
)
def test_the_last_rate_holds_until_the_next_is_published(first_day, on, today, holds):
    rates = [published("USD", "1.25", first_day)]
    assert (rate_between(ask("EUR", "USD", on), rates, today) is not None) is holds


@given(days=st.integers(0, 20))
def test_own_rates_hold_for_a_week(days):
    rates = [published("USD", "1.25")]
    found = rate_between(ask("EUR", "USD", FRIDAY + timedelta(days), "house"), rates, FRIDAY)
    assert (found is not None) is (days <= 7)


def test_a_monthly_rate_holds_in_its_month_only():
    rates = [published("USD", "1.25", date(2026, 11, 1), last_day=MONDAY)]
    assert rate_between(ask("EUR", "USD", MONDAY, "bmf"), rates, TUESDAY) is not None
    assert rate_between(ask("EUR", "USD", TUESDAY, "bmf"), rates, TUESDAY) is None
