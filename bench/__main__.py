"""`make bench`: one run, one table, and `.invx/bench.json`."""

import argparse
import asyncio
import json
import os
import tempfile
from pathlib import Path

from rich.console import Console

from bench import big, bulk, einvoice, hybrid, pdf
from bench.capture import capture
from bench.installation import (
    bench_settings,
    new_tenant,
    prepared_host,
    running_postgres,
    running_server,
)
from bench.measure import Bench
from bench.report import EInvoices, figures, show

console = Console(highlight=False, width=110, record=True)


async def _new_token() -> str:
    settings = bench_settings()
    host = await prepared_host(settings)
    try:
        return (await new_tenant(host, settings))[1]
    finally:
        await host.stop()


def _run(folder: Path, *, rounds: int, seconds: float) -> dict[str, float]:
    with running_postgres(folder / "home") as postgres:
        captured = asyncio.run(capture())
        token = asyncio.run(_new_token())
        with running_server() as server, console.status("Warming up …") as status:
            bench = Bench(server, postgres, token, captured, folder, seconds)
            bench.prepare()
            for number in range(rounds):
                status.update(f"Round {number + 1} of {rounds} …")
                bench.round(number)
            status.update(f"An invoice of {big.LINES:,} lines …")
            held = asyncio.run(big.hold(server, token))
            status.update("PDF …")
            pdf_ms = pdf.pdf_cpu_ms(server, token)
        with console.status("In bulk …"):
            in_bulk = bulk.measured()
        with console.status("E-invoices …"):
            made = EInvoices(
                validate_cpu_ms=einvoice.validate_cpu_ms(),
                hybrid_cpu_ms=hybrid.hybrid_cpu_ms(),
                count=hybrid.batch_count(),
                hybrid_batch_peak_mb=hybrid.hybrid_batch_peak_mb(hybrid.batch_count()),
            )
    show(console, bench, held, pdf_ms=pdf_ms, made=made, bulk=in_bulk)
    return figures(bench, held, pdf_ms, made, in_bulk)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=float(os.environ.get("INVX_BENCH_SECONDS", "4"))
    )
    parser.add_argument("--record", type=Path, help="also write what is printed to this file")
    options = parser.parse_args()
    target = Path(os.environ.get("INVX_HOME", ".invx")) / "bench.json"
    with tempfile.TemporaryDirectory(prefix="invx-bench-") as folder:
        Path(folder).chmod(0o755)  # the server's account has to pass through
        found = _run(Path(folder), rounds=options.rounds, seconds=options.seconds)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=2) + "\n")
    console.print(f"Also in {target}.")
    if options.record:
        options.record.parent.mkdir(parents=True, exist_ok=True)
        options.record.write_text(f"# make bench\n\n```\n{console.export_text()}```\n")


if __name__ == "__main__":
    main()
