"""Revenue, summed when it is asked for: the sum of rows cannot drift away from them."""

from datetime import date
from uuid import UUID

from invx.contexts.analytics.read.views import MonthRevenueView
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext


async def revenue_by_month(
    conn: Connection,
    ctx: RequestContext,
    *,
    first: date,
    last: date,
    currency: str | None = None,
    legal_entity_id: UUID | None = None,
) -> list[MonthRevenueView]:
    """From month `first` to month `last`, both included, by month and currency.

    Months without a document are left out.
    """
    conditions, values = "", [ctx.tenant_id, first, last]
    for column, value in (("currency", currency), ("legal_entity_id", legal_entity_id)):
        if value is not None:
            values.append(value)
            conditions += f" AND {column} = ${len(values)}"
    rows = await conn.fetch(_REVENUE.format(conditions=conditions), *values)
    return [MonthRevenueView(**dict(row)) for row in rows]


_REVENUE = """
SELECT month, currency, sum(net) AS net, sum(tax) AS tax, sum(gross) AS gross,
    count(*) AS documents
FROM analytics.documents
WHERE tenant_id = $1 AND counts AND month >= $2 AND month <= $3{conditions}
GROUP BY month, currency ORDER BY month, currency
"""
