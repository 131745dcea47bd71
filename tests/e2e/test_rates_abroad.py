"""Foreign currencies in other countries, in odd orders, and what the API refuses of rates."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from invx.kernel.limits import EXCHANGE_RATES_PER_REQUEST_MAX
from tests.e2e.acts import text_of
from tests.e2e.rates import bmf, ecb
from tests.e2e.test_exchange_rates import (
    CSV,
    D,
    amend,
    entries,
    imported,
    settlement,
    stated,
    this_month,
    today,
)
from tests.world import BUYER, SELLER, Desk, World, line

ONE = "base,quote,on,rate\nEUR,USD,2026-11-27,1\n"
LONDON: dict[str, Any] = {
    "currency": "GBP",
    "registrations": [{"country": "GB", "vat_id": "GB220430231"}],
    "address": {"line1": "1 Mill Lane", "postal_code": "N1 1AA", "city": "London", "country": "GB"},
    "bank_accounts": [],
    "time_zone": "Europe/London",
}
BASEL: dict[str, Any] = {
    "currency": "CHF",
    "registrations": [{"country": "CH", "vat_id": "CHE-116.281.710 MWST"}],
    "address": {"line1": "Gerbergasse 1", "postal_code": "4001", "city": "Basel", "country": "CH"},
    "bank_accounts": [],
    "time_zone": "Europe/Zurich",
}


async def monthly(desk: Desk, source: str, base: str, quote: str, rate: str) -> dict[str, Any]:
    month = f"{today():%Y-%m}"
    body = {"base": base, "quote": quote, "month": month, "rate": rate}
    return await desk.post("/v1/exchange-rates", {"source": source, "rates": [body]})


def booked(paid: dict[str, Any]) -> list[tuple[str, ...]]:
    names = ("amount", "carried", "exchange_difference")
    return [tuple(each["booked"][name] for name in names) for each in paid["entries"]]


async def test_a_british_seller_accounts_euros_at_the_rate_of_hmrc(world: World) -> None:
    desk = await world.seller(**LONDON)
    await monthly(desk, "hmrc", "GBP", "EUR", "1.25")
    there = datetime.now(ZoneInfo("Europe/London")).date()  # may be a day before Berlin's
    await stated(desk, "ecb", there, GBP="0.85")
    vat = [{"category": "S", "rate": "20"}]
    invoice = await desk.invoice(line("100.00", taxes=vat), currency="EUR", profile="plain")
    assert invoice["tax_currency"]["source"] == "hmrc"
    [entry] = await entries(desk, invoice)
    assert (entry["country"], entry["accounted"]["currency"]) == ("GB", "GBP")
    assert (entry["accounted"]["base"], entry["accounted"]["tax"]) == ("80.00", "16.00")
    book = (await settlement(desk, invoice))["book"]
    assert (book["total"], book["exchange_rate"]) == ("102.00", "0.85")


async def test_a_swiss_seller_takes_the_rate_of_its_tax_administration(world: World) -> None:
    desk = await world.seller(**BASEL)
    await monthly(desk, "estv", "EUR", "CHF", "0.9312")
    vat = [{"category": "S", "rate": "8.1"}]
    invoice = await desk.invoice(line("100.00", taxes=vat), currency="EUR", profile="plain")
    [entry] = await entries(desk, invoice)
    assert (entry["accounted"]["source"], entry["accounted"]["exchange_rate"]) == ("estv", "0.9312")
    assert (entry["accounted"]["base"], entry["accounted"]["tax"]) == ("93.12", "7.54")


async def test_a_choice_of_the_legal_entity_comes_before_the_law(desk: Desk) -> None:
    await imported(desk, "bmf", bmf("USA;USD;2,00", months=this_month()))
    await stated(desk, "ecb", today(), USD="1.25")
    await amend(desk, {"tax": {"DE": "ecb"}})
    invoice = await desk.invoice(line("100.00"), currency="USD")
    assert (invoice["tax_currency"]["source"], invoice["tax_currency"]["rate"]) == ("ecb", "0.8")
    query = {"purpose": "tax", "from": "USD", "to": "EUR"}
    found = await desk.get("/v1/exchange-rates/lookup", **query)
    assert (found["source"], found["rate"]) == ("ecb", "0.8")
    british = await desk.client.get("/v1/exchange-rates/lookup", params={**query, "country": "GB"})
    assert british.json()["code"] == "exchange_rate_not_published"


async def test_a_rate_that_the_author_states_is_taken_as_it_is(desk: Desk) -> None:
    await imported(desk, "bmf", bmf("USA;USD;2,00", months=this_month()))
    said = {"currency": "EUR", "rate": "0.9"}
    invoice = await desk.invoice(line("100.00"), currency="USD", tax_currency=said)
    assert invoice["tax_currency"] == {**said, "tax": "17.10", "source": None, "day": None}
    [entry] = await entries(desk, invoice)
    assert (entry["accounted"]["source"], entry["accounted"]["rate_day"]) == ("document", None)


async def test_the_pdf_says_which_rate_was_taken(desk: Desk) -> None:
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    invoice = await desk.invoice(line("100.00"), currency="USD")
    text = await text_of(desk, invoice)
    assert "VAT in EUR" in text
    assert "BMF" in text
    assert "15.20" in text


async def test_a_document_in_the_own_currency_has_nothing_to_do_with_rates(desk: Desk) -> None:
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    invoice = await desk.invoice(line("100.00"))
    found = await settlement(desk, invoice)
    assert (invoice["tax_currency"], found["book"], found["awaits_rates"]) == (None, None, False)
    paid = await desk.post(
        f"/v1/invoices/{invoice['id']}/payments", {"source": "p", "amount": "10"}
    )
    assert paid["entries"][0]["booked"] is None


async def test_a_proforma_takes_no_rate(desk: Desk) -> None:
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    invoice = await desk.invoice(line("100.00"), currency="USD", type="proforma")
    assert invoice["tax_currency"] is None


async def test_surplus_and_refund_of_a_foreign_document(desk: Desk) -> None:
    await stated(desk, "ecb", today(), USD="1.25")
    invoice = await desk.invoice(line("100.00"), currency="USD")
    path = f"/v1/invoices/{invoice['id']}"
    received = {"amount": "99.00", "currency": "EUR"}
    paid = await desk.post(
        f"{path}/payments", {"source": "p", "amount": "129.00", "received": received}
    )
    # 119 of 129 settle a value of 95.20; the surplus of 10 stands at 99 x 10 / 129.
    assert booked(paid) == [("99.00", "102.87", "-3.87")]
    back = await desk.post(f"{path}/refunds", {"source": "r", "amount": "10.00"})
    assert booked(back)[1] == ("-8.00", "-7.67", "-0.33")
    assert back["book"]["exchange_difference"] == "-4.20"
    carried = sum(D(each[1]) for each in booked(back))
    assert carried == D(back["book"]["total"]) == D("95.20")


async def test_a_payment_that_bounced_takes_its_difference_back(desk: Desk) -> None:
    await stated(desk, "ecb", today(), USD="1.25")
    invoice = await desk.invoice(line("100.00"), currency="USD")
    path = f"/v1/invoices/{invoice['id']}"
    received = {"amount": "50.00", "currency": "EUR"}
    paid = await desk.post(
        f"{path}/payments", {"source": "p", "amount": "59.50", "received": received}
    )
    entry = paid["entries"][0]["id"]
    gone = await desk.post(f"{path}/reversals", {"source": "b", "entry": entry})
    assert booked(gone) == [("50.00", "47.60", "2.40"), ("-50.00", "-47.60", "-2.40")]
    assert gone["book"]["exchange_difference"] == "0.00"


async def test_a_void_document_is_converted_both_ways(desk: Desk) -> None:
    invoice = await desk.invoice(line("100.00"), currency="USD")
    await desk.post(f"/v1/invoices/{invoice['id']}/void", {})
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    await desk.world.settle()
    found = await entries(desk, invoice)
    assert [each["accounted"]["tax"] for each in found] == ["15.20", "-15.20"]
    assert not (await settlement(desk, invoice))["awaits_rates"]


async def test_an_erasure_leaves_figures_and_rates_as_they_are(desk: Desk) -> None:
    invoice = await desk.invoice(line("100.00"), currency="USD")
    path = f"/v1/invoices/{invoice['id']}"
    await desk.post(f"{path}/payments", {"source": "p", "amount": "19.00", "note": "by Mia"})
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    await stated(desk, "ecb", today(), USD="1.25")
    await desk.world.settle()
    ledger, before = await entries(desk, invoice), await settlement(desk, invoice)
    await desk.post("/v1/erasures", {"customer": BUYER["customer"]})
    assert await entries(desk, invoice) == ledger
    after = await settlement(desk, invoice)
    assert after["book"] == before["book"]
    assert booked(after) == booked(before)


async def test_two_who_send_the_same_file_at_once_write_it_once(desk: Desk) -> None:
    file = ecb(d2026_11_26={"USD": "1.0850"}, d2026_11_27={"USD": "1.0865", "JPY": "163.4"})
    taken = await asyncio.gather(*(imported(desk, "ecb", file) for _ in range(4)))
    assert sorted(each["published"] for each in taken) == [0, 0, 0, 3]
    assert sum(each["unchanged"] for each in taken) == 9
    async with desk.world.admin() as conn:
        count = await conn.fetchval(
            "SELECT count(*) FROM invoicing.events"
            " WHERE type = 'ExchangeRatesPublished' AND tenant_id = $1",
            desk.tenant_id,
        )
    assert count == 1


async def test_the_journal_is_booked_at_the_rate_of_the_books(world: World) -> None:
    desk = await world.seller(accounting={"chart": "SKR03"})
    await imported(desk, "bmf", bmf("USA;USD;2,00", months=this_month()))
    late = await desk.invoice(line("100.00"), currency="USD")
    [waiting] = (await desk.get("/v1/accounting/bookings", invoice=late["id"]))["data"]
    assert waiting["pending"]
    await stated(desk, "ecb", today(), USD="1.25")
    await desk.world.settle()
    prompt = await desk.invoice(line("100.00"), currency="USD")
    for each in (late, prompt):
        [booking] = (await desk.get("/v1/accounting/bookings", invoice=each["id"]))["data"]
        assert (booking["pending"], booking["booked_amount"]) == (False, "95.20")
        assert (await settlement(desk, each))["book"]["total"] == "95.20"


async def test_a_rate_that_somebody_states_for_a_document_is_that_of_its_value(
    world: World,
) -> None:
    desk = await world.seller(accounting={"chart": "SKR03"})
    invoice = await desk.invoice(line("100.00"), currency="USD")
    await desk.post(f"/v1/accounting/book-rates/{invoice['id']}", {"rate": "0.9"})
    book = (await settlement(desk, invoice))["book"]
    assert (book["total"], book["rate_source"]) == ("107.10", "stated")
    await stated(desk, "ecb", today(), USD="1.25")
    await desk.world.settle()
    assert (await settlement(desk, invoice))["book"] == book


async def test_a_key_gives_the_first_answer_again(desk: Desk) -> None:
    path = "/v1/exchange-rates/import"
    sent: dict[str, Any] = {
        "params": {"source": "house"},
        "content": b"base,quote,on,rate\nEUR,USD,2026-11-27,1.1\n",
        "headers": {**CSV, "Idempotency-Key": "morning"},
    }
    first, second = [await desk.client.post(path, **sent) for _ in range(2)]
    assert first.json() == second.json()
    assert first.json()["published"] == 1
    other = await desk.client.post(path, **{**sent, "params": {"source": "ecb"}})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


async def test_conversion_and_payment_at_once_lose_neither(desk: Desk) -> None:
    invoice = await desk.invoice(line("100.00"), currency="USD")
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    await stated(desk, "ecb", today(), USD="1.25")
    path = f"/v1/invoices/{invoice['id']}/payments"
    body = {"source": "p", "amount": "119.00"}
    await asyncio.gather(desk.world.settle(), desk.post(path, body))
    await desk.world.settle()
    found = await settlement(desk, invoice)
    assert (found["status"], found["awaits_rates"]) == ("settled", False)
    assert booked(found) == [("95.20", "95.20", "0.00")]
    [entry] = await entries(desk, invoice)
    assert entry["accounted"]["tax"] == "15.20"


async def test_taxes_of_two_tax_points_are_converted_each_at_its_own(desk: Desk) -> None:
    """Goods to another member state count on the issue, services when they were done."""
    before = today().replace(day=1) - timedelta(days=1)
    month, last = f"{today():%Y-%m}", f"{before:%Y-%m}"
    for when, rate in ((month, "1.25"), (last, "2.00")):
        said = {"base": "EUR", "quote": "USD", "month": when, "rate": rate}
        await desk.post("/v1/exchange-rates", {"source": "bmf", "rates": [said]})
    goods = [{"category": "K", "rate": "0", "reason_code": "VATEX-EU-IC"}]
    services = [{"category": "AE", "rate": "0", "reason_code": "VATEX-EU-AE"}]
    french = {**BUYER, "vat_id": "FR40303265045"}
    french["address"] = {**BUYER["address"], "country": "FR"}
    invoice = await desk.invoice(
        line("100.00", taxes=goods),
        line("50.00", taxes=services),
        buyer=french,
        ship_to={"name": "Lager", "address": french["address"]},
        supply_date=before.isoformat(),
        currency="USD",
    )
    assert invoice["tax_currency"] is None
    await desk.world.settle()
    found = {each["category"]: each["accounted"] for each in await entries(desk, invoice)}
    assert (found["K"]["base"], found["K"]["rate_day"]) == ("80.00", f"{month}-01")
    assert (found["AE"]["base"], found["AE"]["rate_day"]) == ("25.00", f"{last}-01")


@pytest.mark.parametrize(
    ("query", "body", "status", "code"),
    [
        ({"source": "ecb"}, "nonsense", 422, "rate_file_unreadable"),
        ({"source": "ecb"}, "<a/>", 422, "rate_file_unreadable"),
        ({"source": "bmf"}, ONE, 422, None),
        ({"source": "No Source"}, ONE, 422, None),
        ({}, ONE, 422, None),
        ({"source": "own", "from": "2027-01-01"}, ONE,
         422, "exchange_rates_invalid"),
        ({"source": "own", "from": "soon"}, ONE, 422, None),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_taken_is_refused(
    desk: Desk, query: dict[str, str], body: str, status: int, code: str | None
) -> None:
    response = await desk.client.post(
        "/v1/exchange-rates/import", params=query, content=body.encode(), headers=CSV
    )
    assert response.status_code == status, response.text
    assert code in (None, response.json()["code"])
    assert (await desk.get("/v1/exchange-rates"))["data"] == []


async def test_a_history_that_is_too_long_for_a_request_says_how_to_narrow_it(desk: Desk) -> None:
    currencies = "USD JPY GBP CHF SEK NOK DKK PLN CZK HUF RON BRL CNY INR AUD CAD NZD ZAR MXN KRW"
    days = EXCHANGE_RATES_PER_REQUEST_MAX // 20 + 1
    first = today() - timedelta(days=days)
    rows = [f"{first + timedelta(days=number)}," + ",".join(["1.5"] * 20) for number in range(days)]
    file = "\n".join(["Date," + currencies.replace(" ", ","), *rows])
    response = await desk.client.post(
        "/v1/exchange-rates/import", params={"source": "ecb"}, content=file, headers=CSV
    )
    assert response.json()["problems"][0]["parameter"] == "from"
    since = (first + timedelta(days=days - 2)).isoformat()
    taken = await imported(desk, "ecb", file, **{"from": since})
    assert taken["published"] == 40


async def test_reading_and_writing_rates_have_permissions_of_their_own(world: World) -> None:
    desk = await world.seller()
    reader = world.client(desk.tenant_id, ("rates:read",))
    writer = world.client(desk.tenant_id, ("rates:write",))
    body = {"base": "EUR", "quote": "USD", "on": "2026-11-27", "rate": "1.1"}
    said = {"source": "ecb", "rates": [body]}
    assert (await reader.post("/v1/exchange-rates", json=said)).status_code == 403
    assert (await writer.post("/v1/exchange-rates", json=said)).status_code == 200
    assert (await writer.get("/v1/exchange-rates")).status_code == 403
    assert len((await reader.get("/v1/exchange-rates")).json()["data"]) == 1


async def test_a_lookup_names_what_it_does_not_understand(desk: Desk) -> None:
    query = {"purpose": "book", "from": "QQQ", "to": "EUR"}
    answer = (await desk.client.get("/v1/exchange-rates/lookup", params=query)).json()
    assert [each["parameter"] for each in answer["problems"]] == ["from"]
    query |= {"from": "EUR"}
    answer = (await desk.client.get("/v1/exchange-rates/lookup", params=query)).json()
    assert [each["code"] for each in answer["problems"]] == ["same_currency"]
    query |= {"from": "USD", "purpose": "holiday"}
    assert (await desk.client.get("/v1/exchange-rates/lookup", params=query)).status_code == 422


async def test_a_lookup_names_the_legal_entity_where_there_are_several(desk: Desk) -> None:
    await desk.post("/v1/legal-entities", {**SELLER, "name": "Zweite GmbH"})
    query = {"purpose": "book", "from": "USD", "to": "EUR"}
    answer = (await desk.client.get("/v1/exchange-rates/lookup", params=query)).json()
    assert answer["code"] == "legal_entity_required"
    assert answer["problems"][0]["parameter"] == "legal_entity"
    await stated(desk, "ecb", today(), USD="1.25")
    found = await desk.get("/v1/exchange-rates/lookup", **query, legal_entity=desk.entity)
    assert (found["rate"], found["legal_entity"]) == ("0.8", desk.entity)


async def test_pages_of_the_list_leave_nothing_out_in_either_order(desk: Desk) -> None:
    days = {f"d2026_11_{day:02}": {"USD": "1.1", "JPY": f"16{day}"} for day in range(23, 28)}
    await imported(desk, "ecb", ecb(**days))
    for sort in ("first_day", "-first_day"):
        seen: list[tuple[str, str]] = []
        after: dict[str, str] = {}
        while True:
            page = await desk.get("/v1/exchange-rates", sort=sort, limit=3, **after)
            seen += [(each["first_day"], each["quote"]) for each in page["data"]]
            if not page["has_more"]:
                break
            after = {"after": page["next"]}
        assert len(seen) == len(set(seen)) == 10
        assert seen == sorted(seen, reverse=sort.startswith("-"))
    wrong = await desk.client.get("/v1/exchange-rates", params={"after": "nonsense"})
    assert wrong.status_code == 422


async def test_a_summary_counts_what_is_provisional_and_then_what_is_accounted(desk: Desk) -> None:
    for amount in ("100.00", "33.33"):
        await desk.invoice(line(amount), currency="USD")
    period = f"{today():%Y-%m}"
    query = {"legal_entity": desk.entity, "from": period, "to": period}
    assert (await desk.get("/v1/tax/summary", **query))["provisional"] == 2
    await imported(desk, "bmf", bmf("USA;USD;1,25", months=this_month()))
    await desk.world.settle()
    summary = await desk.get("/v1/tax/summary", **query)
    assert summary["provisional"] == 0
    [figure] = summary["figures"]
    assert (figure["base"], figure["count"]) == ("133.33", 2)
    assert figure["accounted"] == {"currency": "EUR", "base": "106.66", "tax": "20.26"}
    listed = (await desk.client.get(figure["entries"])).json()["data"]
    assert sum(Decimal(each["accounted"]["tax"]) for each in listed) == Decimal("20.26")
