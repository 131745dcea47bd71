"""Who came in, from where, and who changed what: shown, filtered, exported, sealed."""

import csv
import io
import json
from typing import Any

import httpx
import pytest

from invx.contexts.identity.api.routes.acts import IN_TENANT, OF_PERSON
from invx.infra.audit import verify
from invx.infra.tenancy import INSTALLATION
from invx.kernel.ids import parse_typeid
from tests.people import PASSWORD, Person, anybody, join, open_for_business, sign_in, sign_up
from tests.world import World


def at_home(world: World, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(world.app, client=(address, 4711))
    client = httpx.AsyncClient(
        transport=transport,
        base_url="http://invx.test",
        headers={"User-Agent": "browser of Bo"},
        timeout=60,
    )
    world.keep(client)
    return client


async def acts(person: Person, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await person.get("/v1/audit/acts", **query))["data"]
    return found


async def member_of(owner: Person, person: Person) -> str:
    listed = (await owner.get("/v1/members"))["data"]
    return next(str(m["id"]) for m in listed if m["user"] == person.tokens["user"])


async def busy(world: World) -> tuple[Person, Person, str]:
    """A tenant in which something happened; its owner, a member, and the id of the member."""
    ada = await open_for_business(world)
    bo = await join(ada, "viewer")
    member = await member_of(ada, bo)
    path = f"/v1/members/{member}"
    assert (await ada.client.put(f"{path}/role", json={"role": "sales"})).status_code == 200
    bo.client = at_home(world, "192.0.2.7")
    signed_in = await bo.client.post("/v1/sessions", json={"email": bo.email, "password": PASSWORD})
    bo.take(signed_in.json())
    return ada, bo, member


async def test_who_came_in_from_where_and_who_changed_what(world: World) -> None:
    ada, bo, member = await busy(world)
    shown = await acts(ada)
    assert [each["type"] for each in shown] == [
        "member_entered",
        "member_role_changed",
        "member_entered",
        "member_seated",
        "invitation_accepted",
        "invitation_made",
        "member_entered",
        "member_seated",
    ]
    entered, changed = shown[0], shown[1]
    assert (entered["actor"], entered["about"]) == (f"user:{bo.tokens['user']}", member)
    assert (entered["address"], entered["user_agent"]) == ("192.0.2.7", "browser of Bo")
    assert (entered["session"], entered["after"]["method"]) == (bo.tokens["session"], "password")
    assert (changed["before"], changed["after"]) == ({"role": "viewer"}, {"role": "sales"})
    assert (changed["actor"], changed["about"]) == (f"user:{ada.tokens['user']}", member)
    assert (changed["session"], changed["address"]) == (ada.tokens["session"], "127.0.0.1")
    assert changed["request_id"]
    made = shown[5]
    assert made["after"]["email"] == bo.email
    assert made["before"] is None


async def test_a_session_comes_in_once_however_often_it_is_refreshed(world: World) -> None:
    ada = await open_for_business(world)
    for _ in range(3):
        assert (await ada.refresh(tenant=ada.tenant)).status_code == 200
    await sign_in(world, ada.email)
    assert [each["type"] for each in await acts(ada)] == [
        "member_entered",
        "member_entered",
        "member_seated",
    ]


async def test_acts_are_narrowed_and_paged(world: World) -> None:
    ada, bo, _ = await busy(world)
    everything = await acts(ada)
    own = f"user:{bo.tokens['user']}"
    assert {each["actor"] for each in await acts(ada, actor=own)} == {own}
    several = await acts(ada, type="member_role_changed,invitation_made")
    assert [each["type"] for each in several] == ["member_role_changed", "invitation_made"]
    at = everything[2]["at"]
    assert await acts(ada, **{"at[lt]": at}) == everything[3:]
    assert await acts(ada, **{"at[gte]": at, "sort": "at"}) == everything[2::-1]
    assert await acts(ada, actor="user:nobody") == []
    for sort, expected in (("-at", everything), ("at", everything[::-1])):
        paged, after = [], {}
        while True:
            page = await ada.get("/v1/audit/acts", limit=3, sort=sort, **after)
            paged += page["data"]
            if not page["has_more"]:
                break
            after = {"after": page["next"]}
        assert paged == expected


@pytest.mark.parametrize("query", [{"type": "x"}, {"from": "2026-01-01"}, {"at": "2026-01-01"}])
async def test_what_acts_cannot_be_asked_is_named(world: World, query: dict[str, str]) -> None:
    ada = await sign_up(world)
    answer = await ada.client.get("/v1/audit/acts", params=query)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["parameter"] == next(iter(query))


async def test_the_export_says_what_the_list_says(world: World) -> None:
    ada, bo, _ = await busy(world)
    listed = (await acts(ada))[::-1]
    answer = await ada.client.get("/v1/audit/acts/export", params={"format": "jsonl"})
    assert answer.headers["content-type"] == "application/jsonl"
    lines = [json.loads(each) for each in answer.text.splitlines()]
    for said, act in zip(lines, listed, strict=True):
        changes = {name: said[name] and json.loads(said[name]) for name in ("before", "after")}
        assert {**said, **changes, "object": "act"} == act
    answer = await ada.client.get("/v1/audit/acts/export", params={"type": "member_entered"})
    assert answer.headers["content-disposition"] == 'attachment; filename="acts.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["type"] for row in rows] == ["member_entered"] * 3
    assert rows[-1]["address"] == "192.0.2.7"
    both = await ada.client.get("/v1/audit/acts/export", params={"format": "csv,jsonl"})
    assert both.status_code == 422
    assert (await bo.client.get("/v1/audit/acts/export")).status_code == 403


async def test_people_see_what_happened_to_their_own_account_only(world: World) -> None:
    ada, bob = await sign_up(world), await sign_up(world)
    await sign_in(world, ada.email)
    seen = (await ada.get("/v1/me/acts"))["data"]
    assert [each["type"] for each in seen] == [
        "session_opened",
        "session_opened",
        "user_registered",
    ]
    assert seen[0]["after"]["address"] == "127.0.0.1"
    body = {"old": PASSWORD, "password": "forty crimson otters yodelling"}
    assert (await ada.client.put("/v1/me/password", json=body)).status_code == 204
    after = (await ada.get("/v1/me/acts", limit=3))["data"]
    assert {each["type"] for each in after} == {"password_changed", "session_revoked"}
    changed = next(each for each in after if each["type"] == "password_changed")
    assert changed["session"] == ada.tokens["session"]
    assert changed["address"] == "127.0.0.1"
    assert len((await bob.get("/v1/me/acts"))["data"]) == 2
    one = (await bob.get("/v1/me/acts", type="user_registered"))["data"]
    assert [each["about"] for each in one] == [bob.tokens["user"]]


async def test_another_tenant_sees_nothing_of_these_acts(world: World) -> None:
    ada, bob = await sign_up(world), await sign_up(world)
    seen = json.dumps(await acts(bob))
    assert ada.email not in seen
    assert ada.tokens["user"] not in seen
    mine = f"user:{ada.tokens['user']}"
    assert await acts(bob, actor=mine) == []


async def test_what_is_shown_is_chained_and_a_change_is_noticed(world: World) -> None:
    ada, bo, _ = await busy(world)
    tenant_id = parse_typeid("tnt", ada.tenant)
    async with world.admin() as conn:
        for each in (tenant_id, INSTALLATION):
            audit = await verify(conn, "identity", each)
            assert audit.intact, audit.broken
        # Somebody makes it look as if the role had been changed in another session.
        await conn.execute(
            "UPDATE identity.events SET causation_id = $1 WHERE type = 'MemberRoleChanged'",
            parse_typeid("ses", bo.tokens["session"]),
        )
        audit = await verify(conn, "identity", tenant_id)
    assert not audit.intact


async def test_in_a_suspended_tenant_people_read_and_nothing_is_noted(world: World) -> None:
    ada = await open_for_business(world)
    tenant_id = parse_typeid("tnt", ada.tenant)
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE identity.tenants SET status = 'suspended', epoch = epoch + 1"
            " WHERE tenant_id = $1",
            tenant_id,
        )
    answer = await sign_in(world, ada.email, tenant=ada.tenant)
    assert answer.status_code == 201
    reader = anybody(world, Authorization=f"Bearer {answer.json()['access_token']}")
    shown = (await reader.get("/v1/audit/acts")).json()["data"]
    assert [each["type"] for each in shown] == ["member_entered", "member_seated"]


def test_every_kind_of_act_has_a_name_to_ask_for() -> None:
    assert {"MemberEntered", "ApiKeyRevoked", "RoleChanged", "InvitationMade"} <= set(IN_TENANT)
    assert {"SessionOpened", "PasswordChanged"} <= set(OF_PERSON)
