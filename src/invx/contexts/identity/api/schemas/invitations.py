"""Bodies about invitations."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from invx.contexts.identity.api.schemas import examples
from invx.contexts.identity.api.schemas.sign_in import (
    Email,
    In,
    Moment,
    Name,
    Password,
)
from invx.infra.secret_text import PATTERN

Token = Annotated[str, Field(max_length=100, pattern=f"^{PATTERN}$")]


class InvitationIn(In):
    """Who is to be a member, as what."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.INVITATION]})

    email: Email
    role: Annotated[
        str,
        Field(
            min_length=1,
            max_length=64,
            description="The name of a built-in role, or the id of one of your own.",
            examples=["accountant"],
        ),
    ]


class AcceptIn(In):
    """An invitation's token; of somebody without an account also name and password."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ACCEPT]})

    token: Annotated[str, Field(max_length=100, description="As it stood in the link.")]
    name: Annotated[Name | None, Field(examples=["Bo Larsen"])] = None
    password: Password | None = None
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"


class InvitationOut(BaseModel):
    """An invitation that nobody has accepted or withdrawn."""

    object: Literal["invitation"]
    id: str
    email: str | None
    role: str
    status: str = Field(description="`open` or `expired`.")
    invited_by: str
    made_at: Moment
    expires_at: Moment


class NewInvitationOut(InvitationOut):
    """The only answer with the token: hand it to whom you invite."""

    token: str
    path: str = Field(description="Where it is read, without a token of yours.")


class InvitationListOut(BaseModel):
    """All open invitations of the tenant."""

    object: Literal["list"]
    data: list[InvitationOut]


class InvitedOut(BaseModel):
    """What somebody is invited to."""

    object: Literal["invited"]
    tenant: str
    name: str = Field(description="Of the tenant.")
    mode: str = Field(description="`live` or `test`.")
    email: str | None
    role: str
    expires_at: Moment
