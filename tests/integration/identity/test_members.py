"""Members: owners are made by owners, one always stays, and who left may come again."""

import asyncio
from typing import Any

import pytest

from tests.people import Person, anybody, invite, join, open_for_business, sign_up
from tests.world import World, post


async def member_of(owner: Person, person: Person) -> str:
    listed = (await owner.get("/v1/members"))["data"]
    return next(str(m["id"]) for m in listed if m["user"] == person.tokens["user"])


async def give(by: Person, member: str, role: str) -> tuple[int, dict[str, Any]]:
    """The status and the answer of giving a member a role; `by` gets a fresh token first."""
    await by.refresh(tenant=by.tenant)
    answer = await by.client.put(f"/v1/members/{member}/role", json={"role": role})
    return answer.status_code, answer.json()


async def remove(by: Person, member: str) -> tuple[int, str]:
    await by.refresh(tenant=by.tenant)
    answer = await by.client.delete(f"/v1/members/{member}")
    return answer.status_code, answer.json()["code"] if answer.content else ""


async def test_owners_are_made_and_unmade_by_owners(world: World) -> None:
    ada = await sign_up(world)
    bo, cy = await join(ada, "admin"), await join(ada, "viewer")
    hers, his = await member_of(ada, ada), await member_of(ada, cy)
    assert (await give(bo, his, "owner"))[0] == 403
    assert (await give(bo, hers, "viewer"))[0] == 403
    assert (await remove(bo, hers))[0] == 403
    status, made = await give(ada, his, "owner")
    assert (status, made["role"]) == (200, "owner")
    assert (await give(cy, hers, "admin"))[0] == 200
    assert (await give(ada, his, "viewer"))[0] == 403


async def test_a_tenant_keeps_an_owner_also_when_two_go_at_once(world: World) -> None:
    ada = await sign_up(world)
    hers = await member_of(ada, ada)
    assert await remove(ada, hers) == (409, "last_owner")
    assert (await give(ada, hers, "admin"))[1]["code"] == "last_owner"
    bo = await join(ada, "owner")
    his = await member_of(ada, bo)
    left = await asyncio.gather(
        ada.client.delete(f"/v1/members/{hers}"), bo.client.delete(f"/v1/members/{his}")
    )
    assert sorted(answer.status_code for answer in left) == [204, 409]
    async with world.admin() as conn:
        owners = await conn.fetchval(
            "SELECT count(*) FROM identity.members WHERE role = 'owner' AND removed_at IS NULL"
        )
    assert owners == 1


async def test_who_left_may_be_invited_again_and_comes_as_what_they_are_invited_to(
    world: World,
) -> None:
    ada = await open_for_business(world)
    bo = await join(ada, "admin")
    member = await member_of(ada, bo)
    assert await remove(ada, member) == (204, "")
    assert await remove(ada, member) == (404, "member_not_found")
    assert (await give(ada, member, "viewer"))[0] == 404
    assert (await bo.refresh(tenant=ada.tenant)).status_code == 403
    await ada.refresh(tenant=ada.tenant)
    invited = await invite(ada, "viewer", bo.email)
    taken = {"token": invited["token"], "name": "Bo", "password": "eleven kites above Elbe"}
    await post(anybody(world), "/v1/invitations/accept", taken, status=409)  # has an account
    await world.settle()
    fresh = {"email": bo.email, "password": "seventeen brass lanterns adrift"}
    bo.take(await post(anybody(world), "/v1/sessions", fresh, status=201))
    seat = await bo.post("/v1/invitations/accept", {"token": invited["token"]}, status=200)
    assert seat["role"] == "viewer"
    again = (await ada.get("/v1/members"))["data"]
    assert [each["id"] for each in again if each["user"] == bo.tokens["user"]] == [member]
    acts = (await ada.get("/v1/audit/acts", type="member_seated,member_removed"))["data"]
    told = [each["type"] for each in acts if each["about"] == member]
    assert told == ["member_seated", "member_removed", "member_seated"]


@pytest.mark.parametrize("role", ["accountant", "sales", "viewer"])
async def test_who_may_not_manage_people_manages_none(world: World, role: str) -> None:
    ada = await sign_up(world)
    bo = await join(ada, role)
    member = await member_of(ada, ada)
    for method, path, body in (
        ("GET", "/v1/members", None),
        ("PUT", f"/v1/members/{member}/role", {"role": "viewer"}),
        ("DELETE", f"/v1/members/{member}", None),
        ("POST", "/v1/invitations", {"email": "x@y.example", "role": "viewer"}),
        ("GET", "/v1/invitations", None),
        ("GET", "/v1/roles", None),
        ("GET", "/v1/api-keys", None),
    ):
        answer = await bo.client.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path


async def test_a_member_of_two_tenants_leaves_one_and_keeps_the_other(world: World) -> None:
    ada, bob = await open_for_business(world), await open_for_business(world)
    own = bob.tenant
    invited = await invite(ada, "sales", bob.email)
    await bob.post("/v1/invitations/accept", {"token": invited["token"]}, status=200)
    assert await remove(ada, await member_of(ada, bob)) == (204, "")
    await world.settle()
    assert (await bob.refresh(tenant=own)).status_code == 200
    assert (await bob.client.get("/v1/invoices")).status_code == 200
    assert {each["id"] for each in (await bob.get("/v1/me"))["tenants"]} == {
        own,
        bob.tokens["sandbox"],
    }


async def test_a_role_that_nobody_knows_is_given_to_nobody(world: World) -> None:
    ada = await sign_up(world)
    bo = await join(ada, "viewer")
    member = await member_of(ada, bo)
    before = (await ada.get("/v1/members"))["data"]
    for role in ("boss", "Owner", "role_01k8000000e00800000000000b"):
        status, said = await give(ada, member, role)
        assert (status, said["code"]) == (422, "role_unknown")
        assert [each["pointer"] for each in said["problems"]] == ["/role"]
        assert "viewer" in said["problems"][0]["detail"]  # what there is
    assert (await ada.get("/v1/members"))["data"] == before
    assert (await give(ada, member, "viewer"))[0] == 200  # the same again is no act
    acts = (await ada.get("/v1/audit/acts", type="member_role_changed"))["data"]
    assert acts == []
