"""What a legal entity says about its taxes comes back as it was said, and decides from then on."""

from typing import Any

import pytest

from tests.integration.invoicing.test_determination import (
    BELIEVING,
    DUTCH,
    GERMAN,
    REGISTERED,
    VIES,
    draft,
    open_line,
    refused,
    tax_of,
)
from tests.integration.invoicing.test_tax_ids import asking, register
from tests.world import SELLER, Desk, World

REGISTRATIONS: list[dict[str, Any]] = [
    {
        "country": "DE",
        "vat_id": "DE129273398",
        "basis": "cash",
        "valid_from": "2020-01-01",
        "valid_to": "2030-12-31",
    },
    {"country": "DE", "vat_id": "DE129273398", "special": "oss", "valid_from": "2021-07-01"},
    {"country": "NL", "vat_id": "IM5280000001", "tax_number": "1", "special": "ioss"},
    {"country": "NL", "vat_id": "NL123456782B12", "established": True},
    {"country": "US", "region": "TX", "tax_number": "32012345678"},
    {"country": "US", "region": "CA", "tax_number": "101"},
    {"country": "XI", "vat_id": "XI110305878"},
]
POLICY = {"invalid": "tax", "unavailable": "wait", "not_asked": "accept"}
SALES = {"last_year": "9999.99", "this_year": "0.01", "waived": True}


async def amend(desk: Desk, **more: Any) -> dict[str, Any]:
    path = f"/v1/legal-entities/{desk.entity}"
    answer = await desk.client.put(path, json={**SELLER, "registrations": REGISTERED, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_all_that_is_said_about_taxes_comes_back(world: World) -> None:
    registrations = [each for each in REGISTRATIONS if each.get("special") != "ioss"]
    desk = await world.seller(
        registrations=registrations, tax_id_policy=POLICY, distance_sales=SALES
    )
    entity = await desk.get(f"/v1/legal-entities/{desk.entity}")
    assert entity["tax_id_policy"] == POLICY
    assert entity["distance_sales"] == SALES
    unsaid = {
        "vat_id": None,
        "tax_number": None,
        "basis": "accrual",
        "valid_from": None,
        "valid_to": None,
        "region": None,
        "special": "ordinary",
        "established": False,
        "return_period": "month",
    }
    assert entity["registrations"] == [{**unsaid, **each} for each in registrations]


async def test_an_import_shops_number_is_not_one_of_its_country(world: World) -> None:
    """They begin with IM, those of the non-Union shop with EU, wherever they are issued."""
    far = {"country": "IE", "vat_id": "EU372000041", "special": "oss"}
    desk = await world.seller(registrations=[*REGISTRATIONS, far])
    entity = await desk.get(f"/v1/legal-entities/{desk.entity}")
    shown = entity["registrations"]
    assert [shown[2]["vat_id"], shown[-1]["vat_id"]] == ["IM5280000001", "EU372000041"]
    ordinary = {"country": "NL", "vat_id": "IM5280000001"}
    answer = await desk.client.put(
        f"/v1/legal-entities/{desk.entity}", json={**SELLER, "registrations": [ordinary]}
    )
    assert answer.json()["problems"][0]["pointer"] == "/registrations/0/vat_id"


async def test_without_a_word_about_ids_a_draft_waits(world: World) -> None:
    desk = await world.seller(registrations=REGISTERED)
    entity = await desk.get(f"/v1/legal-entities/{desk.entity}")
    assert set(entity["tax_id_policy"].values()) == {"wait"}
    [problem] = await refused(desk, open_line(), buyer={**DUTCH, "vat_id": "NL4495445B01"})
    assert problem["pointer"] == "/buyer/vat_id"


@pytest.mark.parametrize(
    "registrations,pointer",
    [
        ([*REGISTERED, *REGISTERED], "/registrations/1/valid_from"),
        ([{"country": "US", "region": "TX", "tax_number": "1"}] * 2, "/registrations/1/valid_from"),
        ([{"country": "DE", "special": "oss"}], "/registrations/0/vat_id"),
        ([{"country": "DE", "vat_id": "DE1", "special": "three_stop_shop"}], None),
    ],
)
async def test_registrations_that_cannot_be_are_named(
    desk: Desk, registrations: list[dict[str, Any]], pointer: str | None
) -> None:
    answer = await desk.client.put(
        f"/v1/legal-entities/{desk.entity}", json={**SELLER, "registrations": registrations}
    )
    assert answer.status_code == 422
    found = [each["pointer"] for each in answer.json()["problems"]]
    assert found == [pointer or "/registrations/0/special"]


async def test_amended_details_hold_for_the_drafts_from_then_on(world: World) -> None:
    desk = await world.seller(registrations=REGISTERED, tax_id_policy=BELIEVING)
    buyer = {**DUTCH, "kind": "consumer"}
    await refused(desk, open_line("digital"), buyer=buyer)
    await amend(desk, distance_sales={"last_year": "0", "this_year": "0"})
    at_home = await draft(desk, open_line("digital"), buyer=buyer)
    assert tax_of(at_home) == ("S", "19")
    oss = {"country": "DE", "vat_id": "DE129273398", "special": "oss"}
    await amend(desk, registrations=[*REGISTERED, oss])
    answer = await desk.client.post(f"/v1/invoices/{at_home['id']}/finalize", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "tax_changed")
    there = await draft(desk, open_line("digital"), buyer=buyer)
    assert tax_of(there) == ("S", "21")
    await desk.finalize(there)


async def test_a_register_is_asked_only_about_an_id_that_decides_something(world: World) -> None:
    """At home, and for a consumer, the same tax is due whatever the register would say."""
    desk = await world.seller(registrations=REGISTERED)
    async with asking(desk, "http://127.0.0.1:1") as asked:  # nobody answers there
        for buyer in (
            {**GERMAN, "vat_id": "DE811569869"},
            {**DUTCH, "kind": "consumer", "vat_id": "NL4495445B01"},
        ):
            made = await draft(asked, open_line(), buyer=buyer)
            assert tax_of(made) == ("S", "19")
            assert made["determination"]["tax_id_validation"] == "not_asked"
        [problem] = await refused(asked, open_line(), buyer={**DUTCH, "vat_id": "NL4495445B01"})
        assert "could not be checked" in problem["detail"]


async def test_the_register_is_asked_about_a_buyer_at_home_whose_id_decides(world: World) -> None:
    """Building work (§ 13b UStG), and goods that a German buyer takes abroad under a Dutch id."""
    desk = await world.seller(registrations=REGISTERED)
    lager = {"name": "Magazijn", "address": DUTCH["address"]}
    async with register(VIES) as url, asking(desk, url) as asked:
        work = open_line(category="construction_subcontract")
        built = await draft(asked, work, buyer={**GERMAN, "vat_id": "DE811569869"})
        moved = await draft(
            asked, open_line("goods"), buyer={**GERMAN, "vat_id": "NL4495445B01"}, ship_to=lager
        )
    for made, category in ((built, "AE"), (moved, "K")):
        assert tax_of(made)[0] == category
        assert made["determination"]["tax_id_validation"] == "valid"
        assert made["determination"]["consultation"] == "WAPI7"


async def test_an_id_that_cannot_be_is_refused_without_asking_anybody(world: World) -> None:
    desk = await world.seller(registrations=REGISTERED)
    async with asking(desk, "http://127.0.0.1:1") as asked:
        for wrong in ("NL4495446B01", "NL1", "XQ12", "B01"):
            [problem] = await refused(asked, open_line(), buyer={**DUTCH, "vat_id": wrong})
            assert problem["pointer"] == "/buyer/vat_id"
            assert "refused by the authority" in problem["detail"]


async def test_what_was_valid_when_drafted_is_asked_again_on_the_day_of_issue(
    world: World,
) -> None:
    """A register that has struck the buyer off meanwhile stops the document."""
    desk = await world.seller(registrations=REGISTERED)
    buyer = {**DUTCH, "vat_id": "NL4495445B01"}
    async with register(VIES) as url, asking(desk, url) as asked:
        made = await draft(asked, open_line(), buyer=buyer)
    struck_off = b'{"valid": false, "userError": "INVALID", "requestIdentifier": "WAPI8"}'
    async with register(struck_off) as url, asking(desk, url) as asked:
        answer = await asked.client.post(f"/v1/invoices/{made['id']}/finalize", json={})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["problems"]] == ["/buyer/vat_id"]
    again = VIES.replace(b"WAPI7", b"WAPI9")
    async with register(again) as url, asking(desk, url) as asked:
        issued = await asked.finalize(made)
    assert issued["determination"]["consultation"] == "WAPI9", "the proof of the day of issue"


async def test_an_id_without_its_country_decides_but_is_not_issued(world: World) -> None:
    """The buyer's country stands in for the prefix; an e-invoice wants it written (BR-CO-09)."""
    desk = await world.seller(registrations=REGISTERED, tax_id_policy=BELIEVING)
    made = await draft(desk, open_line(), buyer={**DUTCH, "vat_id": "4495445B01"})
    assert tax_of(made)[0] == "AE"
    answer = await desk.client.post(f"/v1/invoices/{made['id']}/finalize", json={})
    assert answer.status_code == 422
    [problem] = answer.json()["problems"]
    assert (problem["pointer"], problem["code"]) == ("/buyer/vat_id", "vat_id_without_country")
