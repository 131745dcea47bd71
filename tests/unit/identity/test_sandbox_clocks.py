"""How far clocks go, how spans are written, and what a tenant allows with its own."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.identity.app.publish import contract_of
from invx.contexts.identity.domain.clock import (
    after,
    days_between,
    ensure_ahead,
    offset_seconds,
    started_at,
)
from invx.contexts.identity.domain.errors import (
    ClockGoesBack,
    ClockOfLiveTenant,
    ClockSpanMalformed,
    ClockTooFar,
)
from invx.contexts.identity.domain.tenant import LIVE, TEST, Tenant
from invx.contexts.identity.domain.tenant_events import (
    ClockAdvanceBegun,
    Entry,
    SandboxEnded,
    SandboxErased,
    TenantChanged,
)
from invx.contexts.identity.read.projections import project
from invx.contracts.identity import TenantConfiguredLikeV1, TenantStatedV1

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
NOW = datetime(2026, 11, 30, 18, 30, tzinfo=UTC)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def sandbox(mode: str = TEST) -> Tenant:
    return Tenant.open(
        ONE, organization_id=TWO, entry=Entry(name="S", mode=mode), now=NOW, sandbox_of=TWO
    )


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-01-31T08:00:00+00:00", "P1M", "2026-02-28T08:00:00+00:00"),
        ("2024-01-31T08:00:00+00:00", "P1M", "2024-02-29T08:00:00+00:00"),
        ("2024-02-29T00:00:00+00:00", "P1Y", "2025-02-28T00:00:00+00:00"),
        ("2026-12-15T00:00:00+00:00", "P1M", "2027-01-15T00:00:00+00:00"),
        ("2026-12-15T00:00:00+00:00", "P13M", "2028-01-15T00:00:00+00:00"),
        ("2026-01-01T00:00:00+00:00", "P2W", "2026-01-15T00:00:00+00:00"),
        ("2026-01-31T00:00:00+00:00", "P1M1D", "2026-03-01T00:00:00+00:00"),
        ("2026-01-01T00:00:00+00:00", "PT36H", "2026-01-02T12:00:00+00:00"),
        ("2026-01-01T00:00:00+00:00", "PT1M", "2026-01-01T00:01:00+00:00"),
        ("2026-01-01T00:00:00+00:00", "P1DT1H1M1S", "2026-01-02T01:01:01+00:00"),
        ("2026-01-01T01:00:00+02:00", "P1M", "2026-01-31T23:00:00+00:00"),
    ],
)
def test_a_span_is_reckoned_in_utc_and_months_first(start: str, span: str, end: str) -> None:
    assert after(moment(start), span) == moment(end)


@pytest.mark.parametrize(
    "span",
    ["", "P", "PT", "P1", "1D", "p1d", "P1DT", "P-1D", "P1H", "PT1D", "P1,5D", "P1D ", "P١D"],
)
def test_what_is_no_span_is_refused(span: str) -> None:
    with pytest.raises(ClockSpanMalformed) as refused:
        after(NOW, span)
    assert [each.pointer for each in refused.value.problems] == ["/by"]


def test_a_span_beyond_all_calendars_is_too_far() -> None:
    for span in ("P9999Y", "P7973Y99999D", "P7974Y"):
        with pytest.raises(ClockTooFar):
            after(NOW, span)


def test_an_offset_is_rounded_up_so_that_what_is_due_is_due() -> None:
    assert offset_seconds(NOW + timedelta(seconds=1.2), NOW) == 2
    assert offset_seconds(NOW + timedelta(seconds=1), NOW) == 1
    assert offset_seconds(NOW, NOW) == 0
    assert offset_seconds(NOW - timedelta(seconds=1.2), NOW) == -1


def test_a_clock_goes_ahead_and_stays_within_ten_years() -> None:
    clock = NOW + timedelta(days=10)
    ensure_ahead(clock + timedelta(seconds=1), clock, NOW, "/to")
    for to in (clock, clock - timedelta(days=1)):
        with pytest.raises(ClockGoesBack) as back:
            ensure_ahead(to, clock, NOW, "/to")
        assert [each.pointer for each in back.value.problems] == ["/to"]
    edge = NOW + timedelta(days=3_660)
    ensure_ahead(edge, clock, NOW, "/to")
    with pytest.raises(ClockTooFar):
        ensure_ahead(edge + timedelta(seconds=1), clock, NOW, "/to")
    assert started_at(NOW - timedelta(days=3_660), NOW) == -3_660 * 86_400
    with pytest.raises(ClockTooFar):
        started_at(NOW - timedelta(days=3_661), NOW)


def test_days_of_a_way_are_whole_and_never_less_than_none() -> None:
    assert days_between(NOW, NOW + timedelta(days=2, hours=23)) == 2
    assert days_between(NOW, NOW - timedelta(days=2)) == 0


def test_a_step_moves_the_clock_and_states_the_entry() -> None:
    tenant = sandbox()
    tenant.recorded.clear()
    until = NOW + timedelta(days=30)
    tenant.begin_advance(THREE, until)
    tenant.step_clock(NOW + timedelta(days=7), NOW)
    assert tenant.clock(NOW) == NOW + timedelta(days=7)
    assert tenant.advance_id == THREE
    begun, stepped = tenant.recorded
    assert begun == ClockAdvanceBegun(operation_id=THREE, until=until)
    assert isinstance(stepped, TenantChanged)
    assert (stepped.before.clock_offset_seconds, stepped.entry.clock_offset_seconds) == (0, 604_800)
    assert contract_of(ONE, 2, NOW, begun) is None
    stated = contract_of(ONE, 3, NOW, stepped)
    assert isinstance(stated, TenantStatedV1)
    assert stated.clock_offset_seconds == 604_800


def test_a_step_never_goes_back() -> None:
    """As when the step was reckoned before the clock ran on by itself."""
    tenant = sandbox()
    tenant.step_clock(NOW + timedelta(hours=1), NOW)
    tenant.step_clock(NOW + timedelta(minutes=59), NOW)
    assert tenant.clock(NOW) == NOW + timedelta(hours=1)


def test_the_clock_of_a_live_tenant_is_not_moved() -> None:
    with pytest.raises(ClockOfLiveTenant):
        sandbox(LIVE).begin_advance(THREE, NOW + timedelta(days=1))


def test_a_new_clock_may_begin_in_the_past_and_nobody_hears_of_another() -> None:
    """Told in a second contract, a request in between would be served at the time of today."""
    start = NOW - timedelta(days=30)
    entry = Entry(name="S", mode=TEST, clock_offset_seconds=started_at(start, NOW))
    tenant = Tenant.open(ONE, organization_id=TWO, entry=entry, now=NOW, sandbox_of=TWO)
    assert tenant.clock(NOW) == start
    [opened] = tenant.recorded
    told = contract_of(ONE, 1, NOW, opened)
    assert isinstance(told, TenantStatedV1)
    assert told.clock_offset_seconds == -30 * 86_400


def test_it_ends_once_and_is_erased_once() -> None:
    tenant = sandbox()
    tenant.recorded.clear()
    tenant.end(NOW)
    tenant.end(NOW + timedelta(days=1))
    assert not tenant.is_open
    assert tenant.ends_at == NOW
    tenant.erase()
    tenant.erase()
    assert [type(each) for each in tenant.recorded] == [SandboxEnded, SandboxErased]
    assert (tenant.entry.name, tenant.entry.status) == ("", "erased")
    ended, erased = tenant.recorded
    stated = contract_of(ONE, 2, NOW, ended)
    assert isinstance(stated, TenantStatedV1)
    assert stated.status == "suspended"
    assert contract_of(ONE, 3, NOW, erased) is None


def test_what_it_is_to_be_like_is_told_to_the_others() -> None:
    tenant = sandbox()
    tenant.configure_like(THREE)
    told = contract_of(ONE, 2, NOW, tenant.recorded[-1])
    assert told == TenantConfiguredLikeV1(configured_tenant_id=ONE, like=THREE)


def test_its_row_and_its_events_say_the_same() -> None:
    tenant = sandbox()
    tenant.begin_advance(THREE, NOW + timedelta(days=1))
    tenant.step_clock(NOW + timedelta(days=1), NOW)
    rows: dict[str, Any] = {}

    class Stated:
        def put(self, table: str, key: Any, values: Any) -> None:
            rows[table] = {**key, **values}

    class Recorded:
        aggregate, version = tenant, tenant.version

    project(Recorded(), Stated())  # type: ignore[arg-type]
    row = rows["opened_tenants"]
    again = Tenant.restore(ONE, tenant.version, row)
    assert (again.entry, again.advance_id) == (tenant.entry, tenant.advance_id)
    assert again.clock(NOW) == tenant.clock(NOW)
