"""How programs get in."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.identity.api.edge import API_KEY, ApiKeyId, Edge, Identity
from invx.contexts.identity.api.schemas.access import (
    ApiKeyIn,
    ApiKeyListOut,
    ApiKeyOut,
    NewApiKeyOut,
    RotateIn,
)
from invx.contexts.identity.app.create_api_key import CreateApiKey, create_api_key
from invx.contexts.identity.app.revoke_api_key import RevokeApiKey, revoke_api_key
from invx.contexts.identity.app.rotate_api_key import RotateApiKey, rotate_api_key
from invx.contexts.identity.domain.api_key import ApiKey
from invx.contexts.identity.domain.errors import ApiKeyNotFound, ExpiryPassed
from invx.contexts.identity.read.access_queries import ApiKeyView, get_api_key, list_api_keys
from invx.infra.http.answers import created, encode, json_response, no_content
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.secret_text import LIVE, TEST, SecretText
from invx.kernel.context import Caller
from invx.kernel.errors import Problem
from invx.kernel.ids import typeid

router = APIRouter(prefix="/v1/api-keys", tags=["API keys"])

Reader = Annotated[Caller, requires("api_keys:read")]
Writer = Annotated[Caller, requires("api_keys:write")]
_NOT_KEPT = {"Cache-Control": "no-store"}


@router.post(
    "",
    status_code=201,
    operation_id="api_keys_create",
    response_model=NewApiKeyOut,
    responses=problem_responses(403, 409, 422),
)
async def create(body: ApiKeyIn, caller: Writer, edge: Identity) -> Response:
    """Make an API key for this tenant. Its secret is shown in this answer and never again.

    It may do what you name, of what you may do yourself, and approves up to your own limit. It
    outlives your membership: it is the tenant's.
    """
    return await show_new_key(edge, body, caller)


async def show_new_key(edge: Edge, body: ApiKeyIn, caller: Caller) -> Response:
    """Make a key of the caller's tenant, and show its secret this once."""
    now = edge.runner.clock.now()
    if body.expires_at is not None and body.expires_at <= now:
        detail = "This moment has passed."
        raise ExpiryPassed(problems=[Problem("/expires_at", "expiry_passed", detail)])
    secret = await _new_secret(edge, caller)
    command = CreateApiKey(
        name=body.name,
        permissions=body.permissions,
        expires_at=body.expires_at,
        secret=(secret.hash, secret.hint),
    )
    key = await edge.runner.run(create_api_key, command, caller)
    view = {**_view(_viewed(key), now), "secret": secret.text}
    return created(encode(view), f"/v1/api-keys/{view['id']}", _NOT_KEPT)


@router.get("", operation_id="api_keys_list", response_model=ApiKeyListOut)
async def list_(caller: Reader, edge: Identity) -> Response:
    """List the API keys of this tenant, also revoked ones, the newest first."""
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_api_keys(conn, ctx)
    now = edge.runner.clock.now()
    return json_response(encode({"object": "list", "data": [_view(each, now) for each in found]}))


@router.get(
    "/{api_key}",
    operation_id="api_keys_get",
    response_model=ApiKeyOut,
    responses=problem_responses(404),
)
async def get(api_key: ApiKeyId, caller: Reader, edge: Identity) -> Response:
    """Read an API key, without its secret."""
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await get_api_key(conn, ctx, id_of(API_KEY, api_key, ApiKeyNotFound))
    return json_response(encode(_view(found, edge.runner.clock.now())))


@router.post(
    "/{api_key}/rotate",
    operation_id="api_keys_rotate",
    response_model=NewApiKeyOut,
    responses=problem_responses(403, 404, 409, 422),
)
async def rotate(api_key: ApiKeyId, body: RotateIn, caller: Writer, edge: Identity) -> Response:
    """Give a key another secret, shown in this answer only. The one of now runs out.

    For `overlap_hours` both are good; zero ends the old one within five seconds. Rotated again
    meanwhile, the oldest ends.
    """
    secret = await _new_secret(edge, caller)
    command = RotateApiKey(
        id_of(API_KEY, api_key, ApiKeyNotFound),
        (secret.hash, secret.hint),
        timedelta(hours=body.overlap_hours),
    )
    key = await edge.runner.run(rotate_api_key, command, caller)
    view = {**_view(_viewed(key), edge.runner.clock.now()), "secret": secret.text}
    return json_response(encode(view), 200, _NOT_KEPT)


@router.delete(
    "/{api_key}",
    operation_id="api_keys_revoke",
    status_code=204,
    responses=problem_responses(404, 409),
)
async def revoke(api_key: ApiKeyId, caller: Writer, edge: Identity) -> Response:
    """Revoke a key. It is refused everywhere within five seconds."""
    command = RevokeApiKey(id_of(API_KEY, api_key, ApiKeyNotFound))
    await edge.runner.run(revoke_api_key, command, caller)
    return no_content()


async def _new_secret(edge: Edge, caller: Caller) -> SecretText:
    tenant = await edge.runner.directory.get(caller.tenant_id)
    return SecretText.new(TEST if tenant.test else LIVE, caller.tenant_id)


def _viewed(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        key.id,
        key.name,
        key.mode,
        sorted(key.authority.permissions),
        key.authority.approval_limit,
        key.hint,
        key.created_by,
        key.created_at,
        key.expires_at,
        key.previous_until,
        key.rotated_at,
        key.revoked_at,
        key.last_used_at,
    )


def _view(key: ApiKeyView, now: datetime) -> dict[str, Any]:
    limit, previous = key.approval_limit, key.previous_until
    return {
        "object": "api_key",
        "id": typeid(API_KEY, key.api_key_id),
        "name": key.name,
        "mode": key.mode,
        "status": _status(key, now),
        "permissions": key.permissions,
        "approval_limit": limit,
        "hint": key.hint,
        "created_by": key.created_by,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "rotated_at": key.rotated_at,
        "previous_until": previous if previous is not None and previous > now else None,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


def _status(key: ApiKeyView, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"
