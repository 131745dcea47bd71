"""Money stays on its unit, and splitting it loses nothing."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.kernel.errors import InvariantViolation
from invx.kernel.money import (
    Money,
    UnknownCurrency,
    allocate,
    exponent,
    quantize,
    round_to_sum,
    smallest_unit,
)

cents = st.integers(-(10**9), 10**9).map(lambda units: Decimal(units).scaleb(-2))
weights = st.lists(st.integers(0, 10**6).map(Decimal), min_size=1, max_size=30)


def dec(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("currency", "decimals", "unit"),
    [("EUR", 2, "0.01"), ("JPY", 0, "1"), ("KWD", 3, "0.001"), ("CLF", 4, "0.0001")],
)
def test_a_currency_has_its_iso_4217_exponent(currency, decimals, unit):
    assert exponent(currency) == decimals
    assert smallest_unit(currency) == Decimal(unit)


@pytest.mark.parametrize("code", ["", "XXX", "eur", "EURO", "DEM"])
def test_what_is_no_currency_in_use_is_refused(code):
    with pytest.raises(UnknownCurrency) as refusal:
        exponent(code)
    assert refusal.value.code == "unknown_currency"


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("0.005", "0.01"), ("-0.005", "-0.01"), ("0.0049999999999999999999999999999999999", "0.00"),
     ("-0.004", "0.00"), ("-0", "0.00"), ("165.0054", "165.01"), ("1E+3", "1000.00")],
)  # fmt: skip
def test_rounding_is_half_away_from_zero_and_never_gives_minus_zero(amount, expected):
    assert str(quantize(Decimal(amount), "EUR")) == expected


def test_money_between_two_units_cannot_be_built():
    with pytest.raises(InvariantViolation):
        Money(Decimal("0.001"), "EUR")
    with pytest.raises(InvariantViolation):
        Money(Decimal("0.5"), "JPY")
    assert str(Money(Decimal("1.5"), "EUR").amount) == "1.50"
    assert Money.rounded(Decimal("0.005"), "EUR") == Money(Decimal("0.01"), "EUR")


def test_currencies_do_not_mix():
    euro, dollar = Money(Decimal(1), "EUR"), Money(Decimal(1), "USD")
    for operation in (lambda: euro + dollar, lambda: euro - dollar, lambda: euro < dollar):
        with pytest.raises(InvariantViolation):
            operation()


def test_money_adds_up():
    one, two = Money(Decimal(1), "EUR"), Money(Decimal(2), "EUR")
    assert one + one == two
    assert two - one == one
    assert -one < Money.zero("EUR") < one
    assert not Money.zero("EUR")
    assert bool(one)


@pytest.mark.parametrize(
    ("total", "shares", "expected"),
    [
        ("0.10", dec("1", "1", "1"), dec("0.04", "0.03", "0.03")),
        ("-0.10", dec("1", "1", "1"), dec("-0.04", "-0.03", "-0.03")),
        ("0.02", dec("1", "1", "1"), dec("0.01", "0.01", "0.00")),
        ("-0.02", dec("1", "1", "1"), dec("-0.01", "-0.01", "0.00")),
        ("0.01", dec("0", "1", "1"), dec("0.00", "0.01", "0.00")),
        ("100.00", dec("33.3", "33.3", "33.4"), dec("33.30", "33.30", "33.40")),
        ("0.00", dec("0", "0"), dec("0.00", "0.00")),
        ("0.05", dec("1", "0", "-2"), dec("-0.05", "0.00", "0.10")),
    ],
)
def test_an_amount_is_split_by_largest_remainder(total, shares, expected):
    assert allocate(Decimal(total), shares, "EUR") == expected


@given(cents, weights)
def test_parts_sum_to_the_whole_and_are_within_a_unit(total, shares):
    if not sum(shares):
        return
    parts = allocate(total, shares, "EUR")
    assert sum(parts) == total
    for part, weight in zip(parts, shares, strict=True):
        assert abs(part - total * weight / sum(shares)) < Decimal("0.0100000001")
        assert part == 0 or weight != 0


@given(cents, weights, st.integers(1, 28))
def test_a_split_does_not_depend_on_the_callers_precision(total, shares, precision):
    expected = allocate(total, shares, "EUR") if sum(shares) else []
    with localcontext() as context:
        context.prec = max(precision, 14)
        assert (allocate(total, shares, "EUR") if sum(shares) else []) == expected


def test_nothing_to_split_over_is_an_error_unless_there_is_nothing_to_split():
    with pytest.raises(InvariantViolation):
        allocate(Decimal(1), [], "EUR")
    with pytest.raises(InvariantViolation):
        allocate(Decimal(1), dec("0", "0"), "EUR")
    assert allocate(Decimal(0), [], "EUR") == []


def test_a_total_between_two_units_cannot_be_split():
    with pytest.raises(InvariantViolation):
        allocate(Decimal("0.005"), dec("1", "1"), "EUR")


@pytest.mark.parametrize(
    ("exact", "total", "expected"),
    [
        (dec("0.333", "0.333", "0.334"), "1.00", dec("0.33", "0.33", "0.34")),
        (dec("0.335", "0.335", "0.33"), "1.00", dec("0.34", "0.33", "0.33")),
        (dec("1.004", "0", "1.004"), "2.01", dec("1.01", "0.00", "1.00")),
        (dec("100", "-100"), "0.00", dec("100.00", "-100.00")),
        (dec("0", "0"), "0.01", dec("0.01", "0.00")),
        (dec("1", "1"), "2.05", dec("1.03", "1.02")),
    ],
)
def test_figures_are_rounded_so_that_they_make_the_total(exact, total, expected):
    assert round_to_sum(exact, Decimal(total), "EUR") == expected
