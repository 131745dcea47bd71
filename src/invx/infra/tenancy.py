"""The tenant directory: which tenants there are, where they live, and what time it is for them.

Exceptions to the rule that every key contains `tenant_id` (T2) stand here, so that the test that
reads the catalogue and the people who read this see the same list.
"""

import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from invx.infra.postgres import (
    TENANT_CLOSED,
    TENANT_STALE,
    UNKNOWN_TENANT,
    Connection,
    Database,
)
from invx.kernel import limits
from invx.kernel.errors import Conflict, NotFound
from invx.kernel.ports import Clock

# Tables without a tenant, and indexes that a poll over all tenants needs (73 ms against 0.3).
GLOBAL_TABLES = frozenset({"leases", "migrations"})
GLOBAL_INDEXES = frozenset(
    {"outbox_pending", "inbox_pending", "due_jobs_pending", "due_jobs_lanes"}
)

# What the system role may touch (T3); it reads no business table. Searching has a role that reads
# one table of all tenants, because trigrams cannot be searched under row-level security.
SYSTEM_TABLES = frozenset({"tenants", "outbox", "inbox", "due_jobs", "leases"})
SEARCH_TABLES = frozenset({"document_search"})

_CACHED_TENANTS_MAX = 10_000


class UnknownTenant(NotFound):
    """There is no such tenant here."""


class TenantClosed(Conflict):
    """The tenant is suspended or moving; try again later."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A row of the directory. `clock_offset` is business time minus system time."""

    tenant_id: UUID
    status: str
    mode: str
    epoch: int
    clock_offset: timedelta
    tokens_not_before: datetime | None

    @property
    def test(self) -> bool:
        """Whether every document of the tenant is marked TEST."""
        return self.mode == "test"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list of tenants shows."""

    tenant_id: UUID
    name: str
    mode: str
    status: str


class Directory:
    """The directory replica of one context's database, cached for at most a minute.

    A stale entry does no harm: its epoch no longer matches, the transaction does not open, and the
    runner forgets the entry and reads it again.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._cache: OrderedDict[UUID, tuple[float, Tenant]] = OrderedDict()

    async def get(self, tenant_id: UUID) -> Tenant:
        """The tenant's entry. Raises UnknownTenant."""
        held = self._cache.get(tenant_id)
        if held and time.monotonic() - held[0] < limits.DIRECTORY_CACHE_SECONDS:
            return held[1]
        async with self._database.system_transaction() as conn:
            row = await conn.fetchrow(
                "SELECT tenant_id, status, mode, epoch, clock_offset, tokens_not_before"
                f" FROM {self._database.schema}.tenants WHERE tenant_id = $1",
                tenant_id,
            )
        if row is None:
            raise UnknownTenant
        tenant = Tenant(**dict(row))
        self._cache[tenant_id] = (time.monotonic(), tenant)
        self._cache.move_to_end(tenant_id)
        if len(self._cache) > _CACHED_TENANTS_MAX:
            self._cache.popitem(last=False)
        return tenant

    async def tokens_not_before(self, tenant_id: UUID) -> datetime | None:
        """When the tenant's older access tokens stopped counting.

        At most 4 s old, so that a change holds within 5 s. An unknown tenant revoked nothing; what
        it asks for is not found anyway.
        """
        held = self._cache.get(tenant_id)
        if held is None or time.monotonic() - held[0] >= limits.REVOCATION_CACHE_SECONDS:
            self.forget(tenant_id)
            try:
                return (await self.get(tenant_id)).tokens_not_before
            except UnknownTenant:
                return None
        return held[1].tokens_not_before

    async def refuse_tokens_before(self, tenant_id: UUID, moment: datetime) -> None:
        """Let no access token of the tenant count that was issued before `moment`."""
        async with self._database.system_transaction() as conn:
            await conn.execute(
                f"UPDATE {self._database.schema}.tenants SET tokens_not_before = $2"
                " WHERE tenant_id = $1",
                tenant_id,
                moment,
            )
        self.forget(tenant_id)

    def forget(self, tenant_id: UUID) -> None:
        """Read the entry anew next time."""
        self._cache.pop(tenant_id, None)

    def business_now(self, tenant: Tenant) -> datetime:
        """The tenant's business time (T5)."""
        return self._clock.now() + tenant.clock_offset

    async def register(self, tenant_id: UUID, *, name: str, mode: str = "live") -> None:
        """Enter a tenant; entering it again changes nothing."""
        async with self._database.system_transaction() as conn:
            await conn.execute(
                f"INSERT INTO {self._database.schema}.tenants (tenant_id, name, mode)"
                " VALUES ($1, $2, $3) ON CONFLICT (tenant_id) DO NOTHING",
                tenant_id,
                name,
                mode,
            )

    async def tenant_ids(self) -> list[UUID]:
        """All tenants, for work that walks over them one by one."""
        async with self._database.system_transaction() as conn:
            rows = await conn.fetch(
                f"SELECT tenant_id FROM {self._database.schema}.tenants ORDER BY tenant_id"
            )
        return [row["tenant_id"] for row in rows]

    async def entries(self) -> list[Entry]:
        """All tenants, for a person to read."""
        async with self._database.system_transaction() as conn:
            rows = await conn.fetch(
                "SELECT tenant_id, name, mode, status"
                f" FROM {self._database.schema}.tenants ORDER BY name, tenant_id"
            )
        return [Entry(**dict(row)) for row in rows]

    async def advance_clock(self, tenant_id: UUID, by: timedelta) -> None:
        """Move a tenant's business time. The epoch rises, so no cached offset outlives it.

        Raises UnknownTenant.
        """
        async with self._database.system_transaction() as conn:
            known = await conn.fetchval(
                f"UPDATE {self._database.schema}.tenants SET clock_offset = clock_offset + $2,"
                " epoch = epoch + 1 WHERE tenant_id = $1 RETURNING true",
                tenant_id,
                by,
            )
        self.forget(tenant_id)
        if not known:
            raise UnknownTenant


@asynccontextmanager
async def inside(
    database: Database, directory: Directory, tenant_id: UUID, *, write: bool
) -> AsyncIterator[Connection]:
    """A transaction inside a tenant for what is no command, such as sealing.

    An entry of the directory that has moved on is read again. Raises UnknownTenant, TenantClosed.
    """
    async with AsyncExitStack() as stack:
        for again in (True, False):
            epoch = (await directory.get(tenant_id)).epoch
            opening = database.tenant_transaction(tenant_id, epoch, write=write)
            try:
                conn = await stack.enter_async_context(opening)
                break
            except asyncpg.PostgresError as error:
                directory.forget(tenant_id)
                if error.sqlstate == UNKNOWN_TENANT:
                    raise UnknownTenant from error
                if error.sqlstate == TENANT_CLOSED or (
                    error.sqlstate == TENANT_STALE and not again
                ):
                    raise TenantClosed from error
                if error.sqlstate != TENANT_STALE:
                    raise
        yield conn
