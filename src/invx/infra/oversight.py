"""What an operator sees of tenants, and does to them: in every context, wherever a tenant lives.

Figures are for people: sizes are estimates, requests those of this process.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from invx.infra.backup.taking import list_backups
from invx.infra.postgres import Connection, Database
from invx.infra.quotas import Admission, Quota
from invx.infra.storage.places import FileLimits
from invx.infra.tenancy import (
    INSTALLATION,
    Directory,
    TenantMoving,
    UnknownTenant,
    inside,
)
from invx.kernel.errors import Unavailable
from invx.kernel.ports import Clock

# How many documents a tenant finalized since a moment, asked inside the tenant.
DocumentsSince = Callable[[Connection, UUID, datetime], Awaitable[int]]

_READABLE = ("active", "suspended", "moving")
_COLUMNS = "tenant_id, name, mode, status, placement, quota_class"
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)
_ENTRIES = """
SELECT {columns} FROM {schema}.tenants WHERE tenant_id <> $1 AND tenant_id {beyond} $2
ORDER BY tenant_id {way} LIMIT $3
"""
_ENTRY = "SELECT status, placement, quota_class FROM {schema}.tenants WHERE tenant_id = $1"
_EVENTS = """
SELECT coalesce(sum(version), 0)::bigint FROM {schema}.streams WHERE tenant_id = $1
"""
# A tenant's part of a context is its part of all events there, of which the planner has a count.
_WHOLE = """
SELECT (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
        WHERE c.relnamespace = n.oid AND c.relkind = 'r')::bigint,
    (SELECT greatest(c.reltuples, 0) FROM pg_class c
        WHERE c.relnamespace = n.oid AND c.relname = 'events')::bigint
FROM pg_namespace n WHERE n.nspname = $1
"""
_WAITING = """
SELECT
    (SELECT count(*) FROM {schema}.outbox WHERE tenant_id = $1 AND published_at IS NULL),
    (SELECT min(recorded_at) FROM {schema}.outbox WHERE tenant_id = $1 AND published_at IS NULL),
    count(*) FILTER (WHERE state = 'pending'),
    min(received_at) FILTER (WHERE state = 'pending'),
    count(*) FILTER (WHERE state = 'parked')
FROM {schema}.inbox WHERE tenant_id = $1 AND state IN ('pending', 'parked')
"""


@dataclass(frozen=True, slots=True)
class TenantEntry:
    """A row of the directory, as it stands where the tenant lives."""

    tenant_id: UUID
    name: str
    mode: str
    status: str
    placement: str
    quota_class: str


@dataclass(frozen=True, slots=True)
class Figures:
    """How large and how busy a tenant is, all contexts together; ages are seconds."""

    events: int = 0
    about_bytes: int = 0
    documents_today: int | None = None  # None where the tenant cannot be read
    requests_today: int = 0
    outbox_pending: int = 0
    outbox_age: float = 0.0
    inbox_pending: int = 0
    inbox_age: float = 0.0
    parked: int = 0
    contexts: Mapping[str, "Figures"] = field(default_factory=dict)  # the same of each, by name


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a tenant may take where nobody decided otherwise, and the classes that there are."""

    files: FileLimits
    quotas: Mapping[str, Quota] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Oversight:
    """Over the databases and directories of every context, the first of which lists tenants."""

    databases: Sequence[Database]
    clock: Clock
    admission: Admission
    defaults: Defaults
    backups: Path | None = None
    documents: Mapping[str, DocumentsSince | None] = field(default_factory=dict)  # by schema

    async def entries(
        self, after: UUID | None, limit: int, *, descending: bool = False
    ) -> list[TenantEntry]:
        """Tenants in the order of their ids, which is that of their coming; also erased ones."""
        database = self.databases[0]
        beyond, way, start = ("<", "DESC", _LAST) if descending else (">", "ASC", _FIRST)
        statement = _ENTRIES.format(
            columns=_COLUMNS, schema=database.schema, beyond=beyond, way=way
        )
        async with database.system_transaction() as conn:
            rows = await conn.fetch(statement, INSTALLATION, after or start, limit)
        return [await self._entry(row) for row in rows]

    async def entry(self, tenant_id: UUID) -> TenantEntry:
        """One of them. Raises UnknownTenant."""
        database = self.databases[0]
        async with database.system_transaction() as conn:
            row = await conn.fetchrow(
                f"SELECT {_COLUMNS} FROM {database.schema}.tenants"
                " WHERE tenant_id = $1 AND tenant_id <> $2",
                *(tenant_id, INSTALLATION),
            )
        if row is None:
            raise UnknownTenant
        return await self._entry(row)

    async def figures(self, entry: TenantEntry) -> Figures:
        """Of a tenant that can be read; of another one only requests, which were in vain."""
        asked = self.admission.asked_today(entry.tenant_id)
        if entry.status not in _READABLE:
            return Figures(requests_today=asked)
        found = [await self._in_context(each, entry.tenant_id) for each in self.databases]
        counts = [each.documents_today for each in found if each.documents_today is not None]
        return Figures(
            events=sum(each.events for each in found),
            about_bytes=sum(each.about_bytes for each in found),
            documents_today=sum(counts) if counts else None,
            requests_today=asked,
            outbox_pending=sum(each.outbox_pending for each in found),
            outbox_age=max(each.outbox_age for each in found),
            inbox_pending=sum(each.inbox_pending for each in found),
            inbox_age=max(each.inbox_age for each in found),
            parked=sum(each.parked for each in found),
            contexts={db.schema: each for db, each in zip(self.databases, found, strict=True)},
        )

    async def suspend(self, tenant_id: UUID) -> bool:
        """In every context, also where it was cut off; False when it is suspended everywhere.

        Raises UnknownTenant.
        """
        return any([await each.suspend(tenant_id) for each in self._directories()])

    async def resume(self, tenant_id: UUID) -> bool:
        """The reverse. Raises UnknownTenant."""
        return any([await each.resume(tenant_id) for each in self._directories()])

    async def classify(self, tenant_id: UUID, quota_class: str) -> None:
        """Another class of quotas, in every context. Raises UnknownTenant, TenantMoving."""
        for each in self._directories():
            await each.classify(tenant_id, quota_class)

    async def classify_by_default(self, quota_class: str) -> None:
        """That of the installation's own entries holds for tenants that nobody gave one."""
        for database in self.databases:
            for each in database.everywhere():
                await Directory(each, self.clock).classify(INSTALLATION, quota_class)

    async def default_class(self) -> str:
        """In which class of quotas a tenant is that nobody gave one."""
        return (await Directory(self.databases[0], self.clock).get(INSTALLATION)).quota_class

    async def refuse_tokens_before(self, tenant_id: UUID, moment: datetime) -> None:
        """No access token of the tenant counts that is older, in no context, also a suspended one.

        Raises UnknownTenant, TenantMoving.
        """
        for each in self._directories():
            await each.refuse_tokens_before(tenant_id, moment)

    async def last_backup(self) -> datetime | None:
        """When the newest backup that is whole ended; None without any, or a folder for them."""
        if self.backups is None:
            return None
        found = await asyncio.to_thread(list_backups, self.backups)
        return found[-1].ended_at if found else None

    def _directories(self) -> list[Directory]:
        return [Directory(each, self.clock) for each in self.databases]

    async def _entry(self, row: Any) -> TenantEntry:
        entry = TenantEntry(**{name: row[name] for name in TenantEntry.__slots__})
        if entry.status != "moved" or entry.placement == self.databases[0].placement:
            return entry
        try:
            home = await Directory(self.databases[0], self.clock).database_of(entry.tenant_id)
            async with home.system_transaction() as conn:
                found = await conn.fetchrow(_ENTRY.format(schema=home.schema), entry.tenant_id)
        except (TenantMoving, UnknownTenant, Unavailable):
            return entry
        return replace(entry, **dict(found or {}))

    async def _in_context(self, database: Database, tenant_id: UUID) -> Figures:
        directory, now = Directory(database, self.clock), self.clock.now()
        since = now.replace(hour=0, minute=0, second=0, microsecond=0)
        count = self.documents.get(database.schema)
        async with inside(database, directory, tenant_id, write=False) as conn:
            events = await conn.fetchval(_EVENTS.format(schema=database.schema), tenant_id)
            whole, tuples = await conn.fetchrow(_WHOLE, database.schema) or (0, 0)
            documents = await count(conn, tenant_id, since) if count else None
        home = await directory.database_of(tenant_id)
        async with home.system_transaction() as conn:
            row = await conn.fetchrow(_WAITING.format(schema=home.schema), tenant_id)
        waiting = row or (0, None, 0, None, 0)
        return Figures(
            events=events,
            about_bytes=(whole or 0) * events // max(tuples or 0, events, 1),
            documents_today=documents,
            outbox_pending=waiting[0],
            outbox_age=_age(now, waiting[1]),
            inbox_pending=waiting[2],
            inbox_age=_age(now, waiting[3]),
            parked=waiting[4],
        )


def _age(now: datetime, oldest: datetime | None) -> float:
    return max((now - oldest).total_seconds(), 0.0) if oldest else 0.0
