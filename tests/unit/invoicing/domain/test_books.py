"""A foreign document in the books: parts, differences, and rates that come late."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.bookkeeping.books import RECEIVED, BookValue, Worth
from invx.contexts.invoicing.domain.crediting.apply_credit import apply_credit
from invx.contexts.invoicing.domain.delivery.received import Received, received_worth
from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate
from invx.contexts.invoicing.domain.exchange.rates_applying import complete_books, unbooked_money
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_errors import EntryInvalid, SourceReused
from invx.contexts.invoicing.domain.settlement_events import EntriesBooked
from invx.kernel.errors import DomainError
from tests.unit.invoicing.domain.settlements import DAY, SUBJECT, claim, post

D = Decimal
LATER = date(2026, 4, 9)


def at(rate, day=DAY):
    return ExchangeRate(rate=D(rate), source="ecb", day=day)


def foreign(total="100.00", rate="0.92", currency="EUR", **changes):
    """A claim in dollars; without a rate its value is not known yet."""
    claimed = claim(total, "USD", **changes)
    value = BookValue(currency=currency, day=DAY)
    if rate is not None:
        value = value.at(at(rate), claimed.total)
    return Settlement.open_for(claimed, subject_id=SUBJECT, value=value)


def worth(rate):
    return Worth(rate=at(rate))


def carried(settlement):
    return sum((each.carried_amount for each in settlement.entries), D(0))


def shown(entry):
    return str(entry.booked_amount), str(entry.carried_amount), str(entry.exchange_difference)


def test_the_difference_between_the_documents_rate_and_the_payments_is_realised():
    settlement = foreign("10000.00", "0.91")
    entry = settlement.record_payment(post("10000.00", worth=worth("0.9204")))
    assert shown(entry) == ("9204.00", "9100.00", "104.00")
    assert (entry.exchange_rate, entry.rate_source, entry.rate_day) == (D("0.9204"), "ecb", DAY)


def test_what_the_bank_credited_is_kept_exactly():
    settlement = foreign("999.96", "0.9025")
    received = received_worth(settlement, Received(amount=D("902.09"), currency="EUR"))
    entry = settlement.record_payment(post("999.96", worth=received))
    assert shown(entry) == ("902.09", "902.46", "-0.37")
    assert entry.rate_source == RECEIVED
    with pytest.raises(SourceReused):
        settlement.record_payment(post("999.96", worth=Worth(amount=D("902.07"))))


def test_the_last_part_takes_what_rounding_left():
    settlement = foreign("100.00", "0.9233")
    for number, amount in enumerate(("33.33", "33.33", "33.34")):
        settlement.record_payment(post(amount, f"bank:{number}", worth=worth("0.9233")))
    assert carried(settlement) == D("92.33")
    assert [str(each.carried_amount) for each in settlement.entries] == ["30.77", "30.78", "30.78"]


def test_discounts_and_write_offs_bring_no_difference():
    settlement = foreign()
    assert shown(settlement.take_discount(post("2.00", "d"))) == ("1.84", "1.84", "0.00")
    assert shown(settlement.write_off(post("98.00", "w"))) == ("90.16", "90.16", "0.00")


def test_surplus_stands_at_its_own_rate_until_it_is_given_back():
    settlement = foreign()
    paid = settlement.record_payment(post("120.00", worth=worth("0.90")))
    assert shown(paid) == ("108.00", "110.00", "-2.00")  # 92 for the claim, 18 are owed back
    back = settlement.refund(post("20.00", "back", worth=worth("0.95")))
    assert shown(back) == ("-19.00", "-18.00", "-1.00")
    assert carried(settlement) == D("92.00")


def test_a_reversal_takes_back_exactly_what_was_booked():
    settlement = foreign()
    paid = settlement.record_payment(post("60.00", worth=worth("0.95")))
    back = settlement.reverse(paid.entry_id, post(source="bounced", on=LATER))
    assert shown(back) == ("-57.00", "-55.20", "-1.80")
    assert carried(settlement) == 0


def test_a_credit_brings_what_it_stands_for_where_it_comes_from():
    one = foreign()
    other = foreign("-40.00", "0.95", document_id=uuid5(SUBJECT, "note"))
    apply_credit(one, other, post(source="credit"))
    [given_], [taken] = other.entries, one.entries
    assert shown(given_) == ("-38.00", "-38.00", "0.00")
    assert shown(taken) == ("38.00", "36.80", "1.20")
    apply_credit(one, other, post(source="credit"))
    assert len(one.entries) == 1


def test_late_rates_complete_the_entries_in_order():
    settlement = foreign(rate=None)
    first = settlement.record_payment(post("50.00", "a"))
    settlement.record_payment(post("30.00", "b", worth=Worth(amount=D("29.00"))))
    settlement.write_off(post("20.00", "c"))
    assert settlement.awaits_rates
    assert [each.entry_id for each in unbooked_money(settlement)] == [first.entry_id]
    complete_books(settlement, at("0.92"), {})
    assert settlement.awaits_rates
    assert [each.carried_amount for each in settlement.entries] == [None, None, None]
    complete_books(settlement, None, {first.entry_id: worth("0.90")})
    assert not settlement.awaits_rates
    assert [shown(each) for each in settlement.entries] == [
        ("45.00", "46.00", "-1.00"),
        ("29.00", "27.60", "1.40"),
        ("18.40", "18.40", "0.00"),
    ]
    count = len(settlement.recorded)
    complete_books(settlement, at("0.99"), {first.entry_id: worth("0.99")})
    assert len(settlement.recorded) == count
    assert isinstance(settlement.recorded[-1], EntriesBooked)


def test_a_void_document_waits_for_nothing():
    settlement = foreign(rate=None)
    settlement.close_void()
    assert not settlement.awaits_rates


@pytest.mark.parametrize(
    ("amount", "currency", "at", "code"),
    [
        ("1.00", "GBP", "/received/currency", "currency_differs"),
        ("0", "EUR", "/received/amount", "amount_not_positive"),
        ("NaN", "EUR", "/received/amount", "amount_not_positive"),
        ("1E15", "EUR", "/received/amount", "amount_too_large"),
        ("1.001", "EUR", "/received/amount", "amount_not_on_smallest_unit"),
    ],
)
def test_what_cannot_have_been_received(amount, currency, at, code):
    with pytest.raises(EntryInvalid) as refused:
        received_worth(foreign(), Received(amount=D(amount), currency=currency))
    assert [(each.pointer, each.code) for each in refused.value.problems] == [(at, code)]


cents = st.integers(1, 30_000).map(lambda value: D(value).scaleb(-2))
rates = st.decimals("0.01", "200", places=4)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["record_payment", "record_payment", "write_off", "take_discount", "refund", "reverse"]
        ),
        cents,
        st.none() | rates,
    ),
    max_size=12,
)


def run(settlement, sequence, *, known=True):
    """Try every step; gives what the money of each entry is worth."""
    worths = {}
    for number, (name, amount, rate) in enumerate(sequence):
        own = worth(rate) if rate is not None else worth("1.5")
        posting = post(amount, f"s{number}", worth=own if known else Worth())
        try:
            if name == "reverse":
                standing = [each for each in settlement.entries if each.reverses is None]
                if standing:
                    chosen = standing[number % len(standing)].entry_id
                    settlement.reverse(chosen, replace(posting, amount=None))
            else:
                entry = getattr(settlement, name)(posting)
                if name in ("record_payment", "refund"):
                    worths[entry.entry_id] = own
        except DomainError:
            continue
    return worths


@given(total=cents, rate=rates, currency=st.sampled_from(["EUR", "JPY", "KWD"]), sequence=steps)
def test_what_is_carried_and_what_is_left_is_the_value_of_the_document(
    total, rate, currency, sequence
):
    settlement = foreign(total, rate, currency)
    run(settlement, sequence)
    for each in settlement.entries:
        assert each.booked_amount - each.carried_amount == each.exchange_difference
        if each.kind in ("write_off", "discount"):
            assert each.exchange_difference == 0
    if not settlement.open and not settlement.surplus:
        assert carried(settlement) == settlement.books.value.total


@given(total=cents, rate=rates, sequence=steps)
def test_late_rates_lead_to_the_same_figures(total, rate, sequence):
    at_once, late = foreign(total, rate), foreign(total, None)
    run(at_once, sequence)
    worths = run(late, sequence, known=False)
    complete_books(late, at(rate), worths)
    assert late.entries == at_once.entries
    replayed = Settlement.rehydrate(late.id, late.recorded)
    assert replayed.entries == at_once.entries
    assert replayed.awaits_rates is late.awaits_rates
