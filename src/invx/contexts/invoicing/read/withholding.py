"""Tax that buyers kept back: rows, what a settlement shows, and the report by buyer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.withheld import Certificate
from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY, Row
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid
from invx.kernel.money import quantize
from invx.rules.totals.model import ZERO

# What documents of these days expect, less what credit notes of these days give back; what
# certificates of these days say; and what of the documents is certified by now, whenever.
_REPORT = """
WITH expecting AS (
    SELECT s.document_id, s.legal_entity_id, s.customer, s.currency, s.expected_withholding,
        coalesce((SELECT sum(c.amount) FROM invoicing.withholding_certificates c
            WHERE c.tenant_id = $1 AND c.document_id = s.document_id), 0) AS proven
    FROM invoicing.settlements s
    JOIN invoicing.documents d ON d.tenant_id = $1 AND d.document_id = s.document_id
    WHERE s.tenant_id = $1 AND s.expected_withholding <> 0 AND s.status <> 'void'
        AND d.issue_date BETWEEN $2 AND $3{of_settlements}
), figures AS (
    SELECT document_id, legal_entity_id, customer, currency, expected_withholding AS expected,
        0 AS certified, expected_withholding - proven AS uncertified
    FROM expecting
    UNION ALL
    SELECT c.document_id, c.legal_entity_id, c.customer, c.currency, 0, c.amount, 0
    FROM invoicing.withholding_certificates c
    WHERE c.tenant_id = $1 AND c.on_date BETWEEN $2 AND $3{of_certificates}
), placed AS (
    SELECT f.*, d.buyer_name, f.currency || ' ' || f.legal_entity_id || ' '
        || coalesce(f.customer, coalesce(d.credits, f.document_id)::text) COLLATE "C" AS place
    FROM figures f
    JOIN invoicing.documents d ON d.tenant_id = $1 AND d.document_id = f.document_id
)
SELECT place, legal_entity_id, customer, currency, min(document_id::text) AS document,
    max(buyer_name) AS buyer_name, count(DISTINCT document_id) AS count,
    sum(expected) AS expected, sum(certified) AS certified,
    greatest(sum(uncertified), 0) AS uncertified
FROM placed{after}
GROUP BY place, legal_entity_id, customer, currency ORDER BY place {way} LIMIT {limit}
"""
_FIGURES = ("expected", "certified", "uncertified")


@dataclass(frozen=True, slots=True, kw_only=True)
class WithholdingSlice:
    """Which days, sellers and buyers."""

    first: date = date.min
    last: date = date.max
    legal_entities: Sequence[UUID] | None = None
    customer: str | None = None
    after: str | None = None
    descending: bool = False
    limit: int = 25


def certificate_row(settlement: Settlement, certificate: Certificate) -> dict[str, Any]:
    """A certificate, with whose it is."""
    claim = settlement.claim
    return {
        "legal_entity_id": claim.legal_entity_id,
        "customer": claim.customer,
        "currency": claim.currency,
        "on_date": certificate.on,
        "amount": certificate.amount,
        "final": certificate.final,
    }


def withholding_view(settlement: Row, certificates: Sequence[Row]) -> dict[str, Any] | None:
    """What is expected and certified; None where neither is."""
    expected = settlement["expected_withholding"]
    if not expected and not certificates:
        return None
    certified = sum((each["amount"] for each in certificates), ZERO)
    return {
        "expected": str(quantize(expected, settlement["currency"])),
        "certified": str(quantize(certified, settlement["currency"])),
        "certificates": [
            {
                "source": each["source"],
                "on": each["on_date"].isoformat(),
                "amount": str(each["amount"]),
                "final": each["final"],
            }
            for each in certificates
        ],
    }


async def list_withholding(
    conn: Connection, ctx: RequestContext, wanted: WithholdingSlice
) -> tuple[list[Row], bool]:
    """A row for each buyer, seller and currency, and whether there are more. One round trip."""
    values: list[Any] = [ctx.tenant_id, wanted.first, wanted.last]
    of_settlements = of_certificates = after = ""
    if wanted.legal_entities is not None:
        values.append(list(wanted.legal_entities))
        of_settlements += f" AND s.legal_entity_id = ANY(${len(values)}::uuid[])"
        of_certificates += f" AND c.legal_entity_id = ANY(${len(values)}::uuid[])"
    if wanted.customer is not None:
        values.append(wanted.customer)
        of_settlements += f" AND s.customer = ${len(values)}"
        of_certificates += f" AND c.customer = ${len(values)}"
    if wanted.after is not None:
        values.append(wanted.after)
        after = f" WHERE place {'<' if wanted.descending else '>'} ${len(values)}"
    statement = _REPORT.format(
        of_settlements=of_settlements,
        of_certificates=of_certificates,
        after=after,
        way="DESC" if wanted.descending else "ASC",
        limit=wanted.limit + 1,
    )
    rows = await conn.fetch(statement, *values)
    return list(rows[: wanted.limit]), len(rows) > wanted.limit


def withholding_report_view(row: Row) -> dict[str, Any]:
    """What one buyer kept back from one seller in one currency."""
    document = typeid(INVOICE, UUID(row["document"]))
    return {
        "object": "withholding",
        "legal_entity": typeid(LEGAL_ENTITY, row["legal_entity_id"]),
        "customer": row["customer"],
        "invoice": document if row["customer"] is None else None,
        "buyer": row["buyer_name"],
        "currency": row["currency"],
        **{name: str(quantize(row[name], row["currency"])) for name in _FIGURES},
        "count": row["count"],
    }
