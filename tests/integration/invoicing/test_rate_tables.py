"""A tenant's own tax rates, from the table it states to the invoice that bears them."""

import asyncio
from typing import Any

import pytest

from tests.load.queries import counted
from tests.world import Desk, World, line

TEXAN = {
    "currency": "USD",
    "default_profile": "plain",
    "rounding": "per_line",
    "time_zone": "America/Chicago",
    "address": {"country": "US", "region": "TX", "postal_code": "73301", "city": "Austin"},
    "registrations": [{"country": "US", "region": "TX", "tax_number": "32012345678"}],
    "bank_accounts": [],
}
AUSTIN = {"country": "US", "region": "TX", "postal_code": "78704", "city": "Austin"}
BUYER = {"name": "Lone Star LLC", "address": AUSTIN}
SUPPLY = {"description": "Chair", "quantity": "1", "price": "100.00", "supply": {"kind": "goods"}}


def rate(code: str, percent: str, name: str = "Texas", **more: Any) -> dict[str, Any]:
    return {
        "region": "TX",
        "code": code,
        "name": name,
        "rate": percent,
        "kinds": ["goods"],
        "valid_from": "2020-01-01",
        "source": f"Comptroller, {name}",
        **more,
    }


STATE = rate("STATE", "6.25")
CITY = rate("CITY", "1", "Austin", cities=["Austin"])


async def put(desk: Desk, path: str, body: Any, status: int = 200, **headers: str) -> Any:
    answer = await desk.client.put(f"/v1/tax/{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def drafted(desk: Desk, status: int = 201, **more: Any) -> dict[str, Any]:
    body = {"buyer": BUYER, "lines": [SUPPLY], **more}
    return await desk.post("/v1/invoices", body, status=status)


@pytest.fixture
async def texan(world: World) -> Desk:
    desk = await world.seller(**TEXAN)
    await put(desk, "rate-tables/US", {"rates": [STATE, CITY]})
    return desk


async def test_a_texan_buyer_pays_state_and_city_tax_and_gets_no_e_invoice(texan: Desk) -> None:
    made = await drafted(texan)
    [line] = made["lines"]
    assert [(tax["category"], tax["rate"], tax["jurisdiction"]) for tax in line["taxes"]] == [
        ("STATE", "6.25", "US-TX"),
        ("CITY", "1", "US-TX-Austin"),
    ]
    assert made["profile"] == "plain"
    kept = made["determination"]["lines"][0]
    assert kept["scheme"] == "sales_tax"
    assert "Comptroller, Austin (table US 1)" in kept["source"]
    issued = await texan.finalize(made)
    assert (issued["totals"]["tax"], issued["totals"]["gross"]) == ("7.25", "107.25")
    assert [group["amount"] for group in issued["tax_groups"]] == ["6.25", "1.00"]
    answer = await texan.client.get(f"/v1/invoices/{issued['id']}/e-invoice")
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "not_representable"


async def test_outside_the_city_only_the_state_taxes(texan: Desk) -> None:
    elsewhere = {**AUSTIN, "city": "El Paso", "postal_code": "79901"}
    made = await drafted(texan, buyer={**BUYER, "address": elsewhere})
    assert made["totals"]["tax"] == "6.25"


async def test_without_a_table_the_draft_is_asked_for_it(world: World) -> None:
    desk = await world.seller(**TEXAN)
    refused = await drafted(desk, status=422)
    assert refused["code"] == "tax_undetermined"
    assert refused["problems"][0]["pointer"] == "/lines/0"
    assert "rate table" in refused["problems"][0]["detail"]


async def test_another_tenant_never_sees_the_table(world: World, texan: Desk) -> None:
    other = await world.seller(**TEXAN)
    assert (await drafted(other, status=422))["code"] == "tax_undetermined"
    answer = await other.client.get("/v1/tax/rate-tables/US")
    assert (answer.status_code, answer.json()["code"]) == (404, "tax_rate_table_not_found")
    assert (await other.get("/v1/tax/rate-tables"))["data"] == []
    await put(other, "rate-tables/US", {"rates": [rate("STATE", "9")]})
    assert (await drafted(other))["totals"]["tax"] == "9.00"
    assert (await drafted(texan))["totals"]["tax"] == "7.25"


async def test_a_table_changed_since_the_draft_stops_finalizing(texan: Desk) -> None:
    made = await drafted(texan)
    await put(texan, "rate-tables/US", {"rates": [rate("STATE", "6.5"), CITY]})
    path = f"/v1/invoices/{made['id']}"
    answer = await texan.client.post(f"{path}/finalize", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "tax_changed")
    answer = await texan.client.put(path, json={"buyer": BUYER, "lines": [SUPPLY]})
    assert answer.status_code == 200, answer.text
    assert (await texan.finalize(made))["totals"]["tax"] == "7.50"


async def test_rows_that_do_not_matter_change_the_ground_and_not_the_taxes(texan: Desk) -> None:
    made = await drafted(texan)
    dallas = rate("CITY", "2", "Dallas", cities=["Dallas"])
    await put(texan, "rate-tables/US", {"rates": [STATE, CITY, dallas]})
    issued = await texan.finalize(made)
    assert issued["totals"]["tax"] == "7.25"
    before, after = (each["determination"]["lines"][0] for each in (made, issued))
    assert "(table US 2)" in after["source"]
    assert before["fingerprint"] != after["fingerprint"]


async def test_a_table_reads_back_as_it_was_stated(texan: Desk) -> None:
    stated = {**CITY, "postal_codes": ["78701-78799", "733*"], "valid_until": "2027-12-31"}
    shown = await put(texan, "rate-tables/US", {"rates": [stated], "origin_regions": ["TX"]})
    assert shown["rates"] == [{**stated, "categories": []}]
    assert (shown["version"], shown["rows"], shown["origin_regions"]) == (2, 1, ["TX"])
    assert await texan.get("/v1/tax/rate-tables/US") == shown
    [head] = (await texan.get("/v1/tax/rate-tables"))["data"]
    assert head == {"object": "tax_rate_table", "country": "US", "version": 2, "rows": 1}


async def test_the_version_that_a_document_names_can_still_be_read(texan: Desk) -> None:
    first = await texan.get("/v1/tax/rate-tables/US")
    await put(texan, "rate-tables/US", {"rates": [STATE]})
    assert await texan.get("/v1/tax/rate-tables/US", version=1) == first
    assert (await texan.get("/v1/tax/rate-tables/US", version=2))["rows"] == 1
    for wrong in ("rate-tables/US?version=3", "rate-tables/CA?version=1", "overrides/US?version=1"):
        assert (await texan.client.get(f"/v1/tax/{wrong}")).status_code == 404
    assert (await texan.client.get("/v1/tax/rate-tables/US?version=0")).status_code == 422


async def test_stating_the_same_again_is_no_new_version(texan: Desk) -> None:
    same = await put(texan, "rate-tables/US", {"rates": [STATE, CITY]})
    assert same["version"] == 1
    assert (await put(texan, "rate-tables/US", {"rates": [CITY, STATE]}))["version"] == 2


async def test_a_table_that_somebody_else_changed_is_not_overwritten(texan: Desk) -> None:
    await put(texan, "rate-tables/US", {"rates": [STATE]}, 200, **{"If-Match": '"1"'})
    await put(texan, "rate-tables/US", {"rates": [CITY]}, 412, **{"If-Match": '"1"'})
    read = await texan.client.get("/v1/tax/rate-tables/US")
    assert read.headers["etag"] == '"2"'
    again = await texan.client.get("/v1/tax/rate-tables/US", headers={"If-None-Match": '"2"'})
    assert again.status_code == 304


async def test_two_that_begin_a_table_at_once_are_both_heard(world: World) -> None:
    desk = await world.seller(**TEXAN)
    bodies = [{"rates": [rate("STATE", percent)]} for percent in ("1", "2", "3")]
    shown = await asyncio.gather(*(put(desk, "rate-tables/US", body) for body in bodies))
    assert sorted(each["version"] for each in shown) == [1, 2, 3]
    last = max(shown, key=lambda each: each["version"])
    assert await desk.get("/v1/tax/rate-tables/US") == last


async def test_wrong_rows_are_named(texan: Desk) -> None:
    wrong = [
        STATE,
        rate("CITY", "101", "Dallas", cities=["Dallas"]),
        rate("X", "1", postal_codes=["78799-78701"], valid_until="2019-12-31"),
    ]
    refused = await put(texan, "rate-tables/US", {"rates": wrong}, 422)
    assert refused["code"] == "tax_rates_invalid"
    assert [(each["pointer"], each["code"]) for each in refused["problems"]] == [
        ("/rates/1/rate", "rate_out_of_range"),
        ("/rates/2/valid_until", "dates_reversed"),
        ("/rates/2/postal_codes/0", "postal_code_malformed"),
    ]
    assert (await texan.get("/v1/tax/rate-tables/US"))["version"] == 1


async def test_a_country_with_a_pack_takes_overrides_and_no_table(texan: Desk) -> None:
    refused = await put(texan, "rate-tables/DE", {"rates": []}, 422)
    assert refused["code"] == "country_without_rate_table"
    refused = await put(texan, "overrides/US", {"sources": {"x": "y"}}, 422)
    assert "rate table" in refused["problems"][0]["detail"]
    assert (await put(texan, "rate-tables/ZZ", {"rates": []}, 404))["code"] == (
        "tax_rate_table_not_found"
    )


async def test_tables_of_two_countries_stand_side_by_side(texan: Desk) -> None:
    quebec = {**rate("QST", "9.975", "Québec"), "region": "QC"}
    await put(texan, "rate-tables/CA", {"rates": [quebec]})
    made = await drafted(texan)
    assert "(table CA 1, US 1)" in made["determination"]["lines"][0]["source"]
    page = await texan.get("/v1/tax/rate-tables", limit=1)
    assert [each["country"] for each in page["data"]] == ["CA"]
    rest = await texan.get("/v1/tax/rate-tables", limit=1, after=page["next"])
    assert ([each["country"] for each in rest["data"]], rest["has_more"]) == (["US"], False)
    turned = await texan.get("/v1/tax/rate-tables", sort="-country")
    assert [each["country"] for each in turned["data"]] == ["US", "CA"]


async def round_trips(desk: Desk, *lines: dict[str, Any]) -> int:
    body = {"buyer": BUYER, "lines": list(lines)}
    await desk.post("/v1/invoices", body)
    async with counted(desk.world) as sent:
        await desk.post("/v1/invoices", body)
        await asyncio.sleep(0)
        return len(list(sent))


async def test_only_a_draft_that_leaves_taxes_open_asks_for_the_table_once(texan: Desk) -> None:
    stated = line("100.00", taxes=[{"regime": "sales", "category": "STATE", "rate": "6.25"}])
    assert await round_trips(texan, stated) <= 4
    assert await round_trips(texan, *[SUPPLY] * 20) <= 5


async def test_every_version_stays_in_the_stream(texan: Desk) -> None:
    await put(texan, "rate-tables/US", {"rates": [STATE]})
    async with texan.world.admin() as conn:
        rows = await conn.fetch(
            "SELECT version, type, actor, body->'rates' AS rates FROM invoicing.events"
            " WHERE tenant_id = $1 AND type = 'RatesStated' ORDER BY version",
            texan.tenant_id,
        )
    assert [(row["version"], row["actor"]) for row in rows] == [(1, "user:test"), (2, "user:test")]
    assert "Austin" in rows[0]["rates"]
    assert "Austin" not in rows[1]["rates"]
