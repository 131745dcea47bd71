"""A whole installation inside the test process: real PostgreSQL, every context, the HTTP edge.

Relay and worker do not run by themselves here; `settle` runs them to the end, so tests know when.
"""

import itertools
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from fastapi import FastAPI
from fastapi.dependencies import models as dependencies

from invx.host import build_host, create_app
from invx.infra.embedded import Postgres
from invx.infra.encryption import create_secret_key
from invx.infra.running import Host
from invx.infra.system import Uuid7Ids
from invx.infra.tokens import create_key, issue
from invx.kernel.ids import parse_typeid
from invx.place import (
    ALL_PERMISSIONS,
    APP,
    SYSTEM,
    Place,
    create_tenant,
    eraser_of,
    place_of,
    prepare_database,
    with_placements,
)
from invx.settings import Settings, read_settings

TEMPLATE = "invx_template"
PASSWORD = "seventeen brass lanterns adrift"
PLACEMENTS = "placements.json"  # in the folder of a world that has any
_numbers = itertools.count(1)

SELLER: dict[str, Any] = {
    "name": "Kontor Nord GmbH",
    "legal_name": "Kontor Nord GmbH",
    "address": {
        "line1": "Am Sandtorkai 27",
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
    },
    "registrations": [{"country": "DE", "vat_id": "DE136695976"}],
    "bank_accounts": [{"currency": "EUR", "iban": "DE89370400440532013000"}],
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "payment_terms": {"kind": "net", "days": 14},
}
BUYER: dict[str, Any] = {
    "name": "Elbkontor Reederei GmbH",
    "customer": "C-1",
    "address": {
        "line1": "Kaiserkai 62",
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
    },
    "vat_id": "DE811569869",
}
VAT19 = [{"category": "S", "rate": "19"}]


def line(price: str, quantity: str = "1", **more: Any) -> dict[str, Any]:
    """An item line at 19 % unless told otherwise."""
    return {
        "description": "Design",
        "quantity": quantity,
        "price": price,
        "taxes": VAT19,
        **more,
    }


def draft_body(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body of a draft for the usual buyer."""
    return {"buyer": BUYER, "lines": list(lines or (line("100.00"),)), **more}


# A clone is a thousand files: in memory it takes 0.04 s, on a disk that is written to a second.
_MEMORY = Path("/dev/shm")
_MEMORY_BYTES_MIN = 8 * 2**30


def _scratch() -> Path | None:
    """Where a server of tests lies best; None for the usual place."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _MEMORY_BYTES_MIN
    return _MEMORY if roomy else None


@contextmanager
def running_server() -> Iterator[Postgres]:
    """A PostgreSQL of its own, with a migrated template database; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="invx-test-", dir=_scratch()) as folder:
        Path(folder).chmod(0o755)
        settings = {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",  # copies samples of rows into statistics, whenever it likes
            "max_connections": "200",
            "max_wal_size": "512MB",
        }
        base = Path(folder) / "postgres"
        with Postgres(base, logins=(APP, SYSTEM), settings=settings) as server:
            yield server


@dataclass(slots=True)
class World:
    """One installation with its own database."""

    server: Postgres
    place: Place
    host: Host
    app: FastAPI
    settings: Settings
    key: Path
    signing_up: bool = False  # sellers sign up through the API, as people do
    url: str | None = None  # where it listens, if it does
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    async def tenant(self, *, mode: str = "live") -> UUID:
        """A new tenant."""
        tenant_id = Uuid7Ids().new()
        await create_tenant(self.host.pools, tenant_id, name="T", mode=mode)
        return tenant_id

    def client(
        self,
        tenant_id: UUID,
        permissions: tuple[str, ...] = ALL_PERMISSIONS,
        *,
        subject: str = "user:test",
        approval_limit: Mapping[str, Decimal] | None = None,
    ) -> httpx.AsyncClient:
        """A client of the API with a token of this tenant."""
        token = issue(
            self.key,
            tenant_id,
            subject=subject,
            permissions=permissions,
            lifetime=timedelta(minutes=5),
            approval_limit=approval_limit,
        )
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url="http://invx.test",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        self._clients.append(client)
        return client

    async def seller(self, **more: Any) -> "Desk":
        """A new tenant with one legal entity, and a client of it."""
        mode = more.pop("mode", "live")
        if more.pop("sign_up", self.signing_up):
            tenant_id, client = await self._signed_up(mode)
        else:
            tenant_id = await self.tenant(mode=mode)
            client = self.client(tenant_id)
        entity = await post(client, "/v1/legal-entities", {**SELLER, **more})
        return Desk(self, tenant_id, client, entity["id"])

    async def _signed_up(self, mode: str) -> tuple[UUID, httpx.AsyncClient]:
        number = next(_numbers)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://invx.test", timeout=60
        )
        self.keep(client)
        business = {
            "organization": "Kontor Nord",
            "name": "Ada Lund",
            "email": f"owner.{number}@kontor-nord.example",
            "password": PASSWORD,
        }
        tokens = await post(client, "/v1/sign-up", business, status=201)
        await self.settle()  # so that every context knows the tenant
        if mode == "test":
            form = {"grant_type": "refresh_token", "tenant": tokens["sandbox"]}
            form["refresh_token"] = tokens["refresh_token"]
            tokens = (await client.post("/oauth/token", data=form)).json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return parse_typeid("tnt", tokens["tenant"]), client

    def keep(self, client: httpx.AsyncClient) -> None:
        """Close this client with the world."""
        self._clients.append(client)

    async def settle(self) -> None:
        """Relay, reactions and due jobs until nothing is left to do."""
        await self.host.settle()

    async def advance(self, tenant_id: UUID, by: timedelta) -> None:
        """Move a tenant's business clock in every context."""
        for context in self.host.contexts.values():
            await context.directory.advance_clock(tenant_id, by)

    @asynccontextmanager
    async def admin(
        self, placement: str = "pooled", *, context: str = "invoicing"
    ) -> AsyncIterator[asyncpg.Connection]:
        """A superuser's connection to where a context's rows are: sees and may do everything."""
        conn = await asyncpg.connect(**self.place.at(placement).of(context).admin)
        try:
            yield conn
        finally:
            await conn.close()

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()
        await self.host.stop()


@dataclass(frozen=True, slots=True)
class Desk:
    """A tenant at work: what most tests do, in one line each."""

    world: World
    tenant_id: UUID
    client: httpx.AsyncClient
    entity: str

    async def actor(self) -> str:
        """Under which name its acts stand in histories, where it signed up."""
        return f"user:{(await self.get('/v1/me'))['id']}"

    async def draft(self, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
        return await post(self.client, "/v1/invoices", draft_body(*lines, **more))

    async def finalize(self, invoice: dict[str, Any], **body: Any) -> dict[str, Any]:
        return await post(self.client, f"/v1/invoices/{invoice['id']}/finalize", body)

    async def invoice(self, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A finalized invoice."""
        return await self.finalize(await self.draft(*lines, **more))

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        response = await self.client.get(path, params=query)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def post(self, path: str, body: Any = None, **expect: Any) -> dict[str, Any]:
        return await post(self.client, path, body, **expect)


async def post(
    client: httpx.AsyncClient, path: str, body: Any = None, *, status: int | None = None
) -> dict[str, Any]:
    """POST and give the JSON; anything but success (or `status`) fails the test with the answer."""
    response = await client.post(path, json=body)
    if status is None:
        assert response.is_success, f"{response.status_code} {response.text}"
    else:
        assert response.status_code == status, f"{response.status_code} {response.text}"
    answer: dict[str, Any] = response.json()
    return answer


async def make_template(server: Postgres) -> None:
    """The database that every world is cloned from."""
    await prepare_database(place_of(server, TEMPLATE))


def _forget_applications() -> None:
    """FastAPI remembers functions, and with them what they close over: 3 MB of each world."""
    for each in vars(dependencies).values():
        if hasattr(each, "cache_clear"):
            each.cache_clear()


@asynccontextmanager
async def open_world(
    server: Postgres,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    memory_kib: int = 64,
    placements: tuple[str, ...] = (),
) -> AsyncIterator[World]:
    """An installation on fresh clones of the template, one for each placement too."""
    name = f"world_{next(_numbers)}"
    databases = {placement: {"database": f"{name}_{placement}"} for placement in placements}
    names = [name, *(each["database"] for each in databases.values())]
    admin = await asyncpg.connect(**server.connection())
    try:
        for each in names:
            await admin.execute(f"CREATE DATABASE {each} TEMPLATE {TEMPLATE}")
    finally:
        await admin.close()
    if placements:
        (folder / PLACEMENTS).write_text(json.dumps(databases))
        environment = {**(environment or {}), "INVX_PLACEMENTS": str(folder / PLACEMENTS)}
    key, jwks = folder / "signing-key.json", folder / "jwks.json"
    if not key.exists():
        create_key(key, jwks)
        create_secret_key(folder / "secret-key")
    channels = {
        "INVX_TRANSMISSION_FOLDER": str(folder / "sent"),
        "INVX_PRACTICE_AUTHORITY": "1",
        "INVX_NUMBERS_FILE": "off",
    }
    settings = read_settings({**channels, **(environment or {})})
    home = replace(settings.place, home=folder)  # rules and packs that a test installs
    settings = replace(settings, auth=replace(settings.auth, jwks=jwks), place=home)
    settings = replace(
        settings, identity=replace(settings.identity, password_memory_kib=memory_kib)
    )
    place = with_placements(place_of(server, name), settings.place)
    host = await build_host(place.where, settings, erase=eraser_of(place, settings))
    app = await create_app(host, settings, background=False)
    world = World(server, place, host, app, settings, key)
    try:
        yield world
    finally:
        await world.close()
        _forget_applications()
        admin = await asyncpg.connect(**server.connection())
        try:
            for each in names:
                await admin.execute(f"DROP DATABASE {each} WITH (FORCE)")
        finally:
            await admin.close()
