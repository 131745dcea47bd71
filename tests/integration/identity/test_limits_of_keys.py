"""A key approves up to the limit of whoever made it, and tokens say so wherever they go."""

import base64
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from invx.contexts.identity.api.exchanging import exchanged as exchange_of
from invx.infra.http.exchanging import GRANT
from tests.people import Person, anybody, join, open_for_business
from tests.world import World

LIMITED = {
    "name": "Clerk",
    "permissions": ["api_keys:write", "api_keys:read", "invoices:read", "roles:write"],
    "approval_limit": {"EUR": "250.00"},
}


async def clerk(world: World) -> tuple[Person, Person]:
    ada = await open_for_business(world)
    role = await ada.post("/v1/roles", LIMITED, status=201)
    return ada, await join(ada, role["id"])


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return said


async def exchanged(world: World, secret: str) -> dict[str, Any]:
    form = {"grant_type": GRANT, "subject_token": secret}
    answer = await anybody(world).post("/oauth/token", data=form)
    return claims(answer.json()["access_token"])


async def test_a_key_of_a_limited_person_is_limited(world: World) -> None:
    ada, bo = await clerk(world)
    body = {"name": "X", "permissions": ["invoices:read", "api_keys:write"]}
    key = await bo.post("/v1/api-keys", body, status=201)
    assert key["approval_limit"] == {"EUR": "250.00"}
    said = await exchanged(world, key["secret"])
    assert said["approval_limit"] == {"EUR": "250.00"}
    assert "sid" not in said
    free = await ada.post("/v1/api-keys", body, status=201)
    assert free["approval_limit"] is None
    assert "approval_limit" not in await exchanged(world, free["secret"])


async def test_a_key_that_is_made_by_a_limited_key_is_limited_too(world: World) -> None:
    _, bo = await clerk(world)
    body = {"name": "X", "permissions": ["invoices:read", "api_keys:write"]}
    key = await bo.post("/v1/api-keys", body, status=201)
    program = anybody(world, Authorization=f"Bearer {key['secret']}")
    second = await program.post("/v1/api-keys", json=body)
    assert second.status_code == 201, second.text
    assert second.json()["approval_limit"] == {"EUR": "250.00"}


async def test_the_verifier_hands_the_limit_and_the_session_on(world: World) -> None:
    _, bo = await clerk(world)
    verifier = world.app.state.verifier
    person = await verifier.verify(bo.tokens["access_token"])
    assert person.approval_limit == {"EUR": Decimal("250.00")}
    assert person.session_id is not None
    body = {"name": "X", "permissions": ["invoices:read"]}
    key = await bo.post("/v1/api-keys", body, status=201)
    program = await verifier.verify(key["secret"])
    assert program.approval_limit == {"EUR": Decimal("250.00")}
    assert program.session_id is None
    assert program.subject == f"key:{key['id']}"


async def test_a_change_of_the_limit_comes_with_the_next_token_and_keys_keep_theirs(
    world: World,
) -> None:
    ada, bo = await clerk(world)
    body = {"name": "X", "permissions": ["invoices:read"]}
    key = await bo.post("/v1/api-keys", body, status=201)
    roles = (await ada.get("/v1/roles"))["data"]
    path = f"/v1/roles/{roles[-1]['id']}"
    more = {**LIMITED, "approval_limit": {"EUR": "900.00", "USD": "900.00"}}
    assert (await ada.client.put(path, json=more)).status_code == 200
    assert (await bo.refresh(tenant=ada.tenant)).status_code == 200
    assert claims(bo.tokens["access_token"])["approval_limit"] == more["approval_limit"]
    assert (await exchanged(world, key["secret"]))["approval_limit"] == {"EUR": "250.00"}


@pytest.mark.parametrize("permission", LIMITED["permissions"])
async def test_a_key_loses_what_there_is_no_more(world: World, permission: str) -> None:
    """A permission that a later version takes away is in no token, though the key names it."""
    ada, _ = await clerk(world)
    body = {"name": "X", "permissions": LIMITED["permissions"]}
    key = await ada.post("/v1/api-keys", body, status=201)
    edge = world.app.state.identity
    smaller = frozenset(edge.access.permissions) - {permission}
    narrowed = replace(edge, access=replace(edge.access, permissions=smaller))
    given = await exchange_of(narrowed, key["secret"], edge.ids.new())
    assert given.permissions == set(LIMITED["permissions"]) - {permission}


async def test_long_exports_of_acts_are_few_at_once_and_give_their_place_back(
    world: World,
) -> None:
    ada = await open_for_business(world)
    slots = world.app.state.identity.exports
    free = slots.free
    for _ in range(free):
        slots.take()
    busy = await ada.client.get("/v1/audit/acts/export")
    assert (busy.status_code, busy.json()["code"]) == (503, "unavailable")
    assert "retry-after" in busy.headers
    for _ in range(free):
        slots.give_back()
    answers: list[httpx.Response] = [
        await ada.client.get("/v1/audit/acts/export", params={"format": "jsonl"})
        for _ in range(free + 2)
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert slots.free == free


async def test_an_export_of_many_acts_is_whole_and_in_order(world: World) -> None:
    """Several fetches of the cursor; what is no formula in a list is none in a spreadsheet."""
    ada = await open_for_business(world)
    role = await ada.post("/v1/roles", {**LIMITED, "name": "Clerk 0"}, status=201)
    for number in range(1, 4):
        body = {**LIMITED, "name": f"Clerk {number}"}
        assert (await ada.client.put(f"/v1/roles/{role['id']}", json=body)).status_code == 200
    async with world.admin() as conn:
        await conn.execute(
            "INSERT INTO identity.events SELECT e.tenant_id, e.stream_id, 100 + n,"
            " gen_random_uuid(), e.type, e.schema_version, e.occurred_at,"
            " e.recorded_at + n * interval '1 second', '=HYPERLINK(1)', e.correlation_id, NULL,"
            " e.body, e.hash FROM identity.events e, generate_series(1, 1200) n"
            " WHERE e.type = 'RoleChanged' AND e.version = 2"
        )
    answer = await ada.client.get(
        "/v1/audit/acts/export", params={"type": "role_changed", "format": "jsonl"}
    )
    lines = [json.loads(each) for each in answer.text.splitlines()]
    assert len(lines) == 1203
    assert [each["at"] for each in lines] == sorted(each["at"] for each in lines)
    text = (await ada.client.get("/v1/audit/acts/export", params={"type": "role_changed"})).text
    assert ",'=HYPERLINK(1)," in text
    assert ",=HYPERLINK" not in text
