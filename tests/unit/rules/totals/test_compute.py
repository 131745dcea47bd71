"""Hand-worked documents: children, subtotals, splits, mixed prices, stated taxes, broken input."""

import sys
from decimal import Decimal

import pytest

from invx.kernel.errors import InvariantViolation
from invx.rules.totals.compute import compute
from invx.rules.totals.model import GivenTax, Line, LineKind, Regime, Rounding, Share, Tax
from invx.rules.totals.representable import problems
from tests.unit.rules.totals.documents import (
    EXEMPT,
    GST,
    IRPF,
    QST,
    bill,
    dec,
    line,
    off,
    plain,
    vat,
)

HEADING = Line(id="h", kind=LineKind.HEADING)
TEXT = Line(id="t", kind=LineKind.TEXT)
SUBTOTAL = Line(id="s", kind=LineKind.SUBTOTAL)


def nets(totals) -> list[str]:
    return [str(each.net) for each in totals.lines]


def test_a_subtotal_shows_the_items_since_the_last_subtotal_or_heading():
    totals = compute(
        bill(
            line("1", vat()), HEADING, line("10", vat()), TEXT, line("20", vat()), SUBTOTAL,
            line("5", vat()), SUBTOTAL, SUBTOTAL,
        )
    )  # fmt: skip
    assert nets(totals) == [
        "1.00",
        "0.00",
        "10.00",
        "0.00",
        "20.00",
        "30.00",
        "5.00",
        "5.00",
        "0.00",
    ]
    assert str(totals.lines[5].gross) == "35.70"
    assert str(totals.net) == "36.00"


def test_a_parents_net_is_its_childrens_and_their_taxes_may_differ():
    bundle = Line(id="p", children=(line("10", vat(), id="a"), line("5", vat(7), id="b")))
    totals = compute(bill(bundle, line("1", vat())))
    assert nets(totals) == ["15.00", "1.00"]
    assert str(totals.lines[0].gross) == "17.25"
    assert totals.lines[0].taxes == ()
    assert [str(group.base) for group in totals.taxes] == ["11.00", "5.00"]


def test_a_computed_item_keeps_its_net():
    totals = compute(bill(Line(id="1", net=dec("33.3"), taxes=(vat(),))))
    assert (nets(totals), str(totals.lines[0].subtotal)) == (["33.30"], "33.30")


def test_the_price_discount_comes_off_the_price_and_base_quantity_divides_it():
    totals = compute(
        bill(line("10.00", vat(), quantity="7", price_discount=dec("0.50"), base_quantity=dec(3)))
    )
    assert nets(totals) == ["22.17"]  # 7 x 9.50 / 3 = 22.1666…


def test_line_discounts_and_charges_are_rounded_each_and_then_added():
    one = line(
        "10.01", vat(),
        adjustments=(off(percent="5"), off(percent="5", charge=True), off("1.00"),
                     off(percent="10", base=dec("50.00"))),
    )  # fmt: skip
    totals = compute(bill(one))
    assert [str(each.amount) for each in totals.lines[0].adjustments] == [
        "0.50", "0.50", "1.00", "5.00",
    ]  # fmt: skip
    assert nets(totals) == ["4.01"]


def test_a_document_discount_without_taxes_takes_the_only_group():
    totals = compute(bill(line("100", vat()), adjustments=(off(percent="10"),)))
    assert totals.adjustments[0].base == dec("100.00")
    assert totals.adjustments[0].shares == (
        Share(amount=dec("10.00"), groups=(0,), taxes=(dec("1.90"),)),
    )
    assert (str(totals.taxes[0].base), str(totals.tax)) == ("90.00", "17.10")


def test_a_document_discount_over_several_groups_is_split_to_the_cent():
    totals = compute(
        bill(line("100", vat()), line("50", vat(7)), line("50", EXEMPT), adjustments=(off("0.99"),))
    )
    shares = totals.adjustments[0].shares
    assert [str(each.amount) for each in shares] == ["0.49", "0.25", "0.25"]
    assert [each.groups for each in shares] == [(0,), (1,), (2,)]
    assert [str(group.base) for group in totals.taxes] == ["99.51", "49.75", "49.75"]


def test_an_adjustment_is_not_split_by_the_size_of_another():
    freight = off("1000000.00", charge=True, taxes=(vat(),))
    lines = line("100", vat()), line("100", vat(7))
    alone, after = (
        compute(bill(*lines, adjustments=(*before, off(percent="10"), off("3.00"))))
        for before in ((), (freight,))
    )
    for totals in (alone, after):
        shares = [[str(part.amount) for part in each.shares] for each in totals.adjustments[-2:]]
        assert shares == [["10.00", "10.00"], ["1.50", "1.50"]]


def test_a_percent_is_taken_of_each_group_also_of_a_negative_one():
    totals = compute(
        bill(
            line("100", vat()), line("50", vat(7), quantity="-1"), adjustments=(off(percent="10"),)
        )
    )
    assert [str(each.amount) for each in totals.adjustments[0].shares] == ["10.00", "-5.00"]
    assert str(totals.discounts) == "5.00"


def test_an_amount_is_split_by_size_so_opposite_groups_do_not_blow_it_up():
    totals = compute(
        bill(line("100.00", vat()), line("99.99", vat(7), quantity="-1"), adjustments=(off("2"),))
    )
    assert [str(each.amount) for each in totals.adjustments[0].shares] == ["1.00", "1.00"]


def test_a_charge_with_its_own_tax_opens_its_own_group():
    totals = compute(
        bill(line("100", vat()), adjustments=(off("5", charge=True, taxes=(vat(7),)),))
    )
    assert [(str(g.base), str(g.amount)) for g in totals.taxes] == [
        ("100.00", "19.00"), ("5.00", "0.35"),
    ]  # fmt: skip
    assert str(totals.gross) == "124.35"


def test_a_discount_in_profile_plain_bears_every_tax_of_its_lines():
    totals = compute(plain(line("100", GST, QST), line("100", GST), adjustments=(off("20"),)))
    assert [each.groups for each in totals.adjustments[0].shares] == [(0, 1), (0,)]
    assert [str(group.base) for group in totals.taxes] == ["180.00", "90.00"]


def test_a_group_of_inclusive_and_exclusive_lines_adds_two_roundings():
    totals = compute(bill(line("10.00", vat(), includes_tax=True), line("0.05", vat())))
    # 10.00 / 1.19 = 8.40 and 1.60 of tax; 0.05 x 19 % = 0.01
    assert (str(totals.taxes[0].base), str(totals.taxes[0].amount)) == ("8.45", "1.61")
    assert [str(each.gross) for each in totals.lines] == ["10.00", "0.06"]


def test_inclusive_prices_with_two_taxes_split_what_is_above_the_net():
    totals = compute(plain(line("114.98", GST, QST, includes_tax=True), currency="CAD"))
    assert nets(totals) == ["100.00"]
    assert [str(group.amount) for group in totals.taxes] == ["5.00", "9.98"]
    assert str(totals.gross) == "114.98"


def test_withholding_of_an_inclusive_price_is_of_its_net():
    totals = compute(bill(line("121.00", vat(21), IRPF, includes_tax=True)))
    assert (str(totals.gross), str(totals.withheld), str(totals.due)) == (
        "121.00", "15.00", "106.00",
    )  # fmt: skip


def test_opposite_inclusive_lines_each_keep_their_net():
    totals = compute(
        bill(
            line("119", vat(), includes_tax=True),
            line("119", vat(), quantity="-1", includes_tax=True),
        )
    )
    assert nets(totals) == ["100.00", "-100.00"]
    assert str(totals.gross) == "0.00"


def test_reasons_of_one_category_are_joined_and_a_common_code_is_kept():
    first = Tax(category="E", reason="Lesson", reason_code="VATEX-EU-132-1I")
    second = Tax(category="E", reason="Course", reason_code="VATEX-EU-132-1I")
    group = compute(bill(line("1", first), line("1", second), line("1", first))).taxes[0]
    assert (group.reason, group.reason_code) == ("Lesson; Course", "VATEX-EU-132-1I")


def stated(amount: str, **more) -> tuple[GivenTax, ...]:
    return (GivenTax(**{"category": "S", "rate": dec(19), "amount": dec(amount), **more}),)


def test_a_stated_tax_replaces_the_computed_one_and_is_shared_out():
    totals = compute(
        bill(line("100", vat()), line("50", vat()), adjustments=(off("10"),),
             given_taxes=stated("26.62"))
    )  # fmt: skip
    assert str(totals.tax) == "26.62"
    shares = [each.taxes[0][1] for each in totals.lines]
    assert sum(shares) - totals.adjustments[0].shares[0].taxes[0] == dec("26.62")


def test_a_stated_tax_leaves_the_gross_of_inclusive_prices_alone():
    each = bill(line("119.00", vat(), includes_tax=True), given_taxes=stated("19.01"))
    assert problems(each) == ()
    totals = compute(each)
    assert (str(totals.net), str(totals.tax), str(totals.gross)) == ("99.99", "19.01", "119.00")


@pytest.mark.parametrize(
    ("amount", "codes"),
    [("19.99", []), ("18.01", []),
     ("20.00", ["not_representable"]), ("18.00", ["not_representable"]),
     ("19.001", ["off_unit"]), ("1000000000", ["not_representable"])],
)  # fmt: skip
def test_a_stated_tax_is_less_than_one_away(amount, codes):
    each = bill(line("100", vat()), given_taxes=stated(amount))
    assert [problem.code for problem in problems(each)] == codes


def test_a_stated_tax_needs_its_group_and_a_rate():
    of_nothing = bill(line("100", vat()), given_taxes=stated("7", rate=dec(7)))
    assert [each.code for each in problems(of_nothing)] == ["unknown_group"]
    exempt = bill(line("100", EXEMPT), given_taxes=stated("0.01", category="E", rate=dec(0)))
    assert [each.code for each in problems(exempt)] == ["not_representable"]
    entangled = plain(
        line("114.98", GST, QST, includes_tax=True),
        given_taxes=stated("5.01", category="GST", rate=dec(5), regime=Regime.SALES),
    )
    assert [each.code for each in problems(entangled)] == ["not_representable"]


def test_a_stated_tax_may_be_one_yen_off_in_profile_plain():
    given = stated("20")
    assert problems(plain(line("100", vat()), currency="JPY", given_taxes=given)) == ()
    assert problems(bill(line("100", vat()), currency="JPY", given_taxes=given)) != ()


def test_a_given_payable_rounding_is_added_as_it_is():
    totals = compute(bill(line("100.03", vat(0, "Z")), payable_rounding=dec("-0.03")))
    assert str(totals.payable) == "100.00"


def test_per_line_inclusive_lines_are_rounded_each():
    lines = [line("0.10", vat(), includes_tax=True) for _ in range(3)]
    totals = compute(plain(*lines, rounding=Rounding.PER_LINE))
    assert nets(totals) == ["0.08", "0.08", "0.08"]
    assert nets(compute(plain(*lines))) == ["0.09", "0.08", "0.08"]


@pytest.mark.parametrize(
    "broken",
    [
        bill(Line(id="1", taxes=(vat(),))),
        bill(line("1", vat(), base_quantity=dec(0))),
        bill(Line(id="1", net=dec("0.001"), taxes=(vat(),))),
        bill(line("1", vat()), adjustments=(off(),)),
        bill(line("1", vat()), adjustments=(off("0.005"),)),
        bill(line("1", vat()), prepaid=dec("0.001")),
        bill(line("1")),  # without VAT the groups do not cover the document
        bill(line("1", vat(), vat(7))),
        bill(line("1", vat()), given_taxes=stated("5.00")),
    ],
)
def test_a_bill_with_problems_never_gets_figures(broken):
    assert problems(broken) != ()
    with pytest.raises(InvariantViolation):
        compute(broken)


def test_an_empty_document_comes_to_nothing():
    totals = compute(bill())
    assert (totals.gross, totals.taxes, totals.lines) == (Decimal("0.00"), (), ())


def test_the_work_grows_with_the_lines_and_no_faster():
    """Counted in calls, so that a busy machine does not matter."""
    thousand, many = (
        bill(*[line("0.37", vat(), includes_tax=number % 2 == 0) for number in range(count)])
        for count in (1_000, 10_000)
    )
    assert _calls(lambda: compute(many)) < 10.5 * _calls(lambda: compute(thousand))


def test_a_line_takes_few_calls():
    few, more = (
        bill(*[line("1280.00", vat(), quantity="2") for _ in range(count)]) for count in (3, 13)
    )
    per_line = (_calls(lambda: compute(more)) - _calls(lambda: compute(few))) / 10
    assert per_line < 30


def _calls(work) -> int:
    """How many functions are called, built-in ones too."""
    count = 0

    def note(_frame, event, _arg) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count
