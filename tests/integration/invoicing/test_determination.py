"""Taxes that nobody states: a draft's lines say what they supply, the rules say the rest."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.invoicing.test_tax_ids import asking, evidence, register
from tests.world import Desk, World

GERMAN = {"name": "Käufer GmbH", "address": {"country": "DE", "postal_code": "10115"}}
DUTCH = {"name": "Koper BV", "address": {"country": "NL", "postal_code": "1012 AB"}}
REGISTERED = [{"country": "DE", "vat_id": "DE129273398"}]
BELIEVING = {"not_asked": "accept"}
VIES = b'{"valid": true, "userError": "VALID", "requestIdentifier": "WAPI7"}'


@pytest.fixture
async def german(world: World) -> Desk:
    """A seller in Germany that takes VAT ids as valid when nobody can be asked."""
    return await world.seller(registrations=REGISTERED, tax_id_policy=BELIEVING)


def open_line(kind: str = "services", **supply: Any) -> dict[str, Any]:
    return {
        "description": "Something",
        "quantity": "1",
        "price": "100.00",
        "supply": {"kind": kind, **supply},
    }


async def draft(desk: Desk, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"buyer": GERMAN, "payment_terms": {"kind": "net", "days": 14}, **more}
    return await desk.post("/v1/invoices", {**body, "lines": list(lines)}, status=201)


async def refused(desk: Desk, *lines: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    body = {"buyer": GERMAN, **more, "lines": list(lines)}
    answer = await desk.client.post("/v1/invoices", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "tax_undetermined"
    found: list[dict[str, Any]] = answer.json()["problems"]
    return found


def tax_of(invoice: dict[str, Any], line: int = 0) -> tuple[str, str]:
    [tax] = invoice["lines"][line]["taxes"]
    return tax["category"], tax["rate"]


async def test_a_domestic_supply_bears_the_rate_of_its_category(german: Desk) -> None:
    made = await draft(german, open_line(), open_line("goods", category="books"))
    assert [tax_of(made, index) for index in (0, 1)] == [("S", "19"), ("S", "7")]
    assert made["totals"]["tax"] == "26.00"
    kept = made["determination"]
    assert [line["scheme"] for line in kept["lines"]] == ["domestic", "domestic"]
    assert "§ 12" in kept["lines"][1]["source"]
    assert {pack["country"] for pack in kept["packs"]} >= {"DE"}
    issued = await german.finalize(made)
    assert issued["totals"]["gross"] == "226.00"
    assert issued["determination"]["lines"][0]["scheme"] == "domestic"


async def test_a_service_to_a_business_abroad_is_reverse_charged(german: Desk) -> None:
    buyer = {**DUTCH, "vat_id": "NL4495445B01"}
    made = await draft(german, open_line(), buyer=buyer, language="de")
    [tax] = made["lines"][0]["taxes"]
    assert (tax["category"], tax["rate"]) == ("AE", "0")
    assert tax["reason"]
    assert tax["reason_code"] == "VATEX-EU-AE"
    assert made["totals"]["tax"] == "0.00"
    kept = made["determination"]
    assert kept["lines"][0]["assumed"], "nobody was asked, and it says so"
    assert kept["tax_id_validation"] == "not_asked"


async def test_the_answer_of_the_register_stands_on_the_document(world: World) -> None:
    desk = await world.seller(registrations=REGISTERED)
    buyer = {**DUTCH, "vat_id": "NL4495445B01"}
    async with register(VIES) as url, asking(desk, url) as asked:
        made = await draft(asked, open_line(), buyer=buyer)
    assert tax_of(made)[0] == "AE"
    assert made["determination"]["tax_id_validation"] == "valid"
    assert made["determination"]["consultation"] == "WAPI7"
    assert made["determination"]["lines"][0]["assumed"] == []


@pytest.mark.parametrize(
    "policy,expected", [("wait", None), ("accept", ("AE", "0")), ("tax", ("S", "19"))]
)
async def test_x02_a_register_that_is_down_leads_to_the_stated_policy(
    world: World, policy: str, expected: tuple[str, str] | None
) -> None:
    """Never silently taxed or zero-rated: the draft waits with a question, or says what it took.

    Taxed as a consumer, a service is taxed where the seller is (Article 45): 19 %.
    """
    desk = await world.seller(registrations=REGISTERED, tax_id_policy={"unavailable": policy})
    buyer = {**DUTCH, "vat_id": "NL4495445B01"}
    async with asking(desk, "http://127.0.0.1:1") as asked:
        if expected is None:
            [problem] = await refused(asked, open_line(), buyer=buyer)
            assert problem["pointer"] == "/buyer/vat_id"
            assert "could not be checked" in problem["detail"]
            assert (await asked.get("/v1/invoices"))["data"] == []
            return
        made = await draft(asked, open_line(), buyer=buyer)
        issued = await asked.finalize(made)
    for shown in (made, issued):
        assert shown["determination"]["tax_id_validation"] == "unavailable"
        assert "could not be checked" in shown["determination"]["lines"][0]["assumed"][0]
        assert tax_of(shown) == expected
    assert issued["totals"]["tax"] == ("19.00" if policy == "tax" else "0.00")
    kept = [(row["source"], row["value"]["validity"]) for row in await evidence(desk)]
    assert kept == [("vies", "unavailable")] * 2, "asked when drafted, and again when issued"


async def test_x01_the_canary_islands_are_no_part_of_the_tax_area(world: World) -> None:
    desk = await world.seller(
        address={"country": "ES", "postal_code": "28001", "city": "Madrid"},
        registrations=[{"country": "ES", "vat_id": "ESB58378431"}],
        tax_id_policy=BELIEVING,
    )
    for postal_code in ("35001", " 35 001 "):
        buyer = {"name": "Comprador", "address": {"country": "ES", "postal_code": postal_code}}
        made = await draft(desk, open_line("goods"), buyer={**buyer, "kind": "consumer"})
        assert tax_of(made)[1] == "0"
        assert tax_of(made)[0] != "S"


async def test_a_question_names_the_field_that_answers_it(german: Desk) -> None:
    [where] = await refused(german, open_line(), buyer={"name": "Nobody knows where"})
    assert where["pointer"] == "/buyer/address"
    found = await refused(german, open_line(), open_line("goods", category="unheard_of"))
    assert [each["pointer"] for each in found] == ["/lines/1/supply/category"]


async def test_texas_is_asked_about_until_there_is_a_rate_table(world: World) -> None:
    registered = [*REGISTERED, {"country": "US", "region": "TX", "tax_number": "32012345678"}]
    desk = await world.seller(registrations=registered, tax_id_policy=BELIEVING)
    buyer = {"name": "Tex", "address": {"country": "US", "region": "TX", "postal_code": "78701"}}
    [problem] = await refused(desk, open_line("digital"), buyer={**buyer, "kind": "consumer"})
    assert problem["code"] == "tax_undetermined"
    assert problem["pointer"].startswith("/lines/0")


async def test_a_check_asks_the_same_and_writes_nothing(german: Desk) -> None:
    lines = [open_line(), open_line("goods", category="unheard_of")]
    answer = await german.post("/v1/invoices/check", {"buyer": GERMAN, "lines": lines}, status=200)
    assert "tax_undetermined" in {each["code"] for each in answer["problems"]}
    good = await german.post(
        "/v1/invoices/check",
        {"buyer": GERMAN, "lines": [open_line()], "payment_terms": {"kind": "on_receipt"}},
        status=200,
    )
    assert good["totals"]["tax"] == "19.00"


async def test_stated_taxes_are_kept(german: Desk) -> None:
    stated = {**open_line(), "taxes": [{"category": "S", "rate": "7"}]}
    made = await draft(german, stated)
    assert tax_of(made) == ("S", "7")
    assert made["determination"] is None


async def test_a_rate_that_has_changed_by_the_day_of_issue_is_not_issued(world: World) -> None:
    """German restaurants: 19 % on food until the end of 2025, 7 % from 2026 on."""
    desk = await world.seller(
        address={"country": "DE", "postal_code": "10115", "city": "Berlin"},
        registrations=REGISTERED,
        tax_id_policy=BELIEVING,
        backdating_days=3650,
    )
    line = open_line(
        "restaurant", category="restaurant_food", located={"country": "DE", "postal_code": "10115"}
    )
    made = await draft(desk, line, issue_date="2025-12-31")
    assert tax_of(made) == ("S", "19")
    answer = await desk.client.post(
        f"/v1/invoices/{made['id']}/finalize", json={"issue_date": "2026-01-01"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "tax_changed")
    issued = await desk.finalize(made, issue_date="2025-12-31")
    assert issued["totals"]["tax"] == "19.00"


async def test_a_credit_note_keeps_the_taxes_of_its_invoice(german: Desk) -> None:
    issued = await german.finalize(await draft(german, open_line()))
    await german.world.advance(german.tenant_id, timedelta(days=40))
    credit = await german.post(f"/v1/invoices/{issued['id']}/credit-notes", {"finalize": True})
    assert credit["totals"]["tax"] == "19.00"
    assert tax_of(credit) == ("S", "19")


async def test_a_question_is_not_kept_as_the_answer_to_its_key(world: World) -> None:
    """X02: when the register answers again, the same request under the same key succeeds."""
    desk = await world.seller(registrations=REGISTERED)
    body = {"buyer": {**DUTCH, "vat_id": "NL4495445B01"}, "lines": [open_line()]}
    headers = {"Idempotency-Key": "once"}
    async with asking(desk, "http://127.0.0.1:1") as asked:
        answer = await asked.client.post("/v1/invoices", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "tax_undetermined")
    async with register(VIES) as url, asking(desk, url) as asked:
        answer = await asked.client.post("/v1/invoices", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        again = await asked.client.post("/v1/invoices", json=body, headers=headers)
        assert again.json()["id"] == answer.json()["id"]
