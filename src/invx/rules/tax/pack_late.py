"""What a country's law gives a creditor who is paid late: points above a base rate, a lump sum.

Base rates are dated data of the pack. `known_to` is the last day for which they are known: later
ones are not guessed, they come with a newer pack or are stated by the creditor.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from invx.rules.tax.pack_table import Table, wrong_key

_NUMBER = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRate:
    """Percent a year, from a day until the next one."""

    valid_from: date
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePayment:
    """Statutory interest: `business` or `consumer` percentage points above the base rate.

    `lump_sum` is owed by businesses, once for each claim; in `currency`.
    """

    business: Decimal
    consumer: Decimal | None = None
    lump_sum: Decimal | None = None
    currency: str = "EUR"
    base_rates: tuple[ReferenceRate, ...] = ()
    known_to: date
    source: str


def late_payment_of(table: Table) -> LatePayment | None:
    """The table `[late_payment]` of a pack, if there is one. Raises PackInvalid."""
    if not table.given:
        return None
    found = LatePayment(
        business=Decimal(table.text("business", _NUMBER)),
        consumer=_maybe(table, "consumer"),
        lump_sum=_maybe(table, "lump_sum"),
        currency=table.take("currency", str, "EUR"),
        base_rates=table.rows("base_rates", _base_rate),
        known_to=table.take("known_to", date),
        source=table.text("source"),
    )
    table.done()
    days = [each.valid_from for each in found.base_rates]
    if not days or days != sorted(set(days)):
        raise wrong_key("/late_payment/base_rates", "needs rates in the order of their days")
    return found


def _maybe(table: Table, key: str) -> Decimal | None:
    text = table.maybe(key, _NUMBER)
    return None if text is None else Decimal(text)


def _base_rate(row: Table) -> ReferenceRate:
    return ReferenceRate(valid_from=row.take("from", date), rate=Decimal(row.text("rate", _NUMBER)))
