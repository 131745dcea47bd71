"""By which rule late payment is charged: the law's, or what a legal entity has agreed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from invx.contexts.invoicing.domain.interest.charging import Charging
from invx.kernel.errors import Conflict, Problem
from invx.rules.tax.pack_late import LatePayment, ReferenceRate
from invx.rules.totals.model import ZERO

GRACE_DAYS_MAX = 366
_MONTHS = 12


class InterestKind(StrEnum):
    """What the rate of a rule means."""

    STATUTORY = "statutory"  # the law's points above the base rate
    YEARLY = "yearly"  # percent a year
    MONTHLY = "monthly"  # percent a month: twelve times as much a year, by the day
    NONE = "none"


class DayCount(StrEnum):
    """Which part of a year a day is."""

    ACT_365 = "act_365"  # 1/365, also in leap years
    ACT_ACT = "act_act"  # 1/365, in leap years 1/366


class StatutoryInterestUnknown(Conflict):
    """No pack says the statutory interest of the seller's country; state a rate instead."""


class ReferenceRateUnknown(Conflict):
    """The base rate of a day is not known; state it in `late_fees`, or install a newer pack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFeeRule:
    """How late payment is charged. Amounts are in the currency of the document.

    `cap` is the percent of the claim that interest never exceeds. `base_rates` are laid over those
    of the pack.
    """

    interest: InterestKind = InterestKind.STATUTORY
    rate: Decimal | None = None
    day_count: DayCount = DayCount.ACT_365
    grace_days: int = 0
    fee: Decimal | None = None
    lump_sum: bool = True  # the statutory one, where the law gives it
    cap: Decimal | None = None
    account: str | None = None  # of the ledger, for what is charged
    base_rates: tuple[ReferenceRate, ...] = field(default=())
    charge: Charging | None = None  # claims by themselves; None: only when somebody asks


STATUTORY = LateFeeRule()


def rule_problems(rule: LateFeeRule) -> Iterator[Problem]:
    """Why late payment cannot be charged like this."""
    needs = rule.interest in (InterestKind.YEARLY, InterestKind.MONTHLY)
    if needs is (rule.rate is None):
        detail = "A rate is stated for yearly and monthly interest, and for no other."
        yield Problem("/late_fees/rate", "interest_rate_malformed", detail)
    days = [each.valid_from for each in rule.base_rates]
    if days != sorted(set(days)):
        detail = "In the order of their days, each day once."
        yield Problem("/late_fees/base_rates", "base_rates_malformed", detail)


@dataclass(frozen=True, slots=True)
class YearlyRate:
    """Percent a year from a day on; `base` is the base rate in it, where there is one."""

    valid_from: date
    rate: Decimal
    base: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A rule made concrete for one document: rates by day, and what is due once.

    `known_to` is the last day for which the rates hold; None for ever.
    """

    rates: tuple[YearlyRate, ...]
    known_to: date | None = None
    day_count: DayCount
    grace_days: int
    cap: Decimal | None
    once: tuple[tuple[str, Decimal], ...] = ()  # `lump_sum`, `fee`
    source: str | None = None


def terms_of(rule: LateFeeRule, law: LatePayment | None, *, consumer: bool, currency: str) -> Terms:
    """What a rule means for a buyer under a law. Raises StatutoryInterestUnknown."""
    rates: tuple[YearlyRate, ...] = ()
    known_to = None
    match rule.interest:
        case InterestKind.STATUTORY:
            if law is None:
                raise StatutoryInterestUnknown
            points = law.consumer if consumer else law.business
            if points is None:
                raise StatutoryInterestUnknown
            base_rates = {each.valid_from: each.rate for each in law.base_rates}
            own = {each.valid_from: each.rate for each in rule.base_rates}
            rates = tuple(
                [YearlyRate(day, base + points, base)
                 for day, base in sorted((base_rates | own).items())]
            )  # fmt: skip
            later = any(day > law.known_to for day in own)
            known_to = None if later else law.known_to
        case InterestKind.YEARLY | InterestKind.MONTHLY:
            times = _MONTHS if rule.interest is InterestKind.MONTHLY else 1
            rates = (YearlyRate(date.min, (rule.rate or ZERO) * times),)
        case InterestKind.NONE:
            pass
    return Terms(
        rates=rates,
        known_to=known_to,
        day_count=rule.day_count,
        grace_days=rule.grace_days,
        cap=rule.cap,
        once=tuple(_once(rule, law, consumer=consumer, currency=currency)),
        source=law.source if law and rule.interest is InterestKind.STATUTORY else None,
    )


def _once(
    rule: LateFeeRule, law: LatePayment | None, *, consumer: bool, currency: str
) -> Iterator[tuple[str, Decimal]]:
    owed = law is not None and rule.lump_sum and not consumer and law.currency == currency
    if owed and law is not None and law.lump_sum:
        yield "lump_sum", law.lump_sum
    if rule.fee:
        yield "fee", rule.fee
