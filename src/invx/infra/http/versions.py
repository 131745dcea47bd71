"""Dated versions of the API, chosen by the header `Invx-Version` (YYYY-MM-DD).

Handlers and queries know only the newest shape. A change that would break a client is a new date
and a *down-cast*: a pure function that turns the new shape of one resource into the one before.
Who asks for an older version gets the down-casts applied, newest first; who does not pays nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request

from invx.infra.http.request_info import request_info

HEADER = "Invx-Version"
CURRENT = "2026-11-01"

Json = dict[str, Any]
Downcast = Callable[[Json], Json]


class Versions:
    """The versions that are live, newest first, and the way back from each."""

    def __init__(self, live: Sequence[str]) -> None:
        self.live = tuple(sorted(live, reverse=True))
        self._steps: dict[str, list[tuple[str, Downcast]]] = {}

    @property
    def current(self) -> str:
        return self.live[0]

    @property
    def oldest(self) -> str:
        return self.live[-1]

    def downcast(self, resource: str, *, before: str) -> Callable[[Downcast], Downcast]:
        """Register how `resource` looked before the version `before`. The function is pure."""

        def register(step: Downcast) -> Downcast:
            steps = self._steps.setdefault(resource, [])
            steps.append((before, step))
            steps.sort(key=lambda each: each[0], reverse=True)
            return step

        return register

    def cast(self, resource: str, value: Json, version: str) -> Json:
        """`value`, which has the newest shape, as `version` shows it."""
        if version == self.live[0]:
            return value
        for before, step in self._steps.get(resource, ()):
            if version < before:
                value = step(value)
        return value


VERSIONS = Versions([CURRENT])


def api_version(request: Request) -> str:
    """The version that this request is answered in; the middleware has checked it."""
    return request_info(request).api_version
