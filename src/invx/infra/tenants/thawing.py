"""Gives a tenant back its writes when the process that moved it died while it kept them out.

Whoever moves a tenant holds a lock of the session in the database that it leaves, and only under
that lock makes the other database the right one. So when the lock is free and the tenant is still
`moving`, nobody goes on with the move: it is undone here, and may be begun again.
"""

from uuid import UUID

import structlog

from invx.infra.postgres import Database
from invx.infra.tenants.tables import ALONE

log = structlog.get_logger(__name__)


async def thaw_tenants(database: Database) -> list[UUID]:
    """Thaw the tenants of a database whose movers are gone; which they were. Again is harmless."""
    async with database.system_transaction() as conn:
        rows = await conn.fetch(
            f"SELECT tenant_id FROM {database.schema}.tenants WHERE status = 'moving'"
        )
    thawed = []
    for row in rows:
        async with database.system_transaction() as conn:
            tenant_id = row["tenant_id"]
            if not await conn.fetchval(
                f"SELECT pg_try_advisory_xact_lock({ALONE})", str(tenant_id)
            ):
                continue
            done: str = await conn.execute(
                f"UPDATE {database.schema}.tenants SET status = coalesce(before_move, 'suspended'),"
                " before_move = NULL, epoch = epoch + 1 WHERE tenant_id = $1 AND status = 'moving'",
                tenant_id,
            )
        if done == "UPDATE 1":
            thawed.append(tenant_id)
            log.warning("tenant_thawed", context=database.label, tenant=str(tenant_id))
    return thawed
