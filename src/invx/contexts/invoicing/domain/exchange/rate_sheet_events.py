"""What happens to the exchange rates that a tenant keeps. Nothing published is ever overwritten."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.domain.exchange.exchange import RateKind
from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The rates of one base for one day or month: units of each currency for one of the base."""

    base: str
    first_day: date
    last_day: date | None
    rates: dict[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedRate:
    """A rate that was published anew with another figure."""

    base: str
    quote: str
    first_day: date
    last_day: date | None
    before: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRatesPublished(Event):
    """Rates that were not known before, of one source and month."""

    source: str
    month: str  # 2026-11
    kind: RateKind
    publications: tuple[Publication, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRatesCorrected(Event):
    """Rates that are others from now on; documents keep what they were converted at."""

    source: str
    month: str
    kind: RateKind
    rates: tuple[CorrectedRate, ...]
