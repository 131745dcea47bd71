"""Instalments and payment plans: what is due when, what of it is open, and what is overdue."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.acts import BERLIN, be_at, berlin, pointers, refused, text_of
from tests.e2e.xml_files import exported
from tests.world import Desk, line

THIRDS = {
    "kind": "instalments",
    "instalments": [
        {"percent": "33.3", "days": 30},
        {"percent": "33.3", "days": 60},
        {"percent": "33.4", "days": 90},
    ],
}


async def _issued(desk: Desk, **more: Any) -> dict[str, Any]:
    """119.00 in three parts, issued on the second of March where the seller is."""
    await be_at(desk, berlin("2027-03-02T09:00"))
    return await desk.invoice(line("100.00"), payment_terms=THIRDS, **more)


async def _ledger(desk: Desk, invoice: dict[str, Any]) -> dict[str, Any]:
    return await desk.get(f"/v1/invoices/{invoice['id']}/settlement")


async def _pay(desk: Desk, invoice: dict[str, Any], amount: str, source: str) -> dict[str, Any]:
    body = {"amount": amount, "source": source}
    return await desk.post(f"/v1/invoices/{invoice['id']}/payments", body)


def _open(ledger: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(each["due_date"], each["open"], each["overdue"]) for each in ledger["instalments"]]


async def test_payments_cover_the_oldest_part_and_only_missed_parts_are_overdue(
    desk: Desk,
) -> None:
    issued = await _issued(desk)
    assert [each["amount"] for each in issued["instalments"]] == ["39.63", "39.63", "39.74"]
    assert (issued["due_date"], issued["next_due_date"]) == ("2027-05-31", "2027-04-01")
    ledger = await _pay(desk, issued, "30.00", "p1")
    assert (ledger["due_date"], ledger["overdue_amount"]) == ("2027-04-01", "0.00")
    assert [each["open"] for each in ledger["instalments"]] == ["9.63", "39.63", "39.74"]
    await be_at(desk, berlin("2027-04-01T23:59"))
    assert not (await desk.get(f"/v1/invoices/{issued['id']}"))["overdue"]
    await be_at(desk, berlin("2027-04-02T00:01"))
    shown = await desk.get(f"/v1/invoices/{issued['id']}")
    assert (shown["overdue"], shown["overdue_amount"], shown["open"]) == (True, "9.63", "89.00")
    [listed] = (await desk.get("/v1/invoices", overdue="true"))["data"]
    assert (listed["id"], listed["overdue_amount"]) == (issued["id"], "9.63")
    ledger = await _pay(desk, issued, "10.00", "p2")
    assert _open(ledger) == [
        ("2027-04-01", "0.00", False),
        ("2027-05-01", "39.26", False),
        ("2027-05-31", "39.74", False),
    ]
    assert (ledger["overdue"], ledger["due_date"]) == (False, "2027-05-01")
    assert (await desk.get("/v1/invoices", overdue="true"))["data"] == []
    await be_at(desk, berlin("2027-06-01T00:01"))
    ledger = await _ledger(desk, issued)
    assert (ledger["overdue_amount"], ledger["due_date"]) == ("79.00", "2027-05-01")


async def test_each_missed_part_is_told_once(desk: Desk) -> None:
    issued = await _issued(desk)
    await _pay(desk, issued, "39.63", "p1")
    told = []
    for day in ("2027-04-02", "2027-05-02", "2027-06-01", "2027-07-01"):
        await be_at(desk, berlin(f"{day}T06:00"))
        await desk.world.settle()
        await desk.world.settle()
        history = (await desk.get(f"/v1/invoices/{issued['id']}/history"))["data"]
        told.append([each["details"] for each in history if each["type"] == "BecameOverdue"])
    second = {"amount": "39.63", "due_date": "2027-05-01"}
    third = {"amount": "79.37", "due_date": "2027-05-31"}
    assert told == [[], [second], [second, third], [second, third]]


async def test_a_returned_debit_opens_the_oldest_part_again_and_it_is_noted(desk: Desk) -> None:
    issued = await _issued(desk)
    paid = await _pay(desk, issued, "119.00", "debit")
    assert [each["open"] for each in paid["instalments"]] == ["0.00"] * 3
    await be_at(desk, berlin("2027-04-10T12:00"))
    body = {"entry": paid["entries"][0]["id"], "source": "returned"}
    ledger = await desk.post(f"/v1/invoices/{issued['id']}/reversals", body)
    assert (ledger["overdue_amount"], ledger["due_date"]) == ("39.63", "2027-04-01")
    history = (await desk.get(f"/v1/invoices/{issued['id']}/history"))["data"]
    assert [each["type"] for each in history].count("BecameOverdue") == 1


async def test_open_items_have_the_age_of_each_instalment(desk: Desk) -> None:
    issued = await _issued(desk)
    await _pay(desk, issued, "9.63", "p")
    await be_at(desk, berlin("2027-06-02T12:00"))  # 62, 32 and 2 days late
    path = "/v1/accounting/open-items"
    [row] = (await desk.get(path))["data"]
    names = ("days_1_30", "days_31_60", "days_61_90", "not_due", "total", "count")
    assert [row[name] for name in names] == ["39.74", "39.63", "30.00", "0", "109.37", 1]
    [row] = (await desk.get(path, on="2027-04-15"))["data"]
    assert [row[name] for name in ("days_1_30", "not_due", "total")] == ["30.00", "79.37", "109.37"]
    [row] = (await desk.get(path, on="2027-03-02"))["data"]
    assert row["not_due"] == "109.37"


async def test_pdf_and_e_invoice_state_the_plan_beside_words_of_the_author(desk: Desk) -> None:
    """EN 16931 has one due date (BT-9), the last; the plan stands in the terms (BT-20)."""
    await be_at(desk, berlin("2027-03-02T09:00"))
    terms = {**THIRDS, "text": "Please mind the dates."}
    issued = await desk.invoice(line("100.00"), payment_terms=terms)
    text = await text_of(desk, issued)
    xml = (await exported(desk, issued, "ubl")).decode()
    assert "<cbc:DueDate>2027-05-31</cbc:DueDate>" in xml
    assert "Please mind the dates." in xml
    for amount in ("39.63", "39.63", "39.74"):
        assert amount in text
        assert amount in xml


async def test_a_plan_takes_the_place_of_the_terms_and_ends_with_them(desk: Desk) -> None:
    issued = await _issued(desk)
    path = f"/v1/invoices/{issued['id']}"
    await be_at(desk, berlin("2027-04-05T12:00"))
    await desk.world.settle()
    await _pay(desk, issued, "19.00", "p1")
    body = {
        "instalments": [
            {"due_date": "2027-07-01", "amount": "50.00"},
            {"due_date": "2027-08-01"},
        ],
        "reason": "Agreed by telephone",
    }
    planned = await desk.post(f"{path}/payment-plan", body)
    assert planned["payment_plan"] == {"agreed_on": "2027-04-05"}
    assert (planned["overdue"], planned["overdue_amount"]) == (False, "0.00")
    assert _open(planned) == [("2027-07-01", "50.00", False), ("2027-08-01", "50.00", False)]
    detail = await desk.get(path)
    assert detail["instalments"] == issued["instalments"]  # the document never changes
    assert detail["version"] == issued["version"]
    assert (await _pay(desk, issued, "50.00", "p2"))["due_date"] == "2027-08-01"
    await be_at(desk, berlin("2027-08-02T06:00"))
    await desk.world.settle()
    shown = await desk.get(path)
    assert (shown["overdue_amount"], shown["next_due_date"]) == ("50.00", "2027-08-01")
    ended = await desk.post(f"{path}/payment-plan/end", {"reason": "missed"})
    assert ended["payment_plan"] is None
    assert _open(ended) == [
        ("2027-04-01", "0.00", False),
        ("2027-05-01", "10.26", True),
        ("2027-05-31", "39.74", True),
    ]
    history = (await desk.get(f"{path}/history"))["data"]
    kinds = [each["type"] for each in history]
    assert (kinds.count("PaymentPlanAgreed"), kinds.count("PaymentPlanEnded")) == (1, 1)
    assert kinds.count("BecameOverdue") == 3


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ([("2027-05-01", "100.00")], {"/instalments": "plan_differs_from_open"}),
        ([("2027-03-01", "119.00")], {"/instalments/0/due_date": "due_date_past"}),
        (
            [("2027-05-01", "60.00"), ("2027-05-01", "59.00")],
            {"/instalments/1/due_date": "due_dates_not_ascending"},
        ),
        (
            [("2027-05-01", "119.001")],
            {"/instalments/0/amount": "amount_not_on_smallest_unit"},
        ),
        (
            [("2027-05-01", "119.00"), ("2027-06-01", None)],
            {"/instalments/1/amount": "amount_not_on_smallest_unit"},
        ),
    ],
)
async def test_a_plan_that_does_not_pay_what_is_open_is_refused(
    desk: Desk, parts: list[tuple[str, str | None]], wrong: dict[str, str]
) -> None:
    issued = await _issued(desk)
    path = f"/v1/invoices/{issued['id']}"
    said = [{"due_date": day} | ({"amount": sum_} if sum_ else {}) for day, sum_ in parts]
    body = {"instalments": said}
    problem = await refused(desk, "POST", f"{path}/payment-plan", body, status=422)
    assert pointers(problem) == wrong
    assert (await _ledger(desk, issued))["payment_plan"] is None


async def test_the_same_plan_again_changes_nothing_and_none_cannot_end(desk: Desk) -> None:
    issued = await _issued(desk)
    path = f"/v1/invoices/{issued['id']}/payment-plan"
    day = (date(2027, 3, 2) + timedelta(days=10)).isoformat()
    first = await desk.post(path, {"instalments": [{"due_date": day}]})
    again = await desk.post(path, {"instalments": [{"due_date": day, "amount": "119.00"}]})
    assert (first["version"], first["due_date"]) == (again["version"], day)
    await desk.post(f"{path}/end", {})
    assert (await refused(desk, "POST", f"{path}/end", {}, status=409))["code"] == "no_payment_plan"


async def test_a_part_is_due_to_the_last_minute_of_its_day_where_the_seller_is(
    desk: Desk,
) -> None:
    """At 23:30 UTC it is the next day in Berlin: there the part is late, whatever UTC says."""
    issued = await _issued(desk)
    moment = berlin("2027-04-02T00:30")
    assert moment.astimezone(BERLIN).date() == date(2027, 4, 2)
    await be_at(desk, moment)
    assert (await _ledger(desk, issued))["overdue_amount"] == "39.63"
    assert Decimal((await _ledger(desk, issued))["open"]) == Decimal("119.00")
