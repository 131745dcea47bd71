"""Revenue that was credited and comes back, or never does: the ledger stays one that adds up."""

from typing import Any

import pytest

from tests.e2e.acts import be_at, berlin
from tests.world import Desk, World, line

YEAR = {"start": "2027-01-01", "end": "2027-12-31"}
BY_DAY = {"method": "straight_line"}
STEPS = {
    "method": "milestone",
    "milestones": [{"name": "Design", "percent": "40"}, {"name": "Go-live", "percent": "60"}],
}


@pytest.fixture
async def keeper(world: World) -> Desk:
    """A seller who keeps books, on the first of January 2027."""
    desk = await world.seller(accounting={"chart": "SKR03"})
    await be_at(desk, berlin("2027-01-01T09:00"))
    return desk


async def _at(desk: Desk, moment: str) -> None:
    await be_at(desk, berlin(moment))
    await desk.world.settle()
    await desk.world.settle()


async def _line(desk: Desk, invoice: dict[str, Any]) -> tuple[str, str, str]:
    found = await desk.get(f"/v1/invoices/{invoice['id']}/recognition")
    [only] = found["lines"]
    return only["deferred"], only["recognized"], only["credited"]


async def _credited(desk: Desk, issued: dict[str, Any], quantity: str) -> dict[str, Any]:
    part = {"line_id": issued["lines"][0]["id"], "quantity": quantity}
    body = {"lines": [part], "finalize": True}
    note: dict[str, Any] = await desk.post(f"/v1/invoices/{issued['id']}/credit-notes", body)
    await desk.world.settle()
    return note


async def _paid(desk: Desk, **more: Any) -> dict[str, Any]:
    issued: dict[str, Any] = await desk.invoice(line("365.00", **more))
    path = f"/v1/invoices/{issued['id']}/payments"
    await desk.post(path, {"amount": issued["open"], "source": "p"})
    await desk.world.settle()
    return issued


async def test_a_milestone_is_reached_though_all_was_credited(keeper: Desk) -> None:
    """The design is done, the customer has his money back: the day is noted, nothing is earned."""
    issued = await _paid(keeper, recognition=STEPS)
    await _credited(keeper, issued, "1")
    assert await _line(keeper, issued) == ("0.00", "0.00", "365.00")
    said = {"line": issued["lines"][0]["id"], "milestone": "Design"}
    reached = await keeper.post(f"/v1/invoices/{issued['id']}/milestones", said)
    assert [each["kind"] for each in reached["entries"]] == ["deferred", "credited"]
    assert [each["part"] for each in reached["lines"][0]["plan"]] == ["Go-live"]
    assert await _line(keeper, issued) == ("0.00", "0.00", "365.00")


async def test_what_comes_back_in_january_leaves_the_balance_of_december_alone(
    keeper: Desk,
) -> None:
    """All of July to December is credited, and the credit note voided when the year is over."""
    issued = await _paid(keeper, service_period=YEAR, recognition=BY_DAY)
    await _at(keeper, "2027-07-01T12:00")
    note = await _credited(keeper, issued, "0.6")  # 219.00: 184.00 are deferred
    assert await _line(keeper, issued) == ("0.00", "146.00", "219.00")
    await _at(keeper, "2028-01-06T12:00")
    query = {"legal_entity": keeper.entity, "from": "2027-07-01", "to": "2027-12-31"}
    before = await keeper.get("/v1/revenue/recognition", **query)
    assert [each["balance"] for each in before["months"]] == ["0.00"]
    await keeper.post(f"/v1/invoices/{note['id']}/void", {})
    await _at(keeper, "2028-01-06T13:00")
    assert await _line(keeper, issued) == ("0.00", "365.00", "0.00")
    assert await keeper.get("/v1/revenue/recognition", **query) == before
    rows = (await keeper.get("/v1/accounting/bookings", kind="recognition", limit=100))["data"]
    earned_late = [each for each in rows if each["booked_on"] > "2027-07-01"]
    assert {each["booked_on"] for each in earned_late} == {"2028-01-06"}
