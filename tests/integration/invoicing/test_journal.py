"""The books of a seller over the API: what is booked for what happens, and that it agrees."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from tests.e2e.acts import pointers, refused
from tests.integration.invoicing.taxing import credit, move, two_rates
from tests.world import SELLER, Desk, World, draft_body, line

D = Decimal
BOOKS: dict[str, Any] = {"chart": "SKR03", "cost_center_dimension": "department"}


async def seller(world: World, basis: str = "accrual", **accounting: Any) -> Desk:
    registration = {"country": "DE", "vat_id": "DE136695976", "basis": basis}
    books = {**BOOKS, **accounting}
    return await world.seller(registrations=[registration], accounting=books)


async def bookings(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    found = await desk.get("/v1/accounting/bookings", limit=100, **query)
    rows: list[dict[str, Any]] = found["data"]
    return rows


def told(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    names = ("kind", "debit", "credit", "amount", "tax")
    return [tuple(str(row[name]) for name in names) for row in rows]


async def reconciled(desk: Desk) -> dict[str, Any]:
    return await desk.get("/v1/accounting/reconciliation", legal_entity=desk.entity)


async def test_a_document_and_all_that_settles_it_are_booked(world: World) -> None:
    desk = await seller(world)
    invoice = await two_rates(desk)
    await credit(desk, invoice, lines=[{"line_id": "2", "net": "100.00"}])
    await move(desk, invoice, "payments", amount="1000.00")
    await move(desk, invoice, "payments", amount="300.00", account="1210")
    await move(desk, invoice, "early-payment-discounts", amount="34.50")
    await move(desk, invoice, "write-offs", amount="100.00")
    await move(desk, invoice, "payments", amount="200.00")
    paid = await move(desk, invoice, "refunds", amount="16.50")
    assert paid["open"] == paid["surplus"] == "0.00"
    rows = await bookings(desk, invoice=invoice["id"])
    assert told(rows) == [
        ("revenue", "debtor", "8400", "1190.00", "190.00"),
        ("revenue", "debtor", "8300", "535.00", "35.00"),
        ("allocation", "debtor", "debtor", "107.00", "None"),
        ("payment", "1200", "debtor", "1000.00", "None"),
        ("payment", "1210", "debtor", "300.00", "None"),
        ("discount", "8736", "debtor", "25.37", "4.05"),
        ("discount", "8731", "debtor", "9.13", "0.60"),
        ("write_off", "2406", "debtor", "73.55", "11.74"),
        ("write_off", "2401", "debtor", "26.45", "1.73"),
        # 16.50 of what was given up is paid after all: its tax is due again, the surplus is owed.
        ("payment", "1200", "debtor", "200.00", "None"),
        ("write_off", "1590", "2406", "12.13", "1.93"),
        ("write_off", "1590", "2401", "4.37", "0.29"),
        ("refund", "debtor", "1200", "16.50", "None"),
        ("write_off", "2406", "1590", "12.13", "1.93"),
        ("write_off", "2401", "1590", "4.37", "0.29"),
    ]
    assert [row["sequence"] for row in rows] == list(range(1, 16))
    found = await reconciled(desk)
    assert found["balanced"], found


@pytest.mark.parametrize("basis", ["accrual", "cash"])
async def test_taken_back_is_taken_back(world: World, basis: str) -> None:
    desk = await seller(world, basis)
    invoice = await two_rates(desk)
    for what in ("payments", "early-payment-discounts", "write-offs"):
        made = await move(desk, invoice, what, amount="100.00")
        entry = made["entries"][-1]["id"]
        body = {"entry": entry, "source": f"back {what}"}
        await desk.post(f"/v1/invoices/{invoice['id']}/reversals", body)
        rows = await bookings(desk, settlement_entry=entry)
        back = [row for row in await bookings(desk, invoice=invoice["id"]) if row["reverses"]]
        assert [row["reverses"] for row in back[-len(rows) :]] == [row["id"] for row in rows]
    await desk.post(f"/v1/invoices/{(other := await two_rates(desk))['id']}/void", {})
    rows = await bookings(desk, invoice=other["id"])
    assert told(rows)[2:] == [
        ("revenue", "8400", "debtor", "1190.00", "190.00"),
        ("revenue", "8300", "debtor", "535.00", "35.00"),
    ]
    assert [row["reverses"] for row in rows] == [None, None, rows[0]["id"], rows[1]["id"]]
    found = await reconciled(desk)
    assert found["balanced"], found
    [euro] = found["currencies"]
    assert euro["receivables"]["journal"] == invoice["totals"]["due"]
    assert D(euro["tax"]["not_received"]) == (225 if basis == "cash" else 0)


async def test_sums_lead_to_their_bookings_and_buyers_owe_what_the_books_say(world: World) -> None:
    desk = await seller(world)
    one = await two_rates(desk)
    await move(desk, one, "payments", amount="725.00")
    await desk.invoice(line("50.00"), buyer={"name": "Jo", "address": {"country": "DE"}})
    day = one["issue_date"]
    span = {"legal_entity": desk.entity, "from": day, "to": day}
    found = await desk.get("/v1/accounting/balances", **span)
    assert sum(D(each["balance"]) for each in found["accounts"]) == 0
    for each in found["accounts"]:
        rows = (await desk.client.get(each["bookings"])).json()["data"]
        assert len(rows) == each["count"]
        sides = [
            (row["debit"] == each["account"]) - (row["credit"] == each["account"]) for row in rows
        ]
        total = sum(D(row["booked_amount"]) * side for row, side in zip(rows, sides, strict=True))
        assert total == D(each["balance"])
    [debtors] = [each for each in found["accounts"] if each["account"] == "debtor"]
    owed = (await desk.get("/v1/accounting/open-items", legal_entity=desk.entity))["data"]
    assert sum(D(each["total"]) for each in owed) == D(debtors["balance"]) == D("1059.50")
    assert {each["buyer"]: each["total"] for each in owed} == {
        "Elbkontor Reederei GmbH": "1000.00",
        "Jo": "59.50",
    }
    [late] = [each for each in owed if each["customer"] == "C-1"]
    assert late["not_due"] == "1000.00"
    named = (await desk.client.get(late["invoices"])).json()["data"]
    assert [each["id"] for each in named] == [one["id"]]


async def test_ages_and_pages_of_open_items(world: World) -> None:
    desk = await seller(world)
    invoice = await two_rates(desk)
    path = "/v1/accounting/open-items"
    due = invoice["due_date"]
    for later, name in ((0, "not_due"), (1, "days_1_30"), (30, "days_1_30"), (31, "days_31_60")):
        on = _later(due, later)
        [row] = (await desk.get(path, on=on))["data"]
        assert row[name] == row["total"] == "1725.00", (later, row)
    [row] = (await desk.get(path, on=_later(due, 91)))["data"]
    assert row["over_90"] == "1725.00"
    assert (await desk.get(path, on="2020-01-01"))["data"] == []


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


async def test_pages_of_open_items_leave_nobody_out(world: World) -> None:
    desk = await seller(world)
    for name in ("A", "B", "C"):
        await desk.invoice(buyer={"name": name, "customer": name, "address": {"country": "DE"}})
    for sort, names in (("buyer", ["A", "B", "C"]), ("-buyer", ["C", "B", "A"])):
        found, after = [], {}
        for _ in names:
            page = await desk.get("/v1/accounting/open-items", limit=1, sort=sort, **after)
            found += [each["buyer"] for each in page["data"]]
            after = {"after": page["next"]} if page["has_more"] else {}
        assert found == names
        assert not after


async def test_what_nobody_can_book_is_asked_before_a_number_is_drawn(world: World) -> None:
    desk = await seller(world)
    exempt = {"category": "E", "rate": "0", "reason": "No tax"}
    draft = await desk.draft(line("10.00"), line("5.00", taxes=[exempt]))
    path = f"/v1/invoices/{draft['id']}"
    problem = await refused(desk, "POST", f"{path}/finalize", {}, status=422)
    assert problem["code"] == "account_missing"
    assert pointers(problem) == {"/lines/1/ledger_account": "account_missing"}
    checked = await desk.post(f"{path}/check")
    assert [each["code"] for each in checked["problems"]] == ["account_missing"]
    body = {"category": "E", "rate": "0", "reason_code": "VATEX-EU-132-1I"}
    edited = await desk.client.put(path, json=draft_body(line("5.00", taxes=[body])))
    assert edited.is_success, edited.text
    issued = await desk.finalize(draft)
    assert issued["number"].endswith("1")
    [account] = issued["accounts"]
    assert (account["account"], account["automatic"]) == ("8100", True)
    assert account["why"].startswith("SKR03: Steuerfreie Ums")


async def test_lines_and_rows_of_ones_own_win_and_stay_frozen(world: World) -> None:
    own = {
        "purpose": "revenue",
        "category": "S",
        "product": "books",
        "account": "8411",
    }
    bank = {"purpose": "bank", "currency": "EUR", "account": "1220"}
    desk = await seller(world, overrides=[own, bank])
    dated = {"supply": {"kind": "goods", "category": "books"}}
    invoice = await desk.invoice(
        line("10.00", dimensions={"department": "Print 7"}, **dated),
        line("20.00", ledger_account="8590", tax_key="3"),
        line("30.00"),
        discounts=[{"amount": "6.00", "reason": "agreed"}],
    )
    shown = [(each["line_id"], each["account"], each["tax_key"]) for each in invoice["accounts"]]
    assert shown == [
        ("1", "8411", None),
        ("2", "8590", "3"),
        ("3", "8400", None),
        (None, "8400", None),  # the discount: as the largest line of its taxes
    ]
    await desk.client.put(
        f"/v1/legal-entities/{desk.entity}",
        json={**SELLER, "accounting": {"chart": "SKR04"}},
    )
    await move(desk, invoice, "payments", amount="10.00")
    rows = await bookings(desk, invoice=invoice["id"])
    assert [(row["credit"], row["amount"], row["cost_center"]) for row in rows[:3]] == [
        ("8411", "11.90", "Print 7"),
        ("8590", "23.80", None),
        ("8400", "28.56", None),
    ]
    assert rows[3]["debit"] == "1800"  # the bank of the day on which the money came
    note = await credit(desk, invoice)
    assert {each["account"] for each in note["accounts"]} == {"8411", "8590", "8400"}
    found = await reconciled(desk)
    assert found["balanced"], found


async def test_a_foreign_currency_waits_for_its_rate_and_is_never_lost(world: World) -> None:
    desk = await seller(world)
    invoice = await two_rates(desk, currency="USD")
    await move(desk, invoice, "payments", amount="725.00")
    waiting = await bookings(desk, pending="true")
    assert [row["booked_amount"] for row in waiting] == [None] * 3
    found = await reconciled(desk)
    assert found["balanced"]
    assert found["currencies"][0]["pending"] == 3
    path = f"/v1/accounting/book-rates/{invoice['id']}"
    for _ in range(2):  # once more changes nothing
        told_ = await desk.post(path, {"rate": "0.9204"})
        assert told_["bookings"] == 2  # the money waits for the rate of its own day
    other = await refused(desk, "POST", path, {"rate": "0.93"}, status=409)
    assert other["code"] == "nothing_pending"
    day = invoice["issue_date"]
    rate = {"base": "USD", "quote": "EUR", "on": day, "rate": "0.93"}
    await desk.post("/v1/exchange-rates", {"source": "ecb", "rates": [rate]})
    await desk.world.settle()
    await move(desk, invoice, "payments", amount="1000.00")
    assert await bookings(desk, pending="true") == []
    rows = await bookings(desk, invoice=invoice["id"])
    assert [row["id"] for row in rows][:3] == [row["id"] for row in waiting]
    assert [(row["kind"], row["booked_amount"]) for row in rows] == [
        ("revenue", "1095.28"),
        ("revenue", "492.41"),
        ("payment", "674.25"),
        ("exchange", "6.96"),
        ("payment", "930.00"),
        ("exchange", "9.60"),
    ]
    span = {"legal_entity": desk.entity, "from": day, "to": day}
    sums = await desk.get("/v1/accounting/balances", **span)
    assert {each["account"]: each["balance"] for each in sums["accounts"]}["debtor"] == "0.00"


async def test_a_stated_rate_is_that_of_the_books(world: World) -> None:
    desk = await seller(world)
    rate = {"currency": "EUR", "rate": "0.9137"}
    invoice = await two_rates(desk, currency="USD", tax_currency=rate)
    rows = await bookings(desk, invoice=invoice["id"])
    assert [(row["booked_amount"], row["exchange_rate"]) for row in rows] == [
        ("1087.30", "0.9137"),
        ("488.83", "0.9137"),
    ]


async def test_without_books_nothing_is_booked_nor_asked(world: World) -> None:
    desk = await world.seller()
    exempt = {"category": "E", "rate": "0", "reason": "No tax"}
    invoice = await desk.invoice(line("5.00", taxes=[exempt]))
    assert invoice["accounts"] == []
    assert await bookings(desk) == []
    found = await reconciled(desk)
    assert found["balanced"]
    assert found["currencies"][0]["documents"] == {"booked": 0, "unbooked": 1}
    assert len((await desk.get("/v1/accounting/open-items"))["data"]) == 1


TAMPERED = {
    "UPDATE invoicing.bookings SET receivable = receivable + 1, amount = amount + 1"
    " WHERE kind = 'revenue'": "journal",
    "UPDATE invoicing.bookings SET tax_due = tax_due + 1": "tax",
    "UPDATE invoicing.bookings SET booked_amount = booked_amount + 1"
    " WHERE kind = 'payment'": "book",
    "DELETE FROM invoicing.bookings WHERE kind = 'payment'": "journal",
    "UPDATE invoicing.settlement_entries SET amount = amount + 1": "receivables",
    "UPDATE invoicing.tax_entries SET tax = tax + 1": "tax_ledger",
}


@pytest.mark.parametrize("statement", TAMPERED)
async def test_a_journal_that_was_tampered_with_is_named(world: World, statement: str) -> None:
    desk = await seller(world)
    invoice = await two_rates(desk)
    await move(desk, invoice, "payments", amount="725.00")
    async with world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")
        assert not (await conn.execute(statement)).endswith(" 0")
    found = await reconciled(desk)
    assert not found["balanced"]
    [euro] = found["currencies"]
    assert D(euro["differences"][TAMPERED[statement]]) != 0
    assert euro["astray"] == [invoice["id"]]


async def test_the_database_holds_journal_and_settlement_together(world: World) -> None:
    desk = await seller(world)
    invoice = await two_rates(desk)
    async with world.admin() as conn:
        for statement, name in (
            ("UPDATE invoicing.bookings SET booked_amount = 7", "bookings_never_change"),
            (
                "UPDATE invoicing.settlements SET booked_tax = booked_tax + 1",
                "the_journal_is_the_settlement",
            ),
        ):
            with pytest.raises(asyncpg.CheckViolationError) as refusal:
                await conn.execute(statement)
            assert refusal.value.constraint_name == name
    assert (await reconciled(desk))["balanced"], invoice
