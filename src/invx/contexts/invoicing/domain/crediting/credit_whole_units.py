"""Credits in a currency without decimals, where one unit off can be all that BR-CO-17 allows.

A tax rounded to whole yen is up to half a yen off base x rate. Over a credit and what it leaves
behind the two halves add up, so the tax is chosen for which both keep within the rule.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from invx.contexts.invoicing.domain.crediting.credit_portions import Portion
from invx.contexts.invoicing.domain.crediting.remainder import Group, Remainder, within
from invx.rules.totals.model import ONE, ZERO, Regime

# The candidates around the even share, the nearest first.
_STEPS = tuple(Decimal(step) for step in (0, 1, -1, 2, -2))


def nearest_tax(
    even: Decimal, base_at: Callable[[Decimal], Decimal], group: Group, left: Remainder
) -> Decimal | None:
    """The tax near `even` that leaves the least drift behind, None when none keeps the rule.

    `base_at` is the base that goes with a tax. The rate is the last member of `group`.
    """
    tax_left, base_left, rate = left.taxes[group], left.base(group), group[3]
    fitting: list[tuple[Decimal, Decimal]] = []
    for step in _STEPS:
        tax = even + step
        base = base_at(tax)
        here = abs(tax - base * rate / 100)
        behind = abs(tax_left - tax - (base_left - base) * rate / 100)
        if max(here, behind) < ONE and within(tax, tax_left) and within(base, base_left):
            fitting.append((behind, tax))
    return min(fitting)[1] if fitting else None


def settled(taken: Sequence[Portion], left: Remainder) -> list[Portion] | None:
    """The portions with net and tax moved by units, each gross unchanged; None when none fits."""
    portions = list(taken)
    charged = [group for group in left.taxes if group[0] is not Regime.WITHHOLDING]
    withheld = [group for group in left.taxes if group[0] is Regime.WITHHOLDING]
    for group in charged + withheld:
        bearing = [index for index, each in enumerate(portions) if group in each.taxes]
        if not bearing:
            continue
        moves_net = group[0] is not Regime.WITHHOLDING
        tax = sum((portions[index].taxes[group] for index in bearing), ZERO)
        base = sum((portions[index].net for index in bearing), ZERO)
        found = nearest_tax(
            tax, _base_beside(base + tax) if moves_net else _fixed(base), group, left
        )
        if found is None:
            return None
        largest = max(bearing, key=lambda index: abs(portions[index].net))
        portions[largest] = _moved(portions[largest], group, found - tax, moves_net=moves_net)
    return portions


def _base_beside(gross: Decimal) -> Callable[[Decimal], Decimal]:
    return lambda tax: gross - tax


def _fixed(base: Decimal) -> Callable[[Decimal], Decimal]:
    return lambda _: base


def _moved(portion: Portion, group: Group, units: Decimal, *, moves_net: bool) -> Portion:
    taxes: Mapping[Group, Decimal] = {**portion.taxes, group: portion.taxes[group] + units}
    return replace(portion, net=portion.net - units if moves_net else portion.net, taxes=taxes)
