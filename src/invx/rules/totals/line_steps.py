"""The explanation of the figures of lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from invx.rules.totals.model import (
    Adjustment,
    AdjustmentAmount,
    Line,
    LineKind,
    LineTotals,
    Regime,
    Rounding,
)
from invx.rules.totals.pointers import adjustment_pointers
from invx.rules.totals.steps import Step, Term, computed, given, number, summed, written


@dataclass(frozen=True, slots=True)
class _Place:
    at: str
    line: Line
    totals: LineTotals
    rounding: Rounding


def line_steps(
    lines: Sequence[Line],
    totals: Sequence[LineTotals],
    rounding: Rounding,
    at: str = "/lines",
) -> Iterator[Step]:
    """Steps for every figure of the lines, in their order."""
    run: list[tuple[str, LineTotals]] = []
    for index, (line, figures) in enumerate(zip(lines, totals, strict=True)):
        place = _Place(f"{at}/{index}", line, figures, rounding)
        if line.kind is LineKind.ITEM:
            run.append((place.at, figures))
            yield from _parent(place) if line.children else _item(place)
        elif line.kind is LineKind.SUBTOTAL:
            yield from _sums(place, run, "items since the last subtotal or heading")
            run = []
        else:
            run = [] if line.kind is LineKind.HEADING else run
            for name in ("subtotal", "net", "gross"):
                yield given(f"{place.at}/{name}", getattr(figures, name))


def _sums(place: _Place, parts: Sequence[tuple[str, LineTotals]], rule: str) -> Iterator[Step]:
    for name in ("net", "gross"):
        terms = [Term(f"{at}/{name}", getattr(figures, name)) for at, figures in parts]
        yield summed(f"{place.at}/{name}", rule, terms, getattr(place.totals, name))
    net = [Term(f"{place.at}/net", place.totals.net)]
    yield summed(f"{place.at}/subtotal", rule, net, place.totals.subtotal)


def _parent(place: _Place) -> Iterator[Step]:
    below = f"{place.at}/children"
    yield from line_steps(place.line.children, place.totals.children, place.rounding, below)
    children = [
        (f"{below}/{index}", child)
        for index, child in enumerate(place.totals.children)
        if child.kind is LineKind.ITEM
    ]
    yield from _sums(place, children, "sum of children")


def _item(place: _Place) -> Iterator[Step]:
    at, line, totals = place.at, place.line, place.totals
    yield _product(place)
    terms = [Term(f"{at}/subtotal", totals.subtotal)]
    pointers = adjustment_pointers(line.adjustments, at)
    for pointer, source, amount in zip(pointers, line.adjustments, totals.adjustments, strict=True):
        yield adjustment_step(pointer, source, amount, f"{at}/subtotal")
        terms.append(Term(f"{pointer}/amount", amount.amount, minus=not amount.charge))
    if line.net is not None:
        yield given(f"{at}/net", totals.net)
    elif not priced_with_tax(line):
        yield summed(f"{at}/net", "BT-131", terms, totals.net)
    else:
        yield summed(f"{at}/gross", "M3 inclusive", terms, totals.gross)
        yield _inclusive_net(place)
    yield from _taxes(place)


def _product(place: _Place) -> Step:
    at, line = place.at, place.line
    result = place.totals.subtotal
    if line.price is None:
        return given(f"{at}/subtotal", result)
    price, inputs = number(line.price), [f"{at}/quantity", f"{at}/price"]
    if line.price_discount:
        price = f"({price} - {number(line.price_discount)})"
        inputs.append(f"{at}/price_discount")
    formula = f"{number(line.quantity)} x {price} / {number(line.base_quantity)}"
    inputs.append(f"{at}/base_quantity")
    return computed(f"{at}/subtotal", "BT-131", formula, result, *inputs)


def adjustment_step(
    pointer: str, source: Adjustment, amount: AdjustmentAmount, default_base: str
) -> Step:
    """A percent of its base, or the given amount."""
    if source.percent is None or amount.base is None:
        return given(f"{pointer}/amount", amount.amount)
    base = default_base if source.base is None else f"{pointer}/base"
    formula = f"{number(amount.base)} x {number(source.percent)} / 100"
    inputs = (base, f"{pointer}/percent")
    return computed(f"{pointer}/amount", "percent of base", formula, amount.amount, *inputs)


def priced_with_tax(line: Line) -> bool:
    """Whether the line's figure is its gross: it includes tax and has a tax to include."""
    included = any(tax.regime is not Regime.WITHHOLDING for tax in line.taxes)
    return line.includes_tax and line.net is None and included


def _inclusive_net(place: _Place) -> Step:
    at, line = place.at, place.line
    rates = [
        Term(f"{at}/taxes/{index}/rate", tax.rate)
        for index, tax in enumerate(line.taxes)
        if tax.regime is not Regime.WITHHOLDING
    ]
    rate, inputs = written(rates)
    formula = f"{number(place.totals.gross)} x 100 / (100 + {rate})"
    rule = "M3 inclusive" if place.rounding is Rounding.PER_LINE else "M3 inclusive share"
    return computed(f"{at}/net", rule, formula, place.totals.net, f"{at}/gross", *inputs)


def _taxes(place: _Place) -> Iterator[Step]:
    at, line, totals = place.at, place.line, place.totals
    net = Term(f"{at}/net", totals.net)
    borne: list[Term] = []
    inclusive = priced_with_tax(line)
    alone = sum(tax.regime is not Regime.WITHHOLDING for tax in line.taxes) == 1
    for index, (tax, (base, amount)) in enumerate(zip(line.taxes, totals.taxes, strict=True)):
        pointer = f"{at}/taxes/{index}"
        yield summed(f"{pointer}/base", "BT-116", [net], base)
        withheld = tax.regime is Regime.WITHHOLDING
        if inclusive and alone and not withheld:
            terms = [Term(f"{at}/gross", totals.gross), Term(net.pointer, net.value, minus=True)]
            yield summed(f"{pointer}/amount", "M3 inclusive", terms, amount)
        else:
            rounded_alone = place.rounding is Rounding.PER_LINE and (withheld or not inclusive)
            rule = "M3 per line" if rounded_alone else "M3 share"
            yield tax_step(pointer, rule, base, tax.rate, amount)
        if not withheld:
            borne.append(Term(f"{pointer}/amount", amount))
    if not inclusive:
        yield summed(f"{at}/gross", "net and taxes", [net, *borne], totals.gross)


def tax_step(pointer: str, rule: str, base: Decimal, rate: Decimal, amount: Decimal) -> Step:
    """A base times a rate, both standing beside the amount."""
    formula = f"{number(base)} x {number(rate)} / 100"
    inputs = (f"{pointer}/base", f"{pointer}/rate")
    return computed(f"{pointer}/amount", rule, formula, amount, *inputs)
