import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match, Route

from invx.infra.http.edge import add_router
from invx.infra.http.permissions import public
from invx.infra.http.route_table import RouteTable
from invx.kernel.errors import InvariantViolation
from tests.unit.infra.http.example import client_of


async def nothing() -> None:
    """Answers null."""


def table_of(*paths: str) -> RouteTable:
    table, router = RouteTable(lambda route: None), APIRouter()
    for path in paths:
        method, _, template = path.partition(" ")
        router.add_api_route(template, nothing, methods=[method])
    table.add(router)
    return table


def found(table: RouteTable, method: str, path: str) -> str | None:
    match, child = table.matches({"type": "http", "method": method, "path": path})
    return child["route"].path if match is Match.FULL else None


PATHS = (
    "GET /healthz",
    "GET /v1/invoices",
    "POST /v1/invoices",
    "POST /v1/invoices/check",
    "GET /v1/invoices/{id}",
    "POST /v1/invoices/{id}/check",
    "GET /v1/series/{id}",
    "GET /docs/start.js",
    "GET /docs/{asset}",
    "GET /v1/{anything}",
)


@pytest.mark.parametrize(
    "request_line,template",
    [
        ("GET /healthz", "/healthz"),
        ("GET /v1/invoices", "/v1/invoices"),
        ("POST /v1/invoices/check", "/v1/invoices/check"),
        ("GET /v1/invoices/check", "/v1/invoices/{id}"),
        ("POST /v1/invoices/inv_1/check", "/v1/invoices/{id}/check"),
        ("GET /v1/series/ser_1", "/v1/series/{id}"),
        ("GET /docs/start.js", "/docs/start.js"),
        ("GET /docs/other.js", "/docs/{asset}"),
        ("GET /v1/else", "/v1/{anything}"),
        ("GET /v1/invoices/", None),
        ("GET /v1/invoices/inv_1/lines/1", None),
        ("GET //v1/invoices", None),
        ("GET /", None),
        ("GET ", None),
        ("DELETE /healthz", None),
    ],
)
def test_a_path_finds_its_route(request_line: str, template: str | None) -> None:
    method, _, path = request_line.partition(" ")
    assert found(table_of(*PATHS), method, path) == template


def test_every_added_route_is_listed() -> None:
    table = table_of(*PATHS)
    assert len(list(table)) == len(PATHS)
    assert all(isinstance(route, APIRoute) for route in table)


@pytest.mark.parametrize("path", ["GET /{anything}", "GET /files/{name:path}"])
def test_a_path_without_a_fixed_place_is_refused_at_start(path: str) -> None:
    with pytest.raises(InvariantViolation):
        table_of(path)


def test_a_router_inside_a_router_is_refused_at_start() -> None:
    outer, inner = APIRouter(prefix="/v1"), APIRouter()
    inner.get("/things")(nothing)
    outer.include_router(inner)
    with pytest.raises(InvariantViolation):
        RouteTable(lambda route: None).add(outer)


def test_a_plain_starlette_route_is_refused_at_start() -> None:
    router = APIRouter(routes=[Route("/plain", nothing)])
    with pytest.raises(InvariantViolation):
        RouteTable(lambda route: None).add(router)


def test_routers_go_only_into_an_edge() -> None:
    with pytest.raises(InvariantViolation):
        add_router(FastAPI(), APIRouter())


async def test_three_hundred_routes_cost_as_little_as_three(app: FastAPI) -> None:
    router = APIRouter(prefix="/v1/many", dependencies=[public()])
    for number in range(300):
        router.add_api_route(f"/{{id}}/action-{number}", nothing, name=f"action_{number}")
    add_router(app, router)
    tried: list[str] = []

    class Counting(APIRoute):
        def matches(self, scope):
            tried.append(self.path)
            return super().matches(scope)

    for route in app.router.routes[0]:
        route.__class__ = Counting
    async with client_of(app) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert tried == ["/healthz"]
        assert (await client.get("/v1/many/x/action-299")).status_code == 200


async def test_what_is_not_http_matches_nothing() -> None:
    assert table_of("GET /a").matches({"type": "websocket", "path": "/a"}) == (Match.NONE, {})
