"""Opening, ending and advancing sandboxes, step by step, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.identity.app.advance_clock import (
    TRIES_OF_A_STEP,
    AdvanceClock,
    advance_clock,
    step_clock,
)
from invx.contexts.identity.app.cancel_advance import CancelAdvance, cancel_advance
from invx.contexts.identity.app.end_sandbox import (
    END_SANDBOX,
    EndSandbox,
    EraseSandbox,
    end_sandbox,
    erase_sandbox,
)
from invx.contexts.identity.app.find_sandbox import find_sandbox
from invx.contexts.identity.app.open_sandbox import OpenSandbox, open_sandbox
from invx.contexts.identity.app.resume_advance import ResumeAdvance, resume_advance
from invx.contexts.identity.domain.errors import (
    ClockGoesBack,
    ClockMoving,
    ClockOfLiveTenant,
    ClockStopped,
    FromLiveOnly,
    NoOrganization,
    NotALikeness,
    SandboxNotFound,
)
from invx.contexts.identity.domain.tenant import LIVE, Tenant
from invx.contexts.identity.domain.tenant_events import (
    ConfigurationAsked,
    SandboxEnded,
    SandboxErased,
    TenantChanged,
    TenantOpened,
)
from invx.kernel.clocks import Standing
from invx.kernel.errors import NotFound
from invx.kernel.operations import (
    ItemGivenUp,
    Operation,
    OperationFinished,
    OperationNotFound,
    OperationState,
)
from tests.unit.identity.people_in_memory import recorded
from tests.unit.identity.sandboxes_in_memory import HOME, Yard

DAY = timedelta(days=1)
STRANGER = UUID(int=0xE)


@pytest.fixture
def yard() -> Yard:
    return Yard()


async def make(yard: Yard, **more: Any) -> Tenant:
    return await open_sandbox(OpenSandbox(beside=HOME, name="S", **more), yard)


async def begin(yard: Yard, sandbox: Tenant, **more: Any) -> Operation:
    command = AdvanceClock(asked_from=HOME, sandbox_id=sandbox.id, **(more or {"by": "P10D"}))
    return await advance_clock(command, yard)


async def step(yard: Yard, operation: Operation, attempt: int = 1) -> Operation:
    await step_clock({"key": str(operation.operation_id), "attempt": attempt}, yard)
    return yard.operations.all[operation.operation_id]


async def test_a_new_sandbox_is_beside_the_tenant_that_asked(yard: Yard) -> None:
    made = await make(yard)
    assert (made.sandbox_of, made.organization_id) == (HOME, yard.home.organization_id)
    assert recorded(made) == [TenantOpened]
    assert yard.directory.entries == [(made.id, 0)]
    assert yard.jobs.due == {}


async def test_one_with_a_lifetime_has_a_job_that_ends_it(yard: Yard) -> None:
    made = await make(yard, lifetime=timedelta(hours=3))
    assert made.ends_at == yard.now + timedelta(hours=3)
    assert yard.jobs.due == {(END_SANDBOX, str(made.id)): made.ends_at}


async def test_its_clock_and_its_pattern_are_recorded(yard: Yard) -> None:
    made = await make(yard, clock=yard.now - 90 * DAY, like=HOME)
    assert recorded(made) == [TenantOpened, ConfigurationAsked]
    assert made.clock(yard.now) == yard.now - 90 * DAY
    assert yard.directory.entries == [(made.id, -90 * 86_400)]


async def test_only_a_live_tenant_of_an_organization_has_sandboxes(yard: Yard) -> None:
    sandbox = yard.tenant()
    with pytest.raises(NoOrganization):
        await open_sandbox(OpenSandbox(beside=STRANGER, name="S"), yard)
    with pytest.raises(FromLiveOnly):
        await open_sandbox(OpenSandbox(beside=sandbox.id, name="S"), yard)


async def test_what_is_no_pattern_is_refused_by_field(yard: Yard) -> None:
    ended = yard.tenant()
    ended.end(yard.now)
    for like in (
        STRANGER,
        yard.tenant(firm=STRANGER).id,
        yard.tenant(LIVE, firm=STRANGER).id,
        yard.tenant(LIVE).id,  # of the same organization; other people belong to it
        ended.id,
    ):
        with pytest.raises(NotALikeness) as refused:
            await make(yard, like=like)
        assert [each.pointer for each in refused.value.problems] == ["/configured_like"]
    assert (await make(yard, like=yard.tenant().id)).is_open


async def test_who_may_know_of_a_sandbox(yard: Yard) -> None:
    mine, sibling, theirs = yard.tenant(), yard.tenant(), yard.tenant(firm=STRANGER)
    assert await find_sandbox(mine.id, HOME, yard) is mine
    assert await find_sandbox(mine.id, mine.id, yard) is mine
    for sandbox, asked_from in (
        (sibling.id, mine.id),
        (theirs.id, HOME),
        (mine.id, theirs.id),
        (HOME, mine.id),
        (STRANGER, HOME),
        (mine.id, STRANGER),
        (yard.tenant(LIVE).id, HOME),
    ):
        with pytest.raises(SandboxNotFound):
            await find_sandbox(sandbox, asked_from, yard)
    with pytest.raises(ClockOfLiveTenant):
        await find_sandbox(HOME, HOME, yard)
    mine.end(yard.now)
    with pytest.raises(SandboxNotFound):
        await find_sandbox(mine.id, HOME, yard)


async def test_an_ended_sandbox_is_closed_first_and_erased_by_its_job(yard: Yard) -> None:
    sandbox = yard.tenant()
    await end_sandbox(EndSandbox(asked_from=HOME, sandbox_id=sandbox.id), yard)
    assert (sandbox.is_open, sandbox.ends_at) == (False, yard.now)
    assert yard.jobs.due == {(END_SANDBOX, str(sandbox.id)): yard.now}
    await erase_sandbox(EraseSandbox(sandbox.id), yard)
    await erase_sandbox(EraseSandbox(sandbox.id), yard)
    assert yard.told.erased == yard.told.forgotten == [sandbox.id]
    assert recorded(sandbox) == [SandboxEnded, SandboxErased]


async def test_a_sandbox_cannot_end_itself(yard: Yard) -> None:
    sandbox = yard.tenant()
    with pytest.raises(FromLiveOnly):
        await end_sandbox(EndSandbox(asked_from=sandbox.id, sandbox_id=sandbox.id), yard)
    assert sandbox.is_open


async def test_whose_time_has_come_is_closed_and_erased_at_once(yard: Yard) -> None:
    sandbox = await make(yard, lifetime=timedelta(hours=1))
    sandbox.recorded.clear()
    await erase_sandbox(EraseSandbox(sandbox.id), yard)
    assert recorded(sandbox) == [SandboxEnded, SandboxErased]
    await erase_sandbox(EraseSandbox(STRANGER), yard)  # of which nothing is known
    assert yard.told.erased == [sandbox.id]


async def test_where_nobody_can_erase_it_stays_closed(yard: Yard) -> None:
    sandbox, yard.told.erases = yard.tenant(), False
    await erase_sandbox(EraseSandbox(sandbox.id), yard)
    assert recorded(sandbox) == [SandboxEnded]
    assert sandbox.entry.status == "suspended"


async def test_an_advance_counts_the_days_of_its_way(yard: Yard) -> None:
    sandbox = yard.tenant()
    operation = await begin(yard, sandbox, by="P10D")
    assert (operation.total, sandbox.advance_id) == (11, operation.operation_id)
    assert operation.settings["until"] == (yard.now + 10 * DAY).isoformat()
    other = yard.tenant()
    assert (await begin(yard, other, to=yard.now + timedelta(hours=1))).total == 1
    with pytest.raises(ClockGoesBack) as back:
        await begin(yard, yard.tenant(), to=yard.now)
    assert [each.pointer for each in back.value.problems] == ["/to"]


async def test_the_clock_stops_at_each_time_at_which_something_becomes_due(yard: Yard) -> None:
    sandbox = yard.tenant()
    start = yard.now
    operation = await begin(yard, sandbox)
    yard.told.standings = [
        Standing(settled=True, next_due=start + 3 * DAY),
        Standing(settled=False, next_due=start + 4 * DAY),
        Standing(settled=True, next_due=start + 4 * DAY),
        Standing(settled=True, next_due=start + 40 * DAY),
        Standing(settled=False),
        Standing(settled=True, next_due=start + 40 * DAY),
    ]
    seen = []
    for _ in range(6):
        sandbox.recorded.clear()  # each step is a transaction of its own
        operation = await step(yard, operation)
        seen.append(((sandbox.clock(start) - start) // DAY, operation.done, str(operation.state)))
    assert seen == [
        (3, 0, "running"),
        (3, 3, "running"),
        (4, 3, "running"),
        (10, 4, "running"),
        (10, 10, "running"),
        (10, 11, "done"),
    ]
    assert yard.operations.refusals == {operation.operation_id: None}
    offsets = [offset for _, offset in yard.told.asked]
    assert offsets == [each * 86_400 for each in (0, 3, 3, 4, 10, 10)]
    assert [offset for _, offset in yard.directory.entries] == [3 * 86_400, 4 * 86_400, 864_000]


async def test_each_step_is_an_event_of_its_own_and_the_first_says_who_asked(yard: Yard) -> None:
    sandbox = yard.tenant()
    operation = await begin(yard, sandbox)
    sandbox.recorded.clear()
    yard.told.standings = [Standing(settled=True, next_due=yard.now + DAY)]
    await step(yard, operation)
    assert recorded(sandbox) == [TenantChanged]


async def test_while_time_passes_the_clock_runs_and_is_not_put_back(yard: Yard) -> None:
    sandbox = yard.tenant()
    operation = await begin(yard, sandbox, by="PT2H")
    yard.later(hours=3)  # somebody waited long: the end of the way has come by itself
    operation = await step(yard, operation)
    assert operation.state is OperationState.DONE
    assert sandbox.entry.clock_offset_seconds == 0


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing(settled=True, parked={"billing job b k": "NoRate"}), "billing job b k is parked"),
        (Standing(settled=False, failing={"billing job b k": "Down"}), "billing job b k fails"),
        (Standing(settled=False, open=False), "suspended"),
    ],
)
async def test_what_stands_in_the_way_ends_it_and_is_named(
    yard: Yard, standing: Standing, said: str
) -> None:
    sandbox = yard.tenant()
    operation = await step(yard, await begin(yard, sandbox))
    yard.told.standings = [standing]
    before = sandbox.entry
    operation = await step(yard, operation)
    assert (operation.state, operation.failed) == (OperationState.DONE, 1)
    refusal = yard.operations.refusals[operation.operation_id]
    assert isinstance(refusal, ClockStopped)
    assert said in refusal.detail
    assert sandbox.entry == before
    asked = len(yard.told.asked)
    await step(yard, operation)
    assert len(yard.told.asked) == asked, "what is over is not gone on with"


async def test_what_was_parked_before_is_passed_by_and_what_comes_is_not(yard: Yard) -> None:
    sandbox = yard.tenant()
    old, new = {"a job x 1": "old"}, {"a job x 2": "new"}
    operation = await begin(yard, sandbox)
    yard.told.standings = [
        Standing(settled=True, parked=old, parked_before=tuple(old), next_due=yard.now + DAY),
        Standing(settled=True, parked={**old, **new}, parked_before=(*old, *new)),
    ]
    operation = await step(yard, operation)
    assert operation.state is OperationState.RUNNING
    operation = await step(yard, operation)
    refusal = yard.operations.refusals[operation.operation_id]
    assert refusal is not None
    assert "a job x 2" in refusal.detail


async def test_what_is_parked_in_the_first_step_was_not_there_before(yard: Yard) -> None:
    operation = await begin(yard, yard.tenant())
    yard.told.standings = [Standing(settled=True, parked={"a job x 1": "new"})]
    operation = await step(yard, operation)
    assert yard.operations.refusals[operation.operation_id] is not None


async def test_a_resume_goes_on_without_what_is_parked_by_then(yard: Yard) -> None:
    sandbox = yard.tenant()
    parked = {"a job x 1": "new"}
    operation = await begin(yard, sandbox)
    yard.told.standings = [Standing(settled=True, parked=parked)]
    operation = await step(yard, operation)
    command = ResumeAdvance(
        asked_from=HOME, sandbox_id=sandbox.id, operation_id=operation.operation_id
    )
    resumed = await resume_advance(command, yard)
    assert (resumed.state, resumed.failed) == (OperationState.PENDING, 0)
    known = Standing(settled=True, parked=parked, parked_before=tuple(parked))
    yard.told.standings = [known, known]
    await step(yard, resumed)
    assert (await step(yard, resumed)).state is OperationState.DONE
    with pytest.raises(OperationFinished):
        await resume_advance(command, yard)


async def test_only_one_advance_at_a_time_and_only_the_last_is_resumed(yard: Yard) -> None:
    sandbox = yard.tenant()
    first = await begin(yard, sandbox)
    with pytest.raises(ClockMoving):
        await begin(yard, sandbox)
    ids = {"asked_from": HOME, "sandbox_id": sandbox.id, "operation_id": first.operation_id}
    cancelled = await cancel_advance(CancelAdvance(**ids), yard)
    assert cancelled.state is OperationState.CANCELLED
    await step(yard, cancelled)
    assert sandbox.entry.clock_offset_seconds == 0
    with pytest.raises(OperationFinished):
        await cancel_advance(CancelAdvance(**ids), yard)
    await begin(yard, sandbox)
    with pytest.raises(OperationFinished, match="again"):
        await resume_advance(ResumeAdvance(**ids), yard)


async def test_an_advance_of_another_sandbox_is_none_of_this_one(yard: Yard) -> None:
    mine, other = yard.tenant(), yard.tenant()
    operation = await begin(yard, other)
    for kind, run in ((CancelAdvance, cancel_advance), (ResumeAdvance, resume_advance)):
        for id in (operation.operation_id, STRANGER):
            command = kind(asked_from=HOME, sandbox_id=mine.id, operation_id=id)
            with pytest.raises((OperationNotFound, NotFound)):
                await run(command, yard)  # type: ignore[operator]


async def test_a_sandbox_that_ended_ends_its_advance(yard: Yard) -> None:
    sandbox = yard.tenant()
    operation = await begin(yard, sandbox)
    sandbox.end(yard.now)
    assert (await step(yard, operation)).state is OperationState.CANCELLED
    assert yard.told.asked == []


async def test_a_step_that_fails_on_our_side_each_time_is_given_up(yard: Yard) -> None:
    sandbox = yard.tenant()
    operation = replace(await begin(yard, sandbox), done=4)
    yard.operations.put(operation)
    operation = await step(yard, operation, attempt=TRIES_OF_A_STEP)
    assert (operation.state, operation.done, operation.failed) == (OperationState.DONE, 4, 7)
    assert isinstance(yard.operations.refusals[operation.operation_id], ItemGivenUp)
    assert yard.told.asked == []


async def test_moments_are_kept_as_text_that_says_the_same(yard: Yard) -> None:
    until = datetime(2027, 3, 1, 7, 30, tzinfo=UTC)
    operation = await begin(yard, yard.tenant(), to=until)
    assert datetime.fromisoformat(operation.settings["until"]) == until
    assert datetime.fromisoformat(operation.settings["start"]) == yard.now
