"""Deferred and recognised revenue."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import (
    Amount,
    Code,
    Day,
    DayOut,
    In,
    InvoiceRef,
    LegalEntityRef,
    Out,
)
from invx.contexts.invoicing.api.schemas.words import RecognitionKind, RecognitionMethod
from invx.infra.http.fields import TypeId


class MilestoneReachedIn(In):
    """A part of a line is earned."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MILESTONE]})

    line: Code = Field(description="The id of the line.")
    milestone: Code
    on: Day | None = Field(None, description="The day it was reached; today when absent.")


class PlannedOut(Out):
    """What is still to be recognised; a milestone has no month before it is reached."""

    part: str
    month: str | None = Field(examples=["2027-03"])
    amount: Amount


class RecognitionLineOut(Out):
    """A line: deferred and recognised are its net less what was credited."""

    line_id: str
    method: RecognitionMethod
    net: Amount
    deferred: Amount
    recognized: Amount
    credited: Amount
    plan: list[PlannedOut]


class RecognitionEntryOut(Out):
    """One movement of deferred or recognised revenue."""

    line_id: str
    kind: RecognitionKind
    part: str = Field(description="A month, a milestone, or the id of what caused it.")
    on: DayOut
    amount: Amount
    booked: Amount | None = Field(description="In the currency of the books.")
    book_currency: str
    revenue_account: str | None
    deferral_account: str | None


class RecognitionOut(Out):
    object: Literal["recognition"]
    invoice: InvoiceRef
    currency: str
    lines: list[RecognitionLineOut]
    entries: list[RecognitionEntryOut]


class RevenueQuery(BaseModel):
    """Whose revenue, and of which months."""

    model_config = ConfigDict(extra="forbid")

    legal_entity: Annotated[UUID, TypeId("le")]
    first: date = Field(alias="from")
    last: date = Field(alias="to")


class RevenueMonthOut(Out):
    """A month: `balance` is what is deferred at its end, of this month and all before."""

    month: str = Field(examples=["2027-03"])
    currency: str
    account: str | None = Field(description="Of the revenue, where books are kept.")
    deferred: Amount
    recognized: Amount
    credited: Amount = Field(description="Taken back while it was deferred.")
    reversed: Amount = Field(description="Taken back after it was recognised.")
    balance: Amount


class RevenueOut(Out):
    object: Literal["revenue_recognition"]
    legal_entity: LegalEntityRef
    months: list[RevenueMonthOut]
