"""What a route's dependencies say about the route: permission, parameters, extra answers.

FastAPI sees only a callable that takes the request (which is also the cheapest one to call); what
the documentation and the checks need to know stands beside it, in a `Declaration`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from invx.infra.http.route_table import RouteTable


@dataclass(frozen=True, slots=True)
class Declaration:
    """A part of a route's description, in OpenAPI's words."""

    permission: str | None = None
    public: bool = False
    operator: bool = False  # of the operator plane (`operating.py`)
    parameters: tuple[Mapping[str, Any], ...] = ()
    statuses: tuple[int, ...] = ()  # problems that this dependency may answer with
    answer_headers: tuple[str, ...] = ()  # headers that a success carries


@runtime_checkable
class Declares(Protocol):
    """A dependency that describes itself."""

    @property
    def declaration(self) -> Declaration: ...


def routes_of(app: FastAPI) -> list[BaseRoute]:
    """Every route of the application."""
    found: list[BaseRoute] = []
    for route in app.routes:
        found.extend(route if isinstance(route, RouteTable) else [route])
    return found


def declarations_of(route: BaseRoute) -> list[Declaration]:
    """What the dependencies of a route say, at any depth."""
    if not isinstance(route, APIRoute):
        return []
    return [each.declaration for each in dependencies_of(route) if isinstance(each, Declares)]


def dependencies_of(route: APIRoute) -> list[Any]:
    """The dependencies of a route, at any depth."""
    return list(_collect(route.dependant))


def _collect(dependant: Dependant) -> Iterator[Any]:
    for child in dependant.dependencies:
        yield child.call
        yield from _collect(child)
