"""Databases of tenants that have one of their own, as the operator names them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from invx.infra.postgres import POOLED

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_PORT_MAX = 65_535
_URIS = ("app", "system", "admin")


@dataclass(frozen=True, slots=True)
class PlacementSettings:
    """The database of tenants that have their own: by name on the same server, or by URIs."""

    database: str | None = None
    app_dsn: str | None = field(default=None, repr=False)
    system_dsn: str | None = field(default=None, repr=False)
    admin_dsn: str | None = field(default=None, repr=False)


def placements_of(said: Mapping[str, Mapping[str, str]]) -> dict[str, PlacementSettings]:
    """What a JSON object says. Raises ValueError, TypeError and AttributeError for none such."""
    return {name: _placement(name, each) for name, each in said.items()}


def _placement(name: str, said: Mapping[str, str]) -> PlacementSettings:
    if not _NAME.fullmatch(name) or name == POOLED:
        raise ValueError(name)
    if said.keys() == {"database"} and _NAME.fullmatch(said["database"]):
        return PlacementSettings(database=said["database"])
    if said.keys() != set(_URIS):
        raise ValueError(name)
    for uri in said.values():
        connection_arguments(uri)
    return PlacementSettings(None, *(said[each] for each in _URIS))


def connection_arguments(dsn: str) -> dict[str, object]:
    """The arguments for asyncpg from a URI, so that a pool never has to parse it again.

    Raises ValueError when it names no login, no database, or a port that is none.
    """
    parts = urlsplit(dsn)
    if parts.scheme not in ("postgresql", "postgres") or not parts.username:
        raise ValueError("no URI of a PostgreSQL login")
    if not parts.path.lstrip("/"):
        raise ValueError("no database")
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", None) or parts.hostname or "127.0.0.1"
    port = int(query.pop("port", None) or parts.port or 5432)
    if not 0 < port <= _PORT_MAX:
        raise ValueError("no port")
    return {
        "host": host,
        "port": port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": unquote(parts.path.lstrip("/")),
        **({"ssl": query["sslmode"]} if "sslmode" in query else {}),
    }
