"""What the two shapes cost: one process, and a process per context behind Envoy with RabbitMQ.

Both as `invx up` and `invx up --services` start them, PostgreSQL with fsync on. Measured in each:

- how long the start takes, with a new cluster and the demo's business;
- events per second: contracts lie committed in invoicing's outbox, for twenty tenants; counted is
  until analytics has reacted to all of them, by relay, transport, inbox and worker;
- from commit to effect, at half that rate: from the outbox row to the end of its reaction;
- the memory of the one process at rest, without PostgreSQL;
- what the gateway adds to a request, against the same request straight at the context.

    python -m bench.services [--events 20000] [--record docs/measurements/services.md]
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from bench import cpu
from bench.figures import keep
from bench.installation import HOME, new_tenant_in, token_of
from bench.load import Connection, quantile, request_bytes
from invx.cli.split import Split
from invx.host import outbox_channel
from invx.infra.postgres import Pools
from invx.place import Place, embedded_server, place_of
from invx.settings import Settings, read_settings

EVENTS, TENANTS = 20_000, 20
STEADY_SECONDS, TICK_SECONDS = 8.0, 0.02
ASKED = 400
BARS = {  # figure: (bar, whether more is better)
    "events_per_s_postgres": (5_000, True),
    "events_per_s_rabbitmq": (3_000, True),
    "commit_to_effect_p99_ms": (100, False),
    "gateway_added_p50_ms": (0.6, False),
    "idle_rss_mb": (250, False),
}
_UP = "from invx.cli import main; main()"
_SECONDS_MAX = 300
_BODY = {
    "legal_entity_id": "019a0000-0000-7000-8000-000000000002",
    "type": "invoice",
    "number": "2026-0001",
    "issue_date": "2026-02-28",
    "currency": "EUR",
    "net": "138.66",
    "tax": "26.35",
    "gross": "165.01",
    "due": "165.01",
    "due_date": "2026-03-14",
    "customer": "C-1",
    "credits": None,
    "test": False,
}
# A document each, as finalizing tells it: tenants in turn, a key of its own for every one.
_TELL = """
INSERT INTO invoicing.outbox (tenant_id, message_id, contract, order_key, sequence, lane,
    occurred_at, recorded_at, actor, correlation_id, causation_id, body)
SELECT ($1::uuid[])[1 + n % cardinality($1::uuid[])], gen_random_uuid(),
    'invoicing.document.finalized.v1', document, 1, 0, clock_timestamp(), clock_timestamp(),
    'user:bench', gen_random_uuid(), gen_random_uuid(),
    ($2::jsonb || jsonb_build_object('document_id', document))::json
FROM (SELECT n, gen_random_uuid() AS document FROM generate_series(1, $3::int) AS n) AS each
"""
_DONE = """
SELECT count(*) FROM analytics.inbox
WHERE state = 'done' AND contract = 'invoicing.document.finalized.v1'
"""
_TOOK = """
SELECT extract(epoch FROM finished_at - occurred_at) FROM analytics.inbox
WHERE state = 'done' AND contract = 'invoicing.document.finalized.v1' AND occurred_at > $1
ORDER BY 1
"""


@dataclass(slots=True)
class Up:
    """A running installation, and how long it took to start."""

    settings: Settings
    place: Place
    url: str
    pid: int
    start_s: float
    services: bool
    tenants: list[UUID] = field(default_factory=list)
    cpu_us: float = 0.0  # per event, of all processes

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def transport(self) -> str:
        return "rabbitmq" if self.services else "postgres"

    def port_of(self, context: str) -> int:
        """Where a context listens behind the gateway."""
        known = json.loads((self.settings.place.home / "services" / "services.json").read_text())
        return int(known[context]["url"].rpartition(":")[2])


@contextmanager
def up(home: Path, *, services: bool) -> Iterator[Up]:
    """`invx up` in a process of its own, until the block ends."""
    environment = {**os.environ, HOME: str(home), "INVX_PORT": "0"}
    said = home.with_suffix(".out")
    began = time.perf_counter()
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _UP, "up", *(["--services"] if services else [])],
            env=environment, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        while "Ctrl-C stops everything" not in said.read_text():
            if process.poll() is not None or time.perf_counter() - began > _SECONDS_MAX:
                raise SystemExit(said.read_text())
            time.sleep(0.02)
        took = time.perf_counter() - began
        settings = read_settings(environment)
        place = (
            Split.of(settings, 0).place if services else place_of(embedded_server(settings.place))
        )
        url = str(json.loads((home / "running.json").read_text())["url"])
        yield Up(settings, place, url, process.pid, took, services)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_SECONDS_MAX)


def resident_mb(pid: int) -> float:
    """Memory of a process that is its own, in megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


async def prepared(running: Up) -> None:
    """Tenants that every context knows."""
    pools = Pools(running.place.where)
    await pools.of("invoicing").ensure_open()
    running.tenants = [await new_tenant_in(pools) for _ in range(TENANTS)]
    await pools.close()


@dataclass(slots=True)
class Line:
    """The two ends of the way that events take."""

    tenants: list[UUID]
    told: asyncpg.Connection
    heard: asyncpg.Connection

    async def tell(self, count: int) -> None:
        """Commit so many, and wake the relay as a commit does."""
        await self.told.execute(_TELL, self.tenants, json.dumps(_BODY), count)
        await self.told.execute(f"NOTIFY {outbox_channel('invoicing')}")

    async def done(self) -> int:
        return int(await self.heard.fetchval(_DONE))

    async def until(self, count: int) -> None:
        """Until so many have had their effect."""
        end = time.perf_counter() + _SECONDS_MAX
        while await self.done() < count:
            if time.perf_counter() > end:
                raise SystemExit(f"{await self.done()} of {count} events had an effect")
            await asyncio.sleep(0.02)


async def flow(running: Up, events: int) -> tuple[float, float, float]:
    """Events per second; p50 and p99 in milliseconds from commit to effect at half of that."""
    await prepared(running)
    told = await asyncpg.connect(**running.place.of("invoicing").admin)
    heard = await asyncpg.connect(**running.place.of("analytics").admin)
    line = Line(running.tenants, told, heard)
    before = await line.done()
    await line.tell(events // 10)
    await line.until(before := before + events // 10)  # everything is open and warm
    for table in ("invoicing.outbox", "invoicing.tenants"):
        await told.execute(f"ANALYZE {table}")
    began, spent_before = time.perf_counter(), cpu.by_program(running.pid)
    await line.tell(events)
    committed = time.perf_counter()
    await line.until(before := before + events)
    ended = time.perf_counter()
    per_s = events / (ended - committed)
    spent_on = {
        name: (seconds - spent_before.get(name, 0.0)) / events * 1e6
        for name, seconds in cpu.by_program(running.pid).items()
    }
    print(f"{running.transport}: CPU µs per event:", *(
        f"{name} {spent:.0f}" for name, spent in sorted(spent_on.items()) if spent >= 1
    ))  # fmt: skip
    running.cpu_us = sum(spent_on.values())
    print(f"{running.transport}: {events} told in {committed - began:.2f} s, done in"
          f" {ended - committed:.2f} s")  # fmt: skip
    since = await heard.fetchval("SELECT clock_timestamp()")
    each, ticks = int(per_s / 2 * TICK_SECONDS), int(STEADY_SECONDS / TICK_SECONDS)
    start = time.perf_counter()
    for tick in range(ticks):
        await line.tell(max(1, each))
        await asyncio.sleep(max(0.0, start + (tick + 1) * TICK_SECONDS - time.perf_counter()))
    spent = time.perf_counter() - start
    await line.until(before + ticks * max(1, each))
    took = [float(row[0]) for row in await heard.fetch(_TOOK, since)]
    print(f"{running.transport}: {len(took) / spent:.0f} a second for {spent:.1f} s")
    await told.close()
    await heard.close()
    return per_s, quantile(took, 0.5) * 1000, quantile(took, 0.99) * 1000


async def gateway_added_ms(running: Up) -> float:
    """Median of a read through the gateway, less that of the same read at its context."""
    token = token_of(running.settings, running.tenants[0], timedelta(minutes=5))
    request = request_bytes("GET", "/v1/invoices?limit=1", token)
    ways = [await Connection.open(port) for port in (running.port, running.port_of("invoicing"))]
    took: list[list[float]] = [[], []]
    for number in range(ASKED + 50):
        for way, samples in zip(ways, took, strict=True):
            began = time.perf_counter()
            await way.ask(request)
            if number >= 50:
                samples.append(time.perf_counter() - began)
    for way in ways:
        await way.close()
    through, straight = (quantile(sorted(samples), 0.5) * 1000 for samples in took)
    return through - straight


def measured(folder: Path, events: int) -> dict[str, float]:
    """Both shapes, one after the other."""
    found: dict[str, float] = {}
    worst: list[float] = []
    for services in (False, True):
        shape = "services" if services else "one"
        with up(folder / shape, services=services) as running:
            found[f"start_s_{shape}"] = round(running.start_s, 1)
            if not services:
                time.sleep(5)  # what a start leaves to do
                found["idle_rss_mb"] = round(resident_mb(running.pid), 1)
            per_s, p50, p99 = asyncio.run(flow(running, events))
            found[f"events_per_s_{running.transport}"] = round(per_s)
            found[f"event_cpu_us_{running.transport}"] = round(running.cpu_us)
            found[f"commit_to_effect_p50_ms_{running.transport}"] = round(p50, 1)
            found[f"commit_to_effect_p99_ms_{running.transport}"] = round(p99, 1)
            worst.append(p99)
            if services:
                added = asyncio.run(gateway_added_ms(running))
                found["gateway_added_p50_ms"] = round(added, 2)
    found["commit_to_effect_p99_ms"] = round(max(worst), 1)
    return found


def shown(found: dict[str, float]) -> str:
    """The table of `docs/measurements/services.md`."""
    lines = ["| | figure | bar |", "| --- | --- | --- |"]
    for name, value in found.items():
        bar, more = BARS.get(name, (None, False))
        said = "" if bar is None else f"{'≥' if more else '≤'} {bar:,} {_met(name, value)}"
        lines.append(f"| `{name}` | {value:,} | {said} |")
    return "\n".join(lines)


def _met(name: str, value: float) -> str:
    bar, more = BARS[name]
    return "met" if (value >= bar if more else value <= bar) else "missed"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.services", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    target = Path(os.environ.get(HOME, ".invx")).absolute() / "bench.json"
    with tempfile.TemporaryDirectory(prefix="invx-services-") as folder:
        Path(folder).chmod(0o755)
        found = measured(Path(folder), options.events)
    load = os.getloadavg()[0]
    print(f"{shown(found)}\nLoad of the machine at the end: {load:.1f}.")
    keep(target, found)
    if options.record:
        options.record.write_text(
            f"# python -m bench.services\n\n{options.events:,} events of {TENANTS} tenants in each"
            f" shape, on {os.cpu_count()} cores.\n\n{shown(found)}\n\nLoad of the machine at the"
            f" end: {load:.1f}.\n"
        )


if __name__ == "__main__":
    main()
