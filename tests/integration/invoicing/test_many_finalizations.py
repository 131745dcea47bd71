"""N06: a thousand finalizations at once in one series, and what may hold its lock meanwhile."""

import asyncio
from datetime import date
from typing import Any

from invx.kernel.ids import parse_typeid
from tests.waiting import HANG_SECONDS
from tests.world import Desk, line

DOCUMENTS = 1_000
AT_ONCE = 64


async def _drafts(desk: Desk, count: int) -> list[str]:
    """Drafts by way of the API, a few at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> str:
        async with gate:
            made = await desk.draft(line(f"{number}.00"))
            return str(made["id"])

    return list(await asyncio.gather(*(one(number) for number in range(1, count + 1))))


async def _numbers(desk: Desk) -> list[Any]:
    async with desk.world.admin() as conn:
        return list(
            await conn.fetch(
                "SELECT number, text, on_date, document_id FROM invoicing.numbers"
                " WHERE tenant_id = $1 ORDER BY number",
                desk.tenant_id,
            )
        )


async def test_n06_a_thousand_finalizations_at_once_leave_no_gap(desk: Desk) -> None:
    ids = await _drafts(desk, DOCUMENTS)
    responses = await asyncio.gather(
        *(desk.client.post(f"/v1/invoices/{each}/finalize", json={}) for each in ids)
    )
    refusals = {response.text for response in responses if response.status_code != 200}
    assert refusals == set()
    rows = await _numbers(desk)
    assert [row["number"] for row in rows] == list(range(1, DOCUMENTS + 1))
    assert len({row["text"] for row in rows}) == DOCUMENTS
    days: list[date] = [row["on_date"] for row in rows]
    assert days == sorted(days)
    answered = {response.json()["id"]: response.json()["number"] for response in responses}
    stored = {row["document_id"]: row["text"] for row in rows}
    assert {parse_typeid("inv", id): text for id, text in answered.items()} == stored
    series = (await desk.get("/v1/series"))["data"][0]
    assert series["last_number"] == DOCUMENTS
    report = await desk.get(f"/v1/series/{series['id']}/gaps")
    assert (report["complete"], report["gaps"]) == (True, [])


async def test_no_lock_is_held_while_a_pdf_is_made(desk: Desk) -> None:
    """The PDF is made by a job of its own, and asked for outside any transaction."""
    issued = await desk.invoice()
    slow = _SlowRendering(desk)
    with slow:
        pdf = asyncio.create_task(desk.client.get(f"/v1/invoices/{issued['id']}/pdf"))
        await asyncio.wait_for(slow.begun.wait(), HANG_SECONDS)
        async with desk.world.admin() as conn:
            open_transactions = await conn.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state = 'idle in transaction'"
            )
        second = await asyncio.wait_for(desk.invoice(), HANG_SECONDS)
        assert not pdf.done()
        slow.go.set()
        response = await pdf
    assert open_transactions == 0
    assert int(second["number"][-4:]) == int(issued["number"][-4:]) + 1
    assert response.content.startswith(b"%PDF-")


class _SlowRendering:
    """The provider of PDFs, which here waits to be told to go on."""

    def __init__(self, desk: Desk) -> None:
        self.runner = desk.world.host.contexts["invoicing"].runner
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    def __enter__(self) -> None:
        self.real = self.runner.providers
        self.runner.providers = {port: _Slow(self, each) for port, each in self.real.items()}

    def __exit__(self, *failure: object) -> None:
        self.runner.providers = self.real


class _Slow:
    def __init__(self, stage: _SlowRendering, real: Any) -> None:
        self._stage, self._real = stage, real

    async def obtain(self, facts: Any) -> Any:
        self._stage.begun.set()
        await self._stage.go.wait()
        return await self._real.obtain(facts)
