"""Bodies of signing up and in, of people and of members."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from invx.contexts.identity.api.schemas import examples

# RFC 5321, 4.5.3.1; whether it exists only a mail tells.
EMAIL = r"^[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,190}$"
PLAIN = r"^[^\x00-\x1f\x7f\ufffe\uffff]*$"

Email = Annotated[str, Field(pattern=EMAIL, max_length=254, examples=["ada@kontor-nord.example"])]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
Password = Annotated[
    str,
    Field(
        max_length=1_000,
        description="8 to 128 characters; what is easy to guess is refused.",
        examples=["correct horse battery staple"],
    ),
]
Moment = Annotated[str, Field(description="A moment, RFC 3339.")]


class In(BaseModel):
    """A body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class SignUpIn(In):
    """A business and its first user."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.SIGN_UP]})

    organization: Annotated[Name, Field(examples=["Kontor Nord GmbH"])]
    name: Annotated[Name, Field(examples=["Ada Lund"])]
    email: Email
    password: Password
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"


class SignInIn(In):
    """Who somebody says they are."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.SIGN_IN]})

    email: Email
    password: Annotated[str, Field(max_length=1_000)]
    tenant: Annotated[
        str | None, Field(max_length=64, description="Into which tenant; else the first.")
    ] = None
    code: Annotated[
        str | None,
        Field(max_length=64, description="Of the second factor, or a recovery code."),
    ] = None


class PasswordIn(In):
    """The old password, and the new one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [examples.NEW_PASSWORD]}
    )

    old: Annotated[str, Field(max_length=1_000)]
    password: Password


class RoleIn(In):
    """What a member may do from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ROLE]})

    role: Annotated[str, Field(max_length=64, examples=["accountant"])]


class SeatOut(BaseModel):
    """A tenant that a person may enter, and as what."""

    id: str
    name: str
    mode: str = Field(description="`live` or `test`.")
    status: str = Field(description="`active` or `suspended`.")
    role: str


class TokensOut(BaseModel):
    """An access token for five minutes, and the refresh token for the next one."""

    object: Literal["tokens"]
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds.")
    refresh_token: str
    user: str
    session: str
    tenant: str | None
    tenants: list[SeatOut]


class SignedUpOut(TokensOut):
    """All that is new: the owner is signed in already, into the live tenant."""

    organization: str
    sandbox: str = Field(description="A tenant beside the live one for trying things out.")


class UserOut(BaseModel):
    """The person who asks."""

    object: Literal["user"]
    id: str
    email: str | None
    name: str | None
    language: str
    registered_at: Moment
    tenants: list[SeatOut]


class SessionOut(BaseModel):
    """A sign-in that is still good."""

    object: Literal["session"]
    id: str
    method: str
    address: str | None
    user_agent: str | None
    opened_at: Moment
    expires_at: Moment
    client: str | None = Field(description="The OAuth client that you let in, if it is one.")
    tenant: str | None = Field(description="Into which tenant you let it.")


class SessionListOut(BaseModel):
    """All of a person's sessions."""

    object: Literal["list"]
    data: list[SessionOut]


class MemberOut(BaseModel):
    """A person inside the tenant."""

    object: Literal["member"]
    id: str
    user: str
    email: str | None
    name: str | None
    role: str
    seated_at: Moment


class MemberListOut(BaseModel):
    """All members of the tenant."""

    object: Literal["list"]
    data: list[MemberOut]
