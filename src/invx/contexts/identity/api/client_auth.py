"""Which OAuth client asks, and whether it is the one (RFC 6749, 2.3)."""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus
from uuid import UUID

from fastapi import Request

from invx.contexts.identity.api.edge import CLIENT, TENANT, Edge, stranger
from invx.contexts.identity.api.forms import FormRefused
from invx.contexts.identity.api.granting import hash_of
from invx.contexts.identity.domain.client import CONFIDENTIAL
from invx.contexts.identity.domain.errors import ClientNotFound
from invx.contexts.identity.domain.scopes import grantable
from invx.contexts.identity.read.access_queries import await_reductions
from invx.contexts.identity.read.clients import (
    ClientView,
    get_client,
    secret_hash_of,
    tenant_name,
)
from invx.infra.tenancy import TenantClosed, UnknownTenant
from invx.kernel.context import Caller
from invx.kernel.errors import DomainError
from invx.kernel.ids import parse_typeid, typeid

_WRONG = "The client is not known, or its secret is wrong."


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client, and the tenant that registered it."""

    view: ClientView
    tenant_id: UUID
    tenant: str  # its name

    @property
    def public_id(self) -> str:
        return public_id(self.view.client_id, self.tenant_id)


def public_id(client_id: UUID, tenant_id: UUID) -> str:
    """The `client_id` of the standard: it says in which tenant the client is looked for."""
    return f"{typeid(CLIENT, client_id)}.{typeid(TENANT, tenant_id)}"


async def known_client(edge: Edge, request: Request, text: str) -> KnownClient | None:
    """The client of this `client_id`; None where there is none, or its tenant is closed."""
    one, _, other = text.partition(".")
    try:
        client_id, tenant_id = parse_typeid(CLIENT, one), parse_typeid(TENANT, other)
    except DomainError:
        return None
    caller = stranger(request)
    async with edge.runner.reading(caller) as (conn, ctx):
        name = await tenant_name(conn, ctx, tenant_id)
    if name is None:
        return None
    inside = Caller(tenant_id, caller.actor, caller.correlation_id)
    try:
        async with edge.runner.reading(inside) as (conn, ctx):
            await await_reductions(conn, ctx)
            return KnownClient(await get_client(conn, ctx, client_id), tenant_id, name)
    except (ClientNotFound, UnknownTenant, TenantClosed):
        return None


async def proven_client(edge: Edge, request: Request, form: Mapping[str, str]) -> KnownClient:
    """Who asks at the token endpoint: a confidential client has to show its secret.

    Raises FormRefused.
    """
    header = request.headers.get("authorization", "")
    basic = is_basic(header)
    if basic and "client_secret" in form:
        raise FormRefused("invalid_request", "Show the secret in one way, not in two.")
    text, secret = _basic(header) if basic else (form.get("client_id"), form.get("client_secret"))
    client = await known_client(edge, request, text) if text else None
    wrong = FormRefused("invalid_client", _WRONG, challenge=basic)
    if client is None or form.get("client_id", text) != text:
        raise wrong
    if client.view.kind != CONFIDENTIAL:
        if secret is not None:
            raise wrong
        return client
    inside = Caller(client.tenant_id, "stranger", stranger(request).correlation_id)
    async with edge.runner.reading(inside) as (conn, ctx):
        stored = await secret_hash_of(conn, ctx, client.view.client_id)
    if secret is None or stored is None or not hmac.compare_digest(stored, hash_of(secret)):
        raise wrong
    return client


def is_basic(header: str) -> bool:
    """Whether a header shows a client; people show themselves as `Bearer`."""
    return header[:6].lower() == "basic "


def _basic(header: str) -> tuple[str | None, str | None]:
    """Both parts are form-encoded inside (RFC 6749, 2.3.1)."""
    try:
        text = base64.b64decode(header[6:].strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None, None
    name, colon, secret = text.partition(":")
    return (unquote_plus(name), unquote_plus(secret)) if colon else (None, None)


def scopes_asked(edge: Edge, client: KnownClient, text: str | None) -> tuple[str, ...]:
    """What of its scopes a client asks for: all, if it says nothing. Raises FormRefused."""
    allowed = grantable(edge.access.permissions).intersection(client.view.scopes)
    asked = set(text.split()) if text else allowed
    if not asked <= allowed or not asked:
        raise FormRefused("invalid_scope", "That is not among the scopes of the client.")
    return ordered(asked)


def ordered(scopes: Iterable[str]) -> tuple[str, ...]:
    """In the order in which scopes are told."""
    return tuple(sorted(scopes))
