"""A process without identity takes API keys too: it asks the token endpoint of one that has it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from invx.host import build_host, create_app
from invx.infra.http.exchanging import exchange_at
from invx.kernel.ids import parse_typeid
from tests.people import Person, anybody, open_for_business
from tests.waiting import refused
from tests.world import SELLER, World

TOKEN_URL = "http://identity.test/oauth/token"


class Endpoint(httpx.AsyncBaseTransport):
    """Identity's application over HTTP; it can be switched off, and counts."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app)
        self.up, self.asked = True, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if not self.up:
            raise httpx.ConnectError("identity is away")
        return await self._transport.handle_async_request(request)


@pytest.fixture
async def elsewhere(world: World) -> AsyncIterator[tuple[FastAPI, Endpoint]]:
    """Invoicing in a process of its own, on the same server."""
    auth = replace(world.settings.auth, token_url=TOKEN_URL)
    settings = replace(world.settings, auth=auth)
    host = await build_host(world.place.where, settings, ["invoicing"])
    app = await create_app(host, settings, background=False)
    endpoint = Endpoint(world.app)
    app.state.verifier._exchange = exchange_at(TOKEN_URL, endpoint)
    yield app, endpoint
    await host.stop()


def calling(world: World, app: FastAPI, secret: str) -> httpx.AsyncClient:
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://invoicing.test",
        headers={"Authorization": f"Bearer {secret}"},
        timeout=60,
    )
    world.keep(client)
    return client


async def new_key(person: Person) -> dict[str, Any]:
    body = {"name": "X", "permissions": ["legal_entities:write", "legal_entities:read"]}
    return await person.post("/v1/api-keys", body, status=201)


async def test_a_key_works_in_a_process_without_identity(
    world: World, elsewhere: tuple[FastAPI, Endpoint]
) -> None:
    app, endpoint = elsewhere
    ada = await open_for_business(world)
    key = await new_key(ada)
    program = calling(world, app, key["secret"])
    assert (await program.post("/v1/legal-entities", json=SELLER)).status_code == 201
    for _ in range(5):
        assert (await program.get("/v1/legal-entities")).status_code == 200
    assert endpoint.asked == 1
    assert (await program.get("/v1/invoices")).status_code == 403
    assert (await program.get("/v1/api-keys")).status_code == 404  # identity is elsewhere
    shown = await ada.get(f"/v1/api-keys/{key['id']}")
    assert shown["last_used_at"] is not None


async def test_an_identity_that_is_away_is_no_refusal_and_harms_no_known_key(
    world: World, elsewhere: tuple[FastAPI, Endpoint]
) -> None:
    app, endpoint = elsewhere
    ada = await open_for_business(world)
    known = calling(world, app, (await new_key(ada))["secret"])
    assert (await known.get("/v1/legal-entities")).status_code == 200
    endpoint.up = False
    assert (await known.get("/v1/legal-entities")).status_code == 200
    fresh = calling(world, app, (await new_key(ada))["secret"])
    answer = await fresh.get("/v1/legal-entities")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    endpoint.up = True
    assert (await fresh.get("/v1/legal-entities")).status_code == 200


async def test_a_revocation_reaches_the_other_process_within_five_seconds(
    world: World, elsewhere: tuple[FastAPI, Endpoint]
) -> None:
    """By the contract, through outbox and inbox; not by forgetting after a minute."""
    app, endpoint = elsewhere
    ada = await open_for_business(world)
    key, other = await new_key(ada), await new_key(ada)
    program, bystander = (calling(world, app, each["secret"]) for each in (key, other))
    for client in (program, bystander):
        assert (await client.get("/v1/legal-entities")).status_code == 200
    world.host.start_background()
    assert (await ada.client.delete(f"/v1/api-keys/{key['id']}")).status_code == 204
    answer = await refused(program, "/v1/legal-entities")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert (await bystander.get("/v1/legal-entities")).status_code == 200
    assert endpoint.asked >= 4


async def test_people_need_no_token_endpoint(
    world: World, elsewhere: tuple[FastAPI, Endpoint]
) -> None:
    app, endpoint = elsewhere
    ada = await open_for_business(world)
    person = calling(world, app, ada.tokens["access_token"])
    assert (await person.get("/v1/legal-entities")).status_code == 200
    assert endpoint.asked == 0


async def test_without_a_token_endpoint_no_key_is_taken(world: World) -> None:
    host = await build_host(world.place.where, world.settings, ["invoicing"])
    app = await create_app(host, world.settings, background=False)
    try:
        ada = await open_for_business(world)
        answer = await calling(world, app, (await new_key(ada))["secret"]).get("/v1/invoices")
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
        assert "not taken here" in answer.json()["detail"]
    finally:
        await host.stop()


async def test_of_many_rotations_at_once_two_secrets_are_good_at_the_end(world: World) -> None:
    ada = await open_for_business(world)
    key = await new_key(ada)
    path = f"/v1/api-keys/{key['id']}/rotate"
    answers = await asyncio.gather(
        *(ada.client.post(path, json={"overlap_hours": 1}) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {200}
    secrets = [key["secret"], *(answer.json()["secret"] for answer in answers)]
    assert len(set(secrets)) == 5
    statuses = [
        (
            await anybody(world, Authorization=f"Bearer {secret}").get("/v1/legal-entities")
        ).status_code
        for secret in secrets
    ]
    assert sorted(statuses) == [200, 200, 401, 401, 401]


async def test_an_exchange_waits_for_a_revocation_that_is_under_way(world: World) -> None:
    """So that no token says it was made after the revocation and knows nothing of it."""
    ada = await open_for_business(world)
    key = await new_key(ada)
    program = anybody(world, Authorization=f"Bearer {key['secret']}")
    async with world.admin() as conn:
        revoking = conn.transaction()
        await revoking.start()
        await conn.execute(
            "SELECT 1 FROM identity.api_keys WHERE api_key_id = $1 FOR UPDATE",
            parse_typeid("key", key["id"]),
        )
        asking = asyncio.create_task(program.get("/v1/legal-entities"))
        await asyncio.sleep(0.3)
        assert not asking.done()
        await conn.execute("UPDATE identity.api_keys SET revoked_at = now()")
        await revoking.commit()
    assert (await asking).status_code == 401


async def test_no_more_keys_than_allowed_are_made_at_once(world: World) -> None:
    ada = await open_for_business(world)
    async with world.admin() as conn:
        await conn.execute(
            "INSERT INTO identity.api_keys (tenant_id, api_key_id, name, mode, permissions, hint,"
            " created_by, created_at, secret_hash) SELECT $1, gen_random_uuid(), 'k', 'live', '{}',"
            " 'abcd', 'user:x', now(), n::text FROM generate_series(1, 98) n",
            parse_typeid("tnt", ada.tenant),
        )
    body = {"name": "X", "permissions": ["files:read"]}
    answers = await asyncio.gather(*(ada.client.post("/v1/api-keys", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409]
