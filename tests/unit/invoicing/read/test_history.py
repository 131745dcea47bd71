"""The past of a document: every event in its place, and the state between any two of them."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from invx.contexts.invoicing.domain.balance import Claim
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.dispute import raise_dispute
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.series_definition import SeriesDefinition
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.read.history import document_as_of, document_history
from invx.kernel.ids import typeid
from tests.unit.invoicing.domain.drafts import (
    DOCUMENT,
    ENTITY,
    NOW,
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
from tests.unit.invoicing.read.past import DAY, Past

NOTE = named("note")


@dataclass(slots=True)
class Case:
    """A document of 119.00 over five days: drafted, edited, finalized, paid, credited."""

    past: Past = field(default_factory=Past)
    document: Document = field(init=False)
    settlement: Settlement = field(init=False)

    def __post_init__(self) -> None:
        self.document = drafted(content(line("1", "10")))
        self.past.keep(self.document)
        said = content(line("1", "100"))
        self.document.edit(said, totalled(said), subject_id=SUBJECT)
        self.past.keep(self.document, at=NOW + DAY)
        finalize(self.document)
        self.settlement = Settlement.open_for(self.claim(), subject_id=SUBJECT)
        self.past.keep(self.document, self.settlement, at=NOW + 2 * DAY)

    def claim(self) -> Claim:
        return Claim(
            document_id=DOCUMENT,
            document_type=DocumentType.INVOICE,
            legal_entity_id=ENTITY,
            customer=None,
            currency="EUR",
            total=self.document.totals.due,
            opened_on=TODAY,
            due_date=TODAY,
            overdue_from=NOW + 3 * DAY,
        )

    def pay(self, amount: str, *, day: int, source: str = "bank") -> None:
        self.settlement.record_payment(Posting(source=source, on=TODAY, amount=D(amount)))
        self.past.keep(self.settlement, at=NOW + day * DAY, actor="user:bob")

    async def entries(self) -> list[dict[str, Any]]:
        return await document_history(self.past.store, DOCUMENT)

    async def at(self, days: float) -> dict[str, Any]:
        shown = await document_as_of(self.past.store, DOCUMENT, NOW + days * DAY)
        body: dict[str, Any] = json.loads(shown.body)
        assert shown.version == body["version"]
        return body


class TestHistory:
    async def test_document_and_settlement_are_told_as_one_story(self):
        case = Case()
        case.pay("19.00", day=3)
        told = [(each["about"], each["type"]) for each in await case.entries()]
        assert told == [
            ("invoice", "DraftCreated"),
            ("invoice", "DraftEdited"),
            ("invoice", "DocumentFinalized"),
            ("settlement", "SettlementOpened"),
            ("settlement", "EntryRecorded"),
            ("settlement", "SettlementStatusChanged"),
        ]

    async def test_each_entry_says_who_did_it_when_and_in_which_request(self):
        case = Case()
        case.pay("19.00", day=3)
        first, *_, last = await case.entries()
        assert (first["actor"], last["actor"]) == ("user:ada", "user:bob")
        assert first["at"] == "2026-03-02T09:30:00Z"
        assert last["at"] == "2026-03-05T09:30:00Z"
        assert last["recorded_at"] == "2026-03-02T09:30:05Z", "system time beside business time"
        requests = [each["request_id"] for each in await case.entries()]
        assert requests[2] == requests[3] != requests[4]

    async def test_figures_stand_where_they_changed(self):
        case = Case()
        case.pay("19.00", day=3)
        details = [each["details"] for each in await case.entries()]
        assert details[:4] == [
            {"currency": "EUR", "gross": "11.90"},
            {"currency": "EUR", "gross": "119.00"},
            {"number": "2026-0001", "issue_date": "2026-03-02", "gross": "119.00"},
            {},
        ]
        assert (details[4]["kind"], details[4]["amount"]) == ("payment", "19.00")
        assert details[4]["open"] == "100.00"
        assert details[5] == {"from": "open", "to": "partial"}

    async def test_a_long_draft_tells_which_lines_changed(self):
        said = content(*(line(str(number), "1") for number in range(300)))
        document, past = drafted(said), Past()
        changed = content(line("0", "2"), *said.lines[1:299], line("new", "5"))
        document.edit(changed, totalled(changed), subject_id=SUBJECT)
        past.keep(document)
        _, patch = await document_history(past.store, DOCUMENT)
        assert patch["type"] == "DraftPatched"
        assert sorted(patch["details"]["changed_lines"]) == ["0", "new"]
        assert patch["details"]["removed_lines"] == ["299"]

    async def test_other_documents_are_named_by_their_ids(self):
        case = Case()
        whole = content(line("1", "100"), type=DocumentType.CREDIT_NOTE)
        credit(case.document, whole, "note")
        case.document.record_cancellation(NOTE)
        case.document.record_replacement(named("new"))
        case.past.keep(case.document, at=NOW + 4 * DAY)
        credited, cancelled, replaced = (await case.entries())[-3:]
        note = typeid("inv", NOTE)
        assert credited["details"] == {"credit_note": note, "gross": "119.00"}
        assert cancelled["details"] == {"cancelled_by": note}
        assert replaced["details"] == {"replaced_by": typeid("inv", named("new"))}

    async def test_free_text_of_people_is_no_detail(self):
        case = Case()
        case.document.mark_released(NOW, how="email")
        raise_dispute(case.settlement, "Ada says no")
        case.past.keep(case.document, case.settlement, at=NOW + 3 * DAY)
        sent, released, disputed = (await case.entries())[-3:]
        assert released["details"] == {"how": "email"}
        assert sent["details"] == {"delivery": "sent", "clearance": "not_required"}
        assert disputed["details"] == {}

    @pytest.mark.parametrize("stream", ["nothing", "series", "settlement"])
    async def test_only_a_document_has_a_history_of_a_document(self, stream):
        case = Case()
        definition = SeriesDefinition(
            name="All", pattern="{YYYY}-{number}", types=(DocumentType.INVOICE,)
        )
        series = Series.open(named("series"), legal_entity_id=ENTITY, definition=definition)
        case.past.keep(series)
        wrong = case.settlement.id if stream == "settlement" else named(stream)
        with pytest.raises(DocumentNotFound):
            await document_history(case.past.store, wrong)
        with pytest.raises(DocumentNotFound):
            await document_as_of(case.past.store, wrong, NOW)


class TestState:
    async def test_between_two_events_the_earlier_one_holds(self):
        case = Case()
        case.pay("19.00", day=3)
        gross = [(await case.at(days))["totals"]["gross"] for days in (0, 0.9, 1, 1.5, 2)]
        assert gross == ["11.90", "11.90", "119.00", "119.00", "119.00"]
        states = [(await case.at(days))["status"] for days in (0, 1.9, 2, 30)]
        assert states == ["draft", "draft", "finalized", "finalized"]
        owed = [(await case.at(days))["open"] for days in (1, 2, 2.9, 3, 30)]
        assert owed == [None, "119.00", "119.00", "100.00", "100.00"]

    async def test_versions_count_the_events_until_then(self):
        case = Case()
        assert [(await case.at(days))["version"] for days in (0, 1, 2, 9)] == [1, 2, 3, 3]

    async def test_overdue_is_judged_at_that_moment_and_not_today(self):
        case = Case()
        case.pay("119.00", day=5)
        overdue = [(await case.at(days))["overdue"] for days in (2, 2.9, 3, 4.9, 5)]
        assert overdue == [False, False, True, True, False]

    async def test_before_its_first_event_there_was_no_document(self):
        with pytest.raises(DocumentNotFound):
            await Case().at(-0.001)

    async def test_a_deleted_draft_was_there_until_it_was_deleted(self):
        document, past = drafted(content(line("1", "1"))), Past()
        past.keep(document)
        document.delete()
        past.keep(document, at=NOW + DAY)
        shown = await document_as_of(past.store, DOCUMENT, NOW + DAY / 2)
        assert json.loads(shown.body)["status"] == "draft"
        with pytest.raises(DocumentNotFound):
            await document_as_of(past.store, DOCUMENT, NOW + DAY)
        assert [each["type"] for each in await document_history(past.store, DOCUMENT)] == [
            "DraftCreated", "DraftDeleted",
        ]  # fmt: skip

    async def test_a_void_document_still_shows_what_it_said(self):
        case = Case()
        case.document.void("typo", settled=False, now=NOW + 3 * DAY)
        case.settlement.close_void()
        case.past.keep(case.document, case.settlement, at=NOW + 3 * DAY)
        before, after = await case.at(2), await case.at(3)
        assert (before["status"], before["settlement_status"]) == ("finalized", "open")
        assert (after["status"], after["voided"], after["open"]) == ("cancelled", True, "0.00")
        assert after["totals"] == before["totals"]
        assert after["seller"] == before["seller"]
