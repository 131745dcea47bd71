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
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
import httpx

from bench import requests
from bench.bulk import registered
from bench.figures import keep
from bench.installation import bench_settings, new_tenant, running_postgres, token_of
from bench.load import quantile
from invx.contexts.invoicing.api.lists import DOCUMENTS
from invx.host import build_host, create_app
from invx.infra.embedded import Postgres
from invx.infra.http.pagination import parse_list_query
from invx.infra.observability import configure_observability
from invx.infra.running import Host
from invx.kernel.ids import typeid
from invx.place import Place, place_of, prepare_database
from invx.settings import Settings
from tests.integration.invoicing.crowd import FILL

SMALL, GROWN = 50_000, 500_000
TENANTS, BIG_SHARE = 200, 0.2
REQUESTS = 1_000  # different ones of each kind, to each database
TRIES, TRIES_MOST = 3, 20
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
    """One of the two databases, and the milliseconds of its answers by kind and shape."""

    documents: int
    big: Tenant
    small: list[Tenant]
    milliseconds: dict[str, dict[str, list[float]]]

    def of(self, kind: str) -> list[float]:
        """Those of all shapes of a kind, sorted."""
        return sorted(each for shape in self.milliseconds[kind].values() for each in shape)


# What is asked, by kind and shape: the path, given a chance and how many documents the tenant has.
Ask = Callable[[random.Random, Tenant], str]
LISTS: dict[str, Ask] = {
    "newest": lambda _, __: "?limit=50",
    "drafts": lambda _, __: "?status=draft",
    "of a customer": lambda c, t: f"?customer=C-{_customer(c, t)}",
    "from a day on": lambda c, t: f"?issue_date[gte]={_day(c, t)}&sort=issue_date",
    "greatest": lambda _, __: "?sort=-gross",
    "overdue": lambda _, __: "?overdue=true",
    "overdue, greatest": lambda _, __: "?overdue=true&sort=-gross",
    "overdue of a customer": lambda c, t: f"?overdue=true&customer=C-{_customer(c, t)}",
    "not overdue": lambda _, __: "?overdue=false",
    "by number": lambda c, t: f"?number=2026-{c.randrange(1, t.count):06}",
    "open by buyer": lambda _, __: "?sort=buyer&settlement_status=open",
    "partly paid, which none is": lambda _, __: "?settlement_status=partial",
    "rejected by number": lambda _, __: "?clearance_status=rejected&sort=number",
    "made on a day, greatest": lambda c, t: f"?{_made_on(c, t)}&sort=-gross",
    "deep page": lambda c, t: _deep(c, t, {}),
    "deep page of drafts": lambda c, t: _deep(c, t, {"status": "draft"}),
    "deep page of what is open": lambda c, t: _deep(c, t, {"settlement_status": "open"}),
}
SEARCHES: dict[str, Ask] = {
    "number": lambda c, t: f"?q=x-{c.randrange(1, t.count)}",
    "buyer": lambda c, t: f"?q=buyer {_customer(c, t)}",
    "deal": lambda c, t: f"?metadata[deal]=D-{c.randrange(2 * _customers(t.count))}",
    "deal that all tenants have": lambda c, _: f"?metadata[deal]=D-{c.randrange(5)}",
    "deal that nobody has": lambda c, _: f"?metadata[deal]=E-{c.randrange(100)}",
    "deal and team": lambda c, _: f"?metadata[deal]=D-{c.randrange(5)}&metadata[team]=T-1",
    "buyer and team": lambda c, t: f"?q=buyer {_customer(c, t)}&metadata[team]=T-1",
    "word that all documents have": lambda _, __: "?q=design",
    "word that nobody has": lambda c, _: f"?q=zeppelin {c.randrange(100)}",
}
KINDS: dict[str, dict[str, Ask]] = {
    "list": LISTS,
    "get": {"one": lambda c, t: "/" + typeid("inv", _id(t.first + c.randrange(1, t.count)))},
    "search": SEARCHES,
}


def _customers(count: int) -> int:
    """A hundred documents each, however many there are."""
    return max(1, count // 100)


def _customer(chance: random.Random, tenant: Tenant) -> int:
    return chance.randrange(_customers(tenant.count))


def _day(chance: random.Random, tenant: Tenant) -> str:
    return (
        f"{2024 + chance.randrange(max(1, tenant.count // 36_500))}-0{chance.randrange(1, 10)}-01"
    )


def _made_on(chance: random.Random, tenant: Tenant) -> str:
    """A day on which documents were made, of the tenant's first half."""
    day = date(2024, 1, 1) + timedelta(days=chance.randrange(max(1, tenant.count // 288)))
    return f"created[gte]={day}&created[lt]={day + timedelta(days=1)}"


def _deep(chance: random.Random, tenant: Tenant, wanted: dict[str, str]) -> str:
    """A page of the newest first that begins behind a document somewhere in the middle."""
    query = parse_list_query(DOCUMENTS, list(wanted.items()))
    last = _id(tenant.first + chance.randrange(tenant.count // 4, tenant.count))
    return "?" + urlencode({**wanted, "after": query.cursor(str(last), last)})


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
    return Installation(documents, asking[0], asking[1:], {})


async def _ask(installation: Installation, kind: str, chance: random.Random) -> None:
    tenant = installation.big if chance.random() < 0.5 else chance.choice(installation.small)
    shape = chance.choice(list(KINDS[kind]))
    path = KINDS[kind][shape](chance, tenant)
    spent: list[float] = []
    while not _is_settled(spent):
        began = time.perf_counter()
        response = await tenant.client.get(f"/v1/invoices{path}")
        spent.append((time.perf_counter() - began) * 1000)
        if response.status_code != 200:
            raise SystemExit(f"{path}: {response.status_code} {response.text}")
    installation.milliseconds.setdefault(kind, {}).setdefault(shape, []).append(min(spent))


def _is_settled(spent: list[float]) -> bool:
    """Whether the last few tries brought nothing faster, so that the fastest is what it costs."""
    if len(spent) <= TRIES:
        return False
    return len(spent) == TRIES_MOST or min(spent[-TRIES:]) >= min(spent[:-TRIES])


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
        before, after = (quantile(each.of(kind), 0.99) for each in both)
        found[f"{kind}_p99_ms"] = round(after, 2)
        found[f"{kind}_p99_growth"] = round(after / before, 3)
    return found | {"growth_documents": grown.documents, "growth_from": small.documents}


def shown(both: list[Installation]) -> str:
    """The tables of `docs/measurements/growth.md`: the kinds, and the shapes of each."""
    small, grown = both
    head = f"{small.documents:,}: p50 ms | p99 | {grown.documents:,}: p50 ms | p99 | p99 grows |"
    lines = [f"| | {head}", "| --- | --- | --- | --- | --- | --- |"]
    lines += [_line(kind, [each.of(kind) for each in both]) for kind in KINDS]
    lines += ["", f"| | | {head}", "| --- | --- | --- | --- | --- | --- | --- |"]
    for kind in KINDS:
        for shape in sorted(grown.milliseconds[kind]):
            found = [sorted(each.milliseconds[kind][shape]) for each in both]
            lines.append(f"| {kind} {_line(shape, found)}")
    return "\n".join(lines)


def _line(name: str, found: list[list[float]]) -> str:
    cells = [f"{quantile(each, share):.1f}" for each in found for share in (0.5, 0.99)]
    before, after = (quantile(each, 0.99) for each in found)
    return f"| {name} | {' | '.join(cells)} | {after / before:.2f} times |"


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
    table = shown(both)
    print(table)
    for kind in KINDS:
        growth = found[f"{kind}_p99_growth"]
        print(f"{'met   ' if growth <= GROWTH_MAX else 'missed'}  {kind}: {growth} times")
    keep(target, found)
    if options.record:
        load = f"Commit {_commit()}. Load of the machine at the end: {os.getloadavg()[0]:.1f}."
        said = _SAID.format(requests=options.requests)
        options.record.write_text(f"# python -m bench.growth\n\n{said}\n\n{table}\n\n{load}\n")


def _commit() -> str:
    git = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()


_SAID = f"""{__doc__.splitlines()[0]}
{TENANTS} tenants; one has {BIG_SHARE:.0%} of the documents, the others equal parts. A hundred
documents for each customer, fifty for each deal; a tenth are drafts, one in ninety-seven of the
others is open. {{requests:,}} different requests of each kind, all shapes alike, to each database
in turns, half of them the big tenant's. Each is sent until {TRIES} more times bring nothing faster,
{TRIES_MOST} times at most, and the fastest answer counts, so that what else the machine does
matters less; on a busy one both columns are higher, and closer to each other. p99 is that of what
was asked, and that of a shape is its slowest or nearly so. That of a kind may grow {GROWTH_MAX}
times."""
_SECONDARY = """
SELECT i.indexname, i.indexdef FROM pg_indexes i JOIN pg_class c ON c.relname = i.indexname
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = i.schemaname
JOIN pg_index x ON x.indexrelid = c.oid
WHERE i.schemaname = 'invoicing' AND i.tablename = ANY($1) AND NOT EXISTS (
    SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid) ORDER BY i.indexname
"""

if __name__ == "__main__":
    main()
