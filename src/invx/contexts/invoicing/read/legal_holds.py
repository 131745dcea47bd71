"""Legal holds: their rows, and what the API shows of them."""

from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.keeping.legal_hold import LegalHold, LegalHoldNotFound
from invx.contexts.invoicing.domain.keeping.legal_hold_events import HoldScope
from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY, Row, instant
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid

HOLD = "lho"


def hold_row(hold: LegalHold) -> dict[str, Any]:
    """A hold as it stands. Its reasons may be erased once it is released."""
    placed, released = hold.placed, hold.released
    return {
        "version": hold.version,
        "scope": str(placed.scope),
        "target_id": placed.target_id,
        "subject_id": placed.subject_id,
        "customer": placed.customer,
        "reason": placed.reason,
        "placed_at": placed.placed_at,
        "placed_by": placed.by,
        "released_at": released.released_at if released else None,
        "released_by": released.by if released else None,
        "release_reason": released.reason if released else None,
    }


def hold_view(hold_id: UUID, row: Row) -> dict[str, Any]:
    """A hold as the API shows it."""
    scope = row["scope"]
    document = scope == HoldScope.DOCUMENT
    entity = scope == HoldScope.LEGAL_ENTITY
    return {
        "id": typeid(HOLD, hold_id),
        "object": "legal_hold",
        "version": row["version"],
        "state": "standing" if row["released_at"] is None else "released",
        "scope": scope,
        "invoice": typeid(INVOICE, row["target_id"]) if document else None,
        "customer": row["customer"],
        "legal_entity": typeid(LEGAL_ENTITY, row["target_id"]) if entity else None,
        "reason": row["reason"],
        "placed_at": instant(row["placed_at"]),
        "placed_by": row["placed_by"],
        "released_at": instant(row["released_at"]),
        "released_by": row["released_by"],
        "release_reason": row["release_reason"],
    }


async def get_hold(conn: Connection, ctx: RequestContext, hold_id: UUID) -> Row:
    """Its row. Raises LegalHoldNotFound."""
    row = await conn.fetchrow(
        "SELECT * FROM invoicing.legal_holds WHERE tenant_id = $1 AND hold_id = $2",
        ctx.tenant_id,
        hold_id,
    )
    if row is None:
        raise LegalHoldNotFound
    return row


async def list_holds(
    conn: Connection,
    ctx: RequestContext,
    *,
    standing: bool | None,
    after: UUID | None,
    limit: int,
    descending: bool,
) -> list[Row]:
    """Holds in the order of their making, or the newest first; all when `standing` is None."""
    beyond, order = ("<", "DESC") if descending else (">", "ASC")
    narrowed = {None: "", True: " AND released_at IS NULL", False: " AND released_at IS NOT NULL"}
    return list(
        await conn.fetch(
            f"SELECT * FROM invoicing.legal_holds WHERE tenant_id = $1 AND hold_id {beyond} $2"
            f"{narrowed[standing]} ORDER BY hold_id {order} LIMIT $3",
            ctx.tenant_id,
            after or UUID(int=2**128 - 1 if descending else 0),
            limit,
        )
    )
