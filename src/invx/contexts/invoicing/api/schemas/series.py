"""Series of document numbers."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import (
    Code,
    DayOut,
    Flag,
    In,
    LegalEntityRef,
    MomentOut,
    Name,
    Out,
    SeriesRef,
    Whole,
)
from invx.contexts.invoicing.api.schemas.words import Reset, SeriesHold
from invx.infra.http.fields import TypeId

_NUMBER_MAX = 10**12


class SeriesIn(In):
    """A series of numbers. `{YYYY}`, `{YY}`, `{MM}` and one `{number}` (or `{number:05}`)."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SERIES]})

    legal_entity: Annotated[UUID, TypeId("le")] | None = Field(
        None, description="May be left out when there is only one."
    )
    name: Name
    pattern: Code = Field(examples=["{YYYY}-{number:04}"])
    types: list[Literal["invoice", "credit_note", "proforma"]] = Field(min_length=1, max_length=3)
    reset: Literal["none", "yearly", "monthly"] = "yearly"
    start: Whole = Field(1, ge=1, le=_NUMBER_MAX)
    default: Flag = Field(True, description="Whether these types draw from it from now on.")


class NextNumberIn(In):
    """The number to draw next, as when moving from another system. Never below the last."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEXT_NUMBER]})

    next: Whole = Field(ge=1, le=_NUMBER_MAX)
    period: Annotated[str, Field(pattern=r"^([0-9]{4}(-[0-9]{2})?)?$")] | None = Field(
        None, description="Such as 2026 or 2026-11; the running one when absent."
    )
    reason: Name


class HoldSeriesIn(In):
    """Why a series is put on hold, or released; it stays in the history."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.HOLD_SERIES]})

    reason: Name


class SeriesOut(Out):
    """A series and where it stands."""

    id: SeriesRef
    object: Literal["series"]
    version: int
    legal_entity: LegalEntityRef
    name: str
    pattern: str
    types: list[str]
    reset: Reset
    legal: bool = Field(description="Whether its numbers are those of legal documents.")
    held: bool = Field(description="On hold: no number is drawn.")
    hold: SeriesHold | None = Field(
        description="Why; `restored` until the operator has reconciled the series of a database"
        " that was restored, promoted or copied."
    )
    period: str = Field(description="The running one, such as 2026; empty without a reset.")
    last_number: int
    last_date: DayOut | None = Field(description="Dates never go back within a period.")
    created_at: MomentOut


class SeriesListOut(Out):
    object: Literal["list"]
    data: list[SeriesOut]
    has_more: bool
    next: str | None


class GapOut(Out):
    """Numbers from first to last that no document has."""

    period: str
    first: int
    last: int
    reason: str | None
    actor: str | None


class GapReportOut(Out):
    """Missing numbers. `complete` says that each has a reason; otherwise something is wrong."""

    object: Literal["gap_report"]
    series: SeriesRef
    complete: bool
    gaps: list[GapOut]
