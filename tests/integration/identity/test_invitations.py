"""People come into a tenant by invitation: once, in time, at the address that was meant."""

import asyncio
import importlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from invx.contexts.identity.api.granting import hash_of
from invx.infra.audit import verify
from invx.infra.secret_text import SecretText
from invx.kernel.ids import parse_typeid
from tests.people import (
    PASSWORD,
    Person,
    anybody,
    invite,
    join,
    open_for_business,
    sign_in,
    sign_up,
    sign_up_body,
)
from tests.world import World, post

ACCEPT = "/v1/invitations/accept"


def accepting(invited: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"token": invited["token"], "name": "Bo Larsen", "password": PASSWORD, **more}


async def test_somebody_new_reads_accepts_and_works(world: World) -> None:
    ada = await open_for_business(world)
    invited = await invite(ada, "sales", "bo@kontor-nord.example")
    shown = (await anybody(world).get(invited["path"])).json()
    assert shown["name"] == "Kontor Nord GmbH"
    assert (shown["email"], shown["role"]) == ("bo@kontor-nord.example", "sales")
    client = anybody(world)
    tokens = await post(client, ACCEPT, accepting(invited), status=201)
    assert tokens["tenant"] == ada.tenant
    assert [each["role"] for each in tokens["tenants"]] == ["sales"]
    client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    assert (await client.get("/v1/invoices")).status_code == 200
    assert (await client.get("/v1/members")).status_code == 403
    members = (await ada.get("/v1/members"))["data"]
    assert [(each["name"], each["role"]) for each in members] == [
        ("Ada Lund", "owner"),
        ("Bo Larsen", "sales"),
    ]
    assert (await sign_in(world, "bo@kontor-nord.example")).json()["tenant"] == ada.tenant


async def test_who_has_an_account_accepts_under_their_session_and_switches(world: World) -> None:
    ada, bob = await open_for_business(world), await open_for_business(world)
    invited = await invite(ada, "accountant", bob.email.upper())
    client = anybody(world)
    taken = await post(client, ACCEPT, accepting(invited), status=409)
    assert taken["code"] == "email_taken"
    seat = await bob.post(ACCEPT, {"token": invited["token"]}, status=200)
    assert (seat["id"], seat["role"]) == (ada.tenant, "accountant")
    own = bob.tenant
    assert (await bob.refresh(tenant=ada.tenant)).status_code == 200
    assert bob.tenant == ada.tenant
    assert (await bob.client.get("/v1/accounting/charts")).status_code == 200
    assert (await bob.client.post("/v1/invoices", json={})).status_code == 403
    await bob.refresh(tenant=own)
    assert bob.tenant == own
    assert {each["id"] for each in (await bob.get("/v1/me"))["tenants"]} >= {own, ada.tenant}


async def test_an_invitation_is_good_once(world: World) -> None:
    ada = await sign_up(world)
    invited = await invite(ada, "viewer")
    bodies = [accepting(invited) for _ in range(4)]
    answers = await asyncio.gather(*(anybody(world).post(ACCEPT, json=body) for body in bodies))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {409, 410}
    again = await post(anybody(world), ACCEPT, accepting(invited), status=410)
    assert again["code"] == "invitation_over"
    assert (await anybody(world).get(invited["path"])).status_code == 410
    assert len((await ada.get("/v1/members"))["data"]) == 2
    assert (await ada.get("/v1/invitations"))["data"] == []


async def test_an_invitation_is_for_the_address_that_it_names(world: World) -> None:
    ada, eve = await sign_up(world), await sign_up(world)
    invited = await invite(ada, "admin", "bo@kontor-nord.example")
    refused = await eve.post(ACCEPT, {"token": invited["token"]}, status=403)
    assert refused["code"] == "invitation_for_another"
    assert len((await ada.get("/v1/members"))["data"]) == 1


async def test_withdrawn_replaced_and_expired_ones_are_over(world: World) -> None:
    ada = await sign_up(world)
    withdrawn = await invite(ada, "viewer")
    assert (await ada.client.delete(f"/v1/invitations/{withdrawn['id']}")).status_code == 204
    first = await invite(ada, "viewer", "bo@kontor-nord.example")
    second = await invite(ada, "sales", "Bo@Kontor-Nord.example")
    expired = await invite(ada, "viewer")
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE identity.invitations SET expires_at = now() WHERE invitation_id = $1",
            parse_typeid("ivt", expired["id"]),
        )
    for each in (withdrawn, first, expired):
        answer = await post(anybody(world), ACCEPT, accepting(each), status=410)
        assert answer["code"] == "invitation_over"
    listed = (await ada.get("/v1/invitations"))["data"]
    assert {each["id"]: each["status"] for each in listed} == {
        second["id"]: "open",
        expired["id"]: "expired",
    }
    await invite(ada, "viewer")
    assert expired["id"] not in {each["id"] for each in (await ada.get("/v1/invitations"))["data"]}
    assert (await anybody(world).post(ACCEPT, json=accepting(second))).status_code == 201


async def test_a_week_is_counted_by_system_time(world: World) -> None:
    ada = await open_for_business(world)
    invited = await invite(ada, "viewer")
    await world.advance(parse_typeid("tnt", ada.tenant), timedelta(days=30))
    assert (await anybody(world).post(ACCEPT, json=accepting(invited))).status_code == 201


async def test_nobody_invites_to_more_than_they_may(world: World) -> None:
    ada = await sign_up(world)
    body = {"name": "People", "permissions": ["members:write", "members:read", "invoices:read"]}
    role = await ada.post("/v1/roles", body, status=201)
    bo = await join(ada, role["id"])
    for wanted in ("admin", "sales", "viewer"):
        refused = await bo.post(
            "/v1/invitations", {"email": "x@y.example", "role": wanted}, status=403
        )
        assert refused["code"] == "more_than_held", wanted
    refused = await bo.post(
        "/v1/invitations", {"email": "x@y.example", "role": "owner"}, status=403
    )
    assert refused["code"] == "forbidden"
    assert (await invite(bo, role["id"]))["role"] == role["id"]
    me = bo.tokens["user"]
    member = next(m for m in (await bo.get("/v1/members"))["data"] if m["user"] == me)
    raised = await bo.client.put(f"/v1/members/{member['id']}/role", json={"role": "admin"})
    assert (raised.status_code, raised.json()["code"]) == (403, "more_than_held")


async def test_whom_a_removed_member_invited_comes_no_more(world: World) -> None:
    ada = await sign_up(world)
    bo = await join(ada, "admin")
    back_door = await invite(bo, "admin")
    hers = await invite(ada, "viewer")
    member = next(
        m for m in (await ada.get("/v1/members"))["data"] if m["user"] == bo.tokens["user"]
    )
    assert (await ada.client.delete(f"/v1/members/{member['id']}")).status_code == 204
    await post(anybody(world), ACCEPT, accepting(back_door), status=410)
    await post(anybody(world), ACCEPT, accepting(hers), status=201)


async def test_a_member_is_not_invited_again(world: World) -> None:
    ada = await sign_up(world)
    body = {"email": ada.email.upper(), "role": "viewer"}
    assert (await ada.post("/v1/invitations", body, status=409))["code"] == "already_member"
    body = {"email": "x@y.example", "role": "boss"}
    unknown = await ada.post("/v1/invitations", body, status=422)
    assert [each["pointer"] for each in unknown["problems"]] == ["/role"]


async def test_what_is_no_invitation_is_not_found(world: World) -> None:
    ada = await sign_up(world)
    tenant_id = parse_typeid("tnt", ada.tenant)
    invited = await invite(ada, "viewer")
    wrong = [
        invited["token"][:-1],
        invited["token"] + "x",
        SecretText.new("inv", tenant_id).text,
        SecretText.new("inv", parse_typeid("ivt", invited["id"])).text,
        SecretText.new("live", tenant_id).text,
    ]
    for token in wrong:
        assert (await anybody(world).get(f"/v1/invitations/{token}")).status_code == 404, token
        answer = await anybody(world).post(ACCEPT, json=accepting({"token": token}))
        assert (answer.status_code, answer.json()["code"]) == (404, "invitation_not_found")
    assert (await ada.client.delete("/v1/invitations/ivt_x")).status_code == 404


async def test_an_incomplete_or_weak_acceptance_uses_nothing_up(world: World) -> None:
    ada = await sign_up(world)
    invited = await invite(ada, "viewer")
    token = {"token": invited["token"]}
    missing = await post(anybody(world), ACCEPT, token, status=422)
    assert [each["pointer"] for each in missing["problems"]] == ["/name", "/password"]
    weak = await post(anybody(world), ACCEPT, accepting(invited, password="bo larsen"), status=422)
    assert [each["pointer"] for each in weak["problems"]] == ["/password"]
    bad = anybody(world, Authorization="Bearer nonsense")
    assert (await bad.post(ACCEPT, json=token)).status_code == 401
    await post(anybody(world), ACCEPT, accepting(invited), status=201)


async def test_an_account_whose_process_died_before_the_seat_accepts_afterwards(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitations = importlib.import_module("invx.contexts.identity.api.routes.invitations")

    ada = await sign_up(world)
    invited = await invite(ada, "viewer")

    async def dies(*_: Any) -> None:
        raise RuntimeError("killed between the two transactions")

    with monkeypatch.context() as patched:
        patched.setattr(invitations, "_accept", dies)
        answer = await anybody(world).post(ACCEPT, json=accepting(invited))
        assert answer.status_code == 500
    signed_in = await sign_in(world, invited["email"])
    assert signed_in.json()["tenants"] == []
    bo = Person(world, invited["email"], anybody(world), {})
    bo.take(signed_in.json())
    seat = await bo.post(ACCEPT, {"token": invited["token"]}, status=200)
    assert seat["id"] == ada.tenant


@pytest.mark.parametrize(("invited_open", "status"), [(True, 201), (False, 403)])
async def test_the_operator_decides_who_gets_an_account(
    world: World, invited_open: bool, status: int
) -> None:
    ada, bob = await sign_up(world), await sign_up(world)
    edge = world.app.state.identity
    access = replace(edge.access, sign_up_open=False, invited_open=invited_open)
    world.app.state.identity = replace(edge, access=access)
    refused = await post(anybody(world), "/v1/sign-up", sign_up_body(), status=403)
    assert refused["code"] == "sign_up_closed"
    await post(anybody(world), ACCEPT, accepting(await invite(ada, "viewer")), status=status)
    invited = await invite(ada, "viewer", bob.email)
    assert (await bob.post(ACCEPT, {"token": invited["token"]}, status=200))["id"] == ada.tenant


async def test_another_tenant_sees_no_invitation_of_this_one(world: World) -> None:
    ada, bob = await sign_up(world), await sign_up(world)
    invited = await invite(ada, "viewer")
    assert (await bob.get("/v1/invitations"))["data"] == []
    assert (await bob.client.delete(f"/v1/invitations/{invited['id']}")).status_code == 404
    assert len((await ada.get("/v1/invitations"))["data"]) == 1


async def test_no_token_and_no_address_is_kept_longer_than_it_is_needed(world: World) -> None:
    ada = await sign_up(world)
    invited = await invite(ada, "viewer", "bo@kontor-nord.example")
    await post(anybody(world), ACCEPT, accepting(invited), status=201)
    async with world.admin() as conn:
        audit = await verify(conn, "identity", parse_typeid("tnt", ada.tenant))
        row = await conn.fetchval("SELECT i::text FROM identity.invitations i")
        bodies = [row[0] for row in await conn.fetch("SELECT body::text FROM identity.events")]
    assert audit.intact, audit.broken
    assert invited["email"] not in row
    for secret in (invited["token"], hash_of(invited["token"])):
        assert not any(secret in body for body in bodies)
    assert not any(invited["email"] in body for body in bodies)
