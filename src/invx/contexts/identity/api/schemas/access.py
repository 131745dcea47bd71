"""Bodies about API keys, roles and permissions."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from invx.contexts.identity.api.schemas import examples
from invx.contexts.identity.api.schemas.sign_in import In, Moment
from invx.infra.http.fields import DecimalText

OVERLAP_HOURS_MAX = 7 * 24

Permission = Annotated[str, Field(max_length=64, examples=["invoices:read"])]
Permissions = Annotated[list[Permission], Field(min_length=1, max_length=200)]
_LABEL = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
Label = Annotated[str, Field(min_length=1, max_length=100, pattern=_LABEL)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
LimitText = Annotated[
    DecimalText, Field(ge=0, max_digits=18, decimal_places=4, examples=["1000.00"])
]
Limit = Annotated[
    dict[str, str] | None,
    Field(description="Up to which amount of a currency it approves; null is any amount."),
]


class ApiKeyIn(In):
    """What a program may do, and until when."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.API_KEY]})

    name: Annotated[Label, Field(examples=["Web shop"])]
    permissions: Permissions
    expires_at: Annotated[
        AwareDatetime | None, Field(description="A moment in the future; null is never.")
    ] = None


class RotateIn(In):
    """How long the secret of now stays good beside the new one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ROTATE]})

    overlap_hours: Annotated[int, Field(ge=0, le=OVERLAP_HOURS_MAX)] = 24


class ApiKeyOut(BaseModel):
    """An API key. Its secret is not shown again."""

    object: Literal["api_key"]
    id: str
    name: str
    mode: str = Field(description="`live` or `test`, as its tenant.")
    status: str = Field(description="`active`, `expired` or `revoked`.")
    permissions: list[str]
    approval_limit: Limit
    hint: str = Field(description="How the secret ends.")
    created_by: str
    created_at: Moment
    expires_at: Moment | None
    rotated_at: Moment | None
    previous_until: Moment | None = Field(description="Until when the secret before is good.")
    revoked_at: Moment | None
    last_used_at: Moment | None = Field(description="To the minute.")


class NewApiKeyOut(ApiKeyOut):
    """The only answer with the secret: keep it now."""

    secret: str = Field(description="`Authorization: Bearer <secret>`.")


class ApiKeyListOut(BaseModel):
    """All API keys of the tenant."""

    object: Literal["list"]
    data: list[ApiKeyOut]


class ExchangedOut(BaseModel):
    """What a token exchange gives (RFC 8693, 2.2.1)."""

    access_token: str
    issued_token_type: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds.")
    scope: str = Field(description="Permissions, separated by spaces.")


class RoleContentIn(In):
    """A role of your own."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.OWN_ROLE]})

    name: Annotated[Label, Field(examples=["Dunning"])]
    permissions: Permissions
    approval_limit: Annotated[
        dict[Currency, LimitText] | None,
        Field(
            max_length=200,
            description="Up to which amount of a currency it approves, nothing in one left out;"
            " null is any amount.",
            examples=[{"EUR": "1000.00"}],
        ),
    ] = None


class RoleOut(BaseModel):
    """A role: what whoever has it may do."""

    object: Literal["role"]
    id: str = Field(description="What members take: the name of a built-in role, or an id.")
    name: str
    built_in: bool = Field(description="Whether every tenant has it.")
    permissions: list[str]
    approval_limit: Limit


class RoleListOut(BaseModel):
    """All roles of the tenant, built-in ones first."""

    object: Literal["list"]
    data: list[RoleOut]


class PermissionOut(BaseModel):
    """A permission, and who has it without more ado."""

    object: Literal["permission"]
    id: str
    roles: list[str] = Field(description="The built-in roles that have it.")
    personal: bool = Field(description="Everybody's own account: given with every token of a user.")
    grantable: bool = Field(description="Whether keys and roles of your own may have it.")


class PermissionListOut(BaseModel):
    """All permissions."""

    object: Literal["list"]
    data: list[PermissionOut]
