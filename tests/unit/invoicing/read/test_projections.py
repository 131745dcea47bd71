"""Rows from events: which rows an event states, and that they can always be made again."""

from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.balance import Claim
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.numbering import Reset
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.series_definition import SeriesDefinition
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.read.projections import project
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import DomainError, InvariantViolation
from tests.unit.invoicing.domain.drafts import (
    DOCUMENT,
    ENTITY,
    NOW,
    SELLER,
    SERIES,
    SUBJECT,
    TODAY,
    D,
    content,
    credit,
    drafted,
    finalize,
    line,
    named,
    totalled,
)
from tests.unit.invoicing.read.past import Past, Sheet


def stated(past: Past, sheet: Sheet, *aggregates: Aggregate) -> Sheet:
    """The sheet after one command that changed these aggregates."""
    before = len(past.events)
    past.keep(*aggregates)
    for recorded in past.events[before:]:
        project(recorded, sheet.open)
    return sheet


def made_again(past: Past) -> Sheet:
    """The rows as a rebuild makes them: each event beside the aggregate of today."""
    sheet = Sheet()
    for recorded in past.events:
        kind = type(recorded.aggregate)
        own = [each.event for each in past.events if each.stream_id == recorded.stream_id]
        today = kind.rehydrate(recorded.stream_id, own)
        project(replace(recorded, aggregate=today), sheet.open)
    return sheet


def opened(document: Document) -> Settlement:
    claim = Claim(
        document_id=document.id,
        document_type=DocumentType.INVOICE,
        legal_entity_id=ENTITY,
        customer="C-1",
        currency="EUR",
        total=document.totals.due,
        opened_on=TODAY,
    )
    return Settlement.open_for(claim, subject_id=SUBJECT)


def series(reset: Reset = Reset.YEARLY) -> Series:
    definition = SeriesDefinition(
        name="All", pattern="{YYYY}-{number}", types=(DocumentType.INVOICE,), reset=reset
    )
    return Series.open(SERIES, legal_entity_id=ENTITY, definition=definition)


def resource(sheet: Sheet) -> dict[str, Any]:
    [row] = sheet.rows["document_contents"].values()
    found: dict[str, Any] = msgspec.json.decode(row["resource"])
    return found


class TestDocuments:
    def test_a_draft_has_a_row_its_content_and_its_words(self):
        sheet = stated(Past(), Sheet(), drafted(content(line("1", "10"))))
        assert sheet.counts == {"documents": 1, "document_contents": 1, "document_search": 1}
        assert sheet.rows["documents"][DOCUMENT,]["status"] == "draft"

    def test_a_deleted_draft_leaves_no_row_behind(self):
        past, document = Past(), drafted(content(line("1", "10")))
        sheet = stated(past, Sheet(), document)
        document.delete()
        assert stated(past, sheet, document).counts == {}
        assert made_again(past).counts == {}

    def test_content_is_written_when_it_changes_and_not_with_every_link(self):
        past, document = Past(), finalize(drafted(content(line("1", "10"))))
        sheet = stated(past, Sheet(), document)
        before = sheet.rows.pop("document_contents"), sheet.rows.pop("document_search")
        document.mark_released(NOW, how="email")
        assert stated(past, sheet, document).counts == {"documents": 1}
        assert sheet.rows["documents"][DOCUMENT,]["released_at"] == NOW
        again = made_again(past)
        assert (again.rows["document_contents"], again.rows["document_search"]) == before

    def test_what_is_found_and_shown_follows_an_edit(self):
        past, document = Past(), drafted(content(line("1", "10")))
        sheet = stated(past, Sheet(), document)
        said = content(line("2", "7"), external_id="E-9")
        document.edit(said, totalled(said), subject_id=SUBJECT)
        stated(past, sheet, document)
        assert resource(sheet)["totals"]["net"] == "7.00"
        words = sheet.rows["document_search"][DOCUMENT,]["words"].split("\n")
        assert "e-9" in words
        assert "item 1" not in words


class TestSettlements:
    def test_every_entry_keeps_what_was_settled_by_then(self):
        document = finalize(drafted(content(line("1", "100"))))
        settlement = opened(document)
        settlement.record_payment(Posting(source="a", on=TODAY, amount=D("19.00"), note="thanks"))
        settlement.write_off(Posting(source="b", on=TODAY))
        sheet = stated(Past(), Sheet(), settlement)
        entries = sheet.rows["settlement_entries"]
        assert list(entries) == [(DOCUMENT, 1), (DOCUMENT, 2)]
        first, second = entries.values()
        assert (str(first["settled_after"]), str(second["settled_after"])) == ("19.00", "119.00")
        assert (first["note"], second["note"]) == ("thanks", None)
        row = sheet.rows["settlements"][DOCUMENT,]
        assert (row["status"], row["settled"]) == ("written_off", second["settled_after"])

    def test_the_row_is_that_of_the_document_and_not_of_the_stream(self):
        settlement = opened(finalize(drafted(content(line("1", "100")))))
        assert settlement.id != DOCUMENT
        assert list(stated(Past(), Sheet(), settlement).rows["settlements"]) == [(DOCUMENT,)]


class TestSeries:
    def test_every_number_has_a_row_and_so_has_every_range_left_out(self):
        counted = series()
        counted.draw(named("a"), date(2026, 12, 30))
        counted.set_next(5, today=date(2026, 12, 30), reason="moved", by="user:ada")
        counted.draw(named("b"), date(2026, 12, 31))
        counted.draw(named("c"), date(2027, 1, 1))
        sheet = stated(Past(), Sheet(), counted)
        numbers = {key[1:]: row["text"] for key, row in sheet.rows["numbers"].items()}
        assert numbers == {("2026", 1): "2026-1", ("2026", 5): "2026-5", ("2027", 1): "2027-1"}
        [(key, skipped)] = sheet.rows["skipped_numbers"].items()
        assert key == (SERIES, "2026", 2)
        assert skipped == {"next": 5, "reason": "moved", "actor": "user:ada"}

    def test_holding_a_series_adds_no_number(self):
        counted = series()
        counted.hold("audit")
        sheet = stated(Past(), Sheet(), counted)
        assert sheet.counts == {"series": 1}
        assert sheet.rows["series"][SERIES,]["held"] is True


class TestLegalEntities:
    def test_the_row_says_what_the_owner_said_last(self):
        details = LegalEntityDetails(
            seller=SELLER, time_zone="Europe/Berlin", languages=("de",), currency="EUR"
        )
        entity, past = LegalEntity.register(ENTITY, details), Past()
        sheet = stated(past, Sheet(), entity)
        entity.amend(replace(details, currency="CHF", external_id="L-1"))
        stated(past, sheet, entity)
        [row] = sheet.rows["legal_entities"].values()
        shown = msgspec.json.decode(row["resource"])
        assert (row["name"], row["external_id"]) == ("Kontor Nord", "L-1")
        assert (shown["currency"], shown["name"]) == ("CHF", "Kontor Nord")


def test_an_aggregate_without_rows_is_our_defect():
    past = Past()
    past.keep(drafted(content(line("1", "1"))))
    with pytest.raises(InvariantViolation):
        project(replace(past.events[0], aggregate=Aggregate(DOCUMENT)), Sheet().open)


steps = st.lists(
    st.sampled_from(["edit", "finalize", "release", "pay", "credit", "void", "delete", "overpay"]),
    max_size=8,
)


def perform(step: str, document: Document, settlement: Settlement | None, number: int) -> None:
    """One thing that may happen to a document; what is refused changes nothing."""
    match step:
        case "edit":
            said = content(line("1", str(number + 10)), notes=f"edit {number}")
            document.edit(said, totalled(said), subject_id=SUBJECT)
        case "finalize":
            finalize(document)
        case "release":
            document.mark_released(NOW, how="post")
        case "credit":
            part = content(line("1", "1"), type=DocumentType.CREDIT_NOTE)
            credit(document, part, f"note {number}")
        case "void":
            entries = settlement.entries if settlement else ()
            document.void("slip", settled=bool(entries), now=NOW)
            if settlement is not None:
                settlement.close_void()
        case "delete":
            document.delete()
        case "pay" | "overpay" if settlement is not None:
            amount = D("1.00") if step == "pay" else D("500.00")
            settlement.record_payment(Posting(source=f"s{number}", on=TODAY, amount=amount))
        case _:
            pass


@given(steps=steps)
def test_rows_made_again_are_the_rows_that_were_written_on_the_way(steps):
    document, past, live = drafted(content(line("1", "10"))), Past(), Sheet()
    stated(past, live, document)
    settlement: Settlement | None = None
    for number, step in enumerate(steps):
        was_draft = document.number is None
        try:
            perform(step, document, settlement, number)
        except DomainError:
            continue
        changed: list[Aggregate] = [document]
        if was_draft and document.number is not None:
            settlement = opened(document)
        if settlement is not None:
            changed.append(settlement)
        stated(past, live, *changed)
    again = made_again(past)
    assert again.counts == live.counts
    assert again.rows == live.rows
