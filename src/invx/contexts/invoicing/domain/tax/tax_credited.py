"""The tax groups of a credit note as its original has them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from invx.contexts.invoicing.domain.tax.tax_entries import TaxAccount, TaxedGroup
from invx.contexts.invoicing.domain.tax.tax_points import period_of
from invx.contexts.invoicing.domain.tax.tax_treatment import shares

_Key: TypeAlias = tuple[object, ...]


def as_in(original: TaxAccount, groups: Sequence[TaxedGroup]) -> list[TaxedGroup]:
    """The groups with the registration, basis, scheme and supply of their original.

    A figure whose lines do not say which of the original's supplies it lowers (a credited amount)
    is shared among them in proportion. What is credited before the supply is due, is so then.
    """
    found: dict[_Key, TaxedGroup] = {}
    for group in groups:
        for each in _shared(original, group):
            key = (*_tax(each), each.jurisdiction, each.scheme, each.supply)
            found[key] = _together(found.get(key), each)
    return [each for each in found.values() if each.base or each.tax]


def _together(one: TaxedGroup | None, other: TaxedGroup) -> TaxedGroup:
    if one is None:
        return other
    return replace(one, base=one.base + other.base, tax=one.tax + other.tax)


def _shared(original: TaxAccount, group: TaxedGroup) -> list[TaxedGroup]:
    like = [each for each in original.groups if _tax(each) == _tax(group)]
    like = [each for each in like if each.jurisdiction == group.jurisdiction] or like
    same = [each for each in like if (each.scheme, each.supply) == (group.scheme, group.supply)]
    like = same or like
    if not like:
        return [group]
    weights = [each.base for each in like]
    bases, taxes = shares(weights, (group.base, group.tax), original.currency)
    return [
        replace(
            group,
            base=base,
            tax=tax,
            jurisdiction=each.jurisdiction,
            country=each.country,
            registration=each.registration,
            basis=each.basis,
            scheme=each.scheme,
            derived=each.derived,
            supply=each.supply,
            partner=each.partner,
            provisional=each.provisional,
            tax_point=max(group.tax_point, each.tax_point),
            origin=period_of(each.tax_point),
            rate_day=each.rate_day or each.tax_point,
            conversion=each.conversion,
        )
        for each, base, tax in zip(like, bases, taxes, strict=True)
    ]


def _tax(group: TaxedGroup) -> _Key:
    return group.regime, group.category, group.rate
