"""Reads of invoicing: SQL by hand, one round trip each where it can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.errors import (
    DocumentNotFound,
    LegalEntityNotFound,
    SeriesNotFound,
    SettlementNotFound,
)
from invx.contexts.invoicing.read.conditions import DocumentFilter, Statement
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

_DOCUMENT = """
SELECT d.*, s.status AS s_status, s.open, s.paid, s.credited, s.written_off, s.surplus,
    s.overdue_from, s.disputed, s.total, s.settled, s.instalments,
    s.due_date AS next_due_date{content}
FROM invoicing.documents d
{settlement}
"""
# A filter may find documents by their settlement. Any other list looks up that of each row, or the
# planner may read all settlements first: for a new tenant without statistics, or for few left out.
_JOINED = """LEFT JOIN invoicing.settlements s
    ON s.tenant_id = d.tenant_id AND s.document_id = d.document_id"""
_LOOKED_UP = """LEFT JOIN LATERAL (SELECT * FROM invoicing.settlements o
    WHERE o.tenant_id = d.tenant_id AND o.document_id = d.document_id LIMIT 1) s ON true"""
_CONTENT = ", c.resource::text AS resource"
_JOIN_CONTENT = """JOIN invoicing.document_contents c ON c.tenant_id = d.tenant_id
    AND c.document_id = d.document_id
"""
_WHOLE = _DOCUMENT.format(content=_CONTENT, settlement=_LOOKED_UP) + _JOIN_CONTENT


async def get_document(conn: Connection, ctx: RequestContext, document_id: UUID) -> Shown:
    """The whole resource. Raises DocumentNotFound."""
    row = await conn.fetchrow(
        _WHOLE + "WHERE d.tenant_id = $1 AND d.document_id = $2", ctx.tenant_id, document_id
    )
    if row is None:
        raise DocumentNotFound
    return Shown(row["version"], _whole(row, ctx.now))


def _summary(row: Row, now: datetime) -> dict[str, Any]:
    settlement = None
    if row["s_status"] is not None:
        settlement = {**row, "status": row["s_status"], "due_date": row["next_due_date"]}
    return document_summary(row["document_id"], row, settlement, now)


def _whole(row: Row, now: datetime) -> bytes:
    return document_json(_summary(row, now), row["resource"].encode())


@dataclass(frozen=True, slots=True)
class DocumentSort:
    """An order of the list: a column of an index that ends with the document's id.

    `missing` finds those without a value there, by an index too, if there can be any. They stand
    behind all others, before them when the order is turned around: sorting leaves nothing out.
    """

    column: str
    missing: str | None = None

    def order(self, *, missing: bool, descending: bool) -> str:
        """The order within the documents that have a value, or within those that have none."""
        lead = self.missing.partition(" ")[0] if missing and self.missing else self.column
        columns = dict.fromkeys((lead, "d.document_id"))
        return ", ".join(f"{column} {'DESC' if descending else 'ASC'}" for column in columns)


SORTS = {
    "created": DocumentSort("d.document_id"),
    "issue_date": DocumentSort("d.issue_date", "d.issue_date IS NULL"),
    "due_date": DocumentSort("d.due_date", "d.due_date IS NULL"),
    "number": DocumentSort("d.number", "d.status = 'draft'"),  # drafts have none
    "gross": DocumentSort("d.gross_units"),
    "buyer": DocumentSort("d.buyer_sort", "d.buyer_sort IS NULL"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Which part of a list: after this (sort value, id), so many, in this order."""

    sort: str = "created"
    descending: bool = True
    after: tuple[Any, UUID] | None = None
    limit: int = 25
    whole: bool = False  # with lines and all


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
    reaches from documents that have a value to sort by into those that have none.
    """
    statement = Statement(ctx)
    if wanted.text is not None or wanted.metadata is not None:
        statement.add("d.document_id = ANY({})", await _searched(conn, wanted, part))
    statement.narrow(wanted)
    sort, rows = SORTS[part.sort], list[Row]()
    for missing in _stretches(part):
        order = sort.order(missing=missing, descending=part.descending)
        bounded = _bounded(statement, part, missing=missing)
        rows += await _fetched(conn, bounded, part, f"{order} LIMIT {part.limit + 1 - len(rows)}")
        if len(rows) > part.limit:
            break
    page = rows[: part.limit]
    items = [_whole(row, ctx.now) if part.whole else _item(row, ctx.now) for row in page]
    last = page[-1] if len(rows) > part.limit else None
    column = sort.column.partition(".")[2]
    return DocumentPage(items, (last[column], last["document_id"]) if last else None)


def _stretches(part: Slice) -> Sequence[bool]:
    """What is still to be listed: documents with a value to sort by, those without (True), both.

    Each is one range of an index, which `NULLS LAST` with a position to go on from is not.
    """
    if SORTS[part.sort].missing is None:
        return (False,)
    both = (True, False) if part.descending else (False, True)
    return both if part.after is None else both[both.index(part.after[0] is None) :]


def _bounded(statement: Statement, part: Slice, *, missing: bool) -> Statement:
    sort, bounded = SORTS[part.sort], statement.copy()
    beyond = "<" if part.descending else ">"
    if sort.missing is not None:
        bounded.conditions.append(sort.missing if missing else f"{sort.column} IS NOT NULL")
    if part.after is not None and (part.after[0] is None) is missing:
        if missing or part.sort == "created":
            bounded.add(f"d.document_id {beyond} {{}}", part.after[1])
        else:
            bounded.pair(f"({sort.column}, d.document_id) {beyond}", part.after)
    return bounded


async def _fetched(
    conn: Connection, statement: Statement, part: Slice, order: str
) -> Sequence[Row]:
    content, join = (_CONTENT, _JOIN_CONTENT) if part.whole else ("", "")
    select = _DOCUMENT.format(content=content, settlement=settlement_of(statement)) + join
    return await conn.fetch(
        f"{select}WHERE {' AND '.join(statement.conditions)} ORDER BY {order}", *statement.values
    )


def settlement_of(statement: Statement) -> str:
    """How a document's settlement `s` is joined."""
    return _JOINED if statement.by_settlement else _LOOKED_UP


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
