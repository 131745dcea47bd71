"""Cash is rounded once, to the nearest coin, and the balance stays the sum of its entries."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.balance import EntryKind, SettlementStatus
from invx.contexts.invoicing.domain.cash import pay_cash, reverse_rounding
from invx.contexts.invoicing.domain.cash_units import cash_rounded, cash_unit_for, units_problems
from invx.contexts.invoicing.domain.content import Content, PaymentMeans
from tests.unit.invoicing.domain.settlements import opened, post

D = Decimal
CENTS = st.integers(3, 1_000_000).map(lambda cents: D(cents).scaleb(-2))
UNITS = st.sampled_from([D("0.05"), D("0.10"), D("0.50"), D("1.00"), D("5.00")])


@given(CENTS, UNITS)
def test_r29_coins_settle_whatever_is_open(total: Decimal, unit: Decimal) -> None:
    coins = cash_rounded(total, unit)
    assert abs(coins - total) <= unit / 2
    assert coins % unit == 0
    if not coins:
        return
    settlement = opened(str(total), "CHF")
    entry = pay_cash(settlement, post(coins, "till"), unit)
    assert settlement.status is SettlementStatus.SETTLED
    standing = settlement.standing
    assert standing.paid + standing.rounded == total == standing.settled
    settlement.reverse(entry.entry_id, post(source="back"))
    reverse_rounding(settlement, entry, post(source="back"))
    assert (settlement.open, settlement.standing.rounded) == (total, 0)


@pytest.mark.parametrize(
    ("amount", "unit", "found"),
    [("96.93", "0.05", "96.95"), ("96.92", "0.05", "96.90"), ("0.025", "0.05", "0.05")],
)
def test_halves_are_rounded_up(amount: str, unit: str, found: str) -> None:
    assert cash_rounded(D(amount), D(unit)) == D(found)
    assert cash_rounded(-D(amount), D(unit)) == -D(found)


def test_a_payment_again_is_not_rounded_again() -> None:
    settlement = opened("96.93", "CHF")
    for _ in range(2):
        pay_cash(settlement, post("96.95", "till"), D("0.05"))
    kinds = [each.kind for each in settlement.entries]
    assert kinds == [EntryKind.PAYMENT, EntryKind.ROUNDING]
    assert settlement.surplus == 0


def test_what_is_not_the_rounded_sum_is_a_payment_like_any_other() -> None:
    settlement = opened("96.93", "CHF")
    entry = pay_cash(settlement, post("90.00", "till"), D("0.05"))
    assert [each.kind for each in settlement.entries] == [EntryKind.PAYMENT]
    settlement.reverse(entry.entry_id, post(source="back"))
    reverse_rounding(settlement, entry, post(source="back"))
    assert settlement.open == D("96.93")


def test_a_reversed_rounding_is_not_reversed_twice() -> None:
    settlement = opened("96.93", "CHF")
    entry = pay_cash(settlement, post("96.95", "till"), D("0.05"))
    rounding = settlement.entry_from("till:rounding")
    assert rounding is not None
    settlement.reverse(rounding.entry_id, post(source="by hand"))
    settlement.reverse(entry.entry_id, post(source="back"))
    reverse_rounding(settlement, entry, post(source="back"))
    assert settlement.open == D("96.93")


@pytest.mark.parametrize(
    ("content", "unit"),
    [
        (Content(currency="CHF"), None),
        (Content(currency="CHF", payment_means=PaymentMeans(code="58")), None),
        (Content(currency="CHF", payment_means=PaymentMeans(code="10")), D("0.05")),
        (Content(currency="EUR", payment_means=PaymentMeans(code="10")), None),
        (Content(currency="CHF", cash_unit=D("0.10")), D("0.10")),
        (
            Content(
                currency="CHF", payment_means=PaymentMeans(code="10"), payable_rounding=D("0.01")
            ),
            None,
        ),
    ],
)
def test_only_what_is_paid_in_cash_is_rounded_by_the_rule(
    content: Content, unit: Decimal | None
) -> None:
    assert cash_unit_for(content, {"CHF": D("0.05")}) == unit


def test_a_unit_is_money_of_its_currency() -> None:
    assert list(units_problems({"CHF": D("0.05"), "HUF": D(5)})) == []
    found = units_problems({"CHF": D("0.005"), "JPY": D("0.5"), "EUR": D(0), "XXY": D(1)})
    assert [(each.pointer, each.code) for each in found] == [
        ("/cash_rounding/CHF", "cash_unit_malformed"),
        ("/cash_rounding/JPY", "cash_unit_malformed"),
        ("/cash_rounding/EUR", "cash_unit_malformed"),
        ("/cash_rounding/XXY", "unknown_currency"),
    ]
