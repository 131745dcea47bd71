"""A reversal gives back exactly what its entry took, whatever came in between."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import TaxCurrency
from invx.contexts.invoicing.domain.tax.tax_entries import TaxCause
from invx.contexts.invoicing.domain.tax.tax_holdings import nothing_held
from invx.rules.totals.model import ZERO
from tests.unit.invoicing.domain.drafts import S7, D, Z, content, line
from tests.unit.invoicing.domain.taxed import (
    ACCRUAL,
    CASH,
    Case,
    entity,
    entries_of,
    figures,
    groups_of,
)
from tests.unit.invoicing.domain.test_tax_properties import case, close, lines, sellers

POSTINGS = ["record_payment", "take_discount", "write_off"]
APRIL, MAY, JUNE, JULY = (date(2026, month, 3) for month in (4, 5, 6, 7))
percents = st.lists(st.tuples(st.sampled_from(POSTINGS), st.integers(1, 99)), max_size=8)
ZLOTY = TaxCurrency(currency="PLN", rate=D("4.2713"))


def post_percents(subject, sequence, on=APRIL):
    """Post percents of what is open; the ids of the entries with what each entered."""
    made = []
    for name, percent in sequence:
        amount = (subject.settlement.open * percent / 100).quantize(D("0.01"))
        if amount:
            before = len(subject.ledger)
            made.append((subject.post(name, amount, on=on), before, len(subject.ledger)))
    return [(entry, subject.ledger[start:end]) for entry, start, end in made]


def parts(entries, sign=1):
    """What entries hold of each group, in both currencies."""
    found = {}
    for each in entries:
        key = (each.category, each.rate)
        own = (each.base, each.tax, each.accounted_base or ZERO, each.accounted_tax or ZERO)
        old = found.get(key, (ZERO,) * 4)
        found[key] = tuple(a + sign * b for a, b in zip(old, own, strict=True))
    return {key: value for key, value in found.items() if any(value)}


@given(said=lines, seller=sellers, sequence=percents, data=st.data())
def test_in_any_order_each_reversal_gives_back_its_own_entry_and_nothing_else(
    said, seller, sequence, data
):
    subject = case(said, seller)
    made = post_percents(subject, sequence)
    for entry_id, took in data.draw(st.permutations(made)):
        before = len(subject.ledger)
        subject.reverse(entry_id, on=JULY)
        back = subject.ledger[before:]
        assert parts(back, -1) == parts(took)
        assert {(each.period, each.reverses) for each in back} <= {("2026-07", entry_id)}
    taxes = subject.settlement.taxes
    assert taxes.held == nothing_held(taxes.account)


@given(said=lines, seller=sellers, sequence=percents)
def test_a_reversed_document_stands_as_if_nothing_had_ever_been_paid(said, seller, sequence):
    subject = case(said, seller, tax_currency=ZLOTY)
    start = parts(subject.ledger)
    for entry_id, _ in post_percents(subject, sequence):
        subject.reverse(entry_id)
    assert parts(subject.ledger) == start


@given(said=lines, seller=sellers, sequence=percents, again=percents)
def test_what_is_posted_again_after_all_was_reversed_comes_to_the_same(
    said, seller, sequence, again
):
    once, twice = case(said, seller), case(said, seller)
    for entry_id, _ in post_percents(twice, sequence):
        twice.reverse(entry_id)
    first, second = post_percents(once, again), post_percents(twice, again)
    assert [parts(took) for _, took in first] == [parts(took) for _, took in second]


@pytest.mark.parametrize("registration", [ACCRUAL, CASH])
def test_a_payment_that_bounces_after_the_last_one_leaves_the_last_one_as_it_was(registration):
    """The last payment took the odd cents; they stay with it, and the first comes again."""
    said = content(line("1", "33.33"), line("2", "33.34", "1", S7), line("3", "0.05"))
    subject = Case.of(said, entity(registration))
    first = subject.post("record_payment", "25.01", on=APRIL)
    subject.post("record_payment", on=MAY)
    by_month = figures(subject.ledger, "period", "rate")
    subject.reverse(first, on=JUNE)
    subject.post("record_payment", "25.01", on=JULY)
    later = figures(subject.ledger, "period", "rate")
    assert {key: later[key] for key in by_month} == by_month
    if registration is CASH:
        for rate in ("19", "7"):
            assert later["2026-07", rate] == by_month["2026-04", rate]
    assert figures(subject.ledger) == groups_of(subject.settlement)


def test_a_discount_that_was_not_due_comes_back_on_the_day_of_its_reversal():
    subject = Case.of(content(line("1", "100.00"), line("2", "50.00", "1", S7)), entity(ACCRUAL))
    taken = subject.post("take_discount", "3.45", on=APRIL)
    subject.post("record_payment", on=APRIL)
    subject.reverse(taken, on=JUNE)
    assert figures(subject.ledger, "cause", "period", "rate") == {
        ("issued", "2026-03", "19"): ("100.00", "19.00"),
        ("issued", "2026-03", "7"): ("50.00", "3.50"),
        ("discount_taken", "2026-04", "19"): ("-2.00", "-0.38"),
        ("discount_taken", "2026-04", "7"): ("-1.00", "-0.07"),
        ("discount_taken", "2026-06", "19"): ("2.00", "0.38"),
        ("discount_taken", "2026-06", "7"): ("1.00", "0.07"),
    }


def test_on_cash_a_reversed_discount_enters_nothing_until_it_is_paid():
    subject = Case.of(content(line("1", "100.00")), entity(CASH))
    taken = subject.post("take_discount", "11.90", on=APRIL)
    subject.post("record_payment", on=APRIL)
    before = len(subject.ledger)
    subject.reverse(taken, on=MAY)
    assert len(subject.ledger) == before
    subject.post("record_payment", "11.90", on=JUNE)
    assert figures(subject.ledger, "period") == {
        "2026-04": ("90.00", "17.10"),
        "2026-06": ("10.00", "1.90"),
    }


def test_a_bounced_payment_of_what_was_written_off_is_given_up_again():
    """Accrual: given up in April, paid after all in May, returned in June."""
    subject = Case.of(content(line("1", "100.00"), line("2", "100.00", "1", S7)), entity(ACCRUAL))
    subject.post("write_off", on=APRIL)
    paid = subject.post("record_payment", "113.00", on=MAY)
    subject.reverse(paid, on=JUNE)
    by_month = figures(subject.ledger, "cause", "period", "rate")
    for rate in ("19", "7"):
        back, again = (by_month["written_off", month, rate] for month in ("2026-05", "2026-06"))
        assert again == tuple(f"-{each}" for each in back)
    assert figures(subject.ledger) == {}


@pytest.mark.parametrize("registration", [ACCRUAL, CASH])
def test_a_part_of_a_write_off_that_is_paid_comes_back_as_that_part(registration):
    subject = Case.of(
        content(line("1", "100.00"), line("2", "100.00", "1", S7)), entity(registration)
    )
    subject.post("record_payment", "100.00", on=APRIL)
    subject.post("write_off", on=MAY)
    before = len(subject.ledger)
    subject.post("record_payment", "26.00", on=JUNE)
    new = subject.ledger[before:]
    cause = TaxCause.WRITTEN_OFF if registration is ACCRUAL else TaxCause.CASH_RECEIVED
    assert {each.cause for each in new} == {cause}
    assert sum(each.base + each.tax for each in new) == D("26.00")
    held = subject.settlement.taxes.held
    assert (held.received.amount, held.written_off.amount) == (D("126.00"), D("100.00"))
    assert figures(subject.ledger, "rate") == {
        "19": (str(held.received.cells[0]), str(held.received.cells[1])),
        "7": (str(held.received.cells[2]), str(held.received.cells[3])),
    }


def test_more_than_the_write_off_is_surplus_and_enters_nothing():
    subject = Case.of(content(line("1", "100.00")), entity(ACCRUAL))
    subject.post("write_off", on=APRIL)
    subject.post("record_payment", "150.00", on=MAY)
    assert figures(subject.ledger, "period")["2026-05"] == ("100.00", "19.00")
    subject.post("refund", "31.00", on=JUNE)
    assert "2026-06" not in figures(subject.ledger, "period")
    assert figures(subject.ledger) == groups_of(subject.settlement)


@given(said=lines, seller=sellers, amount=st.integers(1, 99))
def test_a_refund_of_a_credit_note_that_is_returned_counts_again_when_it_is_repeated(
    said, seller, amount
):
    subject = case(said, seller)
    subject.post("record_payment", on=APRIL)
    note = subject.credit(on=MAY)
    part = (note.surplus * amount / 100).quantize(D("0.01"))
    if not part:
        return
    start = parts(entries_of(note))
    refund = subject.post("refund", part, on=JUNE, which=1)
    subject.reverse(refund, on=JULY, which=1)
    assert parts(entries_of(note)) == start
    assert figures(close(subject).ledger) == {}


def test_a_rate_of_nothing_has_its_base_in_the_ledger_and_gives_it_back():
    subject = Case.of(content(line("1", "100.00", "1", Z), line("2", "100.00")), entity(CASH))
    paid = subject.post("record_payment", "109.50", on=APRIL)
    assert figures(subject.ledger) == {"0": ("50.00", "0.00"), "19": ("50.00", "9.50")}
    subject.post("record_payment", "10.95", on=MAY)
    subject.reverse(paid, on=JUNE)
    assert figures(subject.ledger) == {"0": ("5.00", "0.00"), "19": ("5.00", "0.95")}
