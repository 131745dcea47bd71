"""What serves plain routes directly answers as FastAPI does, refusals included."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Header
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from invx.infra.http.direct import direct
from invx.infra.http.edge import add_router
from invx.infra.http.permissions import public
from invx.infra.http.route_table import RouteTable
from tests.unit.infra.http.example import (
    Keys,
    SetClock,
    client_of,
    example_app,
    open_router,
    router,
)

JSON = {"Content-Type": "application/json"}


class Wish(BaseModel):
    text: str
    weight: float | None = None


async def note_of(request: Request) -> str:
    return request.headers.get("x-note", "")


def blocking(request: Request) -> str:
    return request.headers.get("x-note", "")


async def nested(inner: Annotated[str, Depends(note_of)]) -> str:
    return inner


plain = APIRouter(prefix="/v1/wishes", dependencies=[public()])


@plain.post("/one")
async def one(body: Wish, note: Annotated[str, Depends(note_of)]) -> Response:
    return Response(f"{body!r} {note}")


@plain.post("/maybe")
async def maybe(request: Request, body: Wish | None = None) -> Response:
    return Response(f"{body!r} {request.method}")


@plain.get("/{wish}/parts/{part}")
async def part(wish: str, part: str) -> Response:
    return Response(f"{wish} {part}")


@plain.get("/number/{number}")
async def number(number: int) -> Response:
    return Response(str(number))


@plain.get("/model")
async def model() -> Wish:
    return Wish(text="a")


@plain.get("/query")
async def query(limit: int = 3) -> Response:
    return Response(str(limit))


@plain.get("/header")
async def header(accept: Annotated[str, Header()]) -> Response:
    return Response(accept)


@plain.get("/blocking")
async def in_a_thread(note: Annotated[str, Depends(blocking)]) -> Response:
    return Response(note)


@plain.get("/nested")
async def below(note: Annotated[str, Depends(nested)]) -> Response:
    return Response(note)


@plain.post("/two")
async def two(first: Wish, second: Wish) -> Response:
    return Response(first.text + second.text)


@plain.post("/list")
async def many(body: list[Wish]) -> Response:
    return Response(str(len(body)))


@plain.get("/thread")
def thread() -> Response:
    return Response("thread")


def routed(app: FastAPI, serve: Any) -> FastAPI:
    """The same application, its routes served by `serve`."""
    table = app.router.routes[0]
    assert isinstance(table, RouteTable)
    app.router.routes[0] = RouteTable(table._guard_of, serve)
    for each in (router, open_router, plain):
        add_router(app, each)
    return app


@pytest.fixture
def both(keys: Keys, clock: SetClock) -> tuple[FastAPI, FastAPI]:
    """An application that serves directly, and one that FastAPI serves."""
    by_fastapi = routed(example_app(keys, clock), lambda route: route.handle)
    return routed(example_app(keys, clock), direct), by_fastapi


def is_direct(route: BaseRoute) -> bool:
    return isinstance(route, APIRoute) and direct(route) != route.handle


def test_plain_routes_are_served_directly_and_others_by_fastapi() -> None:
    directly = [each.path.removeprefix("/v1/wishes/") for each in plain.routes if is_direct(each)]
    assert directly == ["one", "maybe", "{wish}/parts/{part}"]


BODIES = [
    b'{"text":"a"}',
    b' {"text" : "a", "weight": 1.5}',
    b'{"text":"a","more":1}',
    b'{"text":1}',
    b'{"weight":"x"}',
    b"{}",
    b"[]",
    b"null",
    b"1",
    b"",
    b"{",
    b"not json",
    b"\xff",
    b'"\\ud800"',
    b'{"text":"\\ud800"}',
    b'{"text":"a","weight":NaN}',
    b"[" * 5000,
]
TYPES = [
    "application/json",
    "application/json; charset=utf-8",
    "application/vnd.api+json",
    "Application/JSON",
    "text/plain",
    "",
]


async def answers(both, method: str, path: str, **sent: Any) -> Response:
    """What both say, which has to be the same. Request ids differ, as they should."""
    said = []
    for app in both:
        async with client_of(app, sent.get("token", "")) as client:
            answer = await client.request(
                method, path, content=sent.get("body"), headers=sent.get("headers")
            )
        headers = {k: v for k, v in answer.headers.items() if k != "x-request-id"}
        headers.pop("x-correlation", None)
        body: Any = answer.content
        if "json" in headers.get("content-type", ""):
            body = {k: v for k, v in answer.json().items() if k not in ("request_id", "instance")}
            headers.pop("content-length")
        said.append((answer.status_code, headers, body))
    assert said[0] == said[1]
    return answer


@pytest.mark.parametrize("path", ["one", "maybe"])
@pytest.mark.parametrize("kind", TYPES)
async def test_every_body_is_answered_as_fastapi_does(both, path: str, kind: str) -> None:
    for body in BODIES:
        headers = {"Content-Type": kind} if kind else {}
        await answers(both, "POST", f"/v1/wishes/{path}", body=body, headers=headers)


async def test_what_is_right_arrives_whole(both) -> None:
    said = await answers(
        both, "POST", "/v1/wishes/one", body=BODIES[1], headers=JSON | {"X-Note": "x"}
    )
    assert said.text == "Wish(text='a', weight=1.5) x"
    said = await answers(both, "POST", "/v1/wishes/maybe", headers=JSON)
    assert said.text == "None POST"
    said = await answers(both, "GET", "/v1/wishes/w%20ü/parts/2")
    assert said.text == "w ü 2"


@pytest.mark.parametrize(
    "path", ["number/7", "number/x", "model", "query?limit=4", "query?limit=x", "header",
             "blocking", "nested", "thread", "nowhere"]
)  # fmt: skip
async def test_other_kinds_of_routes_are_answered_too(both, path: str) -> None:
    await answers(both, "GET", f"/v1/wishes/{path}")


async def test_permissions_keys_and_versions_hold(both, keys: Keys) -> None:
    token = keys.token("notes:write")
    note = b'{"title":"a"}'
    for given in (token, "", keys.token("notes:read"), "forged"):
        for key in ("k", "k" * 256):
            headers = {**JSON, "Idempotency-Key": key}
            for body in (note, b'{"title":1}', b"{"):
                await answers(both, "POST", "/v1/notes", token=given, headers=headers, body=body)
    for path in ("/fail/conflict", "/fail/bug", "/fail/race"):
        await answers(both, "GET", path)
    for headers in ({"If-Match": '"3"'}, {"If-Match": '"2"'}, {}):
        path = "/v1/notes/note_01jb8z0000e008000000000005"
        await answers(both, "PUT", path, token=token, headers=JSON | headers, body=note)
