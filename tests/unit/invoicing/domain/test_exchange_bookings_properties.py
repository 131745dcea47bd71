"""Whatever is done, and whenever the rates come: the buyers' side is what the entries left."""

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import cycle
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.bookkeeping.booking import BookingKind
from invx.contexts.invoicing.domain.bookkeeping.books import Worth
from invx.contexts.invoicing.domain.bookkeeping.journal_worth import buyers_side
from invx.contexts.invoicing.domain.exchange.rates_applying import complete_books, unbooked_money
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.rules.totals.model import ZERO
from tests.unit.invoicing.domain.abroad import abroad, at, journal, left, worth
from tests.unit.invoicing.domain.drafts import line
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case
from tests.unit.invoicing.domain.test_journal_properties import extras, lines
from tests.unit.invoicing.domain.test_tax_properties import close, run, steps

rates = st.decimals("0.0100", "99", places=4)
near = st.decimals("0.8000", "1.2000", places=4)
figures = st.integers(1, 90_000).map(lambda value: Worth(amount=Decimal(value).scaleb(-2)))
monies = st.lists(st.none() | near.map(worth) | figures, min_size=1, max_size=4)


@dataclass
class Paid(Case):
    """Its payments are worth these in turn; None is not known before all rates come."""

    worths: Any = field(default=None)

    def post(self, name, amount=None, *said, worth=None, **more):
        if name in ("record_payment", "refund"):
            worth = next(self.worths)
            if worth is not None and worth.amount is not None and name == "refund":
                worth = Worth(amount=-worth.amount)
        return super().post(name, amount, *said, worth=worth, **more)


def paid(said, more, rate, monies, basis=ACCRUAL):
    items = [line(str(index), str(price), "1", tax) for index, (price, tax) in enumerate(said)]
    made = abroad(*items, rate=rate, basis=basis, **more)
    return Paid(made.seller, made.document, made.settlement, worths=cycle(monies))


def complete(subject, rate, money):
    """All rates that are missing are published: first those of money, then that of the document."""
    for settlement in subject.settlements:
        known = {each.entry_id: worth(money) for each in unbooked_money(settlement)}
        before = {each.booking_id: each for each in journal(settlement).bookings}
        for stage in ((None, known), (at(rate), {})):
            complete_books(settlement, *stage)
            for each in journal(settlement).bookings:
                was = before.get(each.booking_id, each)
                assert was.pending or was == each, "what was told never changes"
                before[each.booking_id] = each


def check(settlement):
    """A journal that waits for nothing."""
    bookings = journal(settlement).bookings
    assert not any(each.pending for each in bookings)
    assert not journal(settlement).waits
    assert all(each.booked_amount >= 0 and each.amount >= 0 for each in bookings)
    assert [each.sequence for each in bookings] == list(range(1, len(bookings) + 1))
    standing = settlement.standing
    assert sum((each.receivable for each in bookings), ZERO) == standing.open - standing.surplus
    assert buyers_side(bookings) == left(settlement)
    if not standing.open and not standing.surplus:
        assert buyers_side(bookings) == 0
    for each in bookings:
        if each.kind is BookingKind.EXCHANGE:
            assert (each.amount, each.receivable, each.tax, each.tax_due) == (0, 0, None, 0)
            assert each.booked_amount > 0


@given(said=lines, more=extras, sequence=steps, rate=st.tuples(rates, st.booleans()), monies=monies)
def test_the_buyers_side_is_what_the_entries_left_in_both_currencies(
    said, more, sequence, rate, monies
):
    rate, late = rate
    subject = run(paid(said, more, None if late else rate, monies), sequence)
    complete(subject, rate, "0.93")
    for settlement in subject.settlements:
        check(settlement)
    for settlement in close(subject).settlements:
        complete(subject, rate, "1.07")
        check(settlement)
        assert buyers_side(journal(settlement).bookings) == 0


@given(said=lines, sequence=steps, rate=near, monies=monies, basis=st.sampled_from([ACCRUAL, CASH]))
def test_each_entry_has_its_own_difference_and_a_reversal_has_it_back(
    said, sequence, rate, monies, basis
):
    subject = run(paid(said, {}, rate, monies, basis), sequence)
    complete(subject, rate, "0.93")
    for settlement in subject.settlements:
        told = {}
        for each in journal(settlement).bookings:
            if each.kind is BookingKind.EXCHANGE and not settlement.standing.voided:
                told[each.settlement_entry] = buyers_side([each])
        for entry in settlement.entries:
            if entry.booked_amount * entry.amount >= 0 and not settlement.standing.voided:
                assert told.get(entry.entry_id, ZERO) == entry.exchange_difference
            if entry.reverses is not None:
                back = told.get(entry.reverses, ZERO)
                assert told.get(entry.entry_id, ZERO) == -back


@given(said=lines, more=extras, sequence=steps, rate=st.tuples(near, st.booleans()), monies=monies)
def test_a_journal_made_again_from_stored_events_is_the_same(said, more, sequence, rate, monies):
    rate, late = rate
    subject = run(paid(said, more, None if late else rate, monies), sequence)
    complete(subject, rate, "0.93")
    for settlement in subject.settlements:
        stored = [(type(event), msgspec.json.encode(event)) for event in settlement.recorded]
        events = [msgspec.json.decode(body, type=kind) for kind, body in stored]
        again = Settlement.rehydrate(settlement.id, events)
        assert journal(again).bookings == journal(settlement).bookings
        assert again.awaits_rates is settlement.awaits_rates
