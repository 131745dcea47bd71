"""Bodies about sandboxes in a table, and spans against a walk by months and days."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from invx.contexts.identity.api.schemas.sandboxes import ClockIn, SandboxIn
from invx.contexts.identity.domain.clock import (
    YEARS_AWAY_MAX,
    after,
    days_between,
    ensure_ahead,
    offset_seconds,
    started_at,
)
from invx.contexts.identity.domain.errors import ClockGoesBack, ClockTooFar
from invx.contexts.identity.domain.tenant import TEST, Tenant
from invx.contexts.identity.domain.tenant_events import Entry

with Path(__file__).with_name("sandbox_bodies.tsv").open(encoding="utf-8") as _file:
    ROWS = list(csv.DictReader(_file, delimiter="\t", quoting=csv.QUOTE_NONE))
BODIES: dict[str, type[BaseModel]] = {"sandbox": SandboxIn, "clock": ClockIn}
NOW = datetime(2026, 11, 30, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['of']} {row['body']}"[:70] for row in ROWS])
def test_a_body_is_taken_or_refused_by_the_field_that_is_wrong(row: dict[str, str]) -> None:
    text = row["body"].replace("LONG", "x" * 500)
    if row["answer"] == "ok":
        body = BODIES[row["of"]].model_validate_json(text)
        given_ = {name for name, said in json.loads(text).items() if said is not None}
        assert {name for name, said in body if said is not None} == given_
        return
    with pytest.raises(ValidationError) as refused:
        BODIES[row["of"]].model_validate_json(text)
    where = {str(each["loc"][0]) if each["loc"] else "" for each in refused.value.errors()}
    assert where == {row["answer"] or ""}


moments = st.datetimes(datetime(1980, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC))
counts = st.integers(0, 40)


def walked(moment: datetime, years: int, months: int, days: int) -> datetime:
    """Month by month: the day of the start, or the last day of a month that has none such."""
    year, month = moment.year, moment.month
    for _ in range(12 * years + months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    for day in range(moment.day, 0, -1):
        try:
            there = moment.replace(year=year, month=month, day=day)
        except ValueError:
            continue
        break
    for _ in range(days):
        there += timedelta(days=1)
    return there


@given(moments, counts, counts, counts, counts)
@example(datetime(2024, 2, 29, tzinfo=UTC), 1, 0, 0, 0)
@example(datetime(2026, 1, 31, tzinfo=UTC), 0, 1, 0, 1)
def test_a_span_is_a_walk_of_months_and_then_of_days(
    moment: datetime, years: int, months: int, weeks: int, days: int
) -> None:
    span = f"P{years}Y{months}M{weeks}W{days}D"
    assert after(moment, span) == walked(moment, years, months, 7 * weeks + days)


@given(moments, st.integers(0, 999_999), st.integers(0, 9_999_999), st.integers(0, 999_999_999))
def test_hours_minutes_and_seconds_are_exact(moment: datetime, h: int, m: int, s: int) -> None:
    found = after(moment, f"PT{h}H{m}M{s}S")
    assert found - moment == timedelta(seconds=3600 * h + 60 * m + s)


@given(moments, st.integers(1, 120))
def test_month_by_month_never_overtakes_the_way_at_once(moment: datetime, months: int) -> None:
    """Each month on its own may lose days for good (31, 28, 28), so one asks for all at once."""
    step = moment
    for _ in range(months):
        step = after(step, "P1M")
    whole = after(moment, f"P{months}M")
    assert step <= whole
    assert (step.year, step.month) == (whole.year, whole.month)
    if moment.day <= 28:
        assert step == whole


@pytest.mark.parametrize("zone", ["-12:00", "-03:30", "+00:00", "+05:45", "+14:00"])
def test_the_zone_in_which_a_moment_is_said_makes_no_difference(zone: str) -> None:
    said = datetime.fromisoformat("2026-03-01T00:30:00+00:00")
    same = said.astimezone(datetime.fromisoformat(f"2026-01-01T00:00:00{zone}").tzinfo)
    assert after(same, "P1M1DT1H") == after(said, "P1M1DT1H")
    assert after(same, "P1M").tzinfo is UTC


@given(
    moments,
    st.integers(-3_660 * 86_400, 3_660 * 86_400),
    st.integers(0, 999_999),
    st.integers(0, 90_000),
)
def test_a_clock_that_was_set_shows_at_least_what_was_asked_and_less_than_a_second_more(
    now: datetime, ahead: int, micros: int, waited: int
) -> None:
    clock = min(now + timedelta(seconds=ahead, microseconds=micros), now + timedelta(days=3_660))
    entry = Entry(name="S", mode=TEST, clock_offset_seconds=started_at(clock, now))
    tenant = Tenant.open(UUID(int=1), organization_id=UUID(int=2), entry=entry, now=now)
    assert timedelta() <= tenant.clock(now) - clock < timedelta(seconds=1)
    later = now + timedelta(seconds=waited)
    assert tenant.clock(later) - tenant.clock(now) == later - now, "it runs as time does"
    assert entry.clock_offset_seconds == offset_seconds(clock, now)


@given(moments, st.lists(st.integers(-5_000, 500_000), min_size=1, max_size=12))
def test_steps_take_a_clock_ahead_and_never_back(now: datetime, steps: list[int]) -> None:
    tenant = Tenant.open(
        UUID(int=1), organization_id=UUID(int=2), entry=Entry(name="S", mode=TEST), now=now
    )
    shown, asked = tenant.clock(now), now
    for seconds in steps:
        asked += timedelta(seconds=seconds)
        recorded = len(tenant.recorded)
        tenant.step_clock(asked, now)
        assert tenant.clock(now) == max(shown, asked)
        assert len(tenant.recorded) - recorded == (tenant.clock(now) > shown)
        shown = tenant.clock(now)


LIMIT = timedelta(days=366 * YEARS_AWAY_MAX)


@given(
    st.timedeltas(-LIMIT * 2, LIMIT * 2),
    st.timedeltas(-LIMIT, LIMIT),
)
def test_where_a_clock_can_be_moved_to(to: timedelta, clock: timedelta) -> None:
    """Ahead of what it shows, and within the years of the world: whichever is broken is said."""
    expected = ClockGoesBack if to <= clock else ClockTooFar if abs(to) > LIMIT else None
    if expected is None:
        assert ensure_ahead(NOW + to, NOW + clock, NOW, "/to") is None
        return
    with pytest.raises(expected) as refused:
        ensure_ahead(NOW + to, NOW + clock, NOW, "/to")
    [problem] = refused.value.problems
    assert (problem.pointer, problem.detail) == ("/to", refused.value.detail)
    if expected is ClockTooFar:
        assert str((NOW + LIMIT).date()) in problem.detail


@given(moments, st.timedeltas(timedelta(), timedelta(days=4_000)))
def test_whole_days_of_a_way_leave_less_than_a_day(start: datetime, way: timedelta) -> None:
    days = days_between(start, start + way)
    assert timedelta() <= way - timedelta(days=days) < timedelta(days=1)
    assert days_between(start + way, start) == 0
