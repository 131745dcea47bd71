"""Where this installation lives: its PostgreSQL (embedded or yours), keys, databases and tenants.

Part of the composition root, beside `host`: it prepares what a host then connects to.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from invx.host import CONTEXTS, migrations_of
from invx.infra.embedded import AlreadySupervised, Postgres
from invx.infra.migrate import create_database, migrate, pending, prepare_logins
from invx.infra.postgres import Database, DatabaseSettings, Pools
from invx.infra.system import SystemClock
from invx.infra.tenancy import Directory, Entry
from invx.infra.tokens import create_key, issue
from invx.settings import PlaceSettings, Settings, connection_arguments

DATABASE = "invx"
APP, SYSTEM = "invx_app", "invx_system"

# What a development token may do: everything. Identity will hand out less.
ALL_PERMISSIONS = (
    "invoices:read",
    "invoices:write",
    "invoices:finalize",
    "invoices:correct",
    "invoices:export",
    "imports:read",
    "imports:write",
    "operations:read",
    "operations:write",
    "invoices:transmit",
    "settlements:read",
    "settlements:write",
    "tax:read",
    "tax:write",
    "rates:read",
    "rates:write",
    "accounting:read",
    "accounting:export",
    "accounting:write",
    "legal_entities:read",
    "legal_entities:write",
    "periods:read",
    "periods:close",
    "periods:reopen",
    "series:read",
    "series:write",
    "series:hold",
    "audit:read",
    "files:read",
    "files:write",
    "personal:erase",
    "analytics:read",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A database that is there: how each login reaches it."""

    admin: dict[str, Any]
    where: DatabaseSettings


def embedded_server(settings: PlaceSettings) -> Postgres:
    """The embedded server of this installation, not started."""
    return Postgres(
        settings.home / "postgres",
        logins=(APP, SYSTEM),
        binaries=settings.postgres_binaries,
        account=settings.postgres_account,
        archive=settings.backup / "wal" if settings.backup else None,
    )


def is_there(settings: PlaceSettings) -> bool:
    """Whether a cluster of ours was made already; yours is taken to be there."""
    return settings.external or (embedded_server(settings).location / "data").exists()


@contextmanager
def running_place(
    settings: Settings,
    report: Callable[[str], None] = lambda _: None,
    *,
    wait_seconds: float | None = None,
) -> Iterator[Place]:
    """The database: started if it is ours and nobody else runs it, and then stopped at the end.

    Where another process runs it, that one's is used; with `wait_seconds` its end is awaited
    instead, since a server that somebody else stops is nothing to build on.
    Raises PostgresFailed, of which AlreadySupervised says that waiting did not help.
    """
    if settings.place.external:
        yield external_place(settings.place)
        return
    server = embedded_server(settings.place)
    if not _start(server, wait_seconds):
        yield place_of(server)
        return
    try:
        server.watch(report)
        yield place_of(server)
    finally:
        server.stop()


def _start(server: Postgres, wait_seconds: float | None) -> bool:
    """Start it; False when another process runs it and nothing is said about waiting."""
    end = time.monotonic() + (wait_seconds or 0)
    while True:
        try:
            server.start()
        except AlreadySupervised:
            if wait_seconds is None:
                return False
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return True


def place_of(server: Postgres, database: str = DATABASE) -> Place:
    """How to reach a database of the embedded server."""
    where = DatabaseSettings(
        app=server.connection(APP, database), system=server.connection(SYSTEM, database)
    )
    return Place(server.connection(database=database), where)


def external_place(settings: PlaceSettings) -> Place:
    """How to reach a server of your own."""
    where = DatabaseSettings(
        app=dict(connection_arguments(settings.app_dsn or "")),
        system=dict(connection_arguments(settings.system_dsn or "")),
    )
    return Place(dict(connection_arguments(settings.admin_dsn or "")), where)


@asynccontextmanager
async def administrator(place: Place) -> AsyncIterator[Any]:
    """A connection of the owner, who sees every tenant: for migrations and audits only."""
    conn = await asyncpg.connect(**place.admin)
    try:
        yield conn
    finally:
        await conn.close()


async def prepare_database(
    place: Place, progress: Callable[[str], None] = lambda _: None, *, phase: str | None = None
) -> int:
    """Make database and logins where they are missing, and migrate every context.

    `phase` "pre" or "post" runs the migrations of that phase only. Returns how many ran.
    """
    await create_database(place.admin)
    async with administrator(place) as conn:
        passwords = (place.where.app["password"], place.where.system["password"])
        await prepare_logins(conn, *passwords)
        applied = 0
        for name in CONTEXTS:
            applied += await migrate(
                conn, name, migrations_of(name), phase=phase, progress=progress
            )
        return applied


async def pending_migrations(place: Place) -> list[str]:
    """What `prepare_database` would run. Raises asyncpg errors when there is no database yet."""
    async with administrator(place) as conn:
        return [
            f"{name} {migration.name}"
            for name in CONTEXTS
            for migration in await pending(conn, name, migrations_of(name))
        ]


def private_key(settings: PlaceSettings) -> Path:
    """The key that signs development tokens."""
    return settings.home / "signing-key.json"


def ensure_key(settings: PlaceSettings) -> None:
    """Make the key pair of this installation, unless there is one."""
    if not private_key(settings).exists():
        create_key(private_key(settings), settings.home / "jwks.json")


def development_token(
    settings: Settings, tenant_id: UUID, *, subject: str, lifetime: timedelta
) -> str:
    """A token with all permissions, signed with the key of this installation. Raises KeyMissing."""
    return issue(
        private_key(settings.place),
        tenant_id,
        subject=subject,
        permissions=ALL_PERMISSIONS,
        lifetime=lifetime,
        issuer=settings.auth.issuer,
    )


async def tenant_entries(pools: Pools) -> list[Entry]:
    """The tenants that the first context knows; all contexts know the same."""
    return await Directory(Database(CONTEXTS[0], pools), SystemClock()).entries()


async def create_tenant(pools: Pools, tenant_id: UUID, *, name: str, mode: str = "live") -> None:
    """Enter a tenant into the directory of every context; again changes nothing."""
    for context in CONTEXTS:
        directory = Directory(Database(context, pools), SystemClock())
        await directory.register(tenant_id, name=name, mode=mode)
