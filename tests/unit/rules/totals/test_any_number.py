"""Whatever numbers a bill holds: each is refused where it stands, or the totals are exact."""

from dataclasses import replace
from decimal import Decimal, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from invx.kernel.money import quantize
from invx.rules.totals.compute import compute
from invx.rules.totals.inputs import INTEGER_DIGITS_MAX, PERCENT_DIGITS_MAX
from invx.rules.totals.model import Adjustment, Bill, Line, Profile, Totals
from invx.rules.totals.representable import problems
from tests.unit.rules.totals.documents import bill, dec, line, many, vat

GOOD = line("1", vat())
NOTHING_19 = dec("0E-19")  # zero, written with nineteen decimals
ENDLESS = dec("0E-1000000")

numbers = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True).filter(lambda number: not number.is_snan()),
    st.decimals("-1E15", "1E15", places=3),
    st.integers(-10, 10).map(Decimal),
    st.integers(-40, 40).map(lambda power: Decimal(1).scaleb(power)),
)


def codes(each: Bill) -> dict[str, str]:
    return {problem.pointer: problem.code for problem in problems(each)}


def with_line(**fields: Decimal) -> Bill:
    return bill(replace(GOOD, **fields))


def with_off(**fields: Decimal) -> Bill:
    return bill(GOOD, adjustments=(Adjustment(**fields),))


@pytest.mark.parametrize("zero", [NOTHING_19, -NOTHING_19, ENDLESS])
@pytest.mark.parametrize(
    "build,pointer",
    [
        (lambda zero: with_line(price=zero), "/lines/0/price"),
        (lambda zero: with_line(quantity=zero), "/lines/0/quantity"),
        (lambda zero: with_line(price_discount=zero), "/lines/0/price_discount"),
        (lambda zero: bill(Line(id="1", net=zero, taxes=(vat(),))), "/lines/0/net"),
        (lambda zero: with_off(amount=zero), "/discounts/0/amount"),
        (lambda zero: with_off(percent=zero), "/discounts/0/percent"),
        (lambda zero: with_off(percent=dec(1), base=zero), "/discounts/0/base"),
        (lambda zero: bill(GOOD, prepaid=zero), "/prepaid"),
        (lambda zero: bill(GOOD, payable_rounding=zero), "/payable_rounding"),
        (
            lambda zero: replace(
                bill(replace(GOOD, taxes=(vat(0, "Z"),))),
                lines=(replace(GOOD, taxes=(replace(vat(0, "Z"), rate=zero),)),),
            ),
            "/lines/0/taxes/0/rate",
        ),
    ],
)
def test_zero_with_more_than_eighteen_decimals_is_refused(zero, build, pointer):
    """It is worth nothing, and yet it is no figure that could be stored and shown."""
    for profile in Profile:
        assert codes(replace(build(zero), profile=profile)) == {pointer: "out_of_range"}


def test_zero_with_eighteen_decimals_is_a_zero():
    assert codes(with_line(price=dec("0E-18"), quantity=dec("0.000000000000000000"))) == {}


@pytest.mark.parametrize(
    "build,most",
    [
        (lambda value: with_line(price=value), INTEGER_DIGITS_MAX),
        (lambda value: with_off(amount=value), INTEGER_DIGITS_MAX),
        (lambda value: with_off(percent=value), PERCENT_DIGITS_MAX),
    ],
)
def test_digits_before_the_point_are_counted_and_not_bytes(build, most):
    small = Decimal(10) ** (most - 1)
    assert codes(build(small)) == {}
    assert "out_of_range" in codes(build(small * 10)).values()
    assert "out_of_range" in codes(build(Decimal(f"1E+{most}"))).values()


@many
@given(price=numbers, quantity=numbers, rate=numbers, percent=numbers, amount=numbers)
@example(price=dec(1), quantity=NOTHING_19, rate=dec(19), percent=dec(1), amount=dec(1))
@example(price=dec("1E+999999"), quantity=dec(1), rate=dec(19), percent=dec(1), amount=dec(1))
@example(
    price=dec("1E-18"), quantity=dec("1E-18"), rate=dec("1E-18"), percent=dec(9), amount=dec(0)
)
def test_any_number_is_refused_or_computed(price, quantity, rate, percent, amount):
    each = bill(
        line("1", vat(), quantity="1"),
        replace(GOOD, price=price, quantity=quantity, taxes=(replace(vat(), rate=rate),)),
        adjustments=(Adjustment(percent=percent), Adjustment(charge=True, amount=amount)),
        profile=Profile.PLAIN,
    )
    if not problems(each):
        check(compute(each))


def check(totals: Totals) -> None:
    """Every figure on its unit, and the sums of EN 16931 (BR-CO-13, 15, 16)."""
    for name in ("line_net", "discounts", "charges", "net", "tax", "gross", "payable", "due"):
        figure = getattr(totals, name)
        assert str(figure) == str(quantize(figure, totals.currency)), name
    assert totals.net == totals.line_net - totals.discounts + totals.charges
    assert totals.gross == totals.net + totals.tax
    assert totals.payable == totals.gross - totals.prepaid + totals.rounding_amount


@given(st.integers(1, 28), st.decimals("0.01", "9999999999", places=2))
def test_the_callers_precision_changes_no_total(precision, price):
    each = bill(replace(GOOD, price=price, quantity=dec("3.333")))
    expected = compute(each)
    with localcontext() as context:
        context.prec = precision
        assert problems(each) == ()
        assert compute(each) == expected
