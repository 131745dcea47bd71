"""Exact splits of a document's bases and taxes: whole units, within bounds, to a given sum."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import TypeAlias

from invx.contexts.invoicing.domain.tax.tax_entries import Cells
from invx.kernel.money import EXACT, allocate, quantize, smallest_unit
from invx.rules.totals.model import ZERO

Bounds: TypeAlias = Sequence[tuple[Decimal, Decimal]]  # lowest and highest of each cell


def plus(one: Cells, other: Cells) -> Cells:
    return tuple([a + b for a, b in zip(one, other, strict=True)])


def minus(one: Cells, other: Cells) -> Cells:
    return tuple([a - b for a, b in zip(one, other, strict=True)])


def scaled(cells: Cells, part: Decimal, whole: Decimal) -> Cells:
    """`part / whole` of each cell, unrounded; all of it when there is no whole."""
    if not whole:
        return cells
    with localcontext(EXACT):
        return tuple([cell * part / whole for cell in cells])


def portion(total: Decimal, part: Decimal, whole: Decimal, currency: str) -> Decimal:
    """`part / whole` of a sum, on the unit; all of it when the part is the whole."""
    if part == whole or not whole:
        return total
    with localcontext(EXACT):
        exact = total * part / whole
    return quantize(exact, currency)


def between(one: Cells, other: Cells) -> Bounds:
    """The bounds from one to the other, whichever is higher."""
    return [(min(a, b), max(a, b)) for a, b in zip(one, other, strict=True)]


def upto(cells: Cells) -> Bounds:
    """The bounds from nothing to these."""
    return [(min(cell, ZERO), max(cell, ZERO)) for cell in cells]


def shared(one: Cells, other: Cells) -> Cells:
    """What both have: the smaller of each pair with one sign, else nothing."""
    return tuple(
        [
            min(a, b, key=abs) if a * b > 0 else ZERO.quantize(a)
            for a, b in zip(one, other, strict=True)
        ]
    )


def is_within(cells: Cells, bounds: Bounds) -> bool:
    return all(low <= cell <= high for cell, (low, high) in zip(cells, bounds, strict=True))


def fitted(ideal: Cells, total: Decimal, bounds: Bounds, currency: str) -> Cells:
    """Whole units within the bounds, as near to `ideal` as can be, that sum to `total`.

    By largest remainder: units that rounding leaves over go to the cells that they move least. A
    total that the bounds do not allow is met as far as they do. The bounds are on the unit. Ties go
    to the earlier cell; a unit that is taken back is taken from the later one.
    """
    parts = [
        min(max(quantize(figure, currency), low), high)
        for figure, (low, high) in zip(ideal, bounds, strict=True)
    ]
    missing = total - sum(parts, ZERO)
    if not missing:
        return tuple(parts)
    sign = 1 if missing > 0 else -1
    rooms = [
        high - part if sign > 0 else part - low
        for part, (low, high) in zip(parts, bounds, strict=True)
    ]
    owed = min(abs(missing), sum(rooms, ZERO))
    if owed > len(parts) * smallest_unit(currency):  # the bounds, not rounding, took it away
        added = allocate(owed, rooms, currency)
    else:
        wanted = [
            ((figure - part) * sign, -sign * index)
            for index, (figure, part) in enumerate(zip(ideal, parts, strict=True))
        ]
        added = _unit_by_unit(owed, wanted, rooms, smallest_unit(currency))
    return tuple([part + sign * more for part, more in zip(parts, added, strict=True)])


def _unit_by_unit(
    owed: Decimal, wanted: list[tuple[Decimal, int]], rooms: list[Decimal], unit: Decimal
) -> list[Decimal]:
    added = [ZERO] * len(rooms)
    while owed > 0:
        free = [index for index in range(len(rooms)) if rooms[index] - added[index] >= unit]
        if not free:
            break
        best = max(free, key=lambda index: (wanted[index][0] - added[index], wanted[index][1]))
        added[best] += unit
        owed -= unit
    return added
