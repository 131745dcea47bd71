"""All routes of the program, found by lookup, and guarded before a body is read.

FastAPI tries every route in turn, and a router included in another is searched again at each level:
100 routes cost up to 0.4 ms a request (measured; here it is a few microseconds). And FastAPI parses
the body before it asks a dependency: without the guard anybody could keep the event loop busy with
16 MB of JSON and no token.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from invx.infra.apart import LONG_BODY_BYTES, apart, at_home
from invx.infra.http.direct import direct
from invx.kernel.errors import violated

Guard = Callable[[Scope], Awaitable[object]]
# How many segments a path has, and its first two (the first one, if the second is a parameter).
_Place = tuple[int, str]

_SERVED = "invx.served"
_ALLOWED = "invx.allowed"


@dataclass(frozen=True, slots=True)
class _Served:
    route: APIRoute
    guard: Guard | None
    app: ASGIApp


class RouteTable(BaseRoute):
    """Routes by the number of their path segments and the first of these.

    `guard_of` names what has to pass before a route may read anything, or None; `serve` makes what
    answers for a route.
    """

    def __init__(
        self,
        guard_of: Callable[[APIRoute], Guard | None],
        serve: Callable[[APIRoute], ASGIApp] = direct,
    ) -> None:
        self._guard_of = guard_of
        self._serve = serve
        self._places: dict[_Place, list[_Served]] = {}

    def add(self, router: APIRouter) -> None:
        """Take the routes of a router. Their paths are whole: no router is included in another."""
        for route in router.routes:
            if not isinstance(route, APIRoute) or ":path}" in route.path:
                violated(f"{route!r} is no plain route with a whole path of a fixed length")
            entries = self._places.setdefault(_place_of(route.path_format), [])
            entries.append(_Served(route, self._guard_of(route), self._serve(route)))

    def __iter__(self) -> Iterator[APIRoute]:
        return (served.route for entries in self._places.values() for served in entries)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that fits; a partial match fits but for its method."""
        if scope["type"] != "http":
            return Match.NONE, {}
        segments = scope["path"].split("/")
        length, first = len(segments), segments[1] if len(segments) > 1 else ""
        allowed: set[str] = set()
        child: Scope = {}
        for place in ((length, "/".join(segments[1:3])), (length, first)):
            for served in self._places.get(place, ()):
                match, found = served.route.matches(scope)
                if match is Match.FULL:
                    found[_SERVED] = served
                    return match, found
                if match is Match.PARTIAL:
                    allowed |= served.route.methods or set()
                    child = found
        if not allowed:
            return Match.NONE, {}
        child[_ALLOWED] = allowed
        return Match.PARTIAL, child

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the matched route. Raises HTTPException 405 that names every method of the path."""
        if allowed := scope.get(_ALLOWED):
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
        served: _Served = scope[_SERVED]
        if served.guard is not None:
            await served.guard(scope)
        if _is_long(scope):
            await _serve_apart(served.app, scope, receive, send)
        else:
            await served.app(scope, receive, send)


def _is_long(scope: Scope) -> bool:
    """Whether parsing the body may hold the loop; one of unknown length may."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return value.isdigit() and int(value) > LONG_BODY_BYTES
        if name == b"transfer-encoding":
            return True
    return False


async def _serve_apart(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve the route beside the event loop. The body is read and the answer sent by the loop."""
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    body: Message | None = {"type": "http.request", "body": b"".join(parts), "more_body": False}

    async def receive_apart() -> Message:
        nonlocal body
        if body is not None:
            message, body = body, None
            return message
        return await at_home(receive)

    async def send_home(message: Message) -> None:
        await at_home(lambda: send(message))

    await apart(lambda: app(scope, receive_apart, send_home))


def _place_of(template: str) -> _Place:
    segments = template.split("/")
    if "{" in segments[1]:
        violated(f"the path {template} begins with a parameter")
    known = segments[1:2] if "{" in "".join(segments[2:3]) else segments[1:3]
    return len(segments), "/".join(known)
