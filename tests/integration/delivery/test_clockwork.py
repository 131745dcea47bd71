"""One tenant's work is done until nothing is left that is due, and how it stands is said."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from invx.infra.clockwork import PORT, Clockwork
from invx.infra.inbox import receive
from invx.infra.tenancy import INSTALLATION
from invx.kernel.clocks import Standing
from invx.kernel.ports import Fact
from tests.integration.delivery.stage import NOTES, START, Stage, key, note, tenant, write_down
from tests.integration.delivery.test_jobs import HOUR, Ran, schedule
from tests.waiting import HANG_SECONDS

A, B = tenant(1), tenant(2)
X = key("x")


@pytest.fixture(autouse=True)
async def _known(stage: Stage) -> None:
    await stage.know(A, B)
    for each in (A, B):
        await stage.root.execute(
            "INSERT INTO sender.tenants (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING", each
        )


def clockwork(
    stage: Stage, reaction=write_down, *, seconds: float = HANG_SECONDS, **jobs
) -> Clockwork:
    return Clockwork(
        {"receiver": stage.context(reaction, jobs)},
        {"sender": stage.relay()},
        [stage.sender, stage.receiver],
        NOTES,
        clock=stage.clock,
        ids=stage.ids,
        seconds=seconds,
    )


async def settle(made: Clockwork, tenant_id: UUID = A, offset: int = 0) -> Standing:
    [answer] = await made.obtain([Fact(PORT, str(tenant_id), "", (tenant_id, offset))])
    found: Standing = answer.value
    return found


async def ahead(stage: Stage, tenant_id: UUID, by: timedelta) -> None:
    """Both contexts follow the tenant's clock."""
    for schema in ("sender", "receiver"):
        await stage.root.execute(
            f"UPDATE {schema}.tenants SET clock_offset = clock_offset + $2, epoch = epoch + 1"
            " WHERE tenant_id = $1",
            *(tenant_id, by),
        )
    stage.directory.forget(tenant_id)


async def test_nothing_to_do_is_settled_at_once(stage: Stage) -> None:
    assert await settle(clockwork(stage)) == Standing(settled=True)


async def test_what_was_sent_is_relayed_and_reacted_to(stage: Stage) -> None:
    await stage.send(note(A, X, 1), note(A, X, 2))
    standing = await settle(clockwork(stage))
    assert (standing.settled, standing.parked, standing.failing) == (True, {}, {})
    assert await stage.heard(A) == [(X, 1), (X, 2)]


async def test_what_is_due_runs_and_what_comes_next_is_said(stage: Stage) -> None:
    ring = Ran()
    await schedule(stage, "now", START)
    await schedule(stage, "soon", START + 2 * HOUR)
    await schedule(stage, "late", START + 9 * HOUR)
    standing = await settle(clockwork(stage, ring=ring))
    assert (standing.settled, standing.next_due) == (True, START + 2 * HOUR)
    assert ring.keys == ["now"]
    await ahead(stage, A, 2 * HOUR)
    standing = await settle(clockwork(stage, ring=ring), offset=7200)
    assert (standing.settled, standing.next_due) == (True, START + 9 * HOUR)
    assert ring.keys == ["now", "soon"]


async def test_a_job_that_makes_another_due_now_is_followed_to_the_end(stage: Stage) -> None:
    seen = []

    async def count(payload, uow) -> None:
        seen.append(payload["key"])
        if len(seen) < 5:
            uow.jobs.schedule("count", str(len(seen)), due_at=uow.ctx.now)

    await schedule(stage, "0", START, kind="count")
    assert (await settle(clockwork(stage, count=count))).settled
    assert seen == ["0", "1", "2", "3", "4"]


async def test_bulk_jobs_are_run_too(stage: Stage) -> None:
    ring = Ran()
    await schedule(stage, "bulk", START)
    await stage.root.execute("UPDATE receiver.due_jobs SET lane = 1")
    assert (await settle(clockwork(stage, ring=ring))).settled
    assert ring.keys == ["bulk"]


async def test_another_tenants_work_is_left_to_others(stage: Stage) -> None:
    ring = Ran()
    await schedule(stage, "theirs", START, tenant_id=B)
    await receive(stage.receiver, [note(B, key("y"), 1)], now=START)
    standing = await settle(clockwork(stage, ring=ring))
    assert (standing.settled, ring.runs) == (True, [])
    assert await stage.heard(B) == []


async def test_what_the_installation_states_is_heard_on_the_way(stage: Stage) -> None:
    """Clocks are stated there: without it no context would ever follow."""
    await stage.know(INSTALLATION)
    await receive(stage.receiver, [note(INSTALLATION, X, 1)], now=START)
    await ahead(stage, A, HOUR)

    async def follow(contract, uow) -> None:
        await ahead(stage, A, HOUR)

    standing = await settle(clockwork(stage, follow), offset=7200)
    assert standing.settled


async def test_a_clock_that_is_not_followed_is_not_settled(stage: Stage) -> None:
    standing = await settle(clockwork(stage, seconds=0.1), offset=3600)
    assert (standing.settled, standing.open) == (False, True)


async def test_a_tenant_that_is_not_known_somewhere_is_waited_for(stage: Stage) -> None:
    await stage.root.execute("DELETE FROM sender.tenants WHERE tenant_id = $1", A)
    assert not (await settle(clockwork(stage, seconds=0.1))).settled
    await stage.root.execute("INSERT INTO sender.tenants (tenant_id) VALUES ($1)", A)
    assert (await settle(clockwork(stage, seconds=0.1))).settled


@pytest.mark.parametrize("status", ["suspended", "moved", "erased"])
async def test_a_tenant_that_is_not_active_is_said_to_be_closed(stage: Stage, status: str) -> None:
    ring = Ran()
    await schedule(stage, "due", START)
    await stage.root.execute(
        "UPDATE receiver.tenants SET status = $2 WHERE tenant_id = $1", A, status
    )
    standing = await settle(clockwork(stage, ring=ring))
    assert (standing.open, ring.runs) == (False, [])


async def test_what_is_parked_is_named_with_its_reason(stage: Stage) -> None:
    await schedule(stage, "k-1", START, kind="nobody_does_this")
    broken = note(A, X, 1, wire="sender.note.unknown.v9")
    await receive(stage.receiver, [broken], now=START)
    standing = await settle(clockwork(stage, ring=Ran()))
    assert standing.settled, "what is parked waits for a person, not for us"
    assert set(standing.parked) == {
        "receiver job nobody_does_this k-1",
        f"receiver message sender.note.unknown.v9 {broken.message_id}",
    }
    assert all(standing.parked.values())
    assert standing.parked_before == ()
    again = await settle(clockwork(stage, ring=Ran()))
    assert set(again.parked_before) == set(standing.parked)


async def test_what_waits_behind_a_parked_message_is_not_waited_for(stage: Stage) -> None:
    broken = note(A, X, 1, wire="sender.note.unknown.v9")
    await receive(stage.receiver, [broken, note(A, X, 2), note(A, key("y"), 1)], now=START)
    assert (await settle(clockwork(stage))).settled
    assert await stage.heard(A) == [(key("y"), 1)]


async def test_what_fails_is_waited_for_a_little_and_then_named(stage: Stage) -> None:
    """Its tries come after one, four, sixteen seconds; the third is not waited for."""
    ring = Ran(fails=9)
    await schedule(stage, "bad", START)

    made = clockwork(stage, ring=ring)
    made.wake = lambda: stage.clock.advance(0.5)  # time passes only while it waits
    standing = await settle(made)
    assert not standing.settled
    assert standing.failing == {"receiver job ring bad": "RuntimeError"}
    assert 9 - ring.fails == 3


async def test_what_fails_once_is_done_the_next_time(stage: Stage) -> None:
    ring = Ran(fails=1)
    await schedule(stage, "once", START)

    made = clockwork(stage, ring=ring)
    made.wake = lambda: stage.clock.advance(0.5)  # time passes only while it waits
    standing = await settle(made)
    assert (standing.settled, ring.keys) == (True, ["once"])


async def test_a_row_that_another_process_has_claimed_is_waited_for(stage: Stage) -> None:
    ring = Ran()
    await schedule(stage, "theirs", START)
    [claimed] = await stage.jobs().claim(5)
    standing = await settle(clockwork(stage, ring=ring, seconds=0.1))
    assert (standing.settled, standing.failing, ring.runs) == (False, {}, [])
    await stage.jobs().release(claimed)
    assert (await settle(clockwork(stage, ring=ring))).settled
    assert ring.keys == ["theirs"]


async def test_several_at_once_do_everything_once(stage: Stage) -> None:
    ring = Ran()
    for number in range(30):
        await schedule(stage, f"{number:02}", START)
    await stage.send(*(note(A, key(n), 1) for n in range(20)))
    standings = await asyncio.gather(*(settle(clockwork(stage, ring=ring)) for _ in range(3)))
    assert all(each.settled for each in standings)
    assert sorted(ring.keys) == [f"{number:02}" for number in range(30)]
    assert len(await stage.heard(A)) == 20


async def test_time_is_bounded_and_what_is_left_is_done_the_next_time(stage: Stage) -> None:
    async def slow(payload, uow) -> None:
        await asyncio.sleep(0.05)
        if payload["key"] != "9":
            uow.jobs.schedule("slow", str(int(payload["key"]) + 1), due_at=uow.ctx.now)

    await schedule(stage, "0", START, kind="slow")
    assert not (await settle(clockwork(stage, slow=slow, seconds=0.1))).settled
    assert (await settle(clockwork(stage, slow=slow))).settled


async def test_evidence_of_it_is_json_and_names_nobody(stage: Stage) -> None:
    await schedule(stage, "geheim", START, kind="nobody_does_this")
    await schedule(stage, "later", START + HOUR)
    made = clockwork(stage, ring=Ran())
    [answer] = await made.obtain([Fact(PORT, str(A), "", (A, 0))])
    assert answer.evidence == {
        "settled": True,
        "open": True,
        "next_due": str(START + HOUR),
        "parked": {},
        "parked_before": [],
        "failing": {},
    }


async def test_an_inbox_that_takes_in_its_past_is_left_alone(stage: Stage) -> None:
    """`republish` holds a lease on it; who came in between would overtake the past."""
    await receive(stage.receiver, [note(A, X, 1)], now=START)
    await stage.root.execute(
        "INSERT INTO receiver.leases (name, holder, fence, expires_at)"
        " VALUES ('inbox ' || $1::uuid, gen_random_uuid(), 1, $2)",
        *(A, START + HOUR),
    )
    assert await stage.inbox().claim_of((A,), 5) == []
    stage.clock.advance(3601)
    assert len(await stage.inbox().claim_of((A,), 5)) == 1


async def test_claims_of_a_tenant_are_bounded_and_of_that_tenant(stage: Stage) -> None:
    for number in range(7):
        await schedule(stage, str(number), START)
        await schedule(stage, str(number), START, tenant_id=B)
    claimed = await stage.jobs().claim_of(A, 5)
    assert {job.tenant_id for job in claimed} == {A}
    assert len(claimed) == 5
    assert len(await stage.jobs().claim_of(A, 5)) == 2


async def test_who_hosts_the_others_is_woken_while_it_waits_for_them(stage: Stage) -> None:
    ring = Ran()
    await schedule(stage, "theirs", START)
    here = Clockwork(
        {}, {}, [stage.sender, stage.receiver], NOTES, clock=stage.clock, ids=stage.ids
    )
    theirs = stage.job_worker(ring=ring)
    woken: list[int] = []
    awake = asyncio.Event()

    def wake() -> None:
        woken.append(len(ring.runs))
        awake.set()

    async def worker() -> None:
        await awake.wait()
        await theirs.settle()

    here.wake = wake
    working = asyncio.create_task(worker())
    assert (await settle(here)).settled
    await working
    assert ring.keys == ["theirs"]
    assert woken[0] == 0
