"""Serves a plain route without FastAPI's general machinery, with the same answers.

FastAPI works out anew for each request what a route needs, opens two exit stacks for resources that
no route of ours holds, and asks each dependency's kind: about a sixth of the Python calls of a
small write (counted). Nearly all our routes need no more than ids from the path, one body and
dependencies that take the request, so what is to be called is worked out once. What FastAPI would
refuse is handed to FastAPI: it words every refusal, and it serves every other kind of route.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, get_args, get_type_hints

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_JSON = "application/json"
_NONE = type(None)
_MODEL_OR_NONE = 2

# The name under which the endpoint takes it (None: it takes nothing), what to call, whether it
# takes the request.
_Dependency = tuple[str | None, Callable[..., Awaitable[Any]], bool]


def direct(route: APIRoute) -> ASGIApp:
    """What serves the route: directly if it is plain, or else FastAPI."""
    dependant = route.dependant
    endpoint = route.endpoint
    dependencies = [_dependency(child) for child in dependant.dependencies]
    body = _body(route)
    if (
        any(each is None for each in dependencies)
        or (body is None and dependant.body_params)
        or not _takes_no_more(dependant)
        or not iscoroutinefunction(endpoint)
        or not _answers_itself(endpoint)
    ):
        return route.handle
    named = [each for each in dependencies if each is not None]
    ids = {field.alias: field.name for field in dependant.path_params}

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        values: dict[str, Any] = {}
        try:
            if body is not None:
                values[body.name] = await body.read(request)
        except (ValueError, RecursionError):
            # ValidationError and JSONDecodeError are ValueErrors; FastAPI meets them again.
            await route.handle(scope, _again(await request.body(), receive), send)
            return
        for name, call, takes_request in named:
            found = await (call(request) if takes_request else call())
            if name is not None:
                values[name] = found
        path: Mapping[str, Any] = scope["path_params"]
        for alias, name in ids.items():
            values[name] = path[alias]
        if dependant.request_param_name is not None:
            values[dependant.request_param_name] = request
        response: Response = await endpoint(**values)
        await response(scope, receive, send)

    return serve


def _dependency(child: Dependant) -> _Dependency | None:
    """A coroutine that needs nothing but the request, or None."""
    call = child.call
    asynchronous = iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)
    bare = not (child.dependencies or child.path_params or child.body_params)
    if call is None or not asynchronous or not bare or not _takes_no_more(child):
        return None
    return child.name, call, child.request_param_name is not None


def _takes_no_more(dependant: Dependant) -> bool:
    """No queries, headers or cookies, no plain path parameter but text, none of FastAPI's own."""
    return not (
        dependant.query_params
        or dependant.header_params
        or dependant.cookie_params
        or dependant.http_connection_param_name
        or dependant.websocket_param_name
        or dependant.background_tasks_param_name
        or dependant.response_param_name
        or dependant.security_scopes_param_name
        or any(
            field.field_info.annotation is not str or field.field_info.metadata
            for field in dependant.path_params
        )
    )


@dataclass(frozen=True, slots=True)
class _Body:
    """The one body of a route, under the name by which the endpoint takes it."""

    name: str
    validate: Callable[[Any], Any]
    optional: bool

    async def read(self, request: Request) -> Any:
        """The validated model. Raises ValueError for everything that FastAPI would refuse."""
        if self.optional and not await request.body():
            return None
        if request.headers.get("content-type") != _JSON:
            raise ValueError(_JSON)
        return self.validate(await request.json())


def _body(route: APIRoute) -> _Body | None:
    """The body, if it is one model, stated plainly; None for another kind and where there is none.

    An optional one may be absent only: JSON's null is left to FastAPI.
    """
    fields = route.dependant.body_params
    if len(fields) != 1 or route.body_field is None:
        return None
    info = fields[0].field_info
    stated: Any = info.annotation
    optional = not info.is_required() and info.default is None and _NONE in get_args(stated)
    model = get_args(stated)[0] if optional else stated
    if (
        len(get_args(stated)) > _MODEL_OR_NONE
        or not (isinstance(model, type) and issubclass(model, BaseModel))
        or info.metadata
        or not (info.is_required() or optional)
        or route.body_field.field_info.annotation != stated
    ):
        return None
    return _Body(fields[0].name, model.__pydantic_validator__.validate_python, optional)


def _answers_itself(endpoint: Callable[..., Any]) -> bool:
    returned = get_type_hints(endpoint).get("return")
    return isinstance(returned, type) and issubclass(returned, Response)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body from the beginning, for who has to read it after us."""
    first: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def read() -> Message:
        nonlocal first
        if first is not None:
            message, first = first, None
            return message
        return await receive()

    return read
