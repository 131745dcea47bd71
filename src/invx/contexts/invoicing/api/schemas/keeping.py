"""What is kept: retention by law, legal holds, and purges."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import (
    Code,
    DayOut,
    In,
    InvoiceRef,
    LegalEntityRef,
    LegalHoldRef,
    MomentOut,
    Out,
    Text,
)
from invx.infra.http.fields import TypeId

_LegalEntity = Annotated[UUID, TypeId("le")]


class LegalHoldIn(In):
    """What is held, and why. Give one of invoice, customer and legal entity."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [examples.LEGAL_HOLD, examples.LEGAL_HOLD_ON_ONE]}
    )

    invoice: Annotated[UUID, TypeId("inv")] | None = Field(None, description="One document.")
    customer: Code | None = Field(
        None, description="All of a customer, by your own id; also what comes later."
    )
    legal_entity: _LegalEntity | None = Field(None, description="All that it issued.")
    reason: Text

    @model_validator(mode="after")
    def _one(self) -> "LegalHoldIn":
        if sum(each is not None for each in (self.invoice, self.customer, self.legal_entity)) != 1:
            raise ValueError("give an invoice, a customer or a legal entity, one of them")
        return self


class ReleaseLegalHoldIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.LEGAL_HOLD_RELEASE]})

    reason: Text


class LegalHoldOut(Out):
    """Nothing of what it is on is erased or purged while it stands."""

    id: LegalHoldRef
    object: Literal["legal_hold"]
    version: int
    state: str = Field(description="`standing` or `released`.")
    scope: str = Field(description="`document`, `customer` or `legal_entity`.")
    invoice: InvoiceRef | None
    customer: str | None
    legal_entity: LegalEntityRef | None
    reason: str | None = Field(description="null once it was erased, after the release.")
    placed_at: MomentOut
    placed_by: str
    released_at: MomentOut | None
    released_by: str | None
    release_reason: str | None


class LegalHoldListOut(Out):
    object: Literal["list"]
    data: list[LegalHoldOut]
    has_more: bool
    next: str | None


class RetentionRuleOut(Out):
    """For how long the law keeps documents of a seller of a country."""

    country: str | None = Field(description="Of the seller, as frozen on documents.")
    one_stop_shop: bool = Field(description="Whether a one-stop shop is on the documents.")
    years: int
    from_: str = Field(alias="from", description="`end_of_year_of_issue`; more may come.")
    source: str | None = Field(
        description="The law; null where no country pack knows it, then the longest term counts."
    )


class RetentionCountsOut(Out):
    """Documents by what is first so: purged, held, kept, unsettled, ended. They sum to all."""

    kept: int = Field(description="The law keeps them still.")
    ended: int = Field(description="They may be purged.")
    held: int = Field(description="A legal hold stands on them.")
    unsettled: int = Field(description="The law lets go, but something is open or disputed.")
    purged: int


class RetentionDueOut(Out):
    until: DayOut = Field(description="The last day on which the law keeps them.")
    documents: int
    held: int = Field(description="How many of them a legal hold keeps longer.")


class RetentionOut(Out):
    """What the law keeps of a legal entity; counted now, of what was issued or imported."""

    object: Literal["retention"]
    legal_entity: LegalEntityRef
    as_of: DayOut
    rules: list[RetentionRuleOut]
    counts: RetentionCountsOut
    due: list[RetentionDueOut]


class RetentionListOut(Out):
    object: Literal["list"]
    data: list[RetentionOut]
    has_more: bool
    next: str | None


class PurgeIn(In):
    """Of which legal entity; of all when absent."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    legal_entity: _LegalEntity | None = None
