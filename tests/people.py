"""People who sign up and sign in through the API, as anybody would."""

import itertools
from dataclasses import dataclass
from typing import Any

import httpx

from tests.world import PASSWORD, World, post

_numbers = itertools.count(1)


@dataclass(slots=True)
class Person:
    """Somebody with an account; `client` speaks with their access token for one tenant."""

    world: World
    email: str
    client: httpx.AsyncClient
    tokens: dict[str, Any]

    @property
    def tenant(self) -> str:
        return str(self.tokens["tenant"])

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        response = await self.client.get(path, params=query)
        assert response.status_code == 200, f"{response.status_code} {response.text}"
        found: dict[str, Any] = response.json()
        return found

    async def post(self, path: str, body: Any = None, **expect: Any) -> dict[str, Any]:
        return await post(self.client, path, body, **expect)

    async def refresh(self, **more: str) -> httpx.Response:
        """Exchange the refresh token, also for another tenant; the client then speaks for that."""
        form = {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]}
        response = await self.client.post("/oauth/token", data={**form, **more})
        if response.is_success:
            self.take(response.json())
        return response

    def take(self, tokens: dict[str, Any]) -> None:
        """Speak with these tokens from now on."""
        self.tokens = {**self.tokens, **tokens}
        self.client.headers["Authorization"] = f"Bearer {tokens['access_token']}"


def anybody(world: World, **headers: str) -> httpx.AsyncClient:
    """A client of somebody who has not said who they are."""
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(world.app),
        base_url="http://invx.test",
        headers=headers,
        timeout=60,
    )
    world.keep(client)
    return client


def sign_up_body(**more: Any) -> dict[str, Any]:
    """What a business says to sign up; another address each time."""
    number = next(_numbers)
    return {
        "organization": "Kontor Nord GmbH",
        "name": "Ada Lund",
        "email": f"ada.{number}@kontor-nord.example",
        "password": PASSWORD,
        **more,
    }


async def sign_up(world: World, **more: Any) -> Person:
    """Somebody new, with an organization, a live tenant and a sandbox."""
    client, body = anybody(world), sign_up_body(**more)
    tokens = await post(client, "/v1/sign-up", body, status=201)
    person = Person(world, body["email"], client, {})
    person.take(tokens)
    return person


async def open_for_business(world: World, **more: Any) -> Person:
    """Somebody new, of whose tenants every context has heard."""
    person = await sign_up(world, **more)
    await world.settle()
    return person


async def sign_in(
    world: World, email: str, password: str = PASSWORD, **more: Any
) -> httpx.Response:
    """Try to sign in."""
    body = {"email": email, "password": password, **more}
    return await anybody(world).post("/v1/sessions", json=body)


async def invite(person: Person, role: str, email: str | None = None) -> dict[str, Any]:
    """Invite an address, a new one each time, to the tenant that `person` speaks for."""
    address = email or f"bo.{next(_numbers)}@kontor-nord.example"
    body = {"email": address, "role": role}
    return await person.post("/v1/invitations", body, status=201)


async def join(person: Person, role: str) -> Person:
    """Somebody new, who was invited by `person` and accepted, with this role."""
    invited = await invite(person, role)
    client = anybody(person.world)
    body = {"token": invited["token"], "name": "Bo Larsen", "password": PASSWORD}
    joined = Person(person.world, invited["email"], client, {})
    joined.take(await post(client, "/v1/invitations/accept", body, status=201))
    return joined
