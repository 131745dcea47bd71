"""A tenant's own tax rates: tables for the United States and Canada, and rows over a pack."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import (
    Code,
    Country,
    Day,
    DayOut,
    DecimalOut,
    Flag,
    In,
    Name,
    Out,
    Percent,
    Text,
)
from invx.kernel import limits
from invx.rules.tax.model import SupplyKind

_PLACES = limits.TAX_RATE_PLACES_MAX
_ROWS = limits.TAX_OVERRIDE_ROWS_MAX
_Region = Annotated[
    str, StringConstraints(pattern="^[A-Z]{2}$"), Field(description="As in ISO 3166-2, behind US-.")
]
_RateCode = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]*$", max_length=100)]


class TaxRateIn(In):
    """One tax of one place. All rows that match a supply apply together."""

    region: _Region
    code: Code = Field(description="Its category on documents.", examples=["STATE", "CITY", "GST"])
    name: Name = Field(description="Of the jurisdiction.", examples=["Austin"])
    rate: Percent
    kinds: list[SupplyKind] = Field(
        min_length=1, max_length=len(SupplyKind), description="The supplies that it is due for."
    )
    cities: list[Name] = Field(
        default=[],
        max_length=_PLACES,
        description="Without cities and postal codes it holds in the whole region.",
    )
    postal_codes: list[Code] = Field(
        default=[],
        max_length=_PLACES,
        description="Codes, ranges, beginnings.",
        examples=[["78701-78799", "733*"]],
    )
    categories: list[Code] = Field(
        default=[],
        max_length=_PLACES,
        description="Product tax categories. A row that names one comes before one that does not.",
    )
    valid_from: Day
    valid_until: Day | None = None
    source: Name = Field(description="Who says so.", examples=["Tex. Tax Code 151.051"])


class TaxRateTableIn(In):
    """All rates of a country; an empty list takes them back."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TAX_RATE_TABLE]})

    rates: list[TaxRateIn] = Field(max_length=limits.TAX_RATES_PER_TABLE_MAX)
    origin_regions: list[_Region] = Field(
        default=[],
        max_length=70,
        description="Where sellers of the region apply the rates of their own place.",
    )


class PackRateIn(In):
    """A rate of a country; the next row of its code and territory ends it."""

    code: _RateCode
    rate: Percent
    valid_from: Day
    valid_until: Day | None = None
    territory: Code | None = None
    source: Name


class PackCategoryIn(In):
    """How a product tax category is taxed: by exactly one of rate, exempt, asks."""

    code: _RateCode
    rate: _RateCode | None = Field(None, description="The code of a rate.")
    exempt: _RateCode | None = Field(None, description="The key of the text that says why.")
    asks: Name | None = Field(None, description="What has to be known first.")
    reverse_charge: Flag = Field(False, description="Whether a business buyer owes the tax.")
    reason_code: Code | None = Field(None, examples=["VATEX-EU-132-1C"])
    kinds: list[SupplyKind] = Field(default=[], max_length=len(SupplyKind))
    valid_from: Day
    valid_until: Day | None = None
    territory: Code | None = None
    source: Name


class PackTextIn(In):
    key: _RateCode
    language: Annotated[str, StringConstraints(pattern="^[a-z]{2}$")]
    text: Name


class TaxOverridesIn(In):
    """What lies over the pack of a country: rows, or the text of a pack. It replaces all before."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TAX_OVERRIDES]})

    pack: (
        Annotated[str, StringConstraints(min_length=1, max_length=limits.TAX_PACK_CHARS_MAX)] | None
    ) = Field(None, description="The text of a pack (TOML). Then there are no rows beside it.")
    pack_version: Code = Field("own", description="Shown behind that of the shipped pack.")
    rates: list[PackRateIn] = Field(default=[], max_length=_ROWS)
    categories: list[PackCategoryIn] = Field(default=[], max_length=_ROWS)
    texts: list[PackTextIn] = Field(default=[], max_length=_ROWS)
    sources: dict[_RateCode, Name] = Field(default={}, max_length=_ROWS)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        rows = bool(self.rates or self.categories or self.texts or self.sources)
        if rows == (self.pack is not None):
            raise PydanticCustomError("pack_or_rows", "State either a pack or rows, and not both.")
        return self

    def rows(self) -> dict[str, Any]:
        """The rows as a pack's text has them."""
        return {
            "version": self.pack_version,
            "rates": [_row(each) for each in self.rates],
            "categories": [_row(each) for each in self.categories],
            "texts": [_row(each) for each in self.texts],
            "sources": self.sources,
        }


def _row(row: In) -> dict[str, Any]:
    renamed = {"valid_from": "from", "valid_until": "until"}
    found = {renamed.get(name, name): value for name, value in row if value is not None}
    if isinstance(found.get("rate"), Decimal):
        found["rate"] = str(found["rate"])
    return found


class TaxRateOut(Out):
    region: str
    code: str
    name: str
    rate: DecimalOut
    kinds: list[str]
    cities: list[str]
    postal_codes: list[str]
    categories: list[str]
    valid_from: DayOut
    valid_until: DayOut | None
    source: str


class TaxRateTableHeadOut(Out):
    object: Literal["tax_rate_table"]
    country: Country
    version: int
    rows: int


class TaxRateTableOut(TaxRateTableHeadOut):
    """The rates that you keep for a country. Documents name the version that they used."""

    origin_regions: list[str]
    rates: list[TaxRateOut]


class TaxRateTableListOut(Out):
    object: Literal["list"]
    data: list[TaxRateTableHeadOut]
    has_more: bool
    next: str | None


class PackRateOut(Out):
    code: str
    rate: DecimalOut
    valid_from: DayOut
    valid_until: DayOut | None
    territory: str | None
    source: str


class PackCategoryOut(Out):
    code: str
    rate: str | None
    exempt: str | None
    asks: str | None
    reverse_charge: bool
    reason_code: str | None
    kinds: list[str]
    valid_from: DayOut
    valid_until: DayOut | None
    territory: str | None
    source: str


class PackTextOut(Out):
    key: str
    language: str
    text: Text


class TaxOverridesHeadOut(Out):
    object: Literal["tax_overrides"]
    country: Country
    version: int
    rows: int


class TaxOverridesOut(TaxOverridesHeadOut):
    """What lies over the pack of a country, as rows; `pack` is the text, if it came as one."""

    name: str
    pack_version: str
    pack: str | None
    rates: list[PackRateOut]
    categories: list[PackCategoryOut]
    texts: list[PackTextOut]
    sources: dict[str, str]


class TaxOverridesListOut(Out):
    object: Literal["list"]
    data: list[TaxOverridesHeadOut]
    has_more: bool
    next: str | None
