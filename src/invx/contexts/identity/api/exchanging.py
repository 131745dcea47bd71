"""An API key becomes an access token, for this process and, at the token endpoint, for others."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from invx.contexts.identity.api.edge import API_KEY, Edge
from invx.contexts.identity.app.note_key_use import NoteKeyUse, note_key_use
from invx.contexts.identity.domain.errors import ApiKeyRefused
from invx.contexts.identity.read.access_queries import Exchangeable, key_of_secret
from invx.infra.http.auth import Exchange, InvalidToken
from invx.infra.secret_text import KEY_KINDS, TEST, SecretText, parse_secret
from invx.infra.tenancy import TenantClosed, UnknownTenant
from invx.kernel.context import Caller
from invx.kernel.ids import typeid

LIFETIME = timedelta(minutes=5)
_USE_NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """An access token, how many seconds it lives, and what it may do."""

    access_token: str
    seconds: int
    permissions: frozenset[str]


async def exchanged(edge: Edge, text: str, correlation_id: UUID) -> Exchanged:
    """A token for a key that is good, for no longer than it is. Raises ApiKeyRefused.

    The token says when the key was asked for, not when it was found: a revocation since then ends
    it.
    """
    secret = parse_secret(text)
    if secret is None or secret.kind not in KEY_KINDS:
        raise ApiKeyRefused
    now = edge.runner.clock.now()
    key = await _key_of(edge, secret, correlation_id)
    until = now + LIFETIME if key.ends_at is None else min(now + LIFETIME, key.ends_at)
    permissions = key.permissions & edge.access.permissions
    lifetime = timedelta(seconds=int((until - now).total_seconds()))
    token = edge.access.signer.sign(
        secret.tenant_id,
        subject=f"key:{typeid(API_KEY, key.api_key_id)}",
        permissions=permissions,
        now=now.timestamp(),
        lifetime=lifetime,
        **limit_claim(key.approval_limit),
    )
    return Exchanged(token, int(lifetime.total_seconds()), permissions)


def exchange_here(edge: Edge) -> Exchange:
    """The exchange for whoever shares this process with identity."""

    async def exchange(key: str) -> str:
        try:
            return (await exchanged(edge, key, edge.ids.new())).access_token
        except ApiKeyRefused as error:
            raise InvalidToken(error.detail) from error

    return exchange


async def _key_of(edge: Edge, secret: SecretText, correlation_id: UUID) -> Exchangeable:
    now = edge.runner.clock.now()
    if await edge.runner.directory.find(secret.tenant_id) is None:
        raise ApiKeyRefused
    caller = Caller(secret.tenant_id, "stranger", correlation_id)
    try:
        async with edge.runner.reading(caller) as (conn, ctx):
            key = await key_of_secret(conn, ctx, secret.hash, now)
    except (UnknownTenant, TenantClosed):
        raise ApiKeyRefused from None
    if key is None or (secret.kind == TEST) is not ctx.test or key.mode != secret.kind:
        raise ApiKeyRefused  # a key of a sandbox is good there only, and one of a live tenant too
    if key.last_used_at is None or now - key.last_used_at >= _USE_NOTED:
        # Nothing is written in a suspended tenant, but reading there is allowed.
        with contextlib.suppress(TenantClosed):
            await edge.runner.run(note_key_use, NoteKeyUse(key.api_key_id, now), caller)
    return key


def limit_claim(limit: Mapping[str, Decimal] | None) -> dict[str, Any]:
    """The claim `approval_limit`; a token without it has no limit."""
    if limit is None:
        return {}
    return {"approval_limit": {each: format(amount, "f") for each, amount in limit.items()}}
