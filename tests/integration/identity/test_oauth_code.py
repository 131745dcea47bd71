"""A person lets a program in: authorization code with PKCE, tokens, and the end of both."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from invx.kernel.ids import parse_typeid
from tests.people import sign_up
from tests.programs import BACK, Browser, Program, allowed, let_in, registered
from tests.waiting import refused
from tests.world import SELLER, World


async def test_a_program_that_is_let_in_works_in_the_name_of_the_person(world: World) -> None:
    ada = await sign_up(world)
    program = await registered(ada, scopes=("invoices:read", "legal_entities:write"))
    browser = Browser(world)
    page = await browser.open(program)
    assert (page.status_code, "Shop &amp; &lt;Söhne&gt;" in page.text) == (200, True)
    page = await browser.sign_in(ada.email)
    assert "Invoices: read" in page.text
    assert "registered by\nKontor Nord GmbH" in page.text
    assert browser.tenants == [each["id"] for each in ada.tokens["tenants"]]
    await browser.send(tenant=ada.tokens["sandbox"], decision="allow")
    answer = browser.answer()
    assert browser.page.headers["location"].startswith(f"{BACK}?")
    assert (answer["state"], answer["iss"]) == ("its-own-state", "http://invx.test")
    exchanged = await program.exchange(answer["code"])
    tokens = exchanged.json()
    assert exchanged.headers["cache-control"] == "no-store"
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 300)
    assert tokens["scope"] == "invoices:read legal_entities:write"
    await world.settle()
    client = program.speaking(tokens)
    assert (await client.post("/v1/legal-entities", json=SELLER)).status_code == 201
    assert (await client.get("/v1/legal-entities")).status_code == 403
    assert (await client.get("/v1/me")).status_code == 403
    async with world.admin() as conn:
        actor = await conn.fetchval("SELECT actor FROM invoicing.events LIMIT 1")
    assert actor == f"user:{ada.tokens['user']}"


async def test_the_person_sees_the_program_and_takes_it_back(world: World) -> None:
    ada = await sign_up(world)
    program = await registered(ada)
    tokens = await let_in(program, ada)
    [session] = [each for each in (await ada.get("/v1/sessions"))["data"] if each["client"]]
    assert (session["client"], session["tenant"]) == (program.client_id, ada.tenant)
    assert session["method"] == "oauth"
    assert (await ada.client.delete(f"/v1/sessions/{session['id']}")).status_code == 204
    again = await program.token("refresh_token", refresh_token=tokens["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_refresh_tokens_of_programs_rotate_and_reuse_ends_the_session(world: World) -> None:
    ada = await sign_up(world)
    program = await registered(ada, "public")
    first = (await let_in(program, ada))["refresh_token"]
    second = (await program.token("refresh_token", refresh_token=first)).json()
    assert second["scope"] == "invoices:read"
    for shown in (first, second["refresh_token"]):
        answer = await program.token("refresh_token", refresh_token=shown)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    async with world.admin() as conn:
        reason = await conn.fetchval("SELECT reason FROM identity.sessions WHERE method = 'oauth'")
    assert reason == "refresh_reused"


async def test_a_refresh_token_serves_only_whom_it_was_given(world: World) -> None:
    ada = await sign_up(world)
    program, other = await registered(ada), await registered(ada)
    stolen = (await let_in(program, ada))["refresh_token"]
    thief = await other.token("refresh_token", refresh_token=stolen)
    assert (thief.status_code, thief.json()["error"]) == (400, "invalid_grant")
    stolen = (await let_in(program, ada))["refresh_token"]
    nobody = await program.token(
        "refresh_token", refresh_token=stolen, client_id=None, client_secret=None
    )
    assert nobody.json()["error"] == "invalid_grant"
    own = ada.tokens["refresh_token"]
    as_person = await program.token("refresh_token", refresh_token=own)
    assert as_person.json()["error"] == "invalid_grant"


async def test_a_code_is_good_once_and_reuse_ends_what_it_gave(world: World) -> None:
    ada = await sign_up(world)
    program = await registered(ada)
    code = await allowed(program, ada)
    tokens = (await program.exchange(code)).json()
    again = await program.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    answer = await program.token("refresh_token", refresh_token=tokens["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"
    async with world.admin() as conn:
        reason = await conn.fetchval("SELECT reason FROM identity.sessions WHERE method = 'oauth'")
    assert reason == "code_reused"


async def test_of_many_who_show_one_code_at_once_one_is_served_at_most(world: World) -> None:
    ada = await sign_up(world)
    program = await registered(ada)
    code = await allowed(program, ada)
    answers = await asyncio.gather(*(program.exchange(code) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400]


WRONG: dict[str, dict[str, str | None]] = {
    "another verifier": {"code_verifier": "x" * 43},
    "a verifier that is too short": {"code_verifier": "x" * 42},
    "another place": {"redirect_uri": f"{BACK}/"},
}


@pytest.mark.parametrize("more", WRONG.values(), ids=WRONG)
async def test_a_code_that_is_shown_wrongly_is_used_up(
    world: World, more: dict[str, str | None]
) -> None:
    ada = await sign_up(world)
    program = await registered(ada)
    code = await allowed(program, ada)
    wrong = await program.exchange(code, **more)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    assert (await program.exchange(code)).status_code == 400


async def test_another_program_gets_nothing_for_a_code(world: World) -> None:
    ada = await sign_up(world)
    program, other = await registered(ada), await registered(ada)
    code = await allowed(program, ada)
    other.verifier = program.verifier
    assert (await other.exchange(code)).json()["error"] == "invalid_grant"


async def test_a_code_lives_a_minute(world: World) -> None:
    ada = await sign_up(world)
    program = await registered(ada)
    code = await allowed(program, ada)
    async with world.admin() as conn:
        left = await conn.fetchval("SELECT expires_at - now() FROM identity.authorization_codes")
        await conn.execute(
            "UPDATE identity.authorization_codes SET expires_at = now() - interval '1 second'"
        )
    assert timedelta(0) < left <= timedelta(seconds=60)
    assert (await program.exchange(code)).json()["error"] == "invalid_grant"


async def test_a_place_need_not_be_said_again(world: World) -> None:
    """OAuth 2.1 left `redirect_uri` out of the token request."""
    ada = await sign_up(world)
    program = await registered(ada)
    code = await allowed(program, ada)
    assert (await program.exchange(code, redirect_uri=None)).status_code == 200


async def test_an_app_on_the_persons_machine_listens_wherever_it_can(world: World) -> None:
    ada = await sign_up(world)
    body = {
        "name": "Desk",
        "type": "public",
        "redirect_uris": ["http://127.0.0.1/back", "com.example.desk:/back"],
        "scopes": ["invoices:read"],
    }
    said = await ada.post("/v1/oauth-clients", body)
    assert said["client_secret"] is None
    for back in ("http://127.0.0.1:49152/back", "com.example.desk:/back"):
        program = Program(world, said, back)
        assert (await let_in(program, ada))["scope"] == "invoices:read"


async def test_a_person_of_another_tenant_lets_it_into_their_own_only(world: World) -> None:
    ada, bob = await sign_up(world), await sign_up(world, organization="Südkontor AG")
    await world.settle()
    program = await registered(ada)
    tokens = await let_in(program, bob)
    assert (await program.speaking(tokens).get("/v1/invoices")).json()["data"] == []
    browser = Browser(world)
    await browser.open(program)
    await browser.sign_in(bob.email)
    refused = await browser.send(tenant=ada.tenant, decision="allow")
    assert (refused.status_code, "location" in refused.headers) == (403, False)


async def test_what_a_role_loses_the_program_loses_too(world: World) -> None:
    ada, bob = await sign_up(world), await sign_up(world)
    program = await registered(ada, scopes=("invoices:read", "invoices:write"))
    tokens = await let_in(program, ada)
    async with world.admin() as conn:
        await conn.execute("UPDATE identity.members SET role = 'viewer'")
    answer = await program.token("refresh_token", refresh_token=tokens["refresh_token"])
    assert answer.json()["scope"] == "invoices:read"
    async with world.admin() as conn:
        await conn.execute("UPDATE identity.members SET removed_at = now()")
        owner = parse_typeid("usr", bob.tokens["user"])
        await conn.execute("UPDATE identity.organizations SET owner_id = $1", owner)
    shown: dict[str, Any] = answer.json()
    gone = await program.token("refresh_token", refresh_token=shown["refresh_token"])
    assert (gone.status_code, gone.json()["error"]) == (400, "invalid_grant")


async def test_a_program_that_is_removed_gets_nothing_any_more(world: World) -> None:
    ada = await sign_up(world)
    program = await registered(ada)
    tokens = await let_in(program, ada)
    code = await allowed(program, ada)
    path = f"/v1/oauth-clients/{program.said['id']}"
    for _ in range(2):
        assert (await ada.client.delete(path)).status_code == 204
    for answer in (
        await program.token("refresh_token", refresh_token=tokens["refresh_token"]),
        await program.exchange(code),
        await program.token("client_credentials"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    page = await Browser(world).open(program)
    assert (page.status_code, "location" in page.headers) == (400, False)
    await world.settle()
    assert (await refused(program.speaking(tokens))).status_code == 401


async def test_who_changed_the_password_meanwhile_has_to_begin_anew(world: World) -> None:
    ada = await sign_up(world)
    program = await registered(ada)
    browser = Browser(world)
    await browser.open(program)
    await browser.sign_in(ada.email)
    async with world.admin() as conn:
        await conn.execute("UPDATE identity.users SET password_hash = password_hash || 'x'")
    refused = await browser.send(tenant=ada.tenant, decision="allow")
    assert (refused.status_code, "location" in refused.headers) == (400, False)
