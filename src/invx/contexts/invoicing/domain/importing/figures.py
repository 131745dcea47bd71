"""The sums of a foreign document: taken as they are given, and checked against each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from invx.contexts.invoicing.domain.importing.item import (
    ImportGroup,
    ImportLine,
    category_of,
)
from invx.kernel.money import quantize
from invx.rules.totals.model import ZERO

_HUNDRED = Decimal(100)


class FigureProblem(Exception):
    """The figures of a document contradict each other, or one is missing."""

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.code, self.detail = field, code, detail


@dataclass(frozen=True, slots=True)
class Note:
    """What is worth knowing of figures that are taken all the same."""

    field: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Never negative, but for what is paid back; `net + tax = gross`."""

    net: Decimal
    tax: Decimal
    gross: Decimal
    paid: Decimal
    groups: tuple[ImportGroup, ...]
    notes: tuple[Note, ...]


def figures_of(
    amounts: Mapping[str, Decimal | None],
    currency: str,
    rated: tuple[Decimal | None, str | None],
    lines: Sequence[ImportLine],
    tolerance: Decimal,
) -> Figures:
    """The figures without their signs; `rated` is the tax rate of the whole document, if any.

    Raises FigureProblem.
    """
    gross = amounts["gross"]
    if gross is None:
        raise FigureProblem("gross", "required", "Every document needs this.")
    sign = -1 if gross < 0 else 1
    net, tax = _net_and_tax(amounts, gross, rated[0], currency)
    paid = _paid(amounts, gross, sign)
    net, tax, gross = sign * net, sign * tax, sign * gross
    if net < 0 or tax < 0:
        detail = "Net and tax have the sign of the sum."
        raise FigureProblem("net", "totals_inconsistent", detail)
    stated = [replace(each, net=sign * each.net, tax=_signed(sign, each.tax)) for each in lines]
    notes = _lines_fit(stated, net, tolerance)
    return Figures(net, tax, gross, paid, _groups(stated, (net, tax), rated, tolerance), notes)


def _signed(sign: int, amount: Decimal | None) -> Decimal | None:
    return None if amount is None else sign * amount


def _net_and_tax(
    amounts: Mapping[str, Decimal | None], gross: Decimal, rate: Decimal | None, currency: str
) -> tuple[Decimal, Decimal]:
    net, tax = amounts["net"], amounts["tax"]
    if net is None and tax is None:
        if rate is None:
            detail = "Say net or tax, or the rate of the tax; a constant 0 where there is none."
            raise FigureProblem("tax", "tax_missing", detail)
        tax = quantize(gross * rate / (_HUNDRED + rate), currency)
    if tax is None and net is not None:
        tax = gross - net
    tax = tax if tax is not None else ZERO
    net = gross - tax if net is None else net
    if net + tax != gross:
        detail = f"{net} and {tax} are {net + tax}, not {gross}."
        raise FigureProblem("gross", "totals_inconsistent", detail)
    return net, tax


def _paid(amounts: Mapping[str, Decimal | None], gross: Decimal, sign: int) -> Decimal:
    """What was paid by then; where only what is open is said, the rest of the sum."""
    paid, left = amounts["paid"], amounts["open"]
    # Some systems count credit notes from zero upwards, also where their sums are below it.
    paid = abs(paid) if paid is not None else None
    if left is not None:
        left = abs(left) if sign < 0 else left
        if paid is not None and paid + left != abs(gross):
            detail = f"{paid} paid and {left} open are {paid + left}, not {abs(gross)}."
            raise FigureProblem("open", "open_inconsistent", detail)
        paid = abs(gross) - left
    paid = paid if paid is not None else gross * 0
    if paid < 0:
        raise FigureProblem("open", "open_exceeds_gross", "More is open than was invoiced.")
    return paid


def _lines_fit(lines: Sequence[ImportLine], net: Decimal, tolerance: Decimal) -> tuple[Note, ...]:
    if not lines:
        return ()
    off = sum((each.net for each in lines), ZERO) - net
    if abs(off) > tolerance:
        detail = f"The lines sum to {net + off}, the document says {net}."
        raise FigureProblem("line_net", "lines_do_not_sum", detail)
    if not off:
        return ()
    return (Note("line_net", "lines_rounded", f"The lines sum to {net + off} instead of {net}."),)


def _groups(
    lines: Sequence[ImportLine],
    sums: tuple[Decimal, Decimal],
    rated: tuple[Decimal | None, str | None],
    tolerance: Decimal,
) -> tuple[ImportGroup, ...]:
    """The split of the tax, as far as the file tells it: none, or one that sums to the whole."""
    net, tax = sums
    rate, category = rated
    if rate is not None:
        return (ImportGroup(category=category_of(category, rate), rate=rate, base=net, tax=tax),)
    if not lines or any(each.tax_rate is None for each in lines):
        if tax or category is None:
            return ()
        return (ImportGroup(category=category, rate=ZERO, base=net, tax=tax),)
    found: dict[tuple[str, Decimal], list[Decimal]] = {}
    for line in lines:
        own = line.tax_rate or ZERO
        cells = found.setdefault((category_of(line.tax_category, own), own), [ZERO, ZERO])
        cells[0] += line.net
        cells[1] += line.net * own / _HUNDRED if line.tax is None else line.tax
    groups = [
        ImportGroup(category=key[0], rate=key[1], base=base, tax=_on_unit_of(each, tax))
        for key, (base, each) in found.items()
    ]
    return _summing(groups, net, tax, tolerance)


def _on_unit_of(amount: Decimal, like: Decimal) -> Decimal:
    exponent = like.as_tuple().exponent
    return round(amount, -exponent if isinstance(exponent, int) else 0)


def _summing(
    groups: list[ImportGroup], net: Decimal, tax: Decimal, tolerance: Decimal
) -> tuple[ImportGroup, ...]:
    """What rounding left over goes to the biggest group."""
    off = (
        net - sum((each.base for each in groups), ZERO),
        tax - sum((each.tax for each in groups), ZERO),
    )
    if abs(off[1]) > tolerance:
        detail = f"The lines bear a tax of {tax - off[1]}, the document says {tax}."
        raise FigureProblem("tax", "tax_split_inconsistent", detail)
    most = max(range(len(groups)), key=lambda at: abs(groups[at].base))
    biggest = groups[most]
    groups[most] = replace(biggest, base=biggest.base + off[0], tax=biggest.tax + off[1])
    return tuple(groups)


def lines_of(lines: Sequence[ImportLine]) -> tuple[ImportLine, ...]:
    """The lines without the sign of a credit note that counts below zero."""
    below = sum((each.net for each in lines), ZERO) < 0
    sign = -1 if below else 1
    return tuple(
        [
            replace(
                each,
                net=sign * each.net,
                tax=_signed(sign, each.tax),
                quantity=abs(each.quantity) if below else each.quantity,
            )
            for each in lines
        ]
    )
