"""Returns: a VAT return in its boxes, an EC sales list, the return of a one-stop shop."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from invx.contexts.invoicing.api.schemas.values import (
    Amount,
    DecimalOut,
    InvoiceRef,
    LegalEntityRef,
    Out,
    RegistrationRef,
)
from invx.contexts.invoicing.api.schemas.words import (
    Regime,
    ReturnPeriod,
    TaxCause,
    TaxReason,
    TaxSupply,
)
from invx.contexts.invoicing.read.tax_periods import PERIOD, QUARTER

_Registration = Annotated[
    str,
    Field(
        max_length=64,
        description="The registration that files, as `GET /v1/tax/summary` names them.",
        examples=["reg_01jd0y7ct4f6d9zq8x3s5v2w1k"],
    ),
]
Period = Annotated[
    str,
    Field(
        pattern=f"^{PERIOD}$",
        description="A month, a quarter or a year.",
        examples=["2026-11", "2026-Q4", "2026"],
    ),
]
Quarter = Annotated[str, Field(pattern=f"^{QUARTER}$", examples=["2026-Q4"])]
_Entries = Annotated[
    str,
    Field(
        description="The address of exactly these entries.",
        examples=["/v1/tax/entries?period=2026-Q4&treatment=vat/domestic/-/S/19/DE"],
    ),
]


class ReturnQuery(BaseModel):
    """Whose return, and of which period."""

    model_config = ConfigDict(extra="forbid")

    registration: _Registration
    period: Period


class SalesListFileQuery(ReturnQuery):
    """The same with the form of the file."""

    format: Literal["csv", "zm"] = Field(
        "csv", description="`zm` is what the German tax office's portal imports."
    )


class OssQuery(BaseModel):
    """Whose return, and of which quarter."""

    model_config = ConfigDict(extra="forbid")

    registration: _Registration
    quarter: Quarter


class _SumOut(Out):
    base: Amount
    tax: Amount
    count: int


class _ReturnOut(Out):
    legal_entity: LegalEntityRef
    registration: RegistrationRef
    country: str
    return_period: ReturnPeriod | None = Field(
        description="How often it files; null when the legal entity has the registration no more."
    )
    currency: str


class ReturnFormOut(Out):
    """The form that the boxes are of."""

    name: str
    source: str


class BoxOut(_SumOut):
    """A box of the form. `stated` is what the form asks for, the sums beside it are exact."""

    code: str
    label: str
    group: str = Field(
        description="An entry is in one box of `main` at most; others state some of them again.",
        examples=["main"],
    )
    figure: Literal["base", "tax"]
    stated: Amount
    source: str = Field(description="The law that the box follows from.")
    entries: _Entries | None = Field(description="Null when it has none.")


class UnassignedOut(_SumOut):
    """Entries that no box of `main` takes, and why."""

    reason: TaxReason
    law: str | None = Field(description="By which the form leaves them out, when it does.")
    regime: Regime
    scheme: str | None
    supply: TaxSupply | None
    category: str
    rate: DecimalOut
    jurisdiction: str | None
    cause: TaxCause
    currency: str
    entries: _Entries


class TaxReturnOut(_ReturnOut):
    """A VAT return as far as sales are in it: boxes of `main` and the unassigned are all of it."""

    object: Literal["tax_return"]
    period: Period
    form: ReturnFormOut | None = Field(description="Null when the country's pack has none.")
    boxes: list[BoxOut]
    unassigned: list[UnassignedOut]
    totals: _SumOut
    entries: _Entries


class SalesCorrectionOut(Out):
    """What corrects supplies of an earlier period."""

    origin_period: str
    base: Amount
    entries: _Entries


class SalesListRowOut(Out):
    """What one buyer was supplied with. `of_period` and the corrections make `base`."""

    vat_id: str | None = Field(description="Null without one, or when it was erased.")
    partner: str | None
    code: str = Field(
        description="`L` goods, `S` services, `D` the middle party's triangular sale.",
        examples=["L"],
    )
    invoice: InvoiceRef | None = Field(description="The document, when there is no VAT id.")
    stated: Amount = Field(description="In whole units, as the list asks for.")
    base: Amount
    of_period: Amount
    corrections: list[SalesCorrectionOut]
    count: int
    entries: _Entries


class SalesListRestOut(Out):
    """What cannot be listed before it is converted."""

    reason: TaxReason
    code: str
    currency: str
    base: Amount
    count: int
    entries: _Entries


class SalesListOut(_ReturnOut):
    """The EC sales list (recapitulative statement) of a registration and period."""

    object: Literal["ec_sales_list"]
    period: Period
    rows: list[SalesListRowOut]
    unassigned: list[SalesListRestOut]
    total: Amount
    total_stated: Amount


class OssSupplyOut(_SumOut):
    """Supplies of the quarter to one member state."""

    country: str = Field(description="The member state of consumption; Greece is EL.")
    supply: TaxSupply | None = Field(description="Null when no line said it: the return asks.")
    rate: DecimalOut
    entries: _Entries


class OssCorrectionOut(_SumOut):
    """What corrects an earlier quarter's supplies to one member state."""

    country: str
    quarter: Quarter
    entries: _Entries


class OssRestOut(_SumOut):
    """What the return cannot state before it is converted to euros."""

    reason: TaxReason
    country: str | None
    currency: str
    entries: _Entries


class OssReturnOut(_ReturnOut):
    """The return of a one-stop shop: supplies, corrections and the rest are all of the ledger."""

    object: Literal["oss_return"]
    quarter: Quarter
    supplies: list[OssSupplyOut]
    corrections: list[OssCorrectionOut]
    unassigned: list[OssRestOut]
    totals: _SumOut
    entries: _Entries
