"""What is wrong with a bill whatever its profile: figures that contradict or cannot be computed."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from invx.kernel.errors import Problem
from invx.kernel.limits import LINES_PER_DOCUMENT_MAX
from invx.kernel.money import UnknownCurrency, exponent, quantize
from invx.rules.totals.model import ONE, ZERO, Adjustment, Bill, Line, LineKind, Tax
from invx.rules.totals.pointers import adjustment_pointers, lines_in

INTEGER_DIGITS_MAX = 14
PERCENT_DIGITS_MAX = 4
DECIMALS_MAX = 18
AMOUNT_MAX = Decimal(10) ** 14  # of all lines together, in the currency's major unit
DEPTH_MAX = 4  # lines within lines


def input_problems(bill: Bill) -> Iterator[Problem]:
    """Each contradiction or impossible figure, with the pointer of the field at fault."""
    try:
        exponent(bill.currency)
    except UnknownCurrency as error:
        yield Problem("/currency", error.code, error.detail)
        return
    lines = list(lines_in(bill.lines))
    if len(lines) > LINES_PER_DOCUMENT_MAX:
        detail = f"A document has at most {LINES_PER_DOCUMENT_MAX} lines."
        yield Problem("/lines", "too_many_lines", detail)
        return
    seen: set[str] = set()
    for at, line in lines:
        if line.id in seen:
            yield Problem(f"{at}/id", "duplicate_line_id", f"Another line has the id {line.id!r}.")
        seen.add(line.id)
        yield from _line(at, line, bill.currency)
    for at, adjustment in _placed(bill.adjustments, ""):
        yield from _adjustment(at, adjustment, bill.currency)
        yield from _taxes(at, adjustment.taxes)
    yield from _payment(bill)
    yield from _given(bill)


def too_large(bill: Bill) -> Iterator[Problem]:
    """Whether the lines of an otherwise sound bill exceed what a document can hold."""
    total = ZERO
    for at, line in lines_in(bill.lines):
        if line.net is not None:
            total += abs(line.net)
        elif line.price is not None:
            total += abs(line.quantity * line.price / line.base_quantity)
        if total >= AMOUNT_MAX:
            yield Problem(at, "out_of_range", f"The lines sum to {AMOUNT_MAX} or more.")
            return


def _line(at: str, line: Line, currency: str) -> Iterator[Problem]:
    if at.count("/children") >= DEPTH_MAX and line.children:
        yield Problem(f"{at}/children", "too_deep", f"Lines nest at most {DEPTH_MAX} deep.")
    if line.kind is not LineKind.ITEM:
        empty = line.price is None and line.net is None
        if not empty or line.adjustments or line.taxes or line.children:
            yield Problem(at, "not_an_item", f"A {line.kind} line carries no money.")
        return
    yield from _sources(at, line)
    for name, number in (
        ("quantity", line.quantity),
        ("price", line.price),
        ("price_discount", line.price_discount),
        ("base_quantity", line.base_quantity),
        ("net", line.net),
    ):
        if number is not None and number is not ZERO and number is not ONE:
            yield from _number(f"{at}/{name}", number)
    if line.base_quantity.is_finite() and line.base_quantity <= 0:
        yield Problem(f"{at}/base_quantity", "not_positive", "A base quantity is above zero.")
    if line.price_discount.is_finite() and line.price_discount < 0:
        yield Problem(f"{at}/price_discount", "negative", "A price discount is not negative.")
    if line.net is not None:
        yield from _on_unit(f"{at}/net", line.net, currency)
    for pointer, adjustment in _placed(line.adjustments, at) if line.adjustments else ():
        yield from _adjustment(pointer, adjustment, currency)
        if adjustment.taxes:
            detail = "A line's discounts and charges bear the line's taxes."
            yield Problem(f"{pointer}/taxes", "taxes_on_line_adjustment", detail)
    yield from _taxes(at, line.taxes)


def _sources(at: str, line: Line) -> Iterator[Problem]:
    """An item's figure comes from one place: a price, a given net, or children."""
    if line.children:
        if line.price is not None:
            detail = "The price of a line with children is theirs."
            yield Problem(f"{at}/price", "children_with_price", detail)
        if line.net is not None:
            detail = "The net of a line with children is the sum of theirs."
            yield Problem(f"{at}/net", "children_with_net", detail)
        if line.adjustments:
            pointer = adjustment_pointers(line.adjustments, at)[0]
            detail = "Discounts and charges stand on the children."
            yield Problem(pointer, "children_with_adjustments", detail)
        if line.taxes:
            yield Problem(f"{at}/taxes", "children_with_taxes", "Taxes stand on the children.")
    elif line.net is not None:
        if line.price is not None:
            detail = "A line has a price or a given net, not both."
            yield Problem(f"{at}/net", "net_with_price", detail)
        if line.adjustments:
            pointer = adjustment_pointers(line.adjustments, at)[0]
            detail = "A given net is kept as it is; discounts and charges are part of it."
            yield Problem(pointer, "net_with_adjustments", detail)
        if line.includes_tax:
            detail = "A given net does not include tax."
            yield Problem(f"{at}/price_includes_tax", "net_with_tax_included", detail)
    elif line.price is None:
        detail = "An item needs a price, a given net, or children."
        yield Problem(f"{at}/price", "price_missing", detail)


def _placed(adjustments: Sequence[Adjustment], at: str) -> Iterator[tuple[str, Adjustment]]:
    yield from zip(adjustment_pointers(adjustments, at), adjustments, strict=True)


def _adjustment(at: str, adjustment: Adjustment, currency: str) -> Iterator[Problem]:
    if adjustment.percent is not None and adjustment.amount is not None:
        yield Problem(at, "percent_and_amount", "Give a percent or an amount, not both.")
    if adjustment.percent is None and adjustment.amount is None:
        yield Problem(at, "percent_or_amount_missing", "Give a percent or an amount.")
    for name, number in (("percent", adjustment.percent), ("amount", adjustment.amount)):
        if number is not None:
            digits = PERCENT_DIGITS_MAX if name == "percent" else INTEGER_DIGITS_MAX
            yield from _number(f"{at}/{name}", number, digits=digits)
            if number.is_finite() and number < 0:
                detail = "Swap discount and charge instead of a negative figure."
                yield Problem(f"{at}/{name}", "negative", detail)
    if adjustment.amount is not None:
        yield from _on_unit(f"{at}/amount", adjustment.amount, currency)
    if adjustment.base is not None:
        yield from _number(f"{at}/base", adjustment.base)
        yield from _on_unit(f"{at}/base", adjustment.base, currency)


def _taxes(at: str, taxes: Sequence[Tax]) -> Iterator[Problem]:
    seen = set()
    for index, tax in enumerate(taxes):
        pointer = f"{at}/taxes/{index}"
        yield from _number(f"{pointer}/rate", tax.rate, digits=PERCENT_DIGITS_MAX)
        if tax.rate.is_finite() and tax.rate < 0:
            yield Problem(f"{pointer}/rate", "negative", "A rate is not negative.")
        key = (tax.regime, tax.jurisdiction, tax.category, tax.rate)
        if key in seen:
            yield Problem(pointer, "duplicate_tax", "The same tax stands here twice.")
        seen.add(key)


def _payment(bill: Bill) -> Iterator[Problem]:
    for name in ("prepaid", "payable_rounding", "cash_unit"):
        number = getattr(bill, name)
        if number is not None:
            yield from _number(f"/{name}", number)
            yield from _on_unit(f"/{name}", number, bill.currency)
    if bill.cash_unit is not None:
        if bill.cash_unit.is_finite() and bill.cash_unit <= 0:
            yield Problem("/cash_unit", "not_positive", "A cash unit is above zero.")
        if bill.payable_rounding is not None:
            detail = "Give a rounding or a cash unit, not both."
            yield Problem("/cash_unit", "rounding_twice", detail)


def _given(bill: Bill) -> Iterator[Problem]:
    seen = set()
    for index, given in enumerate(bill.given_taxes):
        at = f"/given_taxes/{index}"
        yield from _number(f"{at}/amount", given.amount)
        yield from _on_unit(f"{at}/amount", given.amount, bill.currency)
        key = (given.regime, given.jurisdiction, given.category, given.rate)
        if key in seen:
            yield Problem(at, "duplicate_tax", "The tax of this group is given twice.")
        seen.add(key)


def _number(at: str, number: Decimal, *, digits: int = INTEGER_DIGITS_MAX) -> Iterable[Problem]:
    if not number.is_finite():
        return (Problem(at, "not_finite", "This is not a number."),)
    if number.adjusted() >= digits or -int(number.as_tuple().exponent) > DECIMALS_MAX:
        detail = f"At most {digits} digits and {DECIMALS_MAX} decimals."
        return (Problem(at, "out_of_range", detail),)
    return ()


def _on_unit(at: str, amount: Decimal, currency: str) -> Iterable[Problem]:
    sound = amount.is_finite() and abs(amount) < AMOUNT_MAX
    if sound and quantize(amount, currency) != amount:
        decimals = exponent(currency)
        detail = f"{currency} has {decimals} decimals; {amount} has more."
        return (Problem(at, "off_unit", detail),)
    return ()
