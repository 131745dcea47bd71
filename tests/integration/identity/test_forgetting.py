"""Refresh tokens that are good for nothing are swept; those that say something are kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

from invx.contexts.identity.adapters import forgetting
from tests.people import Person, sign_up
from tests.world import World


async def turn(world: World) -> int:
    """The chore, as the upkeep does it."""
    [chore] = world.host.contexts["identity"].chores
    assert chore.name == "forget_refresh_tokens"
    count = await chore.do()
    assert isinstance(count, int)
    return count


async def rows(world: World) -> list[Any]:
    async with world.admin() as conn:
        return list(
            await conn.fetch("SELECT used_at IS NOT NULL AS used FROM identity.refresh_tokens")
        )


async def age(world: World, days: float, *, used: bool) -> None:
    """Let tokens have ended so long ago."""
    moment = datetime.now(UTC) - timedelta(days=days)
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE identity.refresh_tokens SET expires_at = $1 WHERE (used_at IS NOT NULL) = $2",
            *(moment, used),
        )


async def refreshed(world: World, times: int) -> Person:
    ada = await sign_up(world)
    for _ in range(times):
        assert (await ada.refresh()).is_success
    return ada


async def test_used_and_unused_tokens_go_once_they_are_over(world: World) -> None:
    await refreshed(world, 3)
    assert await turn(world) == 0
    await age(world, 2, used=True)
    assert await turn(world) == 3
    assert [row["used"] for row in await rows(world)] == [False]
    await age(world, 2, used=False)
    assert await turn(world) == 1
    assert await turn(world) == 0


async def test_what_ended_a_moment_ago_is_kept_for_a_day(world: World) -> None:
    await refreshed(world, 1)
    await age(world, 0.9, used=True)
    await age(world, 0.9, used=False)
    assert await turn(world) == 0


async def test_a_used_token_that_comes_again_still_ends_its_session(world: World) -> None:
    ada = await sign_up(world)
    first = ada.tokens["refresh_token"]
    await ada.refresh()
    await turn(world)
    form = {"grant_type": "refresh_token", "refresh_token": first}
    assert (await ada.client.post("/oauth/token", data=form)).status_code == 400
    assert not (await ada.refresh()).is_success  # whoever has the newest is out too


async def test_many_go_batch_by_batch(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(forgetting, "_BATCH", 2)
    await refreshed(world, 5)
    await age(world, 2, used=True)
    assert await turn(world) == 5
