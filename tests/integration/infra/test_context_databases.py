"""Contexts with databases and logins of their own: the same stories, and walls between them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from invx.host import CONTEXTS, build_host, create_app
from invx.infra.embedded import Postgres
from invx.infra.embedded_rabbit import Rabbit
from invx.infra.encryption import create_secret_key
from invx.infra.postgres import Database, Pools
from invx.infra.running import bell_of, bells_of
from invx.infra.tokens import create_key
from invx.kernel.errors import InvariantViolation
from invx.place import APP, pending_migrations, place_of, prepare_database, with_placements
from invx.settings import SettingInvalid, Settings, read_settings
from tests.integration.delivery.stage import until
from tests.world import Desk, World, line

PASSWORD = "p@ss word"


def uri(server: Postgres, user: str, password: str, database: str) -> str:
    from urllib.parse import quote

    at = server.connection()
    where = f"host={quote(str(at['host']), safe='')}&port={at['port']}"
    return f"postgresql://{user}:{quote(password, safe='')}@/{database}?{where}"


def databases(server: Postgres, prefix: str) -> dict[str, dict[str, str]]:
    """As an operator writes them into the file."""
    admin = server.connection()
    return {
        name: {
            "app": uri(server, f"{prefix}_{name}_app", PASSWORD, f"{prefix}_{name}"),
            "system": uri(server, f"{prefix}_{name}_system", PASSWORD, f"{prefix}_{name}"),
            "admin": uri(server, admin["user"], admin["password"], f"{prefix}_{name}"),
        }
        for name in CONTEXTS
    }


def settings_for(server: Postgres, folder: Path, prefix: str, **more: str) -> Settings:
    file = folder / "contexts.json"
    file.write_text(json.dumps(databases(server, prefix)))
    said = {"INVX_CONTEXT_DATABASES": str(file), "INVX_NUMBERS_FILE": "off", **more}
    settings = read_settings({"INVX_HOME": str(folder), **said})
    return replace(settings, identity=replace(settings.identity, password_memory_kib=64))


@asynccontextmanager
async def apart(server: Postgres, folder: Path, prefix: str, **more: str) -> AsyncIterator[World]:
    """An installation in which no two contexts share a database."""
    settings = settings_for(server, folder, prefix, **more)
    place = with_placements(place_of(server, "nowhere"), settings.place)
    await prepare_database(place)
    create_key(folder / "signing-key.json", folder / "jwks.json")
    create_secret_key(folder / "secret-key")
    host = await build_host(place.where, settings)
    app = await create_app(host, settings, background=False)
    world = World(server, place, host, app, settings, folder / "signing-key.json")
    try:
        yield world
    finally:
        await world.close()


async def revenue(desk: Desk, month: str) -> list[str]:
    found = await desk.get("/v1/analytics/revenue", **{"from": month, "to": month})
    return [row["net"] for row in found["data"]]


async def test_a_business_notices_nothing(server: Postgres, tmp_path: Path) -> None:
    async with apart(server, tmp_path, "apart") as world:
        world.signing_up = True
        desk = await world.seller()
        issued = await desk.invoice(line("100.00"))
        await world.settle()
        assert await revenue(desk, issued["issue_date"][:7]) == ["100.00"]
        assert await pending_migrations(world.place) == []
        assert await prepare_database(world.place) == 0  # again changes nothing
        admin = await asyncpg.connect(**server.connection())
        assert not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = 'nowhere'")
        await admin.close()


async def test_the_same_by_way_of_a_broker(
    server: Postgres, rabbit: Rabbit, tmp_path: Path
) -> None:
    async with apart(server, tmp_path, "brokered", INVX_RABBITMQ=rabbit.url) as world:
        assert set(world.host.feeds) == set(CONTEXTS)
        world.host.start_background()
        desk = await world.seller()
        issued = await desk.invoice(line("100.00"))

        async def heard() -> bool:
            return await revenue(desk, issued["issue_date"][:7]) == ["100.00"]

        await until(heard)
        async with world.host.contexts["analytics"].database.system_transaction() as conn:
            assert await conn.fetchval("SELECT count(*) FROM analytics.inbox") >= 1


async def test_no_login_takes_another_contexts_roles(server: Postgres, tmp_path: Path) -> None:
    async with apart(server, tmp_path, "walled") as world:
        for own in CONTEXTS:
            where = world.place.of(own).where
            for login in (where.app, where.system):
                conn = await asyncpg.connect(**login)
                kind = "app" if login is where.app else "system"
                await conn.execute(f"SET ROLE {own}_{kind}")
                await conn.execute("RESET ROLE")
                for other in {f"{name}_{each}" for name in CONTEXTS for each in ("app", "system")}:
                    if other != f"{own}_{kind}":
                        with pytest.raises(asyncpg.InsufficientPrivilegeError):
                            await conn.execute(f"SET ROLE {other}")
                await conn.close()


async def test_the_common_logins_know_nothing_of_them(server: Postgres, tmp_path: Path) -> None:
    async with apart(server, tmp_path, "foreign"):
        conn = await asyncpg.connect(**server.connection(APP, "foreign_invoicing"))
        assert not await conn.fetchval("SELECT rolinherit FROM pg_roles WHERE rolname = $1", APP)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute("SELECT * FROM invoicing.events")
        await conn.close()


def test_a_context_finds_its_own_pools(server: Postgres, tmp_path: Path) -> None:
    settings = settings_for(server, tmp_path, "found")
    place = with_placements(place_of(server, "shared"), settings.place)
    pools = Pools(place.where)
    assert pools.of("invoicing") is not pools
    assert pools.of("unknown") is pools
    found = Database("invoicing", pools)
    assert found.label == "invoicing"
    assert [each.label for each in found.everywhere()] == ["invoicing"]


def test_each_database_has_a_bell_of_its_own(server: Postgres, tmp_path: Path) -> None:
    settings = settings_for(server, tmp_path, "rung")
    place = with_placements(place_of(server, "shared"), settings.place)
    pools = Pools(place.where)
    some = [Database(name, pools) for name in CONTEXTS]
    assert set(bells_of(place.where, some)) == set(CONTEXTS)
    common = place_of(server, "shared").where
    shared = [Database(name, Pools(common)) for name in CONTEXTS]
    assert set(bells_of(common, shared)) == {"pooled"}
    assert {bell_of(common, each) for each in shared} == {"pooled"}


def test_both_kinds_of_databases_at_once_are_refused(server: Postgres, tmp_path: Path) -> None:
    (tmp_path / "placements.json").write_text('{"north": {"database": "north"}}')
    with pytest.raises(SettingInvalid, match="not both"):
        settings_for(server, tmp_path, "both", INVX_PLACEMENTS=str(tmp_path / "placements.json"))


@pytest.mark.parametrize(
    "name,text",
    [
        ("INVX_RABBITMQ", "http://broker.test"),
        ("INVX_RABBITMQ", "broker.test:5672"),
        ("INVX_VALKEY", "valkey.test"),
        ("INVX_DRAIN_SECONDS", "-1"),
        ("INVX_CONTEXT_DATABASES", "/nowhere/contexts.json"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingInvalid, match=name):
        read_settings({name: text})


def test_urls_with_passwords_are_not_shown() -> None:
    said = {"INVX_RABBITMQ": "amqp://a:s3cret@b/", "INVX_VALKEY": "redis://:s3cret@v/0"}
    settings = read_settings(said)
    assert settings.broker.url == "amqp://a:s3cret@b"
    assert "s3cret" not in repr(settings)


async def test_a_login_that_is_no_plain_name_is_refused(server: Postgres, tmp_path: Path) -> None:
    settings = settings_for(server, tmp_path, "odd")
    place = with_placements(place_of(server, "shared"), settings.place)
    odd = place.of("identity")
    odd.where.app["user"] = 'x"; DROP ROLE y'
    with pytest.raises(InvariantViolation, match="cannot name a login"):
        await prepare_database(replace(place, contexts={"identity": odd, "invoicing": odd}))
