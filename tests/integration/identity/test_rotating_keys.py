"""Keys rotate while requests run: none is refused, and no process is started anew."""

import asyncio
import time
from datetime import timedelta

import pytest

from invx.infra.http import jwks
from invx.infra.key_rotation import KeyFiles, rotate
from invx.infra.system import SystemClock
from tests.people import Person, anybody, sign_up
from tests.world import World


async def working(person: Person, until: asyncio.Event) -> tuple[int, list[int]]:
    """Refreshes and asks, again and again: how often, and what was not answered with 200."""
    count, wrong = 0, []
    while not until.is_set():
        answers = [await person.refresh(), await person.client.get("/v1/me")]
        count += 1
        wrong += [each.status_code for each in answers if each.status_code != 200]
        await asyncio.sleep(0)
    return count, wrong


async def test_no_request_is_refused_while_keys_rotate(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The minute is a fifth of a second here: a verifier looks as often as that for new keys."""
    monkeypatch.setattr(jwks, "REFRESH_SECONDS_MIN", 0.2)
    people = [await sign_up(world) for _ in range(2)]
    old = people[0].client.headers["Authorization"]
    files = KeyFiles(world.settings.place.signing_key, world.key.parent / "jwks.json")
    end = asyncio.Event()
    running = [asyncio.create_task(working(person, end)) for person in people]
    rotated = []
    for _ in range(3):
        done = await asyncio.to_thread(
            rotate, files, SystemClock(), time.sleep, ahead=timedelta(seconds=1)
        )
        rotated.append(done.kid)
        await asyncio.sleep(0.3)
    end.set()
    results = await asyncio.gather(*running)
    assert [wrong for _, wrong in results] == [[], []]
    assert min(count for count, _ in results) >= len(rotated)
    published = (await anybody(world).get("/.well-known/jwks.json")).json()["keys"]
    assert [key["kid"] for key in published][1:] == rotated
    assert all("d" not in key for key in published)
    still = await anybody(world, Authorization=old).get("/v1/me")
    assert still.status_code == 200
