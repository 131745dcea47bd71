"""What is asked of the ways into a tenant, inside it: API keys, roles, invitations."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from invx.contexts.identity.domain.errors import (
    ApiKeyNotFound,
    InvitationNotFound,
    RoleNotFound,
)
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext

_LISTED_MAX = 500  # keys that were revoked are listed too, the newest first


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """An API key, without its secret."""

    api_key_id: UUID
    name: str
    mode: str
    permissions: list[str]
    approval_limit: Mapping[str, Decimal] | None
    hint: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    previous_until: datetime | None
    rotated_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


_KEY = """api_key_id, name, mode, permissions, limit_currencies, limit_amounts, hint, created_by,
    created_at, expires_at, previous_until, rotated_at, revoked_at, last_used_at"""


@dataclass(frozen=True, slots=True)
class Exchangeable:
    """A key whose secret was shown: what it may do, and until when this secret is good."""

    api_key_id: UUID
    mode: str
    permissions: frozenset[str]
    approval_limit: Mapping[str, Decimal] | None
    ends_at: datetime | None
    last_used_at: datetime | None


async def key_of_secret(
    conn: Connection, ctx: RequestContext, secret_hash: str, now: datetime
) -> Exchangeable | None:
    """The key that this secret opens at this moment of system time, or None.

    The row is locked against whoever is about to revoke it: what is read here is either older than
    the moment that the revocation names, or knows of it.
    """
    row = await conn.fetchrow(
        "SELECT api_key_id, mode, permissions, limit_currencies, limit_amounts, last_used_at,"
        " least(expires_at, CASE WHEN secret_hash <> $2 THEN previous_until END) AS ends_at"
        " FROM identity.api_keys WHERE tenant_id = $1"
        " AND (secret_hash = $2 OR previous_hash = $2) AND revoked_at IS NULL FOR SHARE",
        ctx.tenant_id,
        secret_hash,
    )
    if row is None or (row["ends_at"] is not None and row["ends_at"] <= now):
        return None
    return Exchangeable(
        row["api_key_id"],
        row["mode"],
        frozenset(row["permissions"]),
        _limit(row),
        row["ends_at"],
        row["last_used_at"],
    )


async def list_api_keys(conn: Connection, ctx: RequestContext) -> list[ApiKeyView]:
    """All keys of the tenant, the newest first."""
    rows = await conn.fetch(
        f"SELECT {_KEY} FROM identity.api_keys WHERE tenant_id = $1"
        " ORDER BY created_at DESC, api_key_id LIMIT $2",
        ctx.tenant_id,
        _LISTED_MAX,
    )
    return [_api_key(row) for row in rows]


async def get_api_key(conn: Connection, ctx: RequestContext, api_key_id: UUID) -> ApiKeyView:
    """One key. Raises ApiKeyNotFound."""
    row = await conn.fetchrow(
        f"SELECT {_KEY} FROM identity.api_keys WHERE tenant_id = $1 AND api_key_id = $2",
        ctx.tenant_id,
        api_key_id,
    )
    if row is None:
        raise ApiKeyNotFound
    return _api_key(row)


async def await_reductions(conn: Connection, ctx: RequestContext) -> None:
    """Whoever is about to reduce access to the tenant has done so, or waits until this ends.

    So a token that says when it was asked for, before this, and what is read after it, is never
    younger than a reduction that it does not know of.
    """
    await conn.execute(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 12))", ctx.tenant_id
    )


async def role_of(conn: Connection, ctx: RequestContext, user_id: UUID) -> str | None:
    """What a person is in the tenant, None if nothing (any more)."""
    found: str | None = await conn.fetchval(
        "SELECT role FROM identity.members"
        " WHERE tenant_id = $1 AND user_id = $2 AND removed_at IS NULL",
        ctx.tenant_id,
        user_id,
    )
    return found


async def knows_session(conn: Connection, ctx: RequestContext, session_id: UUID) -> bool:
    """Whether this session was in the tenant before."""
    found = await conn.fetchval(
        "SELECT EXISTS (SELECT FROM identity.member_sessions"
        " WHERE tenant_id = $1 AND session_id = $2)",
        ctx.tenant_id,
        session_id,
    )
    return bool(found)


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role of the tenant's own."""

    role_id: UUID
    name: str
    permissions: list[str]
    approval_limit: Mapping[str, Decimal] | None


_ROLE = "role_id, name, permissions, limit_currencies, limit_amounts"


async def list_roles(conn: Connection, ctx: RequestContext) -> list[RoleView]:
    """The roles of the tenant's own, by name; there are few."""
    rows = await conn.fetch(
        f"SELECT {_ROLE} FROM identity.roles WHERE tenant_id = $1 AND removed_at IS NULL"
        " ORDER BY name_key",
        ctx.tenant_id,
    )
    return [_role(row) for row in rows]


async def get_role(conn: Connection, ctx: RequestContext, role_id: UUID) -> RoleView:
    """One of them. Raises RoleNotFound."""
    row = await conn.fetchrow(
        f"SELECT {_ROLE} FROM identity.roles WHERE tenant_id = $1 AND role_id = $2"
        " AND removed_at IS NULL",
        ctx.tenant_id,
        role_id,
    )
    if row is None:
        raise RoleNotFound
    return _role(row)


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation that nobody has accepted or withdrawn."""

    invitation_id: UUID
    email: str | None
    role: str
    invited_by: str
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class InvitedView:
    """What somebody is invited to; `is_open` says nothing of its expiry."""

    tenant_id: UUID
    name: str
    mode: str
    email: str | None
    role: str
    expires_at: datetime
    is_open: bool


async def list_invitations(conn: Connection, ctx: RequestContext) -> list[InvitationView]:
    """The open ones, also those that have expired, the newest first; there are few."""
    rows = await conn.fetch(
        "SELECT invitation_id, email, role, invited_by, made_at, expires_at"
        " FROM identity.invitations WHERE tenant_id = $1"
        " AND accepted_at IS NULL AND withdrawn_at IS NULL ORDER BY made_at DESC, invitation_id",
        ctx.tenant_id,
    )
    return [InvitationView(*row) for row in rows]


async def read_invited(conn: Connection, ctx: RequestContext, token_hash: str) -> InvitedView:
    """What this token is for. Raises InvitationNotFound."""
    row = await conn.fetchrow(
        "SELECT i.tenant_id, t.name, t.mode, i.email, i.role, i.expires_at,"
        " i.accepted_at IS NULL AND i.withdrawn_at IS NULL"
        " FROM identity.invitations i JOIN identity.tenants t ON t.tenant_id = i.tenant_id"
        " WHERE i.tenant_id = $1 AND i.token_hash = $2",
        ctx.tenant_id,
        token_hash,
    )
    if row is None:
        raise InvitationNotFound
    return InvitedView(*row)


def _role(row: Any) -> RoleView:
    return RoleView(row["role_id"], row["name"], row["permissions"], _limit(row))


def _api_key(row: Any) -> ApiKeyView:
    said = {name: row[name] for name in row.keys() if not name.startswith("limit_")}  # noqa: SIM118
    return ApiKeyView(**said, approval_limit=_limit(row))


def _limit(row: Any) -> Mapping[str, Decimal] | None:
    currencies = row["limit_currencies"]
    return None if currencies is None else dict(zip(currencies, row["limit_amounts"], strict=True))
