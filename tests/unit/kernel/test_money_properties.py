"""Rounding and splitting against exact fractions: the oracle knows no decimals and no context."""

from decimal import ROUND_DOWN, Decimal, localcontext
from fractions import Fraction
from math import floor

from hypothesis import assume, example, given
from hypothesis import strategies as st

from invx.kernel.errors import InvariantViolation
from invx.kernel.money import (
    EXACT,
    Money,
    UnknownCurrency,
    allocate,
    exponent,
    quantize,
    round_to_sum,
    smallest_unit,
)
from tests.unit.invoicing.domain.earning import dealt

currencies = st.sampled_from(["EUR", "JPY", "KWD", "CLF", "CHF"])
figures = st.decimals("-1000000000000", "1000000000000", allow_nan=False, places=9)
units = st.integers(-(10**9), 10**9)


def half_up(exact: Fraction, currency: str) -> Fraction:
    """The nearest whole number of units, halves away from zero (EN 16931)."""
    scaled = abs(exact) * 10 ** exponent(currency)
    whole = floor(scaled + Fraction(1, 2))
    return Fraction(whole if exact >= 0 else -whole, 10 ** exponent(currency))


@given(figures, currencies)
def test_a_rounded_figure_is_the_nearest_one(figure, currency):
    rounded = quantize(figure, currency)
    assert Fraction(rounded) == half_up(Fraction(figure), currency)
    assert quantize(rounded, currency) == rounded
    assert rounded.as_tuple().exponent == -exponent(currency)
    assert not (rounded == 0 and rounded.is_signed())


@given(figures, figures, currencies)
def test_rounding_keeps_the_order(one, other, currency):
    low, high = sorted([one, other])
    assert quantize(low, currency) <= quantize(high, currency)


@given(figures, st.integers(1, 10**6), st.integers(1, 10**6), currencies)
def test_a_quotient_that_was_cut_rounds_as_the_exact_one(figure, over, under, currency):
    """As in base x rate / (100 + rate): rounding the cut result equals rounding once."""
    quotient = EXACT.divide(EXACT.multiply(figure, Decimal(over)), Decimal(under))
    assert Fraction(quantize(quotient, currency)) == half_up(
        Fraction(figure) * over / under, currency
    )


@given(figures, currencies)
def test_money_is_either_exact_or_not_built(figure, currency):
    exact = quantize(figure, currency) == figure
    try:
        money = Money(figure, currency)
    except InvariantViolation:
        assert not exact
    else:
        assert exact
        assert money.amount == figure
        assert str(money.amount) == str(quantize(figure, currency))


@given(units, units, currencies)
def test_adding_and_taking_away_lose_nothing(one, other, currency):
    unit = smallest_unit(currency)
    left, right = Money(one * unit, currency), Money(other * unit, currency)
    assert left + right - right == left
    assert left - right == -(right - left)
    assert (left < right) is (one < other)


@given(st.text(max_size=4))
def test_a_text_is_a_currency_in_use_or_refused(text):
    try:
        decimals = exponent(text)
    except UnknownCurrency:
        return
    assert text.isascii()
    assert (len(text), text.isupper(), 0 <= decimals <= 4) == (3, True, True)


@given(units, st.lists(st.integers(0, 10**6), min_size=1, max_size=20), currencies)
def test_a_split_is_fair_to_a_unit_and_turns_with_its_sign(total, weights, currency):
    assume(sum(weights))
    unit = smallest_unit(currency)
    shares = [Decimal(weight) for weight in weights]
    parts = allocate(total * unit, shares, currency)
    for part, weight in zip(parts, weights, strict=True):
        fair = Fraction(total * weight, sum(weights)) * Fraction(unit)
        assert abs(Fraction(part) - fair) < Fraction(unit)
    assert allocate(-total * unit, shares, currency) == [-part for part in parts]
    assert sum(parts) == total * unit


@example(42, [45, 12, 20], "EUR")  # 24 6/11, 6 6/11, 10 10/11: two remainders are equal
@given(st.integers(-500, 500), st.lists(st.integers(0, 50), min_size=1, max_size=8), currencies)
def test_a_split_is_hamiltons_and_of_equal_remainders_the_first_counts(total, weights, currency):
    assume(sum(weights))
    unit = smallest_unit(currency)
    parts = allocate(total * unit, [Decimal(weight) for weight in weights], currency)
    assert parts == [part * unit for part in dealt(total, [Fraction(each) for each in weights])]


@given(units, st.integers(1, 30), currencies)
def test_equal_weights_differ_by_a_unit_at_most_and_the_first_get_more(total, count, currency):
    unit = smallest_unit(currency)
    parts = allocate(total * unit, [Decimal(1)] * count, currency)
    assert max(parts) - min(parts) <= unit
    assert parts == sorted(parts, key=abs, reverse=True)


@given(st.lists(figures, min_size=1, max_size=20), currencies)
def test_figures_that_are_rounded_to_their_sum_stay_within_a_unit(exact, currency):
    total = quantize(sum(exact, Decimal(0)), currency)
    parts = round_to_sum(exact, total, currency)
    assert sum(parts) == total
    if any(exact):
        for part, figure in zip(parts, exact, strict=True):
            assert abs(part - figure) < smallest_unit(currency) or not figure
            assert figure or not part, "nothing stays nothing"


@given(figures, currencies)
def test_the_callers_rounding_mode_is_not_ours(figure, currency):
    expected = quantize(figure, currency)
    with localcontext() as context:
        context.rounding = ROUND_DOWN
        assert quantize(figure, currency) == expected
