"""Invoices in dollars over the API: gains and losses in the journal, its sums, and DATEV's file."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.invoicing.books import bookkeeper, export, file_of
from tests.integration.invoicing.taxing import move
from tests.unit.invoicing.accounting.extf_reader import read_batch
from tests.world import SELLER, Desk, World, line

D = Decimal
EXEMPT = {"taxes": [{"category": "E", "rate": "0", "reason_code": "VATEX-EU-132-1I"}]}
EVER = {"settings": {"consultant": 29098, "client": 55003}}


@pytest.fixture
async def desk(world: World) -> Desk:
    desk = await bookkeeper(world)
    said = {**SELLER, "backdating_days": 36_500, "accounting": {"chart": "SKR03"}}
    said["exchange_rate_sources"] = {"book": "house", "settlement": "house"}
    response = await desk.client.put(f"/v1/legal-entities/{desk.entity}", json=said)
    assert response.is_success, response.text
    return desk


async def publish(desk: Desk, rate: str) -> None:
    on = datetime.now(ZoneInfo("Europe/Berlin")).date().isoformat()
    rates = [{"base": "USD", "quote": "EUR", "on": on, "rate": rate}]
    await desk.post("/v1/exchange-rates", {"source": "house", "rates": rates})
    await desk.world.settle()


async def rows(desk: Desk, invoice: dict[str, Any], **query: Any) -> list[tuple[str, ...]]:
    found = await desk.get("/v1/accounting/bookings", invoice=invoice["id"], limit=100, **query)
    names = ("kind", "debit", "credit", "amount", "booked_amount")
    return [tuple(str(row[name]) for name in names) for row in found["data"]]


async def sums(desk: Desk, invoice: dict[str, Any]) -> dict[str, str]:
    day = invoice["issue_date"]
    span = {"legal_entity": desk.entity, "from": day, "to": day}
    found = await desk.get("/v1/accounting/balances", **span)
    assert {each["currency"] for each in found["accounts"]} == {"EUR"}
    return {each["account"]: each["balance"] for each in found["accounts"]}


async def reconciled(desk: Desk) -> dict[str, Any]:
    found = await desk.get("/v1/accounting/reconciliation", legal_entity=desk.entity)
    assert found["balanced"], found
    [dollars] = found["currencies"]
    assert dollars["currency"] == "USD"
    return dollars


async def paid(desk: Desk, invoice: dict[str, Any], amount: str, received: str) -> dict[str, Any]:
    said = {"amount": amount, "received": {"amount": received, "currency": "EUR"}}
    return await move(desk, invoice, "payments", **said)


async def test_f04_what_was_gained_is_in_journal_sums_reconciliation_and_file(desk: Desk) -> None:
    await publish(desk, "0.9204")
    even = await desk.invoice(line("10000.00", **EXEMPT), currency="USD")
    gained = await desk.invoice(line("10000.00", **EXEMPT), currency="USD")
    await paid(desk, even, "10000.00", "9204.00")
    settled = await paid(desk, gained, "10000.00", "9300.00")
    assert settled["book"]["exchange_difference"] == "96.00"
    assert await rows(desk, even) == [
        ("revenue", "debtor", "8100", "10000.00", "9204.00"),
        ("payment", "1200", "debtor", "10000.00", "9204.00"),
    ]
    assert await rows(desk, gained) == [
        ("revenue", "debtor", "8100", "10000.00", "9204.00"),
        ("payment", "1200", "debtor", "10000.00", "9300.00"),
        ("exchange", "debtor", "2660", "0.00", "96.00"),
    ]
    only = await desk.get("/v1/accounting/bookings", kind="exchange")
    [exchange] = only["data"]
    assert (exchange["currency"], exchange["book_currency"]) == ("USD", "EUR")
    assert (exchange["receivable"], exchange["exchange_rate"], exchange["tax"]) == (
        "0.00",
        None,
        None,
    )
    assert await sums(desk, even) == {
        "1200": "18504.00",
        "2660": "-96.00",
        "8100": "-18408.00",
        "debtor": "0.00",
    }
    dollars = await reconciled(desk)
    assert dollars["receivables"]["journal"] == dollars["receivables"]["open"] == "0.00"
    assert dollars["book"] == {"open": "0.00", "journal": "0.00"}

    batch = read_batch(await file_of(desk, await export(desk, "2099-12-31", **EVER)))
    assert len(batch.lines) == 5
    [said] = [each for each in batch.lines if each.field(14).startswith("Kursdifferenz")]
    [paid_] = [each for each in batch.lines if "9300,00" in each.fields]
    assert said.fields[:6] == ("96,00", "S", "EUR", "", "", "")
    assert (said.field(8), said.field(9)) == ("2660", "")
    assert (said.field(10), said.field(11)) == (paid_.field(10), gained["number"])
    assert "Fremdwährung" not in said.fields
    assert "10000.00 USD zum Kurs 0.93" in paid_.fields
    assert {account: str(amount) for account, amount in batch.balances.items() if amount} == {
        "1200": "18504.00",
        "2660": "-96.00",
        "8100": "-18408.00",
    }


async def test_a_loss_a_bounced_payment_and_everything_that_is_given_up(desk: Desk) -> None:
    await publish(desk, "0.92")
    invoice = await desk.invoice(line("100.00"), line("50.00"), currency="USD")
    lost = await paid(desk, invoice, "100.00", "90.00")
    body = {"entry": lost["entries"][-1]["id"], "source": "bounced"}
    await desk.post(f"/v1/invoices/{invoice['id']}/reversals", body)
    await paid(desk, invoice, "170.00", "155.00")
    await move(desk, invoice, "early-payment-discounts", amount="3.50")
    await move(desk, invoice, "write-offs", amount="5.00")
    await publish(desk, "0.95")
    await move(desk, invoice, "payments", amount="10.00")
    back = await move(desk, invoice, "refunds", amount="10.00")
    assert back["open"] == back["surplus"] == "0.00"
    exchange = [row for row in await rows(desk, invoice) if row[0] == "exchange"]
    assert exchange[:3] == [
        ("exchange", "2150", "debtor", "0.00", "2.00"),
        ("exchange", "debtor", "2150", "0.00", "2.00"),
        ("exchange", "2150", "debtor", "0.00", "1.40"),
    ]
    assert (await sums(desk, invoice))["debtor"] == "0.00"
    assert (await reconciled(desk))["book"] == {"open": "0.00", "journal": "0.00"}
    batch = read_batch(await file_of(desk, await export(desk, "2099-12-31", **EVER)))
    booked = await sums(desk, invoice)
    assert {key: value for key, value in batch.balances.items() if len(key) == 4 and value} == {
        key: D(value) for key, value in booked.items() if key != "debtor" and D(value)
    }


async def test_a_difference_that_comes_late_is_in_the_next_export_and_nothing_is_twice(
    desk: Desk,
) -> None:
    invoice = await desk.invoice(line("100.00", **EXEMPT), currency="USD")
    await paid(desk, invoice, "60.00", "57.00")
    await move(desk, invoice, "payments", amount="40.00")
    assert [row[-1] for row in await rows(desk, invoice)] == ["None", "57.00", "None"]
    dollars = await reconciled(desk)
    assert (dollars["pending"], dollars["book"]["journal"]) == (2, "0")
    first = await export(desk, "2099-12-31", **EVER)
    assert first["bookings"] == 1
    before = await file_of(desk, first)
    await publish(desk, "0.92")
    assert await rows(desk, invoice) == [
        ("revenue", "debtor", "8100", "100.00", "92.00"),
        ("payment", "1200", "debtor", "60.00", "57.00"),
        ("payment", "1200", "debtor", "40.00", "36.80"),
        ("exchange", "debtor", "2660", "0.00", "1.80"),
    ]
    second = await export(desk, "2099-12-31", **EVER)
    assert second["bookings"] == 3
    found: dict[str, Decimal] = {}
    for made in (first, second):
        for account, amount in read_batch(await file_of(desk, made)).balances.items():
            found[account] = found.get(account, D(0)) + amount
    assert {account: str(amount) for account, amount in found.items() if amount} == {
        "1200": "93.80",
        "2660": "-1.80",
        "8100": "-92.00",
    }
    assert await file_of(desk, first) == before
    assert (await reconciled(desk))["book"] == {"open": "0.00", "journal": "0.00"}
    await publish(desk, "0.99")  # a correction changes nothing that was told
    assert len(await rows(desk, invoice)) == 4
