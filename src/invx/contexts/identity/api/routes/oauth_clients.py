"""The OAuth clients of a tenant."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.identity.api.client_auth import public_id
from invx.contexts.identity.api.edge import CLIENT, ClientId, Edge, Identity
from invx.contexts.identity.api.granting import Secret
from invx.contexts.identity.api.schemas.oauth import (
    ClientIn,
    ClientListOut,
    ClientOut,
    RegisteredClientOut,
)
from invx.contexts.identity.app.register_client import RegisterClient, register_client
from invx.contexts.identity.app.remove_client import RemoveClient, remove_client
from invx.contexts.identity.domain.client import CONFIDENTIAL
from invx.contexts.identity.domain.errors import ClientNotFound, ScopeUnknown
from invx.contexts.identity.domain.scopes import grantable
from invx.contexts.identity.read.clients import ClientView, get_client, list_clients
from invx.infra.http.answers import created, encode, json_response, no_content
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.kernel.context import Caller
from invx.kernel.errors import Forbidden, Problem
from invx.kernel.ids import typeid

router = APIRouter(prefix="/v1/oauth-clients", tags=["OAuth"])

Reader = Annotated[Caller, requires("oauth_clients:read")]
Writer = Annotated[Caller, requires("oauth_clients:write")]
_SECRET = "invx_cs_"  # noqa: S105 - how secrets of clients begin


@router.post(
    "",
    status_code=201,
    operation_id="oauth_clients_register",
    response_model=RegisteredClientOut,
    responses=problem_responses(403, 422),
)
async def register(body: ClientIn, caller: Writer, edge: Identity) -> Response:
    """Register a program. Its secret is shown once.

    It may do no more than its scopes, nor than whoever lets it in; and you cannot hand out what
    you may not do yourself.
    """
    _ensure_grantable(edge, caller, body.scopes)
    secret = Secret.beginning(_SECRET) if body.type == CONFIDENTIAL else None
    command = RegisterClient(
        name=body.name,
        kind=body.type,
        redirect_uris=body.redirect_uris,
        scopes=body.scopes,
        secret_hash=secret.hash if secret else None,
    )
    client = await edge.runner.run(register_client, command, caller)
    shown = ClientView(
        client.id,
        client.name,
        client.kind,
        list(client.redirect_uris),
        list(client.scopes),
        client.registered_at,
    )
    view = _view(shown, caller.tenant_id) | {"client_secret": secret.text if secret else None}
    headers = {"Cache-Control": "no-store"}
    return created(encode(view), f"/v1/oauth-clients/{view['id']}", headers)


@router.get("", operation_id="oauth_clients_list", response_model=ClientListOut)
async def list_(caller: Reader, edge: Identity) -> Response:
    """List the programs that this tenant registered."""
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await list_clients(conn, ctx)
    data = [_view(each, caller.tenant_id) for each in found]
    return json_response(encode({"object": "list", "data": data}))


@router.get(
    "/{oauth_client}",
    operation_id="oauth_clients_get",
    response_model=ClientOut,
    responses=problem_responses(404),
)
async def get(oauth_client: ClientId, caller: Reader, edge: Identity) -> Response:
    """Read one of them."""
    client_id = id_of(CLIENT, oauth_client, ClientNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await get_client(conn, ctx, client_id)
    return json_response(encode(_view(found, caller.tenant_id)))


@router.delete(
    "/{oauth_client}",
    operation_id="oauth_clients_remove",
    status_code=204,
    responses=problem_responses(404),
)
async def remove(oauth_client: ClientId, caller: Writer, edge: Identity) -> Response:
    """Remove a program: it gets no tokens any more, from nobody.

    Access tokens of this tenant end within five seconds, those that people of other tenants gave
    it within five minutes.
    """
    command = RemoveClient(id_of(CLIENT, oauth_client, ClientNotFound))
    await edge.runner.run(remove_client, command, caller)
    return no_content()


def _ensure_grantable(edge: Edge, caller: Caller, scopes: Sequence[str]) -> None:
    known = grantable(edge.access.permissions)
    unknown = [
        Problem(f"/scopes/{number}", ScopeUnknown.code, "No client can have this.")
        for number, scope in enumerate(scopes)
        if scope not in known
    ]
    if unknown:
        raise ScopeUnknown(problems=unknown)
    if beyond := sorted(set(scopes) - caller.permissions):
        raise Forbidden(f"You cannot hand out what you may not do yourself: {', '.join(beyond)}.")


def _view(client: ClientView, tenant_id: UUID) -> dict[str, Any]:
    return {
        "object": "oauth_client",
        "id": typeid(CLIENT, client.client_id),
        "client_id": public_id(client.client_id, tenant_id),
        "name": client.name,
        "type": client.kind,
        "redirect_uris": client.redirect_uris,
        "scopes": client.scopes,
        "registered_at": client.registered_at,
    }
