"""What happens to a document after it was finalized."""

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import Code, Day, Flag, In, Name, Positive, Text


class ReasonIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.REASON]})

    reason: Text | None = None


class ReleaseIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.RELEASE]})

    how: Name = Field("marked as sent", description="How the document left the house.")


class LineCreditIn(In):
    """A line to credit: so many units, or so much of its net; the rest of it when neither."""

    line_id: Code
    quantity: Positive | None = None
    net: Positive | None = None


class CreditNoteIn(In):
    """What to credit: everything that is left, some lines, or an amount including tax."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [examples.CREDIT_BY_AMOUNT, examples.CREDIT_BY_LINE]}
    )

    lines: list[LineCreditIn] | None = Field(None, min_length=1, max_length=10_000)
    amount: Positive | None = None
    reason: Text | None = None
    external_id: Code | None = None
    finalize: Flag = Field(False, description="Finalize at once instead of leaving a draft.")
    issue_date: Day | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.lines is not None and self.amount is not None:
            raise ValueError("give lines or an amount, not both")
        return self


class CancelIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.CANCEL]})

    reason: Text | None = None
    issue_date: Day | None = None
