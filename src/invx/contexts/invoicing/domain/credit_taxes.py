"""The tax that a credit note states: never more is refunded than was charged."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.credit_taking import take
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.errors import CreditExceedsRemainder
from invx.contexts.invoicing.domain.remainder import Group, group_of, within
from invx.kernel.money import exponent, quantize
from invx.rules.totals.compute import compute
from invx.rules.totals.model import ZERO, Bill, GivenTax, Regime, Rounding, TaxGroup

# How far the tax left of a group may drift from its base times its rate, in units of the currency,
# before a credit note states another tax than the computed one. Without decimals: not at all.
_DRIFT_MAX = Decimal("0.01")


def fitted(content: Content, original: Document) -> Content:
    """A drafted credit note as it can be finalized now: another one may have come first.

    It is left alone unless it would take more tax than is left, or the last of a group's base
    without the last of its tax. What else takes more than is left stays so, and is refused later.
    """
    left = original.remainder
    try:
        credited = take(left, content, compute(bill_of(content, original.rounding)))
    except CreditExceedsRemainder:
        return fit(content, original)
    after = left.minus(credited)
    if any(tax and not after.base(group) for group, tax in after.taxes.items()):
        return fit(content, original)
    return content


def fit(
    content: Content, original: Document, stated: Mapping[Group, Decimal] | None = None
) -> Content:
    """`content` with given taxes where the computed ones do not fit what is left of the original.

    The credit that takes the last of a group's base takes exactly the tax that is left of it; any
    other takes at most that, and keeps the rest near the proportion of the invoice. `stated` are
    taxes that the caller wants, as far as they fit; by default those that the content gives.
    """
    wanted = dict(stated or {group_of(given): given.amount for given in content.given_taxes})
    plain = replace(content, given_taxes=())
    bill = bill_of(plain, original.rounding)
    priced_with_tax = _priced_with_tax(bill)
    groups = compute(bill).taxes
    for group in groups:
        key = group_of(group)
        wanted.setdefault(key, group.amount)
        if key in original.remainder.taxes:
            fitting = _fit_gross if key in priced_with_tax else _fit_base
            wanted[key] = fitting(group, wanted[key], original)
    return _giving(plain, groups, wanted)


def giving(content: Content, rounding: Rounding, taxes: Mapping[Group, Decimal]) -> Content:
    """`content` that states these taxes: as given ones where they are not the computed ones."""
    plain = replace(content, given_taxes=())
    return _giving(plain, compute(bill_of(plain, rounding)).taxes, taxes)


def _giving(plain: Content, groups: Sequence[TaxGroup], taxes: Mapping[Group, Decimal]) -> Content:
    return replace(
        plain,
        given_taxes=tuple(
            GivenTax(
                regime=group.regime,
                jurisdiction=group.jurisdiction,
                category=group.category,
                rate=group.rate,
                amount=tax,
            )
            for group in groups
            if (tax := taxes.get(group_of(group), group.amount)) != group.amount
        ),
    )


def _priced_with_tax(bill: Bill) -> set[Group]:
    """The groups where a given tax leaves the gross as it is and changes the net instead."""
    if bill.adjustments or bill.rounding is Rounding.PER_LINE:
        return set()
    within_price, beside_price = set[Group](), set[Group]()
    waiting = list(bill.lines)
    while waiting:
        line = waiting.pop()
        waiting.extend(line.children)
        for tax in line.taxes:
            inside = line.includes_tax and tax.regime is not Regime.WITHHOLDING
            (within_price if inside else beside_price).add(group_of(tax))
    return within_price - beside_price


def _fit_base(group: TaxGroup, tax: Decimal, original: Document) -> Decimal:
    """The tax of a group whose base stays as it is."""
    left, key = original.remainder, group_of(group)
    tax_left, base_left = left.taxes[key], left.base(key)
    if not within(group.base, base_left):
        return tax  # more than the original has left; `credit_taking.take` refuses it
    if group.base == base_left:
        return tax_left
    whole, charged = original.invoiced.base(key), original.invoiced.taxes[key]
    rest = (base_left - group.base) * charged / whole if whole else ZERO
    return _near(tax, rest, tax_left, left.currency)


def _fit_gross(group: TaxGroup, tax: Decimal, original: Document) -> Decimal:
    """The tax of a group whose gross stays as it is; base and tax both come from what is left."""
    left, key = original.remainder, group_of(group)
    tax_left, base_left = left.taxes[key], left.base(key)
    gross, gross_left = group.base + group.amount, base_left + tax_left
    if not within(gross, gross_left):
        return tax  # see `_fit_base`
    if gross == gross_left:
        return tax_left
    charged = original.invoiced.taxes[key]
    whole = original.invoiced.base(key) + charged
    rest = (gross_left - gross) * charged / whole if whole else ZERO
    tax = _near(tax, rest, tax_left, left.currency)
    return min(tax, gross - base_left) if base_left < 0 else max(tax, gross - base_left)


def _near(tax: Decimal, rest: Decimal, tax_left: Decimal, currency: str) -> Decimal:
    """`tax`, unless what it leaves strays from `rest`, the even share; never above `tax_left`."""
    drift = _DRIFT_MAX if exponent(currency) else ZERO
    even = tax_left - quantize(rest, currency)
    tax = max(even - drift, min(tax, even + drift))
    return max(min(tax_left, ZERO), min(tax, max(tax_left, ZERO)))
