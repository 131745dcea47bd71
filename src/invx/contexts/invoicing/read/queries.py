"""Reads of invoicing: SQL by hand, one round trip each where it can be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.errors import (
    DocumentNotFound,
    DocumentPurged,
    LegalEntityNotFound,
    SeriesNotFound,
    SettlementNotFound,
)
from invx.contexts.invoicing.read.access_paths import (
    CONTENT,
    JOIN_CONTENT,
    SELECTED,
    Slice,
    page_of,
    sort_of,
)
from invx.contexts.invoicing.read.conditions import DocumentFilter
from invx.contexts.invoicing.read.views import (
    Row,
    Shown,
    document_json,
    document_summary,
    legal_entity_json,
    series_view,
    settlement_view,
    summary_json,
)
from invx.contexts.invoicing.read.withholding import withholding_view
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext

_WHOLE = SELECTED.format(content=CONTENT, documents="invoicing.documents d", join=JOIN_CONTENT)


async def get_document(conn: Connection, ctx: RequestContext, document_id: UUID) -> Shown:
    """The whole resource. Raises DocumentNotFound, DocumentPurged."""
    key = (ctx.tenant_id, document_id)
    row = await conn.fetchrow(_WHOLE + "WHERE d.tenant_id = $1 AND d.document_id = $2", *key)
    if row is None:
        purged = "SELECT purged FROM invoicing.documents WHERE tenant_id = $1 AND document_id = $2"
        raise DocumentPurged if await conn.fetchval(purged, *key) else DocumentNotFound
    return Shown(row["version"], _whole(row, ctx.now))


def _summary(row: Row, now: datetime) -> dict[str, Any]:
    settlement = None
    if row["s_status"] is not None:
        settlement = {**row, "status": row["s_status"], "due_date": row["next_due_date"]}
    return document_summary(row["document_id"], row, settlement, now)


def _whole(row: Row, now: datetime) -> bytes:
    return document_json(_summary(row, now), row["resource"].encode())


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """A page, and the position after which the next one starts."""

    items: list[bytes]
    next: tuple[Any, UUID] | None


async def list_documents(
    conn: Connection, ctx: RequestContext, wanted: DocumentFilter, part: Slice
) -> DocumentPage:
    """A page of documents.

    One round trip, one more when words or metadata are searched for, and one more where a page
    reaches from documents that have a value to sort by into those that have none. Filters that
    no index answers in this order take up to four (`access_paths`).
    """
    found = None
    if wanted.text is not None or wanted.metadata is not None:
        found = await _searched(conn, wanted, part)
    rows = await page_of(conn, ctx, wanted, part, found)
    page = rows[: part.limit]
    items = [_whole(row, ctx.now) if part.whole else _item(row, ctx.now) for row in page]
    last = page[-1] if len(rows) > part.limit else None
    column = sort_of(wanted, part).column.partition(".")[2]
    return DocumentPage(items, (last[column], last["document_id"]) if last else None)


def _item(row: Row, now: datetime) -> bytes:
    return summary_json(_summary(row, now), row)


_SEARCHED_MOST = 1000


async def _searched(conn: Connection, wanted: DocumentFilter, part: Slice) -> list[UUID]:
    """The newest documents that match; the list then sorts and pages among them.

    Newest first, each page searches on from where the last one ended, so nothing is left out.
    """
    before = UUID(int=2**128 - 1)
    if part.after is not None and part.sort == "created" and part.descending:
        before = part.after[1]
    pattern = None
    if wanted.text is not None:
        escaped = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = f"%{escaped}%"
    rows = await conn.fetch(
        "SELECT invoicing.search_documents($1, $2::jsonb, $3, $4)",
        pattern,
        wanted.metadata,
        before,
        _SEARCHED_MOST,
    )
    return [row[0] for row in rows]


async def get_settlement(
    conn: Connection, ctx: RequestContext, document_id: UUID
) -> dict[str, Any]:
    """The ledger of a document. Raises SettlementNotFound."""
    key = (ctx.tenant_id, document_id)
    row = await conn.fetchrow(
        "SELECT * FROM invoicing.settlements WHERE tenant_id = $1 AND document_id = $2", *key
    )
    if row is None:
        raise SettlementNotFound
    entries = await conn.fetch(
        """SELECT * FROM invoicing.settlement_entries
        LEFT JOIN invoicing.settlement_bookings USING (tenant_id, document_id, entry_id)
        WHERE tenant_id = $1 AND document_id = $2 ORDER BY sequence""",
        *key,
    )
    certificates = await conn.fetch(
        """SELECT source, on_date, amount, final FROM invoicing.withholding_certificates
        WHERE tenant_id = $1 AND document_id = $2 ORDER BY recorded_at, source""",
        *key,
    )
    withholding = withholding_view(row, certificates)
    return settlement_view(document_id, row, entries, ctx.now, withholding)


# Ids are time-ordered, so their order is that of making.
_BY_ID = {
    False: " WHERE tenant_id = $1 AND {id} > $2 ORDER BY {id} LIMIT $3",
    True: " WHERE tenant_id = $1 AND {id} < $2 ORDER BY {id} DESC LIMIT $3",
}
_ENDS = {False: UUID(int=0), True: UUID(int=2**128 - 1)}


async def get_legal_entity(conn: Connection, ctx: RequestContext, entity_id: UUID) -> Shown:
    """A legal entity. Raises LegalEntityNotFound."""
    row = await conn.fetchrow(
        "SELECT version, resource::text FROM invoicing.legal_entities"
        " WHERE tenant_id = $1 AND legal_entity_id = $2",
        ctx.tenant_id,
        entity_id,
    )
    if row is None:
        raise LegalEntityNotFound
    return Shown(row[0], legal_entity_json(entity_id, row[0], row[1].encode()))


async def list_legal_entities(
    conn: Connection,
    ctx: RequestContext,
    after: UUID | None,
    limit: int,
    *,
    descending: bool = False,
) -> list[tuple[UUID, bytes]]:
    """Legal entities in the order of their making, one more than `limit` when there are more."""
    rows = await conn.fetch(
        "SELECT legal_entity_id, version, resource::text FROM invoicing.legal_entities"
        + _BY_ID[descending].format(id="legal_entity_id"),
        ctx.tenant_id,
        after or _ENDS[descending],
        limit + 1,
    )
    return [(row[0], legal_entity_json(row[0], row[1], row[2].encode())) for row in rows]


async def get_series(conn: Connection, ctx: RequestContext, series_id: UUID) -> dict[str, Any]:
    """A series. Raises SeriesNotFound."""
    row = await conn.fetchrow(
        f"SELECT s.*, {_HERE} FROM invoicing.series s WHERE tenant_id = $1 AND series_id = $2",
        ctx.tenant_id,
        series_id,
    )
    if row is None:
        raise SeriesNotFound
    return series_view(series_id, row, here=row["here"])


async def list_series(
    conn: Connection,
    ctx: RequestContext,
    after: UUID | None,
    limit: int,
    *,
    descending: bool = False,
) -> list[dict[str, Any]]:
    """Series in the order of their making, one more than `limit` when there are more."""
    rows = await conn.fetch(
        f"SELECT s.*, {_HERE} FROM invoicing.series s" + _BY_ID[descending].format(id="series_id"),
        ctx.tenant_id,
        after or _ENDS[descending],
        limit + 1,
    )
    return [series_view(row["series_id"], row, here=row["here"]) for row in rows]


async def series_gaps(conn: Connection, ctx: RequestContext, series_id: UUID) -> dict[str, Any]:
    """Every number that the series does not have, and why (N01). Raises SeriesNotFound."""
    series = await get_series(conn, ctx, series_id)
    rows = await conn.fetch(_GAPS, ctx.tenant_id, series_id)
    return {
        "object": "gap_report",
        "series": series["id"],
        "complete": all(row["reason"] is not None for row in rows),
        "gaps": [
            {
                "period": row["period"],
                "first": row["first"],
                "last": row["last"],
                "reason": row["reason"],
                "actor": row["actor"],
            }
            for row in rows
        ],
    }


# Whether this is the database in which the series gives numbers.
_HERE = """
    EXISTS (SELECT FROM invoicing.number_permits p WHERE p.tenant_id = s.tenant_id
        AND p.series_id = s.series_id AND p.incarnation = invoicing.incarnation()) AS here
"""
# A gap lies before a number whose predecessor is not the number before it. The first number of a
# period has no predecessor; what was left out before it was left out on purpose and is listed too.
# Several steps may have left out what is one gap.
_GAPS = """
WITH drawn AS (
    SELECT period, number, lag(number) OVER (PARTITION BY period ORDER BY number) AS before
    FROM invoicing.numbers WHERE tenant_id = $1 AND series_id = $2
), missing AS (
    SELECT period, before + 1 AS first, number - 1 AS last FROM drawn WHERE number > before + 1
)
SELECT period, first, last, NULL AS reason, NULL AS actor FROM missing m
WHERE last - first + 1 > (
    SELECT coalesce(sum(least(k.next - 1, m.last) - greatest(k.first_skipped, m.first) + 1), 0)
    FROM invoicing.skipped_numbers k WHERE k.tenant_id = $1 AND k.series_id = $2
    AND k.period = m.period AND k.first_skipped <= m.last AND k.next > m.first)
UNION ALL
SELECT period, first_skipped, next - 1, coalesce(reason, 'erased'), actor
FROM invoicing.skipped_numbers WHERE tenant_id = $1 AND series_id = $2
ORDER BY period, first
"""
