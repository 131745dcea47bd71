"""Who buys where, and what it pays: sellers of several countries, over HTTP to the issued paper."""

from typing import Any

import pytest

from tests.integration.invoicing.test_determination import (
    BELIEVING,
    DUTCH,
    GERMAN,
    REGISTERED,
    draft,
    german,
    open_line,
    refused,
    tax_of,
)
from tests.world import Desk, World

__all__ = ["german"]  # the fixture

OSS = {"country": "DE", "vat_id": "DE129273398", "special": "oss"}
WEBSHOP_NET = {"last_year": "0.00", "this_year": "9900.00"}
LONDON = {"line1": "Strand 1", "country": "GB", "postal_code": "WC2R 0EU", "city": "London"}
BELFAST = {"country": "GB", "postal_code": "BT1 5GS", "city": "Belfast"}
ZURICH = {"country": "CH", "postal_code": "8001", "city": "Zürich"}


def living(country: str, postal_code: str) -> dict[str, Any]:
    """A consumer there."""
    address = {"country": country, "postal_code": postal_code, "city": "Somewhere"}
    return {"name": "Somebody", "kind": "consumer", "address": address}


def grounds(invoice: dict[str, Any]) -> list[str]:
    return [each["scheme"] for each in invoice["determination"]["lines"]]


async def test_a_seller_in_the_one_stop_shop_charges_each_consumer_the_rate_at_home(
    world: World,
) -> None:
    desk = await world.seller(registrations=[*REGISTERED, OSS])
    rates = {}
    for country, code in (("NL", "1012 AB"), ("FR", "75001"), ("FI", "00100"), ("DE", "10115")):
        made = await draft(desk, open_line("goods"), buyer=living(country, code))
        rates[country] = (tax_of(made), grounds(made), made["lines"][0]["taxes"][0]["jurisdiction"])
    assert rates == {
        "NL": (("S", "21"), ["oss"], "NL"),
        "FR": (("S", "20"), ["oss"], "FR"),
        "FI": (("S", "25.5"), ["oss"], "FI"),
        "DE": (("S", "19"), ["domestic"], "DE"),
    }
    made = await draft(desk, open_line("goods"), open_line("digital"), buyer=living("HU", "1011"))
    issued = await desk.finalize(made)
    assert (issued["totals"]["tax"], issued["totals"]["gross"]) == ("54.00", "254.00")


@pytest.mark.parametrize(
    "price,sales,expected",
    [
        ("100.00", WEBSHOP_NET, ("S", "19")),
        ("100.01", WEBSHOP_NET, None),
        ("1.00", {**WEBSHOP_NET, "waived": True}, None),
        ("1.00", {"last_year": "10000.01", "this_year": "0"}, None),
    ],
)
async def test_sales_to_consumers_abroad_are_taxed_at_home_up_to_the_limit(
    world: World, price: str, sales: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    """The 10 000 euros of Article 59c; above, a registration or the one-stop shop is asked for."""
    desk = await world.seller(registrations=REGISTERED, distance_sales=sales)
    line = {**open_line("goods"), "price": price}
    buyer = living("NL", "1012 AB")
    if expected is None:
        [problem] = await refused(desk, line, buyer=buyer)
        assert problem["pointer"] == "/seller/registrations"
        return
    made = await draft(desk, line, buyer=buyer)
    assert tax_of(made) == expected


async def test_a_limit_that_matters_is_asked_about_until_the_sales_are_stated(
    world: World,
) -> None:
    desk = await world.seller(registrations=REGISTERED)
    [problem] = await refused(desk, open_line("digital"), buyer=living("NL", "1012 AB"))
    assert problem["pointer"] == "/seller/distance_sales"
    entity = await desk.get(f"/v1/legal-entities/{desk.entity}")
    assert entity["distance_sales"] is None


async def test_a_small_business_issues_without_tax_and_with_its_reason(world: World) -> None:
    small = {"country": "DE", "vat_id": "DE129273398", "special": "small_business"}
    desk = await world.seller(registrations=[small])
    made = await draft(desk, open_line(), buyer=living("DE", "10115"), language="de")
    [tax] = made["lines"][0]["taxes"]
    assert (tax["category"], tax["rate"]) == ("E", "0")
    assert tax["reason"] == "Gemäß § 19 UStG wird keine Umsatzsteuer berechnet."
    issued = await desk.finalize(made)
    assert (issued["totals"]["tax"], issued["totals"]["gross"]) == ("0.00", "100.00")
    assert issued["tax_groups"][0]["reason"] == tax["reason"]
    assert grounds(issued) == ["small_business"]


async def test_goods_that_leave_the_union_are_an_export(german: Desk) -> None:
    swiss = {"name": "Käufer AG", "address": ZURICH}
    made = await draft(
        german, open_line("goods"), buyer=swiss, ship_to=swiss, supply_date="2026-11-02"
    )
    [tax] = made["lines"][0]["taxes"]
    assert (tax["category"], tax["reason_code"]) == ("G", "VATEX-EU-G")
    issued = await german.finalize(made)
    assert issued["ship_to"]["address"]["country"] == "CH"
    assert issued["totals"]["tax"] == "0.00"


async def test_a_german_buyer_whose_goods_go_abroad_pays_no_german_tax(german: Desk) -> None:
    """Where the goods go decides, not where the buyer is."""
    lager = {"name": "Lager", "address": ZURICH}
    made = await draft(german, open_line("goods"), ship_to=lager)
    assert tax_of(made)[0] == "G"
    own = open_line("goods", delivery={"country": "DE", "postal_code": "10115"})
    mixed = await draft(german, open_line("goods"), own, ship_to=lager)
    assert [tax_of(mixed, index)[0] for index in (0, 1)] == ["G", "S"]


async def test_goods_within_the_community_want_both_ids_and_the_way_they_went(
    german: Desk,
) -> None:
    buyer = {**DUTCH, "vat_id": "NL4495445B01"}
    made = await draft(german, open_line("goods"), buyer=buyer)
    [tax] = made["lines"][0]["taxes"]
    assert (tax["category"], tax["reason_code"]) == ("K", "VATEX-EU-IC")
    answer = await german.client.post(f"/v1/invoices/{made['id']}/finalize", json={})
    assert answer.status_code == 422
    pointers = {each["pointer"] for each in answer.json()["problems"]}
    assert pointers == {"/supply_date", "/ship_to/address/country"}
    went = {"ship_to": DUTCH, "supply_date": "2026-11-02"}
    whole = await draft(german, open_line("goods"), buyer=buyer, **went)
    issued = await german.finalize(whole)
    assert grounds(issued) == ["intra_community"]
    [asked] = await refused(german, open_line("goods"), buyer=DUTCH, **went)
    assert asked["pointer"] == "/buyer/vat_id"


async def test_goods_within_the_community_want_the_sellers_id(world: World) -> None:
    desk = await world.seller(
        registrations=[{"country": "DE", "tax_number": "27/123/45678"}], tax_id_policy=BELIEVING
    )
    buyer = {**DUTCH, "vat_id": "NL4495445B01"}
    [problem] = await refused(desk, open_line("goods"), buyer=buyer, ship_to=DUTCH)
    assert problem["pointer"] == "/seller/registrations"


async def test_an_embassy_with_a_certificate_pays_no_tax_while_it_holds(german: Desk) -> None:
    paper = {"kind": "eu_151", "country": "DE", "number": "151-7", "valid_until": "2026-06-30"}
    embassy = {**GERMAN, "certificates": [paper]}
    made = await draft(german, open_line(), buyer=embassy, supply_date="2026-06-30")
    [tax] = made["lines"][0]["taxes"]
    assert (tax["category"], tax["reason_code"]) == ("E", "VATEX-EU-151")
    assert "151-7" in made["determination"]["lines"][0]["assumed"][0]
    shown = made["buyer"]["certificates"][0]
    assert {key: shown[key] for key in paper} == paper
    later = await draft(german, open_line(), buyer=embassy, supply_date="2026-07-01")
    assert tax_of(later) == ("S", "19")


async def test_a_british_seller_charges_at_home_and_exports_to_the_union(world: World) -> None:
    desk = await world.seller(
        address=LONDON,
        registrations=[{"country": "GB", "vat_id": "GB123456782"}],
        currency="GBP",
        time_zone="Europe/London",
        bank_accounts=[],
    )
    at_home = {"name": "Buyer Ltd", "address": LONDON}
    made = await draft(desk, open_line(), open_line("goods", category="books"), buyer=at_home)
    assert [tax_of(made, index) for index in (0, 1)] == [("S", "20"), ("Z", "0")]
    abroad = await draft(desk, open_line("goods", importer="buyer"), buyer=DUTCH, ship_to=DUTCH)
    assert tax_of(abroad)[0] == "G"
    [who] = await refused(desk, open_line("goods"), buyer=DUTCH)
    assert who["pointer"] == "/lines/0/supply/importer"


async def test_a_swiss_seller_charges_its_own_rate_and_none_abroad(world: World) -> None:
    desk = await world.seller(
        address=ZURICH,
        registrations=[{"country": "CH", "vat_id": "CHE-107.787.577 MWST"}],
        currency="CHF",
        time_zone="Europe/Zurich",
        bank_accounts=[],
    )
    made = await draft(desk, open_line(), buyer={"name": "Käufer AG", "address": ZURICH})
    assert tax_of(made) == ("S", "8.1")
    abroad = await draft(desk, open_line(), buyer=GERMAN)
    assert tax_of(abroad)[1] == "0"
    assert grounds(abroad) == ["outside_scope"]


async def test_northern_ireland_is_in_the_union_for_goods_and_outside_for_services(
    german: Desk,
) -> None:
    buyer = {"name": "Buyer Ltd", "address": BELFAST, "vat_id": "XI110305878"}
    goods = await draft(german, open_line("goods"), buyer=buyer)
    assert (tax_of(goods)[0], grounds(goods)) == ("K", ["intra_community"])
    service = await draft(german, open_line(), buyer={**buyer, "vat_id": "GB110305878"})
    assert tax_of(service)[0] == "O"


async def test_x01_an_island_pays_its_own_tax_or_none_with_and_without_an_id(world: World) -> None:
    """A buyer at 35001 bears no mainland tax, whoever it is (lago-api#5072)."""
    desk = await world.seller(
        address={"country": "ES", "postal_code": "28001", "city": "Madrid"},
        registrations=[{"country": "ES", "vat_id": "ESB58378431"}],
        tax_id_policy=BELIEVING,
    )
    for postal_code in ("35001", " 35 001 ", "E-35001"):
        for vat_id in (None, "ESB58378431"):
            address = {"country": "ES", "postal_code": postal_code}
            buyer = {"name": "Comprador", "address": address, "vat_id": vat_id}
            made = await draft(desk, open_line("goods"), buyer=buyer)
            assert made["totals"]["tax"] == "0.00"
            assert tax_of(made)[0] != "S"


async def test_x01_a_business_on_martinique_pays_the_islands_rate_to_a_french_seller(
    world: World,
) -> None:
    """FR 97200: 8.5 %, not reverse charge."""
    desk = await world.seller(
        address={"country": "FR", "postal_code": "75001", "city": "Paris"},
        registrations=[{"country": "FR", "vat_id": "FR83404833048"}],
        tax_id_policy=BELIEVING,
    )
    address = {"country": "FR", "postal_code": "97200", "city": "Fort-de-France"}
    buyer = {"name": "Acheteur", "address": address, "vat_id": "FR83404833048"}
    made = await draft(desk, open_line(), buyer=buyer)
    assert tax_of(made) == ("S", "8.5")
    issued = await desk.finalize(made)
    assert issued["totals"]["gross"] == "108.50"
