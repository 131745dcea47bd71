"""Operations under failure: a worker that dies, an item that cannot be worked on, other tenants."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.invoicing.adapters.works import WORKS
from invx.infra.jobs import JobQueue
from invx.infra.operations import Work
from invx.infra.rotation import BULK, INTERACTIVE
from invx.infra.system import Uuid7Ids
from invx.kernel.ids import parse_typeid
from tests.world import Desk, World, draft_body


class Died(Exception):
    """What the process did, as far as its transaction can tell."""


async def begun(desk: Desk, count: int) -> tuple[dict[str, Any], list[str]]:
    """An operation that is to finalize so many drafts."""
    made = await desk.post("/v1/invoices/batch", {"items": [draft_body()] * count})
    ids = [each["invoice"]["id"] for each in made["results"]]
    return await desk.post("/v1/invoices/finalize", {"invoices": ids}), ids


async def settled_at_last(desk: Desk) -> None:
    """Settled, without waiting for the pauses between tries."""
    for _ in range(8):
        await desk.world.settle()
        async with desk.world.admin() as conn:
            await conn.execute(
                "UPDATE invoicing.due_jobs SET next_attempt_at = '-infinity'"
                " WHERE kind = 'operation'"
            )


async def numbers(desk: Desk) -> list[int]:
    """All numbers that were drawn, in the order of the documents."""
    async with desk.world.admin() as conn:
        rows = await conn.fetch(
            "SELECT number FROM invoicing.numbers WHERE tenant_id = $1 ORDER BY document_id",
            desk.tenant_id,
        )
    return [row[0] for row in rows]


def finalizing(monkeypatch: pytest.MonkeyPatch, chunk: int, before: Any, after: Any) -> None:
    """Finalize in chunks of this size, with something happening before and after each."""
    run = WORKS["finalize"].run

    async def watched(operation: Any, ids: Sequence[UUID], uow: Any) -> Any:
        before(ids)
        outcomes = await run(operation, ids, uow)
        after(ids)
        return outcomes

    monkeypatch.setitem(WORKS, "finalize", Work(chunk, watched))


async def test_a_worker_that_dies_in_a_chunk_leaves_it_to_be_done_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths, chunks = [3, 2], list[int]()

    def die(ids: Sequence[UUID]) -> None:
        chunks.append(len(ids))
        if deaths and len(chunks) == deaths[-1]:
            deaths.pop()
            raise Died

    finalizing(monkeypatch, 2, lambda _: None, die)
    operation, _ = await begun(desk, 7)
    await settled_at_last(desk)
    done = await desk.get(f"/v1/operations/{operation['id']}")
    assert (done["state"], done["done"], done["failed"]) == ("done", 7, 0)
    assert await numbers(desk) == [1, 2, 3, 4, 5, 6, 7]
    assert deaths == []
    items = await desk.get(f"/v1/operations/{operation['id']}/items")
    assert [each["state"] for each in items["data"]] == ["done"] * 7


async def test_an_item_that_cannot_be_worked_on_is_given_up_and_the_rest_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison: list[UUID] = []

    def fail(ids: Sequence[UUID]) -> None:
        if set(poison) & set(ids):
            raise Died

    finalizing(monkeypatch, 4, fail, lambda _: None)
    operation, ids = await begun(desk, 6)
    poison.append(parse_typeid("inv", ids[2]))
    await settled_at_last(desk)
    done = await desk.get(f"/v1/operations/{operation['id']}")
    assert (done["state"], done["done"], done["failed"]) == ("done", 5, 1)
    failed = await desk.get(f"/v1/operations/{operation['id']}/items", state="failed")
    assert [(each["invoice"], each["problem"]["code"]) for each in failed["data"]] == [
        (ids[2], "internal_error")
    ]
    assert await numbers(desk) == [1, 2, 3, 4, 5]
    poison.clear()
    await desk.post(f"/v1/operations/{operation['id']}/resume")
    await desk.world.settle()
    assert sorted(await numbers(desk)) == [1, 2, 3, 4, 5, 6]


async def test_a_cancelled_operation_stops_after_the_chunk_that_runs(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    finalizing(monkeypatch, 2, lambda _: None, lambda _: None)
    operation, _ = await begun(desk, 6)
    jobs = desk.world.host.worker._loops
    bulk = next(loop.queue for loop in jobs if loop.queue.name == "invoicing bulk jobs")
    for job in await bulk.claim(1):
        await bulk.work(job)
    cancelled = await desk.post(f"/v1/operations/{operation['id']}/cancel")
    assert (cancelled["state"], cancelled["done"]) == ("cancelled", 2)
    await desk.world.settle()
    assert await numbers(desk) == [1, 2]
    await desk.post(f"/v1/operations/{operation['id']}/resume")
    await desk.world.settle()
    done = await desk.get(f"/v1/operations/{operation['id']}")
    assert (done["state"], done["done"]) == ("done", 6)


async def test_bulk_work_waits_behind_what_others_wait_for(world: World, desk: Desk) -> None:
    """E3: contracts and jobs of bulk work have a lane of their own; tenants take turns in it."""
    other = await world.seller()
    operation, _ = await begun(desk, 3)
    await begun(other, 3)
    await other.invoice()
    clock, database = world.host.clock, world.host.contexts["invoicing"].database
    queues = {
        lane: JobQueue(database, clock=clock, ids=Uuid7Ids(), lane=lane)
        for lane in (INTERACTIVE, BULK)
    }
    at_once = await queues[INTERACTIVE].claim(10)
    assert {(job.tenant_id, job.kind) for job in at_once} == {(other.tenant_id, "archive_document")}
    assert {job.tenant_id for job in await queues[BULK].claim(2)} == {
        desk.tenant_id,
        other.tenant_id,
    }
    async with world.admin() as conn:
        await conn.execute("UPDATE invoicing.due_jobs SET claim = NULL, claimed_until = NULL")
    await world.host.worker.settle()
    async with world.admin() as conn:
        lanes = await conn.fetch(
            "SELECT tenant_id, lane, count(*) AS count FROM invoicing.outbox GROUP BY 1, 2"
        )
    found = {(row["tenant_id"], row["lane"]): row["count"] for row in lanes}
    assert found == {
        (desk.tenant_id, BULK): 3,
        (other.tenant_id, BULK): 3,
        (other.tenant_id, INTERACTIVE): 1,
    }
    assert (await desk.get(f"/v1/operations/{operation['id']}"))["state"] == "done"


async def test_pdfs_of_many_are_made_in_few_jobs_and_one_that_fails_stands_alone(
    world: World, desk: Desk
) -> None:
    await desk.post("/v1/invoices/batch", {"items": [{**draft_body(), "finalize": True}] * 5})
    async with world.admin() as conn:
        kinds = await conn.fetch(
            "SELECT kind, lane, json_array_length(payload->'documents') AS documents"
            " FROM invoicing.due_jobs WHERE state = 'pending' ORDER BY kind"
        )
        assert [tuple(row) for row in kinds] == [
            ("archive_document", BULK, 5),
            ("mark_overdue", BULK, 5),
        ]
        # As after a first try that failed.
        await conn.execute("UPDATE invoicing.due_jobs SET attempts = 1 WHERE due_at <= now()")
        await world.settle()
        archived = await conn.fetchval("SELECT count(*) FROM invoicing.archives")
        alone = await conn.fetchval(
            "SELECT count(*) FROM invoicing.due_jobs WHERE kind = 'archive_document'"
        )
    assert (archived, alone) == (5, 5)
