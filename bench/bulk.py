"""How many invoices in bulk: as billing makes them, several processes on one PostgreSQL."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop

from bench import requests
from bench.installation import bench_settings, new_tenant, prepared_host, running_postgres
from invx.contexts.invoicing.api.content import content_of, details_of
from invx.contexts.invoicing.api.schemas.documents import DraftIn
from invx.contexts.invoicing.api.schemas.legal_entities import LegalEntityIn
from invx.contexts.invoicing.app.bulk_invoices import (
    BulkInvoices,
    NewInvoice,
    Outcome,
    bulk_invoices,
)
from invx.contexts.invoicing.app.draft_document import DraftDocument
from invx.contexts.invoicing.app.finalize_document import Finalized
from invx.contexts.invoicing.app.finalize_documents import FinalizeDocuments, finalize_documents
from invx.contexts.invoicing.app.register_legal_entity import (
    RegisterLegalEntity,
    register_legal_entity,
)
from invx.infra.running import Host
from invx.infra.system import Uuid7Ids
from invx.kernel.context import Caller

INVOICES, LINES, CHUNK, PROCESSES = 10_000, 10_000, 500, 2


@dataclass(frozen=True, slots=True)
class Bulk:
    """Create and finalize at once; finalize drafts of one series; one long invoice."""

    invoices_per_s: float  # each with figures of its own
    alike_per_s: float  # all with the same lines, as of one flat plan
    finalize_10000_s: float
    lines_10000_s: float
    python_us: float  # CPU of an invoice in the processes that make them
    load: float  # of the machine meanwhile; others on it make everything slower

    @property
    def figures(self) -> dict[str, float]:
        return {
            "bulk_invoices_per_s": round(self.invoices_per_s, 1),
            "bulk_alike_per_s": round(self.alike_per_s, 1),
            "bulk_finalize_10000_s": round(self.finalize_10000_s, 2),
            "lines_10000_s": round(self.lines_10000_s, 2),
            "bulk_python_us": round(self.python_us, 1),
        }


def measured() -> Bulk:
    """On the PostgreSQL of this home, which runs."""
    one, *tenants = asyncio.run(_tenants(PROCESSES + 1))
    share = INVOICES // PROCESSES
    with _working("create", tenants, share) as create:
        seconds, cpu = create()
    with _working("alike", tenants, share) as alike:
        seconds_alike, _ = alike()
    ids = asyncio.run(drafted(one, INVOICES))
    with _working("finalize", [one] * PROCESSES, share, ids) as finalize:
        seconds_of_all, _ = finalize()
    asyncio.run(_ensure_gapless(one, INVOICES))
    return Bulk(
        INVOICES / seconds,
        INVOICES / seconds_alike,
        seconds_of_all,
        asyncio.run(_long(one)),
        cpu * 1e6 / INVOICES,
        os.getloadavg()[0],
    )


async def _tenants(count: int) -> list[UUID]:
    settings = bench_settings()
    host = await prepared_host(settings)
    found = [(await new_tenant(host, settings))[0] for _ in range(count)]
    await registered(host, found)
    await host.stop()
    return found


async def registered(host: Host, tenants: Sequence[UUID]) -> None:
    """Each of these has a legal entity, the same as the others'."""
    command = RegisterLegalEntity(details=details_of(LegalEntityIn.model_validate(requests.SELLER)))
    runner = host.contexts["invoicing"].runner
    for tenant_id in tenants:
        await runner.run(register_legal_entity, command, _caller(tenant_id))


def _caller(tenant_id: UUID) -> Caller:
    return Caller(tenant_id, "user:bench", Uuid7Ids().new())


def invoices(count: int, *, finalize: bool, lines: int = 3, alike: bool = False) -> BulkInvoices:
    """The command that makes so many: each with a quantity of its own, or all alike."""
    content, defaults = content_of(DraftIn.model_validate(requests.draft(lines)))
    first, *others = content.lines

    def draft(number: int) -> DraftDocument:
        changed = replace(first, quantity=first.quantity + (0 if alike else number))
        said = replace(content, lines=(changed, *others))
        return DraftDocument(content=said, defaults=defaults)

    made = [NewInvoice(draft=draft(number), finalize=finalize) for number in range(count)]
    return BulkInvoices(made)


async def made(host: Host, tenant_id: UUID, command: BulkInvoices) -> list[UUID]:
    """What became of the command. Raises SystemExit where something was refused."""
    runner = host.contexts["invoicing"].runner
    return _ids(await runner.run(bulk_invoices, command, _caller(tenant_id), long=True))


def _ids(outcomes: Sequence[Outcome]) -> list[UUID]:
    refused = [each for each in outcomes if not isinstance(each, Finalized)]
    if refused:
        raise SystemExit(f"refused: {refused[0]!r}")
    return [each.document.id for each in outcomes if isinstance(each, Finalized)]


async def drafted(tenant_id: UUID, count: int) -> list[UUID]:
    """So many drafts of a tenant."""
    return await _many(tenant_id, count, finalize=False)


async def finalized(tenant_id: UUID, count: int) -> list[UUID]:
    """So many invoices of a tenant."""
    return await _many(tenant_id, count, finalize=True)


async def _many(tenant_id: UUID, count: int, *, finalize: bool) -> list[UUID]:
    host = await prepared_host(bench_settings())
    found: list[UUID] = []
    while len(found) < count:
        command = invoices(min(CHUNK, count - len(found)), finalize=finalize)
        found += await made(host, tenant_id, command)
    await host.stop()
    return found


async def _long(tenant_id: UUID) -> float:
    host = await prepared_host(bench_settings())
    command = invoices(1, finalize=True, lines=LINES)
    began = time.perf_counter()
    await made(host, tenant_id, command)
    seconds = time.perf_counter() - began
    await host.stop()
    return seconds


async def _ensure_gapless(tenant_id: UUID, count: int) -> None:
    host = await prepared_host(bench_settings())
    async with host.contexts["invoicing"].runner.reading(_caller(tenant_id)) as (conn, _):
        found = await conn.fetchrow(
            "SELECT count(*), min(number), max(number) FROM invoicing.numbers WHERE tenant_id = $1",
            tenant_id,
        )
    await host.stop()
    if found is None or tuple(found) != (count, 1, count):
        raise SystemExit(f"not gapless: {found}")


@contextmanager
def _working(
    what: str, tenants: Sequence[UUID], share: int, ids: Sequence[UUID] = ()
) -> Iterator["_Start"]:
    """Processes that are ready; calling the result lets them go and waits for them."""
    streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-m", "bench.bulk", "--work", what]
    processes = []
    for number, tenant_id in enumerate(tenants):
        process = subprocess.Popen([*command, str(tenant_id), str(share)], **streams)
        mine = ids[number * share : (number + 1) * share]
        _say(process, json.dumps([str(id) for id in mine]))
        processes.append(process)
    for process in processes:
        _heard(process)
    try:
        yield _Start(processes)
    finally:
        for process in processes:
            process.wait(timeout=60)


@dataclass(frozen=True, slots=True)
class _Start:
    processes: Sequence["subprocess.Popen[str]"]

    def __call__(self) -> tuple[float, float]:
        """Seconds until all have ended, and their CPU together."""
        began = time.perf_counter()
        for process in self.processes:
            _say(process, "go")
        cpu = sum(float(_heard(process)) for process in self.processes)
        return time.perf_counter() - began, cpu


def _say(process: "subprocess.Popen[str]", text: str) -> None:
    if process.stdin is not None:
        process.stdin.write(text + "\n")
        process.stdin.flush()


def _heard(process: "subprocess.Popen[str]") -> str:
    heard = process.stdout.readline().strip() if process.stdout is not None else ""
    if not heard:
        raise SystemExit("a process that makes invoices has ended; see its output above")
    return heard


async def _work(what: str, tenant_id: UUID, share: int) -> None:
    """What one of the processes does: warm up, say so, wait, do its share, say what CPU it took."""
    ids = [UUID(text) for text in json.loads(sys.stdin.readline())]
    host = await prepared_host(bench_settings())
    runner = host.contexts["invoicing"].runner
    chunk = invoices(CHUNK, finalize=True, alike=what == "alike")
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.process_time()
    for at in range(0, share, CHUNK):
        if what != "finalize":
            await made(host, tenant_id, chunk)
        else:
            command = FinalizeDocuments(ids[at : at + CHUNK])
            caller = _caller(tenant_id)
            _ids(await runner.run(finalize_documents, command, caller, long=True))
    print(time.process_time() - began, flush=True)
    await host.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.bulk", description=__doc__)
    parser.add_argument("--work", nargs=3, metavar=("WHAT", "TENANT", "SHARE"))
    options = parser.parse_args()
    if options.work:
        what, tenant, share = options.work
        uvloop.run(_work(what, UUID(tenant), int(share)))  # as everything that `invx` starts
        return
    with tempfile.TemporaryDirectory(prefix="invx-bench-") as folder:
        Path(folder).chmod(0o755)  # the server's account has to pass through
        with running_postgres(Path(folder) / "home"):
            found = measured()
    for name, value in found.figures.items():
        print(f"{name} {value}")
    print(f"load of the machine meanwhile: {found.load:.1f}")


if __name__ == "__main__":
    main()
