"""Roles of a tenant's own: made of permissions, no wider than their maker, narrower at once."""

import asyncio
import base64
import json
from typing import Any

import pytest

from invx.contexts.identity.domain.roles import ROLES
from invx.contracts.permissions import PERMISSIONS
from tests.people import Person, anybody, join, open_for_business, sign_up
from tests.waiting import refused
from tests.world import World

DUNNING = {
    "name": "Dunning",
    "permissions": ["invoices:read", "settlements:read", "invoices:write"],
    "approval_limit": {"EUR": "1000.00", "JPY": "90000"},
}
PEOPLE = ["members:read", "members:write", "roles:read", "roles:write", "api_keys:write"]


def claims(person: Person) -> dict[str, Any]:
    body = person.tokens["access_token"].split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return said


async def member_of(owner: Person, person: Person) -> str:
    listed = (await owner.get("/v1/members"))["data"]
    return next(str(m["id"]) for m in listed if m["user"] == person.tokens["user"])


async def test_a_role_of_ones_own_is_given_and_says_what_tokens_carry(world: World) -> None:
    ada = await open_for_business(world)
    role = await ada.post("/v1/roles", DUNNING, status=201)
    assert role["approval_limit"] == {"EUR": "1000.00", "JPY": "90000"}
    bo = await join(ada, role["id"])
    assert set(claims(bo)["perms"]) == {*DUNNING["permissions"], "me:read", "me:write"}
    assert claims(bo)["approval_limit"] == {"EUR": "1000.00", "JPY": "90000"}
    assert "approval_limit" not in claims(ada)
    assert (await bo.client.get("/v1/invoices")).status_code == 200
    assert (await bo.client.get("/v1/roles")).status_code == 403
    listed = (await ada.get("/v1/roles"))["data"]
    assert [each["id"] for each in listed] == [*ROLES, role["id"]]
    assert [each["built_in"] for each in listed] == [True] * len(ROLES) + [False]
    assert await ada.get(f"/v1/roles/{role['id']}") == listed[-1]


async def test_the_permissions_are_listed_for_everybody(world: World) -> None:
    listed = (await anybody(world).get("/v1/permissions")).json()["data"]
    assert {each["id"] for each in listed} == set(PERMISSIONS)
    by_id = {each["id"]: each for each in listed}
    assert by_id["members:own"] == {
        "object": "permission",
        "id": "members:own",
        "roles": ["owner"],
        "personal": False,
        "grantable": False,
    }
    assert by_id["me:read"]["personal"]
    assert by_id["invoices:read"]["roles"] == list(ROLES)


async def test_what_a_role_loses_ends_within_five_seconds(world: World) -> None:
    """Measured with relay and worker running by themselves."""
    ada = await open_for_business(world)
    role = await ada.post("/v1/roles", DUNNING, status=201)
    bo = await join(ada, role["id"])
    assert (await bo.client.get("/v1/invoices")).status_code == 200
    world.host.start_background()
    less = {**DUNNING, "permissions": ["settlements:read"]}
    changed = await ada.client.put(f"/v1/roles/{role['id']}", json=less)
    assert changed.json()["permissions"] == ["settlements:read"]
    answer = await refused(bo.client)
    assert answer.status_code == 401
    assert (await bo.refresh(tenant=ada.tenant)).status_code == 200
    assert (await bo.client.get("/v1/invoices")).status_code == 403


@pytest.mark.parametrize(
    ("change", "reduced"),
    [
        ({"permissions": [*DUNNING["permissions"], "files:read"]}, False),
        ({"name": "Reminders"}, False),
        ({"approval_limit": {"EUR": "1000.01", "JPY": "90000"}}, False),
        ({"approval_limit": None}, False),
        ({"approval_limit": {"EUR": "999.99", "JPY": "90000"}}, True),
        ({"approval_limit": {"EUR": "1000.00"}}, True),
        ({"permissions": DUNNING["permissions"][:2]}, True),
    ],
)
async def test_only_who_may_do_less_has_to_get_a_new_token(
    world: World, change: dict[str, Any], reduced: bool
) -> None:
    ada = await sign_up(world)
    role = await ada.post("/v1/roles", DUNNING, status=201)
    path = f"/v1/roles/{role['id']}"
    assert (await ada.client.put(path, json=DUNNING)).status_code == 200  # the same: no act
    assert (await ada.client.put(path, json={**DUNNING, **change})).status_code == 200
    async with world.admin() as conn:
        told = await conn.fetchval(
            "SELECT count(*) FROM identity.outbox WHERE contract = 'identity.access.reduced.v1'"
        )
        acts = await conn.fetchval("SELECT count(*) FROM identity.events WHERE type ~ '^Role'")
    assert (told, acts) == (int(reduced), 2)


async def test_nobody_makes_a_role_that_may_more_than_they(world: World) -> None:
    ada = await sign_up(world)
    limited = {
        "name": "People",
        "permissions": [*PEOPLE, "invoices:read"],
        "approval_limit": {"EUR": "500"},
    }
    people = await ada.post("/v1/roles", limited, status=201)
    wide = await ada.post("/v1/roles", DUNNING, status=201)
    bo = await join(ada, people["id"])
    body = {"name": "X", "permissions": ["invoices:read", "invoices:write", "tax:write"]}
    refused = await bo.post("/v1/roles", body, status=403)
    assert [each["pointer"] for each in refused["problems"]] == [
        "/permissions/1",
        "/permissions/2",
    ]
    path = f"/v1/roles/{wide['id']}"
    more = {**DUNNING, "permissions": [*DUNNING["permissions"], "tax:write"]}
    refused = (await bo.client.put(path, json=more)).json()
    assert [each["pointer"] for each in refused["problems"]] == ["/permissions/3"]
    kept = {**DUNNING, "name": "Reminders"}  # what it had, its changer needs not have
    assert (await bo.client.put(path, json=kept)).status_code == 200
    member = await member_of(ada, bo)
    given = await bo.client.put(f"/v1/members/{member}/role", json={"role": wide["id"]})
    assert (given.status_code, given.json()["code"]) == (403, "more_than_held")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"permissions": ["invoices:fly"]}, 422, "permission_unknown"),
        ({"permissions": ["me:read"]}, 403, "more_than_held"),
        ({"permissions": ["members:own"]}, 403, "more_than_held"),
        ({"name": "Owner"}, 409, "role_name_taken"),
        ({"name": "DUNNING"}, 409, "role_name_taken"),
        ({"name": ""}, 422, "invalid"),
        ({"approval_limit": {"EUR": "-1"}}, 422, "invalid"),
        ({"approval_limit": {"euro": "1"}}, 422, "invalid"),
        ({"approval_limit": {"EUR": 1}}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_a_role_is_refused(
    world: World, change: dict[str, Any], status: int, code: str
) -> None:
    ada = await sign_up(world)
    await ada.post("/v1/roles", DUNNING, status=201)
    body = {**DUNNING, "name": "Second", **change}
    assert (await ada.post("/v1/roles", body, status=status))["code"] == code


async def test_a_role_that_somebody_has_stays(world: World) -> None:
    ada = await sign_up(world)
    role = await ada.post("/v1/roles", DUNNING, status=201)
    path = f"/v1/roles/{role['id']}"
    bo = await join(ada, role["id"])
    assert (await ada.client.delete(path)).json()["code"] == "role_in_use"
    member = await member_of(ada, bo)
    given = await ada.client.put(f"/v1/members/{member}/role", json={"role": "viewer"})
    assert given.status_code == 200
    await ada.refresh(tenant=ada.tenant)
    invitation = await ada.post(
        "/v1/invitations", {"email": "x@y.example", "role": role["id"]}, status=201
    )
    assert (await ada.client.delete(path)).json()["code"] == "role_in_use"
    await ada.client.delete(f"/v1/invitations/{invitation['id']}")
    assert (await ada.client.delete(path)).status_code == 204
    assert (await ada.client.delete(path)).status_code == 404
    assert (await ada.client.get(path)).status_code == 404
    unknown = await ada.client.put(f"/v1/members/{member}/role", json={"role": role["id"]})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "role_unknown")
    again = await ada.post("/v1/roles", DUNNING, status=201)
    assert again["id"] != role["id"]


async def test_a_role_is_not_given_while_it_is_removed(world: World) -> None:
    ada = await sign_up(world)
    bo = await join(ada, "viewer")
    member = await member_of(ada, bo)
    for _ in range(3):
        role = await ada.post("/v1/roles", DUNNING, status=201)
        given, removed = await asyncio.gather(
            ada.client.put(f"/v1/members/{member}/role", json={"role": role["id"]}),
            ada.client.delete(f"/v1/roles/{role['id']}"),
        )
        assert (given.status_code, removed.status_code) in {(200, 409), (422, 204)}
        await ada.refresh(tenant=ada.tenant)
        if given.status_code == 200:
            await ada.client.put(f"/v1/members/{member}/role", json={"role": "viewer"})
            await ada.refresh(tenant=ada.tenant)
            await ada.client.delete(f"/v1/roles/{role['id']}")


async def test_another_tenant_sees_and_gives_no_role_of_this_one(world: World) -> None:
    ada, bob = await sign_up(world), await sign_up(world)
    role = await ada.post("/v1/roles", DUNNING, status=201)
    path = f"/v1/roles/{role['id']}"
    assert (await bob.client.get(path)).status_code == 404
    assert (await bob.client.put(path, json=DUNNING)).status_code == 404
    assert (await bob.client.delete(path)).status_code == 404
    assert len((await bob.get("/v1/roles"))["data"]) == len(ROLES)
    body = {"email": "x@y.example", "role": role["id"]}
    assert (await bob.post("/v1/invitations", body, status=422))["code"] == "role_unknown"
