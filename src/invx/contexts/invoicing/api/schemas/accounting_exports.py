"""Accounting exports: what one is opened with, and what is shown of it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import (
    AccountingExportRef,
    Code,
    Day,
    DayOut,
    Flag,
    In,
    LegalEntityRef,
    MomentOut,
    Name,
    Out,
    Whole,
)
from invx.contexts.invoicing.api.schemas.words import ExportFormat, ExportStatus
from invx.infra.http.fields import TypeId

_Debtor = Annotated[int, Field(strict=True, ge=10_000, le=999_999_999)]


class ExportSettingsIn(In):
    """What the destination is told. What is left out, or null, is as in the last export to it."""

    consultant: Whole | None = Field(None, description="DATEV's number of the tax adviser.")
    client: Whole | None = Field(None, description="The number of the business there.")
    account_length: Whole | None = Field(
        None, ge=4, le=8, description="Digits of the ledger's accounts; 4 at first."
    )
    year_begins: Whole | None = Field(
        None, ge=1, le=12, description="The month of the fiscal year's start; 1 at first."
    )
    label: Name | None = Field(None, description="Of the batch; 30 characters are shown.")
    dictation_code: Annotated[str, StringConstraints(pattern="^([A-Z]{2}){0,2}$")] | None = None
    fixed: Flag | None = Field(None, description="Whether an import locks the batch.")
    chart: Literal["", "03", "04"] | None = Field(
        None, description="SKR03 or SKR04, as DATEV calls them."
    )
    service_dates: Flag | None = Field(
        None, description="Whether days of supply are told; DATEV must be set up for them."
    )
    clearing_account: Annotated[str, StringConstraints(pattern="^([0-9]{3,8})?$")] | None = Field(
        None, description="Between two documents of a buyer; 1590, or 1370 of SKR04."
    )
    debtors_first: _Debtor | None = Field(None, description="10000 at first.")
    debtors_last: _Debtor | None = Field(None, description="69999 at first.")
    collective: _Debtor | None = Field(
        None, description="Of buyers without a customer id; at first the last of the range."
    )


class AccountingExportIn(In):
    """Take all bookings up to a day that the destination does not have."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ACCOUNTING_EXPORT]})

    legal_entity: Annotated[UUID, TypeId("le")] | None = Field(
        None, description="May be left out when there is only one."
    )
    format: Literal["datev", "csv", "jsonl"] = "datev"
    destination: Code | None = Field(
        None,
        description="Who gets it, by a name of yours. Each destination gets every booking once;"
        " that of the format by default.",
    )
    until: Day
    settings: ExportSettingsIn | None = None


class CancelExportIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.REASON]})

    reason: Name | None = None


class ExportSettingsOut(Out):
    """The settings, frozen with the export."""

    consultant: int | None
    client: int | None
    account_length: int
    year_begins: int
    label: str | None
    dictation_code: str
    fixed: bool
    chart: str
    service_dates: bool
    clearing_account: str
    debtors_first: int
    debtors_last: int
    collective: int


class ExportFileOut(Out):
    """The file as it was first made."""

    name: str
    media_type: str
    sha256: str
    size: int


class AccountingExportOut(Out):
    """Bookings that a destination was given."""

    id: AccountingExportRef
    object: Literal["accounting_export"]
    version: int
    legal_entity: LegalEntityRef
    destination: str
    format: ExportFormat
    status: ExportStatus
    until: DayOut
    bookings: int
    first_day: DayOut
    last_day: DayOut
    more: bool = Field(description="Others wait that did not fit: open another export.")
    settings: ExportSettingsOut
    file: ExportFileOut | None = Field(description="Null until somebody has read it.")
    opened_at: MomentOut
    opened_by: str
    handed_over_at: MomentOut | None
    handed_over_by: str | None
    cancelled_at: MomentOut | None
    cancelled_by: str | None
    reason: str | None


class AccountingExportListOut(Out):
    object: Literal["list"]
    data: list[AccountingExportOut]
    has_more: bool
    next: str | None


class DataAccessQuery(BaseModel):
    """Whose books, and which days: from the first to the last of them."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    legal_entity: Annotated[
        str,
        Field(max_length=64, examples=["le_01jd0y7ct4f6d9zq8x3s5v2w1k"]),
    ]
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
