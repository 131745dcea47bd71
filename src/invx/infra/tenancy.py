"""The tenant directory: which tenants there are, where they live, and what time it is for them.

Exceptions to the rule that every key contains `tenant_id` (T2) stand here, so that the test that
reads the catalogue and the people who read this see the same list.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from invx.infra.postgres import (
    POOLED,
    TENANT_CLOSED,
    TENANT_MOVING,
    TENANT_STALE,
    UNKNOWN_TENANT,
    Connection,
    Database,
)
from invx.kernel import limits
from invx.kernel.errors import Conflict, Kind, NotFound, Unavailable
from invx.kernel.ports import Clock

# Tables without a tenant, and indexes that a poll over all tenants needs (73 ms against 0.3).
GLOBAL_TABLES = frozenset({"leases", "migrations"})
GLOBAL_INDEXES = frozenset(
    {
        "outbox_pending",
        "inbox_pending",
        "due_jobs_pending",
        "due_jobs_lanes",
        "members_seats",
        "members_people",
    }
)

# What the system role may touch (T3); it reads no business table. Searching has a role that reads
# one table of all tenants: documents because trigrams cannot be searched under row-level security,
# members because somebody who signs in belongs to tenants that are not known yet, and the ids of
# people who were erased because no tenant may seat them again.
SYSTEM_TABLES = frozenset({"tenants", "outbox", "inbox", "due_jobs", "leases"})
SEARCH_TABLES = frozenset({"document_search", "members", "erased_people"})
# What the application does with the system role's rights; each asks for the transaction's tenant.
SYSTEM_FUNCTIONS = frozenset({"state_tenant", "refuse_tokens_before", "in_business", "held_class"})
# Tables of identity whose rows belong to the installation, never to a business's tenant.
INSTALLED_TABLES = frozenset(
    {
        *("users", "sessions", "refresh_tokens", "failed_attempts"),
        *("second_factors", "totp_steps", "recovery_codes", "authorization_codes"),
        *("linked_identities", "organizations", "opened_tenants", "operators", "announcements"),
        "erased_people",
    }
)

_CACHED_TENANTS_MAX = 10_000
STANDARD = "standard"  # the class of a tenant that nobody has put into another

# The tenant under whose id is kept what belongs to no tenant: people, organizations, operators.
INSTALLATION = UUID(int=1)

# A tenant that was just opened may not be known here yet: its id says when it was made.
_AWAITED_SECONDS, _YOUNG_SECONDS, _PAUSE_SECONDS = 3.0, 30.0, 0.02

_ENTRY = """
SELECT tenant_id, status, mode, epoch, clock_offset, tokens_not_before, CASE quota_class
    WHEN 'standard' THEN (SELECT quota_class FROM {schema}.tenants
        WHERE tenant_id = '00000000-0000-0000-0000-000000000001') ELSE quota_class END
    AS quota_class, CASE WHEN status = 'moved' THEN placement END AS elsewhere
FROM {schema}.tenants WHERE tenant_id = $1
"""

# Every writer of a tenant shares this lock until its commit (`open_tenant`): who has it alone knows
# that what is written from now on was opened after this transaction. $1 is the tenant as text.
LOCK_OUT_WRITERS = "SELECT pg_advisory_xact_lock(hashtextextended($1, 4))"


class UnknownTenant(NotFound):
    """There is no such tenant here."""


class TenantClosed(Conflict):
    """The tenant is suspended or elsewhere: nothing can be written here."""


class TenantErased(Conflict):
    """A tenant of this id was erased; the id is never used again."""


class TenantMoving(TenantClosed):
    """The tenant is on its way to another database; try again in a moment."""

    kind = Kind.UNAVAILABLE
    lasting = False


# What a transaction that did not open means, by SQLSTATE; a stale entry is read again first.
REFUSALS: dict[str | None, type[UnknownTenant | TenantClosed]] = {
    UNKNOWN_TENANT: UnknownTenant,
    TENANT_CLOSED: TenantClosed,
    TENANT_MOVING: TenantMoving,
}


@dataclass(frozen=True, slots=True)
class Tenant:
    """A row of the directory. `clock_offset` is business time minus system time.

    `placement` is that of the database in which it stands. `quota_class` is that of the
    installation where nobody gave the tenant one.
    """

    tenant_id: UUID
    status: str
    mode: str
    epoch: int
    clock_offset: timedelta
    tokens_not_before: datetime | None
    quota_class: str = STANDARD
    placement: str = POOLED

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
    placement: str = POOLED


class Directory:
    """The directory replica of one context's database, cached for at most a minute.

    A stale entry does no harm: its epoch no longer matches, the transaction does not open, and the
    runner forgets the entry and reads it again.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock
        self._cache: OrderedDict[UUID, tuple[float, Tenant]] = OrderedDict()

    async def get(self, tenant_id: UUID) -> Tenant:
        """The tenant's entry; that of one that was just opened is awaited. Raises UnknownTenant."""
        if held := self._held(tenant_id, limits.DIRECTORY_CACHE_SECONDS):
            return held
        end = time.monotonic() + (_AWAITED_SECONDS if self._is_young(tenant_id) else 0)
        while True:
            try:
                return await self._read(tenant_id)
            except UnknownTenant:
                if time.monotonic() >= end:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)

    async def find(self, tenant_id: UUID) -> Tenant | None:
        """The tenant's entry, or None at once: for ids that anybody may make up."""
        if held := self._held(tenant_id, limits.DIRECTORY_CACHE_SECONDS):
            return held
        try:
            return await self._read(tenant_id)
        except UnknownTenant:
            return None

    def _is_young(self, tenant_id: UUID) -> bool:
        made_at = (tenant_id.int >> 80) / 1000  # RFC 9562, 5.7; other ids are never that young
        return abs(self._clock.now().timestamp() - made_at) < _YOUNG_SECONDS

    async def _read(self, tenant_id: UUID) -> Tenant:
        tenant = await self._found(tenant_id)
        self.remember(tenant)
        return tenant

    def remember(self, tenant: Tenant) -> None:
        """It was read just now."""
        self._cache[tenant.tenant_id] = (time.monotonic(), tenant)
        self._cache.move_to_end(tenant.tenant_id)
        if len(self._cache) > _CACHED_TENANTS_MAX:
            self._cache.popitem(last=False)

    async def _found(self, tenant_id: UUID) -> Tenant:
        """Where the directories lead: one that the tenant has left names the next.

        Raises UnknownTenant, and TenantMoving while they lead in a circle: between two databases.
        """
        database, seen = self.database, set[str]()
        while database.placement not in seen:
            seen.add(database.placement)
            async with database.system_transaction() as conn:
                row = await conn.fetchrow(_ENTRY.format(schema=database.schema), tenant_id)
            if row is None:
                raise UnknownTenant
            said = dict(row)
            elsewhere = said.pop("elsewhere")
            if not elsewhere or elsewhere == database.placement:
                return Tenant(**said, placement=database.placement)
            database = self.database.at(elsewhere)
        raise TenantMoving

    async def database_of(self, tenant_id: UUID) -> Database:
        """The context's database in which the tenant lives now. Raises UnknownTenant."""
        self.forget(tenant_id)
        return self.database.at((await self.get(tenant_id)).placement)

    async def tokens_not_before(self, tenant_id: UUID) -> datetime | None:
        """When the tenant's older access tokens stopped counting.

        At most 4 s old, so that a change holds within 5 s. An unknown tenant revoked nothing; what
        it asks for is not found anyway.
        """
        if held := self._held(tenant_id, limits.REVOCATION_CACHE_SECONDS):
            return held.tokens_not_before
        self.forget(tenant_id)
        try:
            return (await self._read(tenant_id)).tokens_not_before
        except UnknownTenant:
            return None

    def knows_revocations(self, tenant_id: UUID) -> bool:
        """Whether its entry is young enough to say which tokens count."""
        return self._held(tenant_id, limits.REVOCATION_CACHE_SECONDS) is not None

    def _held(self, tenant_id: UUID, seconds: float) -> Tenant | None:
        held = self._cache.get(tenant_id)
        return held[1] if held and time.monotonic() - held[0] < seconds else None

    async def refuse_tokens_before(self, tenant_id: UUID, moment: datetime) -> None:
        """Let no access token of the tenant count that was issued before `moment`.

        Raises UnknownTenant, TenantMoving.
        """
        database = await self.database_of(tenant_id)
        async with database.system_transaction() as conn:
            known = await conn.fetchval(
                f"UPDATE {database.schema}.tenants SET tokens_not_before = $2"
                " WHERE tenant_id = $1 AND status <> 'moved' RETURNING true",
                tenant_id,
                moment,
            )
        self.forget(tenant_id)
        if not known:
            raise TenantMoving  # just now; it would be lost

    def forget(self, tenant_id: UUID) -> None:
        """Read the entry anew next time."""
        self._cache.pop(tenant_id, None)

    def business_now(self, tenant: Tenant) -> datetime:
        """The tenant's business time (T5)."""
        return self._clock.now() + tenant.clock_offset

    async def register(self, tenant_id: UUID, *, name: str, mode: str = "live") -> None:
        """Enter a tenant; entering it again changes nothing. Raises TenantErased."""
        async with self.database.system_transaction() as conn:
            await conn.execute(
                f"INSERT INTO {self.database.schema}.tenants (tenant_id, name, mode)"
                " VALUES ($1, $2, $3) ON CONFLICT (tenant_id) DO NOTHING",
                tenant_id,
                name,
                mode,
            )
            status = await conn.fetchval(
                f"SELECT status FROM {self.database.schema}.tenants WHERE tenant_id = $1",
                tenant_id,
            )
        if status == "erased":
            raise TenantErased

    async def tenant_ids(self) -> list[UUID]:
        """All tenants that are not erased, for work that walks over them one by one."""
        async with self.database.system_transaction() as conn:
            rows = await conn.fetch(
                f"SELECT tenant_id FROM {self.database.schema}.tenants"
                " WHERE status <> 'erased' ORDER BY tenant_id"
            )
        return [row["tenant_id"] for row in rows]

    async def suspend(self, tenant_id: UUID) -> bool:
        """Let nothing be written until `resume`; False when the tenant is not active.

        Writers under way are waited for. Raises UnknownTenant, and TookTooLong for their sake.
        """
        return await self._turn(tenant_id, "active", "suspended")

    async def resume(self, tenant_id: UUID) -> bool:
        """End a suspension; False when the tenant is not suspended. Raises UnknownTenant."""
        return await self._turn(tenant_id, "suspended", "active")

    async def _turn(self, tenant_id: UUID, before: str, after: str) -> bool:
        database = await self.database_of(tenant_id)
        async with database.system_transaction() as conn:
            await conn.execute(LOCK_OUT_WRITERS, str(tenant_id))
            was = await conn.fetchval(
                f"SELECT status FROM {database.schema}.tenants WHERE tenant_id = $1",
                tenant_id,
            )
            if was == before:
                await conn.execute(
                    f"UPDATE {database.schema}.tenants SET status = $2, epoch = epoch + 1,"
                    " exported_at = NULL WHERE tenant_id = $1",
                    *(tenant_id, after),
                )
        self.forget(tenant_id)
        if was in (None, "erased"):
            raise UnknownTenant
        return bool(was == before)

    async def classify(self, tenant_id: UUID, quota_class: str) -> None:
        """Another class of quotas. Raises UnknownTenant, TenantMoving."""
        database = await self.database_of(tenant_id)
        async with database.system_transaction() as conn:
            known = await conn.fetchval(
                f"UPDATE {database.schema}.tenants SET quota_class = $2"
                " WHERE tenant_id = $1 AND status NOT IN ('moved', 'erased') RETURNING true",
                *(tenant_id, quota_class),
            )
        self.forget(tenant_id)
        if not known:
            raise TenantMoving

    async def entries(self) -> list[Entry]:
        """All tenants, also erased ones, for a person to read."""
        async with self.database.system_transaction() as conn:
            rows = await conn.fetch(
                "SELECT tenant_id, name, mode, status, placement"
                f" FROM {self.database.schema}.tenants WHERE tenant_id <> $1"
                " ORDER BY name, tenant_id",
                INSTALLATION,
            )
        return [await self._entry(row) for row in rows]

    async def _entry(self, row: Any) -> Entry:
        """As it stands where the tenant lives, where that can be asked."""
        entry = Entry(**dict(row))
        if entry.status != "moved" or entry.placement == self.database.placement:
            return entry
        try:
            found = await self._found(entry.tenant_id)
        except (TenantMoving, UnknownTenant, Unavailable):
            return entry
        return replace(entry, status=found.status, placement=found.placement)

    async def advance_clock(self, tenant_id: UUID, by: timedelta) -> None:
        """Move a tenant's business time. The epoch rises, so no cached offset outlives it.

        Raises UnknownTenant, TenantMoving.
        """
        database = await self.database_of(tenant_id)
        async with database.system_transaction() as conn:
            known = await conn.fetchval(
                f"UPDATE {database.schema}.tenants SET clock_offset = clock_offset + $2,"
                " epoch = epoch + 1 WHERE tenant_id = $1 AND status <> 'moved' RETURNING true",
                tenant_id,
                by,
            )
        self.forget(tenant_id)
        if not known:
            raise TenantMoving


@asynccontextmanager
async def inside(
    database: Database, directory: Directory, tenant_id: UUID, *, write: bool
) -> AsyncIterator[Connection]:
    """A transaction inside a tenant for what is no command, such as sealing.

    An entry of the directory that has moved on is read again. Raises UnknownTenant, TenantClosed.
    """
    async with AsyncExitStack() as stack:
        for again in (True, False):
            entry = await directory.get(tenant_id)
            where = database.at(entry.placement)
            opening = where.tenant_transaction(tenant_id, entry.epoch, write=write)
            try:
                conn = await stack.enter_async_context(opening)
                break
            except asyncpg.PostgresError as error:
                directory.forget(tenant_id)
                if (refusal := REFUSALS.get(error.sqlstate)) is not None:
                    raise refusal from error
                if error.sqlstate != TENANT_STALE:
                    raise
                if not again:
                    raise TenantMoving from error
        yield conn
