"""A gateway that shows an API key gets a token for it, whatever method it asks with."""

from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from invx.infra.gateway.envoy import KEYS_PATH
from invx.infra.http.auth import AuthSettings, InvalidToken, Verifier
from invx.infra.http.edge import add_router, create_edge
from invx.infra.http.key_gate import key_router
from invx.infra.secret_text import INVITATION, LIVE, TEST, SecretText
from invx.kernel.errors import Unavailable

TENANT = UUID(int=5 << 64)
KEY = SecretText.new(LIVE, TENANT).text
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Known:
    """Identity, as far as keys go."""

    def __init__(self, answer: str | Exception = "a.token.x") -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def exchange(self, key: str) -> str:
        self.asked.append(key)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def app_over(known: Known) -> FastAPI:
    app = create_edge(Verifier(AuthSettings(jwks={"keys": []})))
    add_router(app, key_router(known.exchange))
    return app


async def asked(known: Known, shown: str | None, method: str = "GET") -> httpx.Response:
    transport = httpx.ASGITransport(app_over(known))
    head = {} if shown is None else {"Authorization": shown}
    async with httpx.AsyncClient(transport=transport, base_url="http://identity.test") as client:
        return await client.request(method, KEYS_PATH, headers=head)


@pytest.mark.parametrize("method", METHODS)
async def test_a_key_is_answered_with_a_token_in_its_place(method: str) -> None:
    known = Known()
    answer = await asked(known, f"Bearer {KEY}", method)
    assert answer.status_code == 200
    assert answer.headers["authorization"] == "Bearer a.token.x"
    assert answer.content == b""
    assert known.asked == [KEY]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
async def test_the_scheme_may_be_written_as_http_allows(scheme: str) -> None:
    answer = await asked(Known(), f"{scheme} {KEY}")
    assert answer.headers["authorization"] == "Bearer a.token.x"


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "Bearer",
        "Bearer eyJhbGciOiJFUzI1NiJ9.e30.x",
        f"Bearer {KEY[:-1]}",
        f"Bearer {KEY[:-1]}!",
        f"Bearer {SecretText.new(INVITATION, TENANT).text}",
        "Bearer invx_live_",
    ],
    ids=["none", "empty", "scheme", "token", "cut", "longer", "invitation", "beginning"],
)
async def test_what_is_no_key_is_refused_without_asking(shown: str | None) -> None:
    known = Known()
    answer = await asked(known, shown)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert "authorization" not in answer.headers
    assert known.asked == []


async def test_a_key_of_a_sandbox_is_one_too() -> None:
    key = SecretText.new(TEST, TENANT).text
    assert (await asked(Known(), f"Bearer {key}")).status_code == 200


async def test_a_key_that_identity_does_not_know_is_refused() -> None:
    answer = await asked(Known(InvalidToken("The API key is not valid.")), f"Bearer {KEY}")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert KEY not in answer.text


async def test_when_identity_cannot_tell_the_gateway_learns_that() -> None:
    answer = await asked(Known(Unavailable()), f"Bearer {KEY}")
    assert answer.status_code == 503


async def test_it_stands_in_no_document() -> None:
    assert KEYS_PATH not in app_over(Known()).openapi().get("paths", {})
