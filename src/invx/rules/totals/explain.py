"""Every figure of a document back to what it was made from."""

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext

from invx.kernel.money import EXACT
from invx.rules.totals.line_steps import (
    adjustment_step,
    line_steps,
    priced_with_tax,
    tax_step,
)
from invx.rules.totals.model import (
    Adjustment,
    AdjustmentAmount,
    Bill,
    GivenTax,
    Line,
    LineKind,
    LineTotals,
    Regime,
    Rounding,
    Tax,
    TaxGroup,
    Totals,
)
from invx.rules.totals.pointers import adjustment_pointers
from invx.rules.totals.steps import Step, Term, computed, given, number, summed, written


def explain(bill: Bill, totals: Totals) -> tuple[Step, ...]:
    """One step for each amount of the lines, adjustments, tax groups and totals.

    `totals` are those of `bill`. The steps of lines come first and the totals last, so each step
    only builds on fields that were given, on steps before it, or (shares) on its group.
    """
    with localcontext(EXACT):
        return (
            *line_steps(bill.lines, totals.lines, bill.rounding),
            *_adjustment_steps(bill, totals),
            *_group_steps(bill, totals),
            *_total_steps(bill, totals),
        )


def _placed(bill: Bill, totals: Totals) -> Iterator[tuple[str, Adjustment, AdjustmentAmount]]:
    pointers = adjustment_pointers(bill.adjustments)
    yield from zip(pointers, bill.adjustments, totals.adjustments, strict=True)


def _adjustment_steps(bill: Bill, totals: Totals) -> Iterator[Step]:
    for at, source, amount in _placed(bill, totals):
        yield adjustment_step(at, source, amount, "/totals/line_net")
        for index, share in enumerate(amount.shares):
            pointer = f"{at}/shares/{index}"
            yield Step(
                f"{pointer}/amount",
                "split",
                f"{number(share.amount)} of {number(amount.amount)}",
                share.amount,
                (f"{at}/amount",),
            )
            for place, (group, tax) in enumerate(zip(share.groups, share.taxes, strict=True)):
                rate = totals.taxes[group].rate
                formula = f"{number(share.amount)} x {number(rate)} / 100"
                inputs = (f"{pointer}/amount", f"/tax_groups/{group}/rate")
                yield computed(f"{pointer}/taxes/{place}", "M3 share", formula, tax, *inputs)


class _Members:
    """What a tax group is made of, as terms of its sums."""

    def __init__(self) -> None:
        self.bases: list[Term] = []
        self.exclusive: list[Term] = []
        self.gross: list[Term] = []
        self.gross_bases: list[Term] = []
        self.amounts: list[Term] = []
        self.shared_price = False  # a price that includes other taxes as well

    def add_line(self, at: str, index: int, line: Line, totals: LineTotals) -> None:
        base, amount = totals.taxes[index]
        net = Term(f"{at}/taxes/{index}/base", base)
        self.bases.append(net)
        self.amounts.append(Term(f"{at}/taxes/{index}/amount", amount))
        if line.taxes[index].regime is Regime.WITHHOLDING or not priced_with_tax(line):
            self.exclusive.append(net)
            return
        self.gross.append(Term(f"{at}/gross", totals.gross))
        self.gross_bases.append(net)
        others = [tax for tax in line.taxes if tax.regime is not Regime.WITHHOLDING]
        self.shared_price = self.shared_price or len(others) > 1

    def add_share(self, at: str, place: int, adjustment: AdjustmentAmount, index: int) -> None:
        share, minus = adjustment.shares[index], not adjustment.charge
        part = Term(f"{at}/amount", share.amount, minus)
        self.bases.append(part)
        self.exclusive.append(part)
        self.amounts.append(Term(f"{at}/taxes/{place}", share.taxes[place], minus))


def _leaves(
    lines: Sequence[Line], totals: Sequence[LineTotals], at: str = "/lines"
) -> Iterator[tuple[str, Line, LineTotals]]:
    for index, (line, figures) in enumerate(zip(lines, totals, strict=True)):
        if line.children:
            yield from _leaves(line.children, figures.children, f"{at}/{index}/children")
        elif line.kind is LineKind.ITEM:
            yield f"{at}/{index}", line, figures


def _key(tax: Tax | TaxGroup | GivenTax) -> tuple[Regime, str | None, str, Decimal]:
    return tax.regime, tax.jurisdiction, tax.category, tax.rate


def _members(bill: Bill, totals: Totals) -> list[_Members]:
    members = [_Members() for _ in totals.taxes]
    places = {_key(group): index for index, group in enumerate(totals.taxes)}
    for at, line, figures in _leaves(bill.lines, totals.lines):
        for index, tax in enumerate(line.taxes):
            members[places[_key(tax)]].add_line(at, index, line, figures)
    for at, _, amount in _placed(bill, totals):
        for index, share in enumerate(amount.shares):
            for place, group in enumerate(share.groups):
                members[group].add_share(f"{at}/shares/{index}", place, amount, index)
    return members


def _group_steps(bill: Bill, totals: Totals) -> Iterator[Step]:
    stated = {_key(tax) for tax in bill.given_taxes}
    for index, (group, members) in enumerate(
        zip(totals.taxes, _members(bill, totals), strict=True)
    ):
        at = f"/tax_groups/{index}"
        yield summed(f"{at}/base", "BT-116", members.bases, group.base)
        if _key(group) in stated:
            yield given(f"{at}/amount", group.amount)
        elif members.shared_price or bill.rounding is Rounding.PER_LINE:
            yield summed(f"{at}/amount", "sum of shares", members.amounts, group.amount)
        elif not members.gross:
            yield tax_step(at, "BR-CO-17", group.base, group.rate, group.amount)
        else:
            yield _inclusive_tax(at, group, members)


def _inclusive_tax(at: str, group: TaxGroup, members: _Members) -> Step:
    """Gross less net of what includes tax, and the tax of the rest."""
    gross = sum((term.value for term in members.gross), Decimal(0))
    formula = f"{number(gross)} - r({number(gross)} x 100 / (100 + {number(group.rate)}))"
    inputs = [term.pointer for term in members.gross]
    if members.exclusive:
        pointers = [term.pointer for term in members.exclusive]
        rest = sum(
            (-term.value if term.minus else term.value for term in members.exclusive), Decimal(0)
        )
        formula += f" + r({number(rest)} x {number(group.rate)} / 100)"
        inputs.extend(pointers)
    return computed(f"{at}/amount", "M3 inclusive", formula, group.amount, *inputs, f"{at}/rate")


def _total_steps(bill: Bill, totals: Totals) -> Iterator[Step]:
    items = [
        Term(f"/lines/{index}/net", line.net)
        for index, line in enumerate(totals.lines)
        if line.kind is LineKind.ITEM
    ]
    yield summed("/totals/line_net", "BR-CO-10", items, totals.line_net)
    for name, rule, charge in (("discounts", "BR-CO-11", False), ("charges", "BR-CO-12", True)):
        terms = [
            Term(f"{at}/amount", amount.amount)
            for at, _, amount in _placed(bill, totals)
            if amount.charge is charge
        ]
        yield summed(f"/totals/{name}", rule, terms, getattr(totals, name))

    def term(name: str, *, minus: bool = False) -> Term:
        return Term(f"/totals/{name}", getattr(totals, name), minus)

    net = [term("line_net"), term("discounts", minus=True), term("charges")]
    yield summed("/totals/net", "BR-CO-13", net, totals.net)
    taxes: list[Term] = []
    withheld: list[Term] = []
    for index, group in enumerate(totals.taxes):
        amount = Term(f"/tax_groups/{index}/amount", group.amount)
        (withheld if group.regime is Regime.WITHHOLDING else taxes).append(amount)
    yield summed("/totals/tax", "BR-CO-14", taxes, totals.tax)
    yield summed("/totals/gross", "BR-CO-15", [term("net"), term("tax")], totals.gross)
    yield given("/totals/prepaid", totals.prepaid)
    yield _rounding(bill, totals)
    rounding = Term("/totals/rounding", totals.rounding_amount)
    payable = [term("gross"), term("prepaid", minus=True), rounding]
    yield summed("/totals/payable", "BR-CO-16", payable, totals.payable)
    yield summed("/totals/withheld", "sum of withholdings", withheld, totals.withheld)
    due = [term("payable"), term("withheld", minus=True)]
    yield summed("/totals/due", "payable less withheld", due, totals.due)


def _rounding(bill: Bill, totals: Totals) -> Step:
    """BT-114: given, none, or the way from what is to be paid to the nearest multiple of a coin."""
    if bill.cash_unit is None:
        return given("/totals/rounding", totals.rounding_amount)
    terms = [
        Term("/totals/gross", totals.gross),
        Term("/totals/prepaid", totals.prepaid, minus=True),
    ]
    formula, inputs = written(terms)
    nearest = totals.gross - totals.prepaid + totals.rounding_amount
    formula = f"{number(nearest)} - ({formula})"
    result = totals.rounding_amount
    return computed("/totals/rounding", "BT-114", formula, result, *inputs, "/cash_unit")
