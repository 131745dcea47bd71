"""Operators and their announcements."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from invx.contexts.identity.domain.announcement import STATE, Announcement
from invx.contexts.identity.domain.errors import AnnouncementTimesInvalid, OperatorNotFound
from invx.contexts.identity.domain.operator import Operator
from invx.contexts.identity.domain.operator_events import (
    ActOfOperator,
    DefaultQuotaClassGiven,
    QuotaClassGiven,
    ResumptionOrdered,
    SuspensionOrdered,
    TenantAccessAsked,
    TenantAccessLeft,
    TenantEntered,
)
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Event

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ID, ADA, ONE, TWO = (UUID(int=each) for each in (7, 8, 9, 10))


@dataclass(frozen=True)
class Sold(Event):
    """Nothing that happens here."""


def operator() -> Operator:
    return Operator.appoint(ID, ADA, "Jo", NOW)


def ask(tenant: UUID) -> TenantAccessAsked:
    return TenantAccessAsked(tenant_id=tenant, support_grant_id=UUID(int=1))


ACTS: list[ActOfOperator] = [
    SuspensionOrdered(tenant_id=ONE, reason="Unpaid"),
    ResumptionOrdered(tenant_id=ONE, reason="Paid"),
    QuotaClassGiven(tenant_id=ONE, before="standard", after="large"),
    DefaultQuotaClassGiven(before="standard", after="small"),
    ask(ONE),
    TenantEntered(tenant_id=ONE, support_grant_id=UUID(int=1)),
    TenantAccessLeft(tenant_id=ONE),
]


@pytest.mark.parametrize("act", ACTS, ids=lambda each: type(each).__name__)
def test_what_is_done_is_recorded_as_it_is_and_by_nobody_who_was_revoked(
    act: ActOfOperator,
) -> None:
    acting = operator()
    acting.act(act)
    assert acting.recorded[-1] is act
    acting.revoke(NOW)
    with pytest.raises(OperatorNotFound):
        acting.act(act)
    with pytest.raises(OperatorNotFound):
        acting.sign_in("password+totp", None, NOW)


def test_whom_they_asked_is_known_once_each() -> None:
    acting = operator()
    for tenant in (TWO, ONE, TWO):
        acting.act(ask(tenant))
    assert acting.asked == [TWO, ONE]


def test_revoked_once_is_revoked() -> None:
    acting = operator()
    acting.revoke(NOW)
    acting.revoke(NOW + DAY)
    assert acting.revoked_at == NOW
    assert len(acting.recorded) == 2


def test_a_row_says_all_of_an_operator() -> None:
    acting = operator()
    acting.act(ask(ONE))
    names = ("user_id", "name", "asked", "appointed_at", "revoked_at")
    row = {name: getattr(acting, name) for name in names}
    again = Operator.restore(ID, 2, row)
    assert {name: getattr(again, name) for name in names} == row


def announced(starts: timedelta, ends: timedelta) -> Announcement:
    return Announcement.make(
        ID,
        text="Sunday",
        severity="info",
        shown=(NOW + starts, NOW + ends),
        made_by="operator:jo",
        now=NOW,
    )


@pytest.mark.parametrize(
    "starts,ends",
    [(DAY, DAY), (DAY, timedelta(0)), (-2 * DAY, -DAY), (timedelta(0), timedelta(0))],
)
def test_it_ends_after_its_start_and_not_in_the_past(starts: timedelta, ends: timedelta) -> None:
    with pytest.raises(AnnouncementTimesInvalid) as refused:
        announced(starts, ends)
    assert refused.value.problems[0].pointer == "/ends_at"


def test_what_has_begun_already_may_be_announced() -> None:
    assert announced(-DAY, DAY).starts_at == NOW - DAY


def test_withdrawn_once_it_is_withdrawn_and_a_row_says_so() -> None:
    announcement = announced(timedelta(0), DAY)
    announcement.withdraw(NOW)
    announcement.withdraw(NOW + DAY)
    assert announcement.withdrawn_at == NOW
    row = {name: getattr(announcement, name) for name in STATE}
    again = Announcement.restore(ID, 2, row)
    assert {name: getattr(again, name) for name in STATE} == row


def test_an_event_of_something_else_is_a_defect() -> None:
    for aggregate in (operator(), announced(timedelta(0), DAY)):
        with pytest.raises(InvariantViolation):
            aggregate.apply(Sold())
