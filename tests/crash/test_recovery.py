"""While PostgreSQL is away: 503 and Retry-After; when it is back, everything goes on by itself."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from invx.infra.attempts import recorded
from invx.infra.embedded import Postgres
from invx.infra.postgres import Database, DatabaseUnavailable, OutcomeUnknown, Pools
from invx.infra.tenancy import Tenant
from invx.kernel import limits
from invx.kernel.errors import Kind
from invx.place import APP, SYSTEM
from tests.crash.installation import backends_of, command_line
from tests.faults.proxy import Network, Proxy
from tests.waiting import HANG_SECONDS, until
from tests.world import Desk, World, draft_body, line, make_template, open_world


@pytest.fixture(scope="module")
def mortal() -> Iterator[Postgres]:
    """A server that tests may kill; nobody starts it again but they."""
    with tempfile.TemporaryDirectory(prefix="invx-mortal-") as folder:
        Path(folder).chmod(0o755)
        base = Path(folder) / "postgres"
        with Postgres(base, logins=(APP, SYSTEM), settings={"fsync": "off"}) as server:
            asyncio.run(make_template(server))
            yield server


@pytest.fixture
async def desk(mortal: Postgres, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_world(mortal, tmp_path) as world:
        yield await world.seller()
        _revive(mortal)


def _kill(server: Postgres) -> None:
    postmaster = server.pid
    assert postmaster is not None
    backends = backends_of(postmaster)
    os.kill(postmaster, signal.SIGKILL)
    # A backend that has not yet noticed answers once more.
    until(lambda: server.pid is None and not any(map(command_line, backends)), pause=0.01)


def _revive(server: Postgres) -> None:
    if server.pid is None:
        server.stop()
        server.start()


async def _answering(desk: Desk) -> None:
    """Until a pool has connected anew: before that it says that one should ask again."""
    async with asyncio.timeout(HANG_SECONDS):
        while (got := await desk.client.get("/v1/invoices")).status_code == 503:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert got.status_code == 200, got.text


async def _session_waits(world: World, event: str) -> None:
    """Until a session of the application waits for that, as PostgreSQL names it."""
    async with world.admin() as conn, asyncio.timeout(HANG_SECONDS):
        while not await conn.fetchval(  # noqa: ASYNC110 - nothing tells of it
            "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND wait_event = $2",
            APP,
            event,
        ):
            await asyncio.sleep(0.02)


async def _end_sessions(world: World, login: str) -> None:
    async with world.admin() as conn:
        await conn.execute(
            "SELECT pg_terminate_backend(pid, $2) FROM pg_stat_activity"
            " WHERE usename = $1 AND datname = current_database()",
            login,
            HANG_SECONDS * 1000,  # for which it waits until they are gone
        )


async def _post(desk: Desk, path: str, body: Any, key: str) -> httpx.Response:
    return await desk.client.post(path, json=body, headers={"Idempotency-Key": key})


def _is_unavailable(response: httpx.Response) -> bool:
    return (
        response.status_code == 503
        and response.json()["code"] == "unavailable"
        and response.headers["content-type"] == "application/problem+json"
        and response.headers["retry-after"].isdecimal()
    )


async def test_reads_and_writes_get_503_while_postgres_is_away_and_recover(desk: Desk) -> None:
    draft = await desk.draft(line("100.00"))
    path = f"/v1/invoices/{draft['id']}"
    _kill(desk.world.server)
    assert _is_unavailable(await desk.client.get(path))
    assert _is_unavailable(await _post(desk, f"{path}/finalize", {}, "k-1"))
    assert _is_unavailable(await desk.client.get("/v1/analytics/revenue"))
    _revive(desk.world.server)
    await _answering(desk)
    answers = [await _post(desk, f"{path}/finalize", {}, "k-1") for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


async def test_the_machines_are_told_that_the_server_is_not_ready(desk: Desk) -> None:
    _kill(desk.world.server)
    assert (await desk.client.get("/readyz")).status_code == 503
    assert (await desk.client.get("/healthz")).status_code == 200
    _revive(desk.world.server)
    async with asyncio.timeout(HANG_SECONDS):  # a look that takes two seconds says no
        while (await desk.client.get("/readyz")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def test_idle_connections_that_were_ended_are_replaced(desk: Desk) -> None:
    await asyncio.gather(*(desk.draft() for _ in range(12)))
    await _end_sessions(desk.world, APP)
    await _end_sessions(desk.world, SYSTEM)
    await asyncio.sleep(0.2)
    for _ in range(12):
        await desk.draft()


async def test_a_connection_that_dies_in_the_middle_is_a_503_and_nothing_is_written(
    desk: Desk,
) -> None:
    database = desk.world.host.contexts["invoicing"].database
    tenant = await _tenant(desk)
    with pytest.raises(DatabaseUnavailable) as caught:  # noqa: PT012
        async with database.tenant_transaction(desk.tenant_id, tenant.epoch, write=True) as conn:
            await conn.execute("UPDATE invoicing.legal_entities SET name = 'lost'")
            await _end_sessions(desk.world, APP)
            await conn.execute("SELECT 1")
    assert not isinstance(caught.value, OutcomeUnknown)
    assert caught.value.kind is Kind.UNAVAILABLE
    entity = await desk.get(f"/v1/legal-entities/{desk.entity}")
    assert entity["name"] != "lost"


async def test_a_connection_that_dies_between_two_statements_is_a_503_too(desk: Desk) -> None:
    database = desk.world.host.contexts["invoicing"].database
    tenant = await _tenant(desk)
    with pytest.raises(DatabaseUnavailable):  # noqa: PT012
        async with database.tenant_transaction(desk.tenant_id, tenant.epoch, write=True) as conn:
            await _end_sessions(desk.world, APP)
            await asyncio.sleep(0.3)  # the driver has noticed and given the connection up
            await conn.execute("SELECT 1")


async def _tenant(desk: Desk) -> Tenant:
    return await desk.world.host.contexts["invoicing"].directory.get(desk.tenant_id)


_LOSE_THE_ANSWER = """
CREATE FUNCTION die_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(20);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER die_at_commit AFTER INSERT ON invoicing.events
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die_at_commit()
"""


async def test_a_server_that_dies_during_commit_leaves_503_and_the_key_finds_the_truth(
    desk: Desk,
) -> None:
    async with desk.world.admin() as conn:
        await conn.execute(_LOSE_THE_ANSWER)  # makes COMMIT slow enough to be hit
    writing = asyncio.create_task(_post(desk, "/v1/invoices", draft_body(), "k-commit"))
    await _session_waits(desk.world, "PgSleep")
    await _end_sessions(desk.world, APP)
    answer = await writing
    assert _is_unavailable(answer)
    assert "Idempotency-Key" in answer.json()["detail"]
    async with desk.world.admin() as conn:
        await conn.execute("DROP TRIGGER die_at_commit ON invoicing.events")
    again = [await _post(desk, "/v1/invoices", draft_body(), "k-commit") for _ in range(2)]
    assert [each.status_code for each in again] == [201, 201]
    assert again[0].json()["id"] == again[1].json()["id"]
    async with desk.world.admin() as conn:
        assert await conn.fetchval("SELECT count(*) FROM invoicing.documents") == 1


async def test_a_commit_that_happened_without_its_answer_is_found_by_the_key(desk: Desk) -> None:
    """A commit that waits for a standby is on disk already when its connection is cut."""
    async with desk.world.admin() as conn:
        await conn.execute("ALTER SYSTEM SET synchronous_standby_names = 'ghost'")
        await conn.execute("SELECT pg_reload_conf()")
    try:
        writing = asyncio.create_task(_post(desk, "/v1/invoices", draft_body(), "k-done"))
        await _session_waits(desk.world, "SyncRep")
        await _end_sessions(desk.world, APP)
        assert _is_unavailable(await writing)
    finally:
        async with desk.world.admin() as conn:
            await conn.execute("ALTER SYSTEM RESET synchronous_standby_names")
            await conn.execute("SELECT pg_reload_conf()")
    again = await _post(desk, "/v1/invoices", draft_body(), "k-done")
    assert again.status_code == 201
    assert again.headers["idempotent-replayed"] == "true"
    async with desk.world.admin() as conn:
        assert await conn.fetchval("SELECT count(*) FROM invoicing.documents") == 1


async def test_a_commit_whose_answer_was_lost_is_told_apart_from_one_that_never_began(
    desk: Desk,
) -> None:
    database = desk.world.host.contexts["invoicing"].database
    tenant = await _tenant(desk)
    async with desk.world.admin() as conn:
        await conn.execute(_LOSE_THE_ANSWER.replace("events", "facts"))

    async def end_while_it_commits() -> None:
        await _session_waits(desk.world, "PgSleep")
        await _end_sessions(desk.world, APP)

    with pytest.raises(OutcomeUnknown):  # noqa: PT012
        async with database.tenant_transaction(desk.tenant_id, tenant.epoch, write=True) as conn:
            await conn.execute(
                "INSERT INTO invoicing.facts VALUES ($1, 'p', 'k', 'f', '1', 's', now())",
                desk.tenant_id,
            )
            ending = asyncio.create_task(end_while_it_commits())
    await ending


@pytest.fixture
def cable(desk: Desk, tmp_path: Path) -> Iterator[tuple[Database, Proxy]]:
    """Invoicing's database at the end of a stretch that may fall silent."""
    network, where = Network(), desk.world.place.where
    there = Path(where.app["host"]) / f".s.PGSQL.{where.app['port']}"
    proxy = network.proxy(tmp_path / there.name, lambda: there)
    far = {"host": str(tmp_path)}
    yield Database("invoicing", Pools(replace(where, app={**where.app, **far}))), proxy
    network.close()


async def test_a_database_that_falls_silent_is_unavailable_and_found_again(
    desk: Desk, cable: tuple[Database, Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DATABASE_SILENT_SECONDS_MAX", 2)
    (database, proxy), tenant = cable, await _tenant(desk)

    async def write(before_commit: Callable[[], None]) -> None:
        async with database.tenant_transaction(desk.tenant_id, tenant.epoch, write=True) as conn:
            await conn.execute("SELECT 1")
            await asyncio.to_thread(before_commit)

    await write(lambda: None)
    proxy.stall()
    async with asyncio.timeout(HANG_SECONDS):
        with pytest.raises(DatabaseUnavailable) as caught:
            await write(lambda: None)
    assert not isinstance(caught.value, OutcomeUnknown)
    proxy.heal()
    await write(lambda: None)
    async with asyncio.timeout(HANG_SECONDS):
        with pytest.raises(OutcomeUnknown):
            await write(proxy.stall)
    proxy.heal()
    await write(lambda: None)
    await database._pools.close()


async def test_relay_and_worker_go_on_after_postgres_was_away(desk: Desk) -> None:
    host = desk.world.host
    host.start_background()
    await desk.invoice(line("100.00"))
    _kill(desk.world.server)
    await asyncio.sleep(1.5)  # several rounds that fail
    _revive(desk.world.server)
    await _answering(desk)
    await desk.invoice(line("50.00"))
    end = time.monotonic() + HANG_SECONDS
    while time.monotonic() < end:
        revenue = (await desk.get("/v1/analytics/revenue"))["data"]
        if revenue and revenue[0]["documents"] == 2:
            break
        await asyncio.sleep(0.2)
    assert revenue[0]["net"] == "150.00"


async def test_how_a_claim_ended_is_recorded_when_the_database_is_back() -> None:
    tries = 0

    async def record() -> bool:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise DatabaseUnavailable
        return True

    assert await recorded(record)
    assert tries == 3


async def test_recording_is_given_up_when_the_claim_has_run_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "CLAIM_SECONDS", 1)
    tries = 0

    async def record() -> None:
        nonlocal tries
        tries += 1
        raise DatabaseUnavailable

    with pytest.raises(DatabaseUnavailable):
        await recorded(record)
    assert tries == 3


async def test_an_error_of_ours_is_not_taken_for_a_lost_database(desk: Desk) -> None:
    database: Database = desk.world.host.contexts["invoicing"].database
    tenant = await _tenant(desk)
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.tenant_transaction(desk.tenant_id, tenant.epoch, write=True) as conn:
            await conn.execute("SELECT * FROM nowhere")
    with pytest.raises(FileNotFoundError):
        async with database.tenant_transaction(desk.tenant_id, tenant.epoch, write=True):
            Path("/nonexistent").read_text()
    with pytest.raises(asyncpg.PostgresError, match="unknown tenant"):
        async with database.tenant_transaction(UUID(int=7), 1, write=True):
            pass
