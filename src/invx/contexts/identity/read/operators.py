"""What is asked of operators, announcements and support grants."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from invx.contexts.identity.domain.errors import SupportGrantNotFound
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext

_LISTED_MAX = 200


@dataclass(frozen=True, slots=True)
class OperatorView:
    """An operator, also one who was revoked."""

    operator_id: UUID
    user_id: UUID
    email: str | None
    name: str | None
    appointed_at: datetime
    revoked_at: datetime | None
    has_factor: bool  # without one they cannot sign in


@dataclass(frozen=True, slots=True)
class AnnouncementView:
    """What tenants are told."""

    announcement_id: UUID
    text: str
    severity: str
    starts_at: datetime
    ends_at: datetime
    made_by: str
    made_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class SupportGrantView:
    """A request for access, and what became of it."""

    support_grant_id: UUID
    operator_id: UUID
    operator: str | None
    reason: str | None
    permissions: list[str]
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    granted_until: datetime | None
    ended_at: datetime | None
    ended_reason: str | None


_OPERATORS = """
SELECT o.operator_id, o.user_id, u.email, o.name, o.appointed_at, o.revoked_at,
    f.confirmed_at IS NOT NULL
FROM identity.operators o
JOIN identity.users u ON u.tenant_id = o.tenant_id AND u.user_id = o.user_id
LEFT JOIN identity.second_factors f ON f.tenant_id = o.tenant_id AND f.user_id = o.user_id
WHERE o.tenant_id = $1 ORDER BY o.operator_id
"""
_ANNOUNCEMENT = """announcement_id, text, severity, starts_at, ends_at, made_by, made_at,
    withdrawn_at"""
_GRANT = """support_grant_id, operator_id, operator, reason, permissions, asked_at, decided_by,
    decided_at, granted_until, ended_at, ended_reason"""


async def list_operators(conn: Connection, ctx: RequestContext) -> list[OperatorView]:
    """All there were, in the order of their appointment."""
    return [OperatorView(*row) for row in await conn.fetch(_OPERATORS, ctx.tenant_id)]


async def operator_name(conn: Connection, ctx: RequestContext, operator_id: UUID) -> str | None:
    """What an operator who is one now is called; None for anybody else."""
    row = await conn.fetchrow(
        "SELECT coalesce(name, '') FROM identity.operators o"
        " WHERE tenant_id = $1 AND operator_id = $2 AND revoked_at IS NULL AND EXISTS ("
        "   SELECT FROM identity.users u WHERE u.tenant_id = o.tenant_id"
        "   AND u.user_id = o.user_id AND u.status = 'active')",
        *(ctx.tenant_id, operator_id),
    )
    return row[0] if row else None


async def list_announcements(conn: Connection, ctx: RequestContext) -> list[AnnouncementView]:
    """All there were, the newest first."""
    rows = await conn.fetch(
        f"SELECT {_ANNOUNCEMENT} FROM identity.announcements WHERE tenant_id = $1"
        " ORDER BY announcement_id DESC LIMIT $2",
        *(ctx.tenant_id, _LISTED_MAX),
    )
    return [AnnouncementView(*row) for row in rows]


async def shown_announcements(
    conn: Connection, ctx: RequestContext, now: datetime
) -> list[AnnouncementView]:
    """Those that are shown at this moment of system time, the gravest first."""
    rows = await conn.fetch(
        f"SELECT {_ANNOUNCEMENT} FROM identity.announcements WHERE tenant_id = $1"
        " AND withdrawn_at IS NULL AND ends_at > $2 AND starts_at <= $2"
        " ORDER BY array_position(ARRAY['critical', 'warning', 'info'], severity),"
        " announcement_id DESC LIMIT $3",
        *(ctx.tenant_id, now, _LISTED_MAX),
    )
    return [AnnouncementView(*row) for row in rows]


async def list_support_grants(conn: Connection, ctx: RequestContext) -> list[SupportGrantView]:
    """Those of the tenant, the newest first."""
    rows = await conn.fetch(
        f"SELECT {_GRANT} FROM identity.support_grants WHERE tenant_id = $1"
        " ORDER BY asked_at DESC, support_grant_id LIMIT $2",
        *(ctx.tenant_id, _LISTED_MAX),
    )
    return [_grant(row) for row in rows]


async def get_support_grant(
    conn: Connection, ctx: RequestContext, support_grant_id: UUID
) -> SupportGrantView:
    """One of them. Raises SupportGrantNotFound."""
    row = await conn.fetchrow(
        f"SELECT {_GRANT} FROM identity.support_grants"
        " WHERE tenant_id = $1 AND support_grant_id = $2",
        *(ctx.tenant_id, support_grant_id),
    )
    if row is None:
        raise SupportGrantNotFound
    return _grant(row)


async def good_support_grant(
    conn: Connection, ctx: RequestContext, operator_id: UUID, now: datetime
) -> SupportGrantView | None:
    """By which an operator is let in at this moment of system time, if by any."""
    row = await conn.fetchrow(
        f"SELECT {_GRANT} FROM identity.support_grants WHERE tenant_id = $1"
        " AND operator_id = $2 AND ended_at IS NULL AND granted_until > $3",
        *(ctx.tenant_id, operator_id, now),
    )
    return _grant(row) if row else None


def _grant(row: Any) -> SupportGrantView:
    return SupportGrantView(*row)
