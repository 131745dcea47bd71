"""VAT returns: which figure of the tax ledger a form wants in which box.

A form is data of its country's pack. Its boxes are in groups. Each entry is in one box of `main` at
most: what is in none is shown as unassigned, or the form leaves it out by law (`left_out`). The
boxes of another group state a part of the same entries again, such as a total or a tax; an entry is
in one of them at most, too.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from enum import StrEnum

MAIN = "main"
_ONE = Decimal(1)


class Figure(StrEnum):
    """What a box states of its entries."""

    BASE = "base"
    TAX = "tax"


class Unit(StrEnum):
    """How a form writes a figure."""

    EXACT = "exact"
    WHOLE_DOWN = "whole_down"  # without what comes after the point
    WHOLE_HALF_UP = "whole_half_up"  # halves away from zero


class Whereabouts(StrEnum):
    """Where the law of a supply is, seen from the country of the return."""

    HOME = "home"
    UNION = "union"  # another member state
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxed:
    """What entries of the ledger have in common as far as forms tell them apart."""

    regime: str
    scheme: str | None
    supply: str | None
    category: str
    rate: Decimal
    jurisdiction: str | None
    cause: str
    where: Whereabouts


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which entries: each condition that has values must hold, `other_rates` are not wanted."""

    source: str
    schemes: tuple[str, ...] = ()
    supplies: tuple[str, ...] = ()  # "-": where none is stated
    categories: tuple[str, ...] = ()
    rates: tuple[Decimal, ...] = ()
    other_rates: tuple[Decimal, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    where: tuple[Whereabouts, ...] = ()
    causes: tuple[str, ...] = ()
    other_causes: tuple[str, ...] = ()

    def takes(self, taxed: Taxed) -> bool:
        """Whether entries of this kind are meant."""
        wanted = (
            (self.schemes, taxed.scheme),
            (self.supplies, taxed.supply or "-"),
            (self.categories, taxed.category),
            (self.rates, taxed.rate),
            (self.jurisdictions, taxed.jurisdiction),
            (self.where, taxed.where),
            (self.causes, taxed.cause),
        )
        if taxed.regime != "vat" or any(some and value not in some for some, value in wanted):
            return False
        return taxed.rate not in self.other_rates and taxed.cause not in self.other_causes


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box of a form: its code there, what it is called, what it states of which entries."""

    code: str
    label: str
    rule: Rule
    figure: Figure = Figure.BASE
    group: str = MAIN
    unit: Unit = Unit.EXACT

    def stated(self, amount: Decimal) -> Decimal:
        """An exact figure as the form writes it."""
        if self.unit is Unit.EXACT:
            return amount
        way = ROUND_DOWN if self.unit is Unit.WHOLE_DOWN else ROUND_HALF_UP
        return amount.quantize(_ONE, way)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnForm:
    """A country's VAT return, as far as sales are in it: input tax is not the ledger's."""

    name: str
    source: str
    boxes: tuple[Box, ...]
    left_out: tuple[Rule, ...] = ()

    def boxes_of(self, taxed: Taxed) -> list[Box]:
        """The boxes that take such entries: the first of each group."""
        found: dict[str, Box] = {}
        for box in self.boxes:
            if box.group not in found and box.rule.takes(taxed):
                found[box.group] = box
        return list(found.values())

    def left_out_by(self, taxed: Taxed) -> str | None:
        """The law by which the form does not want such entries, if there is one."""
        return next((rule.source for rule in self.left_out if rule.takes(taxed)), None)


def where_is(jurisdiction: str | None, country: str, *, union: bool) -> Whereabouts:
    """Where a jurisdiction is. `union` says that it belongs to the EU."""
    if jurisdiction is None or jurisdiction[:2] == country:
        return Whereabouts.HOME
    return Whereabouts.UNION if union else Whereabouts.OUTSIDE
