"""Signing in, refreshing, signing out; guessing is slow, and tells nothing."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from invx.contexts.identity.read.queries import FREE_ATTEMPTS
from tests.people import PASSWORD, Person, anybody, sign_in, sign_up
from tests.world import World

OTHER = "forty crimson otters yodelling"


async def test_who_signed_up_signs_in_and_finds_their_tenants(world: World) -> None:
    ada = await sign_up(world)
    tokens = (await sign_in(world, f" {ada.email.upper()} ".strip())).json()
    assert tokens["tenant"] == ada.tokens["tenant"]
    me = await ada.get("/v1/me")
    assert (me["id"], me["email"], me["name"]) == (ada.tokens["user"], ada.email, "Ada Lund")
    assert me["tenants"] == tokens["tenants"]
    into = (await sign_in(world, ada.email, tenant=ada.tokens["sandbox"])).json()
    assert into["tenant"] == ada.tokens["sandbox"]


async def test_wrong_password_and_unknown_address_are_refused_in_the_same_words(
    world: World,
) -> None:
    ada = await sign_up(world)
    answers = [
        await sign_in(world, ada.email, "wrong"),
        await sign_in(world, "nobody@kontor-nord.example"),
        await sign_in(world, "nobody@kontor-nord.example", ""),
    ]
    bodies = []
    for answer in answers:
        assert answer.status_code == 401
        body = answer.json()
        bodies.append({name: body[name] for name in body if name != "request_id"})
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0]["code"] == "sign_in_refused"


async def test_a_refresh_token_is_good_once_and_ends_the_session_when_it_comes_again(
    world: World,
) -> None:
    ada = await sign_up(world)
    first = ada.tokens["refresh_token"]
    assert (await ada.refresh()).status_code == 200
    second = ada.tokens["refresh_token"]
    assert second != first
    for shown in (first, second, "invx_rt_nonsense"):
        form = {"grant_type": "refresh_token", "refresh_token": shown}
        answer = await anybody(world).post("/oauth/token", data=form)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), shown
        assert answer.headers["cache-control"] == "no-store"
    async with world.admin() as conn:
        reason = await conn.fetchval("SELECT reason FROM identity.sessions")
    assert reason == "refresh_reused"


async def test_of_two_who_show_one_refresh_token_at_once_one_is_served(world: World) -> None:
    ada = await sign_up(world)
    form = {"grant_type": "refresh_token", "refresh_token": ada.tokens["refresh_token"]}
    answers = await asyncio.gather(
        *(anybody(world).post("/oauth/token", data=form) for _ in range(6))
    )
    assert sorted(answer.status_code for answer in answers).count(200) <= 1
    async with world.admin() as conn:
        assert await conn.fetchval("SELECT reason FROM identity.sessions") == "refresh_reused"


async def test_sessions_are_listed_and_end_one_by_one(world: World) -> None:
    ada, bob = await sign_up(world), await sign_up(world)
    other = Person(world, ada.email, anybody(world, **{"User-Agent": "phone"}), {})
    body = {"email": ada.email, "password": PASSWORD}
    other.take((await other.client.post("/v1/sessions", json=body)).json())
    listed = (await ada.get("/v1/sessions"))["data"]
    assert (listed[0]["method"], listed[0]["user_agent"]) == ("password", "phone")
    assert {each["id"] for each in listed} == {ada.tokens["session"], other.tokens["session"]}
    path = f"/v1/sessions/{other.tokens['session']}"
    assert (await bob.client.delete(path)).status_code == 404
    assert (await ada.client.delete(path)).status_code == 204
    assert (await ada.client.delete(path)).status_code == 204
    assert (await other.refresh()).status_code == 400
    assert [each["id"] for each in (await ada.get("/v1/sessions"))["data"]] == [
        ada.tokens["session"]
    ]


async def test_another_password_ends_every_session_and_only_it_is_good_afterwards(
    world: World,
) -> None:
    ada = await sign_up(world)
    for old, password, status in (
        ("wrong", OTHER, 401),
        (PASSWORD, "qwertz12345", 422),
        (PASSWORD, OTHER, 204),
    ):
        body = {"old": old, "password": password}
        answer = await ada.client.put("/v1/me/password", json=body)
        assert answer.status_code == status, answer.text
    assert (await ada.refresh()).status_code == 400
    assert (await sign_in(world, ada.email)).status_code == 401
    assert (await sign_in(world, ada.email, OTHER)).status_code == 201


def from_address(world: World, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(world.app, client=(address, 4711))
    client = httpx.AsyncClient(transport=transport, base_url="http://invx.test", timeout=60)
    world.keep(client)
    return client


@pytest.mark.usefixtures("stopped_clock")
async def test_guessing_gets_slow_but_not_for_the_victim_at_home(world: World) -> None:
    home, away, thief = (from_address(world, each) for each in ("10.0.0.1", "10.0.0.2", "10.6.6.6"))
    ada = await sign_up(world)
    good = {"email": ada.email, "password": PASSWORD}
    bad = {**good, "password": "guess"}
    assert (await home.post("/v1/sessions", json=good)).status_code == 201
    seen = [(await thief.post("/v1/sessions", json=bad)).status_code for _ in range(8)]
    assert seen == [401] * FREE_ATTEMPTS + [429] * (8 - FREE_ATTEMPTS)
    refused = await thief.post("/v1/sessions", json=good)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert (await away.post("/v1/sessions", json=good)).status_code == 429
    assert (await home.post("/v1/sessions", json=good)).status_code == 201


@pytest.mark.usefixtures("stopped_clock")
async def test_a_stranger_who_tries_many_addresses_waits_too(world: World) -> None:
    thief = from_address(world, "10.6.6.6")
    for number in range(FREE_ATTEMPTS):
        body = {"email": f"nobody.{number}@example.com", "password": "guess"}
        assert (await thief.post("/v1/sessions", json=body)).status_code == 401
    body = {"email": "nobody@example.com", "password": "guess"}
    assert (await thief.post("/v1/sessions", json=body)).status_code == 429


async def test_the_wait_ends(world: World) -> None:
    ada = await sign_up(world)
    thief = from_address(world, "10.6.6.6")
    bad = {"email": ada.email, "password": "guess"}
    for _ in range(FREE_ATTEMPTS):
        await thief.post("/v1/sessions", json=bad)
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE identity.failed_attempts SET last_at = last_at - $1::interval",
            timedelta(minutes=2),
        )
    good = {**bad, "password": PASSWORD}
    assert (await thief.post("/v1/sessions", json=good)).status_code == 201


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
    ],
)
async def test_the_token_endpoint_refuses_in_the_words_of_its_standard(
    world: World, form: dict[str, Any], error: str
) -> None:
    answer = await anybody(world).post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_the_published_keys_are_public_ones(world: World) -> None:
    answer = await anybody(world).get("/.well-known/jwks.json")
    [key] = answer.json()["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("EC", "P-256", "ES256")
    assert "d" not in key


async def test_a_hash_of_old_parameters_is_made_anew_at_the_next_sign_in(world: World) -> None:
    ada = await sign_up(world)
    old = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1).hash(PASSWORD)
    async with world.admin() as conn:
        await conn.execute("UPDATE identity.users SET password_hash = $1", old)
        assert (await sign_in(world, ada.email)).status_code == 201
        kept = await conn.fetchval("SELECT password_hash FROM identity.users")
    assert kept != old
    assert (await sign_in(world, ada.email)).status_code == 201


@pytest.mark.usefixtures("stopped_clock")
async def test_the_old_password_cannot_be_guessed_by_who_stole_a_token(world: World) -> None:
    ada = await sign_up(world)
    body = {"old": "guess", "password": OTHER}
    seen = [
        (await ada.client.put("/v1/me/password", json=body)).status_code
        for _ in range(FREE_ATTEMPTS + 1)
    ]
    assert seen == [401] * FREE_ATTEMPTS + [429]
    right = {"old": PASSWORD, "password": OTHER}
    assert (await ada.client.put("/v1/me/password", json=right)).status_code == 429
