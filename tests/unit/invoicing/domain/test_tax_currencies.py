"""Documents in two currencies on cash: parts, credits, reversals and voids in both."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import TaxCurrency
from invx.contexts.invoicing.domain.tax.tax_entries import RATE_OF_DOCUMENT, TaxCause
from invx.kernel.errors import DomainError
from invx.rules.totals.model import ZERO, Profile
from tests.unit.invoicing.domain.drafts import S7, S19, D, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity, entries_of, figures
from tests.unit.invoicing.domain.test_tax_properties import case, cents, close, lines, sellers

APRIL, MAY, JUNE = (date(2026, month, 3) for month in (4, 5, 6))
ZLOTY = TaxCurrency(currency="PLN", rate=D("4.2713"))
FORINT = TaxCurrency(currency="HUF", rate=D("397.18"))
YEN = TaxCurrency(currency="JPY", rate=D("171.913"))
TINY = TaxCurrency(currency="EUR", rate=D("0.0007"))
rates = st.sampled_from([ZLOTY, FORINT, YEN, TINY])


def accounted(entries):
    """Base and tax in the tax currency."""
    return tuple(
        sum((getattr(each, f"accounted_{name}") for each in entries), ZERO)
        for name in ("base", "tax")
    )


def stated(settlement):
    """What the document as a whole is in the tax currency."""
    return accounted(settlement.taxes.account.groups)


@given(said=lines, rate=rates, payments=st.lists(cents, max_size=8))
def test_part_payments_on_cash_come_to_the_document_in_its_tax_currency(said, rate, payments):
    subject = case(said, entity(CASH), tax_currency=rate)
    for paid in payments:
        subject.post("record_payment", paid)
    close(subject)
    assert accounted(subject.ledger) == stated(subject.settlement)


@given(said=lines, rate=rates, seller=sellers, payments=st.lists(cents, max_size=5))
def test_no_part_payment_turns_the_sign_in_the_tax_currency(said, rate, seller, payments):
    subject = case(said, seller, tax_currency=rate)
    for paid in payments:
        subject.post("record_payment", paid)
    for each in subject.ledger:
        assert each.accounted_base * each.base >= 0
        assert each.accounted_tax * each.tax >= 0
        assert (each.tax_currency, each.exchange_rate) == (rate.currency, rate.rate)
        assert (each.rate_source, each.provisional) == (RATE_OF_DOCUMENT, False)


@given(said=lines, rate=rates, seller=sellers)
def test_an_unpaid_document_that_is_voided_leaves_nothing_in_either_currency(said, rate, seller):
    subject = case(said, seller, tax_currency=rate)
    subject.settlement.close_void()
    assert figures(subject.ledger) == {}
    assert accounted(subject.ledger) == (ZERO, ZERO)


def test_what_was_prepaid_on_cash_goes_in_both_currencies_when_the_document_is_voided():
    said = content(line("1", "100.00"), prepaid=D("59.50"), tax_currency=ZLOTY)
    subject = Case.of(said, entity(CASH))
    assert accounted(subject.ledger) == (D("213.57"), D("40.58"))  # 50.00 and 9.50 at 4.2713
    subject.settlement.close_void()
    assert [each.cause for each in subject.ledger] == [TaxCause.CASH_RECEIVED, TaxCause.VOIDED]
    assert {each.period for each in subject.ledger} == {"2026-03"}
    assert accounted(subject.ledger) == (ZERO, ZERO)


@pytest.mark.parametrize("registration", [ACCRUAL, CASH])
def test_a_document_with_an_entry_is_not_voided_not_even_when_it_was_reversed(registration):
    subject = Case.of(content(line("1", "100.00"), tax_currency=ZLOTY), entity(registration))
    subject.reverse(subject.post("record_payment", "10.00"))
    before = list(subject.ledger)
    with pytest.raises(DomainError):
        subject.settlement.close_void()
    assert subject.ledger == before


def test_a_void_on_accrual_stands_at_the_tax_point_that_it_takes_back():
    said = content(line("1", "100.00"), supply_date=date(2026, 1, 31), tax_currency=ZLOTY)
    subject = Case.of(said, entity(ACCRUAL))
    subject.settlement.close_void()
    issued, voided = subject.ledger
    assert (voided.tax_point, voided.period) == (issued.tax_point, issued.period)
    assert (voided.accounted_base, voided.accounted_tax) == (
        -issued.accounted_base,
        -issued.accounted_tax,
    )


def test_a_void_takes_no_second_time():
    subject = Case.of(content(line("1", "100.00")), entity(ACCRUAL))
    subject.settlement.close_void()
    subject.settlement.close_void()
    assert len(subject.ledger) == 2
    with pytest.raises(DomainError):
        subject.post("record_payment")
    assert figures(subject.ledger) == {}


@given(said=lines, rate=rates, first=cents)
def test_a_credit_of_all_leaves_nothing_in_the_tax_currency_once_money_is_back(said, rate, first):
    subject = case(said, entity(CASH), tax_currency=rate)
    subject.post("record_payment", first)
    subject.credit()
    close(subject)
    for settlement in subject.settlements:
        if settlement.surplus or settlement.open:
            return
    assert figures(subject.ledger) == {}
    assert accounted(subject.ledger) == (ZERO, ZERO)


def test_money_that_a_credit_moves_between_rates_moves_in_both_currencies():
    """Half of 1,190.00 and 535.00 is paid; then the 7 % are credited."""
    said = content(line("1", "1000.00"), line("2", "500.00", "1", S7), tax_currency=ZLOTY)
    subject = Case.of(said, entity(CASH))
    subject.post("record_payment", "862.50", on=APRIL)
    subject.credit(line="2", on=MAY)
    by_rate = {
        rate: accounted([each for each in subject.ledger if each.rate == rate])
        for rate in (D(19), D(7))
    }
    assert by_rate[D(7)] == (ZERO, ZERO)
    subject.post("record_payment", on=JUNE)
    nineteen = [each for each in subject.ledger if each.rate == D(19)]
    assert accounted(nineteen) == (D("4271.30"), D("811.55"))  # 190.00 at 4.2713 is 811.547


def test_a_note_in_two_currencies_gives_back_what_the_refund_is_worth():
    subject = Case.of(content(line("1", "100.00"), tax_currency=ZLOTY), entity(CASH))
    subject.post("record_payment", on=APRIL)
    note = subject.credit("59.50", on=MAY)
    assert entries_of(note) == []
    subject.post("refund", "11.90", on=JUNE, which=1)
    [entry] = entries_of(note)
    assert (entry.base, entry.tax) == (D("-10.00"), D("-1.90"))
    assert (entry.accounted_base, entry.accounted_tax) == (D("-42.71"), D("-8.12"))
    subject.post("refund", on=JUNE, which=1)
    assert accounted(entries_of(note)) == stated(note)


def test_a_negative_invoice_on_cash_is_entered_when_its_money_is_paid_out():
    said = content(line("1", "-100.00"), profile=Profile.PLAIN, tax_currency=ZLOTY)
    subject = Case.of(said, entity(CASH))
    assert subject.ledger == []
    subject.post("refund", "59.50", on=APRIL)
    assert figures(subject.ledger) == {"19": ("-50.00", "-9.50")}
    assert accounted(subject.ledger) == (D("-213.57"), D("-40.58"))
    subject.post("refund", on=MAY)
    assert accounted(subject.ledger) == stated(subject.settlement)


@given(prices=st.lists(cents, min_size=1, max_size=4), rate=rates)
def test_taxes_in_the_tax_currency_sum_to_what_the_document_states(prices, rate):
    """BT-111 is the whole tax at the rate, rounded once."""
    said = [(price, tax) for price, tax in zip(prices, (S19, S7, S19, S7), strict=False)]
    subject = case(said, entity(ACCRUAL), tax_currency=rate)
    whole = sum((each.tax for each in subject.ledger), ZERO) * rate.rate
    unit = D(1) if rate.currency == "JPY" else D("0.01")
    assert abs(accounted(subject.ledger)[1] - whole) <= unit / 2
