"""Whether signing up, getting a token and using it cost more where very many tenants are.

Two databases on one PostgreSQL, one with a few tenants and one with a crowd, asked in turns:
whatever else the machine does meanwhile slows both. Everybody signs up through the API, here with
a cheap hash of the password, since the dear one would hide everything else.

Like is compared with like. Among few tenants each is asked again and again, so whatever the program
remembers of a tenant is there; in the crowd each is asked once. So a *first* request is one of a
tenant of whom the program remembers nothing, in either: the directories forget it before, and its
access token is a new one. A *later* request is the same again, at once.

    python -m bench.crowd [--tenants 10000] [--record docs/measurements/crowd.md]
"""

import argparse
import asyncio
import itertools
import os
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from bench import requests
from bench.figures import keep
from bench.installation import bench_settings, running_postgres
from bench.load import quantile
from invx.host import build_host, create_app
from invx.infra.embedded import Postgres
from invx.infra.observability import configure_observability
from invx.infra.running import Host
from invx.kernel.ids import parse_typeid
from invx.place import Place, place_of, prepare_database
from invx.settings import Settings

FEW, CROWD = 10, 10_000
FIRST, LATER = "first", "later"
_DRAFTS = 5  # that each tenant has before it is asked, and that a list shows
REQUESTS = 400  # of each kind, to each installation
GROWTH_MAX = 1.2
_PASSWORD = "seventeen brass lanterns adrift"
_BEFORE_SETTLING = 100  # sign-ups, before their events are carried to the other contexts
_WARMING = 20


@dataclass(slots=True)
class Person:
    """The owner of a tenant, and what they hold."""

    tenant_id: UUID
    refresh_token: str
    access_token: str


@dataclass(slots=True)
class Installation:
    """One of the two databases with its people, and the milliseconds of its answers by kind."""

    host: Host
    client: httpx.AsyncClient
    place: Place
    people: list[Person] = field(default_factory=list)
    milliseconds: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    connections: int = 0
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def sign_up(self, _: Person | None = None) -> None:
        """A new organization with its owner, its tenant and its sandbox."""
        body = {
            "organization": "Kontor Nord",
            "name": "Ada Lund",
            "email": f"ada.{next(self._numbers)}@kontor-nord.example",
            "password": _PASSWORD,
        }
        tokens = await self._ask("/v1/sign-up", json=body)
        tenant_id = parse_typeid("tnt", tokens["tenant"])
        self.people.append(Person(tenant_id, tokens["refresh_token"], tokens["access_token"]))

    async def refresh(self, person: Person) -> None:
        """A new access token; the refresh token is another one then."""
        form = {"grant_type": "refresh_token", "refresh_token": person.refresh_token}
        tokens = await self._ask("/oauth/token", data=form)
        person.refresh_token, person.access_token = tokens["refresh_token"], tokens["access_token"]

    async def register(self, person: Person) -> None:
        """The legal entity that invoices need."""
        await self._ask("/v1/legal-entities", person, json=requests.SELLER)

    async def create(self, person: Person) -> None:
        """A draft of three lines."""
        await self._ask("/v1/invoices", person, json=requests.draft())

    async def list(self, person: Person) -> None:
        """A page of a tenant's documents, of the same length in both."""
        await self._ask(f"/v1/invoices?limit={_DRAFTS}", person, method="GET")

    def forget(self, person: Person) -> None:
        """Nothing is remembered of the tenant, as after a minute in which nobody asked."""
        for context in self.host.contexts.values():
            context.directory.forget(person.tenant_id)

    async def time(
        self,
        kind: str,
        when: str,
        ask: "Callable[[Installation, Person], Awaitable[None]]",
        person: Person,
        *,
        kept: bool,
    ) -> None:
        """Ask, and keep how long it took unless this is to warm up."""
        began = time.perf_counter()
        await ask(self, person)
        spent = (time.perf_counter() - began) * 1000
        if kept:
            self.milliseconds.setdefault((kind, when), []).append(spent)

    async def count_connections(self) -> None:
        """Remember the most that were open to its database at a time."""
        conn = await asyncpg.connect(**self.place.admin)
        count = await conn.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        self.connections = max(self.connections, count)
        await conn.close()

    async def _ask(
        self, path: str, person: Person | None = None, *, method: str = "POST", **body: Any
    ) -> Any:
        headers = {"authorization": f"Bearer {person.access_token}"} if person else {}
        response = await self.client.request(method, path, headers=headers, **body)
        if not response.is_success:
            raise SystemExit(f"{path}: {response.status_code} {response.text}")
        return response.json()


KINDS: dict[str, Callable[[Installation, Person], Awaitable[None]]] = {
    "token": Installation.refresh,
    "create": Installation.create,
    "list": Installation.list,
    "sign_up": Installation.sign_up,
}


async def _installation(
    stack: AsyncExitStack, server: Postgres, settings: Settings, tenants: int
) -> Installation:
    place = place_of(server, f"crowd_{tenants}")
    await prepare_database(place)
    host = await build_host(place.where, settings)
    stack.push_async_callback(host.stop)
    transport = httpx.ASGITransport(await create_app(host, settings, background=False))
    client = httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=300)
    stack.push_async_callback(client.aclose)
    made = Installation(host, client, place)
    began = time.perf_counter()
    for number in range(1, tenants + 1):
        await made.sign_up()
        if number % _BEFORE_SETTLING == 0 or number == tenants:
            await host.settle()
            print(f"\r{number:,} of {tenants:,} signed up", end="", flush=True)
    conn = await asyncpg.connect(**place.admin)
    await conn.execute("VACUUM ANALYZE")  # as autovacuum does by then
    await conn.close()
    print(f" in {time.perf_counter() - began:,.0f} s")
    return made


async def measured(server: Postgres, sizes: tuple[int, int], count: int) -> list[Installation]:
    """Both installations with their answers, asked in turns."""
    settings = bench_settings()
    configure_observability(settings.observability)
    settings = replace(settings, identity=replace(settings.identity, password_memory_kib=64))
    async with AsyncExitStack() as stack:
        both = [await _installation(stack, server, settings, size) for size in sizes]
        chosen = [_chosen(installation, count) for installation in both]
        for installation, people in zip(both, chosen, strict=True):
            for person in people:
                await installation.refresh(person)  # a crowd outlives its first tokens
                await installation.register(person)
                for _ in range(_DRAFTS):
                    await installation.create(person)
            await installation.host.settle()
        await asked([*zip(both, chosen, strict=True)], count)
        return both


async def asked(both: list[tuple[Installation, list[Person]]], count: int) -> None:
    """Ask so many people of each for everything, the one and the other installation in turns."""
    for kind, ask in KINDS.items():
        for number in range(-_WARMING, count):
            for installation, people in both if number % 2 else both[::-1]:
                person = people[number % len(people)]
                if kind != "token":
                    await installation.refresh(person)
                installation.forget(person)
                for when in (FIRST, LATER) if kind != "sign_up" else (FIRST,):
                    await installation.time(kind, when, ask, person, kept=number >= 0)
        for installation, _ in both:
            await installation.count_connections()
            await installation.host.settle()


def _chosen(installation: Installation, count: int) -> list[Person]:
    """Who asks: everybody where they are few, else so many of them, from all over."""
    return random.Random(7).sample(installation.people, min(count, len(installation.people)))


def growths(both: list[Installation]) -> dict[tuple[str, str], float]:
    """How many times the median of the few that of the crowd is, by kind and when."""
    few, crowd = (each.milliseconds for each in both)
    return {which: _median(crowd[which]) / _median(few[which]) for which in few}


def _median(milliseconds: list[float]) -> float:
    return quantile(sorted(milliseconds), 0.5)


def figures(both: list[Installation], sizes: tuple[int, int]) -> dict[str, float]:
    """The median of the crowd, how many times that of the few it is, and the connections."""
    found: dict[str, float] = {"crowd_tenants": sizes[1], "crowd_connections": both[1].connections}
    for (kind, when), growth in growths(both).items():
        found[f"crowd_{kind}_{when}_p50_ms"] = round(_median(both[1].milliseconds[kind, when]), 2)
        found[f"crowd_{kind}_{when}_growth"] = round(growth, 3)
    return found


def shown(both: list[Installation], sizes: tuple[int, int]) -> str:
    """The table of `docs/measurements/crowd.md`."""
    head = " | ".join(f"{size:,}: p50 ms | p99" for size in sizes)
    lines = [f"| | request | {head} | p50 grows |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for (kind, when), growth in growths(both).items():
        found = [sorted(each.milliseconds[kind, when]) for each in both]
        cells = [f"{quantile(each, share):.1f}" for each in found for share in (0.5, 0.99)]
        name = kind.replace("_", " ")
        lines.append(f"| {name} | {when} | {' | '.join(cells)} | {growth:.2f} times |")
    connections = " and ".join(str(each.connections) for each in both)
    lines += ["", f"Connections of the program at most: {connections}."]
    return "\n".join(lines)


def main() -> None:
    """Sign everybody up, measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.crowd", description=__doc__)
    parser.add_argument("--tenants", type=int, default=CROWD)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    target = Path(os.environ.get("INVX_HOME", ".invx")).absolute() / "bench.json"
    sizes = FEW, options.tenants
    with tempfile.TemporaryDirectory(prefix="invx-crowd-") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "home") as server:
            both = asyncio.run(measured(server, sizes, options.requests))
    found, table = figures(both, sizes), shown(both, sizes)
    print(table)
    for (kind, when), growth in growths(both).items():
        met = "met   " if growth <= GROWTH_MAX else "missed"
        print(f"{met}  {kind}, {when} request: {growth:.2f} times")
    keep(target, found)
    if options.record:
        options.record.write_text(_page(options.requests, table))


_PAGE = """# python -m bench.crowd

{question} Two databases on one PostgreSQL, {count} requests of each kind to each in turns: in the
second to as many different tenants, in the first to the few there are, again and again. A cheap
hash of the passwords, since the dear one would hide the rest.

A *first* request is one of a tenant of whom the program remembers nothing: the directories
forget it before, in both installations, and its access token is a new one. A *later* one is the
same again, at once. So like is compared with like; the median may grow {growth} times.

{table}

Load of the machine at the end: {load:.1f}.
"""


def _page(count: int, table: str) -> str:
    question = (__doc__ or "").splitlines()[0]
    load = os.getloadavg()[0]
    return _PAGE.format(question=question, count=count, growth=GROWTH_MAX, table=table, load=load)


if __name__ == "__main__":
    main()
