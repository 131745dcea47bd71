"""Rows that a tenant lays over the pack of a country, and packs of countries that have none."""

from typing import Any

import pytest

from tests.integration.invoicing.test_rate_tables import put
from tests.world import BUYER, Desk, World

WORKSHOP = {
    "code": "workshop",
    "exempt": "exempt_education",
    "reason_code": "VATEX-EU-132-1I",
    "valid_from": "2020-01-01",
    "source": "§ 4 Nr. 21 UStG",
}
NORWAY = """
country = "NO"
name = "Norway"
version = "acme-1"
status = "partial"
covers = ["domestic", "export"]
rates = [{ code = "standard", rate = "25", from = 2013-01-01, source = "Mval. § 5-1" }]
"""
NORWEGIAN = {"country": "NO", "postal_code": "0150", "city": "Oslo"}


async def drafted(desk: Desk, category: str, status: int = 201, **more: Any) -> dict[str, Any]:
    supply = {"kind": "services", "category": category}
    line = {"description": "Course", "quantity": "1", "price": "100.00", "supply": supply}
    body = {"buyer": BUYER, "lines": [line], **more}
    return await desk.post("/v1/invoices", body, status=status)


async def test_a_category_of_the_tenant_decides_and_the_version_shows_both(desk: Desk) -> None:
    assert (await drafted(desk, "workshop", 422))["code"] == "tax_undetermined"
    body = {"pack_version": "acme-3", "categories": [WORKSHOP]}
    shown = await put(desk, "overrides/DE", body)
    assert (shown["version"], shown["rows"], shown["pack_version"]) == (1, 1, "acme-3")
    assert await desk.get("/v1/tax/overrides/DE") == shown
    made = await drafted(desk, "workshop")
    [tax] = made["lines"][0]["taxes"]
    assert (tax["category"], tax["reason_code"]) == ("E", "VATEX-EU-132-1I")
    [pack] = [each for each in made["determination"]["packs"] if each["country"] == "DE"]
    assert pack["version"].endswith("+acme-3")
    assert "§ 4 Nr. 21" in made["determination"]["lines"][0]["source"]
    assert (await desk.finalize(made))["totals"]["tax"] == "0.00"


async def test_what_a_tenant_lays_over_a_pack_holds_for_nobody_else(
    world: World, desk: Desk
) -> None:
    await put(desk, "overrides/DE", {"categories": [WORKSHOP]})
    other = await world.seller()
    assert (await drafted(other, "workshop", 422))["code"] == "tax_undetermined"
    answer = await other.client.get("/v1/tax/overrides/DE")
    assert (answer.status_code, answer.json()["code"]) == (404, "tax_overrides_not_found")
    assert (await other.client.delete("/v1/tax/overrides/DE")).status_code == 404
    assert (await desk.get("/v1/tax/overrides"))["data"][0]["country"] == "DE"


async def test_overrides_of_the_past_can_be_read_with_their_text(desk: Desk) -> None:
    stated = await put(desk, "overrides/NO", {"pack": NORWAY})
    await desk.client.delete("/v1/tax/overrides/NO")
    assert (await desk.client.get("/v1/tax/overrides/NO")).status_code == 404
    assert await desk.get("/v1/tax/overrides/NO", version=1) == stated
    assert (await desk.client.get("/v1/tax/overrides/NO?version=2")).status_code == 404


async def test_overrides_taken_back_leave_the_shipped_pack(desk: Desk) -> None:
    await put(desk, "overrides/DE", {"categories": [WORKSHOP]})
    made = await drafted(desk, "workshop")
    gone = await desk.client.delete("/v1/tax/overrides/DE", headers={"If-Match": '"7"'})
    assert gone.status_code == 412
    gone = await desk.client.delete("/v1/tax/overrides/DE", headers={"If-Match": '"1"'})
    assert gone.status_code == 204
    assert (await desk.client.get("/v1/tax/overrides/DE")).status_code == 404
    answer = await desk.client.post(f"/v1/invoices/{made['id']}/finalize", json={})
    assert answer.json()["code"] == "tax_undetermined"
    assert (await put(desk, "overrides/DE", {"categories": [WORKSHOP]}))["version"] == 3


async def test_a_rate_laid_over_the_shipped_one_replaces_it_from_its_day(desk: Desk) -> None:
    row = {"code": "standard", "rate": "20", "valid_from": "2026-01-01", "source": "A new law"}
    shown = await put(desk, "overrides/DE", {"rates": [row]})
    assert shown["rates"] == [{**row, "valid_until": None, "territory": None}]
    assert (await drafted(desk, "standard"))["totals"]["tax"] == "20.00"


async def test_a_country_without_a_pack_takes_a_whole_one_as_text(world: World) -> None:
    desk = await world.seller(
        address=NORWEGIAN, registrations=[{"country": "NO", "vat_id": "NO995525828MVA"}]
    )
    buyer = {"name": "Kjøper AS", "address": NORWEGIAN}
    assert (await drafted(desk, "standard", 422, buyer=buyer))["code"] == "tax_undetermined"
    shown = await put(desk, "overrides/NO", {"pack": NORWAY})
    assert (shown["pack"], shown["name"]) == (NORWAY, "Norway")
    assert shown["rates"][0]["rate"] == "25"
    made = await drafted(desk, "standard", buyer=buyer)
    assert made["totals"]["tax"] == "25.00"
    assert {"country": "NO", "version": "acme-1", "status": "partial"} in (
        made["determination"]["packs"]
    )


@pytest.mark.parametrize(
    "country,body,pointer",
    [
        ("DE", {"categories": [{**WORKSHOP, "rate": "reduced"}]}, "/categories/0"),
        ("DE", {"categories": [{**WORKSHOP, "exempt": "no_such_text"}]}, "/categories/0/exempt"),
        (
            "DE",
            {"categories": [{**WORKSHOP, "exempt": None, "rate": "nowhere"}]},
            "/categories/0/rate",
        ),
        ("DE", {"categories": [{**WORKSHOP, "territory": "XX"}]}, "/categories/0/territory"),
        ("DE", {"categories": [{**WORKSHOP, "reason_code": "E"}]}, "/categories/0/reason_code"),
        (
            "DE",
            {"rates": [{"code": "a", "rate": "101", "valid_from": "2020-01-01", "source": "s"}]},
            "/rates/0/rate",
        ),
        ("NO", {"categories": [WORKSHOP]}, "/pack"),
        ("DE", {"pack": NORWAY}, "/pack"),
        ("DE", {"pack": "country ="}, "/pack"),
        ("NO", {"pack": NORWAY.replace("25", "250")}, "/pack"),
    ],
)
async def test_what_cannot_lie_over_a_pack_is_refused_by_its_row(
    desk: Desk, country: str, body: dict[str, Any], pointer: str
) -> None:
    refused = await put(desk, f"overrides/{country}", body, 422)
    assert refused["code"] == "override_invalid"
    assert refused["problems"][0]["pointer"] == pointer
    assert (await desk.client.get(f"/v1/tax/overrides/{country}")).status_code == 404


async def test_a_pack_and_rows_together_are_refused(desk: Desk) -> None:
    for body in ({"pack": NORWAY, "categories": [WORKSHOP]}, {}):
        refused = await put(desk, "overrides/NO", body, 422)
        assert refused["problems"][0]["code"] == "pack_or_rows"


async def test_a_table_and_overrides_of_one_country_have_versions_of_their_own(
    desk: Desk,
) -> None:
    await put(desk, "rate-tables/CA", {"rates": []})
    assert (await desk.get("/v1/tax/rate-tables/CA"))["version"] == 1
    await put(desk, "overrides/DE", {"categories": [WORKSHOP]}, 412, **{"If-Match": '"1"'})
    await put(desk, "overrides/DE", {"categories": [WORKSHOP]}, 200, **{"If-Match": '"0"'})
