"""Discount for paying early, over documents with three rates."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.tax.tax_entries import TaxCause
from invx.contexts.invoicing.domain.tax.tax_holdings import left_of
from invx.rules.totals.model import ZERO, Tax
from tests.unit.invoicing.domain.drafts import S7, S19, D, Z, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity, figures
from tests.unit.invoicing.domain.test_tax_properties import case, cents

APRIL, MAY, JUNE = (date(2026, month, 3) for month in (4, 5, 6))
FOURTH = Tax(category="S", rate=D("5.5"))
three = st.tuples(cents, cents, cents)
RATES = (S19, S7, Z)


def invoice(registration):
    """119.00, 107.00 and 100.00."""
    lines = [line(str(at), "100.00", "1", tax) for at, tax in enumerate(RATES)]
    return Case.of(content(*lines), entity(registration))


@pytest.mark.parametrize("paid_first", [True, False])
@pytest.mark.parametrize("registration", [ACCRUAL, CASH])
def test_two_percent_lower_each_rate_by_two_percent(registration, paid_first):
    subject = invoice(registration)
    if paid_first:
        subject.post("record_payment", "319.48", on=APRIL)
        subject.post("take_discount", on=APRIL)
    else:
        subject.post("take_discount", "6.52", on=APRIL)
        subject.post("record_payment", on=APRIL)
    assert figures(subject.ledger) == {
        "19": ("98.00", "18.62"),
        "7": ("98.00", "6.86"),
        "0": ("98.00", "0.00"),
    }


def test_on_accrual_it_corrects_in_the_month_in_which_it_is_taken():
    subject = invoice(ACCRUAL)
    subject.post("record_payment", "319.48", on=APRIL)
    subject.post("take_discount", on=MAY)
    taken = [each for each in subject.ledger if each.period == "2026-05"]
    assert {each.cause for each in taken} == {TaxCause.DISCOUNT_TAKEN}
    assert figures(taken) == {
        "19": ("-2.00", "-0.38"),
        "7": ("-2.00", "-0.14"),
        "0": ("-2.00", "0.00"),
    }
    assert "2026-04" not in figures(subject.ledger, "period")


def test_on_cash_the_ledger_never_hears_of_it():
    subject = invoice(CASH)
    subject.post("take_discount", "6.52", on=APRIL)
    assert subject.ledger == []
    subject.post("record_payment", on=MAY)
    assert {each.cause for each in subject.ledger} == {TaxCause.CASH_RECEIVED}


@given(prices=three, percent=st.integers(1, 10), parts=st.integers(1, 5))
def test_every_rate_is_discounted_in_its_proportion_to_a_cent(prices, percent, parts):
    """Payments first, in parts, then the discount takes the rest."""
    subject = case(list(zip(prices, RATES, strict=True)), entity(ACCRUAL))
    account = subject.settlement.taxes.account
    discount = (account.total * percent / 100).quantize(D("0.01"))
    money = account.total - discount
    for _ in range(parts):
        part = (money / parts).quantize(D("0.01"), "ROUND_DOWN")
        if part:
            subject.post("record_payment", part, on=APRIL)
    rest = subject.settlement.open - discount
    if rest:
        subject.post("record_payment", rest, on=APRIL)
    if not discount:
        return
    subject.post("take_discount", discount, on=MAY)
    found = subject.settlement.taxes.held.discounted
    assert found.amount == discount == sum(found.cells, ZERO)
    for cell, whole in zip(found.cells, account.cells, strict=True):
        assert abs(cell - whole * discount / account.total) <= D("0.02")


@given(prices=three, amounts=st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_both_bases_agree_on_each_rate_whenever_the_discount_is_taken(prices, amounts):
    """Every other step is a discount; the rest is paid. Cash knows only what came in."""
    ends = []
    for registration in (ACCRUAL, CASH):
        subject = case(list(zip(prices, RATES, strict=True)), entity(registration))
        for index, percent in enumerate(amounts):
            amount = (subject.settlement.open * percent / 100).quantize(D("0.01"))
            if amount:
                subject.post("take_discount" if index % 2 else "record_payment", amount)
        if subject.settlement.open:
            subject.post("record_payment")
        assert not any(
            left_of(subject.settlement.taxes.account, subject.settlement.taxes.held).cells
        )
        ends.append(figures(subject.ledger))
    assert ends[0] == ends[1]


@given(prices=three, cut=st.integers(1, 50))
def test_the_tax_that_is_left_is_that_of_the_money_that_came(prices, cut):
    """Of each rate, tax over base stays the rate, but for the cent that rounding moves."""
    subject = case(list(zip(prices, (S19, S7, FOURTH), strict=True)), entity(CASH))
    total = subject.settlement.taxes.account.total
    amount = (total * cut / 100).quantize(D("0.01"))
    if not amount or amount == total:
        return
    subject.post("take_discount", amount)
    subject.post("record_payment")
    assert sum(each.base + each.tax for each in subject.ledger) == total - amount
    for each in subject.ledger:
        assert abs(each.tax - each.base * each.rate / 100) <= D("0.02")


@pytest.mark.parametrize("registration", [ACCRUAL, CASH])
def test_a_line_that_is_credited_after_a_discount_is_given_back_at_its_own_rate(registration):
    """98.00 of each rate came in; the note says 107.00, of which only what came can go back."""
    subject = invoice(registration)
    subject.post("take_discount", "6.52", on=APRIL)
    subject.post("record_payment", on=APRIL)
    note = subject.credit(line="1", on=MAY)
    subject.post("refund", on=JUNE, which=1)
    assert note.surplus == ZERO
    left = figures(subject.ledger)
    assert left["19"] == ("98.00", "18.62")
    assert left["0"] == ("98.00", "0.00")
    assert left["7"] == ("-2.00", "-0.14"), "more was given back than had come in"


def test_a_discount_and_a_write_off_together_give_up_all_of_the_tax():
    subject = invoice(ACCRUAL)
    subject.post("write_off", "300.00", on=APRIL)
    subject.post("take_discount", on=MAY)
    assert figures(subject.ledger) == {}
    causes = {each.cause for each in subject.ledger}
    assert causes == {TaxCause.ISSUED, TaxCause.WRITTEN_OFF, TaxCause.DISCOUNT_TAKEN}
