"""Upkeep: every chore in its turn, over and over, whatever happens to the others."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from invx.infra.upkeep import Chore, Upkeep
from tests.unit.infra.http.example import NOW, SetClock
from tests.waiting import HANG_SECONDS


def upkeep(
    measures: Sequence[Chore] = (), forgets: Sequence[Chore] = (), **seconds: float
) -> Upkeep:
    fast = {"measure_seconds": 0.005, "forget_seconds": 0.005, "forget_first_seconds": 0.0}
    return Upkeep(measures=measures, forgets=forgets, clock=SetClock(), **(fast | seconds))


@asynccontextmanager
async def running(kept: Upkeep) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(kept.run(stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(HANG_SECONDS):
            await task


class Counted:
    """Counts how often it was done, and can be awaited until it was done so often."""

    def __init__(self, error: Exception | None = None) -> None:
        self.times = 0
        self._error = error
        self._done = asyncio.Condition()

    async def __call__(self) -> int:
        async with self._done:
            self.times += 1
            self._done.notify_all()
        if self._error is not None:
            raise self._error
        return self.times

    async def reached(self, times: int) -> bool:
        async with asyncio.timeout(HANG_SECONDS), self._done:
            return await self._done.wait_for(lambda: self.times >= times)


def figure(name: str, chore: str) -> float | None:
    labels = {"context": "somewhere", "chore": chore}
    return REGISTRY.get_sample_value(f"invx_upkeep_{name}", labels)


async def test_chores_are_done_over_and_over_and_say_when_they_last_succeeded() -> None:
    measure, forget = Counted(), Counted()
    chores = [Chore("m", "somewhere", measure)], [Chore("f", "somewhere", forget)]
    async with running(upkeep(*chores)):
        assert await measure.reached(3)
        assert await forget.reached(3)
    for name in ("m", "f"):
        assert figure("last_success_timestamp_seconds", name) == NOW.timestamp()
        assert not figure("failures_total", name)


async def test_a_chore_that_fails_is_counted_and_logged_and_the_next_is_done() -> None:
    bad, good = Counted(OSError("no route")), Counted()
    chores = [Chore("bad", "somewhere", bad), Chore("good", "somewhere", good)]
    with capture_logs() as logs:
        async with running(upkeep(chores)):
            assert await good.reached(2)
    assert bad.times >= 2
    assert figure("failures_total", "bad") == bad.times
    assert figure("last_success_timestamp_seconds", "bad") is None
    said = [entry for entry in logs if entry["event"] == "upkeep_failed"]
    assert {(entry["context"], entry["chore"]) for entry in said} == {("somewhere", "bad")}
    assert isinstance(said[0]["exc_info"], OSError)


async def test_a_chore_that_hangs_is_cut_off_and_the_next_is_done() -> None:
    after = Counted()
    chores = [
        Chore("hung", "somewhere", lambda: asyncio.sleep(3600)),
        Chore("after", "somewhere", after),
    ]
    with capture_logs():
        async with running(upkeep(chores, chore_seconds_max=0.01)):
            assert await after.reached(2)
    assert (figure("failures_total", "hung") or 0) >= 2


async def test_forgetting_waits_until_the_start_is_over_and_measuring_does_not() -> None:
    measure, forget = Counted(), Counted()
    chores = [Chore("m2", "somewhere", measure)], [Chore("f2", "somewhere", forget)]
    async with running(upkeep(*chores, forget_first_seconds=60)):
        assert await measure.reached(3)
        assert forget.times == 0


@pytest.mark.parametrize("how", ["stop", "cancel"])
async def test_a_chore_under_way_is_given_up_at_the_end(how: str) -> None:
    begun, ended = asyncio.Event(), []

    async def long() -> Any:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("rolled back")

    stop = asyncio.Event()
    task = asyncio.create_task(upkeep([], [Chore("long", "somewhere", long)]).run(stop))
    await begun.wait()
    stop.set() if how == "stop" else task.cancel()
    await asyncio.wait({task}, timeout=HANG_SECONDS)
    assert task.done()
    assert task.cancelled() is (how == "cancel")
    assert ended == ["rolled back"]
    assert figure("last_success_timestamp_seconds", "long") is None
