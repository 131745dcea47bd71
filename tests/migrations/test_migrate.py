"""Migrations: from empty to head, never half, never twice, never changed afterwards."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from invx.host import CONTEXTS, migrations_of
from invx.infra.embedded import Postgres
from invx.infra.migrate import Migration, migrate, migrations_in
from invx.kernel.errors import InvariantViolation

_numbers = itertools.count(1)


@pytest.fixture
async def empty(server: Postgres) -> AsyncIterator[dict[str, Any]]:
    """A database with nothing in it: how to connect to it as the owner."""
    name = f"migrated_{next(_numbers)}"
    admin = await asyncpg.connect(**server.connection())
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield server.connection(database=name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def conn(empty: dict[str, Any]) -> AsyncIterator[Any]:
    owner = await asyncpg.connect(**empty)
    yield owner
    await owner.close()


def step(number: int, text: str, phase: str = "pre") -> Migration:
    return Migration(number, phase, f"{number:04}_{phase}_step.sql", text)


ONE = step(1, "CREATE TABLE {schema}.one (id integer)")
TWO = step(2, "CREATE TABLE {schema}.two (id integer)", "post")
THREE = step(3, "CREATE TABLE {schema}.three (id integer)")


async def tables(conn: Any, schema: str = "trial") -> set[str]:
    rows = await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", schema)
    return {row[0] for row in rows} - {"migrations"}


async def test_every_context_migrates_from_empty_to_head_once(conn: Any) -> None:
    for name in CONTEXTS:
        files = migrations_of(name)
        said: list[str] = []
        assert await migrate(conn, name, files, progress=said.append) == len(files)
        assert said == [f"{name} {each.name}" for each in files]
        assert await migrate(conn, name, files, progress=said.append) == 0
        assert len(said) == len(files)
        assert "events" in await tables(conn, name)


async def test_only_what_is_new_is_applied(conn: Any) -> None:
    assert await migrate(conn, "trial", [ONE]) == 1
    assert await migrate(conn, "trial", [ONE, TWO, THREE]) == 2
    assert await tables(conn) == {"one", "two", "three"}


async def test_an_applied_file_that_changed_is_refused(conn: Any) -> None:
    await migrate(conn, "trial", [ONE])
    with pytest.raises(InvariantViolation, match=r"0001_pre_step\.sql changed"):
        await migrate(conn, "trial", [step(1, ONE.text + " "), TWO])
    assert await tables(conn) == {"one"}
    assert await migrate(conn, "trial", [ONE, TWO]) == 1, "the lock was given back"


async def test_a_file_that_fails_half_way_leaves_nothing(conn: Any) -> None:
    broken = step(2, "CREATE TABLE {schema}.half (id integer); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(conn, "trial", [ONE, broken, THREE])
    assert await tables(conn) == {"one"}
    assert await migrate(conn, "trial", [ONE, TWO, THREE]) == 2


async def test_two_migrators_at_once_apply_everything_once(
    conn: Any, empty: dict[str, Any]
) -> None:
    slow = step(1, "CREATE TABLE {schema}.one (id integer); SELECT pg_sleep(0.2)")
    other = await asyncpg.connect(**empty)
    counts = await asyncio.gather(
        migrate(conn, "trial", [slow, TWO]), migrate(other, "trial", [slow, TWO])
    )
    await other.close()
    assert sorted(counts) == [0, 2]


async def test_phases_are_applied_apart(conn: Any) -> None:
    assert await migrate(conn, "trial", [ONE, TWO, THREE], phase="pre") == 2
    assert await tables(conn) == {"one", "three"}
    assert await migrate(conn, "trial", [ONE, TWO, THREE], phase="post") == 1
    assert await tables(conn) == {"one", "two", "three"}


async def test_a_file_runs_with_timeouts_that_end_with_it(conn: Any) -> None:
    text = """CREATE TABLE {schema}.limits AS SELECT current_setting('lock_timeout') AS l,
        current_setting('statement_timeout') AS s"""
    before = await conn.fetchval("SELECT current_setting('lock_timeout')")
    await migrate(conn, "trial", [step(1, text)])
    assert tuple(await conn.fetchrow("SELECT l, s FROM trial.limits")) == ("4s", "1min")
    assert await conn.fetchval("SELECT current_setting('lock_timeout')") == before


@pytest.mark.parametrize("schema", ["", "Trial", "a-b", "x; DROP SCHEMA public", "a" * 40])
async def test_a_schema_needs_a_plain_name(conn: Any, schema: str) -> None:
    with pytest.raises(InvariantViolation, match="cannot name a schema"):
        await migrate(conn, schema, [ONE])


@pytest.mark.parametrize("name", ["1_pre_x.sql", "0001_x.sql", "0001_mid_x.sql", "0001_pre_X.sql"])
def test_a_file_that_is_named_otherwise_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(InvariantViolation, match="not named like a migration"):
        migrations_in(tmp_path)


def test_two_files_of_one_number_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"0007_pre_{folder}.sql").write_text("SELECT 1")
    with pytest.raises(InvariantViolation, match="two migrations have the number 7"):
        migrations_in(tmp_path / "a", tmp_path / "b")


def test_files_are_taken_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("0010_pre_c.sql", "0002_post_b.sql", "0001_pre_a.sql", "README.md"):
        (tmp_path / name).write_text("SELECT 1")
    found = migrations_in(tmp_path)
    assert [(each.number, each.phase) for each in found] == [(1, "pre"), (2, "post"), (10, "pre")]
