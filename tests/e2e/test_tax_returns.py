"""Returns over HTTP: a scripted half year of a German seller, every figure worked out by hand."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.acts import be_at, berlin
from tests.world import Desk, World, line

Shown = dict[str, Any]
D = Decimal
DE = {"country": "DE", "vat_id": "DE136695976", "return_period": "quarter"}
AT = {"country": "AT", "vat_id": "ATU12345675"}
SHOP = {"country": "DE", "vat_id": "DE136695976", "special": "oss"}
VAT7 = [{"category": "S", "rate": "7"}]
WITHIN = [{"category": "K", "reason_code": "VATEX-EU-IC"}]
OWED = [{"category": "AE", "reason_code": "VATEX-EU-AE"}]
EXPORT = [{"category": "G", "reason_code": "VATEX-EU-G"}]


def buyer(name: str, country: str, vat_id: str | None = None, **more: Any) -> Shown:
    address = {"line1": "Platz 1", "postal_code": "1010", "city": "Stadt", "country": country}
    return {"name": name, "customer": name, "address": address, "vat_id": vat_id, **more}


WIEN = buyer("Wien GmbH", "AT", "ATU 66778899")
PARIS = buyer("Paris SARL", "FR", "FR40303265045")
ADA = buyer("Ada", "FR", kind="consumer")


async def seller(world: World, *registrations: Shown, on: str = "2026-01-10") -> Desk:
    desk = await world.seller(registrations=[*registrations])
    await be_at(desk, berlin(f"{on} 12:00"))
    return desk


async def filing(desk: Desk, country: str = "DE", special: str = "ordinary") -> str:
    """The id of a registration."""
    query = {"legal_entity": desk.entity, "from": "2026-01", "to": "2026-01"}
    found = (await desk.get("/v1/tax/summary", **query))["registrations"]
    wanted = [r["id"] for r in found if (r["country"], r["special"]) == (country, special)]
    assert len(wanted) == 1, found
    return str(wanted[0])


async def pay(desk: Desk, invoice: Shown, amount: str, on: str, what: str = "payments") -> None:
    body = {"amount": amount, "source": f"{what}:{on}:{amount}", "on": on}
    await desk.post(f"/v1/invoices/{invoice['id']}/{what}", body)


async def credited(desk: Desk, invoice: Shown, **body: Any) -> Shown:
    path = f"/v1/invoices/{invoice['id']}/credit-notes"
    return await desk.post(path, {"finalize": True, **body})


async def entries_at(desk: Desk, address: str) -> list[Shown]:
    """All entries behind the address of a figure."""
    found: list[Shown] = []
    more = ""
    while True:
        response = await desk.client.get(f"{address}&limit=3{more}")
        assert response.status_code == 200, response.text
        page = response.json()
        found += page["data"]
        if not page["has_more"]:
            return found
        more = f"&after={page['next']}"


def total(rows: Iterable[Shown], name: str = "base") -> Decimal:
    return sum((D(row[name]) for row in rows), D(0))


async def each_figure_is_its_entries(desk: Desk, figures: Iterable[Shown]) -> None:
    """One call per figure gives the entries that make it, neither more nor fewer."""
    for figure in figures:
        if figure["entries"] is None:
            assert figure["count"] == 0
            continue
        found = await entries_at(desk, figure["entries"])
        assert len(found) == figure.get("count", len(found)), figure
        assert total(found) == D(figure["base"]), figure
        if "tax" in figure:
            assert total(found, "tax") == D(figure["tax"]), figure


async def returned(desk: Desk, registration: str, period: str) -> Shown:
    """The return of a period, after seeing that nothing of the ledger is missing from it."""
    found = await desk.get("/v1/tax/returns", registration=registration, period=period)
    main = [box for box in found["boxes"] if box["group"] == "main"]
    for name in ("base", "tax", "count"):
        assert total([*main, *found["unassigned"]], name) == D(found["totals"][name])
    await each_figure_is_its_entries(desk, [*found["boxes"], *found["unassigned"]])
    listed = await entries_at(desk, found["entries"])
    assert (total(listed), len(listed)) == (D(found["totals"]["base"]), found["totals"]["count"])
    return found


def boxes(found: Shown) -> dict[str, tuple[str, str, str]]:
    """What stands in the boxes that have entries: as stated, exact base and tax."""
    return {
        box["code"]: (box["stated"], box["base"], box["tax"])
        for box in found["boxes"]
        if box["count"]
    }


async def half_a_year(world: World) -> Desk:
    desk = await seller(world, DE, AT, SHOP)
    first = await desk.invoice(line("1000.00"), line("500.00", taxes=VAT7))
    delivered = {"buyer": WIEN, "ship_to": WIEN, "supply_date": "2026-01-10"}
    goods = await desk.invoice(line("2000.40", taxes=WITHIN), **delivered)
    await desk.invoice(line("800.30", taxes=OWED), buyer=PARIS)
    consumer = [{"category": "S", "rate": "20", "jurisdiction": "FR"}]
    app = await desk.invoice(line("100.00", taxes=consumer, supply={"kind": "digital"}), buyer=ADA)
    bern = buyer("Bern AG", "CH")
    await desk.invoice(line("300.00", taxes=EXPORT), buyer=bern, ship_to=bern)
    graz = [{"category": "S", "rate": "20", "jurisdiction": "AT"}]
    await desk.invoice(line("400.00", taxes=graz), buyer=buyer("Graz", "AT", kind="consumer"))
    await be_at(desk, berlin("2026-02-12 12:00"))
    ahead = await desk.invoice(line("1000.00"), supply_date="2026-04-15")
    await pay(desk, ahead, "595.00", "2026-02-12")
    await credited(desk, goods, amount="100.20")
    await be_at(desk, berlin("2026-03-05 12:00"))
    await pay(desk, first, "34.50", "2026-03-05", "early-payment-discounts")
    await be_at(desk, berlin("2026-04-20 12:00"))
    await credited(desk, app, amount="12.00")
    return desk


async def test_a_scripted_half_year_stands_in_the_boxes_that_hand_and_head_work_out(
    world: World,
) -> None:
    desk = await half_a_year(world)
    german = await filing(desk)
    quarter = await returned(desk, german, "2026-Q1")
    assert quarter["return_period"] == "quarter"
    assert boxes(quarter) == {
        # 1,000.00 of January + 500.00 paid in February for April's supply - 20.00 of the discount:
        # 34.50 lie as 1,190.00 to 535.00 on both rates: 23.80 = 20.00 + 3.80 and
        # 10.70 = 10.00 + 0.70.
        "81": ("1480", "1480.00", "281.20"),  # 190.00 + 95.00 - 3.80
        "86": ("490", "490.00", "34.30"),  # 35.00 - 0.70
        "41": ("1900", "1900.20", "0.00"),  # 2,000.40 - 100.20
        "43": ("300", "300.00", "0.00"),
        "21": ("800", "800.30", "0.00"),
    }
    assert quarter["unassigned"] == []
    months = [boxes(await returned(desk, german, f"2026-0{month}")) for month in (1, 2, 3, 4)]
    assert [month.get("81", ("", "", ""))[1:] for month in months] == [
        ("1000.00", "190.00"),
        ("500.00", "95.00"),  # of 595.00 that came before the supply
        ("-20.00", "-3.80"),
        ("500.00", "95.00"),  # 1,000.00 + 190.00 less what was taxed in February
    ]
    austrian = await returned(desk, await filing(desk, "AT"), "2026-Q1")
    assert boxes(austrian) == {
        "000": ("400.00", "400.00", "80.00"),
        "022": ("400.00", "400.00", "80.00"),
    }
    year = await returned(desk, german, "2026")
    assert boxes(year)["81"] == ("1980", "1980.00", "376.20")
    for month in ("2026-01", "2026-02", "2026-03", "2026-04"):
        query = {"legal_entity": desk.entity, "period": month}
        assert (await desk.get("/v1/tax/reconciliation", **query))["balanced"]


async def test_the_sales_list_sums_by_buyer_and_tells_corrections_of_earlier_periods(
    world: World,
) -> None:
    desk = await half_a_year(world)
    german = await filing(desk)

    async def listed(period: str) -> Shown:
        found = await desk.get("/v1/tax/ec-sales-list", registration=german, period=period)
        await each_figure_is_its_entries(desk, found["rows"])
        for row in found["rows"]:
            await each_figure_is_its_entries(desk, row["corrections"])
            parts = D(row["of_period"]) + total(row["corrections"])
            assert parts == D(row["base"])
        return found

    def shown(found: Shown) -> list[tuple[str, ...]]:
        return [(r["vat_id"], r["code"], r["stated"], r["base"]) for r in found["rows"]]

    quarter = await listed("2026-Q1")
    assert shown(quarter) == [
        ("ATU66778899", "L", "1900", "1900.20"),
        ("FR40303265045", "S", "800", "800.30"),
    ]
    assert quarter["total"] == "2700.50"
    february = await listed("2026-02")
    [row] = february["rows"]
    assert (row["base"], row["of_period"], row["stated"]) == ("-100.20", "0", "-100")
    assert [(c["origin_period"], c["base"]) for c in row["corrections"]] == [("2026-01", "-100.20")]
    boxed = boxes(await returned(desk, german, "2026-Q1"))
    assert D(quarter["total"]) == D(boxed["41"][1]) + D(boxed["21"][1])

    query = {"registration": german, "period": "2026-Q1"}
    file = await desk.client.get("/v1/tax/ec-sales-list/file", params={**query, "format": "zm"})
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.text.splitlines() == [
        "#v3.0",
        "USt-IdNr.,Betrag (Euro),Art der Leistung",
        "ATU66778899,1900,L",
        "FR40303265045,800,S",
    ]
    plain = await desk.client.get("/v1/tax/ec-sales-list/file", params=query)
    assert plain.text.splitlines()[1] == "ATU66778899,L,1900,1900.20,1900.20,,"


async def test_a_one_stop_shop_states_supplies_by_state_and_corrections_by_quarter(
    world: World,
) -> None:
    desk = await half_a_year(world)
    shop = await filing(desk, "DE", "oss")
    assert shop != await filing(desk), "the shop has the same number and a return of its own"
    first = await desk.get("/v1/tax/oss", registration=shop, quarter="2026-Q1")
    [supply] = first["supplies"]
    assert (supply["country"], supply["supply"], supply["rate"]) == ("FR", "services", "20")
    assert (supply["base"], supply["tax"]) == ("100.00", "20.00")
    second = await desk.get("/v1/tax/oss", registration=shop, quarter="2026-Q2")
    assert second["supplies"] == []
    [correction] = second["corrections"]
    assert (correction["country"], correction["quarter"]) == ("FR", "2026-Q1")
    assert (correction["base"], correction["tax"]) == ("-10.00", "-2.00")
    for found in (first, second):
        await each_figure_is_its_entries(desk, found["supplies"] + found["corrections"])
        assert found["unassigned"] == []
    file = await desk.client.get(
        "/v1/tax/oss/file", params={"registration": shop, "quarter": "2026-Q2"}
    )
    assert file.text.splitlines()[1:] == ["correction,FR,2026-Q1,,,-10.00,-2.00"]


async def test_cash_accounting_states_every_cent_in_the_return_of_its_payment(
    world: World,
) -> None:
    """Two rates, three part payments, 2 % for paying early: 34.50 of 1,725.00 are never taxed."""
    desk = await seller(world, {**DE, "basis": "cash"})
    invoice = await desk.invoice(line("1000.00"), line("500.00", taxes=VAT7))
    await be_at(desk, berlin("2026-03-20 12:00"))
    await pay(desk, invoice, "575.01", "2026-01-12")
    await pay(desk, invoice, "574.99", "2026-02-03")
    await pay(desk, invoice, "34.50", "2026-02-03", "early-payment-discounts")
    await pay(desk, invoice, "540.50", "2026-03-02")
    german = await filing(desk)
    paid = {"2026-01": "575.01", "2026-02": "574.99", "2026-03": "540.50"}
    sums = {"81": D(0), "86": D(0)}
    for month, amount in paid.items():
        found = await returned(desk, german, month)
        assert total(found["boxes"]) + total(found["boxes"], "tax") == D(amount)
        for code, (_, base, tax) in boxes(found).items():
            rate = {"81": D("0.19"), "86": D("0.07")}[code]
            assert abs(D(base) * rate - D(tax)) < D("0.02")
            sums[code] += D(base) + D(tax)
    # 98 % of 1,190.00 and of 535.00.
    assert sums == {"81": D("1166.20"), "86": D("524.30")}
    year = boxes(await returned(desk, german, "2026"))
    assert year == {"81": ("980", "980.00", "186.20"), "86": ("490", "490.00", "34.30")}


async def test_what_no_box_takes_is_named_with_its_entries(world: World) -> None:
    desk = await seller(world, DE)
    await desk.invoice(line("50.00"), currency="USD")
    levy = {"regime": "levy", "category": "CO2", "rate": "2"}
    await desk.invoice(line("100.00", taxes=[levy]), profile="plain")
    found = await returned(desk, await filing(desk), "2026-01")
    reasons = {each["reason"]: (each["base"], each["currency"]) for each in found["unassigned"]}
    assert reasons == {"provisional": ("50.00", "USD"), "no_box": ("100.00", "EUR")}
    assert boxes(found) == {}


async def test_an_erased_buyer_leaves_the_sum_and_takes_the_vat_id_with_it(world: World) -> None:
    """Retention is over: the list still says what was supplied, by document, to nobody's name."""
    desk = await seller(world, DE)
    sold = await desk.invoice(line("70.00", taxes=OWED), buyer=PARIS)
    german = await filing(desk)
    query = {"registration": german, "period": "2026-01"}
    await be_at(desk, berlin("2038-01-02 12:00"))
    await desk.post("/v1/erasures", {"customer": PARIS["customer"]})
    [row] = (await desk.get("/v1/tax/ec-sales-list", **query))["rows"]
    assert (row["vat_id"], row["invoice"], row["base"]) == (None, sold["id"], "70.00")
    await each_figure_is_its_entries(desk, [row])
    file = await desk.client.get("/v1/tax/ec-sales-list/file", params={**query, "format": "zm"})
    assert len(file.text.splitlines()) == 2


async def test_a_registration_that_its_entity_has_no_more_is_still_answered(world: World) -> None:
    desk = await seller(world, DE)
    await desk.invoice(line("100.00"))
    german = await filing(desk)
    path = f"/v1/legal-entities/{desk.entity}"
    entity = await desk.client.get(path)
    left = {**entity.json(), "registrations": [AT]}
    said = {name: left[name] for name in ("name", "address", "registrations", "time_zone")}
    answer = await desk.client.put(
        path, json={**said, "currency": "EUR"}, headers={"If-Match": entity.headers["etag"]}
    )
    assert answer.status_code == 200, answer.text
    found = await returned(desk, german, "2026-01")
    assert (found["country"], found["return_period"]) == ("DE", None)
    assert boxes(found)["81"] == ("100", "100.00", "19.00")


@pytest.mark.parametrize("period", ["2026-13", "2026-Q5", "26", "2026-1"])
async def test_a_period_that_is_none_is_refused_by_name(world: World, period: str) -> None:
    desk = await seller(world, DE)
    query = {"registration": await filing(desk), "period": period}
    refused = await desk.client.get("/v1/tax/returns", params=query)
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["parameter"] == "period"
