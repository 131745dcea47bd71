"""Exchange rates: stated one by one or as a file, listed, and looked up."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import (
    Country,
    Currency,
    Day,
    DayOut,
    DecimalOut,
    In,
    LegalEntityRef,
    MomentOut,
    Out,
    Positive,
)
from invx.contexts.invoicing.api.schemas.words import RateKind
from invx.contexts.invoicing.domain.exchange.exchange import PublishedRate, RatePurpose
from invx.contexts.invoicing.domain.exchange.exchange import RateKind as Kind
from invx.contexts.invoicing.domain.exchange.rate_sheet import month_end

SourceCode = Annotated[
    str,
    StringConstraints(pattern="^[a-z][a-z0-9_]{0,29}$"),
    Field(
        description="Who publishes: `ecb`, `bmf`, `hmrc`, `estv`, `bazg`, or one of your own.",
        examples=["ecb"],
    ),
]
_Month = Annotated[
    str,
    StringConstraints(pattern="^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$"),
    Field(examples=["2026-11"]),
]


class ExchangeRateIn(In):
    """Units of `quote` for one unit of `base`: of a day, or of a month."""

    base: Currency
    quote: Currency
    on: Day | None = Field(None, description="The day of a daily rate.")
    month: _Month | None = Field(None, description="The month of a monthly one.")
    rate: Positive

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if (self.on is None) == (self.month is None):
            raise PydanticCustomError("on_or_month", "State either `on` or `month`.")
        return self

    def published(self) -> PublishedRate:
        """As the domain has it."""
        first_day = self.on or date.fromisoformat(f"{self.month}-01")
        return PublishedRate(
            base=self.base,
            quote=self.quote,
            first_day=first_day,
            last_day=None if self.on else month_end(first_day),
            rate=Decimal(self.rate),
        )


class ExchangeRatesIn(In):
    """Rates of one source, all for days or all for months.

    A known one with another figure is a correction; the same figure changes nothing.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EXCHANGE_RATES]})

    source: SourceCode
    rates: list[ExchangeRateIn] = Field(min_length=1, max_length=1_000)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if len({each.on is None for each in self.rates}) > 1:
            raise PydanticCustomError("one_kind", "State only days, or only months.")
        return self

    @property
    def kind(self) -> Kind:
        return Kind.DAILY if self.rates[0].on else Kind.MONTHLY


class LookupQuery(BaseModel):
    """Units of `to` for one unit of `from`, for a purpose of a legal entity."""

    model_config = ConfigDict(extra="forbid")

    purpose: RatePurpose
    base: Currency = Field(alias="from")
    quote: Currency = Field(alias="to")
    on: Day | None = Field(None, description="Today in the legal entity's zone when absent.")
    legal_entity: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="The only one when absent.", examples=["le_01jd0y7ct4f6d9zq8x3s5v2w1k"]
    )
    country: Country | None = Field(
        None, description="Whose tax it is, for `tax`; the legal entity's own when absent."
    )


class ExchangeRateOut(Out):
    """One published rate: units of `quote` for one unit of `base`."""

    object: Literal["exchange_rate"]
    source: str
    kind: RateKind
    base: str
    quote: str
    rate: DecimalOut
    first_day: DayOut
    last_day: DayOut | None = Field(description="Null of a daily rate: it holds until the next.")
    corrected: bool = Field(description="Another figure was published before.")
    recorded_at: MomentOut


class ExchangeRateListOut(Out):
    object: Literal["list"]
    data: list[ExchangeRateOut]
    has_more: bool
    next: str | None


class ExchangeRatesTakenOut(Out):
    """What became of the rates. Documents that waited for them are looked after at once."""

    object: Literal["exchange_rates_taken"]
    source: str
    kind: RateKind
    published: int = Field(description="Not known before.")
    corrected: int = Field(description="Known with another figure before.")
    unchanged: int
    first_day: DayOut
    last_day: DayOut
    ignored: list[str] = Field(description="Currencies of the file that are in use no more.")


class ExchangeRateLookupOut(Out):
    """Units of `to` for one unit of `from`. A cross rate is rounded once, to 15 digits."""

    object: Literal["exchange_rate_lookup"]
    purpose: str
    legal_entity: LegalEntityRef | None
    source: str
    from_: str = Field(alias="from")
    to: str
    on: DayOut
    rate: DecimalOut
    rate_day: DayOut = Field(description="The first day on which the published rate held.")
