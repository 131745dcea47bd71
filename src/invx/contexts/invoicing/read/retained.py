"""Which documents of a tenant the law keeps, for whoever erases all of it."""

from datetime import date
from uuid import UUID

from invx.contexts.invoicing.domain.retention import Basis
from invx.infra.holdings import Retained
from invx.infra.postgres import Connection
from invx.rules.tax.packs import Packs


async def retained_documents(
    conn: Connection, tenant_id: UUID, packs: Packs, today: date
) -> list[Retained]:
    """By year of issue and what its years go by, those whose retention has not ended on `today`."""
    found = []
    for row in await conn.fetch(_ISSUED, tenant_id):
        basis = Basis.read(row["retention"])
        until = basis.last_day(row["year"], packs)
        if until >= today:
            found.append(Retained(row["count"], row["year"], until.year, basis.span(packs)[1]))
    return found


_ISSUED = """
SELECT extract(year FROM issue_date)::int AS year, retention, count(*) AS count
FROM invoicing.documents WHERE tenant_id = $1 AND retention IS NOT NULL
GROUP BY 1, 2 ORDER BY 1, 2
"""
HELD = "SELECT count(*) FROM invoicing.legal_holds WHERE tenant_id = $1 AND released_at IS NULL"
