"""What was measured, in words and numbers."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.big import LINES, Held
from bench.bulk import Bulk
from bench.measure import CLIENTS, KINDS, Bench, Sample

ROUND_TRIPS_MAX = {"create": 4, "finalize": 6, "get": 3, "list": 3}
RATIO_MIN = {"create": 0.40, "finalize": 0.30}
PDF_CPU_MS_MAX, LOOP_LAG_P99_MS_MAX = 60, 50
BULK_INVOICES_PER_S_MIN, FINALIZE_10000_S_MAX, LINES_10000_S_MAX = 2_500, 10, 2
HYBRID_BATCH_PEAK_MB_MAX = 500  # with the process that validates
_MANY = CLIENTS[1]
_BUSY = 0.85  # of a core or of all cores: no more can be had


@dataclass(frozen=True, slots=True)
class EInvoices:
    """Milliseconds of CPU for one of ten lines; megabytes for a batch of `count` hybrids."""

    validate_cpu_ms: float
    hybrid_cpu_ms: float
    count: int
    hybrid_batch_peak_mb: float


def figures(
    bench: Bench, held: Held, pdf_ms: float, made: EInvoices, bulk: Bulk
) -> dict[str, float]:
    """One flat object; the figures without a number of clients are those of sixteen."""
    found: dict[str, float] = {}
    for kind in KINDS:
        for clients in CLIENTS:
            name = kind if clients == _MANY else f"{kind}_1_client"
            for figure, value in _client_figures(bench, kind, clients).items():
                found[f"{name}_{figure}"] = round(value, 3)
        found[f"{kind}_roundtrips"] = len(bench.captured.by_kind[kind])
        if kind in RATIO_MIN:
            found[f"{kind}_ratio"] = round(bench.ratio(kind), 3)
            found[f"{kind}_ceiling_per_s"] = round(median(bench.ceilings[kind]), 1)
    found["pdf_cpu_ms"] = round(pdf_ms, 2)
    found["loop_lag_p99_ms"] = round(held.p99, 2)
    found["loop_lag_worst_ms"] = round(held.worst, 2)
    found["long_create_s"] = round(held.create_seconds, 2)
    found["long_finalize_s"] = round(held.finalize_seconds, 2)
    found["validate_cpu_ms"] = round(made.validate_cpu_ms, 2)
    found["hybrid_cpu_ms"] = round(made.hybrid_cpu_ms, 2)
    found["hybrid_batch_peak_mb"] = round(made.hybrid_batch_peak_mb, 1)
    return found | bulk.figures


def _client_figures(bench: Bench, kind: str, clients: int) -> dict[str, float]:
    def middle(figure: Callable[[Sample], float]) -> float:
        return bench.median(kind, clients, figure)

    return {
        "per_s": middle(lambda sample: sample.load.per_second),
        "p50_ms": middle(lambda sample: sample.load.milliseconds(0.5)),
        "p99_ms": middle(lambda sample: sample.load.milliseconds(0.99)),
        "cpu_ms": middle(lambda sample: sample.per_request(sample.server_cpu)),
        "postgres_cpu_ms": middle(lambda sample: sample.per_request(sample.postgres_cpu)),
        "client_cpu_ms": middle(lambda sample: sample.per_request(sample.load.client_cpu)),
    }


def show(
    console: Console, bench: Bench, held: Held, *, pdf_ms: float, made: EInvoices, bulk: Bulk
) -> None:
    """Print the table, the bars, and what limits each."""
    console.print(_table(bench))
    console.print(
        "server, PostgreSQL, load: milliseconds of CPU per request, of the server's process, of"
        " PostgreSQL's and of the load generator. trips: round trips to the database. pgbench: the"
        " same statements per second, sent by pgbench. Relay and worker do not run meanwhile; every"
        " figure is the middle of the rounds.\n"
    )
    for kind in KINDS:
        console.print(f"[bold]{kind}[/bold]: {limit_of(bench.samples[kind, _MANY])}")
    console.print(
        f"\nE-invoices of ten lines: {made.validate_cpu_ms:.1f} ms of CPU to validate an XRechnung,"
        f" {made.hybrid_cpu_ms:.1f} ms to make a hybrid.\n"
    )
    for text, good in [*verdicts(bench, held, pdf_ms), batch_verdict(made), *bulk_verdicts(bulk)]:
        console.print(f"{'[green]met   [/green]' if good else '[red]missed[/red]'}  {text}")


def _table(bench: Bench) -> Table:
    table = Table(title="Requests over HTTP", title_justify="left")
    heads = ("", "clients", "per s", "p50 ms", "p99 ms", "server", "PostgreSQL", "load")
    for number, head in enumerate((*heads, "trips", "pgbench", "ratio")):
        table.add_column(head, justify="left" if number == 0 else "right", no_wrap=True)
    for kind in KINDS:
        for clients in CLIENTS:
            found = _client_figures(bench, kind, clients)
            row = [kind, str(clients), f"{found['per_s']:,.0f}"]
            row += [f"{found[name]:.1f}" for name in ("p50_ms", "p99_ms")]
            sides = ("cpu_ms", "postgres_cpu_ms", "client_cpu_ms")
            row += [f"{found[name]:.2f}" for name in sides]
            row.append(str(len(bench.captured.by_kind[kind])))
            if kind in RATIO_MIN and clients == _MANY:
                row += [f"{median(bench.ceilings[kind]):,.0f}", f"{bench.ratio(kind):.0%}"]
            table.add_row(*row)
    return table


def limit_of(samples: list[Sample]) -> str:
    """What kept the requests from being more, judged by where the CPU time went."""
    cores = os.cpu_count() or 1
    seconds = sum(sample.load.seconds for sample in samples)
    shares = {
        "the server's process": sum(sample.server_cpu for sample in samples) / seconds,
        "PostgreSQL": sum(sample.postgres_cpu for sample in samples) / seconds,
        "the load generator": sum(sample.load.client_cpu for sample in samples) / seconds,
        "other programs": sum(sample.others_cpu for sample in samples) / seconds,
    }
    said = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
    of = f"Cores in use: {said}, of {cores}."
    if shares["the server's process"] >= _BUSY:
        return f"the server's one process has no more to give (more processes would). {of}"
    if sum(shares.values()) >= _BUSY * cores:
        first = max(shares, key=lambda name: shares[name])
        return f"all cores are in use, most by {first}. {of}"
    return (
        "no core is used up: the requests wait for each other's locks, for the disk at COMMIT, or"
        f" for the next round trip. {of}"
    )


def verdicts(bench: Bench, held: Held, pdf_ms: float) -> list[tuple[str, bool]]:
    """Each bar, and whether it is met."""
    found = []
    for kind, bar in RATIO_MIN.items():
        ratio = bench.ratio(kind)
        text = f"{kind}: {ratio:.0%} of what pgbench does with the same statements (>= {bar:.0%})"
        found.append((text, ratio >= bar))
    for kind, most in ROUND_TRIPS_MAX.items():
        trips = len(bench.captured.by_kind[kind])
        found.append((f"{kind}: {trips} round trips (<= {most})", trips <= most))
    found.append((f"PDF: {pdf_ms:.0f} ms of CPU (<= {PDF_CPU_MS_MAX})", pdf_ms <= PDF_CPU_MS_MAX))
    text = (
        f"event loop: p99 {held.p99:.0f} ms late, worst {held.worst:.0f} ms, while an invoice of"
        f" {LINES:,} lines was created ({held.create_seconds:.1f} s) and finalized"
        f" ({held.finalize_seconds:.1f} s) and {held.beside} other requests were answered"
        f" (p99 < {LOOP_LAG_P99_MS_MAX})"
    )
    found.append((text, held.p99 < LOOP_LAG_P99_MS_MAX))
    return found


def batch_verdict(made: EInvoices) -> tuple[str, bool]:
    """Whether the memory of a batch of hybrids is bounded."""
    peak, most = made.hybrid_batch_peak_mb, HYBRID_BATCH_PEAK_MB_MAX
    text = f"{made.count:,} hybrids made and validated: {peak:.0f} MB at most (<= {most})"
    return text, peak <= most


def bulk_verdicts(bulk: Bulk) -> list[tuple[str, bool]]:
    """Whether bulk work is as fast as billing wants it."""
    made, finalized, long = bulk.invoices_per_s, bulk.finalize_10000_s, bulk.lines_10000_s
    each = f"{bulk.python_us:.0f} us of Python each, load {bulk.load:.1f}"
    per_second = f"bulk: {made:,.0f} invoices of 3 lines made and finalized a second, {each}"
    per_second += f"; {bulk.alike_per_s:,.0f} where their lines are alike"
    in_series = f"bulk: 10,000 drafts of one series finalized in {finalized:.1f} s"
    of_lines = f"bulk: an invoice of 10,000 lines made and finalized in {long:.1f} s"
    return [
        (f"{per_second} (>= {BULK_INVOICES_PER_S_MIN:,})", made >= BULK_INVOICES_PER_S_MIN),
        (f"{in_series} (<= {FINALIZE_10000_S_MAX})", finalized <= FINALIZE_10000_S_MAX),
        (f"{of_lines} (<= {LINES_10000_S_MAX})", long <= LINES_10000_S_MAX),
    ]
