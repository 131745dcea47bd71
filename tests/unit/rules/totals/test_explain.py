"""An explanation is complete, and computing it again from its inputs gives the figures."""

import ast
import operator
import re
from collections.abc import Iterator
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from invx.kernel.money import exponent
from invx.rules.totals.compute import compute
from invx.rules.totals.explain import explain
from invx.rules.totals.model import GivenTax
from invx.rules.totals.pointers import adjustment_pointers, lines_in
from tests.unit.rules.totals.documents import (
    bill,
    bills,
    dec,
    line,
    many,
    off,
    plain_bills,
    rounded,
    vat,
)

any_bill = st.one_of(bills(), plain_bills())
NOT_COMPUTED = {"given", "split"}
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def inputs_of(each, totals) -> dict[str, Fraction]:
    """What was given, by pointer: lines, adjustments, rates, and the fields of payment."""
    found = {"/prepaid": each.prepaid, "/cash_unit": each.cash_unit}
    for at, one in lines_in(each.lines):
        for name in ("quantity", "price", "price_discount", "base_quantity"):
            found[f"{at}/{name}"] = getattr(one, name)
        found.update({f"{at}/taxes/{i}/rate": tax.rate for i, tax in enumerate(one.taxes)})
        found.update(of_adjustments(one.adjustments, at))
    found.update(of_adjustments(each.adjustments, ""))
    found.update({f"/tax_groups/{i}/rate": group.rate for i, group in enumerate(totals.taxes)})
    return {at: Fraction(value) for at, value in found.items() if value is not None}


def of_adjustments(adjustments, at) -> Iterator[tuple[str, object]]:
    for pointer, each in zip(adjustment_pointers(adjustments, at), adjustments, strict=True):
        yield f"{pointer}/percent", each.percent
        yield f"{pointer}/base", each.base


def amounts_of(totals) -> dict[str, object]:
    """Every amount of the resource by pointer, found without the explanation."""
    found = {
        f"/totals/{name}": getattr(totals, name)
        for name in ("line_net", "discounts", "charges", "net", "tax", "gross", "prepaid",
                     "payable", "withheld", "due")
    }  # fmt: skip
    found["/totals/rounding"] = totals.rounding_amount
    for index, group in enumerate(totals.taxes):
        found[f"/tax_groups/{index}/base"] = group.base
        found[f"/tax_groups/{index}/amount"] = group.amount
    for at, each in zip(adjustment_pointers(totals.adjustments), totals.adjustments, strict=True):
        found[f"{at}/amount"] = each.amount
        for index, share in enumerate(each.shares):
            found[f"{at}/shares/{index}/amount"] = share.amount
            for place, tax in enumerate(share.taxes):
                found[f"{at}/shares/{index}/taxes/{place}"] = tax
    for at, each in lines_in(totals.lines):
        found.update({f"{at}/{name}": getattr(each, name) for name in ("subtotal", "net", "gross")})
        for index, (base, amount) in enumerate(each.taxes):
            found[f"{at}/taxes/{index}/base"] = base
            found[f"{at}/taxes/{index}/amount"] = amount
        for pointer, one in zip(
            adjustment_pointers(each.adjustments, at), each.adjustments, strict=True
        ):
            found[f"{pointer}/amount"] = one.amount
    return found


def evaluate(step, values, places) -> Fraction:
    """The value of a formula, from its text; a shortened sum from the step's first inputs."""
    text = step.formula.rpartition(" = ")[0].replace(" x ", " * ")
    shortened = re.match(r"sum of (\d+) figures", text)
    if shortened:
        whole = sum(values[at] for at in step.inputs[: int(shortened[1])])
        text = text.replace(shortened[0], f"({whole.numerator} / {whole.denominator})")

    def walk(node) -> Fraction:
        match node:
            case ast.BinOp():
                return OPERATORS[type(node.op)](walk(node.left), walk(node.right))
            case ast.UnaryOp():
                return -walk(node.operand)
            case ast.Call():
                return rounded(walk(node.args[0]), places)
            case ast.Constant():
                return Fraction(ast.get_source_segment(text, node))
        raise AssertionError(ast.dump(node))

    return walk(ast.parse(text, mode="eval").body)


@many
@given(any_bill)
def test_each_amount_has_exactly_one_step_with_its_result(each):
    totals = compute(each)
    steps = explain(each, totals)
    assert {step.pointer: step.result for step in steps} == amounts_of(totals)
    assert len({step.pointer for step in steps}) == len(steps)


@many
@given(any_bill)
def test_a_formula_holds_its_inputs_and_evaluates_to_its_result(each):
    totals = compute(each)
    steps = explain(each, totals)
    values = inputs_of(each, totals) | {step.pointer: Fraction(step.result) for step in steps}
    places = exponent(each.currency)
    for step in steps:
        assert all(at in values for at in step.inputs), step
        if step.rule in NOT_COMPUTED:
            continue
        value = rounded(evaluate(step, values, places), places)
        slack = Fraction(1, 10**places) if step.rule.endswith("share") else 0
        assert abs(value - Fraction(step.result)) <= slack, step
        if step.rule not in ("M3 inclusive", "BT-114"):  # these write sums and a coin's multiple
            text = re.sub(r"sum of \d+ figures", "", step.formula.rpartition(" = ")[0])
            known = {abs(values[at]) for at in step.inputs} | {Fraction(0), Fraction(100)}
            assert {Fraction(found) for found in re.findall(r"\d+(?:\.\d+)?", text)} <= known, step


def steps_by_pointer(each):
    return {step.pointer: step for step in explain(each, compute(each))}


def test_formulas_read_like_a_bill():
    steps = steps_by_pointer(
        bill(
            line("1280.00", vat(), quantity="2", adjustments=(off(percent="10"),)),
            adjustments=(off("4.00"),),
        )
    )
    assert steps["/lines/0/subtotal"].formula == "2 x 1280.00 / 1 = 2560.00"
    assert steps["/lines/0/discounts/0/amount"].formula == "2560.00 x 10 / 100 = 256.00"
    assert steps["/lines/0/net"].formula == "2560.00 - 256.00 = 2304.00"
    assert steps["/lines/0/net"].rule == "BT-131"
    assert steps["/tax_groups/0/base"].formula == "2304.00 - 4.00 = 2300.00"
    assert steps["/tax_groups/0/amount"].formula == "2300.00 x 19 / 100 = 437.00"
    assert steps["/tax_groups/0/amount"].rule == "BR-CO-17"
    assert steps["/totals/gross"].inputs == ("/totals/net", "/totals/tax")


def test_inclusive_prices_are_explained_from_the_gross():
    steps = steps_by_pointer(
        bill(line("340.00", vat(), includes_tax=True), line("13.90", vat(), includes_tax=True))
    )
    tax = steps["/tax_groups/0/amount"]
    assert tax.rule == "M3 inclusive"
    assert tax.formula == "353.90 - r(353.90 x 100 / (100 + 19)) = 56.51"
    assert tax.inputs[:2] == ("/lines/0/gross", "/lines/1/gross")
    assert steps["/lines/0/net"].formula == "340.00 x 100 / (100 + 19) = 285.71"


def test_a_stated_tax_is_called_given():
    given_tax = GivenTax(category="S", rate=dec(19), amount=dec("19.01"))
    steps = steps_by_pointer(bill(line("100", vat()), given_taxes=(given_tax,)))
    assert steps["/tax_groups/0/amount"].rule == "given"


def test_cash_rounding_names_the_coin():
    steps = steps_by_pointer(bill(line("96.93", vat(0, "Z")), cash_unit=dec("0.05")))
    rounding = steps["/totals/rounding"]
    assert rounding.formula == "96.95 - (96.93 - 0.00) = 0.02"
    assert "/cash_unit" in rounding.inputs


def test_a_long_sum_is_shortened_but_names_all_its_inputs():
    steps = steps_by_pointer(bill(*[line("1", vat()) for _ in range(50)]))
    assert steps["/totals/line_net"].formula == "sum of 50 figures = 50.00"
    assert len(steps["/totals/line_net"].inputs) == 50
