"""A token that is asked for while access is reduced is never younger than the reduction.

The moment of a reduction is read before its commit. Whoever is given a token reads what they may
under the lock that a reduction holds alone, and the token says when it was asked for.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from invx.kernel.ids import parse_typeid
from tests.integration.identity.test_members import member_of
from tests.people import anybody, join, open_for_business
from tests.programs import registered
from tests.world import World


@asynccontextmanager
async def reduction_under_way(world: World, tenant: str) -> AsyncIterator[None]:
    """As if a reduction of the tenant had been recorded and not yet committed."""
    async with world.admin() as conn, conn.transaction():
        await conn.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 12))",
            parse_typeid("tnt", tenant),
        )
        yield


async def hear(world: World, tenant: str) -> None:
    """Every context knows of reduced access."""
    await world.settle()
    for context in world.host.contexts.values():
        context.directory.forget(parse_typeid("tnt", tenant))


async def waits(asked: "asyncio.Task[Any]") -> bool:
    """Whether an answer is still to come after a while in which it would have come."""
    await asyncio.sleep(0.3)
    return not asked.done()


async def test_a_token_of_a_person_waits_for_the_reduction(world: World) -> None:
    ada = await open_for_business(world)
    bo = await join(ada, "admin")
    async with reduction_under_way(world, ada.tenant):
        asked = asyncio.create_task(bo.refresh(tenant=ada.tenant))
        assert await waits(asked)
    assert (await asked).is_success


async def test_a_token_of_a_program_waits_for_the_reduction(world: World) -> None:
    ada = await open_for_business(world)
    program = await registered(ada, scopes=("invoices:read",))
    async with reduction_under_way(world, ada.tenant):
        asked = asyncio.create_task(program.token("client_credentials"))
        assert await waits(asked)
    assert (await asked).is_success


async def test_other_tenants_do_not_wait(world: World) -> None:
    ada, bo = await open_for_business(world), await open_for_business(world)
    async with reduction_under_way(world, ada.tenant):
        assert (await bo.refresh(tenant=bo.tenant)).is_success


async def worth(world: World, answer: httpx.Response) -> int:
    """What a token that was given is answered with; 401 where none was given."""
    if not answer.is_success:
        return 401
    token = answer.json()["access_token"]
    client = anybody(world, Authorization=f"Bearer {token}")
    return (await client.get("/v1/invoices")).status_code


@pytest.mark.parametrize("round", range(4))
async def test_who_refreshes_while_they_are_removed_gets_nothing_of_worth(
    world: World, round: int
) -> None:
    ada = await open_for_business(world)
    bo = await join(ada, "admin")
    member = await member_of(ada, bo)

    async def later() -> httpx.Response:
        await asyncio.sleep(0.004 * round)
        return await bo.refresh(tenant=ada.tenant)

    gone, refreshed = await asyncio.gather(ada.client.delete(f"/v1/members/{member}"), later())
    assert gone.status_code == 204
    await hear(world, ada.tenant)
    assert await worth(world, refreshed) == 401


async def test_who_was_removed_after_the_seats_were_read_is_no_member(world: World) -> None:
    """The role is read again under the lock, so what was read before it counts no more."""
    ada = await open_for_business(world)
    bo = await join(ada, "admin")
    async with reduction_under_way(world, ada.tenant):
        asked = asyncio.create_task(bo.refresh(tenant=ada.tenant))
        assert await waits(asked)
        async with world.admin() as conn:
            await conn.execute(
                "UPDATE identity.members SET removed_at = now() WHERE user_id = $1",
                parse_typeid("usr", bo.tokens["user"]),
            )
    answer = await asked
    assert (answer.status_code, answer.json()["code"]) == (403, "not_a_member")


async def test_a_client_that_is_removed_meanwhile_gets_nothing_of_worth(world: World) -> None:
    ada = await open_for_business(world)
    program = await registered(ada, scopes=("invoices:read",))
    client = (await ada.get("/v1/oauth-clients"))["data"][0]["id"]
    gone, given = await asyncio.gather(
        ada.client.delete(f"/v1/oauth-clients/{client}"), program.token("client_credentials")
    )
    assert gone.status_code == 204
    await hear(world, ada.tenant)
    assert await worth(world, given) == 401
