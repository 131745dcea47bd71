"""Where this installation lives: its PostgreSQL (embedded or yours), keys, databases and tenants.

Part of the composition root, beside `host`: it prepares what a host then connects to.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from invx.contracts.permissions import PERMISSIONS
from invx.host import CONTEXTS, holdings_of, migrations_of
from invx.infra.embedded import AlreadySupervised, Postgres
from invx.infra.encryption import create_secret_key
from invx.infra.environment import SettingInvalid
from invx.infra.holdings import Holdings
from invx.infra.migrate import create_database, migrate, pending, prepare_logins
from invx.infra.placements import PlacementSettings, connection_arguments
from invx.infra.postgres import POOLED, Database, DatabaseSettings, PlacementUnknown, Pools
from invx.infra.storage.places import storages_outside
from invx.infra.system import SystemClock
from invx.infra.tenancy import Directory, Entry
from invx.infra.tenants.ending import Eraser
from invx.infra.tenants.erasing import erase_tenant
from invx.infra.tenants.states import (
    default_class,
    leave_tombstone,
    living_in,
    state_default_class,
)
from invx.infra.tokens import create_key, issue
from invx.settings import PlaceSettings, Settings

DATABASE = "invx"
APP, SYSTEM = "invx_app", "invx_system"
_NOT_WHOLE = ("erased", "arriving")

# What a development token may do: everything that a tenant's own people may.
ALL_PERMISSIONS = PERMISSIONS


@dataclass(frozen=True, slots=True)
class Place:
    """A database that is there: how each login reaches it; and those of the other placements.

    `contexts` are the databases of contexts that have one of their own.
    """

    admin: dict[str, Any]
    where: DatabaseSettings
    others: Mapping[str, "Place"] = field(default_factory=dict)
    contexts: Mapping[str, "Place"] = field(default_factory=dict)

    def of(self, context: str) -> "Place":
        """The database of a context: its own, or this one."""
        return self.contexts.get(context, self)

    def at(self, placement: str) -> "Place":
        """The database of a placement. Raises PlacementUnknown."""
        if placement == POOLED:
            return self
        if (found := self.others.get(placement)) is None:
            raise PlacementUnknown(f"{PlacementUnknown.__doc__} It is called {placement!r}.")
        return found

    def everywhere(self) -> dict[str, "Place"]:
        """Every database by its placement, that of all tenants first."""
        return {POOLED: self, **self.others}


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
        yield with_placements(external_place(settings.place), settings.place)
        return
    server = embedded_server(settings.place)
    if not _start(server, wait_seconds):
        yield with_placements(place_of(server), settings.place)
        return
    try:
        server.watch(report)
        yield with_placements(place_of(server), settings.place)
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
    """How to reach a server of your own: what no context has for itself, else that of the first.

    Raises SettingInvalid when databases of contexts are all there is and one is not named.
    """
    at: PlaceSettings | PlacementSettings = settings
    if settings.app_dsn is None:
        if missing := [name for name in CONTEXTS if name not in settings.contexts]:
            raise SettingInvalid(f"INVX_CONTEXT_DATABASES names none for {', '.join(missing)}.")
        at = settings.contexts[CONTEXTS[0]]
    where = DatabaseSettings(
        app=dict(connection_arguments(at.app_dsn or "")),
        system=dict(connection_arguments(at.system_dsn or "")),
    )
    return Place(dict(connection_arguments(at.admin_dsn or "")), where)


def with_placements(place: Place, settings: PlaceSettings) -> Place:
    """The same with the databases of placements and contexts, on its server or elsewhere.

    Raises SettingInvalid when two of them are one database: whoever lived there lived there twice.
    """
    others = {name: _placed(place, each) for name, each in settings.placements.items()}
    contexts = {name: _placed(place, each) for name, each in settings.contexts.items()}
    where = replace(
        place.where,
        others={name: _small(each.where) for name, each in others.items()},
        contexts={name: each.where for name, each in contexts.items()},
    )
    placed = Place(place.admin, where, others, contexts)
    names: dict[tuple[object, ...], str] = {}
    for name, each in placed.everywhere().items():
        at = tuple(each.admin[key] for key in ("host", "port", "database"))
        if at in names:
            raise SettingInvalid(f"INVX_PLACEMENTS: {names[at]} and {name} are the same database.")
        names[at] = name
    return placed


def _small(where: DatabaseSettings) -> DatabaseSettings:
    """Few connections: there may be many placements, and each has tenants of its own only."""
    return replace(where, app_connections_max=4, system_connections_max=2)


def _placed(place: Place, settings: PlacementSettings) -> Place:
    if settings.database is not None:
        there = {"database": settings.database}
        admin, app = {**place.admin, **there}, {**place.where.app, **there}
        system = {**place.where.system, **there}
    else:
        admin = dict(connection_arguments(settings.admin_dsn or ""))
        app = dict(connection_arguments(settings.app_dsn or ""))
        system = dict(connection_arguments(settings.system_dsn or ""))
    return Place(admin, DatabaseSettings(app, system))


@asynccontextmanager
async def administrator(place: Place) -> AsyncIterator[Any]:
    """A connection of the owner, who sees every tenant: for migrations and audits only."""
    conn = await asyncpg.connect(**place.admin)
    try:
        yield conn
    finally:
        await conn.close()


def on_one_server(place: Place) -> dict[str, Place]:
    """The placements whose databases are of the same server: what a backup of it has."""
    at = {name: place.admin[name] for name in ("host", "port")}
    everywhere = place.everywhere().items()
    return {name: each for name, each in everywhere if {key: each.admin[key] for key in at} == at}


async def living_twice(place: Place) -> dict[UUID, list[str]]:
    """Tenants that may be written in several databases, and in which: one of these was set back.

    A database that cannot be asked is left out.
    """
    found: dict[UUID, list[str]] = {}
    for placement, each in place.everywhere().items():
        with suppress(OSError, asyncpg.PostgresError):
            async with administrator(each.of(CONTEXTS[0])) as conn:
                for tenant_id in await living_in(conn, CONTEXTS[0]):
                    found.setdefault(tenant_id, []).append(placement)
    return {tenant_id: where for tenant_id, where in found.items() if len(where) > 1}


async def prepare_database(
    place: Place, progress: Callable[[str], None] = lambda _: None, *, phase: str | None = None
) -> int:
    """Make database and logins where they are missing, and migrate every context.

    In every placement. `phase` "pre" or "post" runs the migrations of that phase only. Returns how
    many ran.
    """
    applied = 0
    for placement, each in place.everywhere().items():

        def said(text: str, placement: str = placement) -> None:
            progress(text if placement == POOLED else f"{placement}: {text}")

        applied += await _prepare(each, said, phase)
    await _follow_defaults(place)
    return applied


async def _follow_defaults(place: Place) -> None:
    """What holds for tenants that nobody decided about holds in a new placement too."""
    for name in CONTEXTS if place.others else ():
        async with administrator(place.of(name)) as conn:
            held = await default_class(conn, name)
        for each in place.others.values():
            async with administrator(each.of(name)) as conn:
                await state_default_class(conn, name, held)


async def _prepare(place: Place, progress: Callable[[str], None], phase: str | None) -> int:
    applied = 0
    for name in CONTEXTS:
        there = place.of(name)
        app, system = there.where.app, there.where.system
        logins = (str(app["user"]), str(system["user"]))
        await create_database(there.admin)
        async with administrator(there) as conn:
            await prepare_logins(conn, app["password"], system["password"], logins)
            applied += await migrate(
                conn, name, migrations_of(name), phase=phase, progress=progress, logins=logins
            )
    return applied


def eraser_of(place: Place, settings: Settings) -> Eraser | None:
    """What erases sandboxes that ended: the owner's login, opened for each; None without one.

    The application's login in its place is none: so processes are told that only serve.
    """
    logins = [(settings.place.app_dsn, settings.place.admin_dsn)]
    logins += [(each.app_dsn, each.admin_dsn) for each in settings.place.contexts.values()]
    if any(app is not None and admin in (None, app) for app, admin in logins):
        return None
    contexts = holdings_of(settings.storage, settings.place.home / "packs")
    storages = tuple(storages_outside(settings.storage).values())

    async def erase(tenant_id: UUID, placement: str) -> int:
        async with owners(place, placement, contexts) as conns:
            gone = await erase_tenant(conns, storages, tenant_id, without_export=True)
        for each in place.everywhere().values() if place.others else ():
            async with administrator(each) as conn:
                await leave_tombstone(conn, list(contexts), tenant_id, was=("moved",))
        return gone

    return erase


async def pending_migrations(place: Place) -> list[str]:
    """What `prepare_database` would run. Raises asyncpg errors when there is no database yet."""
    found: list[str] = []
    for placement, each in place.everywhere().items():
        for name in CONTEXTS:
            where = name if placement == POOLED else f"{placement}: {name}"
            async with administrator(each.of(name)) as conn:
                waiting = await pending(conn, name, migrations_of(name))
            found += [f"{where} {migration.name}" for migration in waiting]
    return found


def ensure_key(settings: PlaceSettings) -> None:
    """Make key pair and secret key of this installation, each unless there is one."""
    create_secret_key(settings.secret_key)
    if not settings.signing_key.exists():
        create_key(settings.signing_key, settings.home / "jwks.json")


def development_token(
    settings: Settings, tenant_id: UUID, *, subject: str, lifetime: timedelta
) -> str:
    """A token with all permissions, signed with the key of this installation. Raises KeyMissing."""
    return issue(
        settings.place.signing_key,
        tenant_id,
        subject=subject,
        permissions=ALL_PERMISSIONS,
        lifetime=lifetime,
        issuer=settings.auth.issuer,
    )


async def all_entries(pools: Pools) -> list[Entry]:
    """The tenants that the first context knows; all contexts know the same."""
    return await Directory(Database(CONTEXTS[0], pools), SystemClock()).entries()


async def tenant_entries(pools: Pools) -> list[Entry]:
    """The tenants that are whole: neither erased nor half brought in."""
    return [each for each in await all_entries(pools) if each.status not in _NOT_WHOLE]


async def home_of(pools: Pools, tenant_id: UUID) -> str:
    """The placement in which a tenant lives. Raises UnknownTenant, PlacementUnknown."""
    return (await directories(pools)[0].database_of(tenant_id)).placement


@asynccontextmanager
async def owners(
    place: Place, placement: str, contexts: Mapping[str, Holdings]
) -> AsyncIterator[dict[str, Any]]:
    """An owner's connection by context, to where the rows are of tenants of this placement.

    Contexts of one database share one. Raises PlacementUnknown.
    """
    opened: dict[int, Any] = {}
    conns: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        for name, each in contexts.items():
            there = place.at(placement if each.moves else POOLED).of(name)
            if id(there) not in opened:
                opened[id(there)] = await stack.enter_async_context(administrator(there))
            conns[name] = opened[id(there)]
        yield conns


def directories(pools: Pools) -> list[Directory]:
    """The directory of every context."""
    return [Directory(Database(context, pools), SystemClock()) for context in CONTEXTS]


async def create_tenant(pools: Pools, tenant_id: UUID, *, name: str, mode: str = "live") -> None:
    """Enter a tenant into the directory of every context; again changes nothing."""
    for directory in directories(pools):
        await directory.register(tenant_id, name=name, mode=mode)
