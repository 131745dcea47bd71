"""What is done about a person at the moment of their erasure is undone with it, or refused."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.integration.identity.test_erasing_people import erase, erased, intact
from tests.integration.identity.test_leaving_tenants import seats, tenant_of, user_of
from tests.people import Person, invite, join, open_for_business
from tests.world import World

LOCKED_SECONDS = 15  # less than a lock is waited for, so that who waits has not given up


async def owners(world: World) -> tuple[Person, Person]:
    ada = await open_for_business(world)
    return ada, await join(ada, "owner")


async def keys_of(world: World, bo: Person) -> list[bool]:
    """Of each key that they made, whether it is good."""
    async with world.admin() as conn:
        rows = await conn.fetch(
            "SELECT revoked_at IS NULL AS good FROM identity.api_keys WHERE created_by = $1",
            f"user:{bo.tokens['user']}",
        )
    return [row["good"] for row in rows]


async def test_keys_that_are_made_meanwhile_end_too(world: World) -> None:
    ada, bo = await owners(world)
    body = {"name": "shop", "permissions": ["invoices:read"]}
    made = [bo.client.post("/v1/api-keys", json=body) for _ in range(4)]
    _, *answers = await asyncio.gather(erased(bo), *made)
    assert {each.status_code for each in answers} <= {201, 404}
    await world.settle()
    kept = await keys_of(world, bo)
    assert len(kept) == [each.status_code for each in answers].count(201)
    assert not any(kept)
    await intact(world, ada.tenant)


async def test_who_accepts_an_invitation_meanwhile_leaves_there_too(world: World) -> None:
    ada, bo = await owners(world)
    eve = await open_for_business(world)
    token = (await invite(eve, "viewer", bo.email))["token"]
    _, accepted = await asyncio.gather(
        erased(bo), bo.client.post("/v1/invitations/accept", json={"token": token})
    )
    # 403: the account that is gone has no address any more.
    assert accepted.status_code in {200, 403, 404}, accepted.text
    await world.settle()
    assert set((await seats(world, bo)).values()) == {(False, None)}
    await intact(world, ada.tenant, eve.tenant)


async def tried_beside(
    world: World, lock: tuple[UUID, int], act: Any, seconds: float = 0.5
) -> tuple[bool, Any]:
    """Whether the act waits for who holds this lock, and its answer afterwards.

    Where it is not to wait, give it time: a slow machine must not look like a lock.
    """
    async with world.admin() as conn, conn.transaction():
        await conn.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, $2))", *lock
        )
        trying = asyncio.create_task(act)
        done, _ = await asyncio.wait([trying], timeout=seconds)
    return not done, await trying


@pytest.mark.parametrize("lock", ["owners of the tenant", "the person", "the installation"])
async def test_an_erasure_waits_for_who_changes_what_it_asks(world: World, lock: str) -> None:
    ada, bo = await owners(world)
    held = {
        "owners of the tenant": (tenant_of(ada), 8),
        "the person": (user_of(bo), 13),
        "the installation": (UUID(int=1), 4),
    }
    waited, answer = await tried_beside(world, held[lock], erase(bo))
    assert (waited, answer.status_code) == (True, 204)


async def test_an_erasure_does_not_wait_for_what_is_none_of_it(world: World) -> None:
    ada, bo = await owners(world)
    other = await open_for_business(world)
    waited, answer = await tried_beside(world, (tenant_of(other), 8), erase(bo), LOCKED_SECONDS)
    assert (waited, answer.status_code) == (False, 204)
    waited, answer = await tried_beside(world, (user_of(ada), 13), erase(ada))
    assert (waited, answer.json()["code"]) == (True, "only_owner")


async def test_leaving_waits_for_the_writers_of_the_tenant_only(world: World) -> None:
    ada, bo = await owners(world)
    await erased(bo)
    waited, _ = await tried_beside(world, (tenant_of(ada), 4), world.settle())
    assert waited
    assert (await seats(world, bo)) == {tenant_of(ada): (False, None)}
