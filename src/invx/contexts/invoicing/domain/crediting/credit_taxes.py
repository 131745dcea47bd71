"""The tax that a credit note states: never more is refunded than was charged."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import Decimal

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.crediting.credit_nets import by_net
from invx.contexts.invoicing.domain.crediting.credit_taking import take
from invx.contexts.invoicing.domain.crediting.credit_whole_units import nearest_tax
from invx.contexts.invoicing.domain.crediting.remainder import Group, group_of, within
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.errors import CreditExceedsRemainder
from invx.kernel.money import exponent, quantize
from invx.rules.totals.compute import compute
from invx.rules.totals.model import ZERO, Bill, GivenTax, Regime, Rounding, TaxGroup
from invx.rules.totals.representable import problems

# How far the tax left of a group may drift from its base times its rate, in units of the currency,
# before a credit note states another tax than the computed one.
_DRIFT_MAX = Decimal("0.01")


def fitted(content: Content, original: Document) -> Content:
    """A drafted credit note as it can be finalized now: another one may have come first.

    It is left alone unless it would take more tax than is left, or the last of a group's base
    without the last of its tax. What else takes more than is left stays so, and is refused later.
    """
    return content if _settles(content, original) else fit(content, original)


def fit(
    content: Content, original: Document, stated: Mapping[Group, Decimal] | None = None
) -> Content:
    """`content` with given taxes where the computed ones do not fit what is left of the original.

    The credit that takes the last of a group's base takes exactly the tax that is left of it; any
    other takes at most that, and keeps the rest near the proportion of the invoice. `stated` are
    taxes that the caller wants, as far as they fit; by default those that the content gives.

    Prices with tax stay as they are where that is possible. Otherwise their lines state their nets:
    a gross and a net that are both rounded do not always run out together.
    """
    wanted = dict(stated or {group_of(given): given.amount for given in content.given_taxes})
    plain = replace(content, given_taxes=())
    bill = bill_of(plain, original.rounding)
    for group in compute(bill).taxes:
        wanted.setdefault(group_of(group), group.amount)
    priced_with_tax = _priced_with_tax(bill)
    credit = _fit(plain, original, wanted, priced_with_tax)
    if not priced_with_tax or _settles(credit, original):
        return credit
    firm = _fit(by_net(plain, original, priced_with_tax), original, wanted, frozenset())
    return firm if _settles(firm, original) else credit


def _fit(
    plain: Content,
    original: Document,
    wanted: Mapping[Group, Decimal],
    priced_with_tax: AbstractSet[Group],
) -> Content:
    groups = compute(bill_of(plain, original.rounding)).taxes
    taxes = dict(wanted)
    for group in groups:
        key = group_of(group)
        if key in original.remainder.taxes:
            fitting = _fit_gross if key in priced_with_tax else _fit_base
            taxes[key] = fitting(group, wanted[key], original)
    return _giving(plain, groups, taxes)


def _settles(content: Content, original: Document) -> bool:
    """Whether a credit note takes no more than is left, and no last of a base without its tax."""
    left, bill = original.remainder, bill_of(content, original.rounding)
    if content.given_taxes and problems(bill):
        return False
    try:
        credited = take(left, content, compute(bill))
    except CreditExceedsRemainder:
        return False
    after = left.minus(credited)
    return not any(tax and not after.base(group) for group, tax in after.taxes.items())


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
    if not exponent(left.currency):
        return _whole_unit(group, rest, original, lambda _: group.base)
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
    if not exponent(left.currency):
        return _whole_unit(group, rest, original, lambda tax: gross - tax)
    tax = _near(tax, rest, tax_left, left.currency)
    return min(tax, gross - base_left) if base_left < 0 else max(tax, gross - base_left)


def _near(tax: Decimal, rest: Decimal, tax_left: Decimal, currency: str) -> Decimal:
    """`tax`, unless what it leaves strays from `rest`, the even share; never above `tax_left`."""
    even = tax_left - quantize(rest, currency)
    tax = max(even - _DRIFT_MAX, min(tax, even + _DRIFT_MAX))
    return max(min(tax_left, ZERO), min(tax, max(tax_left, ZERO)))


def _whole_unit(
    group: TaxGroup, rest: Decimal, original: Document, base_at: Callable[[Decimal], Decimal]
) -> Decimal:
    """As `_near`, in a currency without decimals."""
    left, key = original.remainder, group_of(group)
    even = left.taxes[key] - quantize(rest, left.currency)
    found = nearest_tax(even, base_at, key, left)
    if found is not None:
        return found
    return even if within(even, left.taxes[key]) else left.taxes[key]
