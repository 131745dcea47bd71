"""Reads of the journal: its bookings, sums per account, and whether it agrees with its sources."""

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.read.tax_queries import TaxSlice, ledger_page
from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY, Row
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid

_DEBTOR = "debtor"  # the account that stands for the buyer
_ASTRAY_MAX = 100  # documents that a reconciliation names
# Each booking stands once on each of its two sides.
_BALANCES = """
SELECT account, book_currency, sum(debited) AS debit, sum(credited) AS credit,
    count(DISTINCT booking_id) AS count
FROM (
    SELECT booking_id, debit AS account, book_currency, booked_amount AS debited, 0 AS credited
    FROM invoicing.bookings WHERE tenant_id = $1 AND legal_entity_id = $2
        AND booked_on BETWEEN $3 AND $4 AND NOT pending
    UNION ALL
    SELECT booking_id, credit, book_currency, 0, booked_amount
    FROM invoicing.bookings WHERE tenant_id = $1 AND legal_entity_id = $2
        AND booked_on BETWEEN $3 AND $4 AND NOT pending
) sides
GROUP BY account, book_currency ORDER BY account, book_currency
"""
_PENDING = """
SELECT count(*) FROM invoicing.bookings WHERE tenant_id = $1 AND legal_entity_id = $2
    AND booked_on BETWEEN $3 AND $4 AND pending
"""
# Document by document: what it asks for, what settled it, what is left, and what the two ledgers
# hold of it. Only a document that is due on accrual alone has all of its tax in both. `worth` is
# what is left of it in the currency of the books, once none of its bookings waits for a rate.
_SOURCES = """
WITH told AS (
    SELECT s.document_id, s.currency, s.booked, s.booked_tax, s.open - s.surplus AS balance,
        CASE WHEN s.status = 'void' THEN 0 ELSE s.total END AS claimed,
        coalesce((SELECT sum(e.amount) FROM invoicing.settlement_entries e
            WHERE e.tenant_id = $1 AND e.document_id = s.document_id), 0) AS settled,
        coalesce(b.owed, 0) AS owed, coalesce(b.tax, 0) AS journal_tax,
        coalesce(b.pending, 0) AS pending, coalesce(b.side, 0) AS side,
        CASE WHEN s.status = 'void' THEN 0
            WHEN s.currency = b.book_currency THEN s.open - s.surplus
            ELSE s.book_total - coalesce((
                SELECT sum(e.carried_amount) FROM invoicing.settlement_bookings e
                WHERE e.tenant_id = $1 AND e.document_id = s.document_id), 0) END AS worth,
        coalesce(t.tax, 0) AS ledger_tax, coalesce(t.accrual, false) AS accrual
    FROM invoicing.settlements s
    LEFT JOIN LATERAL (SELECT sum(receivable) AS owed, sum(tax_due) AS tax,
            count(*) FILTER (WHERE pending) AS pending, min(book_currency) AS book_currency,
            sum(booked_amount * CASE WHEN receivable <> 0 THEN sign(receivable)
                ELSE (debit = 'debtor')::int - (credit = 'debtor')::int END) AS side
        FROM invoicing.bookings x
        WHERE x.tenant_id = $1 AND x.document_id = s.document_id) b ON s.booked
    LEFT JOIN LATERAL (SELECT sum(tax) AS tax, bool_and(basis = 'accrual') AS accrual
        FROM invoicing.tax_entries x
        WHERE x.tenant_id = $1 AND x.document_id = s.document_id) t ON s.booked
    WHERE s.tenant_id = $1 AND s.legal_entity_id = $2
), judged AS (
    SELECT *, booked AND pending = 0 AND worth IS NOT NULL AS valued,
        booked AND (owed <> balance OR journal_tax <> booked_tax OR (pending = 0 AND side <> worth)
        OR (accrual AND journal_tax <> ledger_tax)) OR claimed - settled <> balance AS astray
    FROM told
)
SELECT currency, count(*) FILTER (WHERE booked) AS booked,
    count(*) FILTER (WHERE NOT booked) AS unbooked, sum(pending) AS pending,
    sum(claimed) AS documents, sum(settled) AS settlements, sum(balance) AS receivables,
    coalesce(sum(balance) FILTER (WHERE booked), 0) AS booked_receivables,
    coalesce(sum(owed) FILTER (WHERE booked), 0) AS debtors,
    coalesce(sum(worth) FILTER (WHERE valued), 0) AS worth,
    coalesce(sum(side) FILTER (WHERE valued), 0) AS side,
    coalesce(sum(journal_tax) FILTER (WHERE booked), 0) AS journal_tax,
    coalesce(sum(booked_tax) FILTER (WHERE booked), 0) AS booked_tax,
    coalesce(sum(ledger_tax) FILTER (WHERE booked), 0) AS ledger_tax,
    coalesce(sum(journal_tax - ledger_tax) FILTER (WHERE booked AND accrual), 0) AS accrual_tax,
    (array_agg(document_id ORDER BY document_id) FILTER (WHERE astray))[:{limit}] AS astray
FROM judged GROUP BY currency ORDER BY currency
""".replace("{limit}", str(_ASTRAY_MAX))


async def list_bookings(
    conn: Connection, ctx: RequestContext, wanted: TaxSlice
) -> tuple[list[Row], bool]:
    """Bookings by day, and whether there are more. One round trip."""
    return await ledger_page(conn, ctx, wanted, table="bookings", day="booked_on")


async def balances(
    conn: Connection, ctx: RequestContext, entity_id: UUID, first: date, last: date
) -> dict[str, Any]:
    """Sums per account over these days, in the currency of the books. Raises LegalEntityNotFound.

    What is pending has no amount in it, and is counted only.
    """
    await _exists(conn, ctx, entity_id)
    asked = (ctx.tenant_id, entity_id, first, last)
    rows = await conn.fetch(_BALANCES, *asked)
    return {
        "object": "accounting_balances",
        "legal_entity": typeid(LEGAL_ENTITY, entity_id),
        "from": first.isoformat(),
        "to": last.isoformat(),
        "accounts": [_balance(entity_id, first, last, row) for row in rows],
        "pending": await conn.fetchval(_PENDING, *asked),
    }


def _balance(entity_id: UUID, first: date, last: date, row: Row) -> dict[str, Any]:
    query = {
        "legal_entity": typeid(LEGAL_ENTITY, entity_id),
        "account": row["account"],
        "booked_on[gte]": first.isoformat(),
        "booked_on[lte]": last.isoformat(),
        "pending": "false",
    }
    return {
        "account": row["account"],
        "currency": row["book_currency"],
        "debit": str(row["debit"]),
        "credit": str(row["credit"]),
        "balance": str(row["debit"] - row["credit"]),
        "count": row["count"],
        "bookings": f"/v1/accounting/bookings?{urlencode(query)}",
    }


async def reconcile_journal(
    conn: Connection, ctx: RequestContext, entity_id: UUID
) -> dict[str, Any]:
    """The journal against settlements and the tax ledger. Raises LegalEntityNotFound."""
    await _exists(conn, ctx, entity_id)
    rows = await conn.fetch(_SOURCES, ctx.tenant_id, entity_id)
    found = [_currency(entity_id, row) for row in rows]
    differences = [Decimal(x) for each in found for x in each["differences"].values()]
    return {
        "object": "accounting_reconciliation",
        "legal_entity": typeid(LEGAL_ENTITY, entity_id),
        "balanced": not any(differences) and not any(each["astray"] for each in found),
        "currencies": found,
    }


def _currency(entity_id: UUID, row: Row) -> dict[str, Any]:
    query = {
        "legal_entity": typeid(LEGAL_ENTITY, entity_id),
        "account": _DEBTOR,
        "currency": row["currency"],
    }
    return {
        "currency": row["currency"],
        "documents": {"booked": row["booked"], "unbooked": row["unbooked"]},
        "pending": int(row["pending"]),
        "receivables": {
            "documents": str(row["documents"]),
            "settlements": str(row["settlements"]),
            "open": str(row["receivables"]),
            "booked": str(row["booked_receivables"]),
            "journal": str(row["debtors"]),
            "bookings": f"/v1/accounting/bookings?{urlencode(query)}",
        },
        "book": {"open": str(row["worth"]), "journal": str(row["side"])},
        "tax": {
            "journal": str(row["journal_tax"]),
            "ledger": str(row["ledger_tax"]),
            "not_received": str(row["booked_tax"] - row["ledger_tax"] - row["accrual_tax"]),
        },
        "differences": {
            "receivables": str(row["documents"] - row["settlements"] - row["receivables"]),
            "journal": str(row["booked_receivables"] - row["debtors"]),
            "book": str(row["worth"] - row["side"]),
            "tax": str(row["booked_tax"] - row["journal_tax"]),
            "tax_ledger": str(row["accrual_tax"]),
        },
        "astray": [typeid(INVOICE, each) for each in row["astray"] or ()],
    }


async def _exists(conn: Connection, ctx: RequestContext, entity_id: UUID) -> None:
    found = await conn.fetchval(
        "SELECT true FROM invoicing.legal_entities WHERE tenant_id = $1 AND legal_entity_id = $2",
        ctx.tenant_id,
        entity_id,
    )
    if not found:
        raise LegalEntityNotFound
