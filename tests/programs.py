"""Programs that speak OAuth, and a browser without scripts that walks through our page."""

import base64
import hashlib
import html
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.people import PASSWORD, Person, anybody
from tests.world import World

BACK = "https://shop.kontor-nord.example/invx"
_KEPT = re.compile(r'name="request" value="([^"]+)"')
_TENANTS = re.compile(r'<option value="(tnt_[^"]+)"')


@dataclass(slots=True)
class Program:
    """A registered client: its credentials, and a verifier for the next time that it asks."""

    world: World
    said: dict[str, Any]
    back: str = BACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def client_id(self) -> str:
        return str(self.said["client_id"])

    def asks(self, **more: str | None) -> dict[str, str]:
        """The query that it sends a browser with."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.back,
            "state": "its-own-state",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            **more,
        }
        return {name: value for name, value in query.items() if value is not None}

    async def token(self, grant: str, **more: str | None) -> httpx.Response:
        """At the token endpoint, as itself unless told otherwise."""
        form = {
            "grant_type": grant,
            "client_id": self.client_id,
            "client_secret": self.said.get("client_secret"),
            **more,
        }
        sent = {name: value for name, value in form.items() if value is not None}
        return await anybody(self.world).post("/oauth/token", data=sent)

    async def exchange(self, code: str, **more: str | None) -> httpx.Response:
        """What a person allowed."""
        form: dict[str, str | None] = {"redirect_uri": self.back, "code_verifier": self.verifier}
        return await self.token("authorization_code", code=code, **{**form, **more})

    def speaking(self, tokens: dict[str, Any]) -> httpx.AsyncClient:
        """A client of the API with these tokens."""
        return anybody(self.world, Authorization=f"Bearer {tokens['access_token']}")


async def registered(
    person: Person, type: str = "confidential", scopes: tuple[str, ...] = ("invoices:read",)
) -> Program:
    """A program of the person's tenant."""
    body = {"name": "Shop & <Söhne>", "type": type, "redirect_uris": [BACK], "scopes": scopes}
    return Program(person.world, await person.post("/v1/oauth-clients", body, status=201))


class Browser:
    """Keeps cookies, shows a page, sends its form; redirects to elsewhere are looked at only."""

    def __init__(self, world: World) -> None:
        self.client = anybody(world)
        self.page = httpx.Response(200)

    async def open(self, program: Program, **more: str | None) -> httpx.Response:
        """Go where the program sends people."""
        self.page = await self.client.get("/oauth/authorize", params=program.asks(**more))
        return self.page

    @property
    def kept(self) -> str:
        """The hidden field."""
        found = _KEPT.search(self.page.text)
        assert found, self.page.text
        return html.unescape(found.group(1))

    @property
    def tenants(self) -> list[str]:
        """Those that can be chosen."""
        return _TENANTS.findall(self.page.text)

    async def send(self, **fields: str) -> httpx.Response:
        """Send the form of the page."""
        form = {"request": self.kept, **fields}
        self.page = await self.client.post("/oauth/authorize", data=form)
        return self.page

    async def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        """Address and password."""
        return await self.send(email=email, password=password)

    def answer(self) -> dict[str, str]:
        """What the program is told by the redirect."""
        assert self.page.status_code == 303, self.page.text
        query = urlsplit(self.page.headers["location"]).query
        return {name: values[0] for name, values in parse_qs(query).items()}


async def allowed(program: Program, person: Person, into: str | None = None) -> str:
    """A code, after all steps of the page."""
    browser = Browser(program.world)
    await browser.open(program)
    await browser.sign_in(person.email)
    await browser.send(tenant=into or person.tenant, decision="allow")
    return browser.answer()["code"]


async def let_in(program: Program, person: Person, into: str | None = None) -> dict[str, Any]:
    """The tokens of a program that a person let in."""
    answer = await program.exchange(await allowed(program, person, into))
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens
