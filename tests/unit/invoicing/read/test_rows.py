"""The rows of invoicing: what an aggregate says, in the columns that lists filter and sort by."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.balance import Claim, SettlementStatus
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Links
from invx.contexts.invoicing.domain.numbering import Reset
from invx.contexts.invoicing.domain.party import Contact, Party
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.series_definition import SeriesDefinition
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.status import Status
from invx.contexts.invoicing.read.rows import (
    document_row,
    entry_row,
    is_gone,
    search_row,
    series_row,
    settlement_row,
    sort_key,
)
from tests.unit.invoicing.domain.drafts import (
    BUYER,
    ENTITY,
    NOW,
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
    replayed,
)

FREE = {"profile": "plain"}


@pytest.mark.parametrize(
    "name,key",
    [
        (None, None),
        ("", ""),
        ("Elbkontor", "elbkontor"),
        ("ÉLAN", "elan"),
        ("élan", "elan"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("Łódź", "łodz"),
        ("Ｋｏｎｔｏｒ", "kontor"),
        ("ﬁnance", "finance"),
        ("Kontor™ № 7", "kontortm no 7"),
        ("Ελλάς", "ελλασ"),
    ],
)
def test_a_name_sorts_without_case_and_accents(name, key):
    assert sort_key(name) == key


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_a_key_is_its_own_key_so_words_are_searched_as_they_are_stored(name):
    key = sort_key(name)
    assert key is not None
    assert sort_key(key) == key


@given(st.text("aäÄAéÉßzZ ™Ω", max_size=40))
def test_what_is_found_in_small_letters_is_found_in_capitals(name):
    assert sort_key(name.upper()) == sort_key(name.lower())


def test_a_key_is_short_enough_for_an_index():
    assert len(sort_key("ﷺ" * 300)) == 200
    assert len(sort_key("x" * 300)) == 200


class TestDocuments:
    def test_a_draft_has_no_number_and_the_dates_of_its_author(self):
        row = document_row(drafted(content(line("1", "10"), issue_date=TODAY)))
        assert (row["status"], row["number"], row["series_id"]) == ("draft", None, None)
        assert row["issue_date"] == TODAY
        assert (row["finalized_at"], row["created_at"]) == (None, NOW)

    def test_a_finalized_document_has_the_dates_of_its_issue(self):
        row = document_row(drafted(content(line("1", "10"), issue_date=date(2026, 1, 1))))
        assert (row["issue_date"], row["due_date"]) == (date(2026, 1, 1), None)
        row = document_row(finalize(drafted(content(line("1", "10"), issue_date=TODAY))))
        assert (row["status"], row["number"], row["series_id"]) == (
            "finalized",
            "2026-0001",
            SERIES,
        )
        assert (row["issue_date"], row["due_date"]) == (TODAY, date(2026, 3, 16))
        assert row["finalized_at"] == NOW

    @pytest.mark.parametrize(
        "currency,price,units",
        [("EUR", "100.10", 11912), ("JPY", "100", 119), ("KWD", "1.001", 1191), ("EUR", "0", 0)],
    )
    def test_the_gross_has_an_exact_twin_in_whole_units(self, currency, price, units):
        said = content(line("1", price), currency=currency, **FREE)
        row = document_row(drafted(said))
        assert row["gross_units"] == units
        assert row["gross"] == Decimal(units).scaleb(row["gross"].as_tuple().exponent)

    def test_the_buyer_stands_with_a_name_to_sort_by(self):
        buyer = Party(name="Éclair SARL", customer="C-9")
        row = document_row(drafted(content(line("1", "1"), buyer=buyer)))
        assert (row["customer"], row["buyer_name"]) == ("C-9", "Éclair SARL")
        assert row["buyer_sort"] == "eclair sarl"

    def test_a_document_without_a_buyer_has_none_to_sort_by(self):
        row = document_row(drafted(content(line("1", "1"), buyer=None)))
        assert [row["customer"], row["buyer_name"], row["buyer_sort"]] == [None, None, None]

    def test_credit_notes_stand_in_the_order_in_which_they_came(self):
        original = replayed(finalize(drafted(content(line("1", "10", "3")))))
        half = content(line("1", "10"), type=DocumentType.CREDIT_NOTE)
        for name in ("b", "a"):
            credit(original, half, name)
        assert document_row(original)["credit_notes"] == f"{{{named('b')},{named('a')}}}"

    def test_links_lead_to_the_other_documents(self):
        links = Links(credits=named("x"), cancels=named("x"), replaces=named("y"))
        row = document_row(drafted(content(line("1", "1")), links=links))
        assert (row["credits"], row["cancels"], row["replaces"]) == (
            named("x"), named("x"), named("y"),
        )  # fmt: skip
        assert (row["cancelled_by"], row["replaced_by"], row["credit_notes"]) == (None, None, "{}")

    def test_a_void_document_is_cancelled_and_says_so(self):
        document = finalize(drafted(content(line("1", "1"))))
        document.void("typo", settled=False, now=NOW)
        row = document_row(document)
        assert (row["status"], row["voided"], row["number"]) == ("cancelled", True, "2026-0001")

    def test_only_a_deleted_draft_is_gone(self):
        document = drafted(content(line("1", "1")))
        assert not is_gone(document)
        document.delete()
        assert document.status is Status.DELETED
        assert is_gone(document)


class TestSearch:
    def found(self, document: Document) -> list[str]:
        return search_row(document)["words"].split("\n")

    def test_a_document_is_found_by_what_identifies_it(self):
        buyer = replace(
            BUYER,
            legal_name="Muster Aktiengesellschaft",
            customer="C-1",
            contact=Contact(email="Ada@Example.org"),
        )
        said = content(
            line("1", "1"),
            buyer=buyer,
            external_id="EXT-1",
            purchase_order="PO-7",
            buyer_reference="04011000-1",
        )
        words = self.found(finalize(drafted(said)))
        assert words == [
            "2026-0001", "ext-1", "po-7", "04011000-1", "muster ag", "muster aktiengesellschaft",
            "c-1", "ada@example.org", "item 1",
        ]  # fmt: skip

    def test_children_are_found_and_parents_come_first(self):
        parent = replace(line("p", None), taxes=(), children=(line("c", "1"), line("d", "2")))
        words = self.found(drafted(content(parent, line("z", "1"), buyer=None)))
        assert words == ["item p", "item z", "item c", "item d"]

    def test_a_long_document_is_searched_by_its_first_two_hundred_lines(self):
        lines = [line(str(number), "1") for number in range(250)]
        words = self.found(drafted(content(*lines, buyer=None)))
        assert len(words) == 200
        assert words[-1] == "item 199"

    def test_what_is_searched_stays_within_bounds(self):
        lines = [replace(line(str(number), "1"), description="y" * 300) for number in range(200)]
        assert len(search_row(drafted(content(*lines)))["words"]) == 20_000

    def test_after_an_erasure_nothing_is_left_but_the_numbers(self):
        nameless = replace(line("1", "1"), description=None)
        row = search_row(drafted(content(nameless, buyer=None)))
        assert row == {"words": "", "metadata": {}}


def opened(total: str = "119.00", **more) -> Settlement:
    claim = Claim(
        document_id=named("document"),
        document_type=DocumentType.INVOICE,
        legal_entity_id=ENTITY,
        customer="C-1",
        currency="EUR",
        total=D(total),
        opened_on=TODAY,
        **more,
    )
    return Settlement.open_for(claim, subject_id=SUBJECT)


class TestSettlements:
    @pytest.mark.parametrize(
        "paid,open,surplus,status",
        [
            ("19.00", "100.00", "0.00", "partial"),
            ("119.00", "0.00", "0.00", "settled"),
            ("120.00", "0.00", "1.00", "overpaid"),
        ],
    )
    def test_the_row_says_what_is_open(self, paid, open, surplus, status):
        settlement = opened()
        settlement.record_payment(Posting(source="p", on=TODAY, amount=D(paid)))
        row = settlement_row(settlement)
        assert [str(row[name]) for name in ("paid", "open", "surplus")] == [paid, open, surplus]
        assert row["status"] == status
        assert row["open_units"] == int(D(open) * 100)
        assert row["settled"] == row["total"] - row["open"] + row["surplus"]

    def test_a_void_settlement_owes_nothing_and_has_no_status_of_its_own(self):
        settlement = opened()
        settlement.close_void()
        row = settlement_row(settlement)
        assert (row["status"], str(row["open"]), row["open_units"]) == ("void", "0.00", 0)
        assert row["total"] == D("119.00")

    def test_a_credit_note_begins_with_a_surplus(self):
        row = settlement_row(opened("-50.00"))
        assert (str(row["open"]), str(row["surplus"]), row["status"]) == (
            "0.00", "50.00", SettlementStatus.OPEN.value,
        )  # fmt: skip

    def test_due_date_and_the_moment_of_overdue_are_kept_apart(self):
        begins = datetime(2026, 3, 16, 23, tzinfo=UTC)
        row = settlement_row(opened(due_date=date(2026, 3, 16), overdue_from=begins))
        assert (row["due_date"], row["overdue_from"]) == (date(2026, 3, 16), begins)

    def test_an_entry_that_takes_another_back_names_it(self):
        settlement = opened()
        paid = settlement.record_payment(Posting(source="p", on=TODAY, amount=D("19.00")))
        back = settlement.reverse(paid.entry_id, Posting(source="r", on=TODAY))
        row = entry_row(back, "bounced")
        assert (row["kind"], str(row["amount"]), row["note"]) == ("payment", "-19.00", "bounced")
        assert (row["reverses"], row["source"]) == (paid.entry_id, "r")
        assert entry_row(paid, None)["reverses"] is None


class TestSeries:
    def made(self, reset: Reset = Reset.YEARLY) -> Series:
        pattern = {
            Reset.NONE: "{number}", Reset.YEARLY: "{YYYY}-{number}",
            Reset.MONTHLY: "{YYYY}{MM}-{number}",
        }[reset]  # fmt: skip
        types = (DocumentType.INVOICE, DocumentType.CREDIT_NOTE)
        definition = SeriesDefinition(name="All", pattern=pattern, types=types, reset=reset)
        return Series.open(SERIES, legal_entity_id=ENTITY, definition=definition)

    def test_a_new_series_stands_nowhere(self):
        row = series_row(self.made())
        assert (row["period"], row["last_number"], row["last_date"]) == ("", 0, None)
        assert (row["types"], row["held"]) == ("{invoice,credit_note}", False)

    @pytest.mark.parametrize(
        "reset,period", [(Reset.NONE, "all"), (Reset.YEARLY, "2027"), (Reset.MONTHLY, "2027-01")]
    )
    def test_a_series_stands_in_its_newest_period(self, reset, period):
        series = self.made(reset)
        for day in (date(2026, 12, 31), date(2026, 12, 31), date(2027, 1, 2)):
            series.draw(named(str(day)), day)
        row = series_row(series)
        assert (row["period"], row["last_date"]) == (period, date(2027, 1, 2))
        assert row["last_number"] == (3 if reset is Reset.NONE else 1)

    def test_the_row_can_be_stored_as_json(self):
        assert (
            msgspec.json.decode(msgspec.json.encode(series_row(self.made())))["reset"] == "yearly"
        )
