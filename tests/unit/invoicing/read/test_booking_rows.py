"""The rows of the journal: what events state, and that they can always be made again."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import given, settings

from invx.contexts.invoicing.adapters.charts import shipped_charts
from invx.contexts.invoicing.read.accounting_views import booking_view
from invx.contexts.invoicing.read.charts import chart_summary, chart_view, line_account_view
from invx.contexts.invoicing.read.open_items import open_item_view
from invx.kernel.ids import typeid
from tests.unit.invoicing.domain.drafts import D, line
from tests.unit.invoicing.domain.test_journal import case as booked_case
from tests.unit.invoicing.domain.test_journal_properties import bases, case, extras, lines
from tests.unit.invoicing.domain.test_tax_properties import run, steps
from tests.unit.invoicing.read.test_projections import made_again
from tests.unit.invoicing.read.test_tax_rows import written

Row = Mapping[str, Any]


@given(said=lines, basis=bases, more=extras, sequence=steps)
@settings(max_examples=50)
def test_rows_are_the_bookings_and_a_rebuild_makes_the_same(said, basis, more, sequence):
    settlements = run(case(said, basis, more), sequence).settlements
    expected = {
        each.booking_id: (str(each.kind), each.debit, each.credit, each.amount, each.booked_amount)
        for settlement in settlements
        for each in settlement.journal.bookings
    }
    past, sheet = written(*settlements)
    rows = sheet.rows.get("bookings", {})
    names = ("kind", "debit", "credit", "amount", "booked_amount")
    assert {_id(key): tuple(row[name] for name in names) for key, row in rows.items()} == expected
    assert made_again(past).rows == sheet.rows


@given(said=lines, basis=bases, more=extras, sequence=steps)
@settings(max_examples=50)
def test_the_row_of_a_settlement_says_what_its_journal_must_hold(said, basis, more, sequence):
    _, sheet = written(*run(case(said, basis, more), sequence).settlements)
    for row in sheet.rows["settlements"].values():
        assert row["booked"]
    taxes = sum(row["booked_tax"] for row in sheet.rows["settlements"].values())
    owed = sum(row["open"] - row["surplus"] for row in sheet.rows["settlements"].values())
    bookings = sheet.rows["bookings"].values()
    assert sum(row["tax_due"] for row in bookings) == taxes
    assert sum(row["receivable"] for row in bookings) == owed


def _id(key: Any) -> UUID:
    return key if isinstance(key, UUID) else key[-1]


def rows_of(subject) -> list[Row]:
    _, sheet = written(*subject.settlements)
    rows: list[Row] = list(sheet.rows["bookings"].values())
    for key, row in sheet.rows["bookings"].items():
        row["booking_id"] = _id(key)
    return sorted(rows, key=lambda row: row["sequence"])


def test_a_booking_is_shown_with_plain_values():
    subject = booked_case(line("1", "100"))
    subject.post("record_payment", "19.00")
    issued, paid = (booking_view(row) for row in rows_of(subject))
    assert issued["object"] == "booking"
    assert (issued["debit"], issued["credit"], issued["amount"]) == ("debtor", "8400", "119.00")
    assert (issued["tax"], issued["tax_due"], issued["tax_rate"]) == ("19.00", "19.00", "19")
    assert (issued["booked_on"], issued["due_date"]) == ("2026-03-02", "2026-03-16")
    assert issued["settlement_entry"] is issued["reverses"] is issued["cost_center"] is None
    assert paid["settlement_entry"].startswith("sent_")
    assert (paid["tax"], paid["receivable"], paid["booked_amount"]) == (None, "-19.00", "19.00")
    assert issued["id"].startswith("bkg_")
    assert issued["id"] != paid["id"]


def test_a_pending_booking_has_no_amount_in_the_books_until_it_has_its_rate():
    subject = booked_case(line("1", "100"), currency="USD")
    [waiting] = rows_of(subject)
    assert (waiting["pending"], waiting["booked_amount"]) == (True, None)
    assert booking_view(waiting)["booked_amount"] is None
    subject.settlement.state_book_rate(D("0.9"))
    [rated] = rows_of(subject)
    assert (rated["pending"], str(rated["booked_amount"])) == (False, "107.10")
    assert {name for name in rated if rated[name] != waiting[name]} <= {
        "pending",
        "booked_amount",
        "exchange_rate",
        "recorded_at",
    }


def test_charts_are_shown_with_their_rows():
    chart = shipped_charts()["SKR04"]
    shown = chart_view(chart)
    assert chart_summary(chart).items() <= shown.items()
    assert shown["accounts"] == len({row["account"] for row in shown["rows"]} - {None})
    first = shown["rows"][0]
    assert (first["account"], first["rate"], first["where"]) == ("4400", "19", "home")
    assert first["valid_from"] is None
    assert {row["asks"] is None for row in shown["rows"]} == {True, False}


def test_the_account_of_a_line_is_shown_with_its_reason():
    subject = booked_case(line("1", "100", dimensions={"unit": "N 1"}))
    [shown] = [line_account_view(each) for each in subject.document.accounts]
    assert shown == {
        "line_id": "1",
        "account": "8400",
        "tax_key": None,
        "automatic": True,
        "why": "SKR03: Erlöse 19 % USt",
        "scheme": None,
        "country": "DE",
        "cost_center": "N 1",
        "cost_object": None,
    }


def owing(**more: Any) -> dict[str, Any]:
    ages = ("total", "not_due", "days_1_30", "days_31_60", "days_61_90", "over_90", "surplus")
    entity = UUID(int=7)
    row = {
        "legal_entity_id": entity,
        "customer": "C & D",
        "document": str(UUID(int=8)),
        "buyer_name": "Name",
        "currency": "EUR",
        "count": 2,
        "day": date(2026, 3, 2),
        **dict.fromkeys(ages, D("1.00")),
    }
    return open_item_view(row | more)


def test_open_items_lead_to_their_documents():
    entity, document = typeid("le", UUID(int=7)), typeid("inv", UUID(int=8))
    known, alone = owing(), owing(customer=None)
    assert known["invoices"] == (
        f"/v1/invoices?customer=C+%26+D&legal_entity={entity}&currency=EUR"
    )
    assert known["invoice"] is None
    assert (alone["invoice"], alone["invoices"]) == (document, f"/v1/invoices/{document}")
    assert (known["on"], known["total"], known["over_90"]) == ("2026-03-02", "1.00", "1.00")
