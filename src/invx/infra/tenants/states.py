"""The rows of a tenant in the directories of one database: entered, activated, closed for good.

All contexts of a database change in one transaction, so none is ahead of another.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from invx.infra.tenancy import INSTALLATION, LOCK_OUT_WRITERS
from invx.infra.tenants.manifest import DirectoryRow

LIVING = ("active", "suspended")  # what a tenant is that lives in this database


async def statuses(conn: Any, schemas: Sequence[str], tenant_id: UUID) -> set[str | None]:
    """What the contexts say of the tenant; None where one does not know it."""
    return {
        await conn.fetchval(f"SELECT status FROM {schema}.tenants WHERE tenant_id = $1", tenant_id)
        for schema in schemas
    }


async def living_in(conn: Any, schema: str) -> list[UUID]:
    """The tenants that a database lets be written, or keeps still for a moment only."""
    rows = await conn.fetch(
        f"SELECT tenant_id FROM {schema}.tenants WHERE status = ANY($1::text[])"
        " AND tenant_id <> $2 ORDER BY tenant_id",
        *([*LIVING, "moving"], INSTALLATION),
    )
    return [row["tenant_id"] for row in rows]


async def default_class(conn: Any, schema: str) -> str:
    """In which class of quotas tenants are that nobody put into one, as this database has it."""
    found: str = await conn.fetchval(
        f"SELECT quota_class FROM {schema}.tenants WHERE tenant_id = $1", INSTALLATION
    )
    return found


async def state_default_class(conn: Any, schema: str, quota_class: str) -> None:
    """That it is this one."""
    await conn.execute(
        f"UPDATE {schema}.tenants SET quota_class = $2 WHERE tenant_id = $1",
        *(INSTALLATION, quota_class),
    )


async def enter_arriving(
    conn: Any, schemas: Sequence[str], tenant_id: UUID, directory: DirectoryRow
) -> None:
    """Enter a tenant that nobody can read or write yet. A row that is there stays ahead of it.

    `conn` is in a transaction, which saw that no row here is in use.
    """
    for schema in schemas:
        await conn.execute(
            f"INSERT INTO {schema}.tenants AS t (tenant_id, name, mode, status, placement, epoch,"
            " clock_offset, quota_class, tokens_not_before) VALUES ($1, $2, $3, 'arriving',"
            " 'pooled', $4 + 1, $5, $6, $7) ON CONFLICT (tenant_id) DO UPDATE SET name = $2,"
            " mode = $3, status = 'arriving', epoch = greatest(t.epoch, $4) + 1,"
            " clock_offset = $5, quota_class = $6, tokens_not_before = $7, exported_at = NULL",
            *(tenant_id, directory.name, directory.mode, directory.epoch),
            *(directory.clock_offset, directory.quota_class, directory.tokens_not_before),
        )


async def turn(
    conn: Any, schemas: Sequence[str], tenant_id: UUID, before: Sequence[str], after: str
) -> bool:
    """Another status in every context, once no writer is left; False where it is not `before`."""
    async with conn.transaction():
        await conn.execute(LOCK_OUT_WRITERS, str(tenant_id))
        if not await statuses(conn, schemas, tenant_id) <= set(before):
            return False
        for schema in schemas:
            await conn.execute(
                f"UPDATE {schema}.tenants SET status = $2, epoch = epoch + 1 WHERE tenant_id = $1",
                *(tenant_id, after),
            )
    return True


async def release_claims(conn: Any, schemas: Sequence[str], tenant_id: UUID) -> None:
    """What workers had claimed elsewhere is free here; none of them can finish it any more."""
    for schema in schemas:
        await conn.execute(
            f"UPDATE {schema}.inbox SET claim = NULL, claimed_until = NULL, next_attempt_at = now()"
            " WHERE tenant_id = $1 AND state = 'pending' AND claim IS NOT NULL",
            tenant_id,
        )
        await conn.execute(
            f"UPDATE {schema}.due_jobs SET claim = NULL, claimed_until = NULL"
            " WHERE tenant_id = $1 AND state = 'pending' AND claim IS NOT NULL",
            tenant_id,
        )


async def leave_tombstone(
    conn: Any, schemas: Sequence[str], tenant_id: UUID, *, was: Sequence[str] = ("erased",)
) -> None:
    """Only that the id was used stays, where the tenant was one of these."""
    async with conn.transaction():
        for schema in schemas:
            await conn.execute(
                f"UPDATE {schema}.tenants SET name = '', status = 'erased', epoch = epoch + 1,"
                " clock_offset = '0', tokens_not_before = NULL, exported_at = NULL"
                " WHERE tenant_id = $1 AND status = ANY($2::text[])",
                *(tenant_id, list(was)),
            )
