"""What a user does with exchange rates: take them down, issue abroad, be paid, account for tax."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from invx.kernel.ids import parse_typeid
from tests.e2e.rates import bmf, ecb, ministry
from tests.world import SELLER, Desk, World, line

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


async def test_the_ministrys_own_table_is_taken_down_as_it_is(desk: Desk):
    table = ministry("Russland;1 Euro;", "USA;1 Euro" + ";1,25 USD" * 12, year=today().year)
    for published in (12, 0):
        response = await desk.client.post(
            "/v1/exchange-rates/import", params={"source": "bmf"}, content=table, headers=CSV
        )
        assert response.status_code == 200, response.text
        assert response.json()["published"] == published
    invoice = await desk.invoice(line("100.00"), currency="USD", tax_currency=None)
    assert invoice["tax_currency"]["tax"] == "15.20"
    assert invoice["tax_currency"]["source"] == "bmf"


async def test_a_correction_is_kept_beside_what_it_corrects(desk: Desk):
    await imported(desk, "ecb", ecb(d2026_11_26={"USD": "1.0850"}))
    taken = await imported(desk, "ecb", ecb(d2026_11_26={"USD": "1.0855"}))
    assert (taken["published"], taken["corrected"]) == (0, 1)
    [rate] = (await desk.get("/v1/exchange-rates"))["data"]
    assert (rate["rate"], rate["corrected"]) == ("1.0855", True)
    async with desk.world.admin() as conn:
        found = await conn.fetch(
            "SELECT type FROM invoicing.events"
            " WHERE type LIKE 'ExchangeRates%' AND tenant_id = $1 ORDER BY version",
            desk.tenant_id,
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


async def test_f02_the_figure_of_the_bank_is_kept_whatever_rate_follows_from_it(desk: Desk):
    await stated(desk, "ecb", today(), USD="1.1081")  # with four decimals: 902.07
    invoice = await desk.invoice(line("840.30"), currency="USD")  # gross 999.96
    body = {
        "source": "p",
        "amount": "999.96",
        "received": {"amount": "902.09", "currency": "EUR"},
    }
    paid = await desk.post(f"/v1/invoices/{invoice['id']}/payments", body)
    [entry] = paid["entries"]
    assert entry["booked"] == {
        "currency": "EUR",
        "amount": "902.09",
        "carried": "902.41",
        "exchange_difference": "-0.32",
        "exchange_rate": "0.902126085043402",
        "rate_source": "received",
        "rate_day": today().isoformat(),
    }
    assert (await settlement(desk, invoice))["entries"] == [entry]
    assert await desk.post(f"/v1/invoices/{invoice['id']}/payments", body) == paid
    other = {**body, "received": {"amount": "902.07", "currency": "EUR"}}
    again = await desk.client.post(f"/v1/invoices/{invoice['id']}/payments", json=other)
    assert (again.status_code, again.json()["code"]) == (409, "source_reused")


async def test_f04_invoice_and_payment_use_one_direction_and_report_what_was_gained(desk: Desk):
    on = today().isoformat()
    body = [{"base": "USD", "quote": "EUR", "on": on, "rate": "0.9100"}]
    await desk.post("/v1/exchange-rates", {"source": "house", "rates": body})
    await amend(desk, {"book": "house"})
    exempt = line("10000.00", taxes=[{"category": "E", "rate": "0", "reason": "Exempt"}])
    invoice = await desk.invoice(exempt, currency="USD")
    paid = await desk.post(
        f"/v1/invoices/{invoice['id']}/payments",
        {"source": "p", "amount": "10000", "received": {"amount": "9204.00", "currency": "EUR"}},
    )
    assert paid["book"]["exchange_rate"] == "0.9100"
    assert paid["book"]["total"] == "9100.00"
    assert paid["book"]["exchange_difference"] == "104.00"
    assert paid["entries"][0]["booked"]["exchange_rate"] == "0.9204"


async def test_r10_the_parts_of_a_document_reconcile_with_its_total_in_the_books(world: World):
    desk = await world.seller(currency="INR", registrations=[{"country": "DE", "vat_id": "DE1"}])
    on = today().isoformat()
    body = [{"base": "USD", "quote": "INR", "on": on, "rate": "89.70"}]
    await desk.post("/v1/exchange-rates", {"source": "house", "rates": body})
    await amend(desk, {"book": "house", "settlement": "house"})
    outside = {"taxes": [{"category": "O", "rate": "0", "reason": "Outside"}]}
    lines = (line("99.07", "15", **outside), line("99.07", "155", **outside))
    invoice = await desk.invoice(*lines, currency="USD", profile="plain")
    assert (await settlement(desk, invoice))["book"]["total"] == "1510718.43"
    for number, amount in enumerate(("1486.05", "15355.85")):
        paid = await desk.post(
            f"/v1/invoices/{invoice['id']}/payments", {"source": f"p{number}", "amount": amount}
        )
    booked = [each["booked"] for each in paid["entries"]]
    assert sum(D(each["carried"]) for each in booked) == D("1510718.43")
    assert paid["book"]["exchange_difference"] == str(
        sum(D(each["exchange_difference"]) for each in booked)
    )
    assert sum(D(each["amount"]) - D(each["exchange_difference"]) for each in booked) == D(
        "1510718.43"
    )


async def test_payments_before_the_rates_are_booked_when_those_are_published(desk: Desk):
    invoice = await desk.invoice(line("100.00"), currency="USD")
    first = {"source": "p1", "amount": "19.00"}
    paid = await desk.post(f"/v1/invoices/{invoice['id']}/payments", first)
    assert (paid["entries"][0]["booked"], paid["book"]["total"]) == (None, None)
    second = {"source": "p2", "amount": "100", "received": {"amount": "91.00", "currency": "EUR"}}
    paid = await desk.post(f"/v1/invoices/{invoice['id']}/payments", second)
    assert paid["entries"][1]["booked"]["carried"] is None
    await stated(desk, "ecb", today(), USD="1.25")
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    await desk.world.settle()
    after = await settlement(desk, invoice)
    assert not after["awaits_rates"]
    assert after["book"]["total"] == "95.20"
    assert [
        (each["booked"]["amount"], each["booked"]["carried"], each["booked"]["exchange_difference"])
        for each in after["entries"]
    ] == [("15.20", "15.20", "0.00"), ("91.00", "80.00", "11.00")]
    history = await desk.get(f"/v1/invoices/{invoice['id']}/history")
    assert {"TaxConverted", "EntriesBooked"} <= {each["type"] for each in history["data"]}


async def test_a_credit_note_stays_at_the_rates_of_its_original(desk: Desk):
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    await stated(desk, "ecb", today(), USD="1.25")
    invoice = await desk.invoice(line("100.00"), currency="USD")
    await stated(desk, "ecb", today(), USD="2.00")
    await imported(desk, "bmf", bmf("USA;USD;2,00", months=this_month()))
    note = await desk.post(
        f"/v1/invoices/{invoice['id']}/credit-notes", {"amount": "59.50", "finalize": True}
    )
    assert note["tax_currency"]["rate"] == "0.8"
    [taken] = await entries(desk, note)
    assert (taken["accounted"]["base"], taken["accounted"]["tax"]) == ("-40.00", "-7.60")
    ours, theirs = await settlement(desk, invoice), await settlement(desk, note)
    assert theirs["book"]["total"] == "-47.60"
    assert [each["booked"]["exchange_difference"] for each in ours["entries"]] == ["0.00"]
    assert theirs["book"]["exchange_difference"] == "0.00"


async def test_a_credit_note_before_the_rate_is_converted_at_the_rate_of_its_original(desk: Desk):
    invoice = await desk.invoice(line("100.00"), currency="USD")
    note = await desk.post(
        f"/v1/invoices/{invoice['id']}/credit-notes", {"amount": "59.50", "finalize": True}
    )
    [taken] = await entries(desk, note)
    assert taken["provisional"]
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    await desk.world.settle()
    [taken] = await entries(desk, note)
    assert (taken["accounted"]["base"], taken["accounted"]["tax"]) == ("-40.00", "-7.60")
    rest = await desk.post(f"/v1/invoices/{invoice['id']}/credit-notes", {"finalize": True})
    assert (rest["tax_currency"]["rate"], rest["tax_currency"]["source"]) == ("0.8", "bmf")
    whole = [each for one in (invoice, note, rest) for each in await entries(desk, one)]
    assert sum(D(each["accounted"]["tax"]) for each in whole) == 0


async def test_on_cash_each_payment_is_converted_at_the_rate_of_its_month(world: World):
    cash = [{"country": "DE", "vat_id": "DE136695976", "basis": "cash"}]
    desk = await world.seller(registrations=cash)
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    invoice = await desk.invoice(line("100.00"), currency="USD")
    assert invoice["tax_currency"]["tax"] == "15.20"  # as the document must show it
    assert await entries(desk, invoice) == []
    pay = f"/v1/invoices/{invoice['id']}/payments"
    await desk.post(pay, {"source": "p1", "amount": "59.50"})
    await desk.world.settle()
    await desk.world.advance(desk.tenant_id, timedelta(days=32))
    paid = await desk.post(pay, {"source": "p2", "amount": "59.50"})
    await desk.world.settle()
    first, second = await entries(desk, invoice)
    assert (first["accounted"]["base"], first["accounted"]["exchange_rate"]) == ("40.00", "0.8")
    assert second["provisional"]
    later = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(days=32)
    await imported(desk, "bmf", bmf("USA;USD;2,00", months=f"{later:%m/%Y}"))
    await desk.world.settle()
    second = (await entries(desk, invoice))[1]
    assert (second["accounted"]["base"], second["accounted"]["tax"]) == ("25.00", "4.75")
    entry = paid["entries"][1]["id"]
    await desk.post(f"/v1/invoices/{invoice['id']}/reversals", {"entry": entry, "source": "back"})
    await desk.world.settle()
    last = (await entries(desk, invoice))[2]
    assert (last["accounted"]["base"], last["accounted"]["tax"]) == ("-25.00", "-4.75")


async def test_f01_each_document_takes_the_rate_of_its_own_issue_date(world: World):
    desk = await world.seller(backdating_days=10)
    days = [today() - timedelta(days=2), today()]
    found = []
    for day, rate in zip(days, ("0.80", "0.90"), strict=True):
        body = [{"base": "GBP", "quote": "EUR", "on": day.isoformat(), "rate": rate}]
        await desk.post("/v1/exchange-rates", {"source": "house", "rates": body})
    await amend(desk, {"book": "house"})
    for day in days:
        invoice = await desk.draft(line("100.00"), currency="GBP", supply_date=day.isoformat())
        await desk.finalize(invoice, issue_date=day.isoformat())
        found.append((await settlement(desk, invoice))["book"]["total"])
    assert found == ["95.20", "107.10"]


async def test_one_bad_document_does_not_stop_the_others(desk: Desk):
    good, bad = [await desk.invoice(line("100.00"), currency="USD") for _ in range(2)]
    async with desk.world.admin() as conn:
        await conn.execute(
            "UPDATE invoicing.events SET body = '{}' WHERE type = 'SettlementOpened'"
            " AND body ->> 'claim' LIKE '%' || $1 || '%'",
            str(parse_typeid("inv", bad["id"])),
        )
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    await desk.world.settle()
    assert [each["provisional"] for each in await entries(desk, good)] == [False]
    assert [each["provisional"] for each in await entries(desk, bad)] == [True]
    async with desk.world.admin() as conn:
        found = await conn.fetch(
            "SELECT key, attempts FROM invoicing.due_jobs WHERE kind = 'apply_exchange_rates'"
            " AND state = 'pending' AND tenant_id = $1",
            desk.tenant_id,
        )
    assert [row["key"] for row in found] == [str(parse_typeid("inv", bad["id"]))]


async def test_rates_that_cannot_be_kept_are_refused_by_name(desk: Desk):
    rate = {"base": "EUR", "quote": "USD", "on": "2026-11-27", "rate": "1.10"}
    body = {"source": "ecb", "rates": [rate, {**rate, "rate": "1.20"}, {**rate, "quote": "EUR"}]}
    refused = await desk.post("/v1/exchange-rates", body, status=422)
    assert [(each["pointer"], each["code"]) for each in refused["problems"]] == [
        ("/rates/1", "rate_twice"),
        ("/rates/2/quote", "same_currency"),
    ]
    monthly = {"base": "EUR", "quote": "USD", "month": "2026-11", "rate": "1.10"}
    body = {"source": "ecb", "rates": [monthly]}
    refused = await desk.post("/v1/exchange-rates", body, status=422)
    assert refused["problems"][0]["pointer"] == "/kind"


async def test_what_was_received_is_refused_where_it_cannot_be(desk: Desk):
    plain = await desk.invoice(line("100.00"))
    received = {"amount": "1.00", "currency": "EUR"}
    body = {"source": "p", "amount": "1.00", "received": received}
    refused = await desk.post(f"/v1/invoices/{plain['id']}/payments", body, status=422)
    assert refused["problems"][0]["code"] == "received_not_foreign"
    foreign = await desk.invoice(line("100.00"), currency="USD")
    body["received"] = {"amount": "1.005", "currency": "GBP"}
    refused = await desk.post(f"/v1/invoices/{foreign['id']}/payments", body, status=422)
    assert [each["pointer"] for each in refused["problems"]] == [
        "/received/currency",
        "/received/amount",
    ]


async def amend(desk: Desk, sources: dict[str, Any]) -> None:
    """Choose whose rates count."""
    found = await desk.get(f"/v1/legal-entities/{desk.entity}")
    said = {**SELLER, "backdating_days": found["backdating_days"], "currency": found["currency"]}
    said["exchange_rate_sources"] = sources
    response = await desk.client.put(f"/v1/legal-entities/{desk.entity}", json=said)
    assert response.status_code == 200, response.text
