"""Days and instants in a zone, across every kind of clock change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.kernel.errors import InvariantViolation
from invx.rules.calendar.periods import Interval, Unit, period_at, period_containing, step
from invx.rules.calendar.zones import UnknownZone, first_instant, overdue_from, start_of_day, today

ZONES = [
    "UTC", "Europe/Paris", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Beirut",
    "Pacific/Apia", "Pacific/Kiritimati", "Australia/Lord_Howe", "America/Havana", "Africa/Cairo",
]  # fmt: skip


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "day"),
    [
        ("2023-05-30T20:00", "Europe/Paris", "2023-05-30"),
        ("2023-05-30T23:00", "Europe/Paris", "2023-05-31"),
        ("2026-01-01T09:59", "Pacific/Kiritimati", "2026-01-01"),
        ("2026-01-01T10:00", "Pacific/Kiritimati", "2026-01-02"),
        ("2026-01-01T04:59", "America/New_York", "2025-12-31"),
    ],
)
def test_today_is_the_day_of_the_place(now, zone, day):
    assert today(utc(now), zone) == date.fromisoformat(day)


def test_an_instant_without_a_zone_is_our_defect():
    with pytest.raises(InvariantViolation):
        today(datetime(2026, 1, 1), "Europe/Paris")


@pytest.mark.parametrize("name", ["", "Europe", "Mars/Olympus", "../etc/passwd", "CET+1"])
def test_an_unknown_zone_is_refused(name):
    with pytest.raises(UnknownZone):
        today(utc("2026-01-01T00:00"), name)


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        ("2026-11-23", "Europe/Berlin", "2026-11-22T23:00"),
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00"),  # midnight skipped
        ("2018-02-18", "America/Sao_Paulo", "2018-02-18T03:00"),  # 23:00 came twice the day before
        ("2021-03-28", "Asia/Beirut", "2021-03-27T22:00"),  # midnight skipped
        ("2020-11-01", "America/Havana", "2020-11-01T04:00"),  # midnight comes twice: the first
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00"),  # the whole day skipped
        ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00"),
        ("1919-03-31", "America/Toronto", "1919-03-31T04:30"),  # 23:30 to 00:30
    ],
)
def test_a_day_starts_at_its_first_instant(day, zone, instant):
    assert start_of_day(date.fromisoformat(day), zone) == utc(instant)


@given(st.dates(date(1975, 1, 1), date(2037, 12, 30)), st.sampled_from(ZONES))
def test_before_the_start_it_is_an_earlier_day(day, zone):
    start = start_of_day(day, zone)
    assert start.tzinfo is UTC
    assert today(start, zone) >= day
    assert today(start - timedelta(microseconds=1), zone) < day


@given(st.dates(date(1975, 1, 1), date(2037, 12, 30)), st.sampled_from(ZONES))
def test_a_debt_is_overdue_from_the_first_instant_after_its_day(day, zone):
    from_then = overdue_from(day, zone)
    assert today(from_then, zone) > day
    assert today(from_then - timedelta(seconds=1), zone) <= day


def test_t01_two_runs_on_two_local_days_of_one_week_fall_into_one_period():
    weekly, anchor = Interval(Unit.WEEK), date(2023, 5, 23)
    runs = [utc("2023-05-30T20:00"), utc("2023-05-30T23:00")]
    keys = {period_at(anchor, weekly, now, "Europe/Paris").key for now in runs}
    assert keys == {"2023-05-30/2023-06-06"}
    # a neighbour that the naive UTC day gets wrong: 22:00 UTC on the 29th is the 30th in Paris
    before, after = utc("2023-05-29T21:59"), utc("2023-05-29T22:00")
    assert period_at(anchor, weekly, before, "Europe/Paris").start == date(2023, 5, 23)
    assert period_at(anchor, weekly, after, "Europe/Paris").start == date(2023, 5, 30)


def test_t02_six_in_the_morning_stays_six_in_the_morning():
    third = step(date(2026, 8, 5), Interval(Unit.QUARTER), 1)
    instant = first_instant(third, time(6), "America/New_York")
    assert third == date(2026, 11, 5)
    assert instant == utc("2026-11-05T11:00")  # standard time; 10:00 in summer
    assert instant.astimezone(ZoneInfo("America/New_York")).hour == 6
    assert first_instant(date(2026, 8, 5), time(6), "America/New_York") == utc("2026-08-05T10:00")


def test_t02_neighbours_a_skipped_time_ends_the_gap_and_a_double_one_is_the_first():
    skipped = first_instant(date(2026, 3, 8), time(2, 30), "America/New_York")
    assert skipped == utc("2026-03-08T07:00")
    twice = first_instant(date(2026, 11, 1), time(1, 30), "America/New_York")
    assert twice == utc("2026-11-01T05:30")


def test_t05_boundaries_of_one_local_day_do_not_depend_on_when_an_account_was_made():
    monthly = Interval(Unit.MONTH)
    winter, summer = date(2026, 1, 15), date(2026, 7, 15)
    day = date(2026, 8, 20)
    starts = {
        start_of_day(period_containing(anchor, monthly, day).start, "America/New_York")
        for anchor in (winter, summer)
    }
    assert starts == {utc("2026-08-15T04:00")}
