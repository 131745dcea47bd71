"""Where this installation lives: its PostgreSQL (embedded or yours), keys, databases and tenants.

Part of the composition root, beside `host`: it prepares what a host then connects to.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from invx.host import CONTEXTS, migrations_of
from invx.infra.embedded import AlreadySupervised, Postgres
from invx.infra.migrate import migrate, prepare_logins
from invx.infra.postgres import Database, DatabaseSettings, Pools
from invx.infra.system import SystemClock
from invx.infra.tenancy import Directory
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
    "settlements:read",
    "settlements:write",
    "legal_entities:read",
    "legal_entities:write",
    "series:read",
    "series:write",
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
    )


@contextmanager
def running_place(
    settings: Settings, report: Callable[[str], None] = lambda _: None
) -> Iterator[Place]:
    """The database: started if it is ours and nobody else runs it, and then stopped at the end.

    Raises PostgresFailed.
    """
    if settings.place.external:
        yield external_place(settings.place)
        return
    server = embedded_server(settings.place)
    try:
        server.start()
    except AlreadySupervised:
        yield place_of(server)  # `invx up` runs it in another process
        return
    try:
        server.watch(report)
        yield place_of(server)
    finally:
        server.stop()


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


async def prepare_database(
    place: Place, progress: Callable[[str], None] = lambda _: None
) -> int:
    """Make database and logins where they are missing, and migrate every context."""
    await _create_database(place)
    conn = await asyncpg.connect(**place.admin)
    try:
        passwords = (place.where.app["password"], place.where.system["password"])
        await prepare_logins(conn, *passwords)
        applied = 0
        for name in CONTEXTS:
            applied += await migrate(conn, name, migrations_of(name), progress=progress)
        return applied
    finally:
        await conn.close()


async def _create_database(place: Place) -> None:
    name = place.admin["database"]
    conn = await asyncpg.connect(**{**place.admin, "database": "postgres"})
    try:
        if not await conn.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            quoted = await conn.fetchval("SELECT quote_ident($1)", name)
            await conn.execute(f"CREATE DATABASE {quoted} TEMPLATE template0")
    finally:
        await conn.close()


def private_key(settings: PlaceSettings) -> Path:
    """The key that signs development tokens."""
    return settings.home / "signing-key.json"


def ensure_key(settings: PlaceSettings) -> None:
    """Make the key pair of this installation, unless there is one."""
    if not private_key(settings).exists():
        create_key(private_key(settings), settings.home / "jwks.json")


def development_token(
    settings: PlaceSettings, tenant_id: UUID, *, subject: str, lifetime: timedelta
) -> str:
    """A token with all permissions, signed with the key of this installation."""
    return issue(
        private_key(settings),
        tenant_id,
        subject=subject,
        permissions=ALL_PERMISSIONS,
        lifetime=lifetime,
    )


async def create_tenant(pools: Pools, tenant_id: UUID, *, name: str, mode: str = "live") -> None:
    """Enter a tenant into the directory of every context; again changes nothing."""
    for context in CONTEXTS:
        directory = Directory(Database(context, pools), SystemClock())
        await directory.register(tenant_id, name=name, mode=mode)

