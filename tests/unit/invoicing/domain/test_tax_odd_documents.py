"""The tax ledger where what is paid is not the gross: prepaid, rounded, mixed signs, levies."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import TaxCurrency
from invx.contexts.invoicing.domain.tax.tax_entries import TaxCause
from invx.contexts.invoicing.domain.tax.tax_holdings import left_of
from invx.rules.totals.model import ZERO, Profile, Regime, Tax
from tests.unit.invoicing.domain.drafts import S7, S19, D, content, line
from tests.unit.invoicing.domain.taxed import (
    ACCRUAL,
    CASH,
    Case,
    entity,
    entries_of,
    figures,
    groups_of,
)
from tests.unit.invoicing.domain.test_tax_properties import cells_of, close, run, steps

LEVY = Tax(regime=Regime.LEVY, category="ECO", rate=D(2))
KEPT = Tax(regime=Regime.WITHHOLDING, category="IRPF", rate=D(15))
prices = st.integers(-9_000, 30_000).map(lambda value: Decimal(value).scaleb(-2))
sets = st.sampled_from([(S19,), (S7,), (S19, LEVY), (S7, KEPT)])
items = st.lists(st.tuples(prices, sets), min_size=1, max_size=4)
sellers = st.sampled_from([ACCRUAL, CASH]).map(entity)


@st.composite
def odd(draw):
    """A plain document with anything on it that parts the claim from the gross."""
    lines = [
        line(str(index), str(price), "1", *taxes)
        for index, (price, taxes) in enumerate(draw(items))
    ]
    more = {
        "prepaid": draw(st.sampled_from([ZERO, D("5.00"), D("90.00")])),
        "payable_rounding": draw(st.sampled_from([None, D("0.02"), D("-0.03")])),
        "tax_currency": draw(st.sampled_from([None, TaxCurrency(currency="PLN", rate=D("4.27"))])),
    }
    return content(*lines, profile=Profile.PLAIN, **more)


@given(said=odd(), seller=sellers, sequence=steps)
def test_every_share_keeps_its_sign_and_all_make_the_document(said, seller, sequence):
    for settlement in run(Case.of(said, seller), sequence).settlements:
        if settlement.taxes is None:
            continue
        account, held = settlement.taxes.account, settlement.taxes.held
        left = left_of(account, held)
        shares = [held.credited, held.received, held.discounted, held.written_off, left]
        assert sum(each.amount for each in shares) == abs(account.total)
        for at, whole in enumerate(account.cells):
            parts = [each.cells[at] for each in shares]
            assert sum(parts) == whole
            assert all(part * whole >= 0 for part in parts)


@given(said=odd(), seller=sellers, sequence=steps)
def test_what_is_paid_in_full_is_entered_in_full_and_in_both_currencies(said, seller, sequence):
    for settlement in close(run(Case.of(said, seller), sequence)).settlements:
        if settlement.taxes is None or settlement.standing.voided:
            continue
        account, held = settlement.taxes.account, settlement.taxes.held
        assert not any(left_of(account, held).cells)
        given_up = (held.credited.amount, held.discounted.amount, held.written_off.amount)
        if any(given_up) or any(any(s.cells) for s in (held.credited, held.discounted)):
            continue
        assert cells_of(settlement) == account.cells
        if account.tax_currency:
            entries = entries_of(settlement)
            for name in ("base", "tax"):
                stated = sum(getattr(each, f"accounted_{name}") for each in account.groups)
                assert sum(getattr(each, f"accounted_{name}") for each in entries) == stated


@given(price=st.integers(1, 500), parts=st.lists(st.integers(1, 50), max_size=8))
def test_yen_have_no_decimals_to_lose(price, parts):
    said = content(line("1", str(price), "1", S19), line("2", str(price * 3), "1", S7),
                   currency="JPY", profile=Profile.PLAIN)  # fmt: skip
    subject = Case.of(said, entity(CASH))
    for part in parts:
        subject.post("record_payment", part)
    close(subject)
    assert figures(subject.ledger) == groups_of(subject.settlement)


def test_what_was_paid_before_counts_on_the_day_of_issue_on_cash():
    subject = Case.of(content(line("1", "100.00"), prepaid=D("19.00")), entity(CASH))
    assert figures(subject.ledger, "cause", "period") == {
        ("cash_received", "2026-03"): ("15.97", "3.03")
    }
    subject.post("record_payment", "100.00", on=date(2026, 4, 1))
    assert figures(subject.ledger) == {"19": ("100.00", "19.00")}


def test_a_document_that_costs_nothing_is_entered_when_it_is_issued():
    lines = (line("1", "119.00", "1", S7), line("2", "-107.00", "1", S19))
    said = content(*lines, profile=Profile.PLAIN)
    subject = Case.of(said, entity(CASH))
    assert subject.settlement.taxes.account.total == ZERO
    assert figures(subject.ledger) == groups_of(subject.settlement)


def test_withholding_is_no_tax_of_the_sellers():
    said = content(line("1", "100.00", "1", S19, KEPT), profile=Profile.PLAIN)
    subject = Case.of(said, entity(CASH))
    subject.post("record_payment", "104.00")
    assert figures(subject.ledger) == {"19": ("100.00", "19.00")}


def test_a_document_without_tax_has_no_account():
    said = content(line("1", "0.00"))
    assert Case.of(said, entity(CASH)).settlement.taxes is None


@pytest.mark.parametrize("registration", [ACCRUAL, CASH])
def test_what_is_written_off_and_paid_after_all_is_entered_once(registration):
    """In the month of the payment, whether or not anybody takes the write-off back."""
    subject = Case.of(content(line("1", "100.00")), entity(registration))
    gone = subject.post("write_off", on=date(2026, 4, 1))
    subject.post("record_payment", "119.00", on=date(2026, 5, 2))
    by_month = figures(subject.ledger, "period")
    assert by_month["2026-05"] == ("100.00", "19.00")
    subject.reverse(gone, on=date(2026, 6, 1))
    assert figures(subject.ledger, "period") == by_month
    assert figures(subject.ledger) == {"19": ("100.00", "19.00")}


def test_surplus_is_not_taxed_and_neither_is_its_refund():
    subject = Case.of(content(line("1", "100.00")), entity(CASH))
    subject.post("record_payment", "200.00")
    assert figures(subject.ledger) == {"19": ("100.00", "19.00")}
    before = len(subject.ledger)
    subject.post("refund", "81.00")
    assert len(subject.ledger) == before


def test_a_credit_note_takes_of_what_is_unpaid_where_it_can():
    """119.00 and 107.00, of which 150.00 are paid; both rates are credited by halves."""
    subject = Case.of(content(line("1", "100.00"), line("2", "100.00", "1", S7)), entity(CASH))
    subject.post("record_payment", "150.00")
    subject.credit("120.00")
    assert {each.cause for each in subject.ledger} == {TaxCause.CASH_RECEIVED}


def test_a_credit_note_that_takes_what_was_paid_moves_the_money_to_the_other_rate():
    subject = Case.of(content(line("1", "100.00"), line("2", "100.00", "1", S7)), entity(CASH))
    subject.post("record_payment", "200.00")
    subject.credit()
    causes = {each.cause for each in subject.ledger}
    assert causes == {TaxCause.CASH_RECEIVED}, "money and credit leave nothing to move"
    close(subject)
    assert figures(subject.ledger) == {}
