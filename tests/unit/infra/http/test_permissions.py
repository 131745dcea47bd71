import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount

from invx.infra.http.edge import add_router
from invx.infra.http.permissions import declared_permissions, public, requires, undeclared_routes
from invx.kernel.ids import typeid
from tests.unit.infra.http.example import NOTE, Keys, client_of

NOTE_PATH = f"/v1/notes/{typeid('note', NOTE)}"


async def test_without_a_token_the_answer_is_401_and_says_how(app: FastAPI) -> None:
    async with client_of(app) as client:
        answered = await client.get(NOTE_PATH)
    assert answered.status_code == 401
    assert answered.json()["code"] == "unauthenticated"
    assert answered.headers["www-authenticate"] == 'Bearer realm="invx"'


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "bearerx abc", "abc"])
async def test_another_scheme_counts_as_no_token(app: FastAPI, header: str) -> None:
    async with client_of(app) as client:
        answered = await client.get(NOTE_PATH, headers={"Authorization": header})
    assert answered.json()["code"] == "unauthenticated"


async def test_a_bad_token_is_401_with_the_reason(app: FastAPI) -> None:
    async with client_of(app, "abc.def.ghi") as client:
        answered = await client.get(NOTE_PATH)
    assert answered.status_code == 401
    assert answered.json()["code"] == "invalid_token"
    assert answered.headers["www-authenticate"] == 'Bearer realm="invx", error="invalid_token"'


async def test_the_scheme_is_not_case_sensitive(app: FastAPI, keys: Keys) -> None:
    headers = {"Authorization": f"bearer {keys.token('notes:read')}"}
    async with client_of(app) as client:
        assert (await client.get(NOTE_PATH, headers=headers)).status_code == 200


async def test_a_missing_permission_is_403_and_named(app: FastAPI, keys: Keys) -> None:
    async with client_of(app, keys.token("notes:write")) as client:
        answered = await client.get(NOTE_PATH)
    assert answered.status_code == 403
    assert answered.json()["code"] == "forbidden"
    assert "notes:read" in answered.json()["detail"]
    assert "insufficient_scope" in answered.headers["www-authenticate"]


async def test_nobody_without_a_token_gets_a_body_parsed(app: FastAPI) -> None:
    read = []

    async def body():
        read.append(True)
        yield b"[" * 100_000

    async with client_of(app) as client:
        headers = {"Content-Type": "application/json"}
        answered = await client.post("/v1/notes", content=body(), headers=headers)
    assert answered.status_code == 401
    assert not read


async def test_public_routes_ask_for_nothing(app: FastAPI) -> None:
    async with client_of(app) as client:
        assert (await client.post("/echo", content=b"hello")).content == b"hello"


def test_every_permission_is_listed_with_its_route(app: FastAPI) -> None:
    assert declared_permissions(app) == {
        ("POST", "/v1/notes"): "notes:write",
        ("GET", "/v1/notes"): "notes:read",
        ("GET", "/v1/notes/{id}"): "notes:read",
        ("PUT", "/v1/notes/{id}"): "notes:write",
    }


def test_no_route_of_the_edge_is_undeclared(app: FastAPI) -> None:
    assert undeclared_routes(app) == []


def test_a_forgotten_route_is_found_wherever_it_hangs(app: FastAPI) -> None:
    async def anything() -> dict:
        return {}

    router = APIRouter(prefix="/v1/left")
    router.get("/open")(anything)
    router.get("/meant", dependencies=[public()])(anything)
    add_router(app, router)
    app.post("/direct")(anything)
    app.router.routes.append(Mount("/mounted", app=FastAPI()))
    assert undeclared_routes(app) == ["GET /v1/left/open", "POST /direct", "* /mounted"]


def test_a_permission_declared_for_a_whole_router_counts(app: FastAPI) -> None:
    router = APIRouter(prefix="/v1/tidy", dependencies=[requires("tidy:read")])

    @router.get("/things")
    async def things() -> dict:
        return {}

    add_router(app, router)
    assert undeclared_routes(app) == []
    assert declared_permissions(app)["GET", "/v1/tidy/things"] == "tidy:read"


async def test_a_read_permission_does_not_write(app: FastAPI, keys: Keys) -> None:
    async with client_of(app, keys.token("notes:read")) as client:
        refused: httpx.Response = await client.post("/v1/notes", json={"title": "x"})
    assert refused.status_code == 403
