"""Operations against a model: begun, worked, killed, cancelled and resumed in any order."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.invoicing.adapters.works import WORKS
from invx.infra.operations import TRIES_OF_A_CHUNK, Work
from invx.kernel import limits
from invx.kernel.ids import parse_typeid
from tests.world import BUYER, Desk, World, draft_body

NOBODY = {"name": "Nobody"}  # no document without an address
ITEMS = 8


class Died(Exception):
    """The process, as far as its transaction can tell: after all effects, before the commit."""


@dataclass
class Model:
    """One operation, as its documentation tells it. `attempt` is None while there is no job."""

    ids: list[str]
    refused: set[int]
    poison: set[int]
    items: list[str] = field(default_factory=lambda: ["pending"] * ITEMS)
    state: str = "pending"
    attempt: int | None = 0
    drawn: list[int] = field(default_factory=list)  # the items in the order of their numbers

    def worked(self, chunk: int, dies: bool) -> None:
        """A worker takes the job, if there is one."""
        if self.attempt is None:
            return
        if self.state == "cancelled":
            self.attempt = None
            return
        self.attempt += 1
        pending = [at for at, state in enumerate(self.items) if state == "pending"]
        some = pending[: chunk if self.attempt == 1 else 1]
        if self.attempt > TRIES_OF_A_CHUNK:
            self._failed(some)
        elif dies or self.poison & set(some):
            return
        else:
            self._failed([at for at in some if at in self.refused])
            for at in some:
                if at not in self.refused:
                    self.items[at] = "done"
                    self.drawn.append(at)
        left = "pending" in self.items
        self.state, self.attempt = ("running", 0) if left else ("done", None)

    def cancelled(self) -> int:
        """The status that is answered."""
        if self.state in ("done", "cancelled"):
            return 409
        self.state = "cancelled"
        return 200

    def resumed(self, started: bool) -> int:
        """The status that is answered."""
        if self.state == "done" and "failed" not in self.items:
            return 409
        self.items = ["pending" if each == "failed" else each for each in self.items]
        self.state, self.attempt = ("running" if started else "pending"), 0
        return 200

    def _failed(self, some: Sequence[int]) -> None:
        for at in some:
            self.items[at] = "failed"


def bulk_queue(world: World) -> Any:
    loops = world.host.worker._loops
    return next(loop.queue for loop in loops if loop.queue.name == "invoicing bulk jobs")


async def claimed(world: World) -> list[Any]:
    """Jobs of operations that are due, without waiting for pauses; other jobs are none of ours."""
    async with world.admin() as conn:
        await conn.execute("DELETE FROM invoicing.due_jobs WHERE kind <> 'operation'")
        await conn.execute("UPDATE invoicing.due_jobs SET next_attempt_at = '-infinity'")
    found: list[Any] = await bulk_queue(world).claim(10)
    return found


async def begun(desk: Desk, refused: set[int]) -> tuple[str, list[str]]:
    items = [draft_body(buyer=NOBODY if at in refused else BUYER) for at in range(ITEMS)]
    made = await desk.post("/v1/invoices/batch", {"items": items})
    ids = [each["invoice"]["id"] for each in made["results"]]
    return (await desk.post("/v1/invoices/finalize", {"invoices": ids}))["id"], ids


async def agrees(desk: Desk, operation: str, model: Model) -> dict[str, Any]:
    """What the API says, what the rows say and what the model says is the same."""
    shown = await desk.get(f"/v1/operations/{operation}")
    items = (await desk.get(f"/v1/operations/{operation}/items"))["data"]
    assert [each["invoice"] for each in items] == model.ids
    assert [each["state"] for each in items] == model.items
    assert (shown["state"], shown["total"]) == (model.state, ITEMS)
    assert (shown["done"], shown["failed"]) == (
        model.items.count("done"),
        model.items.count("failed"),
    )
    assert all((each["problem"] is not None) == (each["state"] == "failed") for each in items)
    assert (shown["finished_at"] is not None) == (model.state in ("done", "cancelled"))
    async with desk.world.admin() as conn:
        rows = await conn.fetch(
            "SELECT document_id, number FROM invoicing.numbers WHERE tenant_id = $1"
            " ORDER BY number",
            desk.tenant_id,
        )
    places = {parse_typeid("inv", id): at for at, id in enumerate(model.ids)}
    assert [row["number"] for row in rows] == list(range(1, len(model.drawn) + 1))
    assert [places[row["document_id"]] for row in rows] == model.drawn
    return shown


async def walk(desk: Desk, chance: Random, monkeypatch: pytest.MonkeyPatch) -> Model:
    """Ten acts in any order, then to the end."""
    refused = set(chance.sample(range(ITEMS), chance.randint(0, 2)))
    poison = set(chance.sample(range(ITEMS), chance.randint(0, 1))) - refused
    operation, ids = await begun(desk, refused)
    model = Model(ids, refused, poison)
    bad = {parse_typeid("inv", ids[at]) for at in poison}
    chunk, dies, run = chance.randint(1, 4), False, FINALIZE.run

    async def watched(order: Any, subjects: Sequence[UUID], uow: Any) -> Any:
        outcomes = await run(order, subjects, uow)
        if dies or (model.poison and bad & set(subjects)):
            raise Died
        return outcomes

    monkeypatch.setitem(WORKS, "finalize", Work(chunk, watched))
    acts = chance.choices(["work", "die", "cancel", "resume", "mend"], [8, 3, 2, 3, 1], k=10)
    started = False
    for act in [*acts, "mend", "resume", *["work"] * (2 * ITEMS)]:
        if act in ("work", "die"):
            dies = act == "die"
            for job in await claimed(desk.world):
                await bulk_queue(desk.world).work(job)
            model.worked(chunk, dies)
        elif act == "cancel":
            await desk.post(f"/v1/operations/{operation}/cancel", status=model.cancelled())
        elif act == "resume":
            answer = model.resumed(started)
            await desk.post(f"/v1/operations/{operation}/resume", status=answer)
        else:
            for at in model.refused | model.poison:
                body = draft_body()
                await desk.client.put(f"/v1/invoices/{ids[at]}", json=body)
            model.refused, model.poison = set(), set()
        shown = await agrees(desk, operation, model)
        started = shown["started_at"] is not None
        if model.state == "done" and "failed" not in model.items and act == "work":
            break
    return model


FINALIZE = WORKS["finalize"]


async def test_whatever_happens_each_item_is_done_once_and_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in (1, 4):
        model = await walk(await world.seller(), Random(seed), monkeypatch)
        assert (seed, model.state, model.items) == (seed, "done", ["done"] * ITEMS)
        assert sorted(model.drawn) == list(range(ITEMS))


async def test_two_workers_with_one_job_do_it_once(desk: Desk) -> None:
    """The first was slow, so its claim ran out and the second took the job."""
    operation, ids = await begun(desk, set())
    queue = bulk_queue(desk.world)
    slow = await claimed(desk.world)
    async with desk.world.admin() as conn:
        await conn.execute("UPDATE invoicing.due_jobs SET claimed_until = '-infinity'")
    quick = await claimed(desk.world)
    assert [len(slow), len(quick)] == [1, 1]
    await asyncio.gather(queue.work(quick[0]), queue.work(slow[0]))
    model = Model(ids, set(), set(), attempt=1)
    model.worked(ITEMS, dies=False)  # at a second try, as far as anybody knows
    await agrees(desk, operation, model)
    assert model.drawn == [0]
    await desk.world.settle()
    model.worked(ITEMS, dies=False)
    await agrees(desk, operation, model)


async def test_cancelling_and_working_at_once_leave_one_truth(desk: Desk) -> None:
    """Whichever is first: what was answered as cancelled does nothing more."""
    operation, _ = await begun(desk, set())
    [job] = await claimed(desk.world)
    cancel = desk.client.post(f"/v1/operations/{operation}/cancel")
    answer, _ = await asyncio.gather(cancel, bulk_queue(desk.world).work(job))
    done = (await desk.get(f"/v1/operations/{operation}"))["done"]
    assert (answer.status_code, done) in ((200, 0), (409, ITEMS))
    await desk.world.settle()
    assert (await desk.get(f"/v1/operations/{operation}"))["done"] == done


async def test_what_changed_between_selection_and_work_is_refused_by_itself(desk: Desk) -> None:
    drafts = [await desk.draft() for _ in range(4)]
    begun = await desk.post("/v1/invoices/finalize", {"filter": {"status": "draft"}})
    by_hand = await desk.finalize(drafts[0])
    await desk.client.delete(f"/v1/invoices/{drafts[1]['id']}")
    late = await desk.draft()  # fits the filter, but was not there
    await desk.client.put(f"/v1/invoices/{drafts[2]['id']}", json=draft_body(purchase_order="new"))
    await desk.world.settle()
    items = (await desk.get(f"/v1/operations/{begun['id']}/items"))["data"]
    codes = [each["problem"] and each["problem"]["code"] for each in items]
    assert codes == ["document_not_draft", "invoice_not_found", None, None]
    edited = await desk.get(f"/v1/invoices/{drafts[2]['id']}")
    assert (edited["status"], edited["purchase_order"]) == ("finalized", "new")
    assert (await desk.get(f"/v1/invoices/{late['id']}"))["status"] == "draft"
    again = await desk.get(f"/v1/invoices/{by_hand['id']}")
    assert (again["number"], again["version"]) == (by_hand["number"], by_hand["version"])


async def test_a_selection_is_within_its_limits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [(await desk.draft())["id"] for _ in range(3)]
    named = await desk.post("/v1/invoices/release", {"invoices": ids[:1] * 10_001}, status=422)
    assert named["problems"][0]["pointer"] == "/invoices"
    twice = await desk.post("/v1/invoices/release", {"invoices": [ids[1], ids[0], ids[1]]})
    assert twice["total"] == 2
    items = await desk.get(f"/v1/operations/{twice['id']}/items")
    assert [each["invoice"] for each in items["data"]] == [ids[1], ids[0]]
    monkeypatch.setattr(limits, "OPERATION_ITEMS_MAX", 2)
    before = len((await desk.get("/v1/operations"))["data"])
    many = await desk.post("/v1/invoices/release", {"filter": {"status": "draft"}}, status=422)
    assert many["code"] == "selection_too_large"
    assert len((await desk.get("/v1/operations"))["data"]) == before


async def test_the_same_request_begins_one_operation(desk: Desk) -> None:
    draft = await desk.draft()
    body = {"invoices": [draft["id"]]}
    answers = [
        await desk.client.post(
            "/v1/invoices/finalize", json=body, headers={"Idempotency-Key": "once"}
        )
        for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert len((await desk.get("/v1/operations"))["data"]) == 1
