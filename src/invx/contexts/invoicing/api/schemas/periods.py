"""Closed periods of a legal entity."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import (
    Day,
    DayOut,
    Flag,
    In,
    LegalEntityRef,
    MomentOut,
    Out,
    RegistrationRef,
    Text,
)
from invx.contexts.invoicing.read.tax_periods import PERIOD
from invx.infra.http.fields import TypeId

_Registration = Annotated[UUID, TypeId("reg")]
_HARD = "For good: nobody can open it again."


class CloseIn(In):
    """How far a kind is closed; further than before, never less."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CLOSING]})

    closed_through: Day = Field(
        description="The last closed day, before today; of `tax` the last of a month."
    )
    registration: _Registration | None = Field(
        None, description="Of `tax`: only what this registration files."
    )
    hard: Flag = Field(False, description=_HARD)


class ReopenIn(In):
    """What is to be open again, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REOPENING]})

    closed_through: Day | None = Field(
        description="The last day that stays closed; null: none does."
    )
    registration: _Registration | None = None
    reason: Text


class CloseReturnIn(In):
    """A return that was filed."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CLOSING_OF_RETURN]})

    registration: _Registration
    period: Annotated[str, StringConstraints(pattern=f"^{PERIOD}$")] = Field(
        description="A month, a quarter or a year.", examples=["2026-10", "2026-Q3"]
    )
    hard: Flag = Field(False, description=_HARD)


class PeriodOut(Out):
    kind: str = Field(description="`documents`, `payments`, `tax`, `accounting`; more may come.")
    registration: RegistrationRef | None
    closed_through: DayOut | None = Field(description="The last closed day; null: all is open.")
    closed_for_good: DayOut | None = Field(description="The last day that nobody opens again.")


class PeriodsOut(Out):
    """How far each kind is closed. `version` is that of the legal entity."""

    object: Literal["periods"]
    legal_entity: LegalEntityRef
    version: int
    periods: list[PeriodOut]


class PeriodChangeOut(Out):
    """A period was closed, or opened again."""

    object: Literal["period_change"]
    version: int
    kind: str
    registration: RegistrationRef | None
    action: str = Field(description="`closed` or `reopened`.")
    before: DayOut | None = Field(description="The last closed day until then.")
    closed_through: DayOut | None = Field(description="The last closed day from then on.")
    hard: bool
    cause: str | None = Field(description="Of closing: `by_hand`, `return` or `schedule`.")
    reason: str | None = Field(description="Of opening.")
    actor: str
    at: MomentOut


class PeriodChangeListOut(Out):
    object: Literal["list"]
    data: list[PeriodChangeOut]
    has_more: bool
    next: str | None
