"""What each buyer owes on a day, by how long it is overdue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY, Row
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid
from invx.rules.calendar.zones import today

# What is owed in instalments has the age of each; see `domain.schedule`.
# A document with an id of its customer counts to that customer; any other is a buyer of its own.
# Owing on a day can only be what is not settled now, or what has moved since.
_OPEN = """
WITH days AS (
    SELECT * FROM unnest($2::uuid[], $3::date[]) AS asked (legal_entity_id, day)
), candidates AS (
    SELECT document_id FROM invoicing.settlements
    WHERE tenant_id = $1 AND status IN ('open', 'partial', 'overpaid')
    UNION
    SELECT document_id FROM invoicing.settlement_entries WHERE tenant_id = $1 AND on_date > $4
), balances AS (
    SELECT s.document_id, s.legal_entity_id, s.customer, s.currency, d.buyer_name, t.day,
        coalesce(s.due_date, d.issue_date) AS due_date, s.instalments, s.total,
        s.currency || ' ' || s.legal_entity_id || ' ' || coalesce(s.customer, s.document_id::text)
            COLLATE "C" AS place,
        s.total - coalesce((SELECT sum(e.amount) FROM invoicing.settlement_entries e
            WHERE e.tenant_id = $1 AND e.document_id = s.document_id AND e.on_date <= t.day), 0)
            AS owed
    FROM candidates c
    JOIN invoicing.settlements s ON s.tenant_id = $1 AND s.document_id = c.document_id
    JOIN invoicing.documents d ON d.tenant_id = $1 AND d.document_id = c.document_id
    JOIN days t ON t.legal_entity_id = s.legal_entity_id
    WHERE s.status <> 'void' AND d.issue_date <= t.day{conditions}
), pieces AS (
    SELECT *, day - due_date AS days, owed AS piece FROM balances
    WHERE instalments IS NULL OR owed <= 0
    UNION ALL
    SELECT b.*, b.day - p.due_date, CASE WHEN p.position = 1 THEN p.until - b.total + b.owed
        ELSE least(p.amount, p.until - b.total + b.owed) END
    FROM balances b, ROWS FROM (json_to_recordset(b.instalments)
        AS (due_date date, amount numeric, until numeric)) WITH ORDINALITY
        AS p (due_date, amount, until, position)
    WHERE b.owed > 0 AND p.until > b.total - b.owed
)
SELECT place, legal_entity_id, customer, currency, day, min(document_id::text) AS document,
    max(buyer_name) AS buyer_name, count(DISTINCT document_id) AS count,
    sum(piece) AS total,
    coalesce(sum(piece) FILTER (WHERE owed > 0 AND days <= 0), 0) AS not_due,
    coalesce(sum(piece) FILTER (WHERE owed > 0 AND days BETWEEN 1 AND 30), 0) AS days_1_30,
    coalesce(sum(piece) FILTER (WHERE owed > 0 AND days BETWEEN 31 AND 60), 0) AS days_31_60,
    coalesce(sum(piece) FILTER (WHERE owed > 0 AND days BETWEEN 61 AND 90), 0) AS days_61_90,
    coalesce(sum(piece) FILTER (WHERE owed > 0 AND days > 90), 0) AS over_90,
    coalesce(-sum(piece) FILTER (WHERE owed < 0), 0) AS surplus
FROM pieces WHERE owed <> 0{after}
GROUP BY place, legal_entity_id, customer, currency, day ORDER BY place {way} LIMIT {limit}
"""
_FIGURES = (
    "total",
    "not_due",
    "days_1_30",
    "days_31_60",
    "days_61_90",
    "over_90",
    "surplus",
)


_ZONES = """
SELECT legal_entity_id, resource->>'time_zone' AS time_zone FROM invoicing.legal_entities
WHERE tenant_id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemSlice:
    """Which buyers, and on what day: today where each legal entity is, if none is named."""

    on: date | None = None
    legal_entities: Sequence[UUID] | None = None
    customer: str | None = None
    after: str | None = None
    descending: bool = False
    limit: int = 25


async def list_open_items(
    conn: Connection, ctx: RequestContext, wanted: OpenItemSlice
) -> tuple[list[Row], bool]:
    """A row for each buyer, seller and currency, and whether there are more.

    Two round trips: which day it is has to be known of every legal entity first.
    """
    days = await _days(conn, ctx, wanted)
    if not days:
        return [], False
    values: list[Any] = [ctx.tenant_id, list(days), list(days.values()), min(days.values())]
    conditions, after = "", ""
    if wanted.customer is not None:
        values.append(wanted.customer)
        conditions += f" AND s.customer = ${len(values)}"
    if wanted.after is not None:
        values.append(wanted.after)
        after = f" AND place {'<' if wanted.descending else '>'} ${len(values)}"
    way = "DESC" if wanted.descending else "ASC"
    statement = _OPEN.format(conditions=conditions, after=after, way=way, limit=wanted.limit + 1)
    rows = await conn.fetch(statement, *values)
    return list(rows[: wanted.limit]), len(rows) > wanted.limit


async def _days(conn: Connection, ctx: RequestContext, wanted: OpenItemSlice) -> dict[UUID, date]:
    """The day that is asked for, by legal entity."""
    statement, values = _ZONES, list[Any]([ctx.tenant_id])
    if wanted.legal_entities is not None:
        statement += " AND legal_entity_id = ANY($2::uuid[])"
        values.append(list(wanted.legal_entities))
    return {
        row["legal_entity_id"]: wanted.on or today(ctx.now, row["time_zone"])
        for row in await conn.fetch(statement, *values)
    }


def open_item_view(row: Row) -> dict[str, Any]:
    """What one buyer owes one seller in one currency, with the address of the documents."""
    entity = typeid(LEGAL_ENTITY, row["legal_entity_id"])
    document = typeid(INVOICE, UUID(row["document"]))
    query = {"customer": row["customer"], "legal_entity": entity, "currency": row["currency"]}
    alone = row["customer"] is None
    return {
        "object": "open_items",
        "legal_entity": entity,
        "customer": row["customer"],
        "invoice": document if alone else None,
        "buyer": row["buyer_name"],
        "on": row["day"].isoformat(),
        "currency": row["currency"],
        **{name: str(row[name]) for name in _FIGURES},
        "count": row["count"],
        "invoices": f"/v1/invoices/{document}" if alone else f"/v1/invoices?{urlencode(query)}",
    }
