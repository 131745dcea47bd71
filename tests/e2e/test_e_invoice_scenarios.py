"""Scenarios of e-invoices: what other systems get wrong, in the XML of both syntaxes."""

from datetime import date
from decimal import Decimal
from typing import Any

from invx.contexts.invoicing.adapters.einvoice.model import EInvoice, Period
from tests.e2e.xml_files import READERS, exported, findings_of, read
from tests.world import Desk, line


async def both(desk: Desk, invoice: dict[str, Any]) -> list[EInvoice]:
    """The invoice as read back from both syntaxes, each valid by the official rules."""
    found = []
    for format in READERS:
        xml = await exported(desk, invoice, format)
        assert await findings_of(desk, xml, format) == []
        found.append(read(xml))
    return found


async def test_r14_the_category_tax_is_that_of_its_base_whatever_the_lines_round_to(
    desk: Desk,
) -> None:
    invoice = await desk.invoice(*[line("0.33") for _ in range(50)])
    for xml in await both(desk, invoice):
        [group] = xml.taxes
        assert (group.base, group.amount) == (Decimal("16.50"), Decimal("3.14"))
        assert xml.totals.tax == group.amount


async def test_r15_the_cent_of_difference_never_lands_on_the_exempt_line(desk: Desk) -> None:
    exempt = [{"category": "E", "rate": "0", "reason": "Health care"}]
    six = [{"category": "S", "rate": "6"}]
    lines = [
        line("90.30", taxes=exempt),
        line("2.54", "0.45", taxes=six),
        line("6.87", "0.28", taxes=six),
    ]
    # 1.14 and 1.92 at 6 %: net 3.06 and tax 0.18, or, with the tax inside, 2.89 and 0.17.
    for inclusive, taxed, tax in ((False, "3.06", "0.18"), (True, "2.89", "0.17")):
        invoice = await desk.invoice(*lines, prices_include_tax=inclusive)
        for xml in await both(desk, invoice):
            first = xml.lines[0]
            groups = {each.category: (each.base, each.amount) for each in xml.taxes}
            assert groups["E"] == (Decimal("90.30"), Decimal(0))
            assert groups["S"] == (Decimal(taxed), Decimal(tax))
            assert (first.net, first.price.net) == (Decimal("90.30"), Decimal("90.30"))
            assert sum(each.net for each in xml.lines) == xml.totals.line_net


async def test_r16_an_early_payment_discount_leaves_the_totals_alone(desk: Desk) -> None:
    terms = {"kind": "net", "days": 30, "discounts": [{"percent": "3", "days": 7}]}
    taxes = [{"category": "S", "rate": "21"}]
    invoice = await desk.invoice(line("1850.00", taxes=taxes), payment_terms=terms)
    for xml in await both(desk, invoice):
        totals = xml.totals
        assert (totals.net, totals.tax) == (Decimal("1850.00"), Decimal("388.50"))
        assert totals.gross == totals.net + (totals.tax or 0)
        assert "3" in (xml.payment_terms or "")


async def test_r18_a_price_keeps_its_precision(desk: Desk) -> None:
    invoice = await desk.invoice(line("400000", "0.002"), line("0.000123", "1000000"))
    for xml in await both(desk, invoice):
        first, second = xml.lines
        assert (first.quantity, first.price.net) == (Decimal("0.002"), Decimal(400_000))
        assert (second.price.net, second.net) == (Decimal("0.000123"), Decimal("123.00"))


async def test_x04_the_service_period_stands_in_the_xml(desk: Desk) -> None:
    period = {"start": "2026-10-01", "end": "2026-10-31"}
    invoice = await desk.invoice(service_period=period)
    for xml in await both(desk, invoice):
        assert xml.period == Period(start=date(2026, 10, 1), end=date(2026, 10, 31))
    of_lines = await desk.invoice(line("1.00", service_period=period), line("2.00"))
    for xml in await both(desk, of_lines):
        periods = [each.period for each in xml.lines]
        assert periods == [Period(start=date(2026, 10, 1), end=date(2026, 10, 31)), None]
    supplied = await desk.invoice(supply_date="2026-10-07")
    for xml in await both(desk, supplied):
        assert xml.delivery is not None
        assert xml.delivery.date == date(2026, 10, 7)
