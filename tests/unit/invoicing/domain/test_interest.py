"""Interest by the day: what a day bears, additivity, order, rounding, terms."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.interest.accrual import Debt, accrue, total_of
from invx.contexts.invoicing.domain.interest.rule import (
    DayCount,
    InterestKind,
    LateFeeRule,
    ReferenceRateUnknown,
    StatutoryInterestUnknown,
    Terms,
    YearlyRate,
    rule_problems,
    terms_of,
)
from invx.rules.tax.pack_late import LatePayment, ReferenceRate

D = Decimal
DUE, DAY = date(2023, 12, 1), timedelta(days=1)
LAW = LatePayment(
    business=D(9),
    consumer=D(5),
    lump_sum=D("40.00"),
    base_rates=(ReferenceRate(valid_from=date(2023, 7, 1), rate=D("3.12")),
                ReferenceRate(valid_from=date(2024, 1, 1), rate=D("3.62"))),
    known_to=date(2024, 6, 30),
    source="BGB § 288",
)  # fmt: skip
cents = st.integers(1, 1_000_000).map(lambda value: Decimal(value).scaleb(-2))
days = st.dates(date(2023, 11, 20), date(2024, 6, 30))
lowered = st.lists(
    st.tuples(days, cents.map(lambda x: x / 3).map(lambda x: round(x, 2))), max_size=5
)
counts = st.sampled_from(DayCount)


def terms(*rates, count=DayCount.ACT_365, grace=0, cap=None):
    found = tuple(YearlyRate(day, D(rate)) for day, rate in rates or [(date.min, "10")])
    return Terms(rates=found, day_count=count, grace_days=grace, cap=cap)


def debt(total="1000.00", *moves, currency="EUR", parts=None):
    return Debt(total=D(total), currency=currency, parts=parts or [(DUE, D(total))], lowered=moves)


def told(segments):
    return [(str(each.first), str(each.last), each.days, str(each.amount)) for each in segments]


def test_the_day_after_the_due_date_is_the_first_and_the_day_asked_for_the_last():
    assert told(accrue(debt(), terms(), date(2023, 12, 31))) == [
        ("2023-12-02", "2023-12-31", 30, "8.22")
    ]
    assert accrue(debt(), terms(), DUE) == []
    assert told(accrue(debt(), terms(grace=5), date(2023, 12, 7))) == [
        ("2023-12-07", "2023-12-07", 1, "0.27")
    ]


def test_a_leap_year_counts_as_one_where_that_was_agreed():
    asked = date(2024, 1, 31)
    act = accrue(debt("36600.00"), terms(count=DayCount.ACT_ACT), asked)
    assert told(act)[1] == ("2024-01-01", "2024-01-31", 31, "310.00")
    flat = accrue(debt("36500.00"), terms(), asked)
    assert told(flat) == [("2023-12-02", "2024-01-31", 61, "610.00")]


def test_instalments_are_overdue_one_by_one_and_money_takes_the_oldest_first():
    parts = [(DUE, D(400)), (date(2023, 12, 11), D(600))]
    moves = [(date(2023, 12, 6), D(100))]
    found = accrue(debt("1000.00", *moves, parts=parts), terms(), date(2023, 12, 13))
    assert [(str(each.first), str(each.base)) for each in found] == [
        ("2023-12-02", "400.00"), ("2023-12-06", "300.00"), ("2023-12-12", "900.00"),
    ]  # fmt: skip


def test_a_cap_ends_it_and_a_currency_without_cents_has_none():
    found = accrue(debt(), terms(cap=D("0.5")), date(2024, 6, 30))
    assert total_of(found) == D("5.00")
    yen = accrue(debt("100000", currency="JPY"), terms(), date(2023, 12, 4))
    assert total_of(yen) == D("82")
    assert yen[0].amount.as_tuple().exponent == 0


def test_no_rate_is_guessed():
    known = terms_of(LateFeeRule(), LAW, consumer=False, currency="EUR")
    assert total_of(accrue(debt(), known, date(2024, 6, 30))) > 0
    with pytest.raises(ReferenceRateUnknown, match="2024-07-01"):
        accrue(debt(), known, date(2024, 7, 1))
    paid = debt("1000.00", (date(2024, 6, 30), D(1000)))
    assert accrue(paid, known, date(2025, 1, 1)) == accrue(paid, known, date(2024, 6, 30))
    own = LateFeeRule(base_rates=(ReferenceRate(valid_from=date(2024, 7, 1), rate=D("3.37")),))
    found = accrue(debt(), terms_of(own, LAW, consumer=False, currency="EUR"), date(2024, 7, 1))
    assert (found[-1].rate.rate, found[-1].rate.base) == (D("12.37"), D("3.37"))
    with pytest.raises(StatutoryInterestUnknown):
        terms_of(LateFeeRule(), None, consumer=False, currency="EUR")


def test_what_a_rule_means_for_whom():
    assert terms_of(LateFeeRule(), LAW, consumer=True, currency="EUR").once == ()
    assert terms_of(LateFeeRule(), LAW, consumer=False, currency="USD").once == ()
    business = terms_of(LateFeeRule(fee=D(5)), LAW, consumer=False, currency="EUR")
    assert business.once == (("lump_sum", D("40.00")), ("fee", D(5)))
    monthly = LateFeeRule(interest=InterestKind.MONTHLY, rate=D("1.5"), lump_sum=False)
    [rate] = terms_of(monthly, None, consumer=False, currency="EUR").rates
    assert rate.rate == D(18)
    none = terms_of(LateFeeRule(interest=InterestKind.NONE), LAW, consumer=False, currency="EUR")
    assert accrue(debt(), none, date(2030, 1, 1)) == []


def test_a_rule_states_a_rate_where_it_needs_one_and_days_in_order():
    twice = (ReferenceRate(valid_from=DUE, rate=D(1)),) * 2
    rule = LateFeeRule(rate=D(1), base_rates=twice)
    assert [each.code for each in rule_problems(rule)] == [
        "interest_rate_malformed", "base_rates_malformed",
    ]  # fmt: skip
    assert list(rule_problems(LateFeeRule(interest=InterestKind.YEARLY, rate=D(5)))) == []


@given(cents, lowered, days, counts, st.sampled_from([0, 3]))
def test_it_is_the_sum_of_days_rounded_once(total, moves, last, count, grace):
    """Against the plainest reckoning there is: one day after another."""
    rates = terms((date.min, "8"), (date(2024, 1, 1), "12.62"), count=count, grace=grace)
    owing = debt(str(total), *moves)
    exact, day = Fraction(0), DUE + DAY + grace * DAY
    while day <= last:
        rate = Fraction(D("12.62") if day >= date(2024, 1, 1) else D(8))
        year = 366 if day.year == 2024 and count is DayCount.ACT_ACT else 365
        exact += Fraction(owing.overdue(day, grace)) * rate / 100 / year
        day += DAY
    found = accrue(owing, rates, last)
    assert abs(Fraction(total_of(found)) - exact) <= Fraction(1, 200)
    assert sum(each.days for each in found) <= max((last - DUE).days, 0)


@given(cents, lowered, days, days, counts)
def test_parts_sum_to_the_whole_wherever_it_is_split(total, moves, one, other, count):
    early, late = sorted((one, other))
    owing, rates = debt(str(total), *moves), terms(count=count)
    whole = accrue(owing, rates, late)
    first = accrue(owing, rates, early)
    split = accrue(owing, rates, late, early)
    assert total_of(split) == total_of(whole)
    assert [each for each in split if each.last <= early] == first


@given(cents, st.permutations([(date(2024, 1, 5), D("10.00")), (date(2024, 2, 1), D("7.77")),
                               (date(2024, 1, 5), D("-3.10"))]))  # fmt: skip
def test_the_order_in_which_money_was_entered_does_not_matter(total, moves):
    in_order = sorted(moves)
    asked = date(2024, 6, 30)
    assert accrue(debt(str(total), *moves), terms(), asked) == accrue(
        debt(str(total), *in_order), terms(), asked
    )
