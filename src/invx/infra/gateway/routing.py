"""Which context answers for which paths, and which of them need no token: read from the routers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.routing import APIRoute

from invx.infra.http.declarations import declarations_of
from invx.kernel.errors import violated

_PARAMETER = re.compile(r"\\\{[^/]+?\\\}")


@dataclass(frozen=True, slots=True)
class Open:
    """A path that everybody may ask for: a regular expression over the whole of it."""

    method: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Routing:
    """Contexts by the first segments of paths (`/v1/invoices`), longest first; and open paths."""

    prefixes: Mapping[str, str]
    open: tuple[Open, ...]


def routing_of(routers: Mapping[str, Iterable[APIRouter]]) -> Routing:
    """Read them.

    That two contexts answer under one path is an invariant violated: nobody could tell whom to ask.
    """
    owners: dict[str, set[str]] = {}
    opened: set[Open] = set()
    for context, some in routers.items():
        for route in (each for router in some for each in router.routes):
            if not isinstance(route, APIRoute):
                continue
            owners.setdefault(route.path_format, set()).add(context)
            if any(each.public for each in declarations_of(route)):
                pattern = _PARAMETER.sub("[^/]+", re.escape(route.path_format))
                opened |= {Open(method, pattern) for method in route.methods or ()}
    found = _prefixes(owners, 2)
    ordered = dict(sorted(found.items(), key=lambda each: (-len(each[0]), each[0])))
    return Routing(ordered, tuple(sorted(opened, key=lambda each: (each.pattern, each.method))))


def _prefixes(owners: Mapping[str, set[str]], depth: int) -> dict[str, str]:
    """Contexts by so many segments, and by more where several contexts share those."""
    parts: dict[str, dict[str, set[str]]] = {}
    for path, contexts in owners.items():
        parts.setdefault("/".join(path.split("/")[: depth + 1]), {})[path] = contexts
    found: dict[str, str] = {}
    for prefix, part in parts.items():
        contexts = set().union(*part.values())
        if len(contexts) == 1:
            found[prefix] = contexts.pop()
        elif "{" in prefix or prefix in part:
            violated(f"{prefix} belongs to {' and to '.join(sorted(contexts))}")
        else:
            found |= _prefixes(part, depth + 1)
    return found
