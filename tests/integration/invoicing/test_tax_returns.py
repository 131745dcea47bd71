"""Returns of sellers of several countries, from supplies whose taxes the rules determined."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.invoicing.taxing import Shown, credit, entries, move, pages, total
from tests.integration.invoicing.test_determination import BELIEVING, draft, open_line
from tests.world import Desk, World, line

D = Decimal
GERMAN = {"country": "DE", "vat_id": "DE129273398"}
AUSTRIAN = {"country": "AT", "vat_id": "ATU12345675"}
SHOP = {**GERMAN, "special": "oss"}
EUROS = {"currency": "EUR", "rate": "0.9"}


def living(country: str, postal_code: str) -> Shown:
    address = {"country": country, "postal_code": postal_code, "city": "Somewhere"}
    return {"name": "Somebody", "kind": "consumer", "address": address}


def business(country: str, postal_code: str, vat_id: str | None) -> Shown:
    address = {"country": country, "postal_code": postal_code, "city": "Somewhere"}
    return {"name": "Firm", "address": address, "vat_id": vat_id}


PARIS = business("FR", "75001", "FR40303265045")
VIENNA = business("AT", "1010", "ATU13585627")
ZURICH = business("CH", "8001", None)


async def seller(world: World, *registrations: Shown, **more: Any) -> Desk:
    given = {"registrations": [*registrations], "tax_id_policy": BELIEVING, **more}
    return await world.seller(**given)


async def sold(desk: Desk, kind: str, buyer: Shown, price: str = "100.00", **more: Any) -> Shown:
    """An invoice whose tax the rules determine."""
    supply = more.pop("supply", {})
    if buyer["address"]["country"] != "DE":
        more = {"supply_date": _today(desk), "ship_to": buyer} | more
    return await desk.finalize(
        await draft(desk, {**open_line(kind, **supply), "price": price}, buyer=buyer, **more)
    )


def _today(desk: Desk) -> str:
    """Where the seller is: the day on which it issues."""
    now = desk.world.host.contexts["invoicing"].runner.clock.now()
    return now.astimezone(ZoneInfo("Europe/Berlin")).date().isoformat()


async def registrations(desk: Desk) -> dict[tuple[str, str], str]:
    query = {"legal_entity": desk.entity, "from": "2026-01", "to": "2026-01"}
    found = (await desk.get("/v1/tax/summary", **query))["registrations"]
    return {(each["country"], each["special"]): each["id"] for each in found}


async def boxed(desk: Desk, registration: str, period: str) -> dict[str, tuple[str, str]]:
    """Exact base and tax of the boxes that hold something."""
    query = {"registration": registration, "period": period}
    found = await desk.get("/v1/tax/returns", **query)
    assert found["unassigned"] == [], found["unassigned"]
    return {box["code"]: (box["base"], box["tax"]) for box in found["boxes"] if box["count"]}


async def test_each_supply_is_in_the_return_of_the_registration_that_answers_for_it(
    world: World,
) -> None:
    desk = await seller(world, GERMAN, AUSTRIAN, SHOP)
    home = business("DE", "10115", "DE136695976")
    first = await sold(desk, "services", home)
    await sold(desk, "goods", VIENNA, "200.00")
    await sold(desk, "services", PARIS, "300.00")
    await sold(desk, "services", ZURICH, "400.00")
    await sold(desk, "goods", living("FR", "75001"), "500.00")
    await sold(desk, "digital", living("NL", "1012 AB"), "50.00")
    there = {"country": "AT", "postal_code": "1010", "city": "Wien"}
    local = {"dispatch": there, "delivery": there}
    await sold(desk, "goods", living("AT", "1010"), "600.00", supply=local)
    year = first["issue_date"][:4]
    named = await registrations(desk)
    assert await boxed(desk, named["DE", "ordinary"], year) == {
        "81": ("100.00", "19.00"),
        "41": ("200.00", "0.00"),
        "21": ("300.00", "0.00"),
        "45": ("400.00", "0.00"),
    }
    assert await boxed(desk, named["AT", "ordinary"], year) == {
        "000": ("600.00", "120.00"),
        "022": ("600.00", "120.00"),
    }
    quarter = f"{year}-Q{(int(first['issue_date'][5:7]) + 2) // 3}"
    shop = await desk.get("/v1/tax/oss", registration=named["DE", "oss"], quarter=quarter)
    rows = {(r["country"], r["supply"], r["rate"]): (r["base"], r["tax"]) for r in shop["supplies"]}
    assert rows == {
        ("FR", "goods", "20"): ("500.00", "100.00"),
        ("NL", "services", "21"): ("50.00", "10.50"),
    }
    listed = await desk.get(
        "/v1/tax/ec-sales-list", registration=named["DE", "ordinary"], period=year
    )
    found = {(row["vat_id"], row["code"]): row["stated"] for row in listed["rows"]}
    assert found == {("ATU13585627", "L"): "200", ("FR40303265045", "S"): "300"}
    ledger = await entries(desk)
    assert not any(each["derived"] for each in ledger)
    assert all(each["registered"] for each in ledger)


@pytest.mark.parametrize(
    "country,vat_id,address,expected",
    [
        ("AT", "ATU12345675", ("1010", "Wien"), {"000": "100.00", "022": "100.00"}),
        ("FR", "FR40303265045", ("75001", "Paris"), {"A1": "100.00", "08": "100.00"}),
        ("NL", "NL859987424B01", ("1012 AB", "Amsterdam"), {"1a": "100.00"}),
        ("ES", "ESB58378431", ("28001", "Madrid"), {"07": "100.00", "09": "100.00"}),
        ("IT", "IT00743110157", ("00184", "Roma"), {"VP2": "100.00", "VP4": "100.00"}),
        ("GB", "GB980780684", ("WC2R 0EU", "London"), {"1": "100.00", "6": "100.00"}),
        ("CH", "CHE116281710MWST", ("8001", "Zürich"), {"200": "100.00", "299": "100.00",
                                                             "303": "100.00"}),
    ],
)  # fmt: skip
async def test_a_sale_at_home_is_in_the_boxes_of_every_country(
    world: World, country: str, vat_id: str, address: tuple[str, str], expected: dict[str, str]
) -> None:
    code, city = address
    place = {"line1": "1", "postal_code": code, "city": city, "country": country}
    currency = {"GB": "GBP", "CH": "CHF"}.get(country, "EUR")
    registration = {"country": country, "vat_id": vat_id}
    desk = await seller(world, registration, address=place, currency=currency)
    buyer = living(country, code)
    await sold(desk, "services", buyer, currency=currency)
    [id] = (await registrations(desk)).values()
    found = await boxed(desk, id, _today(desk)[:7])
    assert {code: base for code, (base, _) in found.items()} == expected


async def test_what_is_corrected_in_spain_stands_apart(world: World) -> None:
    place = {"line1": "1", "postal_code": "28001", "city": "Madrid", "country": "ES"}
    desk = await seller(world, {"country": "ES", "vat_id": "ESB58378431"}, address=place)
    rate = [{"category": "S", "rate": "21"}]
    sale = await desk.invoice(line("100.00", taxes=rate))
    await credit(desk, sale, amount="12.10")
    await move(desk, sale, "early-payment-discounts", amount="2.42")
    [id] = (await registrations(desk)).values()
    period = sale["issue_date"][:7]
    query = {"registration": id, "period": period}
    found = await desk.get("/v1/tax/returns", **query)
    stated = {box["code"]: box["stated"] for box in found["boxes"] if box["count"]}
    assert stated == {"07": "100.00", "09": "21.00", "14": "-12.00", "15": "-2.52"}
    for box in found["boxes"]:
        if box["count"]:
            page = (await desk.client.get(box["entries"])).json()["data"]
            assert total(page) == (D(box["base"]), D(box["tax"]))


async def test_a_return_is_in_its_own_currency_and_what_is_not_converted_waits(
    world: World,
) -> None:
    desk = await seller(world, GERMAN)
    sale = await desk.invoice(line("100.00"), currency="USD", tax_currency=EUROS)
    await desk.invoice(line("7.00"), currency="USD")
    owed = [{"category": "AE", "reason_code": "VATEX-EU-AE"}]
    await desk.invoice(line("30.00", taxes=owed), buyer=PARIS, currency="USD")
    await desk.invoice(line("50.00", taxes=owed), buyer=PARIS, currency="USD", tax_currency=EUROS)
    [id] = (await registrations(desk)).values()
    query = {"registration": id, "period": sale["issue_date"][:7]}
    found = await desk.get("/v1/tax/returns", **query)
    boxes = {box["code"]: box["base"] for box in found["boxes"] if box["count"]}
    assert (found["currency"], boxes) == ("EUR", {"81": "90.00", "21": "45.00"})
    waiting = [(each["reason"], each["base"]) for each in found["unassigned"]]
    assert sorted(waiting) == [("provisional", "30.00"), ("provisional", "7.00")]
    listed = await desk.get("/v1/tax/ec-sales-list", **query)
    assert [row["base"] for row in listed["rows"]] == ["45.00"]
    [rest] = listed["unassigned"]
    assert (rest["reason"], rest["currency"], rest["base"]) == ("provisional", "USD", "30.00")
    page = (await desk.client.get(rest["entries"])).json()["data"]
    assert total(page, "base") == (D("30.00"),)
    month = {"legal_entity": desk.entity, "period": query["period"]}
    balance = await desk.get("/v1/tax/reconciliation", **month)
    assert balance["balanced"], balance
    [dollars] = balance["currencies"]
    assert dollars["returns"]["in_boxes"]["count"] == dollars["returns"]["unassigned"]["count"] == 2


async def test_what_no_registration_serves_is_counted_beside_the_returns(world: World) -> None:
    desk = await seller(world, GERMAN)
    polish = [{"category": "S", "rate": "23", "jurisdiction": "PL"}]
    sale = await desk.invoice(line("10.00", taxes=polish))
    month = {"legal_entity": desk.entity, "period": sale["issue_date"][:7]}
    [zloty] = (await desk.get("/v1/tax/reconciliation", **month))["currencies"]
    assert zloty["returns"]["unregistered"] == {"base": "10.00", "tax": "2.30", "count": 1}
    differences = {D(zloty["differences"][name]) for name in ("returns", "returns_base")}
    assert differences == {D(0)}


async def test_a_changed_entry_shows_in_a_return_as_in_the_ledger(world: World) -> None:
    """The return follows the ledger; that the ledger is wrong is seen beside it."""
    desk = await seller(world, GERMAN)
    sale = await desk.invoice(line("100.00"))
    async with world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute(
            "UPDATE invoicing.tax_entries SET tax = 18.00 WHERE tenant_id = $1", desk.tenant_id
        )
    [id] = (await registrations(desk)).values()
    month = sale["issue_date"][:7]
    assert (await boxed(desk, id, month))["81"] == ("100.00", "18.00")
    query = {"legal_entity": desk.entity, "period": month}
    assert not (await desk.get("/v1/tax/reconciliation", **query))["balanced"]


async def test_pages_of_a_quarter_lose_nothing_and_hold_nothing_twice(world: World) -> None:
    desk = await seller(world, GERMAN)
    for day in ("2026-01-31", "2026-02-01", "2026-03-31", "2026-02-28", "2026-01-01"):
        await desk.invoice(line("10.00"), line("5.00", taxes=[{"category": "S", "rate": "7"}]),
                           tax_point=day)  # fmt: skip
    await desk.invoice(line("10.00"), tax_point="2026-04-01")
    whole = await entries(desk, period="2026-Q1")
    assert len(whole) == 10
    points = [each["tax_point"] for each in whole]
    assert points == sorted(points)
    for limit in (1, 3, 10):
        found = [each for page in await pages(desk, limit, period="2026-Q1") for each in page]
        assert found == whole
    backwards = [e for p in await pages(desk, 4, period="2026-Q1", sort="-tax_point") for e in p]
    assert backwards == whole[::-1]


async def test_a_triangular_sale_is_stated_and_not_determined(world: World) -> None:
    desk = await seller(world, GERMAN)
    supply = {"kind": "goods", "triangular": True}
    body = {"buyer": PARIS, "lines": [open_line("goods", triangular=True)]}
    refused = await desk.client.post("/v1/invoices", json=body)
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["pointer"] == "/lines/0/taxes"
    owed = [{"category": "AE", "reason_code": "VATEX-EU-AE"}]
    sale = await desk.invoice(line("80.00", taxes=owed, supply=supply), buyer=PARIS)
    [id] = (await registrations(desk)).values()
    month = sale["issue_date"][:7]
    assert await boxed(desk, id, month) == {"42": ("80.00", "0.00")}
    [row] = (await desk.get("/v1/tax/ec-sales-list", registration=id, period=month))["rows"]
    assert (row["code"], row["stated"]) == ("D", "80")


async def test_two_buyers_under_one_number_are_one_row(world: World) -> None:
    desk = await seller(world, GERMAN)
    owed = [{"category": "AE", "reason_code": "VATEX-EU-AE"}]
    spaced = {**PARIS, "name": "Firm, branch", "vat_id": "FR 40 303 265 045"}
    month = ""
    for buyer in (PARIS, spaced):
        sale = await desk.invoice(line("10.25", taxes=owed), buyer=buyer)
        month = sale["issue_date"][:7]
    [id] = (await registrations(desk)).values()
    [row] = (await desk.get("/v1/tax/ec-sales-list", registration=id, period=month))["rows"]
    # 20.50 is halfway: away from zero.
    assert (row["vat_id"], row["base"], row["stated"]) == ("FR40303265045", "20.50", "21")
    assert len((await desk.client.get(row["entries"])).json()["data"]) == 2
