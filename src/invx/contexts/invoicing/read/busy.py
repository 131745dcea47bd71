"""How busy a tenant is, for whoever runs the installation."""

from datetime import datetime
from uuid import UUID

from invx.infra.postgres import Connection


async def documents_since(conn: Connection, tenant_id: UUID, moment: datetime) -> int:
    """How many documents were drafted since then, by the tenant's business time."""
    found: int = await conn.fetchval(
        "SELECT count(*) FROM invoicing.documents WHERE tenant_id = $1 AND created_at >= $2",
        *(tenant_id, moment),
    )
    return found
