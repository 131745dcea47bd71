"""One step of an explanation, and the writing of its formula."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

TERMS_WRITTEN_MAX = 12


@dataclass(frozen=True, slots=True)
class Step:
    """How one figure came about.

    `pointer` is the figure in the invoice resource and `inputs` are what it was made from: figures
    with a step of their own, or fields that were given. `formula` has numbers, + - x / and
    parentheses, and r(…) for a rounding to the unit inside; "sum of n figures" stands for the
    first n inputs. Its value, rounded half away from zero, is `result`; where the rule ends in
    "share" the largest remainder may have moved it by a unit, or further when the tax of its group
    was given. With the rules "given" and "split" (a part of an adjustment, by tax group) there is
    nothing to compute.
    """

    pointer: str
    rule: str
    formula: str
    result: Decimal
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A figure in a sum: where it stands, what it is, and whether it is taken off."""

    pointer: str
    value: Decimal
    minus: bool = False


def given(pointer: str, value: Decimal) -> Step:
    """The step of a figure that was not computed."""
    return Step(pointer, "given", f"{value:f}", value)


def computed(pointer: str, rule: str, formula: str, result: Decimal, *inputs: str) -> Step:
    """A step whose formula is written out with its result."""
    return Step(pointer, rule, f"{formula} = {result:f}", result, inputs)


def summed(pointer: str, rule: str, terms: Sequence[Term], result: Decimal) -> Step:
    """The step of a plain sum."""
    formula, inputs = written(terms)
    return computed(pointer, rule, formula, result, *inputs)


def written(terms: Sequence[Term]) -> tuple[str, tuple[str, ...]]:
    """A sum as text, what is taken off last, long ones shortened; and the pointers of its terms."""
    plus = [term for term in terms if not term.minus]
    minus = [term for term in terms if term.minus]
    parts: list[str] = []
    if len(plus) > TERMS_WRITTEN_MAX:
        parts.append(f"sum of {len(plus)} figures")
    else:
        parts.append(" + ".join(number(term.value) for term in plus) or "0")
    parts.extend(number(term.value) for term in minus)
    return " - ".join(parts), tuple(term.pointer for term in (*plus, *minus))


def number(value: Decimal) -> str:
    """A number as it stands in a formula: no exponent, negatives in parentheses."""
    return f"({value:f})" if value < 0 else f"{value:f}"
