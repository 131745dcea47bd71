"""Series of numbers: patterns, resets, starts, and a report of every gap."""

from tests.e2e.acts import be_at, berlin, pointers, refused
from tests.world import SELLER, Desk


async def _series(desk: Desk, **more: object) -> dict[str, object]:
    body = {"name": "S", "pattern": "R-{YYYY}-{number:04}", "types": ["invoice"], **more}
    return await desk.post("/v1/series", body)


async def test_a_new_legal_entity_has_a_series_for_each_type(desk: Desk) -> None:
    found = (await desk.get("/v1/series"))["data"]
    assert {(tuple(each["types"]), each["legal"]) for each in found} == {
        (("invoice",), True),
        (("credit_note",), True),
        (("proforma",), False),
    }


async def test_a_monthly_series_starts_anew_each_month(desk: Desk) -> None:
    await _series(desk, pattern="{YY}{MM}-{number:03}", reset="monthly")
    numbers = []
    for moment in ("2026-10-30T10:00", "2026-10-31T23:59", "2026-11-01T00:01", "2026-11-02T09:00"):
        await be_at(desk, berlin(moment))
        numbers.append((await desk.invoice())["number"])
    assert numbers == ["2610-001", "2610-002", "2611-001", "2611-002"]


async def test_a_series_without_reset_counts_on_over_the_years(desk: Desk) -> None:
    await _series(desk, pattern="INV {number}", reset="none")
    await be_at(desk, berlin("2026-12-31T12:00"))
    first = await desk.invoice()
    await be_at(desk, berlin("2027-01-02T12:00"))
    assert (first["number"], (await desk.invoice())["number"]) == ("INV 1", "INV 2")


async def test_types_may_share_one_series_but_proformas_stay_apart(desk: Desk) -> None:
    await _series(desk, types=["invoice", "credit_note"])
    invoice = await desk.invoice()
    credit = await desk.post(f"/v1/invoices/{invoice['id']}/credit-notes", {"finalize": True})
    assert [invoice["number"][-4:], credit["number"][-4:]] == ["0001", "0002"]
    body = {"name": "S", "pattern": "{YYYY}{number}", "types": ["invoice", "proforma"]}
    problem = await refused(desk, "POST", "/v1/series", body, status=422)
    assert pointers(problem)["/types"] == "types_do_not_mix"


async def test_a_pattern_that_would_repeat_numbers_is_refused(desk: Desk) -> None:
    for pattern, reset in (
        ("{number}", "yearly"),
        ("{YYYY}-{number}", "monthly"),
        ("{YYYY}", "yearly"),
        ("{YYYY}-{number}-{number}", "yearly"),
        ("{YYYY}-{day}-{number}", "yearly"),
    ):
        body = {"name": "S", "pattern": pattern, "types": ["invoice"], "reset": reset}
        problem = await refused(desk, "POST", "/v1/series", body, status=422)
        assert pointers(problem) == {"/pattern": "pattern_invalid"}, pattern


async def test_n03_the_next_number_can_be_set_and_the_gap_keeps_its_reason(desk: Desk) -> None:
    series = await _series(desk, pattern="{number}", reset="none")
    path = f"/v1/series/{series['id']}"
    moved = await desk.post(f"{path}/next-number", {"next": 15422, "reason": "from Old Books"})
    assert moved["last_number"] == 15421
    assert [(await desk.invoice())["number"] for _ in range(2)] == ["15422", "15423"]
    report = await desk.get(f"{path}/gaps")
    assert report["complete"] is True
    [gap] = report["gaps"]
    assert (gap["first"], gap["last"], gap["reason"]) == (1, 15421, "from Old Books")
    assert gap["actor"] == await desk.actor()
    problem = await refused(
        desk, "POST", f"{path}/next-number", {"next": 5, "reason": "back"}, status=409
    )
    assert problem["code"] == "next_number_not_higher"


async def test_n01_a_gap_that_two_steps_left_out_is_explained_by_both(desk: Desk) -> None:
    series = await _series(desk, pattern="{number}", reset="none")
    path = f"/v1/series/{series['id']}"
    await desk.invoice()
    await desk.post(f"{path}/next-number", {"next": 5, "reason": "one"})
    await desk.post(f"{path}/next-number", {"next": 9, "reason": "two"})
    assert (await desk.invoice())["number"] == "9"
    report = await desk.get(f"{path}/gaps")
    assert report["complete"] is True
    assert [(each["first"], each["last"]) for each in report["gaps"]] == [(2, 4), (5, 8)]


async def test_n03_a_series_can_start_where_another_system_ended(desk: Desk) -> None:
    series = await _series(desk, pattern="{number}", reset="none", start=15422)
    assert (await desk.invoice())["number"] == "15422"
    report = await desk.get(f"/v1/series/{series['id']}/gaps")
    assert (report["complete"], report["gaps"]) == (True, [])


async def test_n01_the_gap_report_names_each_missing_number_and_why(desk: Desk) -> None:
    series = await _series(desk, pattern="{number}", reset="none", start=10306)
    path = f"/v1/series/{series['id']}"
    await desk.invoice()
    await desk.post(f"{path}/next-number", {"next": 10309, "reason": "spoilt forms"})
    kept = [(await desk.invoice())["number"] for _ in range(2)]
    await desk.post(f"{path}/next-number", {"next": 10313, "reason": "lost pad"})
    voided = await desk.invoice()
    await desk.post(f"/v1/invoices/{voided['id']}/void", {"reason": "typo"})
    assert kept == ["10309", "10310"]
    report = await desk.get(f"{path}/gaps")
    assert [(gap["first"], gap["last"], gap["reason"]) for gap in report["gaps"]] == [
        (10307, 10308, "spoilt forms"),
        (10311, 10312, "lost pad"),
    ]
    assert report["complete"] is True, "a voided document keeps its number and leaves no gap"


async def test_n01_a_number_that_is_missing_without_a_reason_is_reported(desk: Desk) -> None:
    for _ in range(3):
        await desk.invoice()
    series = (await desk.get("/v1/series"))["data"][0]
    async with desk.world.admin() as conn:
        await conn.execute("DELETE FROM invoicing.numbers WHERE number = 2")
    report = await desk.get(f"/v1/series/{series['id']}/gaps")
    assert report["complete"] is False
    assert [(gap["first"], gap["last"], gap["reason"]) for gap in report["gaps"]] == [(2, 2, None)]


async def test_n04_a_number_of_another_series_is_not_taken_twice(desk: Desk) -> None:
    """Two series with one pattern: each is unique by itself, and the number names its series."""
    first = await desk.invoice()
    again = await _series(desk, pattern="{YYYY}-{number:04}")
    second = await desk.invoice()
    assert second["series"] == again["id"] != first["series"]


async def test_n12_two_tenants_and_two_legal_entities_may_use_the_same_number(desk: Desk) -> None:
    other = await desk.world.seller()
    mine, theirs = await desk.invoice(), await other.invoice()
    assert mine["number"] == theirs["number"]
    second = await desk.post("/v1/legal-entities", {**SELLER, "name": "Second"})
    assert (await desk.invoice(legal_entity=second["id"]))["number"] == mine["number"]


async def test_a_document_draws_only_from_a_series_of_its_own_entity_and_type(desk: Desk) -> None:
    by_type = {each["types"][0]: each for each in (await desk.get("/v1/series"))["data"]}
    second = await desk.post("/v1/legal-entities", {**SELLER, "name": "Second"})
    theirs = {
        each["types"][0]: each
        for each in (await desk.get("/v1/series"))["data"]
        if each["legal_entity"] == second["id"]
    }
    draft = await desk.draft(legal_entity=desk.entity)
    path = f"/v1/invoices/{draft['id']}/finalize"
    for series in (by_type["credit_note"], theirs["invoice"]):
        problem = await refused(desk, "POST", path, {"series": series["id"]}, status=409)
        assert problem["code"] == "series_of_another"
    named = await _series(desk, legal_entity=desk.entity, default=False, pattern="X{YYYY}{number}")
    assert (await desk.finalize(draft, series=named["id"]))["number"].startswith("X")
    assert not (await desk.invoice(legal_entity=desk.entity))["number"].startswith("X")
