"""The guard of the operators' plane: its own audience, the installation only, asked each time."""

from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from invx.infra.http.answers import encode, json_response
from invx.infra.http.auth import AuthSettings, InvalidToken, Verifier
from invx.infra.http.edge import add_router, create_edge
from invx.infra.http.openapi import install_openapi
from invx.infra.http.operating import AUDIENCE, LIFETIME, OperatorEntrance, operates
from invx.infra.http.permissions import declared_permissions, requires, undeclared_routes
from invx.infra.system import SystemClock
from invx.infra.tenancy import INSTALLATION
from invx.infra.tokens import Signer
from invx.kernel.context import Caller
from tests.unit.infra.http.example import TENANT, Keys, client_of

JO = "operator:opr_01jb8z0000e008000000000001"


class Register:
    """Who is an operator now, and how often that was asked."""

    def __init__(self) -> None:
        self.acting, self.asked = {JO}, 0

    async def ensure(self, caller: Caller) -> None:
        self.asked += 1
        if caller.actor not in self.acting:
            raise InvalidToken("no more")


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.fixture
async def app(keys: Keys, register: Register) -> FastAPI:
    """One route of each kind."""
    settings = AuthSettings(jwks=keys.jwks)
    app = create_edge(Verifier(settings))
    app.state.operators = OperatorEntrance(settings, register.ensure)
    router = APIRouter(tags=["X"])

    @router.post("/operator/v1/things")
    async def plane(caller: Annotated[Caller, operates()], body: dict[str, Any]) -> Response:
        return json_response(encode({"actor": caller.actor, "body": body}))

    @router.get("/v1/things")
    async def tenants(caller: Annotated[Caller, requires("things:read")]) -> Response:
        return json_response(encode({"actor": caller.actor}))

    add_router(app, router)
    install_openapi(app, title="X", version="1")
    return app


def token(keys: Keys, **changes: Any) -> str:
    """As the plane gives it, or otherwise."""
    said: dict[str, Any] = {
        "tenant": INSTALLATION,
        "subject": JO,
        "permissions": (),
        "now": SystemClock().now().timestamp(),
        "lifetime": LIFETIME,
        "aud": AUDIENCE,
        **changes,
    }
    return Signer(keys.private).sign(said.pop("tenant"), **said)


async def ask(app: FastAPI, shown: str) -> httpx.Response:
    async with client_of(app, shown) as client:
        return await client.post("/operator/v1/things", json={"a": 1})


async def test_an_operator_is_let_in_and_named(app: FastAPI, keys: Keys) -> None:
    answer = await ask(app, token(keys))
    assert answer.json() == {"actor": JO, "body": {"a": 1}}


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "invx"},
        {"aud": "other"},
        {"aud": [AUDIENCE, "invx"], "tenant": TENANT},
        {"subject": ""},
    ],
)
async def test_a_token_for_others_is_refused_unasked(
    app: FastAPI, keys: Keys, register: Register, changes: dict[str, Any]
) -> None:
    assert (await ask(app, token(keys, **changes))).status_code == 401
    assert register.asked == 0


async def test_it_lives_no_longer_than_a_quarter_of_an_hour(app: FastAPI, keys: Keys) -> None:
    assert (await ask(app, token(keys, lifetime=LIFETIME * 2))).status_code == 401


async def test_whether_they_still_are_one_is_asked_each_time(
    app: FastAPI, keys: Keys, register: Register
) -> None:
    good = token(keys)
    assert (await ask(app, good)).status_code == 200
    register.acting.clear()
    refused = await ask(app, good)
    assert (refused.status_code, register.asked) == (401, 2)
    assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_who_is_refused_is_refused_before_the_body_is_read(app: FastAPI) -> None:
    async with client_of(app) as client:
        answer = await client.post("/operator/v1/things", content=b"{")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_an_operators_token_is_no_tenants_even_with_permissions(
    app: FastAPI, keys: Keys
) -> None:
    shown = token(keys, permissions=("things:read",))
    async with client_of(app, shown) as client:
        assert (await client.get("/v1/things")).status_code == 401
    async with client_of(app, token(keys, permissions=("things:read",), aud="invx")) as client:
        # For longer than a token of a tenant may live.
        assert (await client.get("/v1/things")).status_code == 401


def test_the_route_is_declared_and_is_no_matter_of_permissions(app: FastAPI) -> None:
    assert undeclared_routes(app) == []
    assert set(declared_permissions(app)) == {("GET", "/v1/things")}
    operation = app.openapi()["paths"]["/operator/v1/things"]["post"]
    assert operation["security"] == [{"operatorToken": []}]
    assert "401" in operation["responses"]
