"""The directory: which tenants there are, cached, and what time it is for them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from invx.infra.tenancy import Directory, UnknownTenant
from invx.kernel import limits
from tests.integration.infra.notebook import Notebook, NotebookUnit


async def change(notebook: Notebook, change: str) -> None:
    await notebook.root.execute(
        f"UPDATE notebook.tenants SET {change} WHERE tenant_id = $1", notebook.tenant_id
    )


async def open_with_epoch(notebook: Notebook, epoch: int, *, write: bool = True) -> Any:
    async with notebook.database.tenant_transaction(notebook.tenant_id, epoch, write=write) as conn:
        return await conn.fetchval("SELECT notebook.current_tenant()")


async def test_an_entry_is_read_once_and_remembered(notebook: Notebook) -> None:
    first = await notebook.directory.get(notebook.tenant_id)
    await change(notebook, "mode = 'test'")
    assert await notebook.directory.get(notebook.tenant_id) is first
    assert not first.test
    notebook.directory.forget(notebook.tenant_id)
    assert (await notebook.directory.get(notebook.tenant_id)).test


async def test_an_entry_is_remembered_for_a_minute_at_most(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DIRECTORY_CACHE_SECONDS", 0)
    first = await notebook.directory.get(notebook.tenant_id)
    assert await notebook.directory.get(notebook.tenant_id) is not first


async def test_the_longest_known_entry_makes_room(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invx.infra.tenancy._CACHED_TENANTS_MAX", 2)
    directory = Directory(notebook.database, notebook.clock)
    ids = [notebook.tenant_id, notebook.ids.new(), notebook.ids.new()]
    for id in ids:
        await directory.register(id, name="T")
    held = [await directory.get(id) for id in ids]
    assert await directory.get(ids[1]) is held[1]
    assert await directory.get(ids[2]) is held[2]
    assert await directory.get(ids[0]) is not held[0]


async def test_who_is_not_registered_is_unknown(notebook: Notebook) -> None:
    stranger = notebook.ids.new()
    with pytest.raises(UnknownTenant):
        await notebook.directory.get(stranger)
    await notebook.directory.register(stranger, name="S")
    assert (await notebook.directory.get(stranger)).tenant_id == stranger
    assert stranger in await notebook.directory.tenant_ids()


async def test_registering_again_changes_nothing(notebook: Notebook) -> None:
    await notebook.directory.advance_clock(notebook.tenant_id, timedelta(days=1))
    before = await notebook.directory.get(notebook.tenant_id)
    await notebook.directory.register(notebook.tenant_id, name="Other", mode="test")
    notebook.directory.forget(notebook.tenant_id)
    assert await notebook.directory.get(notebook.tenant_id) == before


async def test_business_time_runs_beside_system_time(notebook: Notebook) -> None:
    tenant = await notebook.directory.get(notebook.tenant_id)
    assert notebook.directory.business_now(tenant) - datetime.now(UTC) < timedelta(seconds=1)
    for by in (timedelta(days=40), timedelta(hours=-1), timedelta(microseconds=7)):
        await notebook.directory.advance_clock(notebook.tenant_id, by)
    moved = await notebook.directory.get(notebook.tenant_id)
    assert moved.clock_offset == timedelta(days=40, hours=-1, microseconds=7)
    ahead = notebook.directory.business_now(moved) - datetime.now(UTC)
    assert timedelta(days=39, hours=22) < ahead <= moved.clock_offset


async def test_moving_the_clock_ends_every_remembered_entry(notebook: Notebook) -> None:
    """Another process still knows the old offset; its next transaction does not open with it."""
    elsewhere = Directory(notebook.database, notebook.clock)
    old = await elsewhere.get(notebook.tenant_id)
    await notebook.directory.advance_clock(notebook.tenant_id, timedelta(days=1))
    assert (await notebook.directory.get(notebook.tenant_id)).epoch == old.epoch + 1
    with pytest.raises(asyncpg.PostgresError) as stale:
        await open_with_epoch(notebook, (await elsewhere.get(notebook.tenant_id)).epoch)
    assert stale.value.sqlstate == "IV003"


async def test_a_command_sees_the_moved_clock_at_once(notebook: Notebook) -> None:
    async def now(_: object, uow: NotebookUnit) -> datetime:
        return uow.ctx.now

    before = await notebook.run(now)
    elsewhere = Directory(notebook.database, notebook.clock)
    await elsewhere.advance_clock(notebook.tenant_id, timedelta(days=10))
    assert await notebook.run(now) - before > timedelta(days=9)


async def test_the_clock_of_nobody_cannot_be_moved(notebook: Notebook) -> None:
    with pytest.raises(UnknownTenant):
        await notebook.directory.advance_clock(notebook.ids.new(), timedelta(days=1))


@pytest.mark.parametrize(
    "status,write,state",
    [
        ("active", True, None),
        ("active", False, None),
        ("suspended", True, "IV002"),
        ("suspended", False, None),
        ("moved", True, "IV002"),
        ("moved", False, "IV002"),
    ],
)
async def test_a_transaction_opens_as_the_status_allows(
    notebook: Notebook, status: str, write: bool, state: str | None
) -> None:
    await change(notebook, f"status = '{status}'")
    if state is None:
        assert await open_with_epoch(notebook, 1, write=write) == notebook.tenant_id
        return
    with pytest.raises(asyncpg.PostgresError) as refused:
        await open_with_epoch(notebook, 1, write=write)
    assert refused.value.sqlstate == state


@pytest.mark.parametrize("epoch", [0, 2])
async def test_a_transaction_opens_only_in_the_current_epoch(
    notebook: Notebook, epoch: int
) -> None:
    for write in (True, False):
        with pytest.raises(asyncpg.PostgresError) as stale:
            await open_with_epoch(notebook, epoch, write=write)
        assert stale.value.sqlstate == "IV003"


async def test_a_move_waits_for_writers_and_lets_none_in_after(notebook: Notebook) -> None:
    """A writer holds a shared lock; the move takes it exclusively while it raises the epoch."""
    lock = "SELECT pg_try_advisory_xact_lock(hashtextextended($1::text, 4))"
    tenant = str(notebook.tenant_id)
    async with notebook.database.tenant_transaction(notebook.tenant_id, 1, write=True):
        assert not await notebook.root.fetchval(lock, tenant)
    async with notebook.database.tenant_transaction(notebook.tenant_id, 1, write=False):
        assert await notebook.root.fetchval(lock, tenant), "a reader keeps nobody waiting"


async def test_the_application_does_not_change_the_directory(notebook: Notebook) -> None:
    for attempt in (
        "UPDATE notebook.tenants SET status = 'active'",
        "INSERT INTO notebook.tenants (tenant_id) VALUES (gen_random_uuid())",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with notebook.database.tenant_transaction(
                notebook.tenant_id, 1, write=True
            ) as conn:
                await conn.execute(attempt)
