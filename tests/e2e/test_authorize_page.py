"""A person lets a program in, in a real browser: what they see, and that policies do not hinder."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from tests.browser import chromium, served
from tests.integration.identity.test_second_factor import code_of, set_up
from tests.people import PASSWORD, sign_up
from tests.programs import BACK, registered
from tests.waiting import HANG_SECONDS
from tests.world import World

SHOP = "https://shop.kontor-nord.example"


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page whose console and network are listened to: nothing may be refused or fetched."""
    async with chromium() as browser:
        opened = await browser.new_page(viewport={"width": 900, "height": 760})
        opened.set_default_timeout(HANG_SECONDS * 1000)
        expect.set_options(timeout=HANG_SECONDS * 1000)
        opened.complaints = []  # type: ignore[attr-defined]
        opened.on("console", lambda said: opened.complaints.append(said.text))

        async def shop(route: Route) -> None:
            await route.fulfill(status=200, content_type="text/html", body="<h1>Thanks</h1>")

        await opened.route(f"{SHOP}/**", shop)
        yield opened


async def test_a_person_lets_a_program_in_with_both_factors(
    world: World, page: Page, tmp_path: Path
) -> None:
    ada = await sign_up(world)
    secret, _ = await set_up(ada)
    program = await registered(ada, scopes=("invoices:read", "invoices:write", "tax:read"))
    async with served(world) as address:
        request = httpx.Request("GET", f"{address}/oauth/authorize", params=program.asks())
        await page.goto(str(request.url))
        await expect(page.get_by_role("heading")).to_have_text("Sign in")
        colour = "getComputedStyle(document.querySelector('header')).backgroundColor"
        assert await page.evaluate(colour) == "rgb(27, 27, 27)"  # the style sheet was loaded
        await page.screenshot(path=tmp_path / "sign-in.png")
        await page.get_by_label("Email").fill(ada.email)
        await page.get_by_label("Password").fill("wrong")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        assert await page.get_by_label("Email").input_value() == ada.email
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading")).to_have_text("Second factor")
        await page.screenshot(path=tmp_path / "second-factor.png")
        await page.get_by_label("Code").fill(code_of(secret))
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading")).to_have_text("Let Shop & <Söhne> in?")
        await expect(page.get_by_role("listitem")).to_have_text(
            ["Invoices: read, write", "Tax: read"]
        )
        await page.screenshot(path=tmp_path / "consent.png")
        await page.get_by_label("Into").select_option(ada.tokens["sandbox"])
        await page.get_by_role("button", name="Allow", exact=True).click()
        await expect(page.get_by_role("heading")).to_have_text("Thanks")
        assert page.url.startswith(f"{BACK}?")
        query = parse_qs(urlsplit(page.url).query)
        assert query["iss"] == [address]
        assert "request" not in query
    tokens = await program.exchange(query["code"][0])
    assert tokens.json()["scope"] == "invoices:read invoices:write tax:read"
    refused = [each for each in page.complaints if "401" not in each]  # type: ignore[attr-defined]
    assert refused == []


async def test_a_person_who_does_not_allow_it_goes_back_too(world: World, page: Page) -> None:
    ada = await sign_up(world)
    program = await registered(ada)
    async with served(world) as address:
        request = httpx.Request("GET", f"{address}/oauth/authorize", params=program.asks())
        await page.goto(str(request.url))
        await page.get_by_label("Email").fill(ada.email)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="Do not allow").click()
        await expect(page.get_by_role("heading")).to_have_text("Thanks")
    assert parse_qs(urlsplit(page.url).query)["error"] == ["access_denied"]


async def test_no_other_site_can_frame_the_page(world: World, page: Page) -> None:
    program = await registered(await sign_up(world))
    async with served(world) as address:
        request = httpx.Request("GET", f"{address}/oauth/authorize", params=program.asks())

        async def thief(route: Route) -> None:
            frame = f'<iframe src="{str(request.url).replace("&", "&amp;")}"></iframe>'
            await route.fulfill(status=200, content_type="text/html", body=frame)

        await page.route("https://thief.example/**", thief)
        await page.goto("https://thief.example/")
        await page.wait_for_timeout(500)
        texts = [await frame.content() for frame in page.frames]
    assert len(texts) == 2
    assert not any("Password" in text for text in texts)


async def test_it_can_be_used_on_a_phone(world: World, page: Page, tmp_path: Path) -> None:
    program = await registered(await sign_up(world))
    await page.set_viewport_size({"width": 360, "height": 640})
    async with served(world) as address:
        request = httpx.Request("GET", f"{address}/oauth/authorize", params=program.asks())
        await page.goto(str(request.url))
        await page.screenshot(path=tmp_path / "phone.png")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        button = await page.get_by_role("button", name="Sign in").bounding_box()
    assert button is not None
    assert button["height"] >= 36
