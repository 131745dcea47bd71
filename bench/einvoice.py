"""What it costs to put an e-invoice before the official rules: ten lines, warm worker process."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from bench import cpu
from invx.contexts.invoicing.adapters.einvoice import cii_write, model, ubl_write
from invx.contexts.invoicing.adapters.einvoice.validation import Validator
from invx.contexts.invoicing.adapters.einvoice.validation.validator import LIMITS
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS

LINES, WARM, RUNS = 10, 20, 200
# The first is the figure that `make bench` shows.
MEASURED = ("xrechnung_ubl", "xrechnung_cii", "ubl", "cii", "facturx_en16931")


def _party(name: str, vat_id: str) -> model.Party:
    return model.Party(
        name=name,
        vat_id=vat_id,
        endpoint=model.Identifier(id="invoice@kontor.example", scheme="EM"),
        address=model.Address(line1="Kai 1", city="Hamburg", postal_code="20457", country="DE"),
        contact=model.Contact(name="Accounts", phone="+49 40 1234", email="a@kontor.example"),
    )


def _line(number: int) -> model.Line:
    return model.Line(
        id=str(number),
        quantity=Decimal(2),
        unit="HUR",
        net=Decimal("200.00"),
        price=model.Price(net=Decimal(100)),
        category="S",
        rate=Decimal(19 if number % 2 else 7),
        item=model.Item(name=f"Work on part {number}", description="In our workshop"),
    )


def invoice(number: int) -> model.EInvoice:
    """An ordinary invoice at two rates."""
    half = Decimal(100) * LINES
    return model.EInvoice(
        number=f"2026-{number:04}",
        issue_date=date(2026, 11, 2),
        type_code="380",
        currency="EUR",
        due_date=date(2026, 11, 16),
        buyer_reference="04011000-12345-34",
        specification="",
        seller=_party("Kontor Nord GmbH", "DE136695976"),
        buyer=_party("Elbkontor Reederei GmbH", "DE811569869"),
        delivery=model.Delivery(date=date(2026, 10, 31)),
        payments=(
            model.Payment(
                code="58", transfers=(model.CreditTransfer(account="DE89370400440532013000"),)
            ),
        ),
        totals=model.Totals(
            line_net=2 * half,
            net=2 * half,
            tax=half * Decimal("0.26"),
            gross=half * Decimal("2.26"),
            payable=half * Decimal("2.26"),
        ),
        taxes=tuple(
            model.TaxGroup(base=half, amount=half * rate / 100, category="S", rate=Decimal(rate))
            for rate in (19, 7)
        ),
        lines=tuple(_line(number) for number in range(1, LINES + 1)),
    )


def _written(format: str, number: int) -> bytes:
    claimed = FORMATS[format]
    writers: dict[str, Callable[[model.EInvoice], bytes]] = {
        "ubl": ubl_write.write,
        "cii": cii_write.write,
    }
    said = replace(invoice(number), specification=claimed.specification, process=claimed.process)
    return writers[claimed.syntax.value](said)


async def _measure(format: str) -> float:
    """Milliseconds of CPU per invoice, of the worker and of this process together."""
    validator = Validator(limits=replace(LIMITS, processes=1))
    files = [_written(format, number) for number in range(WARM + RUNS)]
    try:
        for xml in files[:WARM]:
            findings = await validator.validate(xml, format)
            if not (findings.valid and findings.complete):
                raise SystemExit(f"{format}: {sorted(findings.rules)}")
        (pid,) = validator.pids
        worker, here = cpu.seconds(pid), time.process_time()
        for xml in files[WARM:]:
            await validator.validate(xml, format)
        spent = cpu.seconds(pid) - worker + time.process_time() - here
    finally:
        validator.close()
    return spent * 1000 / RUNS


def validate_cpu_ms(format: str = MEASURED[0]) -> float:
    """Milliseconds of CPU per validation by schema and rules, all processes together."""
    return asyncio.run(_measure(format))


if __name__ == "__main__":
    for each in MEASURED:
        print(f"{each:<18} {validate_cpu_ms(each):5.1f} ms CPU")
