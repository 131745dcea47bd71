"""What the server really sends to the database for a request, statement by statement."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import httpx
from asyncpg.connection import LoggedQuery

from bench import requests
from bench.installation import bench_settings, new_tenant, prepared_host
from invx.host import create_app
from invx.infra.observability import configure_observability
from invx.infra.running import Host
from invx.kernel.ids import parse_typeid


@dataclass(frozen=True, slots=True)
class Statement:
    """One round trip."""

    text: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Captured:
    """The statements of one request of each kind, and the ids that stay the same in all of them."""

    by_kind: dict[str, list[Statement]]
    fixed: frozenset[UUID]
    series: UUID
    number: str


async def capture() -> Captured:
    """Run each kind of request once, in this process, on the database that will be measured."""
    settings = bench_settings()
    configure_observability(settings.observability)
    host = await prepared_host(settings)
    app = await create_app(host, settings, background=False)
    tenant_id, token = await new_tenant(host, settings)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://bench",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    async with client:
        try:
            return await _capture(host, client, tenant_id)
        finally:
            await host.stop()


async def _capture(host: Host, client: httpx.AsyncClient, tenant_id: UUID) -> Captured:
    async def ask(method: str, path: str, body: Any = None) -> Any:
        answer = await client.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()

    entity = await ask("POST", "/v1/legal-entities", requests.SELLER)
    watched = await _watched(host)
    by_kind: dict[str, list[Statement]] = {}

    async def noted(kind: str, request: Callable[[], Awaitable[Any]]) -> Any:
        watched.clear()
        found = await request()
        await asyncio.sleep(0)  # what was noted arrives with the next turn of the loop
        by_kind[kind] = list(watched)
        return found

    for _ in range(2):  # the first round prepares the statements
        draft = await noted("create", partial(ask, "POST", "/v1/invoices", requests.draft()))
        path = f"/v1/invoices/{draft['id']}"
        invoice = await noted("finalize", partial(ask, "POST", f"{path}/finalize", {}))
        await noted("get", partial(ask, "GET", path))
        await noted("list", partial(ask, "GET", "/v1/invoices?limit=50"))
    series = parse_typeid("ser", invoice["series"])
    fixed = frozenset({tenant_id, parse_typeid("le", entity["id"]), series})
    return Captured(by_kind, fixed, series, invoice["number"])


async def _watched(host: Host) -> list[Statement]:
    """The list that every statement of the application's connections goes to from now on."""
    statements: list[Statement] = []

    def note(query: LoggedQuery) -> None:
        statements.append(Statement(query.query, tuple(query.args or ())))

    pool = host.pools.app
    connections = [await pool.acquire() for _ in range(pool.get_max_size())]
    for conn in connections:
        conn.add_query_logger(note)
        await pool.release(conn)
    return statements


def decoded(value: Any) -> list[dict[str, Any]] | None:
    """The rows of a JSON parameter of a write set; None for any other parameter."""
    if not isinstance(value, str) or not value.startswith("["):
        return None
    rows: list[dict[str, Any]] = json.loads(value)
    return rows
