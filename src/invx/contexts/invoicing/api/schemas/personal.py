"""Erasure of personal data."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import (
    Code,
    DayOut,
    ErasureRef,
    In,
    InvoiceRef,
    LegalHoldRef,
    Out,
)
from invx.infra.http.fields import TypeId


class ErasureIn(In):
    """Whose personal data is to be erased: a customer's, or that of whomever one document is for.

    Give one of the two.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [examples.ERASURE, examples.ERASURE_OF_ONE]}
    )

    invoice: Annotated[UUID, TypeId("inv")] | None = Field(
        None, description="The document, when its buyer is no customer with an id of yours."
    )
    customer: Code | None = Field(
        None,
        description="Your own id of the customer, as given with the buyer.",
        validate_default=True,
    )

    @field_validator("customer")
    @classmethod
    def _either(cls, customer: str | None, info: ValidationInfo) -> str | None:
        if "invoice" not in info.data:  # it is wrong itself, which is said already
            return customer
        if customer is None and info.data["invoice"] is None:
            raise PydanticCustomError("missing", "Give a customer or an invoice.")
        if customer is not None and info.data["invoice"] is not None:
            raise PydanticCustomError("one_of_two", "Give a customer or an invoice, not both.")
        return customer


class KeptOut(Out):
    """A document that stays: the law wants it kept, or a legal hold."""

    invoice: InvoiceRef
    number: str | None
    until: DayOut | None = Field(description="The last day of the law; null: only a hold keeps it.")
    reason: str
    source: str | None = Field(description="The law, where a country pack names it.")
    hold: LegalHoldRef | None = Field(description="The legal hold that keeps it, if one does.")


class ErasureOut(Out):
    """What was erased, and what the law or a legal hold keeps."""

    id: ErasureRef
    object: Literal["erasure"]
    version: int
    customer: str | None = Field(description="As asked for; it is said once and not kept.")
    invoice: InvoiceRef | None = Field(description="As asked for.")
    erased: list[InvoiceRef]
    kept: list[KeptOut]
    holds: list[LegalHoldRef] = Field(
        description="The legal holds that stopped anything: released, it goes on by itself."
    )
    next_on: DayOut | None = Field(
        description="The day on which more goes by itself; null: the law keeps nothing."
    )
