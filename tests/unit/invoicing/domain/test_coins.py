"""Cash of many countries, by the bands of their laws: what a till asks for, and what that leaves.

`coins.tsv` was written from the bands that a law states (Hungary's Act III of 2008: 0.01 to 2.49
down, 2.50 to 4.99 up to 5, 5.01 to 7.49 down to 5, 7.50 to 9.99 up), not by dividing. Where money
has no law of rounding the row says what tills do.
"""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.balance import EntryKind, SettlementStatus
from invx.contexts.invoicing.domain.cash import pay_cash, reverse_rounding
from invx.contexts.invoicing.domain.cash_units import cash_rounded, units_problems
from tests.unit.invoicing.domain.settlements import opened, post

D = Decimal
HEAD, *ROWS = [
    row.split("\t") for row in (Path(__file__).parent / "coins.tsv").read_text("utf-8").splitlines()
]
CASES = [dict(zip(HEAD, row, strict=True)) for row in ROWS]
LAWS = sorted({case["law"] for case in CASES})
UNITS = st.sampled_from([D("0.05"), D("0.10"), D("0.50"), D(1), D(5)])
CENTS = st.integers(1, 1_000_000).map(lambda cents: D(cents).scaleb(-2))


def of(law: str) -> list[dict[str, str]]:
    return [case for case in CASES if case["law"] == law]


@pytest.mark.parametrize("law", LAWS)
def test_r29_each_amount_is_rounded_as_the_law_says(law: str) -> None:
    wrong = {
        case["amount"]: (str(found), case["cash"])
        for case in of(law)
        if (found := cash_rounded(D(case["amount"]), D(case["unit"]))) != D(case["cash"])
    }
    assert not wrong


@pytest.mark.parametrize("law", LAWS)
def test_r29_what_we_give_back_is_rounded_by_the_same_law(law: str) -> None:
    for case in of(law):
        assert cash_rounded(-D(case["amount"]), D(case["unit"])) == -D(case["cash"])


@pytest.mark.parametrize("law", LAWS)
def test_each_unit_of_the_table_is_one_that_a_legal_entity_may_state(law: str) -> None:
    units = {case["currency"]: D(case["unit"]) for case in of(law)}
    assert list(units_problems(units)) == []


@pytest.mark.parametrize("law", LAWS)
def test_r29_paying_what_the_till_asks_settles_each_document(law: str) -> None:
    """The money is what was handed over, the rest is rounding, and nothing else is booked."""
    for case in of(law):
        total, coins, unit = D(case["amount"]), D(case["cash"]), D(case["unit"])
        if not total or not coins:
            continue
        settlement = opened(case["amount"], case["currency"])
        pay_cash(settlement, post(coins, "till"), unit)
        standing = settlement.standing
        assert (settlement.open, settlement.surplus) == (0, 0)
        assert (standing.paid, standing.rounded) == (coins, total - coins)
        kinds = [each.kind for each in settlement.entries]
        exact = total == coins
        assert kinds == [EntryKind.PAYMENT, *([] if exact else [EntryKind.ROUNDING])]


@pytest.mark.parametrize("law", LAWS)
def test_one_coin_more_or_less_is_no_rounding(law: str) -> None:
    """Only the rounded sum settles by rounding; a coin more is surplus, one less stays open."""
    for case in of(law):
        total, coins, unit = D(case["amount"]), D(case["cash"]), D(case["unit"])
        for handed in (coins - unit, coins + unit):
            if handed <= 0 or not total:
                continue
            settlement = opened(case["amount"], case["currency"])
            pay_cash(settlement, post(handed, "till"), unit)
            assert [each.kind for each in settlement.entries] == [EntryKind.PAYMENT]
            assert settlement.open - settlement.surplus == total - handed


@given(CENTS, CENTS, UNITS)
def test_r29_a_part_by_card_and_the_rest_in_coins(total: Decimal, card: Decimal, unit: Decimal):
    """Only the rest is rounded: the difference is at most half a coin, whatever came before."""
    settlement = opened(str(total), "CHF")
    settlement.record_payment(post(min(card, total), "card"))
    rest = settlement.open
    coins = cash_rounded(rest, unit)
    if not coins:
        return
    pay_cash(settlement, post(coins, "till"), unit)
    assert settlement.status is SettlementStatus.SETTLED
    assert settlement.standing.rounded == rest - coins
    assert abs(settlement.standing.rounded) * 2 <= unit
    assert sum((each.amount for each in settlement.entries), D(0)) == total


@given(CENTS, UNITS, st.lists(st.booleans(), min_size=1, max_size=4))
def test_paid_and_taken_back_again_and_again_the_balance_is_the_sum_of_its_entries(
    total: Decimal, unit: Decimal, bounced: list[bool]
) -> None:
    settlement = opened(str(total), "CHF")
    for number, back in enumerate(bounced):
        coins = cash_rounded(settlement.open, unit)
        if not coins:
            break
        entry = pay_cash(settlement, post(coins, f"till:{number}"), unit)
        assert settlement.open == 0
        if not back:
            break
        for _ in range(2):  # a second time changes nothing
            again = post(source=f"back:{number}")
            settlement.reverse(entry.entry_id, again)
            reverse_rounding(settlement, entry, again)
        assert (settlement.open, settlement.standing.rounded, settlement.standing.paid) == (
            total,
            0,
            0,
        )
    settled = sum((each.amount for each in settlement.entries), D(0))
    assert settled == settlement.standing.settled
    assert settlement.open >= 0 <= settlement.surplus


@given(CENTS, UNITS)
def test_rounding_once_is_rounding_for_good(amount: Decimal, unit: Decimal) -> None:
    """The nearest whole number of coins, found by counting them, halves up; again it stays."""
    counted = int(amount // unit)
    if amount - counted * unit >= unit / 2:
        counted += 1
    coins = cash_rounded(amount, unit)
    assert coins == counted * unit
    assert cash_rounded(coins, unit) == coins


@given(CENTS, CENTS, UNITS)
def test_who_owes_more_never_pays_less(one: Decimal, other: Decimal, unit: Decimal) -> None:
    less, more = sorted((one, other))
    assert cash_rounded(less, unit) <= cash_rounded(more, unit)
