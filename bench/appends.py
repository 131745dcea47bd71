"""What sealing costs those who append: the index of moved streams, with and without.

Sealing adds no statement to a write; it adds an index that each event of a stream touches. Two
databases on one PostgreSQL, one without the index, take the same bulk of invoices in turns: the
ratio is that of the middles, whatever else the machine does.

    python -m bench.appends [--rounds 30] [--record docs/measurements/appends.md]
"""

import argparse
import asyncio
import os
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import asyncpg

from bench.bulk import invoices, made, registered
from bench.figures import keep
from bench.installation import bench_settings, new_tenant, running_postgres
from invx.host import build_host
from invx.infra.embedded import Postgres
from invx.infra.observability import configure_observability
from invx.place import place_of, prepare_database

ROUNDS, INVOICES = 30, 100
SLOWER_MAX = 1.05


async def _seconds(server: Postgres, rounds: int) -> dict[str, list[float]]:
    """Of each round, with the index and without."""
    settings = bench_settings()
    configure_observability(settings.observability)
    spent: dict[str, list[float]] = {"with": [], "without": []}
    command = invoices(INVOICES, finalize=True)
    async with AsyncExitStack() as stack:
        sides = {}
        for name in spent:
            place = place_of(server, f"appends_{name}")
            await prepare_database(place)
            host = await build_host(place.where, settings)
            stack.push_async_callback(host.stop)
            tenant_id, _ = await new_tenant(host, settings)
            await registered(host, [tenant_id])
            sides[name] = (host, tenant_id)
            if name == "without":
                conn = await asyncpg.connect(**place.admin)
                await conn.execute("DROP INDEX invoicing.streams_moved")
                await conn.close()
        for number in range(-3, rounds):  # the first ones warm up
            order = sorted(sides, reverse=bool(number % 2))
            for name in order:
                host, tenant_id = sides[name]
                began = time.perf_counter()
                await made(host, tenant_id, command)
                if number >= 0:
                    spent[name].append(time.perf_counter() - began)
    return spent


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.appends", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    target = Path(os.environ.get("INVX_HOME", ".invx")).absolute() / "bench.json"
    with tempfile.TemporaryDirectory(prefix="invx-appends-") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "home") as server:
            spent = asyncio.run(_seconds(server, options.rounds))
    middle = {name: median(values) * 1000 / INVOICES for name, values in spent.items()}
    ratio = median(a / b for a, b in zip(spent["with"], spent["without"], strict=True))
    said = (
        f"An invoice made and finalized in bulk took {middle['with']:.2f} ms with the index of"
        f" moved streams and {middle['without']:.2f} ms without it (the middles of"
        f" {options.rounds} rounds of {INVOICES}); with it a round took {ratio:.3f} times as long"
        " as the one beside it."
    )
    print(f"{'met   ' if ratio <= SLOWER_MAX else 'missed'}  {said}")
    keep(target, {"append_seal_ratio": round(ratio, 3)})
    if options.record:
        load = f"Load of the machine at the end: {os.getloadavg()[0]:.1f}."
        options.record.write_text(f"# python -m bench.appends\n\n{said}\n\n{load}\n")


if __name__ == "__main__":
    main()
