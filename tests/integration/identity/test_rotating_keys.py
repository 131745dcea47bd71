"""Keys rotate while requests run: none is refused, and no process is started anew."""

import asyncio
import time
from collections import Counter
from datetime import timedelta

import pytest

from invx.infra.http import jwks
from invx.infra.key_rotation import KeyFiles, rotate
from invx.infra.system import SystemClock
from tests.integration.delivery.stage import until
from tests.people import Person, anybody, sign_up
from tests.world import World


async def working(person: Person, end: asyncio.Event, rounds: Counter[str]) -> list[int]:
    """Refreshes and asks, again and again, and counts: what was not answered with 200."""
    wrong: list[int] = []
    while not end.is_set():
        answers = [await person.refresh(), await person.client.get("/v1/me")]
        rounds[person.email] += 1
        wrong += [each.status_code for each in answers if each.status_code != 200]
        await asyncio.sleep(0)
    return wrong


async def test_no_request_is_refused_while_keys_rotate(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The minute is a fifth of a second here: a verifier looks as often as that for new keys."""
    monkeypatch.setattr(jwks, "REFRESH_SECONDS_MIN", 0.2)
    people = [await sign_up(world) for _ in range(2)]
    old = people[0].client.headers["Authorization"]
    files = KeyFiles(world.settings.place.signing_key, world.key.parent / "jwks.json")
    end = asyncio.Event()
    rounds: Counter[str] = Counter()
    running = [asyncio.create_task(working(person, end, rounds)) for person in people]
    rotated = []
    for _ in range(3):
        done = await asyncio.to_thread(
            rotate, files, SystemClock(), time.sleep, ahead=timedelta(seconds=1)
        )
        rotated.append(done.kid)
        before = rounds.copy()
        await asyncio.sleep(0.3)

        async def both(before: Counter[str] = before) -> bool:
            return all(rounds[each.email] > before[each.email] for each in people)

        await until(both)
    end.set()
    results = await asyncio.gather(*running)
    assert results == [[], []]
    published = (await anybody(world).get("/.well-known/jwks.json")).json()["keys"]
    assert [key["kid"] for key in published][1:] == rotated
    assert all("d" not in key for key in published)
    still = await anybody(world, Authorization=old).get("/v1/me")
    assert still.status_code == 200
