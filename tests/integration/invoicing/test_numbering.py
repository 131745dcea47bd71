"""Numbers over HTTP: years that turn by zone, holds, chosen starts, gaps with their reasons."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.series import Series
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from tests.e2e.acts import be_at, count_rows, pointers, refused
from tests.world import Desk, World

ZONES = {
    # Zone, and the number of an invoice at 2026-12-31 11:30 UTC.
    "Pacific/Auckland": "2027-0001",
    "Asia/Tokyo": "2026-0001",
    "Europe/Berlin": "2026-0001",
    "America/New_York": "2026-0001",
    "Pacific/Kiritimati": "2027-0001",
}


async def series_of(desk: Desk, type: str = "invoice") -> dict[str, Any]:
    found = (await desk.get("/v1/series"))["data"]
    return next(each for each in found if each["types"] == [type])


async def opened(desk: Desk, **more: Any) -> dict[str, Any]:
    body = {"name": "S", "pattern": "{YYYY}-{number:03}", "types": ["invoice"], **more}
    return await desk.post("/v1/series", body)


async def at(desk: Desk, text: str) -> None:
    await be_at(desk, datetime.fromisoformat(text).replace(tzinfo=UTC))


async def numbers(desk: Desk, count: int) -> list[str]:
    return [(await desk.invoice())["number"] for _ in range(count)]


@pytest.mark.parametrize("zone,number", ZONES.items())
async def test_the_year_turns_when_it_turns_for_the_legal_entity(
    world: World, zone: str, number: str
) -> None:
    desk = await world.seller(time_zone=zone)
    await at(desk, "2026-12-31T11:30:00")
    invoice = await desk.invoice()
    assert invoice["number"] == number
    assert invoice["issue_date"][:4] == number[:4]
    series = await series_of(desk)
    assert (series["period"], series["last_date"]) == (number[:4], invoice["issue_date"])


async def test_each_series_starts_anew_by_itself_at_new_year(desk: Desk) -> None:
    await at(desk, "2026-12-31T22:59:00")
    old = await numbers(desk, 2)
    credit = await desk.invoice(type="credit_note")
    await desk.world.advance(desk.tenant_id, datetime(2027, 1, 1) - datetime(2026, 12, 31, 23, 58))
    new = await numbers(desk, 2)
    assert (old, new) == (["2026-0001", "2026-0002"], ["2027-0001", "2027-0002"])
    assert credit["number"] == "CN-2026-0001"
    assert (await series_of(desk, "credit_note"))["period"] == "2026", "nothing was drawn since"
    report = await desk.get(f"/v1/series/{(await series_of(desk))['id']}/gaps")
    assert (report["complete"], report["gaps"]) == (True, [])


async def test_the_last_days_of_the_old_year_can_still_be_billed(world: World) -> None:
    """Dates never decrease within a period; the old year is a period of its own."""
    desk = await world.seller(backdating_days=30)
    await at(desk, "2026-12-30T10:00:00")
    await desk.invoice()
    await at(desk, "2027-01-04T10:00:00")
    assert await numbers(desk, 1) == ["2027-0001"]
    late = await desk.invoice(issue_date="2026-12-31", due_date="2027-01-31")
    assert (late["number"], late["issue_date"]) == ("2026-0002", "2026-12-31")
    draft = await desk.draft(issue_date="2026-12-30", due_date="2027-01-31")
    path = f"/v1/invoices/{draft['id']}/finalize"
    problem = await refused(desk, "POST", path, {}, status=409)
    assert problem["code"] == "date_before_last"
    assert await numbers(desk, 1) == ["2027-0002"]
    report = await desk.get(f"/v1/series/{late['series']}/gaps")
    assert (report["complete"], report["gaps"]) == (True, [])


async def test_a_chosen_start_holds_for_the_first_year_only(desk: Desk) -> None:
    await at(desk, "2026-12-31T12:00:00")
    series = await opened(desk, start=842)
    assert await numbers(desk, 2) == ["2026-842", "2026-843"]
    await at(desk, "2027-01-01T12:00:00")
    assert await numbers(desk, 2) == ["2027-001", "2027-002"]
    report = await desk.get(f"/v1/series/{series['id']}/gaps")
    assert (report["complete"], report["gaps"]) == (True, [])


async def test_numbers_left_out_in_two_years_are_reported_by_year(desk: Desk) -> None:
    series = await opened(desk)
    path = f"/v1/series/{series['id']}"
    await at(desk, "2026-12-31T12:00:00")
    await desk.invoice()
    await desk.post(f"{path}/next-number", {"next": 5, "reason": "old books"})
    ahead = {"next": 3, "period": "2027", "reason": "two by hand"}
    await desk.post(f"{path}/next-number", ahead)
    assert await numbers(desk, 1) == ["2026-005"]
    await at(desk, "2027-01-01T12:00:00")
    assert await numbers(desk, 1) == ["2027-003"]
    report = await desk.get(f"{path}/gaps")
    assert [(gap["period"], gap["first"], gap["last"]) for gap in report["gaps"]] == [
        ("2026", 2, 4),
        ("2027", 1, 2),
    ]
    assert [gap["reason"] for gap in report["gaps"]] == ["old books", "two by hand"]
    assert {gap["actor"] for gap in report["gaps"]} == {"user:test"}
    assert report["complete"] is True


@pytest.mark.parametrize("period", ["2024", "2028", "2026-11", "9999"])
async def test_only_near_periods_can_be_set(desk: Desk, period: str) -> None:
    await at(desk, "2026-06-01T12:00:00")
    path = f"/v1/series/{(await series_of(desk))['id']}/next-number"
    body = {"next": 5, "reason": "r", "period": period}
    problem = await refused(desk, "POST", path, body, status=422)
    assert pointers(problem) == {"/period": "period_invalid"}
    assert await numbers(desk, 1) == ["2026-0001"]


async def test_the_next_number_is_never_one_that_was_given(desk: Desk) -> None:
    path = f"/v1/series/{(await series_of(desk))['id']}"
    await numbers(desk, 3)
    before = await count_rows(desk.world)
    for lower in (1, 3):
        body = {"next": lower, "reason": "again"}
        problem = await refused(desk, "POST", f"{path}/next-number", body, status=409)
        assert pointers(problem) == {"/next": "next_number_not_higher"}
    body = {"next": 10_000_000_000, "reason": "a slip"}
    problem = await refused(desk, "POST", f"{path}/next-number", body, status=409)
    assert "9999999999" in problem["detail"], "how high it can be raised is said"
    same = await desk.post(f"{path}/next-number", {"next": 4, "reason": "as it is"})
    assert same == await desk.get(path)
    assert await count_rows(desk.world) == before


async def test_the_last_number_of_all_is_given_and_then_none(desk: Desk) -> None:
    last = 9_999_999_999
    series = await opened(desk, pattern="{number}", reset="none", start=last)
    assert await numbers(desk, 1) == [str(last)]
    draft = await desk.draft()
    path = f"/v1/invoices/{draft['id']}/finalize"
    problem = await refused(desk, "POST", path, {}, status=409)
    assert problem["code"] == "numbers_exhausted"
    assert (await desk.get(f"/v1/invoices/{draft['id']}"))["status"] == "draft"
    assert (await desk.get(f"/v1/series/{series['id']}"))["last_number"] == last


async def put_on_hold(desk: Desk, series_id: str, *, held: bool) -> None:
    """As a restored database does to its series."""
    id = parse_typeid("ser", series_id)

    async def change(command: UUID, uow: InvoicingUnitOfWork) -> Series:
        series = await uow.series.get_locked(command)
        series.hold("restored") if held else series.release("reconciled")
        return series

    caller = Caller(
        tenant_id=desk.tenant_id, actor="operator", correlation_id=id, permissions=frozenset()
    )
    await desk.world.app.state.invoicing.runner.run(change, id, caller)


async def test_a_series_on_hold_gives_no_number_and_loses_none(desk: Desk) -> None:
    series = await series_of(desk)
    path = f"/v1/series/{series['id']}"
    await desk.invoice()
    draft = await desk.draft()
    await put_on_hold(desk, series["id"], held=True)
    assert (await desk.get(path))["held"] is True
    before = await count_rows(desk.world)
    finalize = f"/v1/invoices/{draft['id']}/finalize"
    for key in ({}, {"idempotency-key": "k"}, {"idempotency-key": "k"}):
        problem = await refused(desk, "POST", finalize, {}, status=409, headers=key)
        assert problem["code"] == "series_on_hold"
    after = await count_rows(desk.world)
    assert {name for name in after if after[name] != before[name]} <= {
        each for each in after if "idempotency" in each
    }
    other = await desk.invoice(type="credit_note")
    assert other["number"], "the hold is of one series"
    await put_on_hold(desk, series["id"], held=False)
    assert (await desk.finalize(draft))["number"].endswith("-0002")
    report = await desk.get(f"{path}/gaps")
    assert (report["complete"], report["gaps"]) == (True, [])


async def test_a_cancellation_needs_the_series_of_credit_notes(desk: Desk) -> None:
    """Nothing is half done: while the number cannot be drawn the invoice stands."""
    invoice = await desk.invoice()
    path = f"/v1/invoices/{invoice['id']}"
    await put_on_hold(desk, (await series_of(desk, "credit_note"))["id"], held=True)
    before = await count_rows(desk.world)
    for operation in ("cancel", "replace"):
        problem = await refused(desk, "POST", f"{path}/{operation}", {}, status=409)
        assert problem["code"] == "series_on_hold"
    assert await count_rows(desk.world) == before
    assert await desk.get(path) == invoice


async def test_drafts_and_deleted_drafts_leave_no_gap(desk: Desk) -> None:
    drafts = [await desk.draft() for _ in range(4)]
    await desk.client.delete(f"/v1/invoices/{drafts[1]['id']}")
    given = [(await desk.finalize(drafts[index]))["number"][-4:] for index in (3, 0, 2)]
    assert given == ["0001", "0002", "0003"]
    report = await desk.get(f"/v1/series/{(await series_of(desk))['id']}/gaps")
    assert (report["complete"], report["gaps"]) == (True, [])


async def test_a_series_of_another_tenant_is_not_there(desk: Desk) -> None:
    theirs = await series_of(await desk.world.seller())
    path = f"/v1/series/{theirs['id']}"
    for method, where, body in (
        ("GET", path, None),
        ("GET", f"{path}/gaps", None),
        ("POST", f"{path}/next-number", {"next": 9, "reason": "r"}),
    ):
        problem = await refused(desk, method, where, body, status=404)
        assert problem["code"] == "series_not_found"
    draft = await desk.draft()
    finalize = f"/v1/invoices/{draft['id']}/finalize"
    problem = await refused(desk, "POST", finalize, {"series": theirs["id"]}, status=404)
    assert problem["code"] == "series_not_found"
