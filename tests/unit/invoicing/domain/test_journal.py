"""What is booked for what happens: given a document, when something happens, then bookings."""

from dataclasses import replace
from datetime import date

import pytest

from invx.contexts.invoicing.domain import settlement_errors as errors
from invx.contexts.invoicing.domain.bookkeeping.accounting import Accounting
from invx.contexts.invoicing.domain.bookkeeping.booking import BookingKind
from invx.contexts.invoicing.domain.bookkeeping.chart import AccountRow, Purpose
from invx.contexts.invoicing.domain.bookkeeping.journal import booking_id
from invx.contexts.invoicing.domain.content import Period, TaxCurrency
from invx.contexts.invoicing.domain.posting import Posting
from invx.kernel.errors import Invalid
from invx.rules.totals.model import Profile, Regime, Tax
from tests.unit.invoicing.domain.drafts import ENTITY, S7, S19, TODAY, D, content, line, off
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity

BOOKS = Accounting(chart="SKR03", cost_center_dimension="unit", cost_object_dimension="order")
KEPT = Tax(regime=Regime.WITHHOLDING, category="IRPF", rate=D(15))


def case(*lines, books=BOOKS, basis=ACCRUAL, **more):
    return Case.of(content(*lines, **more), entity(basis, accounting=books))


def booked(settlement, since=0):
    """Kind, debit, credit, amount and the tax in it."""
    return [
        (str(each.kind), each.debit, each.credit, str(each.amount), str(each.tax_due))
        for each in settlement.journal.bookings[since:]
    ]


def test_lines_of_one_account_and_tax_are_one_booking():
    subject = case(line("1", "100"), line("2", "50"), line("3", "10", "1", S7))
    assert booked(subject.settlement) == [
        ("revenue", "debtor", "8400", "178.50", "28.50"),
        ("revenue", "debtor", "8300", "10.70", "0.70"),
    ]


def test_a_booking_says_all_that_accounting_asks():
    said = {"service_period": Period(start=date(2026, 2, 1), end=date(2026, 2, 28))}
    [made] = case(line("1", "100"), **said).settlement.journal.bookings
    assert made.booking_id == booking_id(made.document_id, 1)
    assert (made.legal_entity_id, made.settlement_entry, made.reverses) == (ENTITY, None, None)
    assert (made.booked_on, made.period) == (TODAY, "2026-03")
    assert (made.service_date, made.due_date) == (date(2026, 2, 28), date(2026, 3, 16))
    assert made.document_number == "2026-0001"
    assert (made.amount, made.booked_amount) == (D("119.00"), D("119.00"))
    assert (made.currency, made.book_currency, made.exchange_rate) == ("EUR", "EUR", None)
    assert (made.tax_category, made.tax_rate, made.tax) == ("S", D(19), D("19.00"))
    assert (made.country, made.automatic, made.tax_key) == ("DE", True, None)


def test_cost_centres_part_what_is_booked():
    north, south = {"unit": "N 1", "order": "4711"}, {"unit": "S 1"}
    subject = case(
        line("1", "10", dimensions=north),
        line("2", "20", dimensions=south),
        line("3", "30", dimensions=north),
    )
    made = subject.settlement.journal.bookings
    assert [(each.cost_center, each.cost_object, str(each.amount)) for each in made] == [
        ("N 1", "4711", "47.60"),
        ("S 1", None, "23.80"),
    ]


def test_a_line_that_is_taken_off_stands_on_the_other_side():
    own = line("2", "30", "-1", S7, ledger_account="8731")
    assert booked(case(line("1", "100"), own).settlement) == [
        ("revenue", "debtor", "8400", "119.00", "19.00"),
        ("revenue", "8731", "debtor", "32.10", "-2.10"),
    ]


def test_what_the_document_takes_off_lowers_the_revenue_of_its_taxes():
    subject = case(line("1", "100"), line("2", "100", "1", S7), discounts=(off("10"),))
    assert booked(subject.settlement) == [
        ("revenue", "debtor", "8400", "113.05", "18.05"),
        ("revenue", "debtor", "8300", "101.65", "6.65"),
    ]


def test_lines_below_a_line_are_booked_and_the_line_itself_is_not():
    child = line("1.1", "40")
    parent = replace(line("1", None), taxes=(), children=(child, line("1.2", "2", "1", S7)))
    assert booked(case(parent).settlement) == [
        ("revenue", "debtor", "8400", "47.60", "7.60"),
        ("revenue", "debtor", "8300", "2.14", "0.14"),
    ]


def test_between_gross_and_due_stand_prepayments_roundings_and_what_is_kept_back():
    subject = case(
        line("1", "100.00", "1", S19, KEPT), prepaid=D("20.00"), payable_rounding=D("0.04")
    )
    assert booked(subject.settlement) == [
        ("revenue", "debtor", "8400", "119.00", "19.00"),
        ("payment", "1710", "debtor", "20.00", "0.00"),
        ("revenue", "debtor", "8603", "0.04", "0.00"),
        ("withholding", "1500", "debtor", "15.00", "0.00"),
    ]
    assert subject.settlement.open == D("84.04")


def test_rounding_down_is_booked_the_other_way():
    subject = case(line("1", "100.00"), payable_rounding=D("-0.02"))
    assert booked(subject.settlement, 1) == [("revenue", "8603", "debtor", "0.02", "0.00")]


def test_a_tax_that_is_no_vat_is_owed_on_its_own_account():
    rows = (
        AccountRow(purpose=Purpose.REVENUE, regime=Regime.SALES, account="8338"),
        AccountRow(purpose=Purpose.TAX, regime=Regime.SALES, country="US", account="1768"),
    )
    taxes = [
        Tax(regime=Regime.SALES, category=name, rate=rate, jurisdiction=f"US-{name}")
        for name, rate in (("TX", D("6.25")), ("AUSTIN", D(2)))
    ]
    books = replace(BOOKS, overrides=rows)
    subject = case(line("1", "100", "1", *taxes), books=books, profile=Profile.PLAIN)
    assert booked(subject.settlement) == [
        ("revenue", "debtor", "8338", "100.00", "0.00"),
        ("revenue", "debtor", "1768", "6.25", "6.25"),
        ("revenue", "debtor", "1768", "2.00", "2.00"),
    ]


def test_a_credit_note_takes_revenue_back_and_counts_for_its_original():
    subject = case(line("1", "100"), line("2", "10", "1", S7))
    note = subject.credit("11.90")
    assert booked(subject.settlement, 2) == [
        ("allocation", "debtor", "debtor", "11.90", "0.00"),
    ]
    assert {each[1:3] for each in booked(note)[:-1]} == {("8400", "debtor"), ("8300", "debtor")}
    assert sum(D(each[3]) for each in booked(note)[:-1]) == D("11.90")
    assert [str(each.receivable) for each in note.journal.bookings][-1] == "11.90"
    assert [str(each.receivable) for each in subject.settlement.journal.bookings][-1] == "-11.90"


def test_money_goes_through_the_account_that_is_named():
    subject = case(line("1", "100"))
    settlement = subject.settlement
    settlement.record_payment(Posting(source="a", on=TODAY, amount=D(50), account="1000"))
    settlement.record_payment(Posting(source="b", on=TODAY, amount=D(50), default_account="1220"))
    settlement.record_payment(Posting(source="c", on=TODAY, amount=D(50)))
    settlement.refund(Posting(source="d", on=TODAY, account="1000"))
    assert booked(settlement, 1) == [
        ("payment", "1000", "debtor", "50.00", "0.00"),
        ("payment", "1220", "debtor", "50.00", "0.00"),
        ("payment", "1200", "debtor", "50.00", "0.00"),
        ("refund", "debtor", "1000", "31.00", "0.00"),
    ]


def test_one_source_with_another_account_is_another_payment():
    settlement = case(line("1", "100")).settlement
    first = Posting(source="a", on=TODAY, amount=D(50), account="1000", default_account="1200")
    made = settlement.record_payment(first)
    again = replace(first, account=None, default_account="1230")  # the settings became others
    assert settlement.record_payment(again) == settlement.record_payment(first) == made
    with pytest.raises(errors.SourceReused):
        settlement.record_payment(replace(first, account="1010"))


@pytest.mark.parametrize("account", ["12", "12345678901", "Bank", "debtor", "1200 "])
def test_what_is_no_account_is_refused_by_its_field(account):
    settlement = case(line("1", "100")).settlement
    with pytest.raises(Invalid) as refusal:
        settlement.record_payment(Posting(source="a", on=TODAY, amount=D(1), account=account))
    assert [(p.pointer, p.code) for p in refusal.value.problems] == [
        ("/account", "account_malformed")
    ]


@pytest.mark.parametrize("basis", [ACCRUAL, CASH])
@pytest.mark.parametrize(
    ("name", "kind", "accounts"),
    [
        ("take_discount", "discount", ("8736", "8731")),
        ("write_off", "write_off", ("2406", "2401")),
    ],
)
def test_what_is_given_up_goes_rate_by_rate_with_the_tax_of_the_tax_ledger(
    basis, name, kind, accounts
):
    subject = case(line("1", "100"), line("2", "100", "1", S7), basis=basis)
    subject.post(name, "22.60")
    assert booked(subject.settlement, 2) == [
        (kind, accounts[0], "debtor", "11.90", "-1.90"),
        (kind, accounts[1], "debtor", "10.70", "-0.70"),
    ]


def test_what_is_given_up_of_a_rounded_document_is_all_booked():
    subject = case(line("1", "100"), payable_rounding=D("0.50"))
    subject.post("write_off")
    assert booked(subject.settlement, 2) == [
        ("write_off", "2406", "debtor", "119.00", "-19.00"),
        ("write_off", "2400", "debtor", "0.50", "0.00"),
    ]


def test_paid_after_all_waits_on_clearing_until_the_write_off_is_taken_back():
    subject = case(line("1", "100"))
    given_up = subject.post("write_off")
    subject.post("record_payment", "119.00")
    assert booked(subject.settlement, 2) == [
        ("payment", "1200", "debtor", "119.00", "0.00"),
        ("write_off", "1590", "2406", "119.00", "19.00"),
    ]
    subject.reverse(given_up)
    assert booked(subject.settlement, 4) == [("write_off", "debtor", "1590", "119.00", "0.00")]
    assert not subject.settlement.surplus


@pytest.mark.parametrize("name", ["record_payment", "take_discount", "write_off"])
def test_a_reversal_names_what_it_takes_back(name):
    subject = case(line("1", "100"), line("2", "100", "1", S7))
    entry = subject.post(name, "50.00")
    made = subject.settlement.journal.bookings[2:]
    subject.reverse(entry, on=date(2026, 4, 1))
    back = subject.settlement.journal.bookings[2 + len(made) :]
    assert [each.reverses for each in back] == [each.booking_id for each in made]
    for one, other in zip(made, back, strict=True):
        assert (one.debit, one.credit, one.amount) == (other.credit, other.debit, other.amount)
        assert (one.tax_due, one.receivable) == (-other.tax_due, -other.receivable)
        assert (other.period, other.automatic) == ("2026-04", one.automatic)


def test_a_returned_payment_leaves_the_account_that_it_came_through():
    subject = case(line("1", "100"))
    posting = Posting(source="a", on=TODAY, amount=D(50), account="1000")
    entry = subject.settlement.record_payment(posting)
    subject.reverse(entry.entry_id)
    assert booked(subject.settlement, 2) == [("payment", "debtor", "1000", "50.00", "0.00")]


def test_void_takes_all_back_when_it_was_booked():
    subject = case(line("1", "100"), prepaid=D("19.00"))
    subject.settlement.close_void()
    assert booked(subject.settlement, 2) == [
        ("revenue", "8400", "debtor", "119.00", "-19.00"),
        ("payment", "debtor", "1710", "19.00", "0.00"),
    ]
    made = subject.settlement.journal.bookings
    assert [each.reverses for each in made[2:]] == [each.booking_id for each in made[:2]]
    assert {each.booked_on for each in made} == {TODAY}


def test_what_was_taken_back_already_is_no_matter_for_a_void():
    subject = case(line("1", "100"))
    for source in ("a", "b"):
        entry = subject.settlement.record_payment(Posting(source=source, on=TODAY, amount=D(50)))
        subject.reverse(entry.entry_id)
    subject.settlement.close_void(moved=True)
    made = subject.settlement.journal.bookings
    [sale, *others, void] = made
    assert void.reverses == sale.booking_id
    assert [each.sequence for each in made] == [1, 2, 3, 4, 5, 6]
    taken_back = [each.reverses for each in made if each.reverses is not None]
    assert len(set(taken_back)) == len(taken_back) == 3, "each once"
    assert sum(each.receivable for each in made) == 0
    assert sum(each.receivable for each in others) == 0


def test_what_buyers_keep_back_is_booked_as_that():
    subject = case(line("1", "100"))
    subject.post("withhold", "19.00")
    assert booked(subject.settlement, 1) == [("withholding", "1500", "debtor", "19.00", "0.00")]


def test_without_tax_there_is_one_account_for_what_is_given_up():
    rows = (AccountRow(purpose=Purpose.REVENUE, account="8200"),)
    books = replace(BOOKS, overrides=rows)
    bare = replace(line("1", "100"), taxes=())
    subject = case(bare, books=books, profile=Profile.PLAIN)
    assert subject.settlement.taxes is None
    subject.post("take_discount", "2.00")
    entry = subject.post("write_off", "3.00")
    subject.reverse(entry)
    assert booked(subject.settlement) == [
        ("revenue", "debtor", "8200", "100.00", "0.00"),
        ("discount", "8730", "debtor", "2.00", "0.00"),
        ("write_off", "2400", "debtor", "3.00", "0.00"),
        ("write_off", "debtor", "2400", "3.00", "0.00"),
    ]
    made = subject.settlement.journal.bookings
    assert made[3].reverses == made[2].booking_id


def test_in_another_currency_all_parts_make_the_converted_whole():
    rate = TaxCurrency(currency="EUR", rate=D("0.3333"))
    subject = case(line("1", "0.01"), line("2", "0.01", "1", S7), currency="USD", tax_currency=rate)
    subject.post("record_payment", "0.01")
    subject.post("record_payment", "0.01")
    made = subject.settlement.journal.bookings
    assert [str(each.booked_amount) for each in made] == ["0.01", "0.00", "0.01", "0.00"]
    assert {each.exchange_rate for each in made} == {D("0.3333")}


def test_bookings_wait_for_the_rate_and_have_it_once():
    subject = case(line("1", "100"), currency="USD")
    subject.post("record_payment", "19.00")
    settlement = subject.settlement
    assert [each.pending for each in settlement.journal.bookings] == [True, True]
    ids = [each.booking_id for each in settlement.journal.bookings]
    settlement.state_book_rate(D("0.9204"))
    made = settlement.journal.bookings
    assert [each.booking_id for each in made] == ids
    assert [str(each.booked_amount) for each in made] == ["109.53", "17.49"]
    with pytest.raises(errors.NothingPending):
        settlement.state_book_rate(D("0.9204"))
    subject.post("record_payment")
    assert [str(each.booked_amount) for each in settlement.journal.bookings][-1] == "92.04"


def test_a_rate_to_a_third_currency_is_none_of_the_books():
    rate = TaxCurrency(currency="CHF", rate=D("0.9"))
    subject = case(line("1", "100"), currency="USD", tax_currency=rate)
    assert subject.settlement.journal.pending


def test_without_books_there_is_no_journal():
    subject = case(line("1", "100"), books=None)
    subject.post("record_payment")
    assert subject.settlement.journal is None
    assert all(not getattr(each, "bookings", ()) for each in subject.settlement.recorded)
    with pytest.raises(errors.NothingPending):
        subject.settlement.state_book_rate(D(1))


def test_each_kind_of_the_journal_is_one_that_exporters_know():
    assert {*BookingKind} == {
        "revenue",
        "payment",
        "refund",
        "discount",
        "write_off",
        "withholding",
        "exchange",
        "allocation",
        "rounding",
        "recognition",
        "opening_balance",
    }
