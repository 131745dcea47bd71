"""Every refusal of a profile and every contradiction in the input, by pointer and code."""

from dataclasses import replace
from decimal import Decimal

import pytest

from invx.kernel.limits import LINES_PER_DOCUMENT_MAX
from invx.rules.totals.model import Bill, GivenTax, Line, LineKind, Profile, Regime, Rounding, Tax
from invx.rules.totals.representable import problems
from tests.unit.rules.totals.documents import GST, IRPF, bill, dec, line, off, plain, vat

LEVY = Tax(regime=Regime.LEVY, category="ECO", rate=Decimal(1))
REFUSED = "not_representable"
OUTSIDE = Tax(category="O", reason="Not subject to VAT")


def found(each: Bill) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.code) for problem in problems(each)]


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        (bill(line("1", vat()), currency="KWD"), [("/currency", REFUSED)]),
        (bill(line("1", vat()), currency="CLF"), [("/currency", REFUSED)]),
        (bill(line("1", vat()), rounding=Rounding.PER_LINE), [("/rounding", REFUSED)]),
        (bill(line("1", vat(), LEVY)), [("/lines/0/taxes/1", REFUSED)]),
        (bill(line("1", vat()), line("1", vat(), vat(7))), [("/lines/1/taxes/1", REFUSED)]),
        (bill(line("1")), [("/lines/0/taxes", REFUSED)]),
        (bill(line("1", IRPF)), [("/lines/0/taxes", REFUSED)]),
        (bill(line("1", GST)), [("/lines/0/taxes/0", REFUSED), ("/lines/0/taxes", REFUSED)]),
        (bill(line("1", vat()), line("1", OUTSIDE)), [("/lines/1/taxes/0", REFUSED)]),
        (bill(line("-1", vat())), [("/lines/0/price", REFUSED)]),
        (bill(line("1", vat(), price_discount=dec("1.01"))), [("/lines/0/price", REFUSED)]),
        (bill(line("1", vat(0))), [("/lines/0/taxes/0/rate", REFUSED)]),
        (bill(line("1", vat(7, "E", reason="x"))), [("/lines/0/taxes/0/rate", REFUSED)]),
        (bill(line("1", vat(7, "Z"))), [("/lines/0/taxes/0/rate", REFUSED)]),
        (bill(line("1", vat(7, "X"))), [("/lines/0/taxes/0/category", REFUSED)]),
        (bill(line("1", vat(0, "E"))), [("/lines/0/taxes/0", "reason_missing")]),
        (bill(line("1", vat(0, "AE"))), [("/lines/0/taxes/0", "reason_missing")]),
        (bill(line("1", vat(0, "K"))), [("/lines/0/taxes/0", "reason_missing")]),
        (bill(line("1", vat(0, "G"))), [("/lines/0/taxes/0", "reason_missing")]),
        (bill(line("1", vat(0, "O"))), [("/lines/0/taxes/0", "reason_missing")]),
        (bill(line("1", vat(reason="why"))), [("/lines/0/taxes/0", "reason_not_allowed")]),
        (
            bill(line("1", vat(jurisdiction="DE")), line("1", vat(jurisdiction="CY"))),
            [("/lines/1/taxes/0/jurisdiction", REFUSED)],
        ),
        (
            bill(line("1", vat(0, "E", reason_code="A")), line("1", vat(0, "E", reason_code="B"))),
            [("/lines/0/taxes/0", REFUSED)],
        ),
        (
            bill(line("1", vat()), adjustments=(off("1", taxes=(vat(), vat(7))),)),
            [("/discounts/0/taxes/1", REFUSED)],
        ),
        (bill(adjustments=(off("1", charge=True),)), [("/charges/0/taxes", REFUSED)]),
        (
            bill(Line(id="p", children=(line("1", vat(), id="a"), line("1", id="b")))),
            [("/lines/0/children/1/taxes", REFUSED)],
        ),
    ],
)
def test_en16931_refuses_what_an_e_invoice_cannot_carry(each, expected):
    assert found(each) == expected


@pytest.mark.parametrize(
    "each",
    [
        bill(line("1", vat(), IRPF)),  # withholding stands beside the e-invoice
        bill(line("0", vat())),
        bill(line("1", vat(), quantity="-1")),
        bill(line("1", OUTSIDE), line("2", OUTSIDE)),
        bill(line("1", vat(0, "E", reason_code="VATEX-EU-132")), line("1", vat(0, "E"))),
        bill(line("1", vat(0, "L")), line("1", vat(7, "L")), line("1", vat(4, "M"))),
        bill(line("1", vat()), currency="JPY"),
        bill(),
        bill(Line(id="t", kind=LineKind.TEXT)),
    ],
)
def test_en16931_takes_what_an_e_invoice_can_carry(each):
    assert problems(each) == ()


@pytest.mark.parametrize(
    "each",
    [
        plain(line("1")),
        plain(line("-1", vat(), LEVY), rounding=Rounding.PER_LINE),
        plain(line("1", vat()), line("1", OUTSIDE), currency="KWD"),
        plain(adjustments=(off("1", charge=True),)),
    ],
)
def test_plain_takes_what_en16931_refuses(each):
    assert problems(each) == ()
    assert problems(replace(each, profile=Profile.EN16931)) != ()


GOOD = line("1", vat())


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize(
    ("each", "expected"),
    [
        (bill(GOOD, currency="XXX"), [("/currency", "unknown_currency")]),
        (bill(GOOD, currency="eur"), [("/currency", "unknown_currency")]),
        (Bill(currency="EUR", lines=(GOOD, GOOD)), [("/lines/1/id", "duplicate_line_id")]),
        (bill(line("1", vat(), net=dec(1))), [("/lines/0/net", "net_with_price")]),
        (bill(Line(id="1", taxes=(vat(),))), [("/lines/0/price", "price_missing")]),
        (
            bill(Line(id="1", net=dec(1), includes_tax=True, taxes=(vat(),))),
            [("/lines/0/price_includes_tax", "net_with_tax_included")],
        ),
        (
            bill(Line(id="1", net=dec(1), taxes=(vat(),), adjustments=(off("1", charge=True),))),
            [("/lines/0/charges/0", "net_with_adjustments")],
        ),
        (
            bill(line("1", vat(), net=dec(1), children=(line("1", vat(), id="c"),),
                      adjustments=(off("1"),))),
            [("/lines/0/price", "children_with_price"), ("/lines/0/net", "children_with_net"),
             ("/lines/0/discounts/0", "children_with_adjustments"),
             ("/lines/0/taxes", "children_with_taxes")],
        ),
        (bill(line("1", vat(), base_quantity=dec(0))),
         [("/lines/0/base_quantity", "not_positive")]),
        (bill(line("1", vat(), price_discount=dec(-1))), [("/lines/0/price_discount", "negative")]),
        (bill(line("NaN", vat())), [("/lines/0/price", "not_finite")]),
        (bill(line("1", vat(), quantity="Infinity")), [("/lines/0/quantity", "not_finite")]),
        (bill(line("1", vat(), price_discount=dec("NaN"))),
         [("/lines/0/price_discount", "not_finite")]),
        (bill(line("1E14", vat())), [("/lines/0/price", "out_of_range")]),
        (bill(line("1E-19", vat())), [("/lines/0/price", "out_of_range")]),
        (bill(line("9E13", vat(), quantity="2")), [("/lines/0", "out_of_range")]),
        (bill(Line(id="1", net=dec("0.001"), taxes=(vat(),))), [("/lines/0/net", "off_unit")]),
        (bill(GOOD, adjustments=(off("1", percent="1"),)),
         [("/discounts/0", "percent_and_amount")]),
        (bill(GOOD, adjustments=(off(),)), [("/discounts/0", "percent_or_amount_missing")]),
        (bill(GOOD, adjustments=(off("-1"),)), [("/discounts/0/amount", "negative")]),
        (bill(GOOD, adjustments=(off("NaN"),)), [("/discounts/0/amount", "not_finite")]),
        (bill(GOOD, adjustments=(off(percent="1E5"),)), [("/discounts/0/percent", "out_of_range")]),
        (bill(GOOD, adjustments=(off("0.001"),)), [("/discounts/0/amount", "off_unit")]),
        (bill(GOOD, adjustments=(off(percent="1", base=dec("0.001")),)),
         [("/discounts/0/base", "off_unit")]),
        (bill(line("1", vat(), adjustments=(off("1", taxes=(vat(),)),))),
         [("/lines/0/discounts/0/taxes", "taxes_on_line_adjustment")]),
        (bill(line("1", vat(-1))), [("/lines/0/taxes/0/rate", "negative")]),
        (bill(line("1", vat("NaN"))), [("/lines/0/taxes/0/rate", "not_finite")]),
        (bill(line("1", vat(), vat("19.0"))), [("/lines/0/taxes/1", "duplicate_tax")]),
        (bill(GOOD, prepaid=dec("0.001")), [("/prepaid", "off_unit")]),
        (bill(GOOD, cash_unit=dec(0)), [("/cash_unit", "not_positive")]),
        (bill(GOOD, cash_unit=dec("NaN")), [("/cash_unit", "not_finite")]),
        (bill(GOOD, cash_unit=dec("0.05"), payable_rounding=dec("0.01")),
         [("/cash_unit", "rounding_twice")]),
        (bill(Line(id="1", kind=LineKind.TEXT, price=dec(1))), [("/lines/0", "not_an_item")]),
        (bill(Line(id="1", kind=LineKind.SUBTOTAL, taxes=(vat(),))), [("/lines/0", "not_an_item")]),
    ],
)  # fmt: skip
def test_contradictions_and_impossible_figures_are_named(profile, each, expected):
    assert found(replace(each, profile=profile)) == expected


def test_adjustments_are_pointed_at_by_their_place_among_their_kind():
    each = bill(
        GOOD, adjustments=(off("1"), off("1", charge=True), off("-1"), off("-1", charge=True))
    )
    assert found(each) == [("/discounts/1/amount", "negative"), ("/charges/1/amount", "negative")]


def test_a_document_has_a_bounded_number_of_lines():
    inside = tuple(line("1", vat(), id=str(number)) for number in range(LINES_PER_DOCUMENT_MAX))
    assert found(Bill(currency="EUR", lines=inside)) == []
    over = (*inside, line("1", vat(), id="x"))
    assert found(Bill(currency="EUR", lines=over)) == [("/lines", "too_many_lines")]


def test_lines_nest_a_bounded_number_of_levels():
    deep = line("1", vat(), id="leaf")
    for level in range(5):
        deep = Line(id=f"level {level}", children=(deep,))
    assert [code for _, code in found(Bill(currency="EUR", lines=(deep,)))] == ["too_deep"]
    assert found(Bill(currency="EUR", lines=deep.children)) == []


def test_ids_are_unique_across_levels():
    twice = (Line(id="1", children=(line("1", vat(), id="2"),)), line("1", vat(), id="2"))
    assert found(Bill(currency="EUR", lines=twice)) == [("/lines/1/id", "duplicate_line_id")]


@pytest.mark.parametrize(
    ("price", "currency", "given", "fits"),
    [
        ("105", "JPY", "10", True),  # 10.50: the rounded 11 is a whole yen away
        ("105", "JPY", "12", False),
        ("104", "JPY", "11", True),  # 10.40
        ("104", "JPY", "9", False),
        ("100", "JPY", "11", False),  # 10.00 exactly
        ("100.04", "EUR", "11.00", False),  # 10.004 is compared as 10.00
        ("100.04", "EUR", "10.99", True),
    ],
)
def test_a_given_tax_is_measured_by_base_times_rate_in_hundredths(price, currency, given, fits):
    """BR-CO-17 rounds to hundredths in any currency, so not to whole yen."""
    stated = (GivenTax(category="S", rate=dec(10), amount=dec(given)),)
    asked = problems(bill(line(price, vat(10)), currency=currency, given_taxes=stated))
    assert [each.pointer for each in asked] == ([] if fits else ["/given_taxes/0/amount"])


def test_a_given_tax_of_many_lines_may_be_a_rounding_a_line_off():
    """Each line rounds 0.0057 up to 0.01: 1.29 too much over three hundred."""
    each = line("0.03", vat())
    stated = (GivenTax(category="S", rate=dec(19), amount=dec("1.80")),)
    asked = plain(*[each] * 300, rounding=Rounding.PER_LINE, given_taxes=stated)
    assert problems(asked) == ()
    far = replace(asked, given_taxes=(replace(stated[0], amount=dec("60.00")),))
    assert found(far) == [("/given_taxes/0/amount", REFUSED)]
