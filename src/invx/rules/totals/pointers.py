"""Where a part of a bill stands in the invoice resource, as JSON Pointers (RFC 6901).

The resource keeps discounts and charges in two lists; a bill keeps them in one, in order.
"""

from collections.abc import Iterator, Sequence

from invx.rules.totals.model import Adjustment, AdjustmentAmount, Line


def lines_in(lines: Sequence[Line], at: str = "/lines") -> Iterator[tuple[str, Line]]:
    """Every line with its pointer, parents before their children."""
    for index, line in enumerate(lines):
        pointer = f"{at}/{index}"
        yield pointer, line
        if line.children:
            yield from lines_in(line.children, f"{pointer}/children")


def adjustment_pointers(
    adjustments: Sequence[Adjustment] | Sequence[AdjustmentAmount], at: str = ""
) -> list[str]:
    """The pointer of each adjustment below `at`, in the order given."""
    pointers: list[str] = []
    counts = {"discounts": 0, "charges": 0}
    for adjustment in adjustments:
        kind = "charges" if adjustment.charge else "discounts"
        pointers.append(f"{at}/{kind}/{counts[kind]}")
        counts[kind] += 1
    return pointers
