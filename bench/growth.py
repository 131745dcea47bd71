"""Whether lists, single documents and searches get slower as an installation grows.

Two databases on one PostgreSQL, a small and a grown one, asked in turns: whatever else the machine
does meanwhile slows both. Of the documents of each, a fifth belongs to one tenant and the rest to
the others in equal parts; half of the requests are the big tenant's. All go through the program's
own application, as the application's role.

    python -m bench.growth [--documents 5000000] [--record docs/measurements/growth.md]
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx

from bench import requests
from bench.bulk import registered
from bench.figures import keep
from bench.installation import bench_settings, new_tenant, running_postgres, token_of
from bench.load import quantile
from invx.host import Host, build_host, create_app
from invx.infra.embedded import Postgres
from invx.infra.observability import configure_observability
from invx.kernel.ids import typeid
from invx.place import Place, place_of, prepare_database
from invx.settings import Settings
from tests.integration.invoicing.crowd import FILL

SMALL, GROWN = 50_000, 500_000
TENANTS, BIG_SHARE = 200, 0.2
REQUESTS = 600  # different ones of each kind, to each database
TRIES = 3
GROWTH_MAX = 1.5
_CHUNK = 100_000
_BYTES_PER_DOCUMENT = 6_000  # measured with all indexes; asked of the disk before beginning
_CONTENT = json.dumps({**requests.draft(), "totals": {"gross": "1.00"}})
_TABLES = ("documents", "document_contents", "document_search", "settlements", "settlement_entries")


@dataclass(frozen=True, slots=True)
class Tenant:
    """Who asks, and how many documents there are to ask for."""

    client: httpx.AsyncClient
    count: int
    first: int


@dataclass(slots=True)
class Installation:
    """One of the two databases, and the milliseconds of its answers by kind."""

    documents: int
    big: Tenant
    small: list[Tenant]
    milliseconds: dict[str, list[float]]
    slowest: dict[str, tuple[float, str]]


# What is asked, by kind: the path, given a chance and how many documents the tenant has.
Ask = Callable[[random.Random, Tenant], str]
LISTS: tuple[Ask, ...] = (
    lambda _, __: "?limit=50",
    lambda _, __: "?status=draft",
    lambda c, t: f"?customer=C-{c.randrange(_customers(t.count))}",
    lambda c, t: f"?issue_date[gte]={_day(c, t)}&sort=issue_date",
    lambda _, __: "?sort=-gross",
    lambda _, __: "?overdue=true",
    lambda c, t: f"?number=2026-{c.randrange(1, t.count):06}",
    lambda _, __: "?sort=buyer&settlement_status=open",
)
SEARCHES: tuple[Ask, ...] = (
    lambda c, t: f"?q=x-{c.randrange(1, t.count)}",
    lambda c, t: f"?q=buyer {c.randrange(_customers(t.count))}",
    lambda c, t: f"?metadata[deal]=D-{c.randrange(2 * _customers(t.count))}",
    lambda _, __: "?q=design",
)
KINDS: dict[str, tuple[Ask, ...]] = {
    "list": LISTS,
    "get": (lambda c, t: "/" + typeid("inv", _id(t.first + c.randrange(1, t.count))),),
    "search": SEARCHES,
}


def _customers(count: int) -> int:
    """A hundred documents each, however many there are."""
    return max(1, count // 100)


def _day(chance: random.Random, tenant: Tenant) -> str:
    return (
        f"{2024 + chance.randrange(max(1, tenant.count // 36_500))}-0{chance.randrange(1, 10)}-01"
    )


def _id(number: int) -> UUID:
    return UUID(f"01900000-0000-7000-8000-{number:012x}")


async def _filled(place: Place, settings: Settings, documents: int) -> tuple[Host, list[UUID]]:
    """A migrated database with so many documents, the tenants with the biggest first."""
    await prepare_database(place)
    host = await build_host(place.where, settings)
    conn = await asyncpg.connect(**place.admin)
    tenants = [(await new_tenant(host, settings))[0] for _ in range(TENANTS)]
    await registered(host, tenants)
    rows = await conn.fetch(
        "SELECT DISTINCT ON (tenant_id) tenant_id, legal_entity_id, series_id"
        " FROM invoicing.series ORDER BY tenant_id, series_id"
    )
    found = {row["tenant_id"]: row for row in rows}
    await conn.execute("SET session_replication_role = replica")
    await conn.execute("SET maintenance_work_mem = '1GB'")
    await conn.execute("SET synchronous_commit = off")
    indexes = [
        row["indexdef"]
        for row in await conn.fetch(_SECONDARY, list(_TABLES))
        if await conn.execute(f"DROP INDEX invoicing.{row['indexname']}")
    ]
    for number, tenant_id in enumerate(tenants):
        count, row = _share(documents, number), found[tenant_id]
        for done in range(0, count, _CHUNK):
            await conn.execute(
                FILL,
                *(tenant_id, row["legal_entity_id"], min(_CHUNK, count - done), number * 2**32),
                *(row["series_id"], _CONTENT, _customers(count), done),
                timeout=3600,
            )
    for index in indexes:
        await conn.execute(index, timeout=7200)
    await conn.execute("VACUUM ANALYZE", timeout=7200)
    await conn.close()
    return host, tenants


def _share(documents: int, number: int) -> int:
    big = int(documents * BIG_SHARE)
    return big if number == 0 else (documents - big) // (TENANTS - 1)


async def _installation(
    stack: AsyncExitStack, server: Postgres, settings: Settings, documents: int
) -> Installation:
    began = time.perf_counter()
    host, tenants = await _filled(place_of(server, f"grown_{documents}"), settings, documents)
    stack.push_async_callback(host.stop)
    app = await create_app(host, settings, background=False)
    asking = []
    for number, tenant_id in enumerate(tenants[:20]):
        token = token_of(settings, tenant_id)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://bench",
            headers={"Authorization": f"Bearer {token}"},
            timeout=300,
        )
        stack.push_async_callback(client.aclose)
        asking.append(Tenant(client, _share(documents, number), number * 2**32))
    print(f"{documents:,} documents made in {time.perf_counter() - began:,.0f} s", flush=True)
    return Installation(documents, asking[0], asking[1:], {}, {})


async def _ask(installation: Installation, kind: str, chance: random.Random) -> None:
    tenant = installation.big if chance.random() < 0.5 else chance.choice(installation.small)
    path = chance.choice(KINDS[kind])(chance, tenant)
    spent = []
    for _ in range(TRIES):
        began = time.perf_counter()
        response = await tenant.client.get(f"/v1/invoices{path}")
        spent.append((time.perf_counter() - began) * 1000)
        if response.status_code != 200:
            raise SystemExit(f"{path}: {response.status_code} {response.text}")
    installation.milliseconds.setdefault(kind, []).append(min(spent))
    installation.slowest[kind] = max(installation.slowest.get(kind, (0.0, "")), (min(spent), path))


async def measured(server: Postgres, sizes: tuple[int, int], count: int) -> list[Installation]:
    """Both installations with their answers, asked in turns with the same chances."""
    settings = bench_settings()
    configure_observability(settings.observability)
    async with AsyncExitStack() as stack:
        both = [await _installation(stack, server, settings, size) for size in sizes]
        for kind in KINDS:
            for number in range(-50, count):  # the first ones warm up
                for installation in both:
                    await _ask(installation, kind, random.Random(f"{kind} {number}"))
                    if number < 0:
                        installation.milliseconds[kind].clear()
        return both


def figures(both: list[Installation]) -> dict[str, float]:
    """p99 of the grown installation, and how many times that of the small one."""
    small, grown = both
    found = {}
    for kind in KINDS:
        before, after = (quantile(sorted(each.milliseconds[kind]), 0.99) for each in both)
        found[f"{kind}_p99_ms"] = round(after, 2)
        found[f"{kind}_p99_growth"] = round(after / before, 3)
    return found | {"growth_documents": grown.documents, "growth_from": small.documents}


def shown(both: list[Installation], figures: dict[str, float]) -> str:
    """The table of `docs/measurements/growth.md`."""
    small, grown = both
    lines = [
        f"| | {small.documents:,}: p50 ms | p99 | {grown.documents:,}: p50 ms | p99 | p99 grows |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for kind in KINDS:
        cells = [
            f"{quantile(sorted(each.milliseconds[kind]), share):.1f}"
            for each in both
            for share in (0.5, 0.99)
        ]
        growth = f"{figures[f'{kind}_p99_growth']:.2f} times"
        lines.append(f"| {kind} | {' | '.join(cells)} | {growth} |")
    return "\n".join(lines)


def main() -> None:
    """Fill, measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.growth", description=__doc__)
    parser.add_argument("--documents", type=int, default=GROWN)
    parser.add_argument("--from", dest="small", type=int, default=SMALL)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="invx-growth-") as folder:
        needed = options.documents * _BYTES_PER_DOCUMENT
        if shutil.disk_usage(folder).free < 2 * needed:
            raise SystemExit(f"the disk lacks room: {needed / 1e9:.0f} GB are written")
        Path(folder).chmod(0o755)
        target = Path(os.environ.get("INVX_HOME", ".invx")).absolute() / "bench.json"
        with running_postgres(Path(folder) / "home") as server:
            both = asyncio.run(
                measured(server, (options.small, options.documents), options.requests)
            )
    found = figures(both)
    table = shown(both, found)
    print(table)
    for kind in KINDS:
        growth = found[f"{kind}_p99_growth"]
        slowest, path = both[1].slowest[kind]
        said = f"{growth} times; the slowest of the grown: {slowest:.0f} ms, {path}"
        print(f"{'met   ' if growth <= GROWTH_MAX else 'missed'}  {kind}: {said}")
    keep(target, found)
    if options.record:
        load = f"Load of the machine at the end: {os.getloadavg()[0]:.1f}."
        said = _SAID.format(requests=options.requests)
        options.record.write_text(f"# python -m bench.growth\n\n{said}\n\n{table}\n\n{load}\n")


_SAID = f"""{__doc__.splitlines()[0]}
{TENANTS} tenants; one has {BIG_SHARE:.0%} of the documents, the others equal parts. A hundred
documents for each customer, fifty for each deal; a tenth are drafts. {{requests:,}} different
requests of each kind to each database in turns, half of them the big tenant's. Each is sent {TRIES}
times and the fastest answer counts, so what else the machine does matters little: p99 is that of
what was asked. It may grow {GROWTH_MAX} times."""
_SECONDARY = """
SELECT i.indexname, i.indexdef FROM pg_indexes i JOIN pg_class c ON c.relname = i.indexname
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = i.schemaname
JOIN pg_index x ON x.indexrelid = c.oid
WHERE i.schemaname = 'invoicing' AND i.tablename = ANY($1) AND NOT EXISTS (
    SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid) ORDER BY i.indexname
"""

if __name__ == "__main__":
    main()
