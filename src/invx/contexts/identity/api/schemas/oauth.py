"""Bodies of OAuth: clients of a tenant, what tokens and metadata look like."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from invx.contexts.identity.api.schemas.sign_in import In, Moment, Name

Redirect = Annotated[str, Field(max_length=500)]
Scope = Annotated[str, Field(max_length=64)]
_EXAMPLE: dict[str, Any] = {
    "name": "Kontor Nord Shop",
    "type": "confidential",
    "redirect_uris": ["https://shop.kontor-nord.example/invx"],
    "scopes": ["invoices:read", "invoices:write"],
}


class ClientIn(In):
    """A program that is to get tokens."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    name: Name
    type: Literal["public", "confidential"] = Field(
        description="`confidential` can keep a secret (a server); `public` cannot (an app)."
    )
    redirect_uris: Annotated[
        tuple[Redirect, ...],
        Field(max_length=20, description="Where people are sent back to, to the letter."),
    ] = ()
    scopes: Annotated[
        list[Scope],
        Field(min_length=1, max_length=100, description="Permissions: what it may do at most."),
    ]


class ClientOut(BaseModel):
    """A program that gets tokens."""

    object: Literal["oauth_client"]
    id: str
    client_id: str = Field(description="What the program calls itself in OAuth.")
    name: str
    type: str
    redirect_uris: list[str]
    scopes: list[str]
    registered_at: Moment


class RegisteredClientOut(ClientOut):
    """A new program."""

    client_secret: str | None = Field(description="Shown once; null for a public client.")


class ClientListOut(BaseModel):
    """All programs of the tenant."""

    object: Literal["list"]
    data: list[ClientOut]


class ClientTokensOut(BaseModel):
    """Tokens of a client (RFC 6749, 5.1)."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds.")
    scope: str
    refresh_token: str | None = None


class MetadataOut(BaseModel):
    """What a client has to know (RFC 8414)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    jwks_uri: str
    service_documentation: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    response_modes_supported: list[str]
    grant_types_supported: list[str]
    code_challenge_methods_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    authorization_response_iss_parameter_supported: bool
