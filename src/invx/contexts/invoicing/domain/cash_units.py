"""Cash that cannot be paid to the cent: which coins there are, and what rounding to them takes.

Where a country has no small coins the sum is rounded half-up to the smallest there is: CHF 0.05
(Verordnung über das Münzwesen), SEK 1.00, DKK 0.50, NOK 1.00, CZK 1.00, HUF 5. It is rounded for
cash only, once, and the tax stays what it is: the difference is an income or an expense.
"""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal

from invx.contexts.invoicing.domain.content import Content
from invx.kernel.errors import Problem
from invx.kernel.money import UnknownCurrency, quantize

IN_CASH = "10"  # UNTDID 4461


def cash_rounded(amount: Decimal, unit: Decimal) -> Decimal:
    """The nearest multiple of the unit, halves away from zero."""
    return (amount / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit


def cash_unit_for(content: Content, units: Mapping[str, Decimal]) -> Decimal | None:
    """The unit that a document paid in cash is rounded to; what it says itself comes first."""
    means = content.payment_means
    if content.cash_unit is not None or content.payable_rounding is not None:
        return content.cash_unit
    if means is None or means.code != IN_CASH:
        return None
    return units.get(content.currency)


def units_problems(units: Mapping[str, Decimal]) -> Iterator[Problem]:
    """Why cash cannot be rounded like this, with pointers into the legal entity."""
    for currency, unit in units.items():
        at = f"/cash_rounding/{currency.replace('~', '~0').replace('/', '~1')}"
        try:
            exact = quantize(unit, currency) == unit
        except UnknownCurrency as error:
            yield Problem(at, error.code, error.detail)
            continue
        if unit <= 0 or not exact:
            detail = f"A unit of cash is above zero, on the smallest unit of {currency}."
            yield Problem(at, "cash_unit_malformed", detail)
