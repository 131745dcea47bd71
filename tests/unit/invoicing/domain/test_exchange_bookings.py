"""What a rate gained or lost is booked: who settled a document owes nothing in the books either."""

from datetime import date

from invx.contexts.invoicing.domain.bookkeeping.booking import BookingKind
from invx.contexts.invoicing.domain.bookkeeping.journal import booking_id
from invx.contexts.invoicing.domain.bookkeeping.journal_worth import buyers_side
from invx.contexts.invoicing.domain.exchange.rates_applying import complete_books
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_events import EntriesBooked, EntryRecorded
from invx.rules.totals.model import Tax
from tests.unit.invoicing.domain.abroad import (
    BOOKS,
    abroad,
    at,
    by_account,
    journal,
    left,
    received,
    told,
    worth,
)
from tests.unit.invoicing.domain.drafts import S7, TODAY, D, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, Case, entity

EXEMPT = Tax(category="E", reason="exempt", reason_code="VATEX-EU-132-1I")
LATER = date(2026, 4, 9)


def test_f04_a_payment_stands_at_what_came_in_and_the_gain_is_a_booking_of_its_own():
    subject = abroad(line("1", "10000", "1", EXEMPT), rate="0.91")
    subject.post("record_payment", worth=received("9204.00"), on=LATER)
    assert told(subject.settlement) == [
        ("revenue", "debtor", "8100", "10000.00", "9100.00"),
        ("payment", "1200", "debtor", "10000.00", "9204.00"),
        ("exchange", "debtor", "2660", "0.00", "104.00"),
    ]
    revenue, paid, gained = journal(subject.settlement).bookings
    assert (revenue.exchange_rate, paid.exchange_rate) == (D("0.91"), D("0.9204"))
    assert gained.exchange_rate is None
    assert gained.booking_id == booking_id(gained.document_id, 3)
    assert gained.settlement_entry == paid.settlement_entry
    assert (gained.booked_on, gained.period) == (LATER, "2026-04")
    assert (gained.currency, gained.book_currency) == ("USD", "EUR")
    assert (gained.receivable, gained.tax, gained.tax_due, gained.tax_key) == (0, None, 0, None)
    assert buyers_side(journal(subject.settlement).bookings) == 0


def test_a_loss_goes_to_its_own_account():
    subject = abroad(line("1", "100"), rate="0.92")
    subject.post("record_payment", worth=worth("0.90"))
    assert told(subject.settlement, 1) == [
        ("payment", "1200", "debtor", "119.00", "107.10"),
        ("exchange", "2150", "debtor", "0.00", "2.38"),
    ]


def test_where_nothing_is_gained_nothing_is_booked_for_it():
    subject = abroad(line("1", "100"), rate="0.92")
    subject.post("record_payment", worth=worth("0.92"))
    assert [each.kind for each in journal(subject.settlement).bookings] == ["revenue", "payment"]


def test_a_reversal_takes_the_difference_back_from_the_same_account():
    subject = abroad(line("1", "100"), rate="0.92")
    for rate, account in (("0.95", "2660"), ("0.90", "2150")):
        before = len(journal(subject.settlement).bookings)
        subject.reverse(subject.post("record_payment", "100", worth=worth(rate)), on=LATER)
        paid, difference, back, difference_back = journal(subject.settlement).bookings[before:]
        assert {difference.debit, difference.credit} == {"debtor", account}
        mirrored = (difference.credit, difference.debit, difference.booked_amount)
        assert (difference_back.debit, difference_back.credit, difference_back.booked_amount) == (
            mirrored
        )
        assert (back.reverses, back.booked_amount) == (paid.booking_id, paid.booked_amount)
        assert difference_back.reverses == difference.booking_id
        assert difference_back.booked_on == LATER
    assert left(subject.settlement) == D("109.48")
    assert buyers_side(journal(subject.settlement).bookings) == D("109.48")


def test_surplus_that_is_given_back_at_another_rate():
    subject = abroad(line("1", "100", "1", EXEMPT), rate="0.92")
    subject.post("record_payment", "120", worth=worth("0.90"))
    subject.post("refund", "20", worth=worth("0.95"))
    assert told(subject.settlement, 1) == [
        ("payment", "1200", "debtor", "120.00", "108.00"),
        ("exchange", "2150", "debtor", "0.00", "2.00"),
        ("refund", "debtor", "1200", "20.00", "19.00"),
        ("exchange", "2150", "debtor", "0.00", "1.00"),
    ]
    assert buyers_side(journal(subject.settlement).bookings) == 0


def test_what_is_given_up_takes_its_part_of_the_value_over_all_of_its_rates():
    subject = abroad(line("1", "100"), line("2", "100", "1", S7), rate="0.9233")
    settlement = subject.settlement
    subject.post("record_payment", "33.33", worth=worth("0.9233"))
    subject.post("take_discount", "4.52")
    subject.post("write_off")
    for each in settlement.entries:
        made = [x for x in journal(settlement).bookings if x.settlement_entry == each.entry_id]
        assert sum(x.booked_amount for x in made) == each.booked_amount
        assert {x.exchange_rate for x in made} == {D("0.9233")}
    kinds = [str(each.kind) for each in journal(settlement).bookings]
    assert kinds == ["revenue"] * 2 + ["payment"] + ["discount"] * 2 + ["write_off"] * 2
    assert buyers_side(journal(settlement).bookings) == left(settlement) == 0


def test_surplus_of_another_document_brings_what_it_stands_for_there():
    subject = abroad(line("1", "100", "1", EXEMPT), rate="0.92")
    subject.post("record_payment", "150", worth=worth("0.80"))  # 50 above the claim, at 0.80
    note = subject.credit("40.00")
    subject.reverse(subject.settlement.entries[0].entry_id)
    subject.post("record_payment", worth=worth("0.92"))
    for settlement in (subject.settlement, note):
        assert buyers_side(journal(settlement).bookings) == left(settlement)


def test_a_payment_waits_for_its_rate_and_its_difference_comes_with_it():
    subject = abroad(line("1", "100", "1", EXEMPT), rate="0.92")
    settlement = subject.settlement
    entry = subject.post("record_payment", "60")
    subject.post("write_off", "10")
    assert [(row[0], row[-1]) for row in told(settlement, 1)] == [
        ("payment", "pending"),
        ("write_off", "pending"),
    ]
    assert settlement.awaits_rates
    ids = [each.booking_id for each in journal(settlement).bookings]
    complete_books(settlement, None, {entry: worth("0.95")})
    assert [(row[0], row[-1]) for row in told(settlement)] == [
        ("revenue", "92.00"),
        ("payment", "57.00"),
        ("write_off", "9.20"),
        ("exchange", "1.80"),
    ]
    bookings = journal(settlement).bookings
    assert [each.booking_id for each in bookings[:3]] == ids
    assert bookings[3].sequence == 4
    assert bookings[3].booking_id == booking_id(bookings[3].document_id, 4)
    assert not journal(settlement).waits
    event = settlement.recorded[-1]
    assert isinstance(event, EntriesBooked)
    assert [each.sequence for each in event.bookings] == [2, 3, 4], "the revenue is as it was"
    complete_books(settlement, at("0.99"), {entry: worth("0.99")})
    assert journal(settlement).bookings == bookings


def test_what_the_bank_said_is_booked_at_once_and_the_difference_when_the_document_has_a_rate():
    subject = abroad(line("1", "100", "1", EXEMPT))
    subject.post("record_payment", worth=received("91.00"))
    assert [row[-1] for row in told(subject.settlement)] == ["pending", "91.00"]
    complete_books(subject.settlement, at("0.92"), {})
    assert told(subject.settlement) == [
        ("revenue", "debtor", "8100", "100.00", "92.00"),
        ("payment", "1200", "debtor", "100.00", "91.00"),
        ("exchange", "2150", "debtor", "0.00", "1.00"),
    ]
    event = subject.settlement.recorded[-1]
    assert isinstance(event, EntriesBooked)
    assert [each.sequence for each in event.bookings] == [1, 3]


def test_late_differences_of_a_payment_and_its_reversal_name_each_other():
    subject = abroad(line("1", "100", "1", EXEMPT))
    entry = subject.post("record_payment", "50")
    subject.reverse(entry)
    complete_books(subject.settlement, at("0.92"), {entry: worth("0.95")})
    *_, gained, back = journal(subject.settlement).bookings
    assert (gained.kind, back.kind) == (BookingKind.EXCHANGE, BookingKind.EXCHANGE)
    assert back.reverses == gained.booking_id
    assert (back.debit, back.credit) == ("2660", "debtor")
    assert buyers_side(journal(subject.settlement).bookings) == D("92.00")


def test_a_void_document_comes_to_nothing_in_the_books_whenever_its_rates_come():
    late, early = abroad(line("1", "100")), abroad(line("1", "100"), rate="0.92")
    for subject in (late, early):
        entry = subject.post("record_payment", "50", worth=received("47.00"))
        subject.reverse(entry)
        subject.settlement.close_void(moved=True)
    assert journal(late.settlement).waits
    assert late.settlement.awaits_rates
    complete_books(late.settlement, at("0.92"), {})
    assert not journal(late.settlement).waits
    for subject in (late, early):
        bookings = journal(subject.settlement).bookings
        assert not any(each.pending for each in bookings)
        assert by_account(bookings) == {}
        assert buyers_side(bookings) == 0
        taken_back = [each.reverses for each in bookings if each.reverses]
        assert len(taken_back) >= len(bookings) // 2
    assert len(journal(late.settlement).bookings) == len(journal(early.settlement).bookings)


def test_a_value_that_turned_round_is_said_by_the_difference_alone():
    """Paid at 2.00 beyond the claim, then the first payment bounced."""
    subject = abroad(line("1", "200", "1", EXEMPT), rate="0.90")
    first = subject.post("record_payment", "100", worth=worth("0.90"))
    subject.post("record_payment", "150", worth=worth("2.00"))
    subject.reverse(first)
    assert left(subject.settlement) == D("-10.00")
    assert subject.settlement.open == D("50.00")
    since = len(journal(subject.settlement).bookings)
    subject.post("write_off")
    made = told(subject.settlement, since)
    assert [(row[0], row[-1]) for row in made] == [("write_off", "0.00"), ("exchange", "10.00")]
    assert buyers_side(journal(subject.settlement).bookings) == 0


def test_a_journal_made_again_of_events_goes_on_as_it_was():
    subject = abroad(line("1", "100"), line("2", "3.33", "1", S7))
    entry = subject.post("record_payment", "50")
    subject.post("take_discount", "1.00")
    complete_books(subject.settlement, at("0.92"), {entry: worth("0.95")})
    again = Settlement.rehydrate(subject.settlement.id, subject.settlement.recorded)
    assert journal(again).bookings == journal(subject.settlement).bookings
    assert not journal(again).pending
    assert journal(again).book.exchange_rate == D("0.92")


def test_where_the_books_are_kept_in_the_currency_of_the_document_there_is_no_difference():
    subject = Case.of(content(line("1", "100")), entity(ACCRUAL, accounting=BOOKS))
    subject.post("record_payment", on=TODAY)
    [event] = [each for each in subject.settlement.recorded if isinstance(each, EntryRecorded)]
    assert [(each.kind, each.booked_amount) for each in event.bookings] == [
        (BookingKind.PAYMENT, D("119.00"))
    ]
