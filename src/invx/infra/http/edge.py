"""Builds the application that contexts hang their routers into."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from opentelemetry.trace import Tracer
from starlette.types import Scope

from invx.infra.http.auth import Verifier
from invx.infra.http.permissions import guard_of
from invx.infra.http.problems import install_problems
from invx.infra.http.query_parameters import query_check_of
from invx.infra.http.request_context import HttpSettings, RequestContextMiddleware
from invx.infra.http.route_table import Guard, RouteTable
from invx.infra.http.versions import Versions
from invx.kernel.errors import violated

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Any]]


def create_edge(
    verifier: Verifier,
    *,
    settings: HttpSettings | None = None,
    versions: Versions | None = None,
    tracer: Tracer | None = None,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """An application with authentication, problems, and the request context; no routes yet.

    Then `add_router` for each router, `install_openapi`, `install_docs_page`. FastAPI's own pages
    load scripts from elsewhere, and its telemetry would trace every request twice: both are off.
    """
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirected POST helps nobody
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.verifier = verifier
    app.router.routes.append(RouteTable(_guard_of))
    install_problems(app)
    app.add_middleware(
        RequestContextMiddleware, settings=settings, versions=versions, tracer=tracer
    )
    return app


def _guard_of(route: APIRoute) -> Guard | None:
    """What a request must pass before its body is read: who asks, then what it asks for."""
    permission, query = guard_of(route), query_check_of(route)
    if query is None:
        return permission
    check = query

    async def guard(scope: Scope) -> None:
        if permission is not None:
            await permission(scope)
        check(scope)

    return guard


def add_router(app: FastAPI, router: APIRouter) -> None:
    """Serve the routes of `router`; its prefix is the whole one, such as `/v1/invoices`."""
    table = app.router.routes[0]
    if not isinstance(table, RouteTable):
        violated("routers are added to what create_edge returned")
    for route in router.routes:
        if isinstance(route, APIRoute):
            route.unique_id = route.operation_id or _operation_id(route)
    table.add(router)


def _operation_id(route: APIRoute) -> str:
    """`invoices_list`: the tag and the function's name, which client generators turn into names."""
    tag = str(route.tags[0]).lower().replace(" ", "_") if route.tags else ""
    name = route.name.rstrip("_")
    return f"{tag}_{name}" if tag else name
