"""Whatever happens to a document, its journal is its settlement, and its tax the tax ledger's."""

from collections import Counter
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.bookkeeping.accounting import Accounting
from invx.contexts.invoicing.domain.bookkeeping.booking import DEBTOR, BookingKind
from invx.contexts.invoicing.domain.bookkeeping.chart import AccountRow, Purpose
from invx.contexts.invoicing.domain.content import TaxCurrency
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.rules.totals.model import ZERO, Tax
from tests.unit.invoicing.domain.drafts import S7, S19, D, Z, content, line, off
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity
from tests.unit.invoicing.domain.test_tax_properties import close, run, steps

OWN = AccountRow(purpose=Purpose.REVENUE, category="S", rate=D("5.5"), account="8399")
BOOKS = Accounting(chart="SKR03", overrides=(OWN,))
EXEMPT = Tax(category="E", reason="exempt", reason_code="VATEX-EU-132-1I")
TAXES = [S19, S7, Z, Tax(category="S", rate=D("5.5")), EXEMPT]
cents = st.integers(1, 40_000).map(lambda value: Decimal(value).scaleb(-2))
lines = st.lists(st.tuples(cents, st.sampled_from(TAXES)), min_size=1, max_size=5)
bases = st.sampled_from([ACCRUAL, CASH])
extras = st.fixed_dictionaries(
    {},
    optional={
        "discounts": st.just((off("0.37"),)),
        "charges": st.just((off("4.10"),)),
        "payable_rounding": st.sampled_from([D("0.02"), D("-0.03")]),
        "prepaid": st.just(D("1.00")),
    },
)


def case(said, basis, more):
    items = [line(str(index), str(price), "1", tax) for index, (price, tax) in enumerate(said)]
    return Case.of(content(*items, **more), entity(basis, accounting=BOOKS))


def sums(settlement):
    bookings = settlement.journal.bookings
    owed = sum((each.receivable for each in bookings), ZERO)
    return owed, sum((each.tax_due for each in bookings), ZERO)


def by_account(subject):
    """Debit less credit of every account that has something."""
    found = Counter()
    for settlement in subject.settlements:
        for each in settlement.journal.bookings:
            found[each.debit] += each.amount
            found[each.credit] -= each.amount
    return {account: amount for account, amount in found.items() if amount}


@given(said=lines, basis=bases, more=extras, sequence=steps)
def test_the_buyers_side_is_the_balance_and_the_tax_is_what_is_not_given_up(
    said, basis, more, sequence
):
    subject = run(case(said, basis, more), sequence)
    for settlement in subject.settlements:
        standing, bookings = settlement.standing, settlement.journal.bookings
        expected = settlement.journal.tax_of(settlement.taxes, voided=standing.voided)
        assert sums(settlement) == (standing.open - standing.surplus, expected)
        for each in bookings:
            assert each.amount >= 0
            touches = DEBTOR in (each.debit, each.credit)
            assert abs(each.receivable) == (each.amount if touches else 0)
            assert abs(each.tax_due) == abs(each.tax or 0)
    told = [each for one in subject.settlements for each in one.journal.bookings]
    moved = [each.receivable for each in told if each.kind is BookingKind.ALLOCATION]
    assert sum(moved) == 0  # what one document loses the other gains
    owed = sum(sums(each)[0] for each in subject.settlements)
    assert by_account(subject).get(DEBTOR, ZERO) == owed


@given(said=lines, more=extras, sequence=steps)
def test_on_accrual_the_tax_of_the_journal_is_the_tax_ledger_rate_by_rate(said, more, sequence):
    subject = run(case(said, ACCRUAL, more), sequence)
    journal = Counter()
    for settlement in subject.settlements:
        for each in settlement.journal.bookings:
            if each.tax is not None:
                journal[each.tax_category, each.tax_rate] += each.tax_due
    ledger = Counter()
    for each in subject.ledger:
        ledger[each.category, each.rate] += each.tax
    assert {key: tax for key, tax in journal.items() if tax} == {
        key: tax for key, tax in ledger.items() if tax
    }


@given(said=lines, more=extras, sequence=steps)
def test_both_bases_have_one_journal(said, more, sequence):
    """The basis says when tax is owed, not what happened."""
    accrual, cash = (run(case(said, basis, more), sequence) for basis in (ACCRUAL, CASH))
    assert by_account(accrual) == by_account(cash)


@given(said=lines, basis=bases, more=extras, sequence=steps)
def test_once_nothing_is_owed_no_buyer_owes_in_the_books_either(said, basis, more, sequence):
    assert DEBTOR not in by_account(close(run(case(said, basis, more), sequence)))


@given(said=lines, basis=bases, more=extras, sequence=steps)
@settings(max_examples=50)
def test_a_journal_made_again_from_stored_events_is_the_same(said, basis, more, sequence):
    for settlement in run(case(said, basis, more), sequence).settlements:
        bookings = settlement.journal.bookings
        assert [each.sequence for each in bookings] == list(range(1, len(bookings) + 1))
        assert len({each.booking_id for each in bookings}) == len(bookings)
        stored = [(type(event), msgspec.json.encode(event)) for event in settlement.recorded]
        events = [msgspec.json.decode(body, type=kind) for kind, body in stored]
        assert Settlement.rehydrate(settlement.id, events).journal.bookings == bookings


@given(
    said=lines,
    more=extras,
    sequence=steps,
    rate=st.decimals("0.0001", "99", places=4),
    late=st.booleans(),
)
def test_in_the_book_currency_the_buyer_owes_what_is_open_at_the_rate(
    said, more, sequence, rate, late
):
    """Whether the rate was known from the start or was told in the end."""
    stated = {} if late else {"tax_currency": TaxCurrency(currency="EUR", rate=rate)}
    subject = run(case(said, ACCRUAL, {**more, "currency": "USD", **stated}), sequence)
    for settlement in subject.settlements:
        if late:
            assert all(each.pending for each in settlement.journal.bookings)
            settlement.state_book_rate(rate)
        owed = ZERO
        for each in settlement.journal.bookings:
            assert not each.pending
            assert each.booked_amount >= 0
            assert each.exchange_rate == rate
            if each.receivable:
                owed += each.booked_amount.copy_sign(each.receivable)
        open_ = settlement.open - settlement.surplus
        assert owed == (open_ * rate).quantize(D("0.01"), "ROUND_HALF_UP")
