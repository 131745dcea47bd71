"""An import whose worker dies, at any moment of its work: each row is taken in exactly once.

What must stand afterwards is added up here from the rows that were written, never by the program.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.invoicing.adapters.works import WORKS
from invx.infra.operations import Work
from tests.e2e.test_imports import opened
from tests.world import Desk, World

HEAD = "number,issue_date,due_date,customer,buyer_name,currency,net,tax,gross,paid,tax_rate\n"
COUNT = 7


class Died(Exception):
    """What the process did, as far as its transaction can tell."""


def file_of(count: int = COUNT) -> str:
    """Documents of 119, 238, 357, ... of which 19 each were paid."""
    rows = [
        f"D-{n},2026-10-01,2026-10-15,K-{n % 3},Elbkontor,EUR,{n}00,{n * 19},{n * 119},19,19"
        for n in range(1, count + 1)
    ]
    return HEAD + "\n".join(rows) + "\n"


async def begun(desk: Desk, content: str | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    found = await opened(desk, content or file_of())
    return found, await desk.post(f"/v1/imports/{found['id']}/commit", {})


async def worked_off(desk: Desk, *operations: dict[str, Any]) -> None:
    """To the end, without waiting for the pauses between tries."""
    for _ in range(8):
        await desk.world.settle()
        shown = [await desk.get(f"/v1/operations/{each['id']}") for each in operations]
        if all(each["state"] == "done" for each in shown):
            return
        async with desk.world.admin() as conn:
            await conn.execute(
                "UPDATE invoicing.due_jobs SET next_attempt_at = '-infinity'"
                " WHERE kind = 'operation'"
            )


def chunks_of(monkeypatch: pytest.MonkeyPatch, kind: str, before: Any, after: Any) -> None:
    """Two documents a transaction, with something happening in it, first and last."""
    run = WORKS[kind].run

    async def watched(operation: Any, ids: Sequence[UUID], uow: Any) -> Any:
        await before(ids)
        outcomes = await run(operation, ids, uow)
        await after(ids)
        return outcomes

    monkeypatch.setitem(WORKS, kind, Work(2, watched))


async def nothing(_: Sequence[UUID]) -> None:
    """Goes well."""


def dying(at: set[int], seen: list[int]) -> Any:
    """Dies on these calls, counted from one."""

    async def die(ids: Sequence[UUID]) -> None:
        seen.append(len(ids))
        if len(seen) in at:
            raise Died

    return die


async def ensure_once(desk: Desk, count: int = COUNT) -> None:
    """Each document, its claim, its payment of before and its job stand there once."""
    numbers = {f"D-{n}" for n in range(1, count + 1)}
    async with desk.world.admin() as conn:
        documents = await conn.fetch(
            "SELECT d.number, s.total, s.open, count(e.entry_id) AS entries, sum(e.amount) AS paid"
            " FROM invoicing.documents d"
            " JOIN invoicing.settlements s USING (tenant_id, document_id)"
            " LEFT JOIN invoicing.settlement_entries e USING (tenant_id, document_id)"
            " WHERE d.tenant_id = $1 GROUP BY 1, 2, 3, d.document_id",
            desk.tenant_id,
        )
        foreign = await conn.fetch(
            "SELECT number FROM invoicing.imported_documents WHERE tenant_id = $1 AND NOT voided",
            desk.tenant_id,
        )
        waiting = await conn.fetchval("SELECT count(*) FROM invoicing.import_items")
        streams = await conn.fetch(
            "SELECT count(*) FROM invoicing.events WHERE tenant_id = $1"
            " AND type = 'DocumentImported' GROUP BY stream_id",
            desk.tenant_id,
        )
    assert Counter(row["number"] for row in documents) == Counter(numbers)
    assert Counter(row["number"] for row in foreign) == Counter(numbers)
    for row in documents:
        place = int(row["number"].removeprefix("D-"))
        assert (row["total"], row["open"]) == (place * 119, place * 119 - 19)
        assert (row["entries"], row["paid"]) == (1, 19)
    assert [row[0] for row in streams] == [1] * count
    assert waiting == 0
    whole = sum(Decimal(n * 119 - 19) for n in range(1, count + 1))
    items = (await desk.get("/v1/accounting/open-items"))["data"]
    assert sum(Decimal(each["total"]) for each in items) == whole
    assert sum(each["count"] for each in items) == count


async def ensure_done(desk: Desk, operation: dict[str, Any], count: int = COUNT) -> None:
    done = await desk.get(f"/v1/operations/{operation['id']}")
    assert (done["state"], done["done"], done["failed"]) == ("done", count, 0)


@pytest.mark.parametrize("at", [{1}, {2, 4}])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_worker_that_dies_in_a_chunk_takes_nothing_in_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, moment: str, at: set[int]
) -> None:
    seen: list[int] = []
    die = dying(at, seen)
    chunks_of(
        monkeypatch,
        "import",
        die if moment == "before" else nothing,
        die if moment == "after" else nothing,
    )
    _, operation = await begun(desk)
    await worked_off(desk, operation)
    assert len(seen) > max(at)
    await ensure_done(desk, operation)
    await ensure_once(desk)


FATAL = """
CREATE SEQUENCE public.written;
CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF nextval('public.written') = {at} THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER die AFTER INSERT ON invoicing.imported_documents
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.die();
"""


@pytest.mark.parametrize("at", [1, 4])
async def test_a_connection_that_is_cut_at_the_commit_leaves_nothing_behind(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """All of a chunk was written; the server ends the session while it commits."""
    chunks_of(monkeypatch, "import", nothing, nothing)
    async with world.admin() as conn:
        await conn.execute(FATAL.format(at=at))
    _, operation = await begun(desk)
    await worked_off(desk, operation)
    async with world.admin() as conn:
        assert await conn.fetchval("SELECT last_value FROM public.written") > COUNT
    await ensure_done(desk, operation)
    await ensure_once(desk)


async def test_a_document_that_kills_every_worker_is_given_up_and_comes_in_once_when_resumed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison: list[UUID] = []

    async def fail(ids: Sequence[UUID]) -> None:
        if not poison:
            poison.append(ids[1])
        if poison[0] in ids:
            raise Died

    chunks_of(monkeypatch, "import", nothing, fail)
    _, operation = await begun(desk)
    await worked_off(desk, operation)
    done = await desk.get(f"/v1/operations/{operation['id']}")
    assert (done["state"], done["done"], done["failed"]) == ("done", COUNT - 1, 1)
    poison[:] = [UUID(int=0)]
    await desk.post(f"/v1/operations/{operation['id']}/resume")
    await worked_off(desk, operation)
    await ensure_done(desk, operation)
    await ensure_once(desk)


async def test_an_import_that_is_cancelled_between_chunks_goes_on_where_it_stood(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks_of(monkeypatch, "import", nothing, nothing)
    _, operation = await begun(desk)
    loops = desk.world.host.worker._loops
    bulk = next(loop.queue for loop in loops if loop.queue.name == "invoicing bulk jobs")
    for job in await bulk.claim(1):
        await bulk.work(job)
    cancelled = await desk.post(f"/v1/operations/{operation['id']}/cancel")
    assert (cancelled["state"], cancelled["done"]) == ("cancelled", 2)
    await desk.world.settle()
    assert len((await desk.get("/v1/invoices"))["data"]) == 2
    await desk.post(f"/v1/operations/{operation['id']}/resume")
    await desk.world.settle()
    await ensure_done(desk, operation)
    await ensure_once(desk)


async def test_two_who_commit_one_import_at_once_begin_one_operation(desk: Desk) -> None:
    found = await opened(desk, file_of())
    answers = await asyncio.gather(
        *[desk.client.post(f"/v1/imports/{found['id']}/commit", json={}) for _ in range(4)]
    )
    assert sorted(each.status_code for each in answers)[1:] == [409] * 3
    [begun] = [each.json() for each in answers if each.status_code < 300]
    await desk.world.settle()
    await ensure_done(desk, begun)
    await ensure_once(desk)


async def test_one_file_in_two_imports_at_once_is_taken_in_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both were checked before either had begun; the second finds everything there already."""
    chunks_of(monkeypatch, "import", nothing, nothing)
    operations = [(await begun(desk))[1] for _ in range(2)]
    await worked_off(desk, *operations)
    for operation in operations:
        await ensure_done(desk, operation)
    await ensure_once(desk)


@pytest.mark.parametrize("at", [{1}, {3}])
async def test_a_way_back_that_dies_goes_back_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, at: set[int]
) -> None:
    found, _ = await begun(desk)
    await desk.world.settle()
    seen: list[int] = []
    chunks_of(monkeypatch, "reverse_import", nothing, dying(at, seen))
    back = await desk.post(f"/v1/imports/{found['id']}/reverse", {"reason": "wrong file"})
    await worked_off(desk, back)
    await ensure_done(desk, back)
    assert len(seen) > max(at)
    assert (await desk.get("/v1/accounting/open-items"))["data"] == []
    async with desk.world.admin() as conn:
        voided = await conn.fetch(
            "SELECT number, voided FROM invoicing.imported_documents WHERE tenant_id = $1",
            desk.tenant_id,
        )
    assert sorted(tuple(row) for row in voided) == [(f"D-{n}", True) for n in range(1, COUNT + 1)]
    await begun(desk)  # the numbers are free again
    await desk.world.settle()
    items = (await desk.get("/v1/accounting/open-items"))["data"]
    assert sum(each["count"] for each in items) == COUNT
