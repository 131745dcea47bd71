"""Migrations: numbered SQL files per context, `…_pre_x.sql` (expand) or `…_post_x.sql` (contract).

They run as the owner, one transaction per file, under an advisory lock and with timeouts, so that a
bad migration fails instead of stopping everybody. A file once applied never changes: its checksum
is kept and compared. Numbers below 100 are the tables that every context has.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

import asyncpg

from invx.kernel.errors import violated

_NAME = re.compile(r"(?P<number>\d{4})_(?P<phase>pre|post)_[a-z0-9_]+\.sql")
_SCHEMA = re.compile(r"[a-z][a-z_]{0,30}")
_LOGIN = re.compile(r"[a-z][a-z0-9_]{0,50}")
LOGINS = ("invx_app", "invx_system")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. `phase` pre runs before the new code, post after the old code is gone."""

    number: int
    phase: str
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations_in(*folders: Traversable) -> list[Migration]:
    """The migrations of a context in order: the shared ones and its own."""
    found: dict[int, Migration] = {}
    for folder in folders:
        for file in folder.iterdir():
            if not file.name.endswith(".sql"):
                continue
            if (match := _NAME.fullmatch(file.name)) is None:
                violated(f"{file.name} is not named like a migration")
            number = int(match["number"])
            if number in found:
                violated(f"two migrations have the number {number}")
            found[number] = Migration(number, match["phase"], file.name, file.read_text("utf-8"))
    return [found[number] for number in sorted(found)]


async def create_database(where: Mapping[str, Any]) -> None:
    """Make the database that these connection arguments name, unless it is there."""
    name = where["database"]
    conn = await asyncpg.connect(**{**where, "database": "postgres"})
    try:
        if not await conn.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            quoted = await conn.fetchval("SELECT quote_ident($1)", name)
            await conn.execute(f"CREATE DATABASE {quoted} TEMPLATE template0")
    finally:
        await conn.close()


async def prepare_logins(
    conn: "asyncpg.Connection[asyncpg.Record]",
    app_password: str,
    system_password: str,
    logins: tuple[str, str] = LOGINS,
) -> None:
    """Make the two logins, or set their passwords. They inherit nothing and bypass nothing."""
    for login, password in zip(logins, (app_password, system_password), strict=True):
        if not _LOGIN.fullmatch(login):
            violated(f"{login!r} cannot name a login")
        if not await conn.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", login):
            await conn.execute(f"CREATE ROLE {login} LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS")
        quoted = await conn.fetchval("SELECT quote_literal($1::text)", password)
        await conn.execute(f"ALTER ROLE {login} PASSWORD {quoted}")


async def migrate(
    conn: "asyncpg.Connection[asyncpg.Record]",
    schema: str,
    migrations: Sequence[Migration],
    *,
    phase: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
    logins: tuple[str, str] = LOGINS,
) -> int:
    """Bring one context's schema up to date; returns how many files were applied.

    With `phase` only its files run; `logins` may take its two roles.
    Raises InvariantViolation when an applied file has changed.
    """
    if not _SCHEMA.fullmatch(schema):
        violated(f"{schema!r} cannot name a schema")
    await conn.execute(
        "SELECT pg_advisory_lock(hashtextextended('invx migrate ' || $1, 0))", schema
    )
    try:
        await _prepare_schema(conn, schema, logins)
        applied = {
            row["number"]: row["checksum"]
            for row in await conn.fetch(f"SELECT number, checksum FROM {schema}.migrations")
        }
        count = 0
        for migration in migrations:
            if migration.number in applied:
                if applied[migration.number] != migration.checksum:
                    violated(f"{schema}: {migration.name} changed after it was applied")
            elif phase in (None, migration.phase):
                progress(f"{schema} {migration.name}")
                await _apply(conn, schema, migration)
                count += 1
        return count
    finally:
        await conn.execute(
            "SELECT pg_advisory_unlock(hashtextextended('invx migrate ' || $1, 0))", schema
        )


async def pending(
    conn: "asyncpg.Connection[asyncpg.Record]", schema: str, migrations: Sequence[Migration]
) -> list[Migration]:
    """The migrations that have not been applied, in order. Reads only."""
    if await conn.fetchval("SELECT to_regclass($1)", f"{schema}.migrations") is None:
        return list(migrations)
    applied = {row["number"] for row in await conn.fetch(f"SELECT number FROM {schema}.migrations")}
    return [migration for migration in migrations if migration.number not in applied]


async def _prepare_schema(
    conn: "asyncpg.Connection[asyncpg.Record]", schema: str, logins: tuple[str, str]
) -> None:
    async with conn.transaction():
        # Roles belong to the whole server; another database of it may be migrating right now.
        await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('invx roles', 0))")
        for role, login in zip((f"{schema}_app", f"{schema}_system"), logins, strict=True):
            if not await conn.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                await conn.execute(f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS")
            if not await conn.fetchval("SELECT pg_has_role($1, $2, 'member')", login, role):
                await conn.execute(f"GRANT {role} TO {login}")
        await conn.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        await conn.execute(f"GRANT USAGE ON SCHEMA {schema} TO {schema}_app, {schema}_system")
        await conn.execute(
            f"CREATE TABLE IF NOT EXISTS {schema}.migrations (number integer PRIMARY KEY,"
            " name text NOT NULL, checksum text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )


async def _apply(
    conn: "asyncpg.Connection[asyncpg.Record]", schema: str, migration: Migration
) -> None:
    async with conn.transaction():
        await conn.execute("SET LOCAL lock_timeout = '4s'; SET LOCAL statement_timeout = '60s'")
        await conn.execute(migration.text.replace("{schema}", schema))
        await conn.execute(
            f"INSERT INTO {schema}.migrations (number, name, checksum) VALUES ($1, $2, $3)",
            migration.number,
            migration.name,
            migration.checksum,
        )
