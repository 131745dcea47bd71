"""CPU of an invoice in bulk in this checkout and in another, chunk by chunk in turns.

On a machine that others use too only this tells a change of a tenth from noise: both meet the same
neighbours. `src` of the other checkout is run with the `bench` of this one.

    python -m bench.beside /path/to/the/other [--chunks 12]
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from uuid import UUID

import uvloop

from bench.bulk import CHUNK, invoices, made, registered
from bench.installation import bench_settings, new_tenant, prepared_host, running_postgres

WARM = 2  # chunks of each that do not count
HERE = Path(__file__).parent.parent


async def _tenant() -> UUID:
    settings = bench_settings()
    host = await prepared_host(settings)
    tenant_id, _ = await new_tenant(host, settings)
    await registered(host, [tenant_id])
    await host.stop()
    return tenant_id


async def _work(tenant_id: UUID) -> None:
    """A chunk for each line that is read; its CPU is said."""
    host = await prepared_host(bench_settings())
    chunk = invoices(CHUNK, finalize=True)
    while sys.stdin.readline():
        began = time.process_time()
        await made(host, tenant_id, chunk)
        print(time.process_time() - began, flush=True)
    await host.stop()


def _process(checkout: Path) -> "subprocess.Popen[str]":
    env = {**os.environ, "PYTHONPATH": f"{checkout / 'src'}:{HERE}"}
    command = [sys.executable, "-m", "bench.beside", "--work", str(asyncio.run(_tenant()))]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, text=True)


def _chunk(process: "subprocess.Popen[str]") -> float:
    """Microseconds of an invoice of the next chunk. Raises SystemExit when the process ended."""
    if process.stdin is None or process.stdout is None:
        raise SystemExit("a process without pipes")
    process.stdin.write("go\n")
    process.stdin.flush()
    heard = process.stdout.readline()
    if not heard:
        raise SystemExit("a process that makes invoices has ended; see its output above")
    return float(heard) * 1e6 / CHUNK


def shown(other: Sequence[float], here: Sequence[float]) -> str:
    """The least and the middle of both, and the middle of what the chunks are to each other."""
    ratio = median(mine / theirs for theirs, mine in zip(other, here, strict=True))
    return (
        f"Python, us of an invoice: other {min(other):.0f} least, {median(other):.0f} middle; "
        f"here {min(here):.0f} least, {median(here):.0f} middle; ratio {ratio:.3f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.beside", description=__doc__)
    parser.add_argument("other", nargs="?", type=Path)
    parser.add_argument("--chunks", type=int, default=12)
    parser.add_argument("--work", type=UUID, metavar="TENANT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        uvloop.run(_work(options.work))
        return
    if options.other is None:
        parser.error("which other checkout?")
    with tempfile.TemporaryDirectory(prefix="invx-beside-") as folder:
        Path(folder).chmod(0o755)  # the server's account has to pass through
        with running_postgres(Path(folder) / "home"):
            processes = [_process(options.other), _process(HERE)]
            taken = [[_chunk(each) for each in processes] for _ in range(options.chunks + WARM)]
            for process in processes:
                process.communicate(timeout=60)
    other, here = zip(*taken[WARM:], strict=True)
    print(shown(other, here))


if __name__ == "__main__":
    main()
