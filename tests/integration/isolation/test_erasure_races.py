"""Erasures among writers: nobody writes back what it read before (D4)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from tests.integration.isolation.test_erasure import RETENTION
from tests.world import BUYER, Desk, World, line

CALLER_ID = UUID("01a20ae1-ebf2-7155-95ea-5dc2be1e2434")
BUYER_NAME = "elbkontor"


async def rows_that_name_the_buyer(world: World) -> list[str]:
    """The tables of invoicing, beside the events' own values, that still say who bought."""
    async with world.admin() as conn:
        return [
            table
            for table in ("documents", "document_contents", "document_search")
            if await conn.fetchval(
                f"SELECT EXISTS (SELECT 1 FROM invoicing.{table} t WHERE t::text ILIKE $1)",
                f"%{BUYER_NAME}%",
            )
        ]


@pytest.mark.parametrize("by", ["customer", "invoice"])
async def test_an_erasure_waits_for_a_writer_that_has_read_what_it_erases(
    world: World, by: str
) -> None:
    """Otherwise the writer's rows, made of what it had read, would come after the erasure's."""
    desk = await world.seller()
    issued = await desk.invoice()
    await world.settle()
    await world.advance(desk.tenant_id, RETENTION)
    read, go_on = asyncio.Event(), asyncio.Event()

    async def release_slowly(document_id: UUID, uow: UnitOfWork) -> None:
        document = await uow.documents.get(document_id)
        read.set()
        await go_on.wait()
        document.mark_released(uow.ctx.now, how="by hand")

    runner = world.host.contexts["invoicing"].runner
    caller = Caller(desk.tenant_id, "user:test", CALLER_ID, frozenset())
    document_id = parse_typeid("inv", issued["id"])
    writing = asyncio.create_task(runner.run(release_slowly, document_id, caller))
    await read.wait()
    whom = {"customer": "C-1", "invoice": issued["id"]}[by]
    erasing = asyncio.create_task(desk.post("/v1/erasures", {by: whom}))
    await asyncio.sleep(0.5)
    assert not erasing.done()
    go_on.set()
    await writing
    assert (await erasing)["erased"] == [issued["id"]]
    assert await rows_that_name_the_buyer(world) == []
    shown = await desk.get(f"/v1/invoices/{issued['id']}")
    assert shown["buyer_name"] is None


async def test_erasures_and_edits_at_once_all_succeed(world: World) -> None:
    desk = await world.seller()
    drafts = [await desk.draft(line("1.00")) for _ in range(6)]
    erasures = (desk.post("/v1/erasures", {"customer": "C-1"}) for _ in range(3))
    await asyncio.gather(*(retitled(desk, draft) for draft in drafts), *erasures)
    for draft in drafts:
        assert (await desk.get(f"/v1/invoices/{draft['id']}"))["buyer_name"] == "Neu"
    assert await rows_that_name_the_buyer(world) == []


async def retitled(desk: Desk, draft: dict[str, Any]) -> None:
    """Let the draft be for somebody else."""
    body = {"lines": [line("2.00")], "buyer": {**BUYER, "customer": "new", "name": "Neu"}}
    response = await desk.client.put(f"/v1/invoices/{draft['id']}", json=body)
    assert response.status_code == 200, response.text
