"""The token endpoint (RFC 6749), revocation (RFC 7009), metadata (RFC 8414), keys (RFC 7517)."""

import base64
import hashlib
import re
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from invx.contexts.identity.api.client_auth import (
    KnownClient,
    is_basic,
    proven_client,
    scopes_asked,
)
from invx.contexts.identity.api.edge import (
    CLIENT,
    TENANT,
    Edge,
    Identity,
    stranger,
    url_of,
    whereabouts,
)
from invx.contexts.identity.api.exchanging import LIFETIME, exchanged
from invx.contexts.identity.api.forms import NOT_KEPT, FormRefused, form_of, oauth_error
from invx.contexts.identity.api.granting import (
    Secret,
    client_tokens_view,
    granted,
    hash_of,
    tokens_view,
)
from invx.contexts.identity.api.schemas.access import ExchangedOut
from invx.contexts.identity.api.schemas.oauth import ClientTokensOut, MetadataOut
from invx.contexts.identity.api.schemas.sign_in import TokensOut
from invx.contexts.identity.app.exchange_code import ExchangeCode, exchange_code
from invx.contexts.identity.app.refresh_session import RefreshSession, refresh_session
from invx.contexts.identity.app.revoke_token import RevokeToken, revoke_token
from invx.contexts.identity.domain.client import CONFIDENTIAL
from invx.contexts.identity.domain.errors import ApiKeyRefused, NotAMember, RefreshRefused
from invx.contexts.identity.domain.scopes import grantable
from invx.contexts.identity.domain.session import Session
from invx.infra.http.answers import encode, json_response
from invx.infra.http.exchanging import ACCESS_TOKEN_TYPE, GRANT, KEY_TYPE
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import public
from invx.infra.http.problems import problem_responses
from invx.kernel.ids import typeid

router = APIRouter(tags=["OAuth"])

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636, 4.1
_GRANTS = ("refresh_token", "authorization_code", "client_credentials", GRANT)
_TEXT = {"type": "string"}
_ERROR = {
    "type": "object",
    "required": ["error", "error_description"],
    "properties": {"error": _TEXT, "error_description": _TEXT},
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    status: {
        "description": "A refusal as RFC 6749, 5.2 says; or a problem of any request of this API.",
        "content": {
            "application/json": {"schema": _ERROR},
            **problem_responses(status)[status]["content"],
        },
    }
    for status in (400, 401)
}


def _form(example: dict[str, str], required: list[str], **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": properties}
    content = {"application/x-www-form-urlencoded": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "/oauth/token",
    operation_id="tokens_exchange",
    response_model=TokensOut | ClientTokensOut | ExchangedOut,
    responses=_REFUSED | problem_responses(403, 422),
    openapi_extra=_form(
        {"grant_type": "refresh_token", "refresh_token": "invx_rt_…"},
        ["grant_type"],
        grant_type={"type": "string", "enum": list(_GRANTS)},
        refresh_token=_TEXT,
        tenant={**_TEXT, "description": "Into which of your tenants; else the first."},
        code=_TEXT,
        code_verifier=_TEXT,
        redirect_uri=_TEXT,
        scope=_TEXT,
        client_id=_TEXT,
        client_secret=_TEXT,
        subject_token={**_TEXT, "description": "An API key."},
        subject_token_type={**_TEXT, "enum": [KEY_TYPE]},
    ),
    dependencies=[public()],
)
async def exchange(request: Request, edge: Identity) -> Response:
    """Exchange what you have for an access token (RFC 6749). Errors have `error`, as it asks.

    `refresh_token`: the next access token and the next refresh token; people may name another of
    their tenants. Each refresh token is good once: shown again, it ends the session.
    `authorization_code`: what a person allowed, with the `code_verifier` (RFC 7636).
    `client_credentials`: a confidential client acts for itself, in the tenant that registered it.
    `urn:ietf:params:oauth:grant-type:token-exchange`: an access token for an API key (RFC 8693),
    for programs that ask many parts of Invx; a key itself is taken everywhere too.
    Clients show `client_id` and `client_secret` in the form or by HTTP Basic.
    """
    try:
        form = await form_of(request)
        match form.get("grant_type"):
            case "refresh_token":
                return await _refreshed(request, edge, form)
            case "authorization_code":
                return await _exchanged(request, edge, form)
            case "client_credentials":
                return await _itself(request, edge, form)
            case _ if form.get("grant_type") == GRANT:
                return await _for_key(request, edge, form)
            case None:
                raise FormRefused("invalid_request", "grant_type is missing.")  # noqa: TRY301
            case _:
                said = f"There are {', '.join(_GRANTS)}."
                raise FormRefused("unsupported_grant_type", said)  # noqa: TRY301
    except FormRefused as refused:
        return oauth_error(refused)


async def _refreshed(request: Request, edge: Edge, form: dict[str, str]) -> Response:
    shown = _needed(form, "refresh_token")
    client = await _client_if_any(request, edge, form)
    named = form.get("tenant") if client is None else None
    tenant_id = id_of(TENANT, named, NotAMember) if named else None
    fresh = Secret.refresh_token()
    command = RefreshSession(hash_of(shown), fresh.hash, client.public_id if client else None)
    session = await edge.runner.run(refresh_session, command, stranger(request))
    if session is None:
        raise FormRefused("invalid_grant", RefreshRefused().detail)
    if client is not None:
        return await _for_client(request, edge, session, fresh)
    given = await granted(edge, stranger(request), session, tenant_id)
    return json_response(encode(tokens_view(given, fresh.text, session)), 200, NOT_KEPT)


async def _exchanged(request: Request, edge: Edge, form: dict[str, str]) -> Response:
    client = await proven_client(edge, request, form)
    code, verifier = _needed(form, "code"), _needed(form, "code_verifier")
    digest = hashlib.sha256(verifier.encode("utf-8", "replace")).digest()
    fits = _VERIFIER.fullmatch(verifier)
    address, agent = whereabouts(request)
    fresh = Secret.refresh_token()
    command = ExchangeCode(
        client=client.public_id,
        code_hash=hash_of(code),
        redirect_uri=form.get("redirect_uri"),
        challenge=base64.urlsafe_b64encode(digest).decode().rstrip("=") if fits else "",
        refresh_hash=fresh.hash,
        address=address,
        user_agent=agent,
    )
    session = await edge.runner.run(exchange_code, command, stranger(request))
    if session is None:
        said = "The code is not known, too old, used already, or was given to somebody else."
        raise FormRefused("invalid_grant", said)
    return await _for_client(request, edge, session, fresh)


async def _for_client(request: Request, edge: Edge, session: Session, fresh: Secret) -> Response:
    try:
        given = await granted(edge, stranger(request), session, None)
    except NotAMember as gone:
        raise FormRefused("invalid_grant", gone.detail) from None
    view = client_tokens_view(given.access_token, given.scopes, fresh.text)
    return json_response(encode(view), 200, NOT_KEPT)


async def _itself(request: Request, edge: Edge, form: dict[str, str]) -> Response:
    now = edge.runner.clock.now()  # before anything is read: a removal since then counts
    client = await proven_client(edge, request, form)
    if client.view.kind != CONFIDENTIAL:
        raise FormRefused("unauthorized_client", "A public client acts for people only.")
    scopes = scopes_asked(edge, client, form.get("scope"))
    token = edge.access.signer.sign(
        client.tenant_id,
        subject=f"client:{typeid(CLIENT, client.view.client_id)}",
        permissions=scopes,
        now=now.timestamp(),
        lifetime=LIFETIME,
        client_id=client.public_id,
    )
    return json_response(encode(client_tokens_view(token, scopes)), 200, NOT_KEPT)


async def _client_if_any(request: Request, edge: Edge, form: dict[str, str]) -> KnownClient | None:
    """The client that shows itself; None where a person comes without one."""
    basic = is_basic(request.headers.get("authorization", ""))
    named = basic or {"client_id", "client_secret"} & form.keys()
    return await proven_client(edge, request, form) if named else None


def _needed(form: dict[str, str], name: str) -> str:
    if name not in form:
        raise FormRefused("invalid_request", f"{name} is missing.")
    return form[name]


@router.post(
    "/oauth/revoke",
    operation_id="tokens_revoke",
    response_class=Response,
    responses={200: {"description": "It is good for nothing any more, or never was."}, **_REFUSED},
    openapi_extra=_form(
        {"token": "invx_rt_…"},
        ["token"],
        token=_TEXT,
        token_type_hint=_TEXT,
        client_id=_TEXT,
        client_secret=_TEXT,
    ),
    dependencies=[public()],
)
async def revoke(request: Request, edge: Identity) -> Response:
    """Give a refresh token back (RFC 7009): its session ends. What is unknown is no error.

    Access tokens cannot be given back; they end after five minutes.
    """
    try:
        form = await form_of(request)
        client = await _client_if_any(request, edge, form)
        token = _needed(form, "token")
    except FormRefused as refused:
        return oauth_error(refused)
    if token.count(".") == 2:  # noqa: PLR2004 - a JWT has three parts
        said = "Access tokens end by themselves; give back the refresh token."
        return oauth_error(FormRefused("unsupported_token_type", said))
    command = RevokeToken(hash_of(token), client.public_id if client else None)
    await edge.runner.run(revoke_token, command, stranger(request))
    return Response(status_code=200, headers=NOT_KEPT)


@router.get(
    "/.well-known/oauth-authorization-server",
    operation_id="metadata_get",
    response_model=MetadataOut,
    dependencies=[public()],
)
async def metadata(request: Request, edge: Identity) -> Response:
    """Read what a client of OAuth has to know (RFC 8414)."""
    base = url_of(edge, request)
    auth = ["client_secret_basic", "client_secret_post", "none"]
    said = {
        "issuer": base,
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "service_documentation": f"{base}/docs",
        "scopes_supported": sorted(grantable(edge.access.permissions)),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(_GRANTS),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": auth,
        "revocation_endpoint_auth_methods_supported": auth,
        "authorization_response_iss_parameter_supported": True,
    }
    return json_response(encode(said), 200, {"Cache-Control": "public, max-age=300"})


async def _for_key(request: Request, edge: Edge, form: dict[str, str]) -> Response:
    """RFC 8693: whatever is wrong with the subject token is an `invalid_request` (2.2.2)."""
    if form.get("subject_token_type", KEY_TYPE) != KEY_TYPE:
        raise FormRefused("invalid_request", f"subject_token_type is {KEY_TYPE}.")
    try:
        given = await exchanged(
            edge, form.get("subject_token", ""), stranger(request).correlation_id
        )
    except ApiKeyRefused as error:
        raise FormRefused("invalid_request", error.detail) from None
    view = {
        "access_token": given.access_token,
        "issued_token_type": ACCESS_TOKEN_TYPE,
        "token_type": "Bearer",
        "expires_in": given.seconds,
        "scope": " ".join(sorted(given.permissions)),
    }
    return json_response(encode(view), 200, NOT_KEPT)


@router.get(
    "/.well-known/jwks.json",
    operation_id="keys_list",
    response_class=Response,
    responses={200: {"description": "The public keys.", "content": {"application/json": {}}}},
    dependencies=[public()],
)
async def keys(edge: Identity) -> Response:
    """List the public keys that access tokens are verified with (RFC 7517)."""
    headers = {"Cache-Control": "public, max-age=60"}
    return Response(encode(dict(await edge.access.jwks())), 200, headers, "application/json")
