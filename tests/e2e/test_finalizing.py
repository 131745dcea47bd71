"""Numbers and dates of finalized documents (D2), by the calendar of the legal entity's zone."""

import asyncio
from datetime import timedelta

import pytest

from tests.e2e.acts import be_at, berlin, pointers, refused, text_of
from tests.world import Desk, World, line


async def _entity(desk: Desk, **more: object) -> None:
    found = await desk.get(f"/v1/legal-entities/{desk.entity}")
    writable = {name: found[name] for name in ("name", "address", "registrations", "time_zone")}
    body = {**writable, "payment_terms": found["payment_terms"], **more}
    changed = await desk.client.put(f"/v1/legal-entities/{desk.entity}", json=body)
    assert changed.status_code == 200, changed.text


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", "2026-11-25"),
        ("Pacific/Auckland", "2026-11-25"),
        ("America/New_York", "2026-11-24"),
    ],
)
async def test_t01_the_day_of_issue_is_that_of_the_legal_entitys_zone(
    world: World, zone: str, day: str
) -> None:
    """23:30 UTC: it is tomorrow already in Paris or Berlin, and still today in New York."""
    desk = await world.seller(time_zone=zone)
    await be_at(desk, berlin("2026-11-25T00:30"))
    issued = await desk.invoice()
    assert issued["issue_date"] == day
    assert issued["finalized_at"].startswith("2026-11-24T23:30")


async def test_a_document_is_never_dated_in_the_future(desk: Desk) -> None:
    await be_at(desk, berlin("2026-11-24T10:00"))
    draft = await desk.draft()
    path = f"/v1/invoices/{draft['id']}/finalize"
    problem = await refused(desk, "POST", path, {"issue_date": "2026-11-25"}, status=422)
    assert problem["code"] == "issue_date_in_future"
    assert pointers(problem) == {"/issue_date": "issue_date_in_future"}


async def test_backdating_reaches_as_far_as_the_legal_entity_allows(desk: Desk) -> None:
    await be_at(desk, berlin("2026-11-24T10:00"))
    draft = await desk.draft()
    path = f"/v1/invoices/{draft['id']}/finalize"
    yesterday = {"issue_date": "2026-11-23"}
    problem = await refused(desk, "POST", path, yesterday, status=422)
    assert problem["code"] == "issue_date_too_old"
    await _entity(desk, backdating_days=3)
    await refused(desk, "POST", path, {"issue_date": "2026-11-20"}, status=422)
    issued = await desk.finalize(draft, issue_date="2026-11-21")
    assert (issued["issue_date"], issued["due_date"]) == ("2026-11-21", "2026-12-05")


async def test_the_date_at_finalizing_wins_over_the_one_in_the_draft(world: World) -> None:
    desk = await world.seller(backdating_days=10)
    await be_at(desk, berlin("2026-11-24T10:00"))
    stated = await desk.finalize(await desk.draft(issue_date="2026-11-20"))
    assert stated["issue_date"] == "2026-11-20"
    moved = await desk.finalize(await desk.draft(issue_date="2026-11-20"), issue_date="2026-11-22")
    assert moved["issue_date"] == "2026-11-22"


async def test_dates_never_decrease_within_a_series(world: World) -> None:
    desk = await world.seller(backdating_days=10)
    await be_at(desk, berlin("2026-11-24T10:00"))
    await desk.finalize(await desk.draft(), issue_date="2026-11-22")
    draft = await desk.draft()
    path = f"/v1/invoices/{draft['id']}/finalize"
    problem = await refused(desk, "POST", path, {"issue_date": "2026-11-21"}, status=409)
    assert problem["code"] == "date_before_last"
    assert (await desk.get(f"/v1/invoices/{draft['id']}"))["status"] == "draft"
    assert (await desk.finalize(draft, issue_date="2026-11-22"))["number"] == "2026-0002"


async def test_who_loses_the_race_over_midnight_gets_the_later_date(desk: Desk) -> None:
    """The one that began before midnight waited for the series, and draws the second number."""
    await be_at(desk, berlin("2026-11-25T00:00:05"))
    first = await desk.invoice()
    await desk.world.advance(desk.tenant_id, timedelta(seconds=-60))
    second = await desk.invoice()
    assert first["issue_date"] == second["issue_date"] == "2026-11-25"
    assert (first["number"], second["number"]) == ("2026-0001", "2026-0002")
    assert second["due_date"] == first["due_date"]


async def test_n02_the_first_number_of_a_year_is_one_everywhere(desk: Desk) -> None:
    await be_at(desk, berlin("2025-12-31T23:00"))
    series = await desk.post(
        "/v1/series",
        {"name": "By year", "pattern": "{YYYY}/{number:06}", "types": ["invoice"], "start": 114},
    )
    old = await desk.invoice()
    await be_at(desk, berlin("2026-01-01T00:01"))
    new = await desk.invoice()
    assert (old["number"], old["issue_date"]) == ("2025/000114", "2025-12-31")
    assert (new["number"], new["issue_date"]) == ("2026/000001", "2026-01-01")
    assert (await desk.get(f"/v1/invoices/{new['id']}"))["number"] == "2026/000001"
    assert "2026/000001" in await text_of(desk, new)
    assert (await desk.get("/v1/invoices"))["data"][0]["number"] == "2026/000001"
    assert (await desk.get(f"/v1/series/{series['id']}"))["period"] == "2026"


async def test_who_loses_the_race_over_new_year_still_counts_in_the_old_one(desk: Desk) -> None:
    await be_at(desk, berlin("2026-01-01T00:00:05"))
    new = await desk.invoice()
    await desk.world.advance(desk.tenant_id, timedelta(seconds=-60))
    old = await desk.invoice()
    assert (new["number"], old["number"]) == ("2026-0001", "2025-0001")
    assert old["issue_date"] == "2025-12-31"


async def test_d07_two_finalizations_of_one_draft_give_one_number(desk: Desk) -> None:
    draft = await desk.draft(line("138.66"))
    path = f"/v1/invoices/{draft['id']}/finalize"
    responses = await asyncio.gather(*(desk.client.post(path, json={}) for _ in range(8)))
    statuses = sorted(response.status_code for response in responses)
    assert statuses == [200] + [409] * 7
    for response in responses:
        if response.status_code == 409:
            assert response.json()["code"] == "document_not_draft"
    async with desk.world.admin() as conn:
        own = ("WHERE tenant_id = $1", desk.tenant_id)
        wires = await conn.fetch(f"SELECT contract FROM invoicing.outbox {own[0]}", own[1])
        numbers = await conn.fetchval(f"SELECT count(*) FROM invoicing.numbers {own[0]}", own[1])
        openings = await conn.fetchval(
            f"SELECT count(*) FROM invoicing.events {own[0]} AND type = 'SettlementOpened'", own[1]
        )
    assert [row["contract"] for row in wires] == ["invoicing.document.finalized.v1"]
    assert (numbers, openings) == (1, 1)
    assert (await desk.invoice())["number"].endswith("0002")


async def test_instalments_and_early_payment_are_stated_to_the_cent(desk: Desk) -> None:
    await be_at(desk, berlin("2026-11-24T10:00"))
    terms = {
        "kind": "instalments",
        "instalments": [{"percent": "33.3", "days": 10}, {"percent": "66.7", "days": 40}],
        "discounts": [{"percent": "2", "days": 14}, {"percent": "3", "days": 7}],
    }
    draft = await desk.draft(line("138.66"), payment_terms=terms)
    assert "payable" not in draft["payment_terms"]["discounts"][0]
    issued = await desk.finalize(draft)
    assert issued["instalments"] == [
        {"due_date": "2026-12-04", "amount": "54.95"},
        {"due_date": "2027-01-03", "amount": "110.06"},
    ]
    stated = {
        "2": {"amount": "3.30", "payable": "161.71", "due_date": "2026-12-08"},
        "3": {"amount": "4.95", "payable": "160.06", "due_date": "2026-12-01"},
    }
    for discount in issued["payment_terms"]["discounts"]:
        assert {name: discount[name] for name in ("amount", "payable", "due_date")} == stated[
            discount["percent"]
        ]
    text = (await text_of(desk, issued)).replace(",", ".")
    assert "161.71" in text
    assert "160.06" in text


async def test_r16_an_early_payment_discount_changes_no_figure_of_the_document(
    desk: Desk,
) -> None:
    terms = {"kind": "net", "days": 30, "discounts": [{"percent": "3", "days": 7}]}
    vat = [{"category": "S", "rate": "21"}]
    issued = await desk.invoice(line("1850.00", taxes=vat), payment_terms=terms)
    totals = issued["totals"]
    assert (totals["net"], totals["tax"], totals["gross"]) == ("1850.00", "388.50", "2238.50")
    assert issued["payment_terms"]["discounts"][0]["payable"] == "2171.34"
