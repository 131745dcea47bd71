"""Delivery survives what a seed can do to it, and the simulation finds what is broken."""

import re
from typing import Any

import pytest

from invx.infra.inbox import Inbox, envelope_of
from invx.infra.outbox import Relay
from tests.integration.delivery.stage import set_stage
from tests.simulation.delivery_world import DeliveryWorld, Parts, Wrong, forgetful_receive
from tests.simulation.seeds import again, seeds

HERE = "tests/simulation/test_delivery.py"


async def run(place: Any, seed: int, parts: Parts) -> DeliveryWorld:
    """One world to its end. Raises Wrong with the command that shows it again."""
    async with set_stage(place, seed) as stage:
        world = DeliveryWorld(stage, seed, parts)
        try:
            await world.run()
        except Wrong as wrong:
            tail = ", ".join(world.trace[-20:])
            raise Wrong(f"{wrong}\n  {again(seed, HERE)}\n  last steps: {tail}") from None
        return world


@pytest.mark.parametrize("seed", seeds())
async def test_everything_committed_is_heard_once_and_in_order(stage_place, seed: int) -> None:
    world = await run(stage_place, seed, Parts())
    assert sum(world.committed.values()) > 20


async def test_the_worlds_are_hard_enough(stage_place) -> None:
    seen = {step for seed in range(5) for step in (await run(stage_place, seed, Parts())).trace}
    assert seen >= {
        "lease lost",
        "parked",
        "reaction failed",
        "relay died",
        "rows in dead hands",
        "write rolled back",
    }


async def test_a_seed_always_makes_the_same_world(stage_place) -> None:
    first, second = [await run(stage_place, 3, Parts()) for _ in range(2)]
    assert first.trace == second.trace
    assert first.committed == second.committed
    assert first.stage.clock.now() == second.stage.clock.now()


class RetryOvertaking(Inbox):
    """Planted: a row that waits for its next try does not hold up its key."""

    older = "o.state IN ('pending', 'parked') AND (o.next_attempt_at <= $3 OR o.claim IS NOT NULL)"


class TwoWorkersOnOneKey(Inbox):
    """Planted: a row that somebody works on does not hold up its key."""

    older = "o.state IN ('pending', 'parked') AND o.claim IS NULL"


class ParkedOvertaking(Inbox):
    """Planted: a parked row does not hold up its key."""

    older = "o.state = 'pending'"


class AnybodysClaim(Inbox):
    """Planted: a row is finished without a look at whose claim it is."""

    async def finish(self, conn: Any, row: Any) -> None:
        await conn.execute(
            "UPDATE receiver.inbox SET state = 'done' WHERE tenant_id = $1 AND message_id = $2",
            row.envelope.tenant_id,
            row.envelope.message_id,
        )


class CursorRelay(Relay):
    """Planted: it goes by the last position seen, not by the flag of each row."""

    last = 0

    async def pending(self, lane: int) -> list[Any]:
        if lane:
            return []
        async with self._database.system_transaction() as conn:
            rows = await conn.fetch(
                "SELECT *, body::text AS body FROM sender.outbox WHERE position > $1"
                " ORDER BY position LIMIT 50",
                type(self).last,
            )
        type(self).last = rows[-1]["position"] if rows else type(self).last
        return [envelope_of({**row, "body": row[-1]}) for row in rows]


class MarkingFirst(Relay):
    """Planted: it marks rows as published before they are safe."""

    async def _publish(self, envelopes: Any, lane: int) -> None:
        await self._mark(envelopes)
        await self._transport.publish(envelopes, lane=lane)


PLANTED = {
    "a retry that is overtaken": (Parts(inbox=RetryOvertaking), "out of order"),
    "two workers on one key": (Parts(inbox=TwoWorkersOnOneKey), "out of order"),
    "a parked row that is overtaken": (Parts(inbox=ParkedOvertaking), "out of order"),
    "no look at the claim": (Parts(inbox=AnybodysClaim), "more than once"),
    "a cursor instead of flags": (Parts(relay=CursorRelay), "lost|come to rest"),
    "marked before it is safe": (Parts(relay=MarkingFirst), "lost"),
    "no look into the inbox": (Parts(receive=forgetful_receive), "more than once"),
}


@pytest.mark.parametrize("name", PLANTED)
async def test_a_planted_bug_is_found(stage_place, name: str) -> None:
    parts, finding = PLANTED[name]
    CursorRelay.last = 0
    for seed in range(8):
        try:
            await run(stage_place, seed, parts)
        except Wrong as wrong:
            found = str(wrong)
            break
    else:
        pytest.fail(f"{name} was not found in 8 seeds")
    assert re.search(finding, found)
    assert f"INVX_SEEDS={seed}-{seed} .venv/bin/pytest {HERE}" in found


@pytest.mark.parametrize(
    "text, expected",
    [("", range(20)), ("3", range(3)), ("17-17", range(17, 18)), ("5-7", range(5, 8))],
)
def test_the_seeds_can_be_chosen(text: str, expected: range, monkeypatch) -> None:
    monkeypatch.setenv("INVX_SEEDS", text)
    assert seeds() == expected
