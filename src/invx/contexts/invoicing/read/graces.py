"""Grace periods: which drafts are finalized by themselves, when, and what stood in the way."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.grace import Grace, GraceNotFound
from invx.contexts.invoicing.read.views import INVOICE, Row, instant
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid

# Finalized by hand meanwhile, it is over; the job notes that when its time comes.
_STATE = "CASE WHEN d.status = 'draft' THEN g.state ELSE 'over' END"
_SELECT = f"""SELECT g.document_id, g.version, g.finalize_at, g.code, {_STATE} AS state
FROM invoicing.graces g JOIN invoicing.documents d
    ON d.tenant_id = g.tenant_id AND d.document_id = g.document_id
WHERE g.tenant_id = $1"""


async def get_grace(conn: Connection, ctx: RequestContext, document_id: UUID) -> dict[str, Any]:
    """That of an invoice. Raises GraceNotFound."""
    row = await conn.fetchrow(f"{_SELECT} AND g.document_id = $2", ctx.tenant_id, document_id)
    if row is None:
        raise GraceNotFound
    return grace_view(row)


async def list_graces(
    conn: Connection,
    ctx: RequestContext,
    states: Sequence[str],
    after: UUID | None,
    *,
    limit: int,
    descending: bool,
) -> list[Row]:
    """Those of drafts in these states, in the order in which the drafts were made."""
    beyond, order = ("<", "DESC") if descending else (">", "ASC")
    return list(
        await conn.fetch(
            f"{_SELECT} AND g.state = ANY($2::text[]) AND g.state <> 'over'"
            f" AND d.status = 'draft' AND g.document_id {beyond} $3"
            f" ORDER BY g.document_id {order} LIMIT $4",
            ctx.tenant_id,
            list(states),
            after or UUID(int=2**128 - 1 if descending else 0),
            limit,
        )
    )


def grace_row(grace: Grace) -> dict[str, Any]:
    """A grace period as its aggregate says it."""
    return {
        "version": grace.version,
        "finalize_at": grace.finalize_at,
        "state": str(grace.state),
        "code": grace.code,
    }


def grace_view(row: Row) -> dict[str, Any]:
    """A grace period as the API shows it."""
    return {
        "object": "grace",
        "invoice": typeid(INVOICE, row["document_id"]),
        "version": row["version"],
        "finalize_at": instant(row["finalize_at"]),
        "state": row["state"],
        "code": row["code"],
    }
