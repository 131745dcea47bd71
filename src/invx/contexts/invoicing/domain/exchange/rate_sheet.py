"""The exchange rates that one source has published for one month, as a tenant keeps them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from invx.contexts.invoicing.domain.exchange.exchange import PublishedRate, RateKind, source_of
from invx.contexts.invoicing.domain.exchange.rate_sheet_events import (
    CorrectedRate,
    ExchangeRatesCorrected,
    ExchangeRatesPublished,
    Publication,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Conflict, Invalid, NotFound, Problem, violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event
from invx.kernel.money import UnknownCurrency, exponent
from invx.rules.calendar.periods import MONTHS_PER_YEAR, Unit, calendar_key

RATE_MAX = Decimal("1E12")
RATE_PLACES_MAX = 12


class ExchangeRatesInvalid(Invalid):
    """The exchange rates cannot be kept as they are; `problems` names each."""


class RateKindDiffers(Conflict):
    """The source has rates of the other kind for this month already."""


class RateSheetNotFound(NotFound):
    """This source has no rates for this month."""


class ExchangeRateNotPublished(NotFound):
    """The source has no rate between these currencies for this day."""


@dataclass(frozen=True, slots=True)
class _Kept:
    last_day: date | None
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What became of rates that were stated."""

    published: int = 0
    corrected: int = 0
    unchanged: int = 0

    def plus(self, other: "Counted") -> "Counted":
        return Counted(
            published=self.published + other.published,
            corrected=self.corrected + other.corrected,
            unchanged=self.unchanged + other.unchanged,
        )

    @property
    def changed(self) -> bool:
        """Whether anything is known now that was not before."""
        return bool(self.published or self.corrected)


def month_of(day: date) -> str:
    """The month whose sheet holds a rate: 2026-11."""
    return calendar_key(day, Unit.MONTH)


def month_end(first_day: date) -> date:
    """The last day of the month that begins on a day."""
    years, month = divmod(first_day.month, MONTHS_PER_YEAR)
    return date.fromordinal(date(first_day.year + years, month + 1, 1).toordinal() - 1)


def rate_sheet_id(tenant_id: UUID, source: str, month: str) -> UUID:
    """The stream of a source's month: there is one, and two writers meet there."""
    return named_id(tenant_id, f"rate_sheet:{source}:{month}")


class RateSheet(Aggregate):
    """A source's month. Remembers each rate, so that the same file twice changes nothing."""

    source: str
    month: str
    kind: RateKind | None

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.kind = None
        self._rates: dict[tuple[str, str, date], _Kept] = {}

    @classmethod
    def begin(cls, tenant_id: UUID, source: str, month: str) -> Self:
        """Nothing is published yet."""
        begun = cls(rate_sheet_id(tenant_id, source, month))
        begun.source, begun.month = source, month
        return begun

    def publish(self, kind: RateKind, rates: Sequence[PublishedRate]) -> Counted:
        """State rates of this month; what is known already changes nothing. Raises RateKindDiffers.

        Another figure for a rate that is known is a correction. Call `rate_problems` first.
        """
        if self.kind not in (None, kind):
            problem = Problem("/kind", RateKindDiffers.code, f"{self.month} is {self.kind}.")
            raise RateKindDiffers(problems=[problem])
        new: list[PublishedRate] = []
        corrected: list[CorrectedRate] = []
        for each in rates:
            kept = self._rates.get((each.base, each.quote, each.first_day))
            if kept is None:
                new.append(each)
            elif kept.rate != each.rate:
                corrected.append(_correction(each, kept.rate))
        said: dict[str, Any] = {"source": self.source, "month": self.month, "kind": kind}
        if new:
            self.record(ExchangeRatesPublished(**said, publications=_publications(new)))
        if corrected:
            self.record(ExchangeRatesCorrected(**said, rates=tuple(corrected)))
        unchanged = len(rates) - len(new) - len(corrected)
        return Counted(published=len(new), corrected=len(corrected), unchanged=unchanged)

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case ExchangeRatesPublished():
                self.source, self.month, self.kind = event.source, event.month, event.kind
                for each in event.publications:
                    for quote, rate in each.rates.items():
                        kept = _Kept(each.last_day, rate)
                        self._rates[each.base, quote, each.first_day] = kept
            case ExchangeRatesCorrected():
                for one in event.rates:
                    kept = _Kept(one.last_day, one.rate)
                    self._rates[one.base, one.quote, one.first_day] = kept
            case _:
                violated(f"a rate sheet does not know {type(event).__name__}")

    def snapshot(self) -> dict[str, Any]:
        """All state as plain JSON values."""
        return {
            "source": self.source,
            "month": self.month,
            "kind": self.kind,
            "rates": [
                [*pair, day.isoformat(), _text(kept.last_day), str(kept.rate)]
                for (*pair, day), kept in self._rates.items()
            ],
        }

    @classmethod
    def restore(cls, id: UUID, version: int, snapshot: Mapping[str, Any]) -> Self:
        """The state at `version` from its snapshot."""
        sheet = cls(id)
        sheet.version = version
        sheet.source, sheet.month = snapshot["source"], snapshot["month"]
        sheet.kind = RateKind(snapshot["kind"])
        for base, quote, day, last_day, rate in snapshot["rates"]:
            last = date.fromisoformat(last_day) if last_day else None
            sheet._rates[base, quote, date.fromisoformat(day)] = _Kept(last, Decimal(rate))
        return sheet


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _correction(rate: PublishedRate, before: Decimal) -> CorrectedRate:
    return CorrectedRate(
        base=rate.base,
        quote=rate.quote,
        first_day=rate.first_day,
        last_day=rate.last_day,
        before=before,
        rate=rate.rate,
    )


def _publications(rates: Sequence[PublishedRate]) -> tuple[Publication, ...]:
    grouped: dict[tuple[str, date, date | None], dict[str, Decimal]] = {}
    for each in rates:
        group = grouped.setdefault((each.base, each.first_day, each.last_day), {})
        group[each.quote] = each.rate
    return tuple(
        Publication(base=base, first_day=first, last_day=last, rates=found)
        for (base, first, last), found in grouped.items()
    )


def rate_problems(
    source: str, kind: RateKind, rates: Sequence[PublishedRate], *, at: str = "/rates"
) -> list[Problem]:
    """Why these rates cannot be kept; empty when they can. Pointers name the rate by its index."""
    found = []
    expected = source_of(source).kind
    if expected not in (None, kind):
        detail = f"Rates of {source} are {expected}."
        found.append(Problem("/kind", "rate_kind_differs", detail))
    seen: dict[tuple[str, str, date], int] = {}
    for index, each in enumerate(rates):
        where = f"{at}/{index}"
        found += _problems(each, where)
        first = seen.setdefault((each.base, each.quote, each.first_day), index)
        if first != index and rates[first].rate != each.rate:
            detail = f"The rate {first} says {rates[first].rate} for the same day."
            found.append(Problem(where, "rate_twice", detail))
    return found


def _problems(rate: PublishedRate, at: str) -> list[Problem]:
    found = []
    for name, currency in (("base", rate.base), ("quote", rate.quote)):
        try:
            exponent(currency)
        except UnknownCurrency as unknown:
            found.append(Problem(f"{at}/{name}", unknown.code, unknown.detail))
    if rate.base == rate.quote:
        found.append(Problem(f"{at}/quote", "same_currency", "A rate has two currencies."))
    figure = rate.rate
    if not (figure.is_finite() and 0 < figure < RATE_MAX):
        detail = "A rate is above zero and has at most 12 digits before the point."
        found.append(Problem(f"{at}/rate", "rate_out_of_range", detail))
    elif round(figure, RATE_PLACES_MAX) != figure:
        detail = f"A rate has at most {RATE_PLACES_MAX} decimals."
        found.append(Problem(f"{at}/rate", "rate_too_long", detail))
    return found
