"""What must hold for any document (M3), against an oracle that computes with fractions."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from invx.kernel.money import exponent, quantize
from invx.rules.totals.compute import compute
from invx.rules.totals.model import Bill, LineKind, Regime, Rounding
from invx.rules.totals.representable import problems
from tests.unit.rules.totals.documents import bills, many, plain_bills, rounded

any_bill = st.one_of(bills(), plain_bills())


def leaves(lines, totals):
    for line, figures in zip(lines, totals, strict=True):
        if line.children:
            yield from leaves(line.children, figures.children)
        elif line.kind is LineKind.ITEM:
            yield line, figures


def key(tax):
    return tax.regime, tax.jurisdiction, tax.category, tax.rate


def every_amount(totals):
    yield from (
        totals.line_net, totals.discounts, totals.charges, totals.net, totals.tax, totals.gross,
        totals.prepaid, totals.rounding_amount, totals.payable, totals.withheld, totals.due,
    )  # fmt: skip
    for group in totals.taxes:
        yield from (group.base, group.amount)
    for each in totals.adjustments:
        yield each.amount
        for share in each.shares:
            yield from (share.amount, *share.taxes)
    stack = list(totals.lines)
    while stack:
        line = stack.pop()
        stack.extend(line.children)
        yield from (line.subtotal, line.net, line.gross)
        for base, amount in line.taxes:
            yield from (base, amount)


@many
@given(any_bill)
def test_a_sound_bill_has_every_amount_on_the_unit_and_no_negative_zero(bill: Bill):
    assert problems(bill) == ()
    for amount in every_amount(compute(bill)):
        assert amount.as_tuple().exponent == -exponent(bill.currency)
        assert not (amount.is_signed() and not amount)


@many
@given(any_bill)
def test_the_sums_of_en16931_hold_exactly(bill: Bill):
    totals = compute(bill)
    items = [line.net for line in totals.lines if line.kind is LineKind.ITEM]
    off = sum(each.amount for each in totals.adjustments if not each.charge)
    on = sum(each.amount for each in totals.adjustments if each.charge)
    taxes = [group.amount for group in totals.taxes if group.regime is not Regime.WITHHOLDING]
    held = [group.amount for group in totals.taxes if group.regime is Regime.WITHHOLDING]
    assert totals.line_net == sum(items)  # BR-CO-10
    assert (totals.discounts, totals.charges) == (off, on)  # BR-CO-11, BR-CO-12
    assert totals.net == sum(items) - off + on  # BR-CO-13
    assert totals.tax == sum(taxes)  # BR-CO-14
    assert totals.gross == totals.net + totals.tax  # BR-CO-15
    assert totals.payable == totals.gross - totals.prepaid + totals.rounding_amount  # BR-CO-16
    assert totals.withheld == sum(held)
    assert totals.due == totals.payable - totals.withheld
    if bill.cash_unit is None:
        assert totals.rounding_amount == 0
    else:  # the nearest coin; tax is left alone
        assert totals.payable % bill.cash_unit == 0
        assert abs(totals.rounding_amount) <= bill.cash_unit / 2


@many
@given(bills(inclusive=st.just(False)))
def test_exclusive_lines_and_groups_equal_the_oracle(bill: Bill):
    totals = compute(bill)
    bases = defaultdict(Fraction)
    for line, figures in leaves(bill.lines, totals.lines):
        net = Fraction(line.net or 0)
        if line.net is None:
            subtotal = rounded(
                Fraction(line.quantity) * Fraction(line.price) / Fraction(line.base_quantity)
            )
            net = subtotal
            for each in line.adjustments:
                figure = Fraction(each.amount or 0)
                if each.percent is not None:
                    figure = rounded(subtotal * Fraction(each.percent) / 100)
                net += figure if each.charge else -figure
        assert Fraction(figures.net) == net
        for tax in line.taxes:
            bases[key(tax)] += net
    for each in totals.adjustments:
        for share in each.shares:
            for index in share.groups:
                sign = 1 if each.charge else -1
                bases[key(totals.taxes[index])] += sign * Fraction(share.amount)
    assert {key(group) for group in totals.taxes} == set(bases)
    for group in totals.taxes:
        base = bases[key(group)]
        assert Fraction(group.base) == base  # BR-x-08
        assert Fraction(group.amount) == rounded(base * Fraction(group.rate) / 100)  # BR-CO-17


@many
@given(bills())
def test_br_co_17_holds_within_a_cent_with_prices_that_include_tax(bill: Bill):
    for group in compute(bill).taxes:
        exact = rounded(Fraction(group.base) * Fraction(group.rate) / 100)
        assert abs(Fraction(group.amount) - exact) <= Fraction(1, 100)


@many
@given(bills(inclusive=st.just(True), withholding=False))
def test_the_gross_of_inclusive_lines_is_the_given_figure(bill: Bill):
    totals = compute(bill)
    for line, figures in leaves(bill.lines, totals.lines):
        if line.net is not None:
            continue
        given = figures.subtotal + sum(
            each.amount if each.charge else -each.amount for each in figures.adjustments
        )
        assert figures.gross == given
        assert figures.net + figures.taxes[0][1] == given
        exact = Fraction(given) * 100 / (100 + Fraction(line.taxes[0].rate))
        assert abs(Fraction(figures.net) - exact) < Fraction(1, 100)
        if not line.taxes[0].rate:
            assert figures.net == given  # the rest of a division never lands on an exempt line


@many
@given(any_bill)
def test_shares_sum_to_each_group_and_children_to_their_parent(bill: Bill):
    totals = compute(bill)
    for figures in totals.lines:
        if figures.children:
            own = [child for child in figures.children if child.kind is LineKind.ITEM]
            assert figures.net == sum(child.net for child in own)
            assert figures.gross == sum(child.gross for child in own)
    amounts = defaultdict(int)
    for line, figures in leaves(bill.lines, totals.lines):
        for tax, (base, amount) in zip(line.taxes, figures.taxes, strict=True):
            assert base == figures.net
            amounts[key(tax)] += amount
    for each in totals.adjustments:
        assert sum(share.amount for share in each.shares) == each.amount
        for share in each.shares:
            for index, tax in zip(share.groups, share.taxes, strict=True):
                amounts[key(totals.taxes[index])] += tax if each.charge else -tax
    assert {key(group): group.amount for group in totals.taxes} == dict(amounts)


@many
@given(any_bill)
def test_a_percent_without_taxes_takes_that_percent_of_each_set_of_taxes(bill: Bill):
    totals = compute(bill)
    places = {key(group): index for index, group in enumerate(totals.taxes)}
    bases = defaultdict(Fraction)
    for line, figures in leaves(bill.lines, totals.lines):
        bases[tuple(places[key(tax)] for tax in line.taxes)] += Fraction(figures.net)
    for source, each in zip(bill.adjustments, totals.adjustments, strict=True):
        if source.taxes or source.percent is None:
            continue
        for share in each.shares:
            exact = bases[share.groups] * Fraction(source.percent) / 100
            assert abs(Fraction(share.amount) - exact) < Fraction(1, 10 ** exponent(bill.currency))


@many
@given(plain_bills())
def test_per_line_rounding_is_the_sum_of_rounded_lines(bill: Bill):
    totals = compute(bill)
    if bill.rounding is Rounding.PER_GROUP:
        return
    for line, figures in leaves(bill.lines, totals.lines):
        if line.includes_tax:
            continue
        for tax, (base, amount) in zip(line.taxes, figures.taxes, strict=True):
            exact = Fraction(base) * Fraction(tax.rate) / 100
            assert Fraction(amount) == rounded(exact, exponent(bill.currency))


@many
@given(any_bill, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_no_group_and_no_total(bill: Bill, random):
    if bill.adjustments:  # a split over groups breaks ties by order
        return
    lines = [line for line in bill.lines if line.kind is LineKind.ITEM]
    shuffled = list(lines)
    random.shuffle(shuffled)
    first, second = (
        compute(Bill(currency=bill.currency, profile=bill.profile, lines=tuple(each),
                     rounding=bill.rounding))
        for each in (lines, shuffled)
    )  # fmt: skip
    assert (first.net, first.tax, first.gross) == (second.net, second.tax, second.gross)
    assert {key(g): (g.base, g.amount) for g in first.taxes} == {
        key(g): (g.base, g.amount) for g in second.taxes
    }


@many
@given(bills(withholding=False))
def test_the_same_bill_with_all_signs_turned_gives_the_same_figures_turned(bill: Bill):
    """Half away from zero is the same by magnitude, so a full reversal is exact."""
    turned = Bill(
        currency="EUR",
        lines=tuple(_turned(line) for line in bill.lines if not line.adjustments),
    )
    straight = Bill(
        currency="EUR", lines=tuple(line for line in bill.lines if not line.adjustments)
    )
    if any(child.adjustments for line in straight.lines for child in line.children):
        return
    one, other = compute(straight), compute(turned)
    assert one.tax == -other.tax
    assert one.gross == -other.gross
    assert [line.net for line in one.lines] == [-line.net for line in other.lines]


def _turned(line):
    net = None if line.net is None else -line.net
    children = tuple(_turned(child) for child in line.children)
    return replace(line, net=net, quantity=-line.quantity, children=children)


def test_rounding_once_is_not_rounding_twice():
    """0.00499…9 with sixty nines is below the half, however many digits it has."""
    assert quantize(Decimal("0.004" + "9" * 60), "EUR") == 0
    assert quantize(Decimal("0.005"), "EUR") == Decimal("0.01")
    assert quantize(Decimal("-0.005"), "EUR") == Decimal("-0.01")
