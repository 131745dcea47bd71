"""A line is credited before, between and after the payments of a document on cash.

1,190.00 at 19 %, 535.00 at 7 %, 100.00 at 0 %: 1,825.00 in all.
"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.tax.tax_entries import TaxCause
from invx.contexts.invoicing.domain.tax.tax_holdings import left_of
from tests.unit.invoicing.domain.drafts import S7, S19, D, Z, content, line
from tests.unit.invoicing.domain.taxed import CASH, Case, entity, entries_of, figures
from tests.unit.invoicing.domain.test_tax_properties import case, cents, close

APRIL, MAY, JUNE, JULY = (date(2026, month, 3) for month in (4, 5, 6, 7))
KEPT = {"19": ("1000.00", "190.00"), "0": ("100.00", "0.00")}


def three_rates():
    lines = (line("1", "1000.00"), line("2", "500.00", "1", S7), line("3", "100.00", "1", Z))
    return Case.of(content(*lines), entity(CASH))


def test_before_any_payment_it_enters_nothing_and_the_payments_are_of_what_stays():
    subject = three_rates()
    subject.credit(line="2", on=APRIL)
    assert subject.ledger == []
    subject.post("record_payment", "645.00", on=MAY)
    assert figures(subject.ledger) == {"19": ("500.00", "95.00"), "0": ("50.00", "0.00")}
    subject.post("record_payment", on=JUNE)
    assert figures(subject.ledger) == KEPT


def test_between_payments_it_moves_what_was_paid_on_it_to_the_rates_that_stay():
    subject = three_rates()
    subject.post("record_payment", "912.50", on=APRIL)  # half
    assert figures(subject.ledger)["7"] == ("250.00", "17.50")
    before = len(subject.ledger)
    subject.credit(line="2", on=MAY)
    moved = subject.ledger[before:]
    assert {(each.cause, each.period) for each in moved} == {(TaxCause.CORRECTED, "2026-05")}
    assert sum(each.base + each.tax for each in moved) == 0, "no money came or went"
    assert figures(moved)["7"] == ("-250.00", "-17.50")
    subject.post("record_payment", on=JUNE)
    assert figures(subject.ledger) == KEPT
    assert subject.settlement.open == 0


def test_after_all_is_paid_nothing_is_entered_until_the_money_is_given_back():
    subject = three_rates()
    subject.post("record_payment", on=APRIL)
    before = len(subject.ledger)
    note = subject.credit(line="2", on=MAY)
    assert len(subject.ledger) == before
    subject.post("refund", "107.00", on=JUNE, which=1)
    subject.post("refund", on=JULY, which=1)
    given_back = entries_of(note)
    assert {each.cause for each in given_back} == {TaxCause.CREDITED}
    assert figures(given_back, "period", "rate") == {
        ("2026-06", "7"): ("-100.00", "-7.00"),
        ("2026-07", "7"): ("-400.00", "-28.00"),
    }
    assert figures(subject.ledger) == KEPT


def test_where_too_little_is_open_it_takes_both_what_is_open_and_what_was_paid():
    """All but 35.00 is paid; the line's 535.00 meet 35.00 that are open and 500.00 to give back."""
    subject = three_rates()
    subject.post("record_payment", "1790.00", on=APRIL)
    subject.credit(line="2", on=MAY)
    assert (subject.settlement.open, subject.notes[0].surplus) == (D("0.00"), D("500.00"))
    assert sum(each.base + each.tax for each in subject.ledger) == D("1790.00")
    subject.post("refund", on=JUNE, which=1)
    assert figures(subject.ledger) == KEPT


def test_two_lines_in_turn_leave_the_third_alone():
    subject = three_rates()
    subject.credit(line="2", on=APRIL)
    subject.post("record_payment", "430.00", on=APRIL)
    subject.credit(line="3", on=MAY)
    assert figures(subject.ledger).keys() == {"19"}
    subject.post("record_payment", on=JUNE)
    assert figures(subject.ledger) == {"19": ("1000.00", "190.00")}


def test_a_bounced_payment_from_before_the_credit_leaves_nothing_on_the_credited_rate():
    subject = three_rates()
    paid = subject.post("record_payment", "912.50", on=APRIL)
    subject.credit(line="2", on=MAY)
    subject.reverse(paid, on=JUNE)
    assert figures(subject.ledger) == {}
    subject.post("record_payment", on=JULY)
    assert figures(subject.ledger) == KEPT


def test_a_credited_line_takes_no_part_of_a_later_write_off():
    subject = three_rates()
    subject.credit(line="1", on=APRIL)
    subject.post("record_payment", "317.50", on=MAY)
    subject.post("write_off", on=JUNE)
    assert figures(subject.ledger) == {"7": ("250.00", "17.50"), "0": ("50.00", "0.00")}
    written_off = subject.settlement.taxes.held.written_off
    assert written_off.cells == (
        D("0.00"),
        D("0.00"),
        D("250.00"),
        D("17.50"),
        D("50.00"),
        D("0.00"),
    )


whens = st.lists(st.integers(0, 3), min_size=3, max_size=3)


@given(prices=st.lists(cents, min_size=3, max_size=3), when=whens, parts=st.tuples(cents, cents))
def test_whenever_lines_are_credited_only_the_others_are_left_at_the_end(prices, when, parts):
    """Each line before, between or after two payments, or never."""
    rates = dict(zip("012", (S19, S7, Z), strict=True))
    subject = case(list(zip(prices, rates.values(), strict=True)), entity(CASH))
    stood = {str(group.rate): (str(group.base), str(group.tax))
             for group in subject.settlement.taxes.account.groups}  # fmt: skip
    for place, part in zip(range(3), (*parts, None), strict=True):
        for id_, wanted in zip(rates, when, strict=True):
            if wanted == place:
                subject.credit(line=id_)
        if part and subject.settlement.open:
            subject.post("record_payment", min(part, subject.settlement.open))
    kept = {str(rates[id_].rate) for id_, wanted in zip(rates, when, strict=True) if wanted == 3}
    assert figures(close(subject).ledger) == {rate: stood[rate] for rate in stood if rate in kept}


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_credit_in_its_place_among_part_payments_keeps_money_and_ledger_equal(place):
    """Whatever was received and not given back is what base and tax sum to, at each step."""
    subject = three_rates()
    for step, amount in enumerate(("123.45", "777.77", "400.00", "500.00")):
        if step == place:
            subject.credit(line="2")
        subject.post("record_payment", amount)
        received = min(subject.settlement.standing.settled, D("1825.00"))
        credited = subject.settlement.taxes.held.credited.amount
        assert sum(e.base + e.tax for e in subject.ledger) == received - credited
        taxes = subject.settlement.taxes
        assert all(cell >= 0 for cell in left_of(taxes.account, taxes.held).cells)
