"""Closed periods of legal entities: their rows, what the API shows, and their history."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.contexts.invoicing.domain.periods.locks import Lock, Scope
from invx.contexts.invoicing.domain.periods.period_events import PeriodsClosed, PeriodsReopened
from invx.contexts.invoicing.read.tax_views import REGISTRATION
from invx.contexts.invoicing.read.views import LEGAL_ENTITY, Row, instant
from invx.infra.event_store import Recorded
from invx.infra.postgres import Connection
from invx.infra.unit_of_work import Rows
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid

_HELD = """
SELECT l.version, p.kind, p.registration_id, p.through, p.for_good FROM invoicing.legal_entities l
LEFT JOIN invoicing.closed_periods p
    ON p.tenant_id = l.tenant_id AND p.legal_entity_id = l.legal_entity_id
WHERE l.tenant_id = $1 AND l.legal_entity_id = $2
"""
_CHANGES = """
SELECT * FROM invoicing.period_changes WHERE tenant_id = $1 AND legal_entity_id = $2
    AND version {beyond} $3 ORDER BY version {way} LIMIT $4
"""


def period_rows(recorded: Recorded, entity: LegalEntity, rows: Rows) -> None:
    """The lock that the event moved as it stands after the command, and the change itself."""
    event = recorded.event
    if not isinstance(event, PeriodsClosed | PeriodsReopened):
        return
    scope = (event.kind, event.registration)
    key = {"legal_entity_id": entity.id, "scope": _word(scope)}
    lock = entity.locks.held.get(scope)
    if lock is None:
        rows.delete("closed_periods", key)
    else:
        named = {"kind": str(event.kind), "registration_id": event.registration}
        rows.put("closed_periods", key, named | asdict(lock))
    closing = isinstance(event, PeriodsClosed)
    rows.put(
        "period_changes",
        {"legal_entity_id": entity.id, "version": recorded.version},
        {
            "kind": str(event.kind),
            "registration_id": event.registration,
            "action": "closed" if closing else "reopened",
            "before": event.before,
            "through": event.through,
            "hard": event.hard if isinstance(event, PeriodsClosed) else False,
            "cause": str(event.cause) if isinstance(event, PeriodsClosed) else None,
            "reason": event.reason if isinstance(event, PeriodsReopened) else None,
            "actor": recorded.actor,
            "occurred_at": recorded.occurred_at,
        },
    )


def _word(scope: Scope) -> str:
    kind, registration = scope
    return f"{kind}:{registration}" if registration else str(kind)


async def get_periods(conn: Connection, ctx: RequestContext, entity_id: UUID) -> dict[str, Any]:
    """How far each kind is closed. Raises LegalEntityNotFound."""
    rows = await conn.fetch(_HELD, ctx.tenant_id, entity_id)
    if not rows:
        raise LegalEntityNotFound
    held = {
        (PeriodKind(row["kind"]), row["registration_id"]): Lock(row["through"], row["for_good"])
        for row in rows
        if row["kind"] is not None
    }
    return periods_view(entity_id, rows[0]["version"], held.items())


def periods_view(
    entity_id: UUID, version: int, held: Iterable[tuple[Scope, Lock]]
) -> dict[str, Any]:
    """All four kinds, and the registrations that have closed more of their tax."""
    nothing: dict[Scope, Lock | None] = {(kind, None): None for kind in PeriodKind}
    locks = nothing | dict(held)
    ordered = sorted(locks.items(), key=lambda each: (list(PeriodKind).index(each[0][0]),
                                                      str(each[0][1] or "")))  # fmt: skip
    return {
        "object": "periods",
        "legal_entity": typeid(LEGAL_ENTITY, entity_id),
        "version": version,
        "periods": [_period(scope, lock) for scope, lock in ordered],
    }


def _period(scope: Scope, lock: Lock | None) -> dict[str, Any]:
    kind, registration = scope
    return {
        "kind": str(kind),
        "registration": typeid(REGISTRATION, registration) if registration else None,
        "closed_through": lock.through.isoformat() if lock else None,
        "closed_for_good": lock.for_good.isoformat() if lock and lock.for_good else None,
    }


async def list_period_changes(
    conn: Connection,
    ctx: RequestContext,
    entity_id: UUID,
    after: int,
    *,
    limit: int,
    descending: bool,
) -> list[Row]:
    """What was closed and opened again, in order. Raises LegalEntityNotFound."""
    beyond, way = ("<", "DESC") if descending else (">", "ASC")
    statement = _CHANGES.format(beyond=beyond, way=way)
    rows = await conn.fetch(statement, ctx.tenant_id, entity_id, after, limit)
    if not rows:
        await get_periods(conn, ctx, entity_id)
    return list(rows)


def period_change_view(row: Row) -> dict[str, Any]:
    """One act of closing or opening, by whom and when."""
    registration = row["registration_id"]
    return {
        "object": "period_change",
        "version": row["version"],
        "kind": row["kind"],
        "registration": typeid(REGISTRATION, registration) if registration else None,
        "action": row["action"],
        "before": row["before"].isoformat() if row["before"] else None,
        "closed_through": row["through"].isoformat() if row["through"] else None,
        "hard": row["hard"],
        "cause": row["cause"],
        "reason": row["reason"],
        "actor": row["actor"],
        "at": instant(row["occurred_at"]),
    }
