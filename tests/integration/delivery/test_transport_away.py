"""A transport that is away as a whole: all waits in the outbox, and no tenant is punished."""

import asyncio
from collections.abc import Sequence

import pytest

from invx.infra.rotation import BULK, INTERACTIVE
from invx.infra.transport import NobodyReached, PublishFailed, Transport
from invx.kernel import limits
from invx.kernel.messages import Envelope
from tests.integration.delivery.stage import Stage, key, note, tenant, until

A, B = tenant(1), tenant(2)


class Away:
    """Raises so many times; then it carries."""

    def __init__(self, behind: Transport, *errors: Exception, lane: int | None = None) -> None:
        self.behind = behind
        self.errors = list(errors)
        self.lane = lane
        self.asked: list[tuple[int, int]] = []

    async def publish(self, envelopes: Sequence[Envelope], *, lane: int = INTERACTIVE) -> None:
        self.asked.append((lane, len(envelopes)))
        if self.errors and self.lane in (None, lane):
            raise self.errors.pop(0)
        await self.behind.publish(envelopes, lane=lane)


def events(stage: Stage) -> list[str]:
    return [log["event"] for log in stage.logs]


async def test_it_is_asked_once_a_round_and_nobody_rests(stage: Stage) -> None:
    await stage.send(*(note(t, key(k), 1) for t in (A, B) for k in range(3)))
    away = Away(stage.transport(), NobodyReached("gone"), NobodyReached("gone"))
    relay = stage.relay(away)
    for _ in range(2):
        assert await relay.round() == 0
    assert away.asked == [(INTERACTIVE, 6)] * 2  # never tenant by tenant
    assert events(stage) == ["transport_away"] * 2
    assert await relay.round() == 6  # at once: the clock did not move
    assert await stage.states() == {"pending": 6}


async def test_commits_do_not_make_it_asked_more_often_than_at_each_poll(stage: Stage) -> None:
    await stage.send(note(A, key("x"), 1))
    away = Away(stage.transport(), *[NobodyReached("gone")] * 100)
    relay, stop = stage.relay(away), asyncio.Event()
    began = asyncio.get_running_loop().time()
    running = asyncio.create_task(relay.run(stop))

    async def asked() -> bool:
        return bool(away.asked)

    async def arrived() -> bool:
        return await stage.states() == {"pending": 1}

    await until(asked)
    for _ in range(20):
        relay.wake()
        await asyncio.sleep(0.02)
    polls = (asyncio.get_running_loop().time() - began) // limits.POLL_SECONDS
    assert len(away.asked) <= 2 + polls
    away.errors.clear()
    await until(arrived)
    stop.set()
    await running


async def test_a_refusal_of_some_still_finds_out_whose_it_is(stage: Stage) -> None:
    await stage.send(note(A, key("x"), 1), note(B, key("y"), 1))
    away = Away(stage.transport(), PublishFailed("one of them"))
    relay = stage.relay(away)
    assert await relay.round() == 2
    assert away.asked == [(INTERACTIVE, 2), (INTERACTIVE, 1), (INTERACTIVE, 1)]
    assert events(stage) == ["publish_failed"]


async def test_bulk_that_has_to_wait_holds_up_no_interactive_work(stage: Stage) -> None:
    await stage.send(note(A, key("bulk"), 1), lane=BULK)
    away = Away(stage.transport(), *[NobodyReached("full")] * 3, lane=BULK)
    relay = stage.relay(away)
    for number in range(1, 4):
        await stage.send(note(B, key("soon"), number))
        assert await relay.round() == 1
    assert await relay.round() == 1
    lanes = await stage.root.fetch("SELECT lane FROM receiver.inbox ORDER BY position")
    assert [row[0] for row in lanes] == [INTERACTIVE] * 3 + [BULK]


async def test_a_later_one_of_a_key_does_not_overtake_the_bulk_that_waits(stage: Stage) -> None:
    await stage.send(note(A, key("x"), 1), lane=BULK)
    await stage.send(note(A, key("x"), 2))
    relay = stage.relay(Away(stage.transport(), NobodyReached("full"), lane=BULK))
    assert await relay.round() == 0
    assert await stage.states() == {}
    while await relay.round():
        pass
    rows = await stage.root.fetch("SELECT sequence FROM receiver.inbox ORDER BY position")
    assert [row[0] for row in rows] == [1, 2]


@pytest.mark.parametrize("error", [NobodyReached("gone"), PublishFailed("some")])
async def test_what_was_not_carried_is_not_marked(stage: Stage, error: Exception) -> None:
    await stage.send(note(A, key("x"), 1))
    relay = stage.relay(Away(stage.transport(), error, error))
    assert await relay.round() == 0
    waiting = "SELECT count(*) FROM sender.outbox WHERE published_at IS NULL"
    assert await stage.root.fetchval(waiting) == 1


def test_being_away_is_a_kind_of_not_being_published() -> None:
    assert issubclass(NobodyReached, PublishFailed)
