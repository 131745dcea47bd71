"""Provisional entries of the tax ledger, once the rates that they wait for are published.

On accrual a group is converted as a whole, at the rate of its tax point, and every entry takes its
part: they sum to the converted whole, as with a rate that the document states. On cash each entry
has the rate of its own day, since the tax becomes chargeable with the payment (§ 16 (6) UStG).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate, converted
from invx.contexts.invoicing.domain.party import Basis
from invx.contexts.invoicing.domain.tax.tax_entering import accounted, stated_in
from invx.contexts.invoicing.domain.tax.tax_entries import (
    Conversion,
    TaxAccount,
    TaxCause,
    TaxedGroup,
    TaxEntry,
)
from invx.contexts.invoicing.domain.tax.tax_holdings import group_key
from invx.contexts.invoicing.domain.tax.tax_opening import at_conversions
from invx.contexts.invoicing.domain.tax.tax_points import tax_currency_of
from invx.kernel.money import quantize
from invx.rules.totals.model import ZERO


@dataclass(frozen=True, slots=True)
class TaxRateWanted:
    """The rate of a day into the currency of a country's tax office."""

    country: str | None
    currency: str
    on: date


Rates: TypeAlias = Mapping[TaxRateWanted, ExchangeRate]


def wanted_for(
    account: TaxAccount, entries: Sequence[TaxEntry], default: str
) -> list[TaxRateWanted]:
    """The rates that the document waits for; `default` is the currency of the legal entity."""
    found = dict[TaxRateWanted, None]()
    for group in account.groups:
        if group.provisional:
            for day in _days(group, _of(group, entries)):
                found[_wanted(group, day, default)] = None
    return list(found)


def convert(
    account: TaxAccount, entries: Sequence[TaxEntry], rates: Rates, default: str
) -> tuple[TaxAccount, tuple[TaxEntry, ...]]:
    """The account with what is known now, and the entries that are no longer provisional."""
    known = _at_rates(account.groups, rates, default)
    after = replace(account, groups=known)
    found: list[TaxEntry] = []
    for before, group in zip(account.groups, known, strict=True):
        own = _of(group, entries)
        if before.provisional and not group.provisional:
            found += _parts(group, own)
        elif group.provisional and group.basis is Basis.CASH:
            found += _each(group, own, rates, default)
    return after, tuple(sorted(found, key=lambda each: each.sequence))


def _wanted(group: TaxedGroup, day: date, default: str) -> TaxRateWanted:
    return TaxRateWanted(group.country, tax_currency_of(group.country, default), day)


def _of(group: TaxedGroup, entries: Sequence[TaxEntry]) -> list[TaxEntry]:
    return [each for each in entries if group_key(each) == group_key(group)]


def _days(group: TaxedGroup, entries: Sequence[TaxEntry]) -> Iterator[date]:
    if group.basis is not Basis.CASH:
        yield group.rate_day or group.tax_point
        return
    for each in entries:
        if each.provisional:
            yield _rate_day(each, entries)


def _rate_day(entry: TaxEntry, entries: Sequence[TaxEntry]) -> date:
    """Of what takes a movement back it is the day of that movement."""
    first: dict[UUID, TaxEntry] = {}
    for each in entries:
        if each.settlement_entry is not None:
            first.setdefault(each.settlement_entry, each)
    reversed_ = first.get(entry.reverses) if entry.reverses else None
    return reversed_.tax_point if reversed_ else entry.tax_point


def _at_rates(groups: Sequence[TaxedGroup], rates: Rates, default: str) -> tuple[TaxedGroup, ...]:
    """Groups on accrual with their rate, those of one rate rounded together to their whole."""
    new = dict[int, TaxedGroup]()
    for index, group in enumerate(groups):
        if group.provisional and group.basis is not Basis.CASH:
            wanted = _wanted(group, group.rate_day or group.tax_point, default)
            if rate := rates.get(wanted):
                conversion = _conversion(wanted, rate)
                new[index] = replace(group, conversion=conversion, provisional=False)
    stated = dict(zip(new, at_conversions(list(new.values())), strict=True))
    return tuple([stated.get(index, group) for index, group in enumerate(groups)])


def _conversion(wanted: TaxRateWanted, rate: ExchangeRate) -> Conversion:
    return Conversion(currency=wanted.currency, rate=rate.rate, source=rate.source, day=rate.day)


def _parts(group: TaxedGroup, entries: Sequence[TaxEntry]) -> Iterator[TaxEntry]:
    """Each entry's part of the converted group: the difference that it makes to what is entered."""
    conversion = group.conversion
    if conversion is None:
        return
    advances = [each for each in entries if each.cause is TaxCause.ADVANCE_RECEIVED]
    early = [each for each in advances if each.tax_point != group.tax_point]
    taken_off = [each for each in advances if each.tax_point == group.tax_point]
    own = [each for each in entries if each.cause is not TaxCause.ADVANCE_RECEIVED]
    for chain, sign in ((own, 1), (early, 1), (taken_off, -1)):
        yield from _chain(group, conversion, chain, sign)


def _chain(
    group: TaxedGroup, conversion: Conversion, entries: Sequence[TaxEntry], sign: int
) -> Iterator[TaxEntry]:
    """Entries that follow one another; with the sign -1 they take off what others have entered."""
    rate, currency = conversion.rate, conversion.currency
    zero = quantize(ZERO, currency)
    reached: tuple[Decimal, Decimal] = (ZERO, ZERO)
    before = (zero, zero)
    for each in entries:
        reached = (reached[0] + sign * each.base, reached[1] + sign * each.tax)
        after = accounted(group, reached, rate, currency)
        part = (sign * (after[0] - before[0]), sign * (after[1] - before[1]))
        yield stated_in(conversion, each, part)
        before = after


def _each(
    group: TaxedGroup, entries: Sequence[TaxEntry], rates: Rates, default: str
) -> Iterator[TaxEntry]:
    for each in entries:
        if not each.provisional:
            continue
        wanted = _wanted(group, _rate_day(each, entries), default)
        if rate := rates.get(wanted):
            conversion = _conversion(wanted, rate)
            part = tuple(
                converted(amount, rate.rate, wanted.currency) for amount in (each.base, each.tax)
            )
            yield stated_in(conversion, each, (part[0], part[1]))
