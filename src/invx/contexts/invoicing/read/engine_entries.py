"""What tax engines are told: rows, and what the API shows of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.tax.engine_entry import EngineEntry
from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY, Row, instant
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid

ENGINE_ENTRY = "eng"
_COLUMNS = {"status": "text", "document_id": "uuid"}


def engine_entry_row(entry: EngineEntry) -> dict[str, Any]:
    """An entry as it stands."""
    return {
        "version": entry.version,
        "document_id": entry.document_id,
        "legal_entity_id": entry.legal_entity_id,
        "kind": str(entry.kind),
        "engine": entry.engine,
        "quote": entry.quote,
        "reverses": entry.reverses,
        "status": str(entry.status),
        "attempts": entry.attempts,
        "reason": entry.reason,
        "retry_at": entry.retry_at,
        "reference": entry.reference,
        "owed_at": entry.owed_at,
        "committed_at": entry.committed_at,
    }


def engine_entry_view(entry_id: UUID, row: Row) -> dict[str, Any]:
    """The resource."""
    return {
        "id": typeid(ENGINE_ENTRY, entry_id),
        "object": "tax_engine_entry",
        "version": row["version"],
        "invoice": typeid(INVOICE, row["document_id"]),
        "legal_entity": typeid(LEGAL_ENTITY, row["legal_entity_id"]),
        "kind": row["kind"],
        "engine": row["engine"],
        "quote": row["quote"],
        "reverses": typeid(ENGINE_ENTRY, row["reverses"]) if row["reverses"] else None,
        "status": row["status"],
        "attempts": row["attempts"],
        "reason": row["reason"],
        "retry_at": instant(row["retry_at"]),
        "reference": row["reference"],
        "owed_at": instant(row["owed_at"]),
        "committed_at": instant(row["committed_at"]),
    }


async def list_engine_entries(
    conn: Connection,
    ctx: RequestContext,
    conditions: Sequence[tuple[str, Sequence[Any]]],
    after: tuple[datetime, UUID] | None,
    limit: int,
    *,
    descending: bool,
) -> Sequence[Row]:
    """Entries by the moment they were owed: one more than `limit` when there are more."""
    wanted, values = ["tenant_id = $1"], list[Any]([ctx.tenant_id])
    for column, among in conditions:
        values.append(list(among) if len(among) > 1 else among[0])
        n, kind = len(values), _COLUMNS[column]
        wanted.append(f"{column} = ANY(${n}::{kind}[])" if len(among) > 1 else f"{column} = ${n}")
    if after is not None:
        values += after
        beyond, n = "<" if descending else ">", len(values)
        wanted.append(f"(owed_at, engine_entry_id) {beyond} (${n - 1}::timestamptz, ${n}::uuid)")
    way = "DESC" if descending else "ASC"
    return await conn.fetch(
        f"SELECT * FROM invoicing.engine_entries WHERE {' AND '.join(wanted)}"
        f" ORDER BY owed_at {way}, engine_entry_id {way} LIMIT {limit + 1}",
        *values,
    )
