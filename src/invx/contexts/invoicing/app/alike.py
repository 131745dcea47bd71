"""Totals of many documents that often say the same: a run over a thousand flat subscriptions."""

from typing import Any, TypeAlias

from invx.contexts.invoicing.app.draft_document import totals_of
from invx.contexts.invoicing.domain.check import problems_of
from invx.contexts.invoicing.domain.content import Content, Line
from invx.contexts.invoicing.domain.errors import refusal_of
from invx.rules.totals.model import Rounding, Totals

Letters: TypeAlias = tuple[Any, ...]


class Alike:
    """The totals of one command's documents: worked out once for those that are alike.

    Alike is to the letter: a rate of 19 and one of 19.0 are the same figure, and yet shown as they
    were given. Only documents of plain lines are compared, as most of a run are.
    """

    def __init__(self) -> None:
        self._known: dict[Letters, Totals] = {}

    def totals_of(self, content: Content, rounding: Rounding) -> Totals:
        """As `draft_document.totals_of`. Raises Invalid."""
        letters = _letters(content, rounding)
        if letters is None:
            return totals_of(content, rounding)
        if (known := self._known.get(letters)) is None:
            known = self._known[letters] = totals_of(content, rounding)
        elif problems := problems_of(content, rounding, finalizing=False, sound=True):
            raise refusal_of(problems)
        return known


def _letters(content: Content, rounding: Rounding) -> Letters | None:
    """All that `bill_of` takes from the content, or None where it is not plain."""
    if (
        content.discounts
        or content.charges
        or content.prepaid
        or content.payable_rounding is not None
        or content.cash_unit is not None
        or content.given_taxes
        or not all(map(_plain, content.lines))
    ):
        return None
    lines = tuple([_line(line) for line in content.lines])
    head = (content.currency, content.profile, rounding, content.prices_include_tax)
    return (*head, str(content.prepaid), lines)


def _plain(line: Line) -> bool:
    return not (line.discounts or line.charges or line.children or line.net is not None)


def _line(line: Line) -> Letters:
    taxes = tuple(
        [
            (tax.regime, tax.jurisdiction, tax.category, str(tax.rate), tax.reason, tax.reason_code)
            for tax in line.taxes
        ]
    )
    return (
        line.id,
        line.kind,
        str(line.quantity),
        str(line.price),
        str(line.price_discount),
        str(line.base_quantity),
        line.price_includes_tax,
        taxes,
    )
