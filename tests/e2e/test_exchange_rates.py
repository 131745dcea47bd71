"""What a user does with exchange rates: take them down, issue abroad, be paid, account for tax."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.rates import bmf, ecb
from tests.world import Desk, line, post

D = Decimal
XML = {"content-type": "application/xml"}
CSV = {"content-type": "text/csv"}


def today() -> date:
    return datetime.now(ZoneInfo("Europe/Berlin")).date()


def this_month() -> str:
    return f"{today():%m/%Y}"


async def imported(desk: Desk, source: str, text: str, **query: str) -> dict[str, Any]:
    response = await desk.client.post(
        "/v1/exchange-rates/import",
        params={"source": source, **query},
        content=text.encode(),
        headers=XML if text.startswith("<") else CSV,
    )
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def stated(desk: Desk, source: str, on: date, **rates: str) -> dict[str, Any]:
    """Single rates against the euro."""
    said = [
        {"base": "EUR", "quote": quote, "on": on.isoformat(), "rate": rate}
        for quote, rate in rates.items()
    ]
    return await desk.post("/v1/exchange-rates", {"source": source, "rates": said})


async def entries(desk: Desk, invoice: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await desk.get("/v1/tax/entries", invoice=invoice["id"]))["data"]
    return found


async def settlement(desk: Desk, invoice: dict[str, Any]) -> dict[str, Any]:
    return await desk.get(f"/v1/invoices/{invoice['id']}/settlement")


async def test_a_file_is_taken_down_listed_and_looked_up_and_twice_changes_nothing(desk: Desk):
    file = ecb(
        d2026_11_26={"USD": "1.0850", "JPY": "163.21", "HRK": "7.53"},
        d2026_11_27={"USD": "1.0865", "JPY": "163.40"},
    )
    taken = await imported(desk, "ecb", file)
    assert (taken["published"], taken["corrected"], taken["unchanged"]) == (4, 0, 0)
    assert taken["ignored"] == ["HRK"]
    assert (await imported(desk, "ecb", file))["unchanged"] == 4
    page = await desk.get("/v1/exchange-rates", quote="USD", limit=1)
    assert [(each["first_day"], each["rate"]) for each in page["data"]] == [
        ("2026-11-27", "1.0865")
    ]
    rest = await desk.get("/v1/exchange-rates", quote="USD", limit=1, after=page["next"])
    assert [each["rate"] for each in rest["data"]] == ["1.0850"]
    assert not rest["has_more"]
    asked = {"purpose": "book", "from": "USD", "to": "EUR", "on": "2026-11-28"}
    found = await desk.get("/v1/exchange-rates/lookup", **asked)
    assert (found["rate"], found["rate_day"], found["source"]) == (
        "0.92038656235619",
        "2026-11-27",
        "ecb",
    )
    cross = await desk.get("/v1/exchange-rates/lookup", **{**asked, "to": "JPY"})
    assert cross["rate"] == "150.391164289001"  # 163.40 / 1.0865


async def test_a_correction_is_kept_beside_what_it_corrects(desk: Desk):
    await imported(desk, "ecb", ecb(d2026_11_26={"USD": "1.0850"}))
    taken = await imported(desk, "ecb", ecb(d2026_11_26={"USD": "1.0855"}))
    assert (taken["published"], taken["corrected"]) == (0, 1)
    [rate] = (await desk.get("/v1/exchange-rates"))["data"]
    assert (rate["rate"], rate["corrected"]) == ("1.0855", True)
    async with desk.world.admin() as conn:
        found = await conn.fetch(
            "SELECT type FROM invoicing.events WHERE type LIKE 'ExchangeRates%' ORDER BY version"
        )
    assert [row["type"] for row in found] == ["ExchangeRatesPublished", "ExchangeRatesCorrected"]


async def test_a_foreign_invoice_freezes_published_rates_for_its_tax_and_for_the_books(desk: Desk):
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    await stated(desk, "ecb", today(), USD="1.10")
    invoice = await desk.invoice(line("100.00"), currency="USD", tax_currency=None)
    currency = invoice["tax_currency"]
    assert currency == {
        "currency": "EUR",
        "rate": "0.8",
        "tax": "15.20",
        "source": "bmf",
        "day": f"{today():%Y-%m}-01",
    }
    [entry] = await entries(desk, invoice)
    assert entry["provisional"] is False
    assert (entry["accounted"]["base"], entry["accounted"]["tax"]) == ("80.00", "15.20")
    assert entry["accounted"]["source"] == "bmf"
    book = (await settlement(desk, invoice))["book"]
    assert (book["currency"], book["total"], book["rate_source"]) == ("EUR", "108.18", "ecb")
    steps = {
        each["pointer"]: each
        for each in (await desk.get(f"/v1/invoices/{invoice['id']}/explain"))["steps"]
    }
    assert steps["/tax_currency/tax"]["formula"] == "19.00 x 0.8 = 15.20"
    xml = await desk.client.get(f"/v1/invoices/{invoice['id']}/e-invoice", params={"format": "ubl"})
    assert "<cbc:TaxCurrencyCode>EUR</cbc:TaxCurrencyCode>" in xml.text
    assert '<cbc:TaxAmount currencyID="EUR">15.20</cbc:TaxAmount>' in xml.text


async def test_provisional_entries_are_converted_when_the_rate_is_published(desk: Desk):
    invoice = await desk.invoice(line("100.00"), line("50.01"), currency="USD")
    assert invoice["tax_currency"] is None
    paid = await desk.post(
        f"/v1/invoices/{invoice['id']}/early-payment-discounts", {"source": "d", "amount": "3.00"}
    )
    assert paid["awaits_rates"]
    await desk.world.settle()
    assert {each["provisional"] for each in await entries(desk, invoice)} == {True}
    await desk.world.advance(desk.tenant_id, timedelta(days=20))
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    await desk.world.settle()
    found = await entries(desk, invoice)
    assert {each["provisional"] for each in found} == {False}
    issued, taken = found
    assert (issued["accounted"]["base"], issued["accounted"]["tax"]) == ("120.01", "22.80")
    assert (taken["cause"], taken["accounted"]["exchange_rate"]) == ("discount_taken", "0.8")
    assert taken["accounted"]["base"] == str((D(taken["base"]) * D("0.8")).quantize(D("0.01")))
    period = f"{today():%Y-%m}"
    balanced = await desk.get("/v1/tax/reconciliation", legal_entity=desk.entity, period=period)
    assert balanced["balanced"]
    summary = await desk.get(
        "/v1/tax/summary", **{"legal_entity": desk.entity, "from": period, "to": period}
    )
    assert summary["provisional"] == 0
    later = await desk.post(
        f"/v1/invoices/{invoice['id']}/write-offs", {"source": "w", "amount": "10.00"}
    )
    assert later["open"]
    assert (await entries(desk, invoice))[-1]["accounted"]["source"] == "bmf"
    before = await entries(desk, invoice)
    await imported(desk, "bmf", bmf("USA;USD;1,25", "GB;GBP;0,85", months=this_month()))
    await desk.world.settle()
    assert await entries(desk, invoice) == before
