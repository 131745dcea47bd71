"""The database: binaries, version, account, place, whether it answers, and migrations."""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from uuid import UUID

import asyncpg

from invx.cli.findings.finding import Finding, fail, ok, warn
from invx.cli.ground import TENANT, program, run
from invx.infra.embedded import Postgres
from invx.infra.embedded_cluster import PostgresFailed
from invx.kernel.ids import typeid
from invx.place import (
    Place,
    embedded_server,
    external_place,
    living_twice,
    pending_migrations,
    place_of,
    with_placements,
)
from invx.settings import PlaceSettings

VERSIONS = range(15, 19)
_ANSWER_SECONDS = 5
_SHOWN_MAX = 3


def database(settings: PlaceSettings) -> Iterator[Finding]:
    """Everything about the server that this installation uses."""
    if settings.external:
        place = with_placements(external_place(settings), settings)
        yield from _answers(place, started=True)
        return
    try:
        server = embedded_server(settings)
        version = _version(server)
    except (PostgresFailed, OSError) as error:
        remedy = "Remove .venv and run make again, or set INVX_PG_BIN to a PostgreSQL 15 to 18."
        yield fail("PostgreSQL", str(error), remedy)
        return
    yield _supported(version, f"{version} in {server.program('postgres').parent}")
    yield from _cluster(server, version, settings)


def _version(server: Postgres) -> int:
    said = subprocess.run(  # noqa: S603 - our own binary
        [server.program("postgres"), "--version"], capture_output=True, text=True, check=False
    ).stdout
    if (found := re.search(r"\) (\d+)", said)) is None:
        raise PostgresFailed(f"{server.program('postgres')} does not run.")
    return int(found[1])


def _supported(version: int, seen: str) -> Finding:
    if version not in VERSIONS:
        return fail("PostgreSQL", seen, "Use PostgreSQL 15 to 18.")
    return ok("PostgreSQL", seen)


def _cluster(server: Postgres, version: int, settings: PlaceSettings) -> Iterator[Finding]:
    """The data folder, whose it is, and what the server says if it runs."""
    mark = server.location / "data" / "PG_VERSION"
    try:
        made = mark.exists()
    except PermissionError:
        remedy = "Run Invx as the account that made it, or name another folder in INVX_HOME."
        yield fail("data", f"{server.location} cannot be read by this account", remedy)
        return
    if not made:
        yield ok("data", f"none yet; will be in {server.location}, run as {server.account}")
        return
    seen = f"{server.location}, run as {server.account}"
    try:
        made_by = int(mark.read_text())
    except PermissionError:
        made_by = version  # root alone may not look; the server itself checks
    if made_by != version:
        remedy = f"Set INVX_PG_BIN to a PostgreSQL {made_by}, dump, and load into a new INVX_HOME."
        yield fail("data", f"{seen}: made by version {made_by}", remedy)
        return
    if not (server.location / "passwords.json").exists():
        remedy = "Restore it from a backup; without it nobody can connect."
        yield fail("data", f"{seen}: passwords.json is missing", remedy)
        return
    yield ok("data", seen)
    yield from _answers(with_placements(place_of(server), settings), started=False)


def _answers(place: Place, *, started: bool) -> Iterator[Finding]:
    """Whether it answers, and what is to be migrated. A server of ours need not run now."""
    try:
        version, left = run(_ask(place))
    except (FileNotFoundError, ConnectionRefusedError):
        if started:
            seen = f"nobody answers at {place.admin['host']}:{place.admin['port']}"
            yield fail("database", seen, "Start the server, or correct INVX_DATABASE_….")
        else:
            yield ok("database", f"does not run now: `{program()} up` starts it")
    except asyncpg.InvalidCatalogNameError:
        yield _missing(["database"])
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        remedy = "See the log beside the data, and INVX_DATABASE_… if the server is your own."
        yield fail("database", f"{type(error).__name__}: {error}", remedy)
    else:
        if started:
            yield _supported(version, f"{version} at {place.admin['host']}")
        yield _missing(left) if left else ok("database", "answers; every migration has run")
        yield from _twice(run(living_twice(place)))


async def _ask(place: Place) -> tuple[int, list[str]]:
    async with asyncio.timeout(_ANSWER_SECONDS):
        conn = await asyncpg.connect(**place.admin)
        try:
            version = conn.get_server_version().major
        finally:
            await conn.close()
        return version, await pending_migrations(place)


def _twice(found: dict[UUID, list[str]]) -> Iterator[Finding]:
    """Tenants that may be written in two databases: one of them was restored to before a move."""
    for tenant_id, where in found.items():
        seen = f"{typeid(TENANT, tenant_id)} is active in {' and '.join(where)}"
        remedy = "Close the one that was set back, as docs/operations/tenants.md says."
        yield fail("tenants", seen, remedy)


def _missing(left: list[str]) -> Finding:
    named = ", ".join(left[:_SHOWN_MAX]) + (" …" if len(left) > _SHOWN_MAX else "")
    seen = f"{len(left)} migrations have not run: {named}"
    return warn("database", seen, f"Run `{program()} migrate` (`up` does it by itself).")
