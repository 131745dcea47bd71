"""Signing in through a provider that the operator trusts; what it does not vouch for is refused."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from invx.contexts.identity.adapters import oidc
from invx.infra.embedded import Postgres
from tests.integration.identity.test_second_factor import code_of, set_up
from tests.oidc_provider import (
    CLIENT_ID,
    Account,
    Provider,
    running_provider,
    told_of,
)
from tests.people import Person, anybody, sign_up
from tests.programs import Browser, registered
from tests.waiting import HANG_SECONDS
from tests.world import World, open_world

BACK = "http://invx.test/oauth/oidc-callback"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider(BACK) as running:
        yield running


@pytest.fixture
async def world(
    server: Postgres, tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setattr(oidc, "_WAIT_SECONDS_MAX", HANG_SECONDS)  # a slow one is not away
    async with open_world(server, tmp_path, told_of(provider, "Kontor <SSO>")) as opened:
        yield opened


async def there(client: httpx.AsyncClient, leaving: httpx.Response) -> str:
    """What the provider answers the browser with: the way back."""
    assert leaving.status_code == 303, leaving.text
    async with httpx.AsyncClient(timeout=HANG_SECONDS) as outside:
        answer = await outside.get(leaving.headers["location"])
    assert answer.status_code == 302, answer.text
    back = str(answer.headers["location"])
    assert back.startswith(BACK)
    return back


async def signs_in(world: World) -> httpx.Response:
    """Somebody comes for themselves."""
    client = anybody(world)
    return await client.get(await there(client, await client.get("/oauth/oidc")))


async def ada_at(world: World, provider: Provider) -> Person:
    ada = await sign_up(world)
    provider.account = Account("sub-ada", ada.email)
    return ada


async def test_whom_the_provider_vouches_for_is_signed_in(world: World, provider: Provider) -> None:
    ada = await ada_at(world, provider)
    answer = await signs_in(world)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    tokens = answer.json()
    assert (tokens["user"], tokens["tenant"]) == (ada.tokens["user"], ada.tenant)
    ada.take(tokens)
    assert (await ada.get("/v1/sessions"))["data"][0]["method"] == "oidc"
    assert (await ada.refresh()).status_code == 200


async def test_what_is_asked_of_the_provider_is_what_the_standards_want(
    world: World, provider: Provider
) -> None:
    await ada_at(world, provider)
    client = anybody(world)
    sent = []
    for _ in range(2):
        leaving = await client.get("/oauth/oidc")
        query = parse_qs(urlsplit(leaving.headers["location"]).query)
        sent.append({name: values[0] for name, values in query.items()})
    one, other = sent
    assert one["response_type"] == "code"
    assert set(one["scope"].split()) == {"openid", "email"}
    assert (one["client_id"], one["redirect_uri"]) == (CLIENT_ID, BACK)
    assert one["code_challenge_method"] == "S256"
    for name in ("state", "nonce", "code_challenge"):
        assert one[name] != other[name]
        assert len(one[name]) >= 43
    assert provider.reads == {"/.well-known/openid-configuration": 1, "/keys": 1}


async def test_a_program_is_let_in_by_whom_the_provider_vouches_for(
    world: World, provider: Provider
) -> None:
    ada = await ada_at(world, provider)
    program = await registered(ada)
    browser = Browser(world)
    page = await browser.open(program)
    assert "Sign in with Kontor &lt;SSO&gt;" in page.text
    leaving = await browser.client.get("/oauth/oidc", params={"request": browser.kept})
    browser.page = await browser.client.get(await there(browser.client, leaving))
    await browser.send(tenant=ada.tenant, decision="allow")
    tokens = await program.exchange(browser.answer()["code"])
    assert tokens.json()["scope"] == "invoices:read"


async def test_a_second_factor_of_ours_is_asked_for_all_the_same(
    world: World, provider: Provider
) -> None:
    ada = await ada_at(world, provider)
    secret, _ = await set_up(ada)
    browser = Browser(world)
    back = await there(browser.client, await browser.client.get("/oauth/oidc"))
    browser.page = await browser.client.get(back)
    assert "Code of your app" in browser.page.text
    assert (await browser.send(code="000000")).status_code == 401
    tokens = (await browser.send(code=code_of(secret))).json()
    ada.take(tokens)
    assert (await ada.get("/v1/sessions"))["data"][0]["method"] == "oidc+totp"


async def test_the_providers_name_counts_after_the_first_time_and_not_the_address(
    world: World, provider: Provider
) -> None:
    ada, bob = await ada_at(world, provider), await sign_up(world)
    assert (await signs_in(world)).json()["user"] == ada.tokens["user"]
    provider.account = Account("sub-ada", "new.address@kontor-nord.example", email_verified=False)
    assert (await signs_in(world)).json()["user"] == ada.tokens["user"]
    provider.account = Account("sub-other", ada.email)
    assert (await signs_in(world)).status_code == 403
    provider.account = Account("sub-ada", bob.email)
    assert (await signs_in(world)).json()["user"] == ada.tokens["user"]


@pytest.mark.parametrize(
    "account",
    [
        Account("sub-1", "nobody@kontor-nord.example"),
        Account("sub-1", "", email_verified=True),
    ],
)
async def test_who_has_no_account_here_gets_none_by_being_vouched_for(
    world: World, provider: Provider, account: Account
) -> None:
    await sign_up(world)
    provider.account = account
    page = await signs_in(world)
    assert (page.status_code, "sign up first" in page.text) == (403, True)
    async with world.admin() as conn:
        assert await conn.fetchval("SELECT count(*) FROM identity.linked_identities") == 0
        assert await conn.fetchval("SELECT count(*) FROM identity.users") == 1


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_address_that_the_provider_did_not_verify_links_nobody(
    world: World, provider: Provider, verified: Any
) -> None:
    await ada_at(world, provider)
    provider.lies = {"email_verified": verified}
    assert (await signs_in(world)).status_code == 403


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://thief.example"},
    "another audience": {"aud": "somebody-else"},
    "several audiences": {"aud": [CLIENT_ID, "somebody-else"]},
    "for another party": {"azp": "somebody-else"},
    "ended": {"exp": 1_000_000_000},
    "no end": {"exp": None},
    "from the future": {"iat": 4_000_000_000},
    "another nonce": {"nonce": "other"},
    "no nonce": {"nonce": None},
    "nobody": {"sub": ""},
}


@pytest.mark.parametrize("lies", LIES.values(), ids=LIES)
async def test_an_id_token_that_is_not_for_us_and_now_is_refused(
    world: World, provider: Provider, lies: dict[str, Any]
) -> None:
    await ada_at(world, provider)
    provider.lies = lies
    page = await signs_in(world)
    assert (page.status_code, "does not vouch" in page.text) == (401, True)
    async with world.admin() as conn:
        assert await conn.fetchval("SELECT count(*) FROM identity.linked_identities") == 0


async def test_a_signature_by_another_key_is_refused(world: World, provider: Provider) -> None:
    await ada_at(world, provider)
    provider.signs_with = RSAKey.generate_key(2048)
    assert (await signs_in(world)).status_code == 401


async def test_keys_of_the_provider_may_change(
    world: World, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "_KEYS_SECONDS_MIN", 0.0)
    await ada_at(world, provider)
    assert (await signs_in(world)).status_code == 200
    provider.new_key()
    assert (await signs_in(world)).status_code == 200
    assert provider.reads["/keys"] == 2


async def test_a_provider_that_is_away_is_said_to_be_and_comes_back(
    world: World, provider: Provider
) -> None:
    await ada_at(world, provider)
    provider.down = True
    assert (await anybody(world).get("/oauth/oidc")).status_code == 503
    provider.down = False
    client = anybody(world)
    back = await there(client, await client.get("/oauth/oidc"))
    provider.down = True
    assert (await client.get(back)).status_code == 503
    provider.down = False
    assert (await client.get(back)).status_code == 200


async def test_a_provider_that_calls_itself_otherwise_is_not_the_one(
    world: World, provider: Provider
) -> None:
    provider.calls_itself = "https://thief.example"
    assert (await anybody(world).get("/oauth/oidc")).status_code == 503


async def test_the_way_back_is_good_in_the_same_browser_and_once(
    world: World, provider: Provider
) -> None:
    await ada_at(world, provider)
    client = anybody(world)
    back = await there(client, await client.get("/oauth/oidc"))
    assert (await anybody(world).get(back)).status_code == 400
    assert (await client.get(back)).status_code == 200
    assert (await client.get(back)).status_code == 401
    for query in ("", "?state=x&code=y", "?code=y", f"?state={'A' * 9_000}"):
        answer = await client.get(f"/oauth/oidc-callback{query}")
        assert answer.status_code == 400, query
    stated = parse_qs(urlsplit(back).query)["state"][0]
    denied = await client.get(
        "/oauth/oidc-callback", params={"state": stated, "error": "access_denied"}
    )
    assert denied.status_code == 401


async def test_what_travels_over_the_provider_is_unreadable_there(
    world: World, provider: Provider
) -> None:
    await ada_at(world, provider)
    await signs_in(world)
    raw = base64.urlsafe_b64decode(provider.asked["state"].removeprefix("v1."))
    for readable in (b"nonce", b"verifier", provider.asked["nonce"].encode()):
        assert readable not in raw


async def test_a_link_is_an_event_and_the_providers_name_for_a_person_is_personal(
    world: World, provider: Provider
) -> None:
    await ada_at(world, provider)
    await signs_in(world)
    async with world.admin() as conn:
        [body] = [
            row[0]
            for row in await conn.fetch(
                "SELECT body::text FROM identity.events WHERE type = 'IdentityLinked'"
            )
        ]
        personal = await conn.fetch("SELECT value::text FROM identity.personal")
    assert json.loads(body)["issuer"] == provider.issuer
    assert "sub-ada" not in body
    assert any("sub-ada" in row[0] for row in personal)


async def test_a_user_who_was_disabled_is_not_let_in(world: World, provider: Provider) -> None:
    await ada_at(world, provider)
    assert (await signs_in(world)).status_code == 200
    async with world.admin() as conn:
        await conn.execute("UPDATE identity.users SET status = 'disabled'")
    assert (await signs_in(world)).status_code == 403
