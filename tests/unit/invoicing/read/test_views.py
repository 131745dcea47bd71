"""What the API shows of rows: the same whether they come from a table or from the write set."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.balance import Claim
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.read.rows import document_row, entry_row, settlement_row, worth_row
from invx.contexts.invoicing.read.views import (
    born,
    document_json,
    document_summary,
    instant,
    is_overdue,
    legal_entity_json,
    series_view,
    settlement_view,
    summary_json,
)
from invx.infra.system import Uuid7Ids
from invx.kernel.ids import parse_typeid, typeid
from invx.rules.calendar.zones import overdue_from
from tests.unit.invoicing.domain.drafts import (
    DOCUMENT,
    ENTITY,
    NOW,
    SUBJECT,
    TODAY,
    D,
    content,
    drafted,
    finalize,
    line,
    named,
)

INSTANT = timedelta(microseconds=1)
END_OF_CALENDAR = 253_402_300_799_000  # 31 December 9999 in milliseconds, as ids count
MADE = Uuid7Ids().new()


@pytest.mark.parametrize(
    "moment,text",
    [
        (None, None),
        (datetime(2026, 3, 2, 9, 30, tzinfo=UTC), "2026-03-02T09:30:00Z"),
        (datetime(2026, 3, 2, 9, 30, 0, 5, tzinfo=UTC), "2026-03-02T09:30:00.000005Z"),
        (datetime(2026, 3, 2, tzinfo=timezone(timedelta(hours=14))), "2026-03-01T10:00:00Z"),
    ],
)
def test_an_instant_is_shown_in_utc(moment, text):
    assert instant(moment) == text


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1990, 1, 1)))
def test_an_instant_reads_back_as_the_same_moment(moment):
    shown = instant(moment)
    assert shown is not None
    assert shown.endswith("Z")
    assert datetime.fromisoformat(shown) == moment.astimezone(UTC)


def test_an_id_knows_when_it_was_born():
    before = datetime.now(UTC)
    shown = datetime.fromisoformat(born(Uuid7Ids().new()))
    assert before - timedelta(milliseconds=2) <= shown <= datetime.now(UTC)


@given(st.integers(0, END_OF_CALENDAR), st.integers(0, 2**80 - 1))
def test_what_is_random_in_an_id_does_not_change_its_birth(millis, rest):
    shown = datetime.fromisoformat(born(UUID(int=(millis << 80) | rest)))
    assert abs(shown - datetime.fromtimestamp(millis / 1000, UTC)) < timedelta(milliseconds=1)


def claim(total: str = "119.00", **more: Any) -> Claim:
    return Claim(
        document_id=DOCUMENT,
        document_type=DocumentType.INVOICE,
        legal_entity_id=ENTITY,
        customer=None,
        currency="EUR",
        total=D(total),
        opened_on=TODAY,
        **more,
    )


def settled(**more: Any) -> Settlement:
    return Settlement.open_for(claim(**more), subject_id=SUBJECT)


class TestOverdue:
    # A due date is over when its day is over there, whatever the clocks did that night.
    ZONES = (
        ("Europe/Berlin", date(2026, 3, 28), "2026-03-28T23:00:00Z"),
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-25T23:00:00Z"),
        ("America/New_York", date(2026, 7, 4), "2026-07-05T04:00:00Z"),
        ("Pacific/Kiritimati", date(2026, 7, 4), "2026-07-04T10:00:00Z"),
        ("Pacific/Pago_Pago", date(2026, 7, 4), "2026-07-05T11:00:00Z"),
        ("Asia/Kathmandu", date(2026, 7, 4), "2026-07-04T18:15:00Z"),
        ("America/Sao_Paulo", date(2018, 11, 3), "2018-11-04T03:00:00Z"),
        ("UTC", date(2028, 2, 29), "2028-03-01T00:00:00Z"),
    )

    @pytest.mark.parametrize("zone,due,begins", ZONES)
    def test_overdue_begins_with_the_first_instant_of_the_next_day_there(self, zone, due, begins):
        moment = overdue_from(due, zone)
        assert instant(moment) == begins
        row = settlement_row(settled(due_date=due, overdue_from=moment))
        assert not is_overdue(row, moment - INSTANT)
        assert is_overdue(row, moment)
        assert is_overdue(row, moment + timedelta(days=4000))

    def test_what_is_paid_is_not_overdue(self):
        settlement = settled(due_date=TODAY, overdue_from=NOW)
        assert is_overdue(settlement_row(settlement), NOW)
        settlement.record_payment(Posting(source="p", on=TODAY, amount=D("118.99")))
        assert is_overdue(settlement_row(settlement), NOW)
        settlement.record_payment(Posting(source="q", on=TODAY, amount=D("0.01")))
        assert not is_overdue(settlement_row(settlement), NOW)

    def test_without_a_due_date_nothing_is_ever_overdue(self):
        assert not is_overdue(settlement_row(settled()), NOW + timedelta(days=10_000))

    def test_a_credit_is_never_overdue(self):
        row = settlement_row(settled(total="-5.00", due_date=TODAY, overdue_from=NOW))
        assert not is_overdue(row, NOW)


class TestDocuments:
    def summary(self, row: dict[str, Any], settlement: Any = None) -> dict[str, Any]:
        return document_summary(DOCUMENT, row, settlement, NOW)

    def test_a_draft_settles_nothing(self):
        shown = self.summary(document_row(drafted(content(line("1", "10")))))
        assert shown["id"] == typeid("inv", DOCUMENT)
        figures = ("settlement_status", "open", "paid", "credited", "written_off", "surplus")
        assert [shown[name] for name in figures] == [None] * 6
        assert (shown["overdue"], shown["disputed"]) == (False, False)
        assert (shown["number"], shown["series"], shown["finalized_at"]) == (None, None, None)

    def test_the_array_of_credit_notes_reads_the_same_from_table_and_write_set(self):
        row = document_row(drafted(content(line("1", "10"))))
        ids = [named("a"), named("b")]
        written = {**row, "credit_notes": "{" + ",".join(map(str, ids)) + "}"}
        shown = self.summary(written)
        assert shown == self.summary({**row, "credit_notes": ids})
        assert [parse_typeid("inv", each) for each in shown["credit_notes"]] == ids
        assert self.summary({**row, "credit_notes": "{}"})["credit_notes"] == []

    def test_a_void_document_has_no_settlement_status(self):
        settlement = settled()
        settlement.close_void()
        shown = self.summary(
            document_row(finalize(drafted(content(line("1", "100"))))), settlement_row(settlement)
        )
        assert (shown["settlement_status"], shown["open"]) == (None, "0.00")

    def test_what_left_the_house_counts_as_sent(self):
        document = finalize(drafted(content(line("1", "10"))))
        assert self.summary(document_row(document))["delivery_status"] == "none"
        document.mark_released(NOW, how="email")
        assert self.summary(document_row(document))["delivery_status"] == "sent"

    def test_every_amount_of_a_list_item_is_text_with_all_its_decimals(self):
        document = drafted(content(line("1", "10")))
        row = document_row(document)
        item = json.loads(summary_json(self.summary(row), row))
        assert item["totals"] == {"net": "10.00", "tax": "1.90", "gross": "11.90", "due": "11.90"}

    def test_the_whole_resource_is_summary_and_content_in_one_object(self):
        row = document_row(drafted(content(line("1", "10"))))
        body = json.loads(document_json(self.summary(row), b'{"lines":[],"notes":null}'))
        assert body == {**self.summary(row), "lines": [], "notes": None}


class TestLedger:
    def test_a_ledger_shows_its_entries_and_adds_up(self):
        settlement = settled(due_date=TODAY)
        settlement.record_payment(Posting(source="p", on=TODAY, amount=D("20.00")))
        settlement.take_discount(Posting(source="d", on=TODAY, amount=D("2.00")))
        settlement.write_off(Posting(source="w", on=TODAY, amount=D("1.00")))
        entries = [{**entry_row(entry, None), **worth_row(entry)} for entry in settlement.entries]
        shown = settlement_view(DOCUMENT, settlement_row(settlement), entries, NOW)
        assert [each["amount"] for each in shown["entries"]] == ["20.00", "2.00", "1.00"]
        assert [each["kind"] for each in shown["entries"]] == ["payment", "discount", "write_off"]
        total = sum(Decimal(each["amount"]) for each in shown["entries"])
        assert Decimal(shown["total"]) - total == Decimal(shown["open"])
        assert (shown["discounted"], shown["written_off"]) == ("2.00", "1.00")
        assert shown["due_date"] == TODAY.isoformat()
        assert {each["id"][:5] for each in shown["entries"]} == {"sent_"}

    def test_an_entry_names_the_one_that_it_takes_back(self):
        settlement = settled()
        first = settlement.record_payment(Posting(source="p", on=TODAY, amount=D("20.00")))
        settlement.reverse(first.entry_id, Posting(source="r", on=TODAY))
        entries = [{**entry_row(entry, None), **worth_row(entry)} for entry in settlement.entries]
        one, two = settlement_view(DOCUMENT, settlement_row(settlement), entries, NOW)["entries"]
        assert (one["reverses"], two["reverses"]) == (None, one["id"])
        assert (one["booked"], two["booked"]) == (None, None), "its books have no other currency"


def test_types_of_a_series_read_the_same_from_table_and_write_set():
    row = {
        "version": 1, "legal_entity_id": ENTITY, "name": "All", "pattern": "{number}",
        "types": "{invoice,credit_note}", "reset": "none", "legal": True, "held": False,
        "period": "", "last_number": 0, "last_date": None,
    }  # fmt: skip
    written = series_view(MADE, row, here=True)
    assert written == series_view(MADE, {**row, "types": ["invoice", "credit_note"]}, here=True)
    assert (written["types"], written["last_date"]) == (["invoice", "credit_note"], None)
    assert series_view(MADE, {**row, "last_date": TODAY}, here=True)["last_date"] == "2026-03-02"
    assert (written["id"], written["created_at"]) == (typeid("ser", MADE), born(MADE))


def test_a_legal_entity_begins_with_its_id_and_birth():
    body = json.loads(legal_entity_json(MADE, 3, b'{"name":"Kontor"}'))
    assert list(body) == ["id", "object", "version", "created_at", "name"]
    assert (body["id"], body["version"], body["created_at"]) == (typeid("le", MADE), 3, born(MADE))
