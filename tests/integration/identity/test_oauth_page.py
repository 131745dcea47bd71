"""The page of `/oauth/authorize`: whom it sends where, whom it refuses, and what it never does."""

import re
from collections.abc import Callable

import pytest

from invx.contexts.identity.read.queries import FREE_ATTEMPTS
from tests.integration.identity.test_second_factor import code_of, set_up
from tests.people import anybody, sign_up
from tests.programs import BACK, Browser, Program, registered
from tests.world import World

Asked = dict[str, str | None]

# Nobody is sent anywhere: it is not certain whose place that is.
STAYS: dict[str, Asked] = {
    "no client": {"client_id": None},
    "a client that is none": {"client_id": "cli_x.tnt_y"},
    "no place": {"redirect_uri": None},
    "another place": {"redirect_uri": "https://thief.example/"},
    "a longer place": {"redirect_uri": f"{BACK}/more"},
    "a place with a query": {"redirect_uri": f"{BACK}?x=1"},
    "another host before it": {"redirect_uri": "https://shop.kontor-nord.example@thief.example/"},
    "upper case": {"redirect_uri": BACK.replace("invx", "INVX")},
}
TOLD: dict[str, tuple[Asked, str]] = {
    "a token at once": ({"response_type": "token"}, "unsupported_response_type"),
    "nothing": ({"response_type": None}, "unsupported_response_type"),
    "no challenge": ({"code_challenge": None}, "invalid_request"),
    "a plain challenge": ({"code_challenge_method": "plain"}, "invalid_request"),
    "no method": ({"code_challenge_method": None}, "invalid_request"),
    "a short challenge": ({"code_challenge": "x" * 42}, "invalid_request"),
    "a scope that it has not": ({"scope": "invoices:read tax:write"}, "invalid_scope"),
    "a scope that nobody has": ({"scope": "me:write"}, "invalid_scope"),
}


@pytest.mark.parametrize("asked", STAYS.values(), ids=STAYS)
async def test_where_the_place_is_not_the_clients_nobody_is_sent(
    world: World, asked: Asked
) -> None:
    program = await registered(await sign_up(world))
    page = await Browser(world).open(program, **asked)
    assert (page.status_code, "location" in page.headers) == (400, False)
    assert "thief" not in page.text


@pytest.mark.parametrize(("asked", "error"), TOLD.values(), ids=TOLD)
async def test_the_client_is_told_what_is_wrong(world: World, asked: Asked, error: str) -> None:
    browser = Browser(world)
    await browser.open(await registered(await sign_up(world)), **asked)
    answer = browser.answer()
    assert browser.page.headers["location"].startswith(f"{BACK}?")
    assert (answer["error"], answer["state"]) == (error, "its-own-state")
    assert answer["iss"] == "http://invx.test"


async def test_a_parameter_that_comes_twice_is_refused(world: World) -> None:
    program = await registered(await sign_up(world))
    query = [*program.asks().items(), ("state", "other")]
    page = await anybody(world).get("/oauth/authorize", params=query)
    assert (page.status_code, "location" in page.headers) == (400, False)


async def test_who_does_not_allow_it_says_so(world: World) -> None:
    ada = await sign_up(world)
    browser = Browser(world)
    await browser.open(await registered(ada))
    await browser.sign_in(ada.email)
    await browser.send(tenant=ada.tenant, decision="deny")
    assert browser.answer()["error"] == "access_denied"


async def test_the_second_factor_is_asked_for_here_too(world: World) -> None:
    ada = await sign_up(world)
    secret, codes = await set_up(ada)
    browser = Browser(world)
    program = await registered(ada)
    await browser.open(program)
    page = await browser.sign_in(ada.email)
    assert "Code of your app" in page.text
    wrong = await browser.send(code="000000")
    assert (wrong.status_code, "The code is not right." in wrong.text) == (401, True)
    assert browser.tenants == []
    await browser.send(code=code_of(secret))
    await browser.send(tenant=ada.tenant, decision="allow")
    assert (await program.exchange(browser.answer()["code"])).status_code == 200
    again = Browser(world)
    await again.open(program)
    await again.sign_in(ada.email)
    assert (await again.send(code=code_of(secret))).status_code == 401
    assert (await again.send(code=codes[0])).status_code == 200
    assert again.tenants


@pytest.mark.usefixtures("stopped_clock")
async def test_guessing_is_slow_here_too(world: World) -> None:
    ada = await sign_up(world)
    browser = Browser(world)
    await browser.open(await registered(ada))
    for _ in range(FREE_ATTEMPTS):
        page = await browser.sign_in(ada.email, "guess")
        assert (page.status_code, "is not right" in page.text) == (401, True)
        assert f'value="{ada.email}"' in page.text
    page = await browser.sign_in(ada.email, "guess")
    assert "Too many attempts failed" in page.text


Tamper = Callable[[Browser], dict[str, str]]
TAMPERED: dict[str, Tamper] = {
    "nothing": lambda browser: {"request": ""},
    "garbage": lambda browser: {"request": "v1.AAAA"},
    "changed": lambda browser: {"request": browser.kept[:-4] + "AAA="},
    "too long": lambda browser: {"request": "v1." + "A" * 10_000},
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
async def test_what_is_kept_by_the_browser_cannot_be_changed(world: World, tamper: Tamper) -> None:
    ada = await sign_up(world)
    browser = Browser(world)
    await browser.open(await registered(ada))
    page = await browser.client.post(
        "/oauth/authorize",
        data={**tamper(browser), "decision": "allow", "tenant": ada.tenant},
    )
    assert (page.status_code, "location" in page.headers) == (400, False)


async def test_a_form_that_another_browser_got_is_refused(world: World) -> None:
    """So nobody makes a person's browser send a form that was prepared elsewhere (CSRF)."""
    ada = await sign_up(world)
    mine, theirs = Browser(world), Browser(world)
    program = await registered(ada)
    await mine.open(program)
    await mine.sign_in(ada.email)
    await theirs.open(program)
    form = {"request": mine.kept, "tenant": ada.tenant, "decision": "allow"}
    for client in (theirs.client, anybody(world)):
        page = await client.post("/oauth/authorize", data=form)
        assert (page.status_code, "location" in page.headers) == (400, False)
    await mine.send(tenant=ada.tenant, decision="allow")
    assert mine.answer()["code"]


async def test_no_step_can_be_left_out(world: World) -> None:
    """What the first page keeps is not what the last one does."""
    ada = await sign_up(world)
    await set_up(ada)
    browser = Browser(world)
    await browser.open(await registered(ada))
    first = await browser.send(tenant=ada.tenant, decision="allow")
    assert "location" not in first.headers
    await browser.sign_in(ada.email)
    second = await browser.send(tenant=ada.tenant, decision="allow")
    assert (second.status_code, "location" in second.headers) == (401, False)


async def test_the_page_runs_nothing_and_stands_in_no_frame(world: World) -> None:
    ada = await sign_up(world)
    browser = Browser(world)
    program = await registered(ada)
    for page, forms in (
        (await browser.open(program), "'self'"),
        (await browser.sign_in(ada.email), "'self' https://shop.kontor-nord.example"),
    ):
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert f"form-action {forms};" in policy
        assert "script" not in policy
        assert not re.search(
            r"<script|style=|\son\w+=|javascript:|https?://",
            page.text.replace("https://shop.kontor-nord.example", ""),
        )
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
    cookie = (await Browser(world).open(program)).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_a_page_behind_tls_has_a_cookie_that_no_other_host_can_set(world: World) -> None:
    program = await registered(await sign_up(world))
    url = "https://invoices.example/oauth/authorize"
    page = await anybody(world).get(url, params=program.asks())
    cookie = page.headers["set-cookie"]
    assert cookie.startswith("__Host-invx_authorize=")
    assert "Secure" in cookie


async def test_a_person_without_a_tenant_is_told(world: World) -> None:
    ada, bob = await sign_up(world), await sign_up(world)
    program: Program = await registered(ada)
    async with world.admin() as conn:
        await conn.execute(
            "UPDATE identity.opened_tenants SET status = 'suspended'"
            " WHERE organization_id <> (SELECT organization_id FROM identity.opened_tenants"
            " ORDER BY opened_at LIMIT 1)"
        )
    browser = Browser(world)
    await browser.open(program)
    page = await browser.sign_in(bob.email)
    assert (page.status_code, "no tenant that is open" in page.text) == (403, True)
