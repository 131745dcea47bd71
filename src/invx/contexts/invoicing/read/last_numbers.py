"""The last number of each series and period: what leaves the house with the seals (D2)."""

from typing import Any
from uuid import UUID

import msgspec

from invx.infra.postgres import Connection


async def last_numbers(conn: Connection, tenant_id: UUID) -> list[dict[str, Any]]:
    """Of legal series that have given a number, by id; each with its periods in their order."""
    rows = await conn.fetch(
        "SELECT s.series_id, t.state::text AS state FROM invoicing.series s"
        " JOIN invoicing.streams t ON t.tenant_id = s.tenant_id AND t.stream_id = s.series_id"
        " WHERE s.tenant_id = $1 AND s.legal ORDER BY s.series_id",
        tenant_id,
    )
    return [
        {"series": str(row["series_id"]), "period": period, "last": count["last"]}
        for row in rows
        for period, count in sorted(msgspec.json.decode(row["state"])["periods"].items())
    ]
