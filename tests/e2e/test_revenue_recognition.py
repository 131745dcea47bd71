"""Revenue that is earned after it is invoiced: by day over a period, or by milestones."""

from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.acts import be_at, berlin, pointers, refused
from tests.world import Desk, World, line

BOOKS = {"accounting": {"chart": "SKR03"}}
YEAR = {"start": "2027-01-01", "end": "2027-12-31"}
BY_DAY = {"method": "straight_line"}
STEPS = {
    "method": "milestone",
    "milestones": [
        {"name": "Design", "percent": "40"},
        {"name": "Go-live", "percent": "60"},
    ],
}


def yearly(price: str = "365.00", **more: Any) -> dict[str, Any]:
    return line(price, service_period=YEAR, recognition=BY_DAY, **more)


@pytest.fixture
async def keeper(world: World) -> Desk:
    """A seller who keeps books, on the first of January 2027."""
    desk = await world.seller(**BOOKS)
    await be_at(desk, berlin("2027-01-01T09:00"))
    return desk


async def _at(desk: Desk, moment: str) -> None:
    await be_at(desk, berlin(moment))
    await desk.world.settle()
    await desk.world.settle()


async def _schedule(desk: Desk, invoice: dict[str, Any]) -> dict[str, Any]:
    return await desk.get(f"/v1/invoices/{invoice['id']}/recognition")


def _sums(schedule: dict[str, Any]) -> tuple[str, str, str]:
    [only] = schedule["lines"]
    return only["deferred"], only["recognized"], only["credited"]


async def _report(desk: Desk, first: str, last: str) -> list[tuple[str, str, str]]:
    query = {"legal_entity": desk.entity, "from": first, "to": last}
    found = await desk.get("/v1/revenue/recognition", **query)
    return [(each["month"], each["recognized"], each["balance"]) for each in found["months"]]


async def _accounts(desk: Desk) -> dict[str, str]:
    """What the journal's recognition left on each account: debit less credit."""
    rows = (await desk.get("/v1/accounting/bookings", kind="recognition", limit=100))["data"]
    sums: dict[str, Decimal] = {}
    for each in rows:
        amount = Decimal(each["booked_amount"])
        sums[each["debit"]] = sums.get(each["debit"], Decimal(0)) + amount
        sums[each["credit"]] = sums.get(each["credit"], Decimal(0)) - amount
    return {account: str(amount) for account, amount in sums.items()}


async def test_a_year_is_deferred_and_recognised_day_by_day(keeper: Desk) -> None:
    issued = await keeper.invoice(yearly())
    await keeper.world.settle()
    schedule = await _schedule(keeper, issued)
    assert _sums(schedule) == ("365.00", "0.00", "0.00")
    plan = [each["amount"] for each in schedule["lines"][0]["plan"]]
    days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert plan == [f"{each}.00" for each in days]
    await _at(keeper, "2027-01-31T23:30")
    assert _sums(await _schedule(keeper, issued)) == ("365.00", "0.00", "0.00")
    await _at(keeper, "2027-02-01T00:30")
    assert _sums(await _schedule(keeper, issued)) == ("334.00", "31.00", "0.00")
    await _at(keeper, "2027-04-02T12:00")
    assert _sums(await _schedule(keeper, issued)) == ("275.00", "90.00", "0.00")
    assert await _report(keeper, "2027-01-01", "2027-12-31") == [
        ("2027-01", "31.00", "334.00"),
        ("2027-02", "28.00", "306.00"),
        ("2027-03", "31.00", "275.00"),
    ]
    await _at(keeper, "2028-01-05T12:00")
    done = await _schedule(keeper, issued)
    assert (_sums(done), done["lines"][0]["plan"]) == (("0.00", "365.00", "0.00"), [])
    assert (await _report(keeper, "2027-12-01", "2027-12-31")) == [("2027-12", "31.00", "0.00")]


async def test_the_journal_moves_it_aside_and_back_without_touching_a_tax(keeper: Desk) -> None:
    issued = await keeper.invoice(yearly())
    await _at(keeper, "2027-03-01T12:00")
    query = {"kind": "recognition", "invoice": issued["id"]}
    rows = (await keeper.get("/v1/accounting/bookings", **query))["data"]
    told = [(e["booked_on"], e["debit"], e["credit"], e["amount"], e["tax_key"]) for e in rows]
    assert told == [
        ("2027-01-01", "8400", "0990", "365.00", "40"),
        ("2027-01-31", "0990", "8400", "31.00", "40"),
        ("2027-02-28", "0990", "8400", "28.00", "40"),
    ]
    found = await keeper.get("/v1/accounting/reconciliation", legal_entity=keeper.entity)
    assert found["balanced"]
    body = {"until": "2027-03-31", "format": "csv"}
    export = await keeper.post("/v1/accounting/exports", body)
    assert export["bookings"] == 4  # the invoice itself, and these


async def test_a_credit_takes_what_is_deferred_first_and_then_what_was_earned(
    keeper: Desk,
) -> None:
    issued = await keeper.invoice(yearly())
    path = f"/v1/invoices/{issued['id']}"
    await keeper.post(f"{path}/payments", {"amount": issued["open"], "source": "p"})
    await _at(keeper, "2027-07-01T12:00")  # 181 days are earned, 184 are not
    part = {"line_id": issued["lines"][0]["id"], "quantity": "0.4"}
    await keeper.post(f"{path}/credit-notes", {"lines": [part], "finalize": True})  # 146.00
    await keeper.world.settle()
    assert _sums(await _schedule(keeper, issued)) == ("38.00", "181.00", "146.00")
    assert await _accounts(keeper) == {"8400": "38.00", "0990": "-38.00"}
    part = {"line_id": issued["lines"][0]["id"], "quantity": "0.2"}
    note = await keeper.post(f"{path}/credit-notes", {"lines": [part], "finalize": True})  # 73.00
    await keeper.world.settle()
    assert _sums(await _schedule(keeper, issued)) == ("0.00", "146.00", "219.00")
    assert await _accounts(keeper) == {"8400": "0.00", "0990": "0.00"}
    kinds = [each["kind"] for each in (await _schedule(keeper, issued))["entries"]]
    assert kinds[-2:] == ["credited", "reversed"]
    await keeper.post(f"/v1/invoices/{note['id']}/void", {})
    await keeper.world.settle()
    assert _sums(await _schedule(keeper, issued)) == ("73.00", "146.00", "146.00")
    await _at(keeper, "2028-01-05T12:00")
    assert _sums(await _schedule(keeper, issued)) == ("0.00", "219.00", "146.00")


@pytest.mark.parametrize("how", ["void", "cancel"])
async def test_a_document_that_falls_away_leaves_nothing_deferred(keeper: Desk, how: str) -> None:
    issued = await keeper.invoice(yearly())
    path = f"/v1/invoices/{issued['id']}"
    await _at(keeper, "2027-03-01T12:00")
    if how == "cancel":
        await keeper.post(f"{path}/release", {})
    await keeper.post(f"{path}/{how}", {})
    await keeper.world.settle()
    assert _sums(await _schedule(keeper, issued)) == ("0.00", "0.00", "365.00")
    assert (await _accounts(keeper))["0990"] == "0.00"
    balances = await keeper.get(
        "/v1/accounting/balances",
        **{"legal_entity": keeper.entity, "from": "2027-01-01", "to": "2027-12-31"},
    )
    left = {each["account"]: each["balance"] for each in balances["accounts"]}
    assert Decimal(left["8400"]) == 0


async def test_milestones_are_earned_when_they_are_reached(keeper: Desk) -> None:
    issued = await keeper.invoice(line("1000.01", recognition=STEPS))
    path = f"/v1/invoices/{issued['id']}/milestones"
    said = {"line": issued["lines"][0]["id"], "milestone": "Design"}
    first = await keeper.post(path, {**said, "on": "2027-01-01"})
    assert _sums(first) == ("600.01", "400.00", "0.00")
    again = await keeper.post(path, said)
    assert len(again["entries"]) == len(first["entries"])
    await _at(keeper, "2027-05-20T12:00")
    other = await refused(keeper, "POST", path, {**said, "on": "2027-05-01"}, status=409)
    assert other["code"] == "milestone_reached_already"
    unknown = await refused(keeper, "POST", path, {**said, "milestone": "Party"}, status=404)
    assert unknown["code"] == "milestone_not_found"
    future = await refused(keeper, "POST", path, {**said, "on": "2027-06-01"}, status=422)
    assert pointers(future) == {"/on": "date_in_future"}
    last = await keeper.post(path, {**said, "milestone": "Go-live"})
    assert _sums(last) == ("0.00", "1000.01", "0.00")
    assert _sums(await _schedule(keeper, issued)) == ("0.00", "1000.01", "0.00")
    assert await _report(keeper, "2027-01-01", "2027-12-31") == [
        ("2027-01", "400.00", "600.01"),
        ("2027-05", "600.01", "0.00"),
    ]


async def test_days_that_passed_before_the_issue_are_booked_on_its_day(keeper: Desk) -> None:
    await be_at(keeper, berlin("2027-03-10T09:00"))
    issued = await keeper.invoice(yearly())
    await keeper.world.settle()
    schedule = await _schedule(keeper, issued)
    assert _sums(schedule) == ("306.00", "59.00", "0.00")
    assert {each["on"] for each in schedule["entries"]} == {"2027-03-10"}


async def test_without_books_it_is_recognised_all_the_same(desk: Desk) -> None:
    await be_at(desk, berlin("2027-01-01T09:00"))
    issued = await desk.invoice(yearly())
    await _at(desk, "2027-02-01T12:00")
    schedule = await _schedule(desk, issued)
    assert _sums(schedule) == ("334.00", "31.00", "0.00")
    assert {each["deferral_account"] for each in schedule["entries"]} == {None}
    plain = await desk.invoice(line("1.00"))
    path = f"/v1/invoices/{plain['id']}/recognition"
    assert (await refused(desk, "GET", path, status=404))["code"] == "nothing_deferred"


async def test_terms_that_say_nothing_are_refused_by_field(desk: Desk) -> None:
    for said, at, code in (
        ({"method": "straight_line"}, "/method", "service_period_missing"),
        ({"method": "milestone"}, "/milestones", "out_of_range"),
        (
            {"method": "on_issue", "milestones": STEPS["milestones"]},
            "/milestones",
            "not_for_this_method",
        ),
        (
            {"method": "milestone", "milestones": [{"name": "a", "percent": "99"}]},
            "/milestones",
            "not_100_percent",
        ),
        (
            {"method": "milestone", "milestones": [{"name": "a", "percent": "50"}] * 2},
            "/milestones/1/name",
            "milestone_twice",
        ),
    ):
        body = {"lines": [line("1.00", recognition=said)]}
        problem = await refused(desk, "POST", "/v1/invoices", body, status=422)
        assert pointers(problem) == {f"/lines/0/recognition{at}": code}


async def test_a_chart_without_an_account_for_it_is_asked_before_a_number_is_drawn(
    world: World,
) -> None:
    purposes = ("revenue", "discount", "write_off", "bank", "clearing", "prepayment")
    more = ("withholding", "rounding", "exchange_gain", "exchange_loss")
    rows = [{"purpose": name, "account": "8000"} for name in (*purposes, *more)]
    desk = await world.seller(accounting={"overrides": rows})
    draft = await desk.draft(yearly())
    path = f"/v1/invoices/{draft['id']}/finalize"
    problem = await refused(desk, "POST", path, {}, status=422)
    assert pointers(problem) == {"/lines/0/recognition": "account_missing"}
