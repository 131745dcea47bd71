"""Ten thousand PDFs by the archive operation: bounded memory, linear time.

One server as `make up` runs it. The invoices are there, their PDFs are not; one operation makes and
archives them, then the ZIP is read. Memory is that of the server's process at most.

    python -m bench.pdf_batch [--count 10000] [--record docs/measurements/pdf_batch.md]
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bench.bulk import finalized, registered
from bench.figures import keep
from bench.hybrid import held
from bench.installation import (
    bench_settings,
    new_tenant,
    prepared_host,
    running_postgres,
    running_server,
)
from bench.load import Connection, request_bytes
from invx.infra.embedded import Postgres
from invx.place import place_of

COUNT, COUNT_SHORT = 10_000, 500
PEAK_MB_MAX = 500
LINEAR_MAX = 1.5  # the last quarter beside the first


@dataclass(frozen=True, slots=True)
class Batch:
    """Seconds after each quarter, megabytes at most, and the bytes of the ZIP."""

    count: int
    quarters: list[float]
    peak_mb: float
    zip_bytes: int

    @property
    def linear(self) -> float:
        """How many times the first quarter the last one took."""
        return (self.quarters[3] - self.quarters[2]) / self.quarters[0]

    @property
    def figures(self) -> dict[str, float]:
        return {
            "pdf_batch_count": self.count,
            "pdf_batch_per_s": round(self.count / self.quarters[3], 1),
            "pdf_batch_peak_mb": round(self.peak_mb, 1),
            "pdf_batch_last_quarter": round(self.linear, 2),
        }


async def _tenant(server: Postgres, count: int) -> str:
    """The token of a tenant with so many invoices whose PDFs nobody is about to make."""
    settings = bench_settings()
    host = await prepared_host(settings)
    tenant_id, token = await new_tenant(host, settings)
    await registered(host, [tenant_id])
    await host.stop()
    await finalized(tenant_id, count)
    conn = await asyncpg.connect(**place_of(server).admin)
    await conn.execute("UPDATE invoicing.due_jobs SET state = 'done'")
    await conn.close()
    return token


async def _made(port: int, pid: int, token: str, count: int) -> Batch:
    http = await Connection.open(port)

    async def ask(method: str, path: str, body: Any = None) -> Any:
        return json.loads(await http.ask(request_bytes(method, path, token, body)))

    began = time.perf_counter()
    body = {"filter": {"status": "finalized"}, "files": ["pdf"]}
    operation = await ask("POST", "/v1/invoices/archive", body)
    quarters: list[float] = []
    while operation["state"] != "done":
        await asyncio.sleep(0.1)
        operation = await ask("GET", f"/v1/operations/{operation['id']}")
        while len(quarters) < 4 and operation["done"] >= count * (len(quarters) + 1) // 4:
            quarters.append(time.perf_counter() - began)
    if operation["failed"] or len(quarters) < 4:
        raise SystemExit(f"the operation ended with {operation}")
    size = await _read(port, token, operation["result"]["archive"])
    await http.close()
    return Batch(count, quarters, held("VmHWM", pid), size)


async def _read(port: int, token: str, path: str) -> int:
    """The bytes of the ZIP, counted as they come. Raises SystemExit where they do not end well."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = request_bytes("GET", path, token).replace(
        b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"
    )
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head:
        raise SystemExit(head.decode())
    size = 0
    tail = b""
    while block := await reader.read(1 << 20):
        size += len(block)
        tail = (tail + block)[-16:]
    writer.close()
    if not tail.endswith(b"0\r\n\r\n"):
        raise SystemExit("the ZIP was cut off")
    return size


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.pdf_batch", description=__doc__)
    many = COUNT if os.environ.get("INVX_SOAK") else COUNT_SHORT
    parser.add_argument("--count", type=int, default=many)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    target = Path(os.environ.get("INVX_HOME", ".invx")).absolute() / "bench.json"
    with tempfile.TemporaryDirectory(prefix="invx-pdf-") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "home") as postgres:
            token = asyncio.run(_tenant(postgres, options.count))
            with running_server("--background") as server:
                made = asyncio.run(_made(server.port, server.pid, token, options.count))
    said = (
        f"{made.count:,} PDFs made and archived in {made.quarters[3]:.0f} s,"
        f" {made.figures['pdf_batch_per_s']} a second; {made.peak_mb:.0f} MB at most in the server"
        f", the ZIP of {made.zip_bytes / 1e6:,.0f} MB included (<= {PEAK_MB_MAX}); the last"
        f" quarter took {made.linear:.2f} times the first (<= {LINEAR_MAX})."
    )
    met = made.peak_mb <= PEAK_MB_MAX and made.linear <= LINEAR_MAX
    print(f"{'met   ' if met else 'missed'}  {said}")
    keep(target, made.figures)
    if options.record:
        load = f"Load of the machine at the end: {os.getloadavg()[0]:.1f}."
        options.record.write_text(f"# python -m bench.pdf_batch\n\n{said}\n\n{load}\n")


if __name__ == "__main__":
    main()
