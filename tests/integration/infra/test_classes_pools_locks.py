"""Figures by class of tenant, of pools and of the lock of a series; and that labels stay few."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from invx.infra import metrics
from invx.infra.embedded import Postgres
from invx.infra.lock_times import LockTimes
from invx.infra.postgres import DatabaseUnavailable
from tests.integration.delivery.stage import until as until_true
from tests.integration.infra.test_figures import Figures, figures, rise, value
from tests.world import Desk, World, open_world

CLASSES = {"small": {"requests_per_second": 0.01, "burst": 2}, "large": {"files": 9}}
LIST = {"method": "GET", "route": "/v1/invoices"}
REQUESTS, SECONDS = "invx_http_requests_total", "invx_http_request_seconds_count"

# Every label that a metric may have, and how many values of it there can be: the product over a
# metric's labels bounds its series. Routes and handlers are counted by the code, classes, pools and
# contexts by the settings; nothing that a client or a tenant makes up is among them.
BOUNDS = {
    "context": 24, "login": 2, "pool": 8, "lock": 4, "method": 8, "route": 400, "status": 32,
    "tenant_class": 8, "outcome": 20, "reason": 8, "handler": 400, "contract": 64, "chore": 16,
    "port": 32, "anchor": 4, "place": 4,
}  # fmt: skip


@pytest.fixture
async def bounded(server: Postgres, tmp_path: Path) -> AsyncIterator[World]:
    path = tmp_path / "quotas.json"
    path.write_text(json.dumps(CLASSES))
    async with open_world(server, tmp_path, {"INVX_QUOTAS": str(path)}) as world:
        yield world


async def classified(world: World, name: str) -> Desk:
    """A tenant whose directory entry says this, whether the settings know of it or not."""
    desk = await world.seller()
    for context in world.host.contexts.values():
        await context.directory.classify(desk.tenant_id, name)
        context.directory.forget(desk.tenant_id)
    return desk


async def test_requests_are_told_apart_by_the_class_of_their_tenant(bounded: World) -> None:
    desks = {name: await classified(bounded, name) for name in ("small", "large", "standard")}
    stranger = await classified(bounded, "forgotten")
    before = await figures(stranger)
    for count, desk in enumerate(desks.values(), start=1):
        for _ in range(count):
            assert (await desk.client.get("/v1/invoices")).status_code == 200
    await stranger.client.get("/v1/invoices")
    await stranger.client.get("/v1/invoices", headers={"Authorization": "Bearer nonsense"})
    rose = await rise(stranger, before)
    counts = {"small": 1, "large": 2, "standard": 3, "other": 1}
    for name, count in counts.items():
        assert rose(REQUESTS, tenant_class=name, status="200", **LIST) == count, name
        assert rose(SECONDS, tenant_class=name, **LIST) == count, name
    assert rose(REQUESTS, tenant_class="none", status="401", **LIST) == 1
    assert rose(REQUESTS, tenant_class="forgotten", status="200", **LIST) == 0


async def test_what_a_class_is_refused_is_counted_as_its_own(bounded: World) -> None:
    desk = await classified(bounded, "small")
    before = await figures(desk)
    answers = [await desk.client.get("/v1/invoices") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 429, 429]
    rose = await rise(desk, before)
    assert rose(REQUESTS, tenant_class="small", status="429", **LIST) == 2


async def test_a_tenant_that_is_not_there_has_no_class(bounded: World) -> None:
    desk = await bounded.seller()
    nobody = bounded.client(UUID(int=77))
    before = await figures(desk)
    refused = (await nobody.get("/v1/invoices")).status_code
    assert refused in (401, 403, 404)
    rose = await rise(desk, before)
    assert rose(REQUESTS, tenant_class="none", status=str(refused), **LIST) == 1


async def test_series_do_not_grow_with_tenants_or_with_what_is_written_in_directories(
    bounded: World,
) -> None:
    desks = [await classified(bounded, f"class_{number}") for number in range(6)]
    await desks[0].client.get("/v1/invoices")
    before = set(await figures(desks[0]))
    for desk in desks:
        assert (await desk.client.get("/v1/invoices")).status_code == 200
    assert set(await figures(desks[0])) == before


def test_every_label_has_a_bound_and_no_metric_is_too_large() -> None:
    found = [each for each in vars(metrics).values() if hasattr(each, "_labelnames")]
    assert len(found) >= 30
    for metric in found:
        assert set(metric._labelnames) <= BOUNDS.keys(), metric._name
    allowed = BOUNDS["context"], BOUNDS["pool"], BOUNDS["tenant_class"]
    assert max(allowed) <= 24, "what settings decide stays within reach of a person"


async def test_values_of_labels_stay_within_their_bounds(desk: Desk) -> None:
    await desk.invoice()
    await desk.world.settle()
    seen: dict[str, set[str]] = {}
    for name, labels in await figures(desk):
        for label, said in labels if name.startswith("invx_") else ():
            seen.setdefault(label, set()).add(said)
    seen.pop("le")
    assert {"route", "tenant_class", "pool", "lock", "handler"} <= seen.keys()
    for label, values in seen.items():
        assert len(values) <= BOUNDS[label], label
    templates = {route.path for route in routes(desk)}
    assert len(templates) <= BOUNDS["route"]


def routes(desk: Desk) -> list[Any]:
    return [route for route in desk.world.app.routes if hasattr(route, "methods")]


async def pool_figures(desk: Desk, login: str = "app") -> tuple[float, float, float]:
    """Of the pooled database: the most, in use, waiting."""
    found = await figures(desk)
    return tuple(  # type: ignore[return-value]
        value(found, f"invx_pool_{name}", pool="pooled", login=login)
        for name in ("connections_max", "connections_in_use", "waiters")
    )


async def holding(desk: Desk, enough: asyncio.Event, until: asyncio.Event) -> None:
    database = desk.world.host.contexts["invoicing"].database
    async with database.tenant_transaction(desk.tenant_id, 1, write=False):
        enough.set()
        await until.wait()


async def test_connections_in_use_and_who_waits_for_one_are_figures(desk: Desk) -> None:
    most, used, waiting = await pool_figures(desk)
    assert most == 10
    until, begun = asyncio.Event(), [asyncio.Event() for _ in range(13)]
    tasks = [asyncio.create_task(holding(desk, each, until)) for each in begun]

    async def full() -> bool:
        held = sum(each.is_set() for each in begun)
        return (held, *(await pool_figures(desk))[1:]) == (10, used + 10, waiting + 3)

    await until_true(full)
    until.set()
    await asyncio.gather(*tasks)
    assert (await pool_figures(desk))[1:] == (used, waiting)


async def test_who_gives_up_waiting_is_not_counted_for_ever(desk: Desk) -> None:
    _, used, waiting = await pool_figures(desk)
    until, begun = asyncio.Event(), [asyncio.Event() for _ in range(12)]
    tasks = [asyncio.create_task(holding(desk, each, until)) for each in begun]

    async def two_wait() -> bool:
        return (await pool_figures(desk))[2] == waiting + 2

    await until_true(two_wait)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (await pool_figures(desk))[1:] == (used, waiting)


async def test_a_pool_that_cannot_connect_leaves_no_waiter(desk: Desk) -> None:
    _, used, waiting = await pool_figures(desk)
    database = desk.world.host.contexts["invoicing"].database
    desk.world.host.pools.app.terminate()
    with pytest.raises(DatabaseUnavailable):
        async with database.tenant_transaction(desk.tenant_id, 1, write=False):
            raise AssertionError("there is no connection")
    assert (await pool_figures(desk))[1:] == (used, waiting)


async def test_both_logins_have_a_pool_of_their_own(desk: Desk) -> None:
    await desk.world.settle()
    assert (await pool_figures(desk, "system"))[0] == 4


HELD, WAITED = "invx_lock_held_seconds", "invx_lock_wait_seconds"
SERIES = {"lock": "series"}


async def test_the_lock_of_a_series_is_timed_from_having_it_to_the_commit(desk: Desk) -> None:
    drafts = [await desk.draft() for _ in range(3)]
    before = await figures(desk)
    await asyncio.gather(*(desk.finalize(draft) for draft in drafts))
    rose = await rise(desk, before)
    assert rose(f"{HELD}_count", **SERIES) >= 3
    assert rose(f"{HELD}_count", **SERIES) == rose(f"{WAITED}_count", **SERIES)
    assert 0 < rose(f"{HELD}_sum", **SERIES) < 10


async def test_waiting_for_a_series_shows_as_waiting_and_not_as_holding(desk: Desk) -> None:
    first, second = await desk.draft(), await desk.draft()
    await desk.finalize(first)
    before = await figures(desk)
    async with desk.world.admin() as conn, conn.transaction():
        await conn.execute("SELECT FROM invoicing.streams WHERE kind = 'Series' FOR UPDATE")
        finalizing = asyncio.create_task(desk.finalize(second))

        async def it_waits() -> bool:
            return bool(await conn.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))

        await until_true(it_waits)
        await asyncio.sleep(2)  # longer than the rest of the transaction takes anywhere
        assert not finalizing.done()
    await finalizing
    rose = await rise(desk, before)
    assert rose(f"{WAITED}_sum", **SERIES) >= 1.9
    assert rose(f"{HELD}_sum", **SERIES) < rose(f"{WAITED}_sum", **SERIES)


async def test_a_refused_command_lets_go_of_the_series_too(desk: Desk) -> None:
    """It rolled back: the time until then was held all the same."""
    draft = await desk.draft()
    await desk.finalize(draft)
    before = await figures(desk)
    await desk.post(f"/v1/invoices/{draft['id']}/finalize", {}, status=409)
    rose = await rise(desk, before)
    assert rose(f"{HELD}_count", **SERIES) == rose(f"{WAITED}_count", **SERIES)


def read(name: str) -> float:
    found = metrics.LOCK_HELD_SECONDS if name == HELD else metrics.LOCK_WAIT_SECONDS
    [count] = [
        each.value
        for each in next(iter(found.collect())).samples
        if each.name == f"{name}_count" and each.labels == SERIES
    ]
    return count


def test_a_lock_that_is_taken_twice_is_held_once() -> None:
    metrics.LOCK_HELD_SECONDS.labels("series")
    metrics.LOCK_WAIT_SECONDS.labels("series")
    held, waited = read(HELD), read(WAITED)
    locks = LockTimes()
    for _ in range(2):
        with locks.taking("series"):
            pass
    assert read(HELD) == held, "it is still held"
    locks.released()
    locks.released()
    assert (read(HELD), read(WAITED)) == (held + 1, waited + 2)


def test_a_lock_that_was_not_had_is_not_held() -> None:
    metrics.LOCK_HELD_SECONDS.labels("series")
    held = read(HELD)
    locks = LockTimes()
    with pytest.raises(TimeoutError), locks.taking("series"):
        raise TimeoutError
    locks.released()
    assert read(HELD) == held


def test_figures_are_read_by_name_and_labels() -> None:
    found: Figures = {("a", frozenset({("b", "c")})): 2.0}
    assert (value(found, "a", b="c"), value(found, "a", b="d")) == (2.0, 0.0)
