"""What hybrid invoices cost: CPU each, and memory when a thousand are made and validated."""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import Progress

from bench import requests
from invx.contexts.invoicing.adapters.einvoice import cii_write
from invx.contexts.invoicing.adapters.einvoice.hybrid import Profile, hybrid_pdf, xml_in
from invx.contexts.invoicing.adapters.einvoice.model import (
    Address,
    EInvoice,
    Item,
    Line,
    Party,
    Price,
    TaxGroup,
    Totals,
)
from invx.contexts.invoicing.adapters.einvoice.validation import Validator
from invx.contexts.invoicing.adapters.einvoice.validation.validator import LIMITS
from invx.contexts.invoicing.adapters.pdf import TypstRenderer
from invx.contexts.invoicing.adapters.rendering import RenderingPool
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS

LINES, WARM, RUNS = 10, 3, 25
BATCH, BATCH_SHORT, THREADS = 1_000, 20, 2
_AT_ONCE = 2 * THREADS  # in hand, drawn or waiting: what bounds the memory of a batch
_DAY = date(2026, 11, 22)
_PRICE, _RATE = Decimal("118.25"), Decimal(19)
_UNIT = "HUR"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that ran: megabytes at most, and after each tenth of it, with the rules' process."""

    peak_mb: float
    tenths_mb: list[float]
    seconds: float


def hybrid_cpu_ms() -> float:
    """Milliseconds of CPU, in all threads of this process, per hybrid; the middle of 25.

    Each is of another invoice of ten lines: its CII is written, drawn into the PDF and declared.
    """
    renderer = TypstRenderer()
    spent = []
    for number in range(WARM + RUNS):
        drawn = invoice_resource(number)
        before = time.process_time()
        xml = cii_write.write(e_invoice(number))
        hybrid_pdf(renderer, drawn, None, xml, Profile.EN16931)
        spent.append((time.process_time() - before) * 1000)
    return median(spent[WARM:])


def batch_count() -> int:
    """How many a bench makes: a thousand when time does not matter (INVX_SOAK)."""
    return BATCH if os.environ.get("INVX_SOAK") else BATCH_SHORT


def hybrid_batch_peak_mb(count: int = BATCH) -> float:
    """Megabytes held at most while so many hybrids were made and validated."""
    return hybrid_batch(count).peak_mb


def hybrid_batch(count: int) -> Batch:
    """The batch in a process of its own, so that its memory is its own; progress is shown."""
    run = subprocess.run(
        [sys.executable, "-m", "bench.hybrid", "--alone", str(count)],
        stdout=subprocess.PIPE,
        check=True,
    )
    return Batch(**json.loads(run.stdout))


async def _batch(count: int, advance: Callable[[], None]) -> Batch:
    pool = RenderingPool(TypstRenderer(), THREADS)
    validator = Validator(limits=replace(LIMITS, processes=1))
    free = asyncio.Semaphore(_AT_ONCE)
    done, tenths = 0, []
    began = time.perf_counter()

    async def one(number: int) -> None:
        nonlocal done
        try:
            xml = cii_write.write(e_invoice(number)).decode()
            pdf = await pool.render(invoice_resource(number), None, xml, Profile.EN16931)
            findings = await validator.validate(xml_in(pdf), "facturx_en16931")
            if not (findings.valid and findings.complete):
                raise SystemExit(f"hybrid {number}: {sorted(findings.rules)}")
        finally:
            free.release()
        done += 1
        advance()
        if done % max(1, count // 10) == 0:
            tenths.append(round(_megabytes("VmRSS", validator.pids), 1))

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            await free.acquire()
            group.create_task(one(number))
    pool.close()
    peak = _megabytes("VmHWM", validator.pids)
    validator.close()
    return Batch(round(peak, 1), tenths, round(time.perf_counter() - began, 1))


def _megabytes(entry: str, pids: list[int]) -> float:
    """Of this process and those: VmRSS now, VmHWM at most.

    Where there is no /proc it is the most that this one held.
    """
    if not Path("/proc/self/status").exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return sum(held(entry, pid) for pid in (os.getpid(), *pids))


def held(entry: str, pid: int) -> float:
    """Megabytes of a process, as /proc has them."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(entry)]
    return int(line.split()[1]) * 1024 / 1e6


def _amounts() -> tuple[list[Decimal], Decimal, Decimal]:
    """The net of each line, of all, and the tax."""
    nets = [(number + 1) * _PRICE for number in range(LINES)]
    net = sum(nets, Decimal())
    return nets, net, (net * _RATE / 100).quantize(Decimal("0.01"))


def invoice_resource(number: int) -> dict[str, Any]:
    """An issued invoice of ten lines as the API gives it."""
    nets, net, tax = _amounts()
    group = {"regime": "vat", "category": "S", "rate": str(_RATE)}
    return requests.draft() | {
        "type": "invoice",
        "number": f"2026-{number:04}",
        "language": "de",
        "currency": "EUR",
        "profile": "en16931",
        "issue_date": _DAY.isoformat(),
        "seller": requests.SELLER | {"vat_id": "DE136695976"},
        "lines": [
            {
                "kind": "item",
                "description": f"Workshop {number}, part {place}",
                "quantity": str(place),
                "unit": _UNIT,
                "price": str(_PRICE),
                "net": str(amount),
                "taxes": [group],
            }
            for place, amount in enumerate(nets, start=1)
        ],
        "tax_groups": [group | {"base": str(net), "amount": str(tax)}],
        "totals": {
            "net": str(net),
            "tax": str(tax),
            "gross": str(net + tax),
            "due": str(net + tax),
        },
    }


def e_invoice(number: int) -> EInvoice:
    """The same invoice by its terms."""
    nets, net, tax = _amounts()
    address = Address(line1="Kaiserkai 62", city="Hamburg", postal_code="20457", country="DE")
    return EInvoice(
        number=f"2026-{number:04}",
        issue_date=_DAY,
        due_date=_DAY,
        type_code="380",
        currency="EUR",
        specification=FORMATS["facturx_en16931"].specification,
        buyer_reference="PO 4711",
        seller=Party(name="Kontor Nord GmbH", vat_id="DE136695976", address=address),
        buyer=Party(name="Elbkontor Reederei GmbH", vat_id="DE811569869", address=address),
        totals=Totals(line_net=net, net=net, tax=tax, gross=net + tax, payable=net + tax),
        taxes=(TaxGroup(base=net, amount=tax, category="S", rate=_RATE),),
        lines=tuple(
            Line(
                id=str(place),
                quantity=Decimal(place),
                unit=_UNIT,
                net=amount,
                price=Price(net=_PRICE),
                category="S",
                rate=_RATE,
                item=Item(name=f"Workshop {number}, part {place}"),
            )
            for place, amount in enumerate(nets, start=1)
        ),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.hybrid", description=__doc__)
    parser.add_argument("--count", type=int, default=BATCH)
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone is not None:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("Hybrid invoices", total=options.alone)
            made = asyncio.run(_batch(options.alone, lambda: progress.advance(task)))
        print(
            json.dumps(
                {"peak_mb": made.peak_mb, "tenths_mb": made.tenths_mb, "seconds": made.seconds}
            )
        )
        return
    print(f"hybrid_cpu_ms {hybrid_cpu_ms():.1f}")
    made = hybrid_batch(options.count)
    print(f"hybrid_batch_peak_mb {made.peak_mb} ({options.count} in {made.seconds} s)")
    print(f"after each tenth: {', '.join(map(str, made.tenths_mb))} MB")


if __name__ == "__main__":
    main()
