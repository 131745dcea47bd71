"""Whatever amount is posted: it is refused with its pointer, or the ledger holds it to the unit."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.balance import SettlementStatus
from invx.contexts.invoicing.domain.settlement_errors import EntryInvalid
from invx.kernel.errors import DomainError
from invx.kernel.money import quantize, smallest_unit
from tests.unit.invoicing.domain.settlements import opened, post

currencies = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])
anything = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True),
    st.decimals("0.01", "200", places=2),
    st.integers(1, 500).map(Decimal),
)
NAMES = ["record_payment", "write_off", "withhold", "take_discount"]


def refusal(settlement, name, amount):
    """The fields at fault; what is refused leaves no event."""
    with pytest.raises(EntryInvalid) as refused:
        getattr(settlement, name)(post(amount))
    assert settlement.recorded == []
    return [(each.pointer, each.code) for each in refused.value.problems]


@given(st.sampled_from(NAMES), anything, currencies)
@example("record_payment", Decimal("sNaN"), "EUR")
@example("record_payment", Decimal("1E+999999"), "EUR")
@example("write_off", Decimal("1E-999999"), "EUR")
def test_no_amount_does_worse_than_a_refusal(name, amount, currency):
    settlement = opened("100", currency)
    try:
        entry = getattr(settlement, name)(post(amount))
    except DomainError:
        assert settlement.recorded == []
        assert settlement.entries == ()
        return
    assert entry.amount == amount > 0
    assert str(entry.amount) == str(quantize(amount, currency))
    assert settlement.open - settlement.surplus == settlement.claim.total - amount


@pytest.mark.parametrize("zero", ["0", "-0", "0.00", "0E-19", "0E+9", "0E-1000000"])
@pytest.mark.parametrize("name", NAMES)
def test_zero_moves_nothing_however_many_decimals_it_has(name, zero):
    found = refusal(opened(), name, Decimal(zero))
    assert found == [("/amount", "amount_not_positive")]


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD", "CLF"])
def test_the_smallest_unit_counts_and_its_half_is_refused(currency):
    unit = smallest_unit(currency)
    settlement = opened("100", currency)
    assert refusal(settlement, "record_payment", unit / 2) == [
        ("/amount", "amount_not_on_smallest_unit")
    ]
    settlement.record_payment(post(unit))
    assert settlement.open == 100 - unit
    assert settlement.standing.paid == unit


@pytest.mark.parametrize(
    "amount,codes",
    [
        ("999999999999999", []),
        ("1000000000000000", [("/amount", "amount_too_large")]),
        ("1E+15", [("/amount", "amount_too_large")]),
        ("999999999999999.99", []),
    ],
)
def test_an_amount_has_fifteen_digits_at_most(amount, codes):
    settlement = opened()
    if codes:
        assert refusal(settlement, "record_payment", Decimal(amount)) == codes
    else:
        settlement.record_payment(post(Decimal(amount)))
        assert settlement.surplus == Decimal(amount) - 100


@given(
    total=st.integers(1, 10**6),
    cuts=st.sets(st.integers(1, 10**6), max_size=12),
    currency=currencies,
)
def test_paying_in_any_parts_settles_to_the_last_unit(total, cuts, currency):
    unit = smallest_unit(currency)
    settlement = opened(total * unit, currency)
    edges = [0, *sorted(cut for cut in cuts if cut < total), total]
    for number, (before, after) in enumerate(pairwise(edges)):
        assert settlement.status is not SettlementStatus.SETTLED
        settlement.record_payment(post((after - before) * unit, source=f"part:{number}"))
    assert settlement.status is SettlementStatus.SETTLED
    assert (settlement.open, settlement.surplus) == (0, 0)
    assert settlement.standing.paid == total * unit


@given(
    total=st.integers(1, 10_000),
    paid=st.integers(1, 30_000),
    back=st.lists(st.integers(1, 5_000), max_size=6),
    currency=currencies,
)
def test_what_comes_in_and_goes_out_is_all_accounted_for(total, paid, back, currency):
    """Paid = settled part + what is still surplus + what was given back; never a unit more."""
    unit = smallest_unit(currency)
    settlement = opened(total * unit, currency)
    settlement.record_payment(post(paid * unit, source="in"))
    for number, amount in enumerate(back):
        surplus = settlement.surplus
        try:
            settlement.refund(post(amount * unit, source=f"out:{number}"))
        except DomainError:
            assert amount * unit > surplus
    kept = paid * unit - settlement.standing.refunded
    assert kept == total * unit - settlement.open + settlement.surplus
    assert settlement.standing.refunded <= max(paid - total, 0) * unit
    assert settlement.open == max(total - paid, 0) * unit


@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=8), st.data())
def test_payments_that_all_bounce_leave_the_whole_claim(amounts, data):
    settlement = opened()
    entries = [
        settlement.record_payment(post(Decimal(amount).scaleb(-2), source=f"in:{number}"))
        for number, amount in enumerate(amounts)
    ]
    for number, entry in enumerate(data.draw(st.permutations(entries))):
        settlement.reverse(entry.entry_id, post(source=f"bounce:{number}"))
    assert (str(settlement.open), str(settlement.surplus)) == ("100.00", "0.00")
    assert settlement.standing.paid == 0
    assert settlement.status is SettlementStatus.OPEN
    assert len(settlement.entries) == 2 * len(amounts)
