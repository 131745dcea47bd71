"""Transactions that belong to one tenant: nothing of theirs stays on the connection."""

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from invx.infra.postgres import (
    STATEMENT_CHARS_MAX,
    Connection,
    Database,
    DatabaseUnavailable,
    Pools,
)
from invx.infra.tenancy import Directory
from tests.integration.infra.notebook import Notebook, NotebookUnit

STATE = """
SELECT current_user, session_user, coalesce(current_setting('app.tenant', true), '') AS tenant,
    pg_backend_pid() AS pid, current_setting('timezone') AS zone
"""


@pytest.fixture
async def narrow(notebook: Notebook) -> Any:
    """The notebook on a single connection, so that everything comes after one another on it."""
    where = replace(notebook.place.where, app_connections_max=1, system_connections_max=1)
    pools = Pools(where)
    await pools.open()
    database = Database("notebook", pools)
    directory = Directory(database, notebook.clock)
    try:
        yield replace(notebook, pools=pools, database=database, directory=directory)
    finally:
        await pools.close()


def writing(notebook: Notebook) -> Any:
    return notebook.database.tenant_transaction(notebook.tenant_id, 1, write=True)


async def bare(notebook: Notebook) -> Any:
    """The connection as the pool has it, between transactions."""
    async with notebook.pools.app.acquire() as conn:
        assert not conn.is_in_transaction()
        return await conn.fetchrow(STATE)


async def test_role_and_tenant_last_as_long_as_the_transaction(narrow: Notebook) -> None:
    async with writing(narrow) as conn:
        inside = await conn.fetchrow(STATE)
    assert inside["current_user"] == "notebook_app"
    assert inside["tenant"] == str(narrow.tenant_id)
    after = await bare(narrow)
    assert (after["current_user"], after["session_user"]) == ("invx_app", "invx_app")
    assert after["tenant"] == ""
    assert (after["pid"], after["zone"]) == (inside["pid"], "UTC")


async def test_a_connection_comes_back_clean_after_an_error(narrow: Notebook) -> None:
    before = await bare(narrow)

    async def fail(conn: Connection) -> None:
        await conn.execute("SET LOCAL search_path = pg_temp")
        await conn.execute("SELECT 1 / 0")

    for _ in range(3):
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with writing(narrow) as conn:
                await fail(conn)
    assert await bare(narrow) == before


async def test_a_connection_comes_back_clean_when_opening_fails(narrow: Notebook) -> None:
    before = await bare(narrow)
    for epoch in (7, 8):
        with pytest.raises(asyncpg.PostgresError):
            async with narrow.database.tenant_transaction(narrow.tenant_id, epoch, write=True):
                pytest.fail("it opened")
    assert await bare(narrow) == before


async def test_a_connection_comes_back_clean_when_its_task_is_cancelled(narrow: Notebook) -> None:
    before = await bare(narrow)
    entered = asyncio.Event()

    async def wait() -> None:
        async with writing(narrow) as conn:
            await conn.execute("INSERT INTO notebook.marks VALUES ($1, 'x')", narrow.tenant_id)
            entered.set()
            await conn.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(wait())
    await entered.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    after = await bare(narrow)
    assert (after["current_user"], after["tenant"]) == (before["current_user"], before["tenant"])
    assert await narrow.count("marks") == 0


async def test_one_connection_serves_one_tenant_after_the_other(narrow: Notebook) -> None:
    """The same prepared statement: row-level security is decided anew for every tenant."""
    other = narrow.ids.new()
    await narrow.directory.register(other, name="O")
    await narrow.note("A")
    statement = "SELECT title FROM notebook.notes ORDER BY title"
    for _ in range(7):  # past the point where the server keeps a generic plan
        async with writing(narrow) as conn:
            assert [row[0] for row in await conn.fetch(statement)] == ["A"]
        async with narrow.database.tenant_transaction(other, 1, write=True) as conn:
            assert await conn.fetch(statement) == []


async def test_a_statement_prepared_by_one_role_is_checked_for_the_next(narrow: Notebook) -> None:
    await narrow.note("A")
    await narrow.root.execute("GRANT USAGE ON SCHEMA notebook TO invx_app")
    statement = "SELECT count(*) FROM notebook.notes"
    async with writing(narrow) as conn:
        assert await conn.fetchval(statement) == 1
    async with narrow.pools.app.acquire() as conn:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.fetchval(statement)
    async with writing(narrow) as conn:
        assert await conn.fetchval(statement) == 1


async def test_without_a_tenant_there_are_no_rows(narrow: Notebook) -> None:
    await narrow.note("A")
    async with narrow.pools.app.acquire() as conn, conn.transaction():
        await conn.execute("SET LOCAL ROLE notebook_app")
        assert await conn.fetchval("SELECT count(*) FROM notebook.notes") == 0
        assert await conn.fetchval("SELECT count(*) FROM notebook.events") == 0


@pytest.mark.parametrize("table", ["events", "streams", "personal", "notes", "facts"])
async def test_the_system_role_reads_no_business_table(narrow: Notebook, table: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with narrow.database.system_transaction() as conn:
            await conn.fetch(f"SELECT 1 FROM notebook.{table}")


async def test_neither_login_takes_the_roles_of_the_other(narrow: Notebook) -> None:
    for pool, role in ((narrow.pools.app, "system"), (narrow.pools.system, "app")):
        async with pool.acquire() as conn, conn.transaction():
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(f"SET LOCAL ROLE notebook_{role}")


@pytest.mark.parametrize("key", ["x'; DROP TABLE notebook.notes; --", "zz", "a"])
async def test_only_a_hash_opens_an_idempotent_transaction(narrow: Notebook, key: str) -> None:
    with pytest.raises(ValueError, match="hex"):
        async with narrow.database.tenant_transaction(
            narrow.tenant_id, 1, write=True, key_hash=key
        ):
            pytest.fail("it opened")


async def test_a_transaction_that_is_left_in_peace_commits(narrow: Notebook) -> None:
    async with writing(narrow) as conn:
        await conn.execute("INSERT INTO notebook.marks VALUES ($1, 'x')", narrow.tenant_id)
        assert await narrow.count("marks") == 0
    assert await narrow.count("marks") == 1


async def test_limits_of_time_hold_for_every_connection(narrow: Notebook) -> None:
    async def settings(_: object, uow: NotebookUnit) -> list[str]:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        return [await uow.conn.fetchval("SELECT current_setting($1)", name) for name in names]

    assert await narrow.run(settings) == ["30s", "20s", "1min"]


async def test_a_connection_that_cannot_roll_back_is_never_used_again(narrow: Notebook) -> None:
    """As when PostgreSQL dies in the middle of an answer: found by killing it under load."""
    before: list[int] = []
    running: list[asyncio.Task[Any]] = []

    async def interrupted() -> None:
        async with writing(narrow) as conn:
            before.append(await conn.fetchval("SELECT pg_backend_pid()"))
            running.append(asyncio.create_task(conn.fetchval("SELECT pg_sleep(5)")))
            await asyncio.sleep(0.05)
            raise asyncpg.UniqueViolationError("lost a race")

    with pytest.raises(DatabaseUnavailable):
        await interrupted()
    async with writing(narrow) as conn:
        assert await conn.fetchval("SELECT pg_backend_pid()") not in before
    with pytest.raises((asyncpg.InterfaceError, asyncpg.PostgresError, OSError)):
        await running[0]


@pytest.mark.parametrize(("chars", "kept"), [(20_000, True), (STATEMENT_CHARS_MAX + 1, False)])
async def test_long_statements_stay_prepared(narrow: Notebook, chars: int, kept: bool) -> None:
    """The write set of a finalization has 17,000 characters; the driver would drop it each time."""
    statement = f"SELECT $1::integer /* {'x' * chars} */"
    async with writing(narrow) as conn:
        for number in range(3):
            assert await conn.fetchval(statement, number) == number
        held = await conn.fetchval(
            "SELECT sum(generic_plans + custom_plans) FROM pg_prepared_statements"
            " WHERE statement = $1",
            statement,
        )
    assert held == (3 if kept else None)


async def test_only_what_may_be_done_again_does_not_wait_for_the_disk(narrow: Notebook) -> None:
    async def awaited(**how: bool) -> bool:
        """Whether the commit waits as the server is set up to."""
        async with narrow.database.system_transaction(**how) as conn:
            found = await conn.fetchrow(
                "SELECT source, setting FROM pg_settings WHERE name = 'synchronous_commit'"
            )
        return tuple(found) != ("session", "off")

    assert not await awaited(durable=False)
    assert await awaited()
