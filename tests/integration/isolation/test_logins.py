"""Two logins that take their own roles only, and roles that see their own schema only (T3)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from invx.host import CONTEXTS
from invx.infra.tenancy import SYSTEM_TABLES
from invx.place import APP, SYSTEM
from tests.world import World

OWN = {APP: "app", SYSTEM: "system"}


@asynccontextmanager
async def connected(world: World, login: str) -> AsyncIterator[asyncpg.Connection]:
    """As a login, in the database of the world."""
    where = world.place.where
    conn = await asyncpg.connect(**(where.app if login == APP else where.system))
    try:
        yield conn
    finally:
        await conn.close()


async def takes(conn: asyncpg.Connection, role: str) -> bool:
    """Whether SET ROLE works."""
    try:
        await conn.execute(f'SET ROLE "{role}"')
    except asyncpg.InsufficientPrivilegeError:
        return False
    await conn.execute("RESET ROLE")
    return True


@pytest.mark.parametrize("login", [APP, SYSTEM])
async def test_a_login_is_no_superuser_and_bypasses_and_inherits_nothing(
    world: World, login: str
) -> None:
    async with world.admin() as conn:
        row = await conn.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb, rolreplication"
            " FROM pg_roles WHERE rolname = $1",
            login,
        )
        inherited = await conn.fetch(
            "SELECT roleid::regrole::text AS role, admin_option, inherit_option"
            " FROM pg_auth_members WHERE member = $1::regrole AND (admin_option OR inherit_option)",
            login,
        )
    assert row is not None
    assert not any(row.values())
    assert inherited == []


@pytest.mark.parametrize("login", [APP, SYSTEM])
async def test_a_login_takes_its_own_roles_and_no_other(world: World, login: str) -> None:
    async with world.admin() as conn:
        rows = await conn.fetch(
            "SELECT rolname::text FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> $1", login
        )
    own = {f"{context}_{OWN[login]}" for context in CONTEXTS}
    async with connected(world, login) as conn:
        taken = {row[0] for row in rows if await takes(conn, row[0])}
    # Other suites make contexts of their own on this server, some with logins of their own.
    assert own <= taken
    assert {role.rpartition("_")[2] for role in taken} == {OWN[login]}
    assert "invoicing_search" in {row[0] for row in rows}


async def test_the_roles_of_a_context_are_no_members_of_any_other(world: World) -> None:
    names = [f"{context}_{kind}" for context in CONTEXTS for kind in ("app", "system")]
    async with world.admin() as conn:
        rows = await conn.fetch(
            "SELECT rolname::text, rolsuper OR rolbypassrls OR rolcanlogin AS mighty FROM pg_roles"
            " WHERE rolname = ANY($1)",
            [*names, "invoicing_search"],
        )
        members = await conn.fetch(
            "SELECT member::regrole::text FROM pg_auth_members"
            " WHERE member::regrole::text = ANY($1)",
            [*names, "invoicing_search"],
        )
    assert {row[0] for row in rows} == {*names, "invoicing_search"}
    assert not any(row["mighty"] for row in rows)
    assert members == []


@pytest.mark.parametrize("login", [APP, SYSTEM])
async def test_without_a_role_a_login_reads_nothing(world: World, login: str) -> None:
    async with connected(world, login) as conn:
        for context in CONTEXTS:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.fetch(f"SELECT 1 FROM {context}.tenants")


@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE"])
async def test_the_application_cannot_rewrite_history(world: World, verb: str) -> None:
    statement = {
        "UPDATE": "UPDATE {}.events SET actor = ''",
        "DELETE": "DELETE FROM {}.events",
        "TRUNCATE": "TRUNCATE {}.events",
    }[verb]
    async with connected(world, APP) as conn:
        for context in CONTEXTS:
            await conn.execute(f"SET ROLE {context}_app")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement.format(context))


async def test_the_system_role_reads_no_business_table(world: World) -> None:
    async with connected(world, SYSTEM) as conn:
        read: dict[str, set[str]] = {}
        for context in CONTEXTS:
            await conn.execute(f"SET ROLE {context}_system")
            tables = await conn.fetch(
                "SELECT tablename::text FROM pg_tables WHERE schemaname = $1", context
            )
            for (table,) in tables:
                try:
                    await conn.fetch(f"SELECT 1 FROM {context}.{table} LIMIT 1")
                except asyncpg.InsufficientPrivilegeError:
                    continue
                read.setdefault(context, set()).add(table)
    assert read == dict.fromkeys(CONTEXTS, SYSTEM_TABLES)


@pytest.mark.parametrize("kind,login", [("app", APP), ("system", SYSTEM)])
async def test_a_join_across_contexts_fails(world: World, kind: str, login: str) -> None:
    async with connected(world, login) as conn:
        for one in CONTEXTS:
            for other in set(CONTEXTS) - {one}:
                await conn.execute(f"SET ROLE {one}_{kind}")
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match=f"schema {other}"):
                    await conn.fetch(
                        f"SELECT 1 FROM {one}.outbox a JOIN {other}.outbox b USING (tenant_id)"
                    )


async def test_outside_a_tenant_the_application_sees_no_row(world: World) -> None:
    desk = await world.seller()
    await desk.invoice()
    async with connected(world, APP) as conn:
        await conn.execute("SET ROLE invoicing_app")
        assert await conn.fetchval("SELECT count(*) FROM invoicing.documents") == 0
        await conn.execute(f"SET app.tenant = '{desk.tenant_id}'")
        assert await conn.fetchval("SELECT count(*) FROM invoicing.documents") == 1
        await conn.execute("SET app.tenant = ''")
        assert await conn.fetchval("SELECT count(*) FROM invoicing.documents") == 0


async def test_only_the_system_role_forgets_answers(world: World) -> None:
    """The function runs with its owner's rights, so who may call it is its whole defence."""
    call = "SELECT invoicing.forget_idempotency(current_date)"
    async with connected(world, APP) as conn:
        await conn.execute("SET ROLE invoicing_app")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute(call)
    async with connected(world, SYSTEM) as conn:
        await conn.execute("SET ROLE invoicing_system")
        await conn.execute(call)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.fetch("SELECT invoicing.search_documents('%', NULL, NULL, 1)")
