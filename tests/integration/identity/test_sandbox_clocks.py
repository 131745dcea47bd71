"""Clocks of sandboxes: they step from due time to due time, in every context, and never back."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from invx.kernel.ids import parse_typeid
from tests.integration.identity.test_sandboxes import START, inside, make
from tests.people import Person, open_for_business
from tests.waiting import HANG_SECONDS
from tests.world import SELLER, World, draft_body, post

DAY = timedelta(days=1)


class Sandbox:
    """A sandbox whose clock starts at START, with a legal entity in it."""

    def __init__(self, world: World, owner: Person, made: dict[str, Any]) -> None:
        self.world, self.owner, self.id = world, owner, str(made["id"])
        self.tenant_id = parse_typeid("tnt", self.id)
        self.path = f"/v1/sandboxes/{self.id}"
        self.client: httpx.AsyncClient

    async def begin(self, **body: str) -> dict[str, Any]:
        return await self.owner.post(f"{self.path}/clock", body, status=202)

    async def read(self, begun: dict[str, Any]) -> dict[str, Any]:
        return await self.owner.get(f"{self.path}/clock/{begun['id']}")

    async def advance(self, **body: str) -> dict[str, Any]:
        begun = await self.begin(**body)
        await self.world.settle()
        return await self.read(begun)

    async def now(self) -> datetime:
        return datetime.fromisoformat((await self.owner.get(self.path))["clock"]["now"])

    async def invoice(self, **more: Any) -> dict[str, Any]:
        draft = await post(self.client, "/v1/invoices", draft_body(**more))
        return await post(self.client, f"/v1/invoices/{draft['id']}/finalize", {})

    async def plant_job(self, kind: str, key: str, due: timedelta) -> None:
        """A job that becomes due so much after the start."""
        async with self.world.admin() as conn:
            await conn.execute(
                "INSERT INTO invoicing.due_jobs (tenant_id, kind, key, due_at, correlation_id)"
                " VALUES ($1, $2, $3, $4, gen_random_uuid())",
                *(self.tenant_id, kind, key, datetime.fromisoformat(START) + due),
            )


@pytest.fixture
async def sandbox(world: World) -> Sandbox:
    ada = await open_for_business(world)
    made = await make(ada, clock=START)
    found = Sandbox(world, ada, made)
    found.client = await inside(world, ada, made)
    await world.settle()
    await post(found.client, "/v1/legal-entities", SELLER)
    return found


async def test_what_becomes_due_on_the_way_happens_in_its_order_and_at_its_time(
    sandbox: Sandbox,
) -> None:
    later = await sandbox.invoice(payment_terms={"kind": "net", "days": 30})
    sooner = await sandbox.invoice()
    assert (sooner["due_date"], later["due_date"]) == ("2026-01-15", "2026-01-31")
    done = await sandbox.advance(to="2026-01-20T00:00:00Z")
    assert (done["state"], done["done"], done["total"]) == ("done", 19, 19)
    assert (done["progress"], done["problem"]) == ("1.0000", None)
    assert done["sandbox"] == sandbox.id
    overdue = [
        (await sandbox.client.get(f"/v1/invoices/{x['id']}")).json() for x in (later, sooner)
    ]
    assert [each["overdue"] for each in overdue] == [False, True]
    assert (await sandbox.advance(by="P1M"))["state"] == "done"
    async with sandbox.world.admin() as conn:
        events = await conn.fetch(
            "SELECT occurred_at, stream_id FROM invoicing.events WHERE tenant_id = $1"
            " AND type = 'BecameOverdue' ORDER BY recorded_at",
            sandbox.tenant_id,
        )
    # The day after the due date begins in Hamburg at 23:00 UTC.
    moments = [datetime.fromisoformat(f"2026-01-{day}T23:00:00Z") for day in ("15", "31")]
    assert len(events) == len(moments)
    for event, moment in zip(events, moments, strict=True):
        assert timedelta(0) <= event["occurred_at"] - moment < timedelta(minutes=5)


async def test_every_context_follows_and_the_clock_runs_on(sandbox: Sandbox) -> None:
    before = await sandbox.now()
    await sandbox.advance(by="P2M")
    moved = await sandbox.now()
    assert timedelta(days=59) <= moved - before < timedelta(days=59, minutes=10)
    offsets = set()
    async with sandbox.world.admin() as conn:
        for schema in sandbox.world.host.contexts:
            offsets.add(
                await conn.fetchval(
                    f"SELECT clock_offset FROM {schema}.tenants WHERE tenant_id = $1",
                    sandbox.tenant_id,
                )
            )
    shown = (await sandbox.owner.get(sandbox.path))["clock"]
    assert offsets == {timedelta(seconds=shown["offset_seconds"])}
    issued = await sandbox.invoice()
    assert issued["issue_date"] == "2026-03-01"
    assert await sandbox.now() > moved


async def test_a_sandbox_moves_its_own_clock_with_its_own_key(sandbox: Sandbox) -> None:
    begun = await post(sandbox.client, f"{sandbox.path}/clock", {"by": "P1D"}, status=202)
    await sandbox.world.settle()
    path = f"{sandbox.path}/clock/{begun['id']}"
    assert (await sandbox.client.get(path)).json()["state"] == "done"


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"to": "2025-12-31T00:00:00Z"}, "clock_goes_back", "/to"),
        ({"by": "P0D"}, "clock_goes_back", "/by"),
        ({"to": "2099-01-01T00:00:00Z"}, "clock_too_far", "/to"),
        ({"by": "P100Y"}, "clock_too_far", "/by"),
        ({"by": "P9999Y"}, "clock_too_far", "/by"),
        ({"by": "-P1D"}, "clock_span_malformed", "/by"),
        ({"by": "P1.5D"}, "clock_span_malformed", "/by"),
        ({"by": "1 month"}, "clock_span_malformed", "/by"),
        ({"to": "2026-02-01"}, None, "/to"),
        ({}, None, ""),
        ({"to": "2026-02-01T00:00:00Z", "by": "P1D"}, None, ""),
    ],
)
async def test_where_a_clock_cannot_go_it_is_refused_by_field(
    sandbox: Sandbox, body: dict[str, str], code: str | None, pointer: str
) -> None:
    answer = await sandbox.owner.client.post(f"{sandbox.path}/clock", json=body)
    problem = answer.json()
    assert answer.status_code == 422
    assert problem["problems"][0]["pointer"] == pointer
    if code:
        assert (problem["code"], problem["problems"][0]["code"]) == (code, code)
    assert (await sandbox.owner.get(sandbox.path))["clock"]["advance"] is None


async def test_of_two_advances_at_once_one_is_refused(sandbox: Sandbox) -> None:
    path = f"{sandbox.path}/clock"
    answers = await asyncio.gather(
        *(sandbox.owner.client.post(path, json={"by": "P1D"}) for _ in range(4))
    )
    assert sorted(each.status_code for each in answers) == [202, 409, 409, 409]
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"clock_moving"}
    before = await sandbox.now()
    await sandbox.world.settle()
    assert timedelta(0) < await sandbox.now() - before < 2 * DAY
    assert (await sandbox.advance(by="P1D"))["state"] == "done"  # the way is free again


async def test_the_same_request_moves_the_clock_once(sandbox: Sandbox) -> None:
    path, head = f"{sandbox.path}/clock", {"Idempotency-Key": "once"}
    first = await sandbox.owner.client.post(path, json={"by": "P1D"}, headers=head)
    await sandbox.world.settle()
    moved = await sandbox.now()
    again = await sandbox.owner.client.post(path, json={"by": "P1D"}, headers=head)
    assert (first.status_code, again.status_code, again.content) == (202, 202, first.content)
    await sandbox.world.settle()
    assert await sandbox.now() - moved < DAY
    other = await sandbox.owner.client.post(path, json={"by": "P2D"}, headers=head)
    assert other.json()["code"] == "idempotency_key_reused"


async def test_a_job_that_is_parked_stops_the_clock_and_is_named(sandbox: Sandbox) -> None:
    await sandbox.plant_job("no_such_kind", "k-1", 3 * DAY)
    stopped = await sandbox.advance(by="P10D")
    assert (stopped["state"], stopped["failed"] > 0) == ("done", True)
    assert stopped["problem"]["code"] == "clock_stopped"
    assert "invoicing job no_such_kind k-1 is parked" in stopped["problem"]["detail"]
    # Other jobs may stand in the way before it; the clock has not gone beyond its day.
    assert timedelta(days=3) <= await sandbox.now() - datetime.fromisoformat(START) < 4 * DAY
    path = f"{sandbox.path}/clock/{stopped['id']}"
    await sandbox.owner.post(f"{path}/resume", status=200)
    await sandbox.world.settle()
    resumed = await sandbox.read(stopped)
    assert (resumed["state"], resumed["failed"], resumed["problem"]) == ("done", 0, None)
    assert timedelta(days=10) <= await sandbox.now() - datetime.fromisoformat(START) < 11 * DAY


async def test_what_was_parked_before_stops_nothing(sandbox: Sandbox) -> None:
    await sandbox.plant_job("no_such_kind", "k-1", -DAY)
    await sandbox.world.settle()
    assert (await sandbox.advance(by="P1D"))["problem"] is None


async def test_a_job_that_fails_is_tried_for_a_while_and_then_stops_the_clock(
    sandbox: Sandbox,
) -> None:
    await sandbox.plant_job("mark_overdue", "no id", 2 * DAY)
    begun = await sandbox.begin(by="P5D")
    await asyncio.wait_for(sandbox.world.settle(), HANG_SECONDS)
    stopped = await sandbox.read(begun)
    assert "invoicing job mark_overdue no id fails" in stopped["problem"]["detail"]
    assert await sandbox.now() - datetime.fromisoformat(START) < 3 * DAY
    async with sandbox.world.admin() as conn:  # somebody mends it
        await conn.execute("DELETE FROM invoicing.due_jobs WHERE key = 'no id'")
    await sandbox.owner.post(f"{sandbox.path}/clock/{begun['id']}/resume", status=200)
    await sandbox.world.settle()
    assert (await sandbox.read(begun))["failed"] == 0


async def test_a_message_that_is_parked_stops_the_clock_and_is_named(sandbox: Sandbox) -> None:
    begun = await sandbox.begin(by="P5D")
    issued = await sandbox.invoice()
    async with sandbox.world.admin() as conn:
        await conn.execute(
            "UPDATE invoicing.outbox SET body = '{}' WHERE tenant_id = $1", sandbox.tenant_id
        )
    await sandbox.world.host.worker.settle()  # the advance itself relays, and reacts
    stopped = await sandbox.read(begun)
    assert "analytics message invoicing.document.finalized" in stopped["problem"]["detail"]
    assert issued["number"]


async def test_a_cancelled_advance_stays_where_it_is_and_can_be_resumed(sandbox: Sandbox) -> None:
    begun = await sandbox.begin(by="P1M")
    path = f"{sandbox.path}/clock/{begun['id']}"
    cancelled = await sandbox.owner.post(f"{path}/cancel", status=200)
    assert cancelled["state"] == "cancelled"
    await sandbox.world.settle()
    assert await sandbox.now() - datetime.fromisoformat(START) < DAY
    twice = await sandbox.owner.client.post(f"{path}/cancel")
    assert (twice.status_code, twice.json()["code"]) == (409, "operation_finished")
    await sandbox.owner.post(f"{path}/resume", status=200)
    await sandbox.world.settle()
    assert (await sandbox.read(begun))["state"] == "done"
    assert await sandbox.now() - datetime.fromisoformat(START) > 30 * DAY
    over = await sandbox.owner.client.post(f"{path}/resume")
    assert (over.status_code, over.json()["code"]) == (409, "operation_finished")


async def test_only_the_last_advance_can_be_resumed(sandbox: Sandbox) -> None:
    first = await sandbox.begin(by="P1M")
    await sandbox.owner.post(f"{sandbox.path}/clock/{first['id']}/cancel", status=200)
    await sandbox.advance(by="P1D")
    answer = await sandbox.owner.client.post(f"{sandbox.path}/clock/{first['id']}/resume")
    assert (answer.status_code, answer.json()["code"]) == (409, "operation_finished")


async def test_an_operation_of_another_sandbox_is_none_of_this_one(sandbox: Sandbox) -> None:
    other = await make(sandbox.owner)
    begun = await sandbox.begin(by="P1D")
    path = f"/v1/sandboxes/{other['id']}/clock/{begun['id']}"
    for method, where in (("GET", path), ("POST", f"{path}/cancel"), ("POST", f"{path}/resume")):
        answer = await sandbox.owner.client.request(method, where)
        assert (answer.status_code, answer.json()["code"]) == (404, "operation_not_found")


async def test_a_process_that_dies_on_the_way_is_followed_by_another(sandbox: Sandbox) -> None:
    """Broken off again and again, each due moment is still worked on once."""
    for days in (5, 10, 15, 20):
        await sandbox.invoice(payment_terms={"kind": "net", "days": days})
    begun = await sandbox.begin(by="P1M")
    for _ in range(6):
        working = asyncio.create_task(sandbox.world.settle())
        await asyncio.wait({working}, timeout=0.15)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        async with sandbox.world.admin() as conn:  # its claims run out
            for schema in sandbox.world.host.contexts:
                await conn.execute(
                    f"UPDATE {schema}.due_jobs SET claimed_until = now() WHERE claim IS NOT NULL"
                )
                await conn.execute(
                    f"UPDATE {schema}.inbox SET claimed_until = now(), next_attempt_at = now()"
                    " WHERE claim IS NOT NULL AND state = 'pending'"
                )
    await sandbox.world.settle()
    assert (await sandbox.read(begun))["problem"] is None
    async with sandbox.world.admin() as conn:
        overdue = await conn.fetch(
            "SELECT stream_id, count(*) AS times FROM invoicing.events WHERE tenant_id = $1"
            " AND type = 'BecameOverdue' GROUP BY stream_id",
            sandbox.tenant_id,
        )
    assert [row["times"] for row in overdue] == [1, 1, 1, 1]


async def test_a_sandbox_that_ends_on_the_way_ends_the_advance(sandbox: Sandbox) -> None:
    await sandbox.begin(by="P1M")
    assert (await sandbox.owner.client.delete(sandbox.path)).status_code == 204
    await sandbox.world.settle()
    async with sandbox.world.admin() as conn:
        state = await conn.fetchval(
            "SELECT state FROM identity.operations WHERE kind = 'clock_advance'"
        )
        waiting = await conn.fetchval(
            "SELECT count(*) FROM identity.due_jobs WHERE state IN ('pending', 'parked')"
        )
    assert (state, waiting) == ("cancelled", 0)


async def test_a_suspended_sandbox_stops_the_clock(sandbox: Sandbox) -> None:
    for context in sandbox.world.host.contexts.values():
        await context.directory.suspend(sandbox.tenant_id)
    stopped = await sandbox.advance(by="P1D")
    assert "suspended" in stopped["problem"]["detail"]
    for context in sandbox.world.host.contexts.values():
        await context.directory.resume(sandbox.tenant_id)
    await sandbox.owner.post(f"{sandbox.path}/clock/{stopped['id']}/resume", status=200)
    await sandbox.world.settle()
    assert (await sandbox.read(stopped))["problem"] is None


async def test_another_tenants_clock_and_work_stay_as_they_are(sandbox: Sandbox) -> None:
    eve = await open_for_business(sandbox.world)
    other = Sandbox(sandbox.world, eve, await make(eve, clock=START))
    other.client = await inside(sandbox.world, eve, {"id": other.id})
    await sandbox.world.settle()
    await post(other.client, "/v1/legal-entities", SELLER)
    theirs = await other.invoice()
    await sandbox.advance(by="P3M")
    assert await other.now() - datetime.fromisoformat(START) < DAY
    assert not (await other.client.get(f"/v1/invoices/{theirs['id']}")).json()["overdue"]


async def test_beside_running_workers_a_clock_advances_too(sandbox: Sandbox) -> None:
    """Whoever claims a row first does it; the advance waits for the others."""
    issued = await sandbox.invoice()
    sandbox.world.host.start_background()
    begun = await sandbox.begin(by="P1M")
    async with asyncio.timeout(HANG_SECONDS):
        while (await sandbox.read(begun))["state"] != "done":  # noqa: ASYNC110 - as clients ask
            await asyncio.sleep(0.05)
    assert (await sandbox.read(begun))["problem"] is None
    assert (await sandbox.client.get(f"/v1/invoices/{issued['id']}")).json()["overdue"]
