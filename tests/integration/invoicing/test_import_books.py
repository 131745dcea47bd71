"""Imported documents in the books: opening balances, taxes on payment, foreign currency."""

from typing import Any

import pytest

from tests.e2e.test_imports import by_number, checked, committed, imported, mapped, opened
from tests.integration.invoicing.test_journal import bookings, reconciled, seller, told
from tests.world import Desk, World

HEAD = "number,issue_date,due_date,customer,buyer_name,currency,net,tax,gross,open,tax_rate\n"
OPEN = "A-1,2026-10-01,2026-10-15,K-7,Elbkontor,EUR,100.00,19.00,119.00,69.00,19\n"
PAID = "A-2,2026-10-01,2026-10-15,K-7,Elbkontor,EUR,200.00,38.00,238.00,0.00,19\n"
OVER = "A-3,2026-10-01,2026-10-15,K-7,Elbkontor,EUR,10.00,1.90,11.90,-5.00,19\n"
CREDIT = "A-4,2026-10-01,,K-7,Elbkontor,EUR,-50.00,-9.50,-59.50,-59.50,19\n"
CASH = [{"country": "DE", "vat_id": "DE136695976", "basis": "cash"}]


async def pay(desk: Desk, number: str, amount: str, source: str = "b:1") -> dict[str, Any]:
    document = await by_number(desk, number)
    return await desk.post(
        f"/v1/invoices/{document['id']}/payments", {"amount": amount, "source": source}
    )


async def taxes(desk: Desk) -> list[tuple[str, str, str]]:
    found = await desk.get("/v1/tax/entries", sort="tax_point")
    return [(each["cause"], each["base"], each["tax"]) for each in found["data"]]


async def test_what_is_open_is_booked_against_opening_balances(world: World) -> None:
    desk = await seller(world)
    await imported(desk, HEAD + OPEN + PAID + OVER + CREDIT, as_of="2026-11-01")
    rows = await bookings(desk)
    assert sorted(told(rows)) == [
        ("opening_balance", "9008", "debtor", "5.00", "None"),
        ("opening_balance", "9008", "debtor", "59.50", "None"),
        ("opening_balance", "debtor", "9008", "69.00", "None"),
    ]
    assert {each["booked_on"] for each in rows} == {"2026-11-01"}  # the takeover, no closed year
    assert (await reconciled(desk))["balanced"] is True
    assert await taxes(desk) == []
    await pay(desk, "A-1", "69.00")
    [document] = (await desk.get("/v1/invoices", number="A-1"))["data"]
    assert told(await bookings(desk, invoice=document["id"]))[1:] == [
        ("payment", "1200", "debtor", "69.00", "None")
    ]
    assert (await reconciled(desk))["balanced"] is True
    assert await taxes(desk) == []


async def test_a_carried_payment_that_bounces_is_booked_against_opening_balances(
    world: World,
) -> None:
    desk = await seller(world)
    await imported(desk, HEAD + PAID)
    document = await by_number(desk, "A-2")
    at = f"/v1/invoices/{document['id']}"
    [entry] = (await desk.get(f"{at}/settlement"))["entries"]
    await desk.post(f"{at}/reversals", {"entry": entry["id"], "source": "bounced"})
    assert told(await bookings(desk)) == [("payment", "debtor", "9008", "238.00", "None")]
    assert (await reconciled(desk))["balanced"] is True


async def test_a_reversed_import_leaves_no_balance_in_the_books(world: World) -> None:
    desk = await seller(world)
    found = await imported(desk, HEAD + OPEN + PAID + OVER + CREDIT)
    await desk.post(f"/v1/imports/{found['id']}/reverse", {})
    await world.settle()
    balance: dict[str, float] = {}
    for each in await bookings(desk):
        balance[each["debit"]] = balance.get(each["debit"], 0) + float(each["amount"])
        balance[each["credit"]] = balance.get(each["credit"], 0) - float(each["amount"])
    assert set(balance.values()) == {0.0}
    assert (await desk.get("/v1/accounting/open-items"))["data"] == []


async def test_on_cash_the_tax_of_what_was_open_is_due_when_it_is_paid(world: World) -> None:
    """What was paid before the takeover was declared by the other system; the rest was not."""
    desk = await seller(world, "cash")
    await imported(desk, HEAD + OPEN + PAID)
    assert await taxes(desk) == []
    await pay(desk, "A-1", "34.50")
    assert await taxes(desk) == [("cash_received", "28.99", "5.51")]
    await pay(desk, "A-1", "34.50", "b:2")
    found = await taxes(desk)
    assert sum(float(tax) for _, _, tax in found) == pytest.approx(11.02)  # of 69.00
    assert sum(float(base) for _, base, _ in found) == pytest.approx(57.98)
    assert (await reconciled(desk))["balanced"] is True
    await pay(desk, "A-1", "20.00", "b:3")  # surplus bears no tax
    assert await taxes(desk) == found


async def test_on_cash_an_import_without_its_tax_rates_is_refused(world: World) -> None:
    """Nobody could say later which tax a payment brings."""
    desk = await seller(world, "cash")
    head, rows = HEAD.replace(",tax_rate", ""), (OPEN + PAID).replace(",19\n", "\n")
    found = await opened(desk, head + rows)
    report = await checked(desk, found)
    assert [(each["row"], each["field"], each["code"]) for each in report["problems"]] == [
        (2, "tax_rate", "tax_split_missing")
    ]
    assert report["ready"] == 1  # what is paid has no tax left to be due
    await mapped(desk, found, fields={"tax_rate": {"constant": "19"}})
    assert (await checked(desk, found))["ready"] == 2


async def test_foreign_currency_comes_with_its_rate(world: World) -> None:
    desk = await seller(world)
    dollars = "U-1,2026-10-01,2026-10-15,K-9,Hudson,USD,1000.00,0.00,1000.00,400.00,\n"
    found = await opened(desk, HEAD + dollars)
    report = await checked(desk, found)
    assert [each["code"] for each in report["problems"]] == ["exchange_rate_missing"]
    await mapped(desk, found, fields={"exchange_rate": {"constant": "0.9"}})
    assert (await committed(desk, found))["failed"] == 0
    document = await by_number(desk, "U-1")
    ledger = await desk.get(f"/v1/invoices/{document['id']}/settlement")
    assert (ledger["book"]["total"], ledger["book"]["exchange_rate"]) == ("900.00", "0.9")
    assert (ledger["open"], ledger["awaits_rates"]) == ("400.00", False)
    await desk.post(
        f"/v1/invoices/{document['id']}/payments",
        {"amount": "400.00", "source": "b", "received": {"amount": "380.00", "currency": "EUR"}},
    )
    rows = await bookings(desk, invoice=document["id"])
    assert [(each["kind"], each["booked_amount"]) for each in rows] == [
        ("opening_balance", "900.00"),
        ("payment", "540.00"),
        ("payment", "380.00"),
        ("exchange", "20.00"),
    ]
    assert (await reconciled(desk))["balanced"] is True


async def test_the_buyer_of_imported_documents_can_be_erased(world: World) -> None:
    """Kept by law first; what waits to be imported about somebody goes at once."""
    desk = await world.seller()
    old = OPEN.replace("2026-10-01,2026-10-15", "2010-10-01,2010-10-15")
    await imported(desk, HEAD + old + PAID.replace("K-7", "K-8"))
    waiting = await opened(desk, HEAD + OVER)
    erased = await desk.post("/v1/erasures", {"customer": "K-7"})
    document = await by_number(desk, "A-1")
    assert erased["erased"] == [document["id"]]
    assert (document["buyer"], document["buyer_name"], document["open"]) == (None, None, "69.00")
    kept = await desk.post("/v1/erasures", {"customer": "K-8"})
    assert [each["number"] for each in kept["kept"]] == ["A-2"]
    gone = await desk.post(f"/v1/imports/{waiting['id']}/check", status=409)
    assert gone["code"] == "import_file_gone"
    async with world.admin() as conn:
        assert await conn.fetchval("SELECT count(*) FROM invoicing.import_files") == 0
        assert await conn.fetchval("SELECT count(*) FROM invoicing.import_items") == 0


async def test_proofs_hold_with_imported_documents(world: World) -> None:
    """They are sealed like all streams; the register holds what was issued here only."""
    desk = await world.seller()
    await imported(desk, HEAD + OPEN)
    own = await desk.invoice()
    await world.settle()
    async with world.admin() as conn:
        kinds = await conn.fetch("SELECT DISTINCT kind FROM invoicing.streams")
        assert {"ForeignImport", "ImportedDocument"} <= {each["kind"] for each in kinds}
    documents = (await desk.get("/v1/invoices", origin="issued"))["data"]
    assert [each["id"] for each in documents] == [own["id"]]
