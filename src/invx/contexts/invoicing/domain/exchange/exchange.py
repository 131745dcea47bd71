"""Exchange rates as sources publish them, and the rate between two currencies on a day.

One direction everywhere: a rate is units of `quote` for one unit of `base`, and what is asked for
is units of the target for one unit of the document's currency (0.9204 EUR for one USD). A rate
that is published just so is taken with its digits. Any other is one exact quotient of published
ones, rounded once, half away from zero, to RATE_DIGITS significant digits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from typing import TypeAlias

from invx.kernel.money import EXACT, quantize
from invx.rules.calendar.target import is_target_day

RATE_DIGITS = 15
OWN_DAYS_MAX = 7  # for which a daily rate of a source without a calendar of ours goes on to hold
_ONE = Decimal(1)
_ROUNDING = Context(prec=RATE_DIGITS, rounding=ROUND_HALF_UP)

Pair: TypeAlias = tuple[str, str]  # base, quote
_Fraction: TypeAlias = tuple[Decimal, Decimal]


class RatePurpose(StrEnum):
    """What a rate is for; each has a source of its own."""

    BOOK = "book"  # the document in the currency of the books
    TAX = "tax"  # the tax in the currency of the tax office
    SETTLEMENT = "settlement"  # money received, where the bank's own figure is not known


class RateKind(StrEnum):
    """How long a published rate holds: from its day until the next one, or for one month."""

    DAILY = "daily"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Source:
    """Who publishes rates, and around which currency."""

    code: str
    kind: RateKind | None  # None: as its first rates of a month say
    pivot: str
    title: str


_KNOWN = (
    Source("ecb", RateKind.DAILY, "EUR", "ECB euro reference rates"),
    Source("bmf", RateKind.MONTHLY, "EUR", "German ministry of finance, monthly averages"),
    Source("hmrc", RateKind.MONTHLY, "GBP", "HMRC monthly exchange rates"),
    Source("estv", RateKind.MONTHLY, "CHF", "Swiss Federal Tax Administration, monthly averages"),
    Source("bazg", RateKind.DAILY, "CHF", "Swiss Federal Office for Customs, daily rates"),
)
SOURCES: Mapping[str, Source] = {each.code: each for each in _KNOWN}


def source_of(code: str) -> Source:
    """A known source, or a tenant's own, whose cross rates go through the euro."""
    return SOURCES.get(code) or Source(code, None, "EUR", code)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRate:
    """One rate as published. `last_day` is None for a daily one: it holds until the next."""

    base: str
    quote: str
    first_day: date
    last_day: date | None = None
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RateQuestion:
    """Units of `quote` for one unit of `base` on a day, by a source."""

    source: str
    base: str
    quote: str
    on: date

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The published pairs that can answer it."""
        pivot = source_of(self.source).pivot
        ways = ((self.base, self.quote), (pivot, self.base), (pivot, self.quote))
        both = [pair for one, other in ways for pair in ((one, other), (other, one))]
        return tuple(dict.fromkeys(pair for pair in both if pair[0] != pair[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """The answer: `rate` units of the target for one of the document's currency.

    `day` is the first day of what was published: the day itself, or the month.
    """

    rate: Decimal
    source: str
    day: date

    def of(self, amount: Decimal, currency: str) -> Decimal:
        """An amount in the target currency, on its unit."""
        return converted(amount, self.rate, currency)


def converted(amount: Decimal, rate: Decimal, currency: str) -> Decimal:
    """An amount at a rate, on the unit of the target currency; rounded once."""
    return quantize(EXACT.multiply(amount, rate), currency)


def rate_between(
    question: RateQuestion, published: Iterable[PublishedRate], today: date
) -> ExchangeRate | None:
    """The answer from the last rate of each pair, published on or before the day; None if none.

    A daily rate that a later publication has replaced, which was not imported, is not taken.
    """
    rates = {
        (each.base, each.quote): each
        for each in published
        if _holds(each, question.on, today, question.source)
    }
    direct = _legs(rates, question.base, question.quote)
    if direct is not None:
        (above, below), day = direct
    else:
        pivot = source_of(question.source).pivot
        to, frm = _legs(rates, pivot, question.quote), _legs(rates, pivot, question.base)
        if to is None or frm is None:
            return None
        above = EXACT.multiply(to[0][0], frm[0][1])
        below = EXACT.multiply(to[0][1], frm[0][0])
        day = min(to[1], frm[1])
    return ExchangeRate(rate=_quotient(above, below), source=question.source, day=day)


def _legs(
    rates: Mapping[Pair, PublishedRate], base: str, quote: str
) -> tuple[_Fraction, date] | None:
    """Units of `quote` for one `base` as a fraction, from the pair or from the pair turned."""
    if found := rates.get((base, quote)):
        return (found.rate, _ONE), found.first_day
    if found := rates.get((quote, base)):
        return (_ONE, found.rate), found.first_day
    return None


def _quotient(above: Decimal, below: Decimal) -> Decimal:
    if below == _ONE:
        return above
    return plain(_ROUNDING.plus(EXACT.divide(above, below)))


def plain(number: Decimal) -> Decimal:
    """Without trailing zeros, and without an exponent above zero."""
    short = EXACT.normalize(number)
    exponent = short.as_tuple().exponent
    return EXACT.quantize(short, _ONE) if isinstance(exponent, int) and exponent > 0 else short


def _holds(published: PublishedRate, on: date, today: date, source: str) -> bool:
    first = published.first_day
    if published.last_day is not None:
        return first <= on <= published.last_day
    if first > on or first == on:
        return first == on
    if source_of(source).kind is None:
        return (on - first).days <= OWN_DAYS_MAX
    # Directive 2006/112/EC, Article 91(2): the latest rate published when tax becomes chargeable.
    # The rate of today may still be to come; one of a past day is there or was not imported.
    last = on - timedelta(1) if on >= today else on
    days = (last - first).days
    return days <= OWN_DAYS_MAX and not any(
        is_target_day(first + timedelta(step)) for step in range(1, days + 1)
    )
