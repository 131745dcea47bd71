"""What the law keeps of each legal entity, how much of it there is, and what falls due when."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.domain.retention import Basis
from invx.contexts.invoicing.read.views import LEGAL_ENTITY, Row
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid
from invx.rules.tax.packs import Packs

STATES = ("kept", "ended", "held", "unsettled", "purged")


async def get_retention(
    conn: Connection, ctx: RequestContext, packs: Packs, entity_id: UUID | None
) -> list[dict[str, Any]]:
    """Of one legal entity, or of each in the order of their making. Raises LegalEntityNotFound."""
    entities = await _entities(conn, ctx, entity_id)
    statement, values = _narrowed(_COUNTS, [ctx.tenant_id], entity_id)
    rows = await conn.fetch(statement, *values)
    today = ctx.now.date()
    return [
        _retention(
            each,
            [row for row in rows if row["legal_entity_id"] == each["legal_entity_id"]],
            packs,
            today,
        )
        for each in entities
    ]


async def _entities(conn: Connection, ctx: RequestContext, entity_id: UUID | None) -> Sequence[Row]:
    """One legal entity or all of them, and their countries. Raises LegalEntityNotFound."""
    statement, values = _narrowed(_ENTITIES, [ctx.tenant_id], entity_id)
    found = await conn.fetch(statement, *values)
    if entity_id is not None and not found:
        raise LegalEntityNotFound
    return list(found)


def _narrowed(
    statement: str, values: list[Any], entity_id: UUID | None
) -> tuple[str, Sequence[Any]]:
    """The statement for one legal entity, or for all."""
    if entity_id is None:
        return statement.format(narrowed=""), values
    narrowed = f"AND d.legal_entity_id = ${len(values) + 1}"
    return statement.format(narrowed=narrowed), [*values, entity_id]


def _retention(entity: Row, rows: Sequence[Row], packs: Packs, today: date) -> dict[str, Any]:
    bases = {row["retention"] for row in rows if row["retention"]}
    bases.add(str(Basis(entity["country"])))
    counts = dict.fromkeys(STATES, 0)
    due: dict[date, dict[str, int]] = {}
    for row in rows:
        until = _until(row, packs)
        counts[_state(row, until, today)] += row["documents"]
        if until is not None and until >= today:
            ending = due.setdefault(until, {"documents": 0, "held": 0})
            ending["documents"] += row["documents"]
            ending["held"] += row["documents"] if row["held"] else 0
    return {
        "object": "retention",
        "legal_entity": typeid(LEGAL_ENTITY, entity["legal_entity_id"]),
        "as_of": today.isoformat(),
        "rules": [_rule(Basis.read(text), packs) for text in sorted(bases)],
        "counts": counts,
        "due": [{"until": day.isoformat(), **due[day]} for day in sorted(due)],
    }


def _rule(basis: Basis, packs: Packs) -> dict[str, Any]:
    years, source = basis.span(packs)
    return {
        "country": basis.country,
        "one_stop_shop": basis.shops,
        "years": years,
        "from": "end_of_year_of_issue",
        "source": source,
    }


def _until(row: Row, packs: Packs) -> date | None:
    if row["retention"] is None:
        return None
    return Basis.read(row["retention"]).last_day(row["year"], packs)


def _state(row: Row, until: date | None, today: date) -> str:
    """The first of these that is so: purged, held, kept by law, unsettled; else it may go."""
    if row["purged"]:
        return "purged"
    if row["held"]:
        return "held"
    if until is not None and until >= today:
        return "kept"
    return "unsettled" if row["unsettled"] else "ended"


async def outlived(
    conn: Connection, ctx: RequestContext, packs: Packs, entity_id: UUID | None, limit: int
) -> list[UUID]:
    """Documents whose retention has ended and that are not purged, in the order of their making.

    Raises LegalEntityNotFound.
    """
    await _entities(conn, ctx, entity_id)
    bases = await conn.fetch(_BASES, ctx.tenant_id)
    firsts = _first_kept_days((row[0] for row in bases), packs, ctx.now.date())
    values = [ctx.tenant_id, list(firsts), list(firsts.values()), limit]
    statement, values_too = _narrowed(_OUTLIVED, values, entity_id)
    return [row[0] for row in await conn.fetch(statement, *values_too)]


def _first_kept_days(bases: Iterable[str], packs: Packs, today: date) -> dict[str, date]:
    """By basis the first day of issue that the law still keeps."""
    return {text: date(today.year - Basis.read(text).span(packs)[0], 1, 1) for text in bases}


async def examine_purged(conn: Connection, tenant_id: UUID) -> tuple[int, str | None]:
    """How many documents were purged, and the first of which something is left."""
    count = await conn.fetchval(
        "SELECT count(*) FROM invoicing.documents WHERE tenant_id = $1 AND purged", tenant_id
    )
    row = await conn.fetchrow(_LEFT, tenant_id)
    return count, f"document {row['document_id']}: {row['what']} should be gone" if row else None


_ENTITIES = """
SELECT d.legal_entity_id, d.resource #>> '{{address,country}}' AS country
FROM invoicing.legal_entities d WHERE d.tenant_id = $1 {narrowed} ORDER BY d.legal_entity_id
"""
# One pass over the documents that were issued; holds are few and are looked up by hash.
_COUNTS = """
WITH standing AS MATERIALIZED (
    SELECT scope, target_id, customer FROM invoicing.legal_holds
    WHERE tenant_id = $1 AND released_at IS NULL
)
SELECT legal_entity_id, retention, year, purged, held, unsettled, count(*) AS documents FROM (
    SELECT d.legal_entity_id, d.retention, extract(year FROM d.issue_date)::int AS year, d.purged,
        d.document_id IN (SELECT target_id FROM standing WHERE scope = 'document')
            OR d.legal_entity_id IN (SELECT target_id FROM standing WHERE scope = 'legal_entity')
            OR coalesce(coalesce(d.customer, s.customer) IN (
                SELECT customer FROM standing WHERE scope = 'customer'), false) AS held,
        coalesce(s.status <> 'void' AND (s.open > 0 OR s.disputed), false) AS unsettled
    FROM invoicing.documents d LEFT JOIN invoicing.settlements s
        ON s.tenant_id = d.tenant_id AND s.document_id = d.document_id
    WHERE d.tenant_id = $1 AND d.number IS NOT NULL {narrowed}
) AS issued
GROUP BY legal_entity_id, retention, year, purged, held, unsettled
"""
# What an audit finds of purged documents that should be gone.
_LEFT = """
SELECT d.document_id, found.what FROM invoicing.documents d CROSS JOIN LATERAL (
    SELECT 'its content' AS what FROM invoicing.document_contents c
    WHERE c.tenant_id = d.tenant_id AND c.document_id = d.document_id
    UNION ALL SELECT 'words to search for' FROM invoicing.document_search w
    WHERE w.tenant_id = d.tenant_id AND w.document_id = d.document_id
    UNION ALL SELECT 'an archived file' FROM invoicing.archives a
    WHERE a.tenant_id = d.tenant_id AND a.document_id = d.document_id
    UNION ALL SELECT 'an attachment' FROM invoicing.document_files f
    WHERE f.tenant_id = d.tenant_id AND f.document_id = d.document_id
    UNION ALL SELECT 'personal values' FROM invoicing.personal p
    WHERE p.tenant_id = d.tenant_id AND p.stream_id = d.document_id
) AS found
WHERE d.tenant_id = $1 AND d.purged ORDER BY d.document_id LIMIT 1
"""
_BASES = """
SELECT DISTINCT retention FROM invoicing.documents WHERE tenant_id = $1 AND retention IS NOT NULL
"""
_OUTLIVED = """
SELECT d.document_id FROM invoicing.documents d
JOIN unnest($2::text[], $3::date[]) AS b(retention, kept_from) ON b.retention = d.retention
WHERE d.tenant_id = $1 AND d.issue_date < b.kept_from {narrowed}
ORDER BY d.document_id LIMIT $4
"""
