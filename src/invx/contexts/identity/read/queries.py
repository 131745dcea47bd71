"""What is asked of identity. Of people inside the installation, of members inside their tenant."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from invx.contexts.identity.domain.errors import SessionNotFound, UserNotFound
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext

FREE_ATTEMPTS = 5  # that fail before the next one has to wait
_WAIT_SECONDS_MAX = 60  # so that nobody is locked out for long by somebody else's guessing


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody who signs in is compared with."""

    user_id: UUID
    password_hash: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class SeatView:
    """A tenant that a person may enter, and as what. `seated` is false for its owner-to-be."""

    tenant_id: UUID
    name: str
    mode: str
    status: str
    role: str
    seated: bool


@dataclass(frozen=True, slots=True)
class UserView:
    """A person."""

    user_id: UUID
    email: str | None
    name: str | None
    language: str
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class SessionView:
    """A sign-in that is still good."""

    session_id: UUID
    method: str
    address: str | None
    user_agent: str | None
    opened_at: datetime
    expires_at: datetime
    client: str | None
    into_tenant: UUID | None


@dataclass(frozen=True, slots=True)
class MemberView:
    """A person inside a tenant."""

    member_id: UUID
    user_id: UUID
    email: str | None
    name: str | None
    role: str
    seated_at: datetime


async def credentials(conn: Connection, ctx: RequestContext, email_key: str) -> Credentials | None:
    """Of whoever signs in by this address."""
    row = await conn.fetchrow(
        "SELECT user_id, password_hash, status = 'active' FROM identity.users"
        " WHERE tenant_id = $1 AND email_key = $2",
        ctx.tenant_id,
        email_key,
    )
    return Credentials(*row) if row else None


async def wait_before_next(
    conn: Connection, ctx: RequestContext, keys: tuple[str, ...]
) -> timedelta:
    """How long the next attempt under any of these keys has to wait: doubled by each failure."""
    rows = await conn.fetch(
        "SELECT count, last_at FROM identity.failed_attempts"
        " WHERE tenant_id = $1 AND key = ANY($2::text[]) AND count >= $3",
        ctx.tenant_id,
        list(keys),
        FREE_ATTEMPTS,
    )
    waits = [
        row["last_at"]
        + timedelta(seconds=min(2 ** (row["count"] - FREE_ATTEMPTS), _WAIT_SECONDS_MAX))
        - ctx.now
        for row in rows
    ]
    return max(waits, default=timedelta(0))


async def knows_network(
    conn: Connection, ctx: RequestContext, user_id: UUID, address: str | None
) -> bool:
    """Whether the person signed in from this address before, with a session not yet forgotten."""
    found = await conn.fetchval(
        "SELECT EXISTS (SELECT FROM identity.sessions WHERE tenant_id = $1 AND user_id = $2"
        " AND address = $3 AND reason IS DISTINCT FROM 'refresh_reused')",
        ctx.tenant_id,
        user_id,
        address,
    )
    return bool(found)


async def seats_of(conn: Connection, ctx: RequestContext, user_id: UUID) -> list[SeatView]:
    """The tenants that a person may enter, live ones first, the oldest first."""
    rows = await conn.fetch(_SEATS, ctx.tenant_id, user_id)
    return [SeatView(*row) for row in rows]


_SEATS = """
WITH seats AS (SELECT member_of, role FROM identity.tenants_of($2)),
owned AS (
    SELECT o.opened_tenant_id FROM identity.organizations g
    JOIN identity.opened_tenants o
        ON o.tenant_id = g.tenant_id AND o.organization_id = g.organization_id
    WHERE g.tenant_id = $1 AND g.owner_id = $2
),
ids AS (SELECT member_of AS id FROM seats UNION SELECT opened_tenant_id FROM owned)
SELECT o.opened_tenant_id, o.name, o.mode, o.status, coalesce(s.role, 'owner'), s.role IS NOT NULL
FROM ids JOIN identity.opened_tenants o ON o.tenant_id = $1 AND o.opened_tenant_id = ids.id
LEFT JOIN seats s ON s.member_of = ids.id
WHERE o.status = 'active' OR (o.mode = 'live' AND o.status <> 'erased')
ORDER BY o.mode, o.opened_tenant_id
"""


async def get_user(conn: Connection, ctx: RequestContext, user_id: UUID) -> UserView:
    """A person. Raises UserNotFound, also for one who was erased."""
    row = await conn.fetchrow(
        "SELECT user_id, email, name, language, registered_at FROM identity.users"
        " WHERE tenant_id = $1 AND user_id = $2 AND status <> 'erased'",
        ctx.tenant_id,
        user_id,
    )
    if row is None:
        raise UserNotFound
    return UserView(*row)


async def password_hash(conn: Connection, ctx: RequestContext, user_id: UUID) -> str | None:
    """What a person's password is verified with."""
    found: str | None = await conn.fetchval(
        "SELECT password_hash FROM identity.users WHERE tenant_id = $1 AND user_id = $2",
        ctx.tenant_id,
        user_id,
    )
    return found


async def get_session(conn: Connection, ctx: RequestContext, session_id: UUID) -> SessionView:
    """One session, also one that ended. Raises SessionNotFound."""
    row = await conn.fetchrow(
        "SELECT session_id, method, address, user_agent, opened_at, expires_at"
        " FROM identity.sessions WHERE tenant_id = $1 AND session_id = $2",
        ctx.tenant_id,
        session_id,
    )
    if row is None:
        raise SessionNotFound
    return SessionView(*row)


async def list_sessions(conn: Connection, ctx: RequestContext, user_id: UUID) -> list[SessionView]:
    """A person's sessions that are still good, the newest first."""
    rows = await conn.fetch(
        "SELECT session_id, method, address, user_agent, opened_at, expires_at, client, into_tenant"
        " FROM identity.sessions WHERE tenant_id = $1 AND user_id = $2"
        " AND revoked_at IS NULL AND expires_at > $3 ORDER BY opened_at DESC, session_id LIMIT 200",
        ctx.tenant_id,
        user_id,
        ctx.now,
    )
    return [SessionView(*row) for row in rows]


async def list_members(conn: Connection, ctx: RequestContext) -> list[MemberView]:
    """Who belongs to the tenant, in the order in which they came."""
    rows = await conn.fetch(
        "SELECT member_id, user_id, email, name, role, seated_at FROM identity.members"
        " WHERE tenant_id = $1 AND removed_at IS NULL ORDER BY seated_at, member_id",
        ctx.tenant_id,
    )
    return [MemberView(*row) for row in rows]
