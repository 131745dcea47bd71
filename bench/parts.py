"""Where the time of an invoice in bulk goes: Python by what it is at, PostgreSQL by its plan.

Python is sampled a thousand times a second of CPU while it makes chunks; the statement that writes
one is explained many times, each undone, and of each part the shortest time counts: so they are
comparable on a machine that others use too. The sums are less than what a whole chunk takes.

    python -m bench.parts [--rounds 40] [--invoices 6000] [--drafts] [--single]
"""

import argparse
import asyncio
import gc
import re
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import UUID

import asyncpg

from bench.bulk import CHUNK, drafted, invoices, registered
from bench.installation import bench_settings, new_tenant, prepared_host, running_postgres
from invx.contexts.invoicing.app.bulk_invoices import bulk_invoices
from invx.contexts.invoicing.app.finalize_documents import FinalizeDocuments, finalize_documents
from invx.infra.embedded import Postgres
from invx.infra.facts import KnownFacts, obtain
from invx.infra.running import Host
from invx.infra.system import Uuid7Ids
from invx.kernel.context import Caller
from invx.kernel.ports import Needs
from invx.place import DATABASE

DRAFTS = 15  # of a chunk; more would be read apart from the main thread, which is the one watched
EXPLAINED = 100  # invoices; what takes long is always interrupted on a busy machine

# What Python is at, by the innermost function of these that a thread stands in.
PARTS = {
    "Codec.encode": "events: their JSON",
    "event_hash": "events: their hashes",
    "EventUnitOfWork._publish": "contracts for others",
    "_document": "rows of the document, above all its content",
    "project": "other rows",
    "EventUnitOfWork.stage": "events and rows: the rest",
    "WriteSet.flush": "the statement: its JSON, and handing it to the driver",
    "problems_of": "checks",
    "compute": "totals",
    "tax_account_of": "taxes of the settlement",
    "TaxRecord.opening": "taxes of the settlement",
    "settle_finalized": "settlement: the rest",
    "issue": "numbering and issuing: the rest",
    "draft_document": "drafting: the rest",
    "ready_to_finalize": "getting ready: the rest",
    "EventStore._streams": "reading events",
    "_Attempt._once": "the rest",
}
_SCAN = re.compile(r"Function Scan on")
_NODE = re.compile(r"(?:Insert|Delete) on (\w+)")
_TIME = re.compile(r"actual time=[\d.]+\.\.([\d.]+)")
_TRIGGER = re.compile(r"Trigger(?: for constraint)? (\S+).*time=([\d.]+)")
_PLANNING = re.compile(r"Planning Time: ([\d.]+)")
_WAL = re.compile(r"WAL: records=(\d+)(?: fpi=\d+)?(?: fpi bytes=\d+)? bytes=(\d+)")


def at_work(frame: FrameType | None) -> str:
    """What a frame is at."""
    while frame is not None:
        if part := PARTS.get(frame.f_code.co_qualname):
            return part
        frame = frame.f_back
    return "the loop"


@contextmanager
def sampled(counts: "Counter[str]") -> Iterator[None]:
    """Count what the main thread is at, a thousand times in a second of CPU."""
    before = signal.signal(signal.SIGPROF, lambda _, frame: counts.update([at_work(frame)]))
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    gc.disable()  # as it is for all long work
    try:
        yield
    finally:
        gc.enable()
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def parts_of(plan: Iterable[str]) -> dict[str, float]:
    """Milliseconds by part, and the bytes of the log, of an explained statement."""
    found: Counter[str] = Counter()
    table = ""
    for line in plan:
        if planning := _PLANNING.search(line):
            found["planning"] += float(planning[1])
        elif trigger := _TRIGGER.match(line.strip()):
            found[f"trigger {trigger[1]}"] += float(trigger[2])
        elif wal := _WAL.search(line):
            found["log_bytes"] += int(wal[2])
        elif node := _NODE.search(line):
            table = node[1]
            found[table] += float(_times(line))
        elif _SCAN.search(line):
            spent = float(_times(line))
            found[table] -= spent
            found["reading the parameters"] += spent
    return dict(found)


def _times(line: str) -> str:
    time = _TIME.search(line)
    return time[1] if time else "0"


def least(plans: Sequence[dict[str, float]]) -> dict[str, float]:
    """Of each part the least that it took."""
    return {name: min(plan.get(name, 0.0) for plan in plans) for name in plans[0]}


async def explained(
    host: Host, tenant_id: UUID, handler: Any, command: Any, rounds: int
) -> dict[str, float]:
    """The parts of the statement that writes what this command records. Nothing stays."""
    runner = host.contexts["invoicing"].runner
    tenant, ctx = await runner.context(Caller(tenant_id, "user:bench", Uuid7Ids().new()))
    facts = KnownFacts()
    while True:
        begun = runner.database.tenant_transaction(tenant_id, tenant.epoch, write=True)
        conn = await begun.__aenter__()
        try:
            unit = runner.open_unit(conn, ctx, facts)
            await handler(command, unit)
            unit.stage()
            text, values = unit.write_set.written()
            plans = []
            for _ in range(rounds):
                await conn.execute("SAVEPOINT before")
                asked = f"EXPLAIN (ANALYZE, BUFFERS OFF, WAL, COSTS OFF) {text}"
                plans.append(parts_of([line for (line,) in await conn.fetch(asked, *values)]))
                await conn.execute("ROLLBACK TO SAVEPOINT before")
            return least(plans)
        except Needs as needs:
            facts.learn(await obtain(runner.providers, needs))
        finally:
            await begun.__aexit__(KeyboardInterrupt, KeyboardInterrupt(), None)


async def _measured(options: argparse.Namespace, server: Postgres) -> None:
    settings = bench_settings()
    host = await prepared_host(settings)
    tenant_id, _ = await new_tenant(host, settings)
    await registered(host, [tenant_id])
    count = 1 if options.single else DRAFTS if options.drafts else CHUNK
    times = options.invoices // count
    commands: list[Any] = [invoices(count, finalize=True) for _ in range(times + 1)]
    handler: Any = bulk_invoices
    if options.drafts:
        ids = await drafted(tenant_id, count * (times + 1))
        handler = finalize_documents
        commands = [FinalizeDocuments(ids[at * count :][:count]) for at in range(times + 1)]
    runner = host.contexts["invoicing"].runner
    caller = Caller(tenant_id, "user:bench", Uuid7Ids().new())
    counts: Counter[str] = Counter()
    spent = time.process_time()
    with sampled(counts):
        for command in commands[1:]:
            await runner.run(handler, command, caller)
    spent = time.process_time() - spent
    conn = await asyncpg.connect(**server.connection(database=DATABASE))
    await conn.execute("ANALYZE")  # as autovacuum does after the first minute
    await conn.close()
    first: Any = commands[0]
    if isinstance(first, FinalizeDocuments):
        part: Any = FinalizeDocuments(first.document_ids[:EXPLAINED])
    else:
        part = type(first)(first.invoices[:EXPLAINED])
    plan = await explained(host, tenant_id, handler, part, options.rounds)
    await host.stop()
    _show(counts, spent * 1e6 / (count * times), plan, min(count, EXPLAINED))


def _show(counts: "Counter[str]", python_us: float, plan: dict[str, float], count: int) -> None:
    total = sum(counts.values())
    print(f"Python, CPU of an invoice with the sampling: {python_us:.0f} us. Of its samples:")
    for name, seen in counts.most_common():
        print(f"{seen * 100 / total:6.1f} %  {name}")
    log = plan.pop("log_bytes", 0.0) / count
    whole = sum(plan.values()) * 1000 / count
    print(f"PostgreSQL, {whole:.0f} us of an invoice ({log / 1000:.1f} kB of log), of them:")
    for name, spent in sorted(plan.items(), key=lambda item: -item[1]):
        print(f"{spent * 1000 / count:8.1f}  {name}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.parts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="that the statement is explained")
    parser.add_argument("--invoices", type=int, default=6_000, help="that Python is watched for")
    parser.add_argument("--drafts", action="store_true", help="finalize drafts")
    parser.add_argument("--single", action="store_true", help="one invoice at a time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="invx-parts-") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "home") as server:
            asyncio.run(_measured(options, server))


if __name__ == "__main__":
    main()
