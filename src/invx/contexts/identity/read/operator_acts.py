"""What operators did to tenants as a whole, out of the events of the installation.

Commands take down an act when it begins and when it ends; the operator plane orders it, before it
is done, under the operator's own stream.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext

ORDERED = "ordered"  # through the API: whether it came to its end is not said


@dataclass(frozen=True, slots=True)
class OperatorActView:
    """An act; `outcome` is None while a command is under way, and for ever if it was broken off."""

    begun_at: datetime  # system time
    actor: str
    act: str
    of_tenant: UUID
    detail: str
    outcome: str | None
    ended_at: datetime | None
    result: str | None


async def operator_acts(
    conn: Connection, ctx: RequestContext, of_tenant: UUID | None = None
) -> list[OperatorActView]:
    """All of them, or those on one tenant; the oldest first. Asked inside the installation."""
    named = " WHERE of_tenant = $2" if of_tenant else ""
    rows = await conn.fetch(
        f"{_ACTS}{named} ORDER BY begun_at, event_id",
        *(ctx.tenant_id, *([of_tenant] if of_tenant else [])),
    )
    return [OperatorActView(**{name: row[name] for name in _COLUMNS}) for row in rows]


_COLUMNS = tuple(OperatorActView.__slots__)
_ACTS = f"""
SELECT * FROM (
    SELECT b.recorded_at AS begun_at, b.actor, b.body->>'act' AS act,
        (b.body->>'of_tenant')::uuid AS of_tenant, coalesce(b.body->>'detail', '') AS detail,
        e.body->>'outcome' AS outcome, e.recorded_at AS ended_at, e.body->>'detail' AS result,
        b.event_id
    FROM identity.events b LEFT JOIN identity.events e
        ON e.tenant_id = b.tenant_id AND e.stream_id = b.stream_id AND e.version = 2
    WHERE b.tenant_id = $1 AND b.type = 'OperatorActBegun'
    UNION ALL
    SELECT o.recorded_at, o.actor, k.act, (o.body->>'tenant_id')::uuid,
        coalesce(o.body->>'reason', (o.body->>'before') || ' to ' || (o.body->>'after'), ''),
        '{ORDERED}', NULL, NULL, o.event_id
    FROM (VALUES ('SuspensionOrdered', 'suspend'), ('ResumptionOrdered', 'resume'),
        ('QuotaClassGiven', 'quota'), ('TenantAccessAsked', 'ask access'),
        ('TenantEntered', 'enter'), ('TenantAccessLeft', 'leave')) AS k (type, act)
    JOIN identity.events o ON o.tenant_id = $1 AND o.type = k.type
) AS acts
"""
