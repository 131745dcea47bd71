"""Erases all of a tenant; one row in the directory stays, so that its id is never used again.

The first transaction closes the tenant for good. What follows is deleted in pieces that are each
safe by themselves: a process that dies is followed by another that goes on.
"""

from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.infra.holdings import Holdings, Retained
from invx.infra.tenancy import LOCK_OUT_WRITERS, UnknownTenant
from invx.infra.tenants.states import leave_tombstone
from invx.infra.tenants.tables import (
    Conns,
    Progress,
    alone,
    count_rows,
    different,
    prepare,
    purge,
    tenant_tables,
)
from invx.kernel.errors import Conflict
from invx.kernel.storage import EVER, Storage

# Besides a suspended tenant: what is only half here, or was half erased already.
_MAY_GO = ("suspended", "arriving", "erased")


class EraseRefused(Conflict):
    """The tenant cannot be erased now."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an erasure would delete, and whether it may begin."""

    name: str
    status: str
    exported_at: datetime | None
    rows: Mapping[str, int]  # by `schema.table`
    files: int  # outside the database
    retained: tuple[Retained, ...]
    holds: int = 0

    @property
    def nothing(self) -> bool:
        """Whether all of it is gone."""
        return self.status == "erased" and not self.rows and not self.files


async def standing(
    conns: Conns, contexts: Mapping[str, Holdings], storages: Iterable[Storage], tenant_id: UUID
) -> Standing:
    """Look, and change nothing. `conns` are the owner's and were prepared. Raises UnknownTenant."""
    first = next(iter(contexts))
    row = await conns[first].fetchrow(
        f"SELECT name, status, exported_at FROM {first}.tenants WHERE tenant_id = $1", tenant_id
    )
    if row is None:
        raise UnknownTenant
    rows: dict[str, int] = {}
    retained: list[Retained] = []
    holds = 0
    for schema, holdings in contexts.items():
        conn = conns[schema]
        rows |= await count_rows(conn, await tenant_tables(conn, schema), tenant_id)
        if holdings.retained is not None:
            retained += await holdings.retained(conn, tenant_id)
        if holdings.held is not None:
            holds += await conn.fetchval(holdings.held, tenant_id)
    files = 0
    for storage in storages:
        async for _ in storage.listed(tenant_id):
            files += 1
    name, status, exported_at = row
    return Standing(name, status, exported_at, rows, files, tuple(retained), holds)


async def erase_tenant(
    conns: Conns,
    storages: Iterable[Storage],
    tenant_id: UUID,
    *,
    without_export: bool = False,
    progress: Progress = lambda _, __: None,
) -> int:
    """Erase the tenant; how many rows and files were deleted. Again, it goes on where it was left.

    `conns` are the owner's, in no transaction, and not good for anything else afterwards.
    Raises EraseRefused, UnknownTenant, TenantCarried, OwnerTooWeak.
    """
    each_once = different(conns)
    await prepare(*each_once)
    async with alone(tenant_id, *each_once):
        await _close_for_good(conns, tenant_id, without_export=without_export)
        count = 0
        for schema, conn in conns.items():
            count += await purge(conn, await tenant_tables(conn, schema), tenant_id, progress)
        files = 0
        for storage in storages:
            async for each in storage.listed(tenant_id):
                files += await storage.delete(tenant_id, each.sha256, before=EVER)
                progress(f"files in {storage.place}", files)
        for schema, conn in conns.items():
            await leave_tombstone(conn, [schema], tenant_id)
    return count + files


async def _close_for_good(conns: Conns, tenant_id: UUID, *, without_export: bool) -> None:
    """Everywhere or, when one refuses, nowhere. Died between two commits, it is simply run again.

    The first to commit is where the tenant lives: from there on nobody reads or writes it.
    """
    async with AsyncExitStack() as stack:
        for conn in reversed(different(conns)):  # the stack commits the last one first
            await stack.enter_async_context(conn.transaction())
            await conn.execute(LOCK_OUT_WRITERS, str(tenant_id))
        for schema, conn in conns.items():
            row = await conn.fetchrow(
                f"SELECT status, exported_at FROM {schema}.tenants WHERE tenant_id = $1", tenant_id
            )
            if row is None:
                raise UnknownTenant
            if row["status"] not in _MAY_GO:
                raise EraseRefused(f"The tenant is {row['status']}: suspend it first.")
            if row["status"] == "suspended" and not (row["exported_at"] or without_export):
                raise EraseRefused(
                    "There is no archive of the tenant as it is since its suspension: export it,"
                    " or say that it goes without an export."
                )
            await conn.execute(
                f"UPDATE {schema}.tenants SET status = 'erased', epoch = epoch + 1"
                " WHERE tenant_id = $1",
                tenant_id,
            )
