"""Any body, sent to the same route served directly and by FastAPI: one answer.

FastAPI is the oracle. Bodies are near-valid ones of a model as ours are (nested, aliases, choices,
defaults, no unknown fields), any JSON, and any bytes; endpoints answer with all that they were
given, so a difference in one default would show.
"""

import json
from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from invx.infra.http.direct import direct


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    label: str = Field(min_length=1, max_length=5)
    count: int = Field(1, ge=0)


class Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["small", "large"] = "small"
    from_: str | None = Field(None, alias="from")
    parts: list[Part] = Field(default_factory=list, max_length=3)
    tags: dict[str, str] | None = None


class Nothing(BaseModel):
    """All of it may be left out: even `{}` is one."""

    note: str = "none"


calls: list[str] = []


async def first(request: Request) -> str:
    calls.append("first")
    return request.headers.get("x-first", "-")


async def second() -> int:
    calls.append("second")
    return 2


class Third:
    """A dependency that is an object with a coroutine to call."""

    async def __call__(self, request: Request) -> str:
        calls.append("third")
        return request.url.path


async def unnamed() -> None:
    calls.append("unnamed")


router = APIRouter()


@router.post("/wishes")
async def wish(body: Wish) -> Response:
    return Response(repr(body), 201)


@router.post("/maybe")
async def maybe(body: Wish | None = None) -> Response:
    return Response(repr(body), 202)


@router.put("/nothing/{id}")
async def nothing(id: str, body: Nothing, request: Request) -> Response:
    return Response(f"{id} {body!r} {await request.body()!r}")


@router.post("/all/{one}/{two}", dependencies=[Depends(unnamed), Depends(second)])
async def everything(
    two: str,
    one: str,
    body: Nothing,
    a: Annotated[str, Depends(first)],
    b: Annotated[str, Depends(Third())],
) -> Response:
    return Response(f"{one} {two} {body.note} {a} {b}")


@router.get("/empty")
async def empty() -> Response:
    return Response(status_code=204)


class Direct(BaseRoute):
    """A route that is found as FastAPI finds it and served by `direct`."""

    def __init__(self, route: APIRoute) -> None:
        self._route = route
        self._serve: ASGIApp = direct(route)
        self.is_direct = self._serve != route.handle

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self._route.matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._serve(scope, receive, send)


async def refused(_: Request, error: Exception) -> Response:
    """All that FastAPI found wrong, in words that can be compared, bytes included."""
    assert isinstance(error, RequestValidationError)
    return Response(repr(error.errors()), 422)


def application(*, directly: bool) -> FastAPI:
    app = FastAPI(exception_handlers={RequestValidationError: refused})
    routes = [each for each in router.routes if isinstance(each, APIRoute)]
    app.router.routes += [Direct(each) for each in routes] if directly else routes
    return app


BOTH = application(directly=True), application(directly=False)


async def same(method: str, path: str, body: bytes = b"", **headers: str) -> httpx.Response:
    """The one answer of both, after as many calls in the same order."""
    answers, called = [], []
    for app in BOTH:
        calls.clear()
        transport = httpx.ASGITransport(app)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            answers.append(await client.request(method, path, content=body, headers=named))
        called.append(sorted(calls))
    one, other = answers
    assert (one.status_code, one.content) == (other.status_code, other.content)
    assert one.headers == other.headers
    if one.is_success:
        assert called[0] == called[1]
    return one


def test_all_of_these_routes_are_plain_ones() -> None:
    assert [each.is_direct for each in BOTH[0].router.routes if isinstance(each, Direct)] == [
        True
    ] * 5


texts = st.text(max_size=6)
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
part = st.fixed_dictionaries(
    {"label": texts | anything},
    optional={"count": st.integers(-1, 3) | st.sampled_from(["1", 1.0, 1.5, True, None])},
)
near = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["small", "large", "huge", 1, None]),
        "from": st.none() | texts | st.integers(),
        "from_": texts,
        "parts": st.lists(part, max_size=4) | st.none(),
        "tags": st.none() | st.dictionaries(texts, texts | st.integers(), max_size=2),
        "more": anything,
    },
)
kinds = st.sampled_from(["application/json"] * 5 + ["application/json;charset=utf-8", "text/plain"])


@settings(max_examples=60)
@given(near, st.sampled_from(["/wishes", "/maybe"]), kinds)
async def test_a_body_that_is_nearly_right_is_taken_or_refused_alike(
    said: dict[str, Any], path: str, kind: str
) -> None:
    await same("POST", path, json.dumps(said).encode(), content_type=kind)


@settings(max_examples=60)
@given(anything, st.sampled_from(["/wishes", "/maybe", "/all/a/b"]))
async def test_any_json_is_answered_alike(said: Any, path: str) -> None:
    await same("POST", path, json.dumps(said).encode(), content_type="application/json")


@settings(max_examples=60)
@given(st.binary(max_size=12), st.sampled_from(["/wishes", "/maybe"]), kinds)
async def test_any_bytes_are_answered_alike(body: bytes, path: str, kind: str) -> None:
    await same("POST", path, body, content_type=kind)


@settings(max_examples=60)
@given(st.text(st.characters(exclude_characters="/?#", exclude_categories=["Cs"]), min_size=1))
async def test_any_text_in_the_path_arrives_as_it_does_by_fastapi(text: str) -> None:
    quoted = "".join(f"%{byte:02X}" for byte in text.encode())
    said = await same("PUT", f"/nothing/{quoted}", b"{}", content_type="application/json")
    if said.is_success:
        assert said.text.startswith(f"{text} ")


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"{}", 201, "Wish(kind='small', from_=None, parts=[], tags=None)"),
        (b'{"from":"a"}', 201, "Wish(kind='small', from_='a', parts=[], tags=None)"),
        (b'{"from_":"a"}', 422, "extra_forbidden"),
        (b'{"kind":"huge"}', 422, "literal_error"),
        (b'{"parts":[{"label":"a"}]}', 201, "parts=[Part(label='a', count=1)]"),
        (b'{"parts":[{"label":""}]}', 422, "string_too_short"),
        (b'{"parts":[{"label":"a","count":-1}]}', 422, "greater_than_equal"),
        (b'{"kind":"small","kind":"large"}', 201, "kind='large'"),
        (b"\xef\xbb\xbf{}", 201, "kind='small'"),
        (b"", 422, "missing"),
        (b"null", 422, "model_attributes_type"),
        (b'{"parts":[', 422, "json_invalid"),
    ],
)
async def test_what_both_say_is_what_it_should_be(body: bytes, status: int, expected: str) -> None:
    said = await same("POST", "/wishes", body, content_type="application/json")
    assert said.status_code == status, said.text
    assert expected in said.text


@pytest.mark.parametrize(
    ("body", "expected"), [(b"", "None"), (b"null", "None"), (b"{}", "Wish(kind='small'")]
)
async def test_an_optional_body_may_be_absent(body: bytes, expected: str) -> None:
    said = await same("POST", "/maybe", body, content_type="application/json")
    assert said.status_code == 202
    assert said.text.startswith(expected)


async def test_everything_arrives_under_its_name_whatever_the_order() -> None:
    said = await same(
        "POST", "/all/1/2", b'{"note":"n"}', content_type="application/json", x_first="f"
    )
    assert said.text == "1 2 n f /all/1/2"
    assert sorted(calls) == ["first", "second", "third", "unnamed"]


async def test_a_refused_body_calls_each_dependency_once_at_most() -> None:
    transport = httpx.ASGITransport(BOTH[0])
    calls.clear()
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        refused = await client.post("/all/1/2", json={"note": 1})
    assert refused.status_code == 422
    assert len(calls) == len(set(calls)), "none runs twice for one request"


@pytest.mark.parametrize(("path", "status"), [("/empty", 204), ("/nowhere", 404)])
async def test_a_route_without_a_body_is_answered_alike(path: str, status: int) -> None:
    assert (await same("GET", path)).status_code == status
