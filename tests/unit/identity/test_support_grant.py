"""A support grant: asked for, decided once, good for a while, ended at any time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from invx.contexts.identity.domain.errors import SupportNotGranted, SupportOver
from invx.contexts.identity.domain.scopes import grantable
from invx.contexts.identity.domain.support import (
    ASKED_FOR,
    HOURS_MAX,
    STATE,
    SupportGrant,
    reading,
    supportable,
)
from invx.contexts.identity.domain.support_events import SupportEnded, SupportGranted
from invx.contracts.permissions import PERMISSIONS
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Event

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ID, JO = UUID(int=7), UUID(int=8)
ADA = "user:ada"


def asked() -> SupportGrant:
    return SupportGrant.ask(
        ID,
        operator=(JO, "Jo"),
        reason="Totals",
        permissions=["b:read", "a:read", "b:read"],
        now=NOW,
    )


def granted(lasting: timedelta = HOUR) -> SupportGrant:
    grant = asked()
    grant.grant(["a:read"], lasting, ADA, NOW)
    return grant


def test_what_was_asked_is_said_once_each_and_in_order() -> None:
    grant = asked()
    assert grant.permissions == ("a:read", "b:read")
    assert (grant.operator_id, grant.operator, grant.reason) == (JO, "Jo", "Totals")
    assert not grant.is_good(NOW)


def test_it_is_good_until_its_time_and_not_at_it() -> None:
    grant = granted()
    assert grant.is_good(NOW)
    assert grant.is_good(NOW + HOUR - timedelta(microseconds=1))
    assert not grant.is_good(NOW + HOUR)


@pytest.mark.parametrize("hours", [HOURS_MAX, HOURS_MAX + 1, 10_000])
def test_it_lasts_a_day_at_most(hours: int) -> None:
    assert granted(timedelta(hours=hours)).granted_until == NOW + timedelta(hours=24)


def test_what_is_granted_takes_the_place_of_what_was_asked() -> None:
    assert granted().permissions == ("a:read",)


def test_a_decision_is_made_once() -> None:
    grant = granted()
    with pytest.raises(SupportOver):
        grant.grant(["a:read"], HOUR, ADA, NOW)
    with pytest.raises(SupportOver):
        grant.refuse(ADA, NOW)
    refused = asked()
    refused.refuse(ADA, NOW)
    assert refused.ended_reason == "refused"
    with pytest.raises(SupportOver):
        refused.grant(["a:read"], HOUR, ADA, NOW)


def test_a_request_waits_for_a_week_and_no_longer() -> None:
    grant = asked()
    with pytest.raises(SupportOver):
        grant.grant(["a:read"], HOUR, ADA, NOW + ASKED_FOR)
    grant.grant(["a:read"], HOUR, ADA, NOW + ASKED_FOR - timedelta(seconds=1))


def test_nobody_enters_before_after_or_without_it() -> None:
    with pytest.raises(SupportNotGranted):
        asked().enter(NOW)
    grant = granted()
    grant.enter(NOW)
    with pytest.raises(SupportNotGranted):
        grant.enter(NOW + HOUR)
    grant.end("revoked", ADA, NOW)
    with pytest.raises(SupportNotGranted):
        grant.enter(NOW)


def test_an_end_is_the_end_and_says_whether_tokens_may_be_out() -> None:
    before = asked()
    before.end("replaced", "operator:jo", NOW)
    grant = granted()
    grant.end("revoked", ADA, NOW)
    grant.end("operator_revoked", "system:cli", NOW + HOUR)
    assert (grant.ended_reason, grant.ended_at) == ("revoked", NOW)
    said = [each for each in [*before.recorded, *grant.recorded] if isinstance(each, SupportEnded)]
    assert [each.had_begun for each in said] == [False, True]


def test_a_row_says_all_that_the_events_do() -> None:
    grant = granted()
    row = {name: getattr(grant, name) for name in STATE}
    again = SupportGrant.restore(ID, 2, row)
    assert {name: getattr(again, name) for name in STATE} == row
    assert again.is_good(NOW)


def test_an_event_of_something_else_is_a_defect() -> None:
    @dataclass(frozen=True)
    class Sold(Event):
        pass

    with pytest.raises(InvariantViolation):
        asked().apply(Sold())


def test_the_event_names_who_decided_and_until_when() -> None:
    [event] = [each for each in granted().recorded if isinstance(each, SupportGranted)]
    assert (event.decided_by, event.decided_at) == (ADA, NOW)
    assert event.granted_until == NOW + HOUR


def test_what_can_be_granted_is_less_than_a_program_can_get() -> None:
    assert supportable(PERMISSIONS) < grantable(PERMISSIONS)
    assert reading(PERMISSIONS) < supportable(PERMISSIONS)
    assert {each.partition(":")[2] for each in reading(PERMISSIONS)} == {"read"}


@pytest.mark.parametrize(
    "permission", ["members:write", "invoices:approve", "approval_rules:write", "personal:erase"]
)
def test_what_speaks_for_the_tenant_or_outlives_it_is_left_out(permission: str) -> None:
    assert permission in PERMISSIONS
    assert permission not in supportable(PERMISSIONS)


@pytest.mark.parametrize("later", ["support:anything", "api_keys:anything", "roles:anything"])
def test_permissions_that_come_later_are_left_out_too(later: str) -> None:
    assert supportable([later]) == frozenset()
