"""What an answer that is kept in Valkey saves, and what it could save of reads by a key.

The same question is asked of the program's own application in this process, on a PostgreSQL with
fsync on: without Valkey, and with it once the answer is kept. Below that stand single round trips
of the two drivers, without the program.

    python -m bench.reads [--record docs/measurements/reads.md]
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx

from bench.figures import keep
from bench.installation import (
    HOME,
    bench_settings,
    new_tenant_in,
    prepared_host,
    running_postgres,
    token_of,
)
from bench.load import quantile
from invx.host import create_app
from invx.infra.embedded import Postgres
from invx.infra.embedded_valkey import Valkey
from invx.infra.observability import configure_observability
from invx.infra.valkey import ValkeyLink
from invx.place import place_of
from invx.settings import Settings

DOCUMENTS = (100, 10_000, 1_000_000)  # of a tenant, in the twelve months that are asked for
TRIES = 200
_VALUE = b"x" * 2_000
_FILL = """
INSERT INTO analytics.documents
SELECT $1, gen_random_uuid(), 'invoice', '019a0000-0000-7000-8000-000000000002', 'EUR',
    date_trunc('month', now() - (n % 11) * interval '1 month')::date,
    n, n * 0.19, n * 1.19, false, true
FROM generate_series(1, $2::int) AS n
"""
_BY_KEY = "SELECT net, gross FROM analytics.documents WHERE tenant_id = $1 AND document_id = $2"


@contextmanager
def scratch() -> Iterator[Path]:
    """A home that PostgreSQL's account can reach."""
    with tempfile.TemporaryDirectory(prefix="invx-reads-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def median_ms(work: Callable[[], Awaitable[object]]) -> float:
    """Of many tries; the first ones open what is needed."""
    took = []
    for number in range(TRIES + 10):
        began = time.perf_counter()
        await work()
        if number >= 10:
            took.append((time.perf_counter() - began) * 1000)
    return quantile(sorted(took), 0.5)


async def asked_ms(settings: Settings, tenant_id: UUID) -> float:
    """`GET /v1/analytics/revenue` of this tenant, in this process."""
    host = await prepared_host(settings)
    app = await create_app(host, settings, background=False)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://bench",
        headers={"Authorization": f"Bearer {token_of(settings, tenant_id)}"},
        timeout=60,
    )

    async def ask() -> None:
        answer = await client.get("/v1/analytics/revenue")
        answer.raise_for_status()
        if not answer.json()["data"]:
            raise SystemExit("there is nothing to sum")

    async with client:
        try:
            return await median_ms(ask)
        finally:
            await host.stop()


async def measured(server: Postgres, valkey: Valkey) -> dict[str, float]:
    """Milliseconds by what was asked."""
    alone = bench_settings()
    shared = replace(alone, broker=replace(alone.broker, valkey_url=valkey.url))
    configure_observability(alone.observability)
    host = await prepared_host(alone)
    admin = await asyncpg.connect(**place_of(server).admin)
    found: dict[str, float] = {}
    for count in DOCUMENTS:
        tenant_id = await new_tenant_in(host.pools)
        await admin.execute(_FILL, tenant_id, count)
        await admin.execute("VACUUM ANALYZE analytics.documents")
        found[f"revenue_{count}_ms"] = await asked_ms(alone, tenant_id)
        found[f"revenue_{count}_kept_ms"] = await asked_ms(shared, tenant_id)
    await host.stop()
    id = await admin.fetchval(
        "SELECT document_id FROM analytics.documents WHERE tenant_id = $1 LIMIT 1", tenant_id
    )
    found["postgres_by_key_ms"] = await median_ms(lambda: admin.fetch(_BY_KEY, tenant_id, id))
    link = ValkeyLink(valkey.url)
    await link.client.set("bench", _VALUE)
    found["valkey_by_key_ms"] = await median_ms(lambda: link.client.get("bench"))
    await link.close()
    await admin.close()
    return {name: round(value, 3) for name, value in found.items()}


def shown(found: dict[str, float]) -> str:
    """The tables of `docs/measurements/reads.md`."""
    lines = [
        "| revenue of a year, of a tenant with | summed, ms | kept, ms |",
        "| --- | ---: | ---: |",
    ]
    lines += [
        f"| {count:,} documents | {found[f'revenue_{count}_ms']:.1f} |"
        f" {found[f'revenue_{count}_kept_ms']:.1f} |"
        for count in DOCUMENTS
    ]
    lines += ["", "| one round trip of the driver | ms |", "| --- | ---: |"]
    lines += [
        f"| a row by its key, PostgreSQL | {found['postgres_by_key_ms']:.2f} |",
        f"| {len(_VALUE):,} bytes by their key, Valkey | {found['valkey_by_key_ms']:.2f} |",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.reads", description=__doc__)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    target = Path(os.environ.get(HOME, ".invx")).absolute() / "bench.json"
    with (
        scratch() as folder,
        Valkey(folder / "valkey") as valkey,
        running_postgres(folder / "home") as server,
    ):
        found = asyncio.run(measured(server, valkey))
    load = os.getloadavg()[0]
    said = f"{shown(found)}\n\nMedians of {TRIES}; load of the machine at the end: {load:.1f}.\n"
    print(said)
    keep(target, found)
    if options.record:
        options.record.write_text(f"# python -m bench.reads\n\n{said}")


if __name__ == "__main__":
    main()
