"""Bodies about sandboxes and their clocks."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from invx.contexts.identity.api.schemas import examples
from invx.contexts.identity.api.schemas.access import Label
from invx.contexts.identity.api.schemas.sign_in import In, Moment
from invx.infra.http.fields import TypeId

HOURS_MAX = 366 * 24


class SandboxIn(In):
    """A new sandbox of your organization."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.SANDBOX]})

    name: Annotated[Label, Field(examples=["Nightly tests"])]
    ttl_hours: Annotated[
        int | None,
        Field(ge=1, le=HOURS_MAX, description="Erased then; null: it stays until it is deleted."),
    ] = None
    configured_like: Annotated[
        Annotated[UUID, TypeId("tnt")] | None,
        Field(
            description="Your tenant, or a sandbox of its organization: legal entities and series"
            " are set up as there, within moments. Numbers, channels and documents stay there."
        ),
    ] = None
    clock: Annotated[
        AwareDatetime | None,
        Field(description="What its clock shows at first, within ten years; null: the time of now"),
    ] = None


class ClockIn(In):
    """How far the clock is to be moved: one of both."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [examples.CLOCK_BY, examples.CLOCK_TO]}
    )

    to: AwareDatetime | None = Field(None, description="To this moment of business time.")
    by: str | None = Field(
        None,
        max_length=40,
        description="By a span from its now (ISO 8601): `P1M`, `P10D`, `PT2H`. Months first.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.to is None) == (self.by is None):
            raise ValueError("give to or by, one of both")
        return self


class ClockOut(BaseModel):
    """What time it is in a sandbox."""

    now: Moment
    offset_seconds: int = Field(description="Ahead of the time of the world; behind, if negative.")
    advance: str | None = Field(description="The operation that moved it last, finished or not.")


class SandboxOut(BaseModel):
    """A sandbox: a tenant with keys, series and a clock of its own. Its documents say TEST."""

    object: Literal["sandbox"]
    id: str
    name: str
    sandbox_of: str | None = Field(description="The live tenant that it was made beside.")
    created_at: Moment
    ends_at: Moment | None = Field(description="When it is erased; null: when it is deleted.")
    clock: ClockOut


class SandboxListOut(BaseModel):
    """A page of sandboxes."""

    object: Literal["list"]
    data: list[SandboxOut]
    has_more: bool
    next: str | None


class ClockAdvanceOut(BaseModel):
    """An operation that moves a clock; `total` and `done` count days of the way."""

    object: Literal["operation"]
    id: str
    kind: str
    state: str = Field(description="`pending`, `running`, `done` or `cancelled`.")
    sandbox: str
    until: Moment = Field(description="Where to, business time.")
    total: int
    done: int
    failed: int = Field(description="Days that were not reached, since something stopped it.")
    progress: str
    problem: dict[str, Any] | None = Field(
        description="What stopped it, by name. Resume to go on without that."
    )
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
