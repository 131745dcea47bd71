"""Which sandboxes an organization has, as one of its tenants may see them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from invx.contexts.identity.domain.errors import SandboxNotFound
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext


@dataclass(frozen=True, slots=True)
class SandboxView:
    """A sandbox. `opened_at` and `ends_at` are system time."""

    sandbox_id: UUID
    name: str
    sandbox_of: UUID | None
    opened_at: datetime
    ends_at: datetime | None
    clock_offset_seconds: int
    advance_id: UUID | None

    def clock(self, now: datetime) -> datetime:
        """Its business time at this moment of system time."""
        return now + timedelta(seconds=self.clock_offset_seconds)


# From a live tenant all of its organization, from inside a sandbox that one alone.
_SEEN = """
SELECT o.opened_tenant_id, o.name, o.sandbox_of, o.opened_at, o.ends_at, o.clock_offset_seconds,
    o.advance_id
FROM identity.opened_tenants o
WHERE o.tenant_id = $1 AND o.mode = 'test' AND o.status = 'active'
    AND o.organization_id = (SELECT organization_id FROM identity.opened_tenants
        WHERE tenant_id = $1 AND opened_tenant_id = $2)
    AND (o.opened_tenant_id = $2 OR EXISTS (SELECT FROM identity.opened_tenants
        WHERE tenant_id = $1 AND opened_tenant_id = $2 AND mode = 'live'))
"""


async def get_sandbox(
    conn: Connection, ctx: RequestContext, asked_from: UUID, sandbox_id: UUID
) -> SandboxView:
    """One sandbox. Raises SandboxNotFound."""
    rows = await conn.fetch(
        f"{_SEEN} AND o.opened_tenant_id = $3", ctx.tenant_id, asked_from, sandbox_id
    )
    if not rows:
        raise SandboxNotFound
    return SandboxView(*rows[0])


async def list_sandboxes(
    conn: Connection,
    ctx: RequestContext,
    asked_from: UUID,
    *,
    after: UUID | None,
    limit: int,
    descending: bool,
) -> list[SandboxView]:
    """The newest first, those behind `after`; or the oldest first."""
    beyond, order = ("<", "DESC") if descending else (">", "ASC")
    rows = await conn.fetch(
        f"{_SEEN} AND o.opened_tenant_id {beyond} $3 ORDER BY o.opened_tenant_id {order} LIMIT $4",
        ctx.tenant_id,
        asked_from,
        after or UUID(int=2**128 - 1 if descending else 0),
        limit,
    )
    return [SandboxView(*row) for row in rows]


async def problem_of(conn: Connection, ctx: RequestContext, operation_id: UUID) -> str | None:
    """Why an advance stopped, as JSON; None when it did not."""
    found: str | None = await conn.fetchval(
        "SELECT problem::text FROM identity.operation_items"
        " WHERE tenant_id = $1 AND operation_id = $2 AND state = 'failed'",
        ctx.tenant_id,
        operation_id,
    )
    return found
