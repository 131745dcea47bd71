"""Who was erased leaves each tenant by a transaction of its own, whatever happens in between."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from invx.contexts.identity.adapters.people import PORT
from invx.contexts.identity.app.leave_tenant import LeaveTenant, leave_tenant
from invx.contexts.identity.domain.user import actor_of
from invx.infra.facts import Answered
from invx.infra.system import Uuid7Ids
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from invx.kernel.ports import Fact
from tests.integration.identity.test_erasing_people import erase, erased, intact, names_in
from tests.people import Person, invite, join, open_for_business
from tests.world import World


def tenant_of(person: Person) -> UUID:
    return parse_typeid("tnt", person.tenant)


def user_of(person: Person) -> UUID:
    return parse_typeid("usr", person.tokens["user"])


async def suspend(world: World, tenant_id: UUID) -> None:
    """As an operator does."""
    for context in world.host.contexts.values():
        await context.directory.suspend(tenant_id)


async def resume(world: World, tenant_id: UUID) -> None:
    for context in world.host.contexts.values():
        await context.directory.resume(tenant_id)
        context.directory.forget(tenant_id)


async def member_of(*owners: Person) -> Person:
    """Somebody who belongs to all of these."""
    first, *others = owners
    bo = await join(first, "viewer")
    for owner in others:
        invited = await invite(owner, "viewer", bo.email)
        await bo.post("/v1/invitations/accept", {"token": invited["token"]})
        assert (await bo.refresh(tenant=owner.tenant)).status_code == 200
    return bo


async def seats(world: World, bo: Person) -> dict[UUID, tuple[bool, str | None]]:
    """By tenant: whether they belong to it, and their name there."""
    async with world.admin() as conn:
        rows = await conn.fetch(
            "SELECT tenant_id, removed_at IS NULL AS seated, name FROM identity.members"
            " WHERE user_id = $1",
            user_of(bo),
        )
    return {row["tenant_id"]: (row["seated"], row["name"]) for row in rows}


async def jobs(world: World) -> list[str]:
    """In which state the departures are."""
    async with world.admin() as conn:
        rows = await conn.fetch(
            "SELECT state FROM identity.due_jobs WHERE kind = 'leave_tenant' ORDER BY state"
        )
    return [row["state"] for row in rows]


async def make_due(world: World) -> None:
    """An hour later, or after the pause of a failure."""
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE identity.due_jobs SET due_at = now() - interval '1 second',"
            " next_attempt_at = '-infinity' WHERE kind = 'leave_tenant' AND state = 'pending'"
        )


async def removals(world: World) -> list[tuple[str, int]]:
    """How often each event of a departure stands anywhere."""
    async with world.admin() as conn:
        rows = await conn.fetch(
            "SELECT type, count(*) AS n FROM identity.events WHERE type IN ('MemberRemoved',"
            " 'MemberErased', 'UserErased', 'ApiKeyRevoked') GROUP BY type ORDER BY type"
        )
    return [(row["type"], row["n"]) for row in rows]


async def test_a_suspended_tenant_follows_when_it_is_open_again(world: World) -> None:
    ada, eve, kay = [await open_for_business(world) for _ in range(3)]
    bo = await member_of(ada, eve, kay)
    await suspend(world, tenant_of(eve))
    await erased(bo)
    await world.settle()
    gone, waits = (False, None), (True, "Bo Larsen")
    assert await seats(world, bo) == {
        tenant_of(ada): gone, tenant_of(eve): waits, tenant_of(kay): gone
    }  # fmt: skip
    assert await jobs(world) == ["done", "done", "pending"]
    await make_due(world)
    await world.settle()  # still suspended
    assert (await seats(world, bo))[tenant_of(eve)] == waits
    await resume(world, tenant_of(eve))
    await make_due(world)
    await world.settle()
    assert set((await seats(world, bo)).values()) == {gone}
    assert await jobs(world) == ["done"] * 3
    await intact(world, ada.tenant, eve.tenant, kay.tenant)


async def test_the_only_owner_of_a_tenant_that_is_suspended_may_go(world: World) -> None:
    ada = await open_for_business(world)
    await suspend(world, tenant_of(ada))
    await erased(ada)


async def test_a_tenant_that_is_gone_itself_keeps_nobody_waiting(world: World) -> None:
    ada = await open_for_business(world)
    await join(ada, "owner")
    live, sandbox = ada.tenant, ada.tokens["sandbox"]
    for tenant in (sandbox, live):
        assert (await ada.refresh(tenant=tenant)).status_code == 200
    await erased(ada)
    for context in world.host.contexts.values():
        await context.directory.suspend(parse_typeid("tnt", sandbox))
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE identity.tenants SET status = 'erased', epoch = epoch + 1 WHERE tenant_id = $1",
            parse_typeid("tnt", sandbox),
        )
    await world.settle()
    assert await jobs(world) == ["done", "done"]


class Dying:
    """Provides departures, and dies before or after each of the first ones."""

    def __init__(self, whole: Any, deaths: Sequence[str]) -> None:
        self.whole = whole
        self.deaths = list(deaths)

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        when = self.deaths.pop(0) if self.deaths else "never"
        if when == "before":
            raise ConnectionError("died before")
        answers: list[Answered] = await self.whole.obtain(facts)
        if when == "after":
            raise ConnectionError("died after")
        return answers


async def test_who_dies_in_the_middle_goes_on_and_does_nothing_twice(world: World) -> None:
    ada, eve = [await open_for_business(world) for _ in range(2)]
    bo = await member_of(ada, eve)
    providers = world.host.contexts["identity"].runner.providers
    dying = Dying(providers[PORT], ["before", "after", "before", "after"])
    world.host.contexts["identity"].runner.providers = {**providers, PORT: dying}
    await erased(bo)
    for _ in range(4):
        await world.settle()
        await make_due(world)
    await world.settle()
    assert dying.deaths == []
    assert set((await seats(world, bo)).values()) == {(False, None)}
    assert await jobs(world) == ["done", "done"]
    assert await removals(world) == [
        ("MemberErased", 2), ("MemberRemoved", 2), ("UserErased", 1)
    ]  # fmt: skip
    await intact(world, ada.tenant, eve.tenant)


async def test_leaving_again_changes_nothing(world: World) -> None:
    ada = await open_for_business(world)
    bo = await join(ada, "owner")
    await bo.post("/v1/api-keys", {"name": "shop", "permissions": ["invoices:read"]})
    await erased(bo)
    await world.settle()
    before = await removals(world)
    assert before == [
        ("ApiKeyRevoked", 1), ("MemberErased", 1), ("MemberRemoved", 1), ("UserErased", 1)
    ]  # fmt: skip
    inside = Caller(tenant_of(ada), actor_of(user_of(bo)), Uuid7Ids().new())
    runner = world.host.contexts["identity"].runner
    for _ in range(2):
        await runner.run(leave_tenant, LeaveTenant(user_of(bo)), inside)
    assert await removals(world) == before
    assert await names_in(ada) == ["Ada Lund"]


async def test_a_refused_erasure_leaves_everything_as_it_was(world: World) -> None:
    """The only owner of one tenant, a member of another: neither loses a word."""
    ada, eve = [await open_for_business(world) for _ in range(2)]
    invited = await invite(eve, "viewer", ada.email)
    await ada.post("/v1/invitations/accept", {"token": invited["token"]})
    before = await seats(world, ada)
    assert (await erase(ada)).status_code == 409
    await world.settle()
    assert await seats(world, ada) == before
    assert await jobs(world) == []
    assert (await ada.refresh()).status_code == 200


async def test_who_was_removed_before_is_forgotten_where_they_were(world: World) -> None:
    """A tenant keeps who a removed member was, for its history, until the account ends."""
    ada, eve = [await open_for_business(world) for _ in range(2)]
    bo = await member_of(ada, eve)
    members = {each["user"]: each["id"] for each in (await ada.get("/v1/members"))["data"]}
    gone = await ada.client.delete(f"/v1/members/{members[bo.tokens['user']]}")
    assert gone.status_code == 204
    assert (await seats(world, bo))[tenant_of(ada)] == (False, "Bo Larsen")
    acts = (await ada.get("/v1/audit/acts", type="member_seated"))["data"]
    assert bo.email in str(acts)
    await erased(bo)
    await world.settle()
    assert set((await seats(world, bo)).values()) == {(False, None)}
    acts = (await ada.get("/v1/audit/acts", type="member_seated"))["data"]
    assert bo.email not in str(acts)
    assert bo.tokens["user"] in str(acts)
