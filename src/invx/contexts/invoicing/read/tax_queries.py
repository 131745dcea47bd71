"""Reads of the tax ledger: its entries, their sums, and whether they agree with their sources."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.read.registrations import registrations_of
from invx.contexts.invoicing.read.return_check import Returned, returned_by_currency
from invx.contexts.invoicing.read.tax_periods import months
from invx.contexts.invoicing.read.tax_returns import Sum, registered_of
from invx.contexts.invoicing.read.tax_views import reconciliation_view, tax_figure_view
from invx.contexts.invoicing.read.views import LEGAL_ENTITY, Row
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid
from invx.rules.tax.packs import Packs

_GROUPED = """registration_id, country, period, regime, jurisdiction, category, rate, currency,
    tax_currency, provisional"""
_SUMMARY = f"""
SELECT {_GROUPED}, sum(base) AS base, sum(tax) AS tax, sum(accounted_base) AS accounted_base,
    sum(accounted_tax) AS accounted_tax, count(*) AS count
FROM invoicing.tax_entries
WHERE tenant_id = $1 AND legal_entity_id = $2 AND period BETWEEN $3 AND $4
GROUP BY {_GROUPED}
ORDER BY period, country, registration_id, regime, jurisdiction, category, rate, currency,
    tax_currency, provisional
"""
_SAME_BUYER = """document_id IN (SELECT o.document_id FROM invoicing.tax_partners p
    JOIN invoicing.tax_partners o ON o.tenant_id = p.tenant_id AND o.vat_id = p.vat_id
    WHERE p.tenant_id = $1 AND p.document_id = {})"""
_CAUSES = """
SELECT currency, cause, settlement_entry IS NULL AS of_documents, sum(base) AS base,
    sum(tax) AS tax, count(*) AS count
FROM invoicing.tax_entries WHERE tenant_id = $1 AND legal_entity_id = $2 AND period = $3
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
# Of the documents with an entry in the period: what they state, what their settlements say is
# entered, and all entries that there are.
_DOCUMENTS = """
WITH touched AS (
    SELECT DISTINCT document_id FROM invoicing.tax_entries
    WHERE tenant_id = $1 AND legal_entity_id = $2 AND period = $3
)
SELECT s.currency, count(*) AS count,
    sum(CASE WHEN s.status = 'void' THEN 0
        WHEN d.type = 'credit_note' THEN -d.tax ELSE d.tax END) AS tax,
    sum(s.entered_base) AS entered_base, sum(s.entered_tax) AS entered_tax,
    sum(s.unentered_tax) AS unentered_tax, sum(e.base) AS base, sum(e.tax) AS entry_tax
FROM touched t
JOIN invoicing.documents d ON d.tenant_id = $1 AND d.document_id = t.document_id
JOIN invoicing.settlements s ON s.tenant_id = $1 AND s.document_id = t.document_id
JOIN LATERAL (SELECT sum(base) AS base, sum(tax) AS tax FROM invoicing.tax_entries x
    WHERE x.tenant_id = $1 AND x.document_id = t.document_id) e ON true
GROUP BY s.currency
"""
# Entries that name a movement which is not there, or is of another day. What moved before the
# supply's tax is due counts when it is.
_ASTRAY = """
SELECT t.currency, count(*) AS count FROM invoicing.tax_entries t
LEFT JOIN invoicing.settlement_entries e
    ON e.tenant_id = t.tenant_id AND e.entry_id = t.settlement_entry
WHERE t.tenant_id = $1 AND t.legal_entity_id = $2 AND t.period = $3
    AND t.settlement_entry IS NOT NULL AND (e.on_date IS NULL OR e.on_date <> t.tax_point AND NOT (
        t.basis = 'accrual' AND e.on_date < t.tax_point AND (t.cause = 'advance_received'
            OR t.origin_period = coalesce(t.closed_period, t.period))))
GROUP BY t.currency
"""
_CLAIMS = """
SELECT s.currency, coalesce(sum(s.total) FILTER (WHERE d.issue_date < $3), 0) AS before,
    coalesce(sum(s.total) FILTER (WHERE d.issue_date >= $3 AND d.issue_date < $4), 0) AS within,
    sum(s.total) AS all, sum(s.open - s.surplus) AS balance
FROM invoicing.settlements s
JOIN invoicing.documents d ON d.tenant_id = s.tenant_id AND d.document_id = s.document_id
WHERE s.tenant_id = $1 AND s.legal_entity_id = $2 AND s.status <> 'void' GROUP BY s.currency
"""
_MOVEMENTS = """
SELECT s.currency, coalesce(sum(e.amount) FILTER (WHERE e.on_date < $3), 0) AS before,
    coalesce(sum(e.amount) FILTER (WHERE e.on_date >= $3 AND e.on_date < $4), 0) AS within,
    sum(e.amount) AS all
FROM invoicing.settlements s
JOIN invoicing.settlement_entries e ON e.tenant_id = s.tenant_id AND e.document_id = s.document_id
WHERE s.tenant_id = $1 AND s.legal_entity_id = $2 GROUP BY s.currency
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxSlice:
    """Which entries: conditions on columns, and which part of them by tax point."""

    equal: Sequence[tuple[str, Any]] = ()
    among: Sequence[tuple[str, Sequence[Any]]] = ()
    either: Sequence[tuple[Sequence[str], Any]] = ()  # one of these columns has the value
    ranges: Sequence[tuple[str, str, Any]] = ()
    given: Sequence[tuple[str, bool]] = ()  # a column that must have a value, or must have none
    buyer_of: UUID | None = None  # documents for buyers with the VAT id of this document's
    descending: bool = False
    by_period: bool = False  # of several periods: one after another, as the index has them
    after: tuple[str, date, UUID, int] | None = None  # period, tax point, document, sequence
    limit: int = 25


async def list_tax_entries(
    conn: Connection, ctx: RequestContext, wanted: TaxSlice
) -> tuple[list[Row], bool]:
    """Entries by tax point, and whether there are more. One round trip."""
    return await ledger_page(conn, ctx, wanted, table="tax_entries", day="tax_point")


async def ledger_page(
    conn: Connection, ctx: RequestContext, wanted: TaxSlice, *, table: str, day: str
) -> tuple[list[Row], bool]:
    """A page of a ledger by day, document and place in it, and whether there are more."""
    conditions, values = ["tenant_id = $1"], list[Any]([ctx.tenant_id])

    def add(condition: str, value: Any) -> None:
        values.append(value)
        conditions.append(condition.format(f"${len(values)}"))

    for column, value in wanted.equal:
        add(f"{column} = {{}}", value)
    for column, among in wanted.among:
        kind = "uuid" if isinstance(among[0], UUID) else "text"
        if len(among) == 1:  # in the order of the index
            add(f"{column} = {{}}", among[0])
        else:
            add(f"{column} = ANY({{}}::{kind}[])", list(among))
    for columns, value in wanted.either:
        values.append(value)
        conditions.append(f"({' OR '.join(f'{each} = ${len(values)}' for each in columns)})")
    for column, operator, value in wanted.ranges:
        add(f"{column} {operator} {{}}", value)
    if wanted.buyer_of is not None:
        add(_SAME_BUYER, wanted.buyer_of)
    for column, there in wanted.given:
        conditions.append(f"{column} IS {'NOT ' if there else ''}NULL")
    order = [(day, "date"), ("document_id", "uuid"), ("sequence", "bigint")]
    if wanted.by_period:
        order.insert(0, ("period", "text"))
    if wanted.after is not None:
        kept = wanted.after if wanted.by_period else wanted.after[1:]
        places = [f"${len(values) + n}::{kind}" for n, (_, kind) in enumerate(order, 1)]
        values += kept
        names, beyond = ", ".join(name for name, _ in order), "<" if wanted.descending else ">"
        conditions.append(f"({names}) {beyond} ({', '.join(places)})")
    way = "DESC" if wanted.descending else "ASC"
    rows = await conn.fetch(
        f"SELECT * FROM invoicing.{table} WHERE {' AND '.join(conditions)}"
        f" ORDER BY {', '.join(f'{name} {way}' for name, _ in order)} LIMIT {wanted.limit + 1}",
        *values,
    )
    return list(rows[: wanted.limit]), len(rows) > wanted.limit


async def tax_summary(
    conn: Connection, ctx: RequestContext, entity_id: UUID, first: str, last: str
) -> dict[str, Any]:
    """Sums of the ledger per registration, period, category and rate. Raises LegalEntityNotFound.

    An entry is in exactly one of them, so they sum to the ledger.
    """
    registrations = registrations_of(entity_id, await _resource(conn, ctx, entity_id))
    rows = await conn.fetch(_SUMMARY, ctx.tenant_id, entity_id, first, last)
    return {
        "object": "tax_summary",
        "legal_entity": typeid(LEGAL_ENTITY, entity_id),
        "from": first,
        "to": last,
        "registrations": registrations,
        "figures": [tax_figure_view(entity_id, row) for row in rows],
        "unregistered": sum(row["count"] for row in rows if row["registration_id"] is None),
        "provisional": sum(row["count"] for row in rows if row["provisional"]),
    }


async def _resource(conn: Connection, ctx: RequestContext, entity_id: UUID) -> dict[str, Any]:
    """The legal entity as it is today. Raises LegalEntityNotFound."""
    text = await conn.fetchval(
        "SELECT resource::text FROM invoicing.legal_entities"
        " WHERE tenant_id = $1 AND legal_entity_id = $2",
        ctx.tenant_id,
        entity_id,
    )
    if text is None:
        raise LegalEntityNotFound
    found: dict[str, Any] = json.loads(text)
    return found


async def reconcile(
    conn: Connection, ctx: RequestContext, entity_id: UUID, period: str, packs: Packs
) -> dict[str, Any]:
    """The ledger of a month against documents, settlements, returns. Raises LegalEntityNotFound."""
    registered = registered_of(entity_id, await _resource(conn, ctx, entity_id))
    of_period = (ctx.tenant_id, entity_id, period)
    returns = await returned_by_currency(conn, of_period, registered, packs)
    of_days = (ctx.tenant_id, entity_id, *months(period))
    causes = await conn.fetch(_CAUSES, *of_period)
    documents = _by_currency(await conn.fetch(_DOCUMENTS, *of_period))
    astray = _by_currency(await conn.fetch(_ASTRAY, *of_period))
    claims = _by_currency(await conn.fetch(_CLAIMS, *of_days))
    movements = _by_currency(await conn.fetch(_MOVEMENTS, *of_days))
    found = {}
    for currency in {row["currency"] for row in causes} | claims.keys():
        own = [row for row in causes if row["currency"] == currency]
        stated, owed = documents.get(currency), _receivables(currency, claims, movements)
        lost = astray.get(currency)
        found[currency] = {
            "ledger": _ledger(own),
            "documents": _documents(stated),
            "returns": returns.get(currency, Returned()).view(),
            "receivables": {name: str(owed[name]) for name in owed if name != "difference"},
            "differences": {
                "entered": str(stated["entry_tax"] - stated["entered_tax"] if stated else 0),
                "entered_base": str(stated["base"] - stated["entered_base"] if stated else 0),
                "documents": str(_missing(stated) if stated else 0),
                "movements_astray": str(lost["count"] if lost else 0),
                "receivables": str(owed["difference"]),
                **_unreturned(own, returns.get(currency, Returned())),
            },
        }
    return reconciliation_view(entity_id, period, found)


def _by_currency(rows: Sequence[Row]) -> dict[str, Row]:
    return {row["currency"]: row for row in rows}


def _ledger(causes: Sequence[Row]) -> dict[str, Any]:
    """All entries of the period: those of documents and those of settlements."""

    def total(rows: Sequence[Row]) -> dict[str, Any]:
        zero = Decimal(0)
        base, tax = (sum((row[name] for row in rows), zero) for name in ("base", "tax"))
        return {"base": str(base), "tax": str(tax), "count": sum(row["count"] for row in rows)}

    words = list(dict.fromkeys(row["cause"] for row in causes))
    return {
        **total(causes),
        "of_documents": total([row for row in causes if row["of_documents"]]),
        "of_settlements": total([row for row in causes if not row["of_documents"]]),
        "causes": [
            {"cause": word, **total([row for row in causes if row["cause"] == word])}
            for word in words
        ],
    }


def _unreturned(causes: Sequence[Row], returned: Returned) -> dict[str, str]:
    """The ledger less what returns hold of it: in boxes, unassigned and without registration."""
    held = Sum()
    for part in returned.parts.values():
        held.take(part)
    base, tax = (sum((row[name] for row in causes), Decimal(0)) for name in ("base", "tax"))
    return {"returns": str(tax - held.tax), "returns_base": str(base - held.base)}


def _documents(stated: Row | None) -> dict[str, Any]:
    if stated is None:
        return {"count": 0, "tax": "0", "entered": "0", "unentered": "0"}
    return {
        "count": stated["count"],
        "tax": str(stated["tax"]),
        "entered": str(stated["entered_tax"]),
        "unentered": str(stated["unentered_tax"]),
    }


def _missing(stated: Row) -> Decimal:
    missing: Decimal = stated["tax"] - stated["entered_tax"] - stated["unentered_tax"]
    return missing


def _receivables(
    currency: str, claims: dict[str, Row], movements: dict[str, Row]
) -> dict[str, Decimal]:
    """What buyers owed before, what documents added, what settled, what they owe then."""
    nothing = dict.fromkeys(("before", "within", "all", "balance"), Decimal(0))
    claimed, settled = claims.get(currency, nothing), movements.get(currency, nothing)
    opening = claimed["before"] - settled["before"]
    return {
        "opening": opening,
        "documents": claimed["within"],
        "settlements": settled["within"],
        "closing": opening + claimed["within"] - settled["within"],
        "now": claimed["balance"],
        "difference": claimed["all"] - settled["all"] - claimed["balance"],
    }
