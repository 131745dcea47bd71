"""A tenant with a hundred thousand documents, made by SQL, and what its lists cost."""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg

from invx.kernel.ids import parse_typeid
from tests.world import Desk

BIG = (
    *("documents", "settlements", "document_contents", "document_search"),
    *("bookings", "tax_entries", "tax_partners", "engine_entries", "settlement_entries"),
    "period_changes",
)

# Ids grow with the number, as time-ordered ids do. Every 10th is a draft; $7 customers share the
# documents, and twice as many deals. $3 documents are made behind the $8 that are there.
FILL = """
WITH numbers AS (
    SELECT g, lpad(to_hex($4::bigint + g), 12, '0') AS tail
    FROM generate_series($8::int + 1, $8::int + $3::int) g
), documents AS (
    SELECT g, ('01900000-0000-7000-8000-' || tail)::uuid AS id FROM numbers
), streams AS (
    INSERT INTO invoicing.streams (tenant_id, stream_id, kind, version, head_hash)
    SELECT $1, id, 'Document', 1, '\\x00' FROM documents RETURNING 1
), rows AS (
    INSERT INTO invoicing.documents (tenant_id, document_id, version, legal_entity_id, type,
        status, voided, series_id, number, external_id, customer, buyer_name, buyer_sort,
        currency, issue_date, due_date, net, tax, gross, due, gross_units, test, credit_notes,
        created_at, delivery_status, clearance_status)
    SELECT $1, id, 1, $2,
        CASE WHEN g % 50 = 1 THEN 'credit_note' WHEN g % 200 = 2 THEN 'proforma'
            ELSE 'invoice' END,
        CASE WHEN g % 10 = 0 THEN 'draft' WHEN g % 500 = 1 THEN 'cancelled' ELSE 'finalized' END,
        false, CASE WHEN g % 10 > 0 THEN $5::uuid END,
        CASE WHEN g % 10 > 0 THEN '2026-' || lpad(g::text, 6, '0') END,
        'X-' || g, 'C-' || (g % $7::int), 'Buyer ' || (g % $7::int), 'buyer ' || (g % $7::int),
        CASE WHEN g % 1000 = 7 THEN 'USD' ELSE 'EUR' END,
        date '2024-01-01' + (g / 100), date '2024-01-15' + (g / 100), g, 0, g, g, g * 100, false,
        '{}', timestamptz '2024-01-01Z' + g * interval '10 minutes',
        CASE WHEN g % 3 = 1 THEN 'sent' WHEN g % 700 = 3 THEN 'delivered' ELSE 'none' END,
        CASE WHEN g % 900 = 1 THEN 'rejected' WHEN g % 4 = 3 THEN 'cleared' ELSE 'not_required' END
    FROM documents RETURNING 1
), settlements AS (
    INSERT INTO invoicing.settlements (tenant_id, document_id, version, legal_entity_id, customer,
        currency, total, settled, open, surplus, open_units, paid, credited, written_off,
        discounted, withheld, refunded, status, disputed, due_date, overdue_from,
        expected_withholding)
    SELECT $1, id, 1, $2, 'C-' || (g % $7::int), 'EUR', g, s, g - s, 0, (g - s) * 100, s, 0, 0, 0,
        0, 0, CASE WHEN s = 0 THEN 'open' ELSE 'settled' END, false,
        date '2024-01-15' + (g / 100), timestamptz '2024-01-16Z' + (g / 100) * interval '1 day',
        CASE WHEN g % 103 = 0 THEN 1 ELSE 0 END
    FROM documents, LATERAL (SELECT CASE WHEN g % 97 = 0 THEN 0 ELSE g END AS s)
    WHERE g % 10 > 0 RETURNING 1
), moved AS (
    INSERT INTO invoicing.settlement_entries (tenant_id, document_id, sequence, entry_id, kind,
        amount, settled_after, source, on_date, recorded_at)
    SELECT $1, id, 1, id, 'payment', g, g, 'bank:' || g, date '2024-01-15' + (g / 100), now()
    FROM documents WHERE g % 10 > 0 AND g % 97 > 0 RETURNING 1
), contents AS (
    INSERT INTO invoicing.document_contents (tenant_id, document_id, resource)
    SELECT $1, id, $6::json FROM documents RETURNING 1
)
INSERT INTO invoicing.document_search (tenant_id, document_id, words, metadata)
SELECT $1, id, 'design' || E'\\n' || 'x-' || g || E'\\n' || 'buyer ' || (g % $7::int),
    jsonb_build_object('deal', 'D-' || (g % (2 * $7::int)), 'team', 'T-' || (g % 2))
FROM documents
"""


async def fill(desk: Desk, count: int, *, first: int = 0) -> None:
    """So many documents of the desk's tenant; `first` keeps the ids of two tenants apart."""
    series = (await desk.get("/v1/series"))["data"][0]["id"]
    async with desk.world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")  # no triggers: these add up
        await conn.execute(
            FILL,
            desk.tenant_id,
            parse_typeid("le", desk.entity),
            count,
            first,
            parse_typeid("ser", series),
            '{"lines":[],"totals":{"gross":"1.00"}}',
            1_000,
            0,
        )
        await conn.execute("ANALYZE")


class Spy:
    """Stands before a connection: runs each query, and keeps the plan of what it would do."""

    def __init__(self, conn: asyncpg.Connection) -> None:
        self._conn = conn
        self.plans: list[dict[str, Any]] = []

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        explained = await self._conn.fetchval(
            "EXPLAIN (ANALYZE, FORMAT JSON) " + statement, *values
        )
        self.plans.append(json.loads(explained)[0])
        return list(await self._conn.fetch(statement, *values))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every step of a plan."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def faults(explained: dict[str, Any], rows_most: int) -> list[str]:
    """What a plan does that a list may not: read a big table whole, or sort too many rows."""
    found = []
    for node in nodes(explained["Plan"]):
        kind = node["Node Type"]
        if kind == "Seq Scan" and node["Relation Name"] in BIG:
            found.append(f"Seq Scan on {node['Relation Name']}")
        if "Sort" in kind:
            read = sum(below["Actual Rows"] for below in node.get("Plans", ()))
            if read > rows_most:
                found.append(f"{kind} of {read} rows by {node['Sort Key']}")
    return found


def walked(explained: dict[str, Any], rows_most: int) -> list[str]:
    """Where a plan looks at too many rows that nobody asked for: no index fits what was asked."""
    found = []
    for node in nodes(explained["Plan"]):
        removed = node.get("Rows Removed by Filter", 0) * node["Actual Loops"]
        if removed > rows_most:
            found.append(f"{node['Node Type']} looks at {removed} rows for {node.get('Filter')}")
    return found


def touched(explained: dict[str, Any], rows_most: int, prefix: str) -> list[str]:
    """Which tables of that prefix a plan takes too many rows out of, kept or not."""
    found = []
    for node in nodes(explained["Plan"]):
        removed = node.get("Rows Removed by Filter", 0)
        count = (node["Actual Rows"] + removed) * node["Actual Loops"]
        if node.get("Relation Name", "").startswith(prefix) and count > rows_most:
            found.append(f"{node['Node Type']} takes {count} rows of {node['Relation Name']}")
    return found
