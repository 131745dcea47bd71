"""Grace periods of drafts."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from invx.contexts.invoicing.api.schemas import examples
from invx.contexts.invoicing.api.schemas.values import Flag, In, InvoiceRef, MomentOut, Out
from invx.infra.http.filters import parse_moment
from invx.kernel.errors import DomainError


def _moment(value: Any) -> datetime:
    try:
        return parse_moment("finalize_at", value if isinstance(value, str) else "")
    except DomainError:
        raise PydanticCustomError(
            "moment", "Expected a moment with its offset, such as 2026-11-01T09:30:00Z."
        ) from None


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-01T09:30:00Z"]}),
]


class GraceIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.GRACE]})

    finalize_at: Moment | None = Field(
        description="When to finalize the draft, by the tenant's clock; null: not by itself."
    )


class HoldIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [examples.HOLD]})

    held: Flag = Field(True, description="False lets the clock count again.")


class GraceOut(Out):
    """Until `finalize_at` the draft may be changed; then it is finalized as it is."""

    object: Literal["grace"]
    invoice: InvoiceRef
    version: int
    finalize_at: MomentOut
    state: str = Field(description="`waiting`, `held`, `failed`, `over`; more may come.")
    code: str | None = Field(
        description="Why it could not be finalized; `POST …/check` says it field by field."
    )


class GraceListOut(Out):
    object: Literal["list"]
    data: list[GraceOut]
    has_more: bool
    next: str | None = Field(description="The cursor for `after`; null on the last page.")
