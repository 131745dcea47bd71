"""Exports of a hundred thousand documents: bounded memory, one moment, no connection lost."""

import asyncio
import csv
import gc
import io
import json
import resource
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from invx.contexts.invoicing.api.exporting import EXPORTED, wanted_export, written
from invx.contexts.invoicing.api.lists import SELECTED
from invx.contexts.invoicing.read.exports import TABLES, export_statement
from invx.infra.http.pagination import parse_list_query
from invx.infra.http.streaming import Slots, TooManyAtOnce
from invx.kernel.context import Caller
from tests.integration.delivery.stage import until
from tests.integration.invoicing.crowd import faults, fill
from tests.integration.invoicing.test_plans import FILTERS, ROWS_MOST
from tests.waiting import HANG_SECONDS
from tests.world import Desk, line

COUNT = 100_000


def caller_of(desk: Desk) -> Caller:
    return Caller(tenant_id=desk.tenant_id, actor="user:test", correlation_id=uuid4())


def pieces(desk: Desk, **query: str) -> AsyncIterator[bytes]:
    edge = desk.world.app.state.invoicing
    wanted = wanted_export(parse_list_query(EXPORTED, list(query.items())))
    return written(wanted, edge, caller_of(desk))


def idle_of(desk: Desk) -> tuple[int, int]:
    """Connections of the application's pool that nobody uses, and all of them."""
    pool = desk.world.host.pools.app
    return pool.get_idle_size(), pool.get_size()


def resident() -> int:
    """Bytes of memory that this process holds right now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def test_a_hundred_thousand_documents_take_no_more_memory_than_a_few(desk: Desk) -> None:
    await fill(desk, COUNT)
    await _every_filter_finds_its_way(desk)
    for format in ("csv", "jsonl", "xlsx"):
        count, early, most = 0, 0, 0
        async for piece in pieces(desk, format=format):
            count += piece.count(b"\n")
            early = early or resident()
            most = max(most, resident())
        assert most < early + 30_000_000, format
        if format != "xlsx":
            assert count == COUNT + (format == "csv")


async def _every_filter_finds_its_way(desk: Desk) -> None:
    """As behind a cursor, where the first rows are what counts."""
    assert {name.partition("[")[0] for query in FILTERS.values() for name in query} >= set(
        SELECTED.filters
    )
    runner = desk.world.host.contexts["invoicing"].runner
    wrong = []
    async with runner.reading(caller_of(desk)) as (conn, ctx):
        for name, given in FILTERS.items():
            if {each.partition("[")[0] for each in given} & {"q", "metadata"} or not given:
                continue  # not asked of exports; or everything, which is read whole
            parameters = {"legal_entity": desk.entity} if "legal_entity" in given else given
            query = wanted_export(parse_list_query(EXPORTED, list(parameters.items())))
            for table in TABLES.values():
                text, values = export_statement(ctx, table, query.filter)
                explained = await conn.fetchval(
                    "EXPLAIN (ANALYZE, FORMAT JSON) " + text + " LIMIT 500", *values
                )
                found = faults(json.loads(explained)[0], ROWS_MOST)
                wrong += [f"{table.name} by {name}: {each}" for each in found]
    assert not wrong, "\n".join(wrong)


async def test_an_export_shows_one_moment(desk: Desk) -> None:
    """What is paid, issued or thrown away while it is sent is not in it."""
    first = await desk.draft()
    for _ in range(3):
        await desk.invoice()
    export = pieces(desk)
    sent = [await anext(export)]
    await desk.client.delete(f"/v1/invoices/{first['id']}")
    await desk.invoice(line("7.00"))
    sent += [piece async for piece in export]
    rows = list(csv.DictReader(io.StringIO(b"".join(sent).decode())))
    assert [row["status"] for row in rows] == ["draft", "finalized", "finalized", "finalized"]


async def _hang_up(desk: Desk, *, after: int) -> int:
    """Ask for an export over ASGI, and hang up after so many parts; how many were sent."""
    token = desk.client.headers["authorization"].encode()
    gone, sent = asyncio.Event(), 0

    async def receive() -> dict[str, Any]:
        if not asked:
            asked.append(1)
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal sent
        if message["type"] == "http.response.body" and message.get("body"):
            sent += 1
            if sent == after:
                gone.set()
                await asyncio.Event().wait()  # the socket takes nothing any more

    asked: list[int] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/invoices/export",
        "raw_path": b"/v1/invoices/export",
        "query_string": b"format=jsonl",
        "headers": [(b"authorization", token), (b"host", b"invx.test")],
        "server": ("invx.test", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "state": {},
    }
    await asyncio.wait_for(desk.world.app(scope, receive, send), HANG_SECONDS)
    return sent


@pytest.fixture
def nothing_collected() -> Iterator[None]:
    """No garbage is collected meanwhile: what is given back only by chance stays away."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("nothing_collected")
async def test_who_hangs_up_gives_the_connection_back(desk: Desk) -> None:
    await fill(desk, 5_000)
    edge = desk.world.app.state.invoicing
    free = edge.exports.free

    async def given_back() -> bool:
        idle, size = idle_of(desk)
        return edge.exports.free == free and idle == size

    for after in (1, 2, 3):
        assert await _hang_up(desk, after=after) == after
        await until(given_back)
    response = await desk.client.get("/v1/invoices/export?format=jsonl")
    assert response.content.count(b"\n") == 5_000


async def test_only_so_many_exports_are_sent_at_once(desk: Desk) -> None:
    edge = desk.world.app.state.invoicing
    for _ in range(edge.exports.free):
        edge.exports.take()
    response = await desk.client.get("/v1/invoices/export")
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    edge.exports.give_back()
    assert (await desk.client.get("/v1/invoices/export")).status_code == 200


async def test_a_maker_that_fails_ends_the_answer_and_frees_its_slot() -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"begun"
        raise RuntimeError("no more")

    slots = Slots(1)
    slots.take()
    with pytest.raises(TooManyAtOnce):
        slots.take()
    sent = await slots.begun(failing)
    assert await anext(sent) == b"begun"
    with pytest.raises(RuntimeError, match="no more"):
        await anext(sent)
    await asyncio.sleep(0)
    assert slots.free == 1
