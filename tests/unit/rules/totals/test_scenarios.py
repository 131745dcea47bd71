"""The rows of SCENARIOS.md that arithmetic alone decides, each with its neighbours."""

from decimal import Decimal

import pytest

from invx.kernel.money import quantize
from invx.rules.totals.compute import compute
from invx.rules.totals.explain import explain
from invx.rules.totals.model import GivenTax, Line, Regime, Rounding
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


def figures(totals) -> tuple[str, str, str]:
    return str(totals.net), str(totals.tax), str(totals.gross)


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("138.66", ("138.66", "26.35", "165.01")),
        ("138.65", ("138.65", "26.34", "164.99")),
        ("-138.66", None),
    ],
)
def test_r01_one_line_has_one_total_and_paying_it_leaves_nothing(price, expected):
    if expected is None:
        totals = compute(bill(line("138.66", vat(), quantity="-1")))
        assert figures(totals) == ("-138.66", "-26.35", "-165.01")
        return
    totals = compute(bill(line(price, vat())))
    assert figures(totals) == expected
    assert totals.payable == totals.lines[0].gross == totals.gross
    paid = compute(bill(line(price, vat()), prepaid=totals.gross))
    assert str(paid.payable) == "0.00"


@pytest.mark.parametrize("rounding", list(Rounding))
@pytest.mark.parametrize(
    ("net", "gst", "qst", "gross"),
    [("140.00", "7.00", "13.97", "160.97"), ("1140.00", "57.00", "113.72", "1310.72")],
)
def test_r03_two_taxes_on_one_net_are_each_rounded_half_up(rounding, net, gst, qst, gross):
    totals = compute(plain(line(net, GST, QST), currency="CAD", rounding=rounding))
    assert [str(group.amount) for group in totals.taxes] == [gst, qst]
    assert str(totals.gross) == str(totals.lines[0].gross) == gross


def test_r03_neighbour_many_lines_agree_with_their_groups():
    totals = compute(plain(*[line("10.01", GST, QST) for _ in range(7)], currency="CAD"))
    assert [str(group.amount) for group in totals.taxes] == ["3.50", "6.99"]
    assert sum(each.gross for each in totals.lines) == totals.gross


def test_r04_inclusive_lines_keep_their_gross():
    totals = compute(
        bill(line("340.00", vat(), includes_tax=True), line("13.90", vat(), includes_tax=True))
    )
    assert figures(totals) == ("297.39", "56.51", "353.90")
    assert [str(each.gross) for each in totals.lines] == ["340.00", "13.90"]


def test_r05_a_discount_on_the_line_and_on_the_document_give_the_same():
    # "line-level and document-level tax mode" of the thread are our two places of rounding as well
    a_line = bill(line("8500.00", vat(), adjustments=(off("7500.00"),)))
    document = bill(line("8500.00", vat()), adjustments=(off("7500.00"),))
    for each in (a_line, document):
        assert figures(compute(each)) == ("1000.00", "190.00", "1190.00")
    per_line = plain(line("8500.00", vat()), line("7500.00", vat(), quantity="-1"),
                     rounding=Rounding.PER_LINE)  # fmt: skip
    assert figures(compute(per_line)) == ("1000.00", "190.00", "1190.00")


@pytest.mark.parametrize("make", [bill, plain])
def test_r06_withholding_rounds_by_magnitude_and_lowers_only_what_is_due(make):
    totals = compute(make(line("1393.50", vat(21), IRPF)))
    assert figures(totals) == ("1393.50", "292.64", "1686.14")
    assert (str(totals.withheld), str(totals.due)) == ("209.03", "1477.11")
    # The thread's "total" is what the buyer pays. The document's gross stays 1686.14: withholding
    # is no part of BT-112, so an e-invoice carries it without breaking BR-CO-15.
    assert totals.payable == totals.gross


def test_r06_neighbour_a_reversed_document_is_the_exact_opposite():
    totals = compute(bill(line("1393.50", vat(21), IRPF, quantity="-1")))
    assert (str(totals.tax), str(totals.withheld), str(totals.due)) == (
        "-292.64", "-209.03", "-1477.11",
    )  # fmt: skip


def test_r07_fractional_hours_round_each_line_once_and_state_the_policy():
    hours = ["0.7721", "0.7721", "0.7722"]
    totals = compute(bill(*[line("25.00", vat(), quantity=each) for each in hours]))
    # M3: each line net is an amount on the document, so the total is the sum of what is shown
    assert [str(each.net) for each in totals.lines] == ["19.30", "19.30", "19.31"]
    assert str(totals.net) == "57.91"
    assert totals.rounding is Rounding.PER_GROUP
    assert totals.rules == "2026.1"


def test_r09_inclusive_lines_need_no_rounding_entry():
    totals = compute(
        bill(
            line("90.00", vat(5), includes_tax=True),
            line("55.00", vat(5), includes_tax=True),
        )
    )
    assert figures(totals) == ("138.10", "6.90", "145.00")
    assert totals.rounding_amount == 0


def test_r10_totals_in_a_second_currency_reconcile():
    lines = [line("99.07", vat(0, "Z"), quantity=each) for each in ("15", "155")]
    totals = compute(bill(*lines, currency="USD"))
    assert str(totals.gross) == "16841.90"
    # the stated base total is the document's total converted once, never a sum of converted lines
    converted = quantize(totals.gross * dec("89.70"), "INR")
    assert str(converted) == "1510718.43"
    base = compute(bill(line(str(converted), vat(0, "Z")), currency="INR", cash_unit=dec(1)))
    assert base.gross + base.rounding_amount == base.payable == dec("1510718")
    assert str(base.rounding_amount) == "-0.43"


@pytest.mark.parametrize("rounding", list(Rounding))
def test_r11_the_line_net_is_rounded_first_so_both_modes_agree(rounding):
    one = line("348.35", vat(22), quantity="16", adjustments=(off(percent="4"),))
    totals = compute(plain(one, rounding=rounding))
    assert figures(totals) == ("5350.66", "1177.15", "6527.81")


@pytest.mark.parametrize(
    ("price", "tax", "gross"),
    [("12345", "1235", "13580"), ("12344", "1234", "13578"), ("12345.4", "1235", "13580")],
)
def test_r12_yen_round_half_up_and_net_and_tax_make_the_total(price, tax, gross):
    totals = compute(bill(line(price, vat(10)), currency="JPY"))
    assert (str(totals.tax), str(totals.gross)) == (tax, gross)
    assert totals.net + totals.tax == totals.gross


def test_r14_per_line_rounding_is_refused_where_an_e_invoice_needs_the_group():
    lines = [line("0.13", vat(19)) for _ in range(100)]
    per_group = compute(bill(*lines))
    assert str(per_group.tax) == "2.47"  # 13.00 x 19 %
    assert str(compute(plain(*lines, rounding=Rounding.PER_LINE)).tax) == "2.00"
    refused = problems(bill(*lines, rounding=Rounding.PER_LINE))
    assert [(each.pointer, each.code) for each in refused] == [("/rounding", "not_representable")]
    assert sum(each.taxes[0][1] for each in per_group.lines) == per_group.tax


def test_r15_the_cent_never_lands_on_the_exempt_line():
    totals = compute(
        bill(
            line("90.30", EXEMPT, includes_tax=True),
            line("2.54", vat(6), quantity="0.45", includes_tax=True),
            line("6.87", vat(6), quantity="0.28", includes_tax=True),
        )
    )
    assert [str(each.net) for each in totals.lines] == ["90.30", "1.08", "1.81"]
    assert [str(group.base) for group in totals.taxes] == ["90.30", "2.89"]
    assert str(totals.taxes[0].amount) == "0.00"
    assert totals.gross == dec("90.30") + dec("1.14") + dec("1.92")


def test_r16_an_early_payment_discount_leaves_br_co_15_alone():
    # Under M3 the discount is a term of payment: it changes the tax when it is taken (M5), never on
    # the document. The thread's 376.84 is the tax after an assumed discount.
    totals = compute(bill(line("1850.00", vat(21))))
    assert figures(totals) == ("1850.00", "388.50", "2238.50")
    taken = compute(bill(line("1850.00", vat(21)), adjustments=(off(percent="3"),)))
    assert figures(taken) == ("1794.50", "376.85", "2171.35")
    assert taken.net + taken.tax == taken.gross


def test_r18_a_tiny_quantity_keeps_its_precision():
    one = bill(line("400000", vat(), quantity="0.002"))
    totals = compute(one)
    assert str(totals.net) == "800.00"
    assert explain(one, totals)[0].formula == "0.002 x 400000 / 1 = 800.00"
    tiny = compute(bill(line("0.002", vat(), quantity="400000")))
    assert str(tiny.net) == "800.00"


def test_r23_a_figure_with_a_float_tail_is_refused_and_rounds_to_nothing():
    tail = dec("102.0000000000000024")
    refused = problems(bill(line("200", vat()), adjustments=(off(str(tail)),)))
    assert [each.code for each in refused] == ["off_unit"]
    totals = compute(bill(line("102", vat(0, "Z")), line(str(-tail), vat(0, "Z"))))
    assert str(totals.payable) == "0.00"


def test_r24_a_negative_document_has_negative_groups_that_sum_to_the_tax():
    totals = compute(bill(line("1125.00", vat("17.8"), quantity="-1")))
    assert figures(totals) == ("-1125.00", "-200.25", "-1325.25")
    mixed = compute(
        bill(
            line("1000.00", vat("17.8"), quantity="-1"),
            line("125.00", vat(7), quantity="-1"),
            line("33.33", vat(7)),
        )
    )
    assert [str(group.amount) for group in mixed.taxes] == ["-178.00", "-6.42"]
    assert mixed.tax == sum(group.amount for group in mixed.taxes)


def test_r25_what_is_left_of_a_group_can_be_credited_exactly():
    original = compute(bill(line("0.99", vat()), line("0.99", vat()), line("0.99", vat())))
    single = compute(bill(line("0.99", vat())))
    left = original.tax - 2 * single.tax
    assert left != single.tax
    given = (GivenTax(category="S", rate=dec(19), amount=left),)
    last = bill(line("0.99", vat()), given_taxes=given)
    assert problems(last) == ()
    assert 2 * single.gross + compute(last).gross == original.gross


def test_r25_neighbour_an_untaxed_document_divides_by_nothing():
    totals = compute(
        plain(line("0.00"), line("5.00"), adjustments=(off("1.00"), off(percent="10")))
    )
    assert figures(totals) == ("3.50", "0.00", "3.50")
    nothing = compute(bill(line("0.00", vat()), line("0.00", vat(7)), adjustments=(off("1.00"),)))
    assert figures(nothing) == ("-1.00", "-0.19", "-1.19")


def test_r26_the_policy_is_the_bills_and_comes_back_with_the_totals():
    lines = [line("0.99", GST, quantity="0.13") for _ in range(3)]
    by_group, by_line = (compute(plain(*lines, rounding=each)) for each in Rounding)
    assert (by_group.rounding, by_line.rounding) == tuple(Rounding)
    assert (str(by_group.tax), str(by_line.tax)) == ("0.02", "0.03")


@pytest.mark.parametrize("currency", ["CLP", "JPY"])
def test_r27_no_fraction_of_a_unit_exists_without_decimals(currency):
    prorated = line("10000", vat(19), quantity="0.516129032258", includes_tax=True)
    totals = compute(bill(prorated, line("-33.3", vat(19)), currency=currency))
    for each in (*totals.lines, *totals.taxes):
        net = each.net if hasattr(each, "net") else each.base
        assert net == net.to_integral_value()
    refused = problems(bill(Line(id="1", net=dec("33.5"), taxes=(vat(),)), currency=currency))
    assert [(each.pointer, each.code) for each in refused] == [("/lines/0/net", "off_unit")]


@pytest.mark.parametrize(
    ("currency", "gross"),
    [
        ("UGX", "1190"),
        ("ISK", "1190"),
        ("EUR", "1190.00"),
        ("KWD", "1190.000"),
        ("CLF", "1190.0000"),
    ],
)
def test_r28_each_currency_has_its_iso_4217_decimals(currency, gross):
    assert str(compute(plain(line("1000", vat()), currency=currency)).gross) == gross


def test_r29_cash_rounding_is_added_once_and_never_enters_the_tax():
    totals = compute(bill(line("90.00", vat("7.7")), currency="CHF", cash_unit=dec("0.05")))
    assert figures(totals) == ("90.00", "6.93", "96.93")
    assert (str(totals.rounding_amount), str(totals.payable)) == ("0.02", "96.95")
    assert totals.net + totals.rounding_amount == dec("90.02")


@pytest.mark.parametrize(
    ("price", "rounding", "payable"),
    [("10.02", "-0.02", "10.00"), ("10.025", "0.02", "10.05"), ("-10.03", "-0.02", "-10.05")],
)
def test_r29_neighbours(price, rounding, payable):
    totals = compute(plain(line(price), currency="CHF", cash_unit=dec("0.05")))
    assert (str(totals.rounding_amount), str(totals.payable)) == (rounding, payable)


def test_r30_a_fixed_discount_gives_the_same_net_and_tax_each_time():
    order = bill(line("870.00", vat(21)), adjustments=(off("70.00"),))
    invoice = bill(line("435.00", vat(21), quantity="2"), adjustments=(off("70.00"),))
    assert figures(compute(order)) == figures(compute(invoice)) == ("800.00", "168.00", "968.00")


def test_withholding_is_no_regime_of_the_gross():
    totals = compute(bill(line("100.00", vat(21), IRPF)))
    held = [group for group in totals.taxes if group.regime is Regime.WITHHOLDING]
    assert [each.amount for each in held] == [Decimal("15.00")]
    assert totals.lines[0].gross == dec("121.00")
