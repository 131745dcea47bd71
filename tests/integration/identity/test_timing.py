"""How long a refusal takes does not tell whether somebody has an account (statistically)."""

import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median

import pytest

from invx.contexts.identity.adapters.passwords import Passwords, Verified
from invx.infra.embedded import Postgres
from tests.people import PASSWORD, anybody, sign_up
from tests.world import World, open_world

PAIRS = 24
ALIKE = 0.9  # of all pairs; by chance 22 of 24 are in one of 28,000 runs, whatever the noise


@pytest.fixture
async def world(server: Postgres, tmp_path: Path) -> AsyncIterator[World]:
    """An installation whose passwords cost what they cost in earnest."""
    async with open_world(server, tmp_path, memory_kib=65_536) as opened:
        yield opened


async def measured(world: World, known: str) -> tuple[list[float], list[float]]:
    """Seconds of refusals: of a known address with a wrong password, and of unknown addresses.

    Pair by pair, each in an order by chance, so that what else the machine does hits both alike.
    """
    chance = random.Random(7)
    client = anybody(world)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for number in range(PAIRS + 1):
        for is_known in chance.sample((True, False), 2):
            email = known if is_known else f"nobody.{number}@kontor-nord.example"
            async with world.admin() as conn:  # or the sixth would have to wait
                await conn.execute("DELETE FROM identity.failed_attempts")
            began = time.perf_counter()
            answer = await client.post("/v1/sessions", json={"email": email, "password": "guess"})
            taken = time.perf_counter() - began
            assert answer.status_code == 401
            if number:  # the first pair warms up
                seconds[is_known].append(taken)
    return seconds[True], seconds[False]


def tells(one: list[float], other: list[float]) -> bool:
    """Whether in nearly all pairs the same one takes longer, and that by more than a little.

    How widely a busy machine spreads the samples says nothing then: it hits either of a pair as
    often. A tenth of the median is granted, which is far below what hashing costs.
    """
    longer = sum(here > there for here, there in zip(one, other, strict=True))
    alike = max(longer, len(one) - longer) >= ALIKE * len(one)
    return alike and abs(median(one) - median(other)) > median([*one, *other]) / 10


async def test_a_refusal_takes_as_long_for_an_unknown_address(world: World) -> None:
    ada = await sign_up(world)
    one, other = await measured(world, ada.email)
    assert not tells(one, other), (median(one), median(other))


class Hasty(Passwords):
    """Does what many do: without an account there is nothing to compare with."""

    async def verify(self, stored: str | None, password: str) -> Verified:
        return await super().verify(stored, password) if stored else Verified(False)


async def test_the_comparison_notices_who_skips_the_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await sign_up(world)
    passwords = world.app.state.identity.passwords
    monkeypatch.setattr(passwords, "__class__", Hasty)
    one, other = await measured(world, ada.email)
    assert tells(one, other), (median(one), median(other))
    assert median(other) < median(one)
    monkeypatch.undo()
    assert (await passwords.verify(None, PASSWORD)) == Verified(False)


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ([1.0] * 8, [1.0] * 8, False),
        ([1.0] * 8, [1.05] * 8, False),
        ([1.0] * 8, [0.5] * 8, True),
        ([1.0, 1.2, 0.9, 1.1] * 2, [1.05, 1.15, 0.95, 1.0] * 2, False),
        ([1.0, 1.2, 0.9, 1.1] * 2, [0.2, 0.3, 0.1, 0.25] * 2, True),
        ([1.0, 9.0, 1.1, 1.0] * 2, [1.0, 1.1, 1.0, 1.05] * 2, False),
    ],
)
def test_what_differs_is_what_is_beyond_the_noise(
    one: list[float], other: list[float], differ: bool
) -> None:
    assert tells(one, other) is differ
