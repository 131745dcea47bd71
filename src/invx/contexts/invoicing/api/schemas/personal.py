"""Erasure of personal data."""

from typing import Literal

from pydantic import ConfigDict, Field

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import Code, DayOut, In, InvoiceRef, Out


class ErasureIn(In):
    """Whose personal data is to be erased."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ERASURE]})

    customer: Code = Field(description="Your own id of the customer, as given with the buyer.")


class KeptOut(Out):
    """A document that the law wants kept, and until when."""

    invoice: InvoiceRef
    number: str | None
    until: DayOut
    reason: str


class ErasureOut(Out):
    """What was erased, and what the law keeps."""

    object: Literal["erasure"]
    customer: str
    erased: list[InvoiceRef]
    kept: list[KeptOut]
