"""Anchored steps remember their day; periods tile the calendar."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import count, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.kernel.errors import InvariantViolation
from invx.rules.calendar.periods import (
    Interval,
    Period,
    Unit,
    add_months,
    calendar_key,
    dates_between,
    index_of,
    period,
    period_containing,
    step,
)

MONTHLY = Interval(Unit.MONTH)
days = st.dates(date(1990, 1, 1), date(2090, 12, 31))
intervals = st.builds(Interval, st.sampled_from(list(Unit)), st.integers(1, 18))


def test_p02_a_month_end_anchor_is_remembered_not_lowered_for_good():
    anchor = date(2026, 1, 31)
    dates = [step(anchor, MONTHLY, index).isoformat() for index in range(1, 5)]
    assert dates == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]
    assert step(date(2028, 1, 31), MONTHLY, 1) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("anchor", "unit", "index", "expected"),
    [
        ("2024-02-29", Unit.YEAR, 1, "2025-02-28"),
        ("2024-02-29", Unit.YEAR, 4, "2028-02-29"),
        ("2025-11-30", Unit.QUARTER, 1, "2026-02-28"),
        ("2025-11-30", Unit.QUARTER, 2, "2026-05-30"),
        ("2025-12-31", Unit.MONTH, -1, "2025-11-30"),
        ("2023-05-23", Unit.WEEK, 1, "2023-05-30"),
        ("2025-12-31", Unit.DAY, 1, "2026-01-01"),
    ],
)
def test_p02_neighbours(anchor, unit, index, expected):
    assert step(date.fromisoformat(anchor), Interval(unit), index).isoformat() == expected


def test_t07_an_anchor_on_the_first_stays_on_the_first():
    anchor = date(2020, 1, 1)
    assert {step(anchor, MONTHLY, index).day for index in range(600)} == {1}


def test_t08_nothing_fires_before_the_start():
    start = date(2026, 3, 26)
    assert period_containing(start, MONTHLY, date(2026, 2, 26)) is None
    assert list(dates_between(start, MONTHLY, date(2026, 1, 1), date(2026, 3, 25))) == []
    assert list(dates_between(start, MONTHLY, date(2026, 1, 1), date(2026, 4, 26))) == [
        date(2026, 3, 26),
        date(2026, 4, 26),
    ]


@given(days, intervals, st.integers(0, 12_000))
def test_every_day_is_in_exactly_one_period(anchor, interval, later):
    day = anchor + timedelta(days=later)
    index = index_of(anchor, interval, day)
    assert day in period(anchor, interval, index)
    assert day not in period(anchor, interval, index + 1)
    assert period(anchor, interval, index).until == period(anchor, interval, index + 1).start
    assert period_containing(anchor, interval, day) == period(anchor, interval, index)


@given(days, st.integers(-600, 600))
def test_months_keep_the_day_or_take_the_last(day, months):
    moved = add_months(day, months)
    assert (moved.year - day.year) * 12 + moved.month - day.month == months
    assert moved.day == day.day or (moved + timedelta(days=1)).day == 1


@given(days, intervals, st.integers(0, 400), st.integers(0, 400))
def test_dates_between_are_the_steps_in_that_stretch(anchor, interval, first, length):
    after = anchor + timedelta(days=first)
    until = after + timedelta(days=length)
    found = list(dates_between(anchor, interval, after, until))
    steps = takewhile(lambda day: day <= until, (step(anchor, interval, i) for i in count()))
    assert found == [day for day in steps if day > after]


@pytest.mark.parametrize(
    ("day", "unit", "key"),
    [
        ("2026-11-23", Unit.YEAR, "2026"),
        ("2026-11-23", Unit.QUARTER, "2026-Q4"),
        ("2026-03-31", Unit.QUARTER, "2026-Q1"),
        ("2026-01-31", Unit.MONTH, "2026-01"),
        ("2027-01-01", Unit.WEEK, "2026-W53"),
        ("2026-01-31", Unit.DAY, "2026-01-31"),
    ],
)
def test_a_calendar_period_has_a_name(day, unit, key):
    assert calendar_key(date.fromisoformat(day), unit) == key


def test_a_service_period_is_written_with_both_days():
    january = Period.inclusive(date(2026, 1, 1), date(2026, 1, 31))
    assert (january.days, january.end, january.until) == (31, date(2026, 1, 31), date(2026, 2, 1))
    assert date(2026, 1, 31) in january
    assert date(2026, 2, 1) not in january
    with pytest.raises(InvariantViolation):
        Period(date(2026, 1, 2), date(2026, 1, 1))


@given(days, st.integers(1, 400), st.integers(-30, 430))
def test_a_period_splits_without_losing_a_day(start, length, cut):
    whole = Period(start, start + timedelta(days=length))
    before, after = whole.split(start + timedelta(days=cut))
    assert before.days + after.days == whole.days
    assert before.until == after.start
    assert before.fraction_of(whole) + after.fraction_of(whole) == 1


def test_overlap_and_fraction_count_only_common_days():
    april = Period(date(2026, 4, 1), date(2026, 5, 1))
    late = Period(date(2026, 4, 21), date(2026, 6, 1))
    assert april.overlap(late) == Period(date(2026, 4, 21), date(2026, 5, 1))
    assert late.fraction_of(april) == Fraction(1, 3)
    touching = Period(date(2026, 5, 1), date(2026, 5, 2))
    assert april.overlap(touching) is None
    assert touching.fraction_of(april) == 0


def test_an_interval_is_at_least_one_unit():
    with pytest.raises(InvariantViolation):
        Interval(Unit.MONTH, 0)
