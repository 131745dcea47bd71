"""Who has to get a new token, and how acts are shown; of every event that identity has."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.identity.api.routes.acts import IN_TENANT, OF_PERSON
from invx.contexts.identity.app.publish import contract_of
from invx.contexts.identity.domain.api_key_events import (
    ApiKeyCreated,
    ApiKeyRevoked,
    ApiKeyRotated,
)
from invx.contexts.identity.domain.invitation_events import (
    InvitationAccepted,
    InvitationMade,
    InvitationWithdrawn,
)
from invx.contexts.identity.domain.member_events import (
    MemberEntered,
    MemberErased,
    MemberRemoved,
    MemberRoleChanged,
    MemberSeated,
)
from invx.contexts.identity.domain.organization_events import OrganizationRenamed
from invx.contexts.identity.domain.role_events import RoleChanged, RoleCreated, RoleRemoved
from invx.contexts.identity.domain.support_events import (
    SupportAsked,
    SupportEnded,
    SupportEntered,
    SupportGranted,
)
from invx.contexts.identity.domain.tenant_events import Entry, TenantChanged
from invx.contexts.identity.domain.user_events import PasswordChanged, UserRenamed
from invx.contexts.identity.read.acts import cells, change_of, type_name
from invx.contexts.identity.wiring import CODEC
from invx.contracts.identity import AccessReducedV1
from invx.kernel.ids import typeid
from invx.kernel.messages import Event
from tests.unit.identity.given import BO, DAY, EMAIL, ID, NOW, SESSION, amounts, content

LATER = datetime(2026, 11, 30, 9, 15, 1, tzinfo=UTC)
KEY = ApiKeyCreated(
    name="Web shop",
    mode="live",
    permissions=("a:read",),
    approval_limit=amounts(EUR="5.00"),
    hint="aaaa",
    created_at=NOW,
    expires_at=None,
)
SEATED = MemberSeated(user_id=BO, email=EMAIL, name="Bo", role="sales", seated_at=NOW)
ENTERED = MemberEntered(
    user_id=BO,
    session_id=SESSION,
    method="password",
    address="192.0.2.7",
    user_agent="browser",
    entered_at=NOW,
)
INVITED = InvitationMade(
    subject_id=ID, email=EMAIL, role="sales", made_at=NOW, expires_at=NOW + 7 * DAY
)


def rotated(ended: bool) -> ApiKeyRotated:
    return ApiKeyRotated(hint="b", rotated_at=NOW, previous_until=NOW, ended_one=ended)


def changed(before: Any, after: Any) -> RoleChanged:
    return RoleChanged(before=before, after=after, changed_at=NOW)


ASKED = SupportAsked(
    subject_id=ID, operator_id=BO, operator="Jo", reason="why", permissions=("a",), asked_at=NOW
)
GRANTED = SupportGranted(
    permissions=("a",), decided_by="user:x", decided_at=NOW, granted_until=NOW + DAY
)


def ended(*, begun: bool) -> SupportEnded:
    return SupportEnded(reason="revoked", had_begun=begun, ended_by="user:x", ended_at=NOW)


REDUCES: list[tuple[Event, bool]] = [
    (KEY, False),
    (rotated(False), False),
    (rotated(True), True),
    (ApiKeyRevoked(revoked_at=NOW), True),
    (MemberErased(erased_at=NOW), False),  # removed before, if they were a member
    (RoleCreated(content=content(), created_at=NOW), False),
    (RoleRemoved(before=content(), removed_at=NOW), False),  # nobody had it
    (changed(content("a"), content("a", "b")), False),
    (changed(content("a"), content("a", name="B")), False),
    (changed(content("a", "b"), content("b", "a")), False),
    (changed(content("a", "b"), content("a")), True),
    (changed(content("a"), content("b")), True),
    (changed(content("a"), content("a", EUR="5")), True),
    (changed(content("a", EUR="5"), content("a")), False),
    (changed(content("a", EUR="5"), content("a", EUR="6")), False),
    (changed(content("a", EUR="5"), content("a", EUR="4")), True),
    (changed(content("a", EUR="5", USD="5"), content("a", EUR="5")), True),
    (SEATED, False),
    (ENTERED, False),
    (MemberRoleChanged(before="sales", after="admin", changed_at=NOW), True),
    (MemberRemoved(removed_at=NOW), True),
    (INVITED, False),
    (InvitationAccepted(user_id=BO, accepted_at=NOW), False),
    (InvitationWithdrawn(reason="withdrawn", withdrawn_at=NOW), False),
    (ASKED, False),
    (GRANTED, False),
    (SupportEntered(entered_at=NOW), False),
    (ended(begun=False), False),  # nobody was let in by it
    (ended(begun=True), True),
]


@pytest.mark.parametrize(("event", "reduces"), REDUCES, ids=lambda each: type(each).__name__)
def test_only_what_takes_something_away_ends_older_tokens(event: Event, reduces: bool) -> None:
    contract = contract_of(ID, 3, LATER, event)
    assert contract == (AccessReducedV1(not_before=LATER) if reduces else None)


def test_every_act_in_a_tenant_is_looked_at() -> None:
    assert {type(event).__name__ for event, _ in REDUCES} == set(IN_TENANT)


SHOWN: list[tuple[Event, Any, Any]] = [
    (
        KEY,
        None,
        {
            "name": "Web shop",
            "mode": "live",
            "permissions": ["a:read"],
            "approval_limit": {"EUR": "5.00"},
            "hint": "aaaa",
            "created_at": NOW,
            "expires_at": None,
        },
    ),
    (ApiKeyRevoked(revoked_at=NOW), None, {"revoked_at": NOW}),
    (MemberRoleChanged(before="a", after="b", changed_at=NOW), {"role": "a"}, {"role": "b"}),
    (MemberRemoved(removed_at=NOW, before="sales"), {"role": "sales"}, None),
    (MemberRemoved(removed_at=NOW), {"role": None}, None),
    (
        ENTERED,
        None,
        {
            "user": typeid("usr", BO),
            "session": typeid("ses", SESSION),
            "method": "password",
            "address": "192.0.2.7",
            "user_agent": "browser",
            "entered_at": NOW,
        },
    ),
    (
        INVITED,
        None,
        {"email": EMAIL, "role": "sales", "made_at": NOW, "expires_at": NOW + 7 * DAY},
    ),
    (
        changed(content("a", EUR="5"), content("b", name="B")),
        {"name": "Dunning", "permissions": ["a"], "approval_limit": {"EUR": "5"}},
        {"name": "B", "permissions": ["b"], "approval_limit": None},
    ),
    (
        RoleRemoved(before=content("a"), removed_at=NOW),
        {"name": "Dunning", "permissions": ["a"], "approval_limit": None},
        None,
    ),
    (
        UserRenamed(subject_id=BO, before="Bo", after="Bo Larsen"),
        {"name": "Bo"},
        {"name": "Bo Larsen"},
    ),
    (OrganizationRenamed(before="A", after="B"), {"name": "A"}, {"name": "B"}),
    (
        TenantChanged(
            before=Entry(name="T", mode="live", status="active"),
            entry=Entry(name="T", mode="live", status="suspended"),
            reason="unpaid",
        ),
        {"name": "T", "mode": "live", "status": "active", "clock_offset_seconds": 0},
        {
            "name": "T",
            "mode": "live",
            "status": "suspended",
            "clock_offset_seconds": 0,
            "reason": "unpaid",
        },
    ),
    (PasswordChanged(changed_at=NOW), None, {"changed_at": NOW}),
]


@pytest.mark.parametrize(("event", "before", "after"), SHOWN, ids=lambda each: type(each).__name__)
def test_an_act_says_what_was_and_what_is(event: Event, before: Any, after: Any) -> None:
    assert change_of(event) == (before, after)


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("MemberRoleChanged", "member_role_changed"),
        ("ApiKeyCreated", "api_key_created"),
        ("UserDisabled", "user_disabled"),
    ],
)
def test_an_event_has_a_name_outside(event: str, name: str) -> None:
    assert type_name(event) == name


def test_two_kinds_of_acts_have_never_one_name() -> None:
    events = (*IN_TENANT, *OF_PERSON)
    assert len({type_name(each) for each in events}) == len(set(events))


@pytest.mark.parametrize("event", [event for event, _ in REDUCES], ids=lambda e: type(e).__name__)
def test_every_event_comes_back_from_what_is_stored_and_hides_persons(event: Event) -> None:
    encoded = CODEC.encode(event)
    body = encoded.body.decode()
    personal = [each.value.decode() for each in encoded.personal]
    assert CODEC.decode(encoded.type, encoded.schema_version, body, personal) == event
    for secret in (EMAIL, "192.0.2.7", "browser"):
        assert secret not in body
    erased = CODEC.decode(encoded.type, encoded.schema_version, body)
    shown = str(change_of(erased))
    assert EMAIL not in shown
    assert "192.0.2.7" not in shown


def test_a_removal_that_was_stored_before_it_said_the_role_is_read() -> None:
    body = '{"removed_at": "2026-11-30T09:15:00Z"}'
    event = CODEC.decode("MemberRemoved", 1, body)
    assert event == MemberRemoved(removed_at=NOW, before=None)
    assert {field.name for field in fields(MemberRemoved)} == {"removed_at", "before"}


def test_a_row_of_an_export_is_safe_and_whole() -> None:
    act = {
        "event_id": ID,
        "recorded_at": NOW,
        "type": "member_entered",
        "actor": "user:x",
        "kind": "Member",
        "about": "mem_1",
        "version": 2,
        "session": None,
        "address": None,
        "user_agent": "=cmd()",
        "request_id": str(UUID(int=7)),
        "before": None,
        "after": {"at": NOW + timedelta(0), "name": "Zoë"},
    }
    row = cells(act)
    assert row[:3] == [NOW, typeid("act", ID), "member_entered"]
    assert row[-2:] == [None, '{"at":"2026-11-30T09:15:00Z","name":"Zoë"}']
    assert len(row) == 13
