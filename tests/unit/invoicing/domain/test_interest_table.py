"""What late payment comes to, in a table of cases.

`interest_cases.tsv` was made by an oracle that knows nothing of segments: it goes from day to day,
lets money eat the oldest instalment first, and adds fractions. Its base rates are those that the
Bundesbank and the ECB announced, not the packs'. `eaten` below is the same oracle, once more.
The cases by hand are the formula of every textbook: claim × rate × days / 365.
"""

import csv
import math
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.interest.accrual import Debt, Segment, accrue, total_of
from invx.contexts.invoicing.domain.interest.rule import (
    DayCount,
    InterestKind,
    LateFeeRule,
    ReferenceRateUnknown,
    Terms,
    YearlyRate,
    terms_of,
)
from tests.unit.rules.tax.shipped import packs_with

D, DAY, DUE = Decimal, timedelta(days=1), date(2023, 9, 30)
PACKS = packs_with()
Row = dict[str, str]
with Path(__file__).with_name("interest_cases.tsv").open() as _file:
    ROWS: list[Row] = list(csv.DictReader(_file, delimiter="\t"))


def amounts(text: str) -> list[tuple[date, Decimal]]:
    """Read as 2026-01-31:10.00 2026-02-28:5.00, a day and its amount each."""
    pairs = [] if text == "-" else [each.split(":") for each in text.split()]
    return [(date.fromisoformat(day), D(amount)) for day, amount in pairs]


def debt_of(row: Row) -> Debt:
    parts = amounts(row["parts"])
    total = sum((amount for _, amount in parts), D(0))
    return Debt(total=total, currency=row["currency"], parts=parts, lowered=amounts(row["moves"]))


def terms_in(row: Row) -> Terms:
    kind, what = row["rule"].split()
    agreed = kind in ("yearly", "monthly")
    rule = LateFeeRule(
        interest=InterestKind(kind) if agreed else InterestKind.STATUTORY,
        rate=D(what) if agreed else None,
        day_count=DayCount(row["count"]),
        grace_days=int(row["grace"]),
        cap=None if row["cap"] == "-" else D(row["cap"]),
    )
    pack = None if agreed else PACKS.get(kind)
    law = pack.late_payment if pack else None
    return terms_of(rule, law, consumer=what == "consumer", currency=row["currency"])


def accrued(row: Row) -> list[Segment]:
    claimed = None if row["claimed"] == "-" else date.fromisoformat(row["claimed"])
    return accrue(debt_of(row), terms_in(row), date.fromisoformat(row["at"]), claimed)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['case']}, {row['rule']}")
def test_a_case_of_the_table(row: Row) -> None:
    if row["interest"] == "unknown":
        with pytest.raises(ReferenceRateUnknown):
            accrued(row)
        return
    found = accrued(row)
    assert str(total_of(found)) == row["interest"] or (not found and not D(row["interest"]))
    assert sum(each.days for each in found) == int(row["days"])
    assert (str(found[0].first) if found else "-") == row["first"]
    behind = [each for each in found if str(each.first) > row["claimed"]]
    if row["claimed"] != "-":
        assert total_of(behind) == D(row["unclaimed"])
    for one, following in pairwise(found):
        assert one.last < following.first, "days count once"


def test_the_table_has_each_case_once_and_all_kinds_of_it() -> None:
    without_name = [tuple(value for key, value in row.items() if key != "case") for row in ROWS]
    assert len(set(without_name)) == len(ROWS) > 400
    assert {row["count"] for row in ROWS} == {str(each) for each in DayCount}
    assert {row["currency"] for row in ROWS} == {"EUR", "JPY", "KWD", "USD"}


@pytest.mark.parametrize(
    ("case", "by_hand"),
    [
        # 10,000 × (3.62 + 9) % × 182 / 365, first half of 2024 of a business in Germany
        ("2023-12-31:10000.00 2024-06-30 DE business", "629.27"),
        # 10,000 × (3.62 + 5) % × 182 / 365 of a consumer
        ("2023-12-31:10000.00 2024-06-30 DE consumer", "429.82"),
        # 10,000 × (4.50 + 8) % × 182 / 365 by the directive
        ("2023-12-31:10000.00 2024-06-30 EU business", "623.29"),
        # 10,000 × (1.27 + 9) % × 184 / 365
        ("2025-06-30:10000.00 2025-12-31 DE business", "517.72"),
        # 10,000 × (-0.88 + 5) % × 181 / 365: the base rate was below zero for years
        ("2016-12-31:10000.00 2017-06-30 DE consumer", "204.31"),
        # 36,600 × 12 % for all days of a leap year by act/act: just a year's
        ("2023-12-31:36600.00 2024-12-31 yearly 12", "4392.00"),
    ],
)
def test_the_table_says_what_is_reckoned_by_hand(case: str, by_hand: str) -> None:
    parts, at, *rule = case.split()
    keys = {
        (row["parts"], row["at"], row["rule"]): row["interest"]
        for row in ROWS
        if row["count"] == ("act_act" if rule[0] == "yearly" else "act_365")
    }
    assert keys[parts, at, " ".join(rule)] == by_hand


ANNOUNCED = {
    # Basiszinssatz: Bundesbank, § 247 BGB
    "DE": """2014-07-01:-0.73 2015-01-01:-0.83 2016-01-01:-0.83 2016-07-01:-0.88 2020-01-01:-0.88
             2022-07-01:-0.88 2023-01-01:1.62 2023-07-01:3.12 2024-01-01:3.62 2024-07-01:3.37
             2025-01-01:2.27 2025-07-01:1.27 2026-01-01:1.27""",
    # Main refinancing operations on the first day of each half-year: ECB
    "EU": """2023-01-01:2.50 2023-07-01:4.00 2024-01-01:4.50 2024-07-01:4.25 2025-01-01:3.15
             2025-07-01:2.15 2026-01-01:2.15""",
}


@pytest.mark.parametrize(("country", "announced"), ANNOUNCED.items())
def test_the_packs_have_the_rates_that_were_announced(country: str, announced: str) -> None:
    pack = PACKS.get(country)
    assert pack is not None
    law = pack.late_payment
    assert law is not None
    for day, rate in amounts(announced):
        [*_, found] = [each.rate for each in law.base_rates if each.valid_from <= day]
        assert found == rate, day


cents = st.integers(1, 500_000).map(lambda value: D(value).scaleb(-2))
days = st.dates(date(2023, 10, 1), date(2024, 5, 31))
instalments = st.lists(st.tuples(days, cents), min_size=1, max_size=4)
money = st.lists(st.tuples(days, cents), max_size=5)
half_years = [(date(2023, 7, 1), "12.12"), (date(2024, 1, 1), "12.62")]
RATES = tuple(YearlyRate(day, D(rate)) for day, rate in half_years)


def eaten(debt: Debt, terms: Terms, last: date) -> Fraction:
    """The exact interest: every day by itself, money eats the oldest instalment first."""
    exact = Fraction(0)
    day = min(due for due, _ in debt.parts)
    while (day := day + DAY) <= last:
        paid = sum((Fraction(amount) for on, amount in debt.lowered if on <= day), Fraction(0))
        rate = Fraction("12.62" if day.year == 2024 else "12.12")
        year = 366 if day.year == 2024 and terms.day_count is DayCount.ACT_ACT else 365
        for due, amount in sorted(debt.parts):
            taken = min(paid, Fraction(amount))
            paid -= taken
            if (day - due).days > terms.grace_days:
                exact += (Fraction(amount) - taken) * rate / 100 / year
    return exact


@given(instalments, money, days, st.sampled_from(DayCount), st.integers(0, 40))
def test_any_instalments_and_payments_bear_what_the_oracle_says(
    parts: list[tuple[date, Decimal]],
    moves: list[tuple[date, Decimal]],
    last: date,
    count: DayCount,
    grace: int,
) -> None:
    total = sum((amount for _, amount in parts), D(0))
    owing = Debt(total=total, currency="EUR", parts=parts, lowered=moves)
    terms = Terms(rates=RATES, day_count=count, grace_days=grace, cap=None)
    exact = eaten(owing, terms, last)
    rounded = D(math.floor(exact * 100 + Fraction(1, 2))).scaleb(-2)
    assert total_of(accrue(owing, terms, last)) == rounded


@given(cents, st.decimals("0.01", "60", places=2), st.integers(1, 900))
def test_a_cap_is_never_exceeded_not_by_a_part_of_a_cent(
    total: Decimal, cap: Decimal, length: int
) -> None:
    owing = Debt(total=total, currency="EUR", parts=[(DUE, total)], lowered=[])
    terms = Terms(
        rates=(YearlyRate(date.min, D(30)),), day_count=DayCount.ACT_365, grace_days=0, cap=cap
    )
    free = Terms(rates=terms.rates, day_count=terms.day_count, grace_days=0, cap=None)
    capped = total_of(accrue(owing, terms, DUE + length * DAY))
    whole = total_of(accrue(owing, free, DUE + length * DAY))
    most = Fraction(total * cap) / 100
    assert capped <= most
    assert capped == whole or most - Fraction(capped) < Fraction(1, 100), "and no less than it"


@given(cents, st.sampled_from(DayCount), st.lists(days, min_size=1, max_size=6, unique=True), money)
def test_claims_one_after_another_ask_for_the_whole_and_no_more(
    total: Decimal, count: DayCount, asked: list[date], moves: list[tuple[date, Decimal]]
) -> None:
    """Each claim asks for what has come to be since the last; later money changes no past day."""
    owing = Debt(total=total, currency="EUR", parts=[(DUE, total)], lowered=moves)
    terms = Terms(rates=RATES, day_count=count, grace_days=0, cap=None)
    claimed, through = D(0), None
    for at in sorted(asked):
        known = [(on, amount) for on, amount in moves if on <= at]
        then = Debt(total=total, currency="EUR", parts=owing.parts, lowered=known)
        found = accrue(then, terms, at, through)
        claimed += total_of([each for each in found if through is None or each.first > through])
        through = at
    exact = eaten(owing, terms, max(asked))
    assert claimed == D(math.floor(exact * 100 + Fraction(1, 2))).scaleb(-2)
