"""Users, sessions, organizations, tenants and members: what they decide, and what they remember."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.identity.domain.errors import MemberNotFound
from invx.contexts.identity.domain.member import Member, member_id
from invx.contexts.identity.domain.member_events import MemberRemoved, MemberSeated
from invx.contexts.identity.domain.organization import Organization
from invx.contexts.identity.domain.organization_events import OrganizationRenamed
from invx.contexts.identity.domain.roles import (
    OWNERS_ONLY,
    PERSONAL_PERMISSIONS,
    ROLES,
    permissions_of,
)
from invx.contexts.identity.domain.session import LIFETIME, Session
from invx.contexts.identity.domain.session_events import SessionRevoked
from invx.contexts.identity.domain.tenant import ACTIVE, LIVE, SUSPENDED, TEST, Tenant
from invx.contexts.identity.domain.tenant_events import Entry, TenantChanged
from invx.contexts.identity.domain.user import User, UserStatus, email_key
from invx.contexts.identity.domain.user_events import (
    PasswordChanged,
    PasswordRehashed,
    UserDisabled,
    UserRenamed,
)
from invx.contexts.identity.read.projections import _ROW_OF
from invx.contracts.permissions import PERMISSIONS
from invx.kernel.errors import InvariantViolation

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
ONE, TWO = UUID(int=11), UUID(int=12)


def user() -> User:
    return User.register(
        ONE,
        email="Ada@Kontor-Nord.example",
        name="Ada Lund",
        language="de",
        password_hash="$argon2id$…",
        now=NOW,
    )


def session() -> Session:
    return Session.open(
        TWO, user_id=ONE, method="password", address="10.0.0.1", user_agent=None, now=NOW
    )


def seated() -> Member:
    member = Member(member_id(TWO, ONE))
    member.seat(ONE, email="ada@x.example", name="Ada", role="sales", now=NOW)
    return member


def from_its_row(aggregate: Any) -> Any:
    """As a repository makes it anew from what its projection stated."""
    _, _, row_of = _ROW_OF[type(aggregate)]
    return type(aggregate).restore(aggregate.id, aggregate.version, row_of(aggregate))


@pytest.mark.parametrize(
    "aggregate",
    [
        user(),
        session(),
        Organization.found(ONE, name="Kontor", owner_id=TWO, now=NOW),
        Tenant.open(ONE, organization_id=TWO, entry=Entry(name="Kontor", mode=LIVE), now=NOW),
        Tenant.open(
            ONE,
            organization_id=TWO,
            entry=Entry(name="S", mode=TEST),
            now=NOW,
            sandbox_of=TWO,
            ends_at=NOW,
        ),
        seated(),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_row_holds_all_that_an_aggregate_knows(aggregate: Any) -> None:
    again = from_its_row(aggregate)
    left_out = {"recorded"}
    assert {k: v for k, v in vars(again).items() if k not in left_out} == {
        k: v for k, v in vars(aggregate).items() if k not in left_out
    }
    assert again.recorded == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ada@x.example", "ADA@X.EXAMPLE", True),
        (" ada@x.example ", "ada@x.example", True),
        ("straße@x.example", "STRASSE@x.example", True),
        ("ada@x.example", "ada@y.example", False),
        ("ada.l@x.example", "adal@x.example", False),
    ],
)
def test_an_address_is_one_however_it_is_written(one: str, other: str, same: bool) -> None:
    assert (email_key(one) == email_key(other)) is same


def test_no_event_of_a_user_holds_the_hash_of_the_password() -> None:
    ada = user()
    ada.change_password("$argon2id$other", NOW)
    ada.rehash("$argon2id$newer parameters")
    assert ada.password_hash == "$argon2id$newer parameters"
    assert not any("argon2id" in repr(event) for event in ada.recorded)
    assert [type(each) for each in ada.recorded[1:]] == [PasswordChanged, PasswordRehashed]


def test_the_same_again_is_no_event() -> None:
    ada, kontor = user(), Organization.found(ONE, name="Kontor", owner_id=TWO, now=NOW)
    tenant = Tenant.open(ONE, organization_id=TWO, entry=Entry(name="Kontor", mode=LIVE), now=NOW)
    ada.rename("Ada Lund")
    kontor.rename("Kontor")
    tenant.change("nothing", name="Kontor")
    assert [len(each.recorded) for each in (ada, kontor, tenant)] == [1, 1, 1]
    ada.rename("Ada Berg")
    kontor.rename("Kontor Nord")
    tenant.change("owed", status=SUSPENDED)
    assert isinstance(ada.recorded[-1], UserRenamed)
    assert isinstance(kontor.recorded[-1], OrganizationRenamed)
    changed = tenant.recorded[-1]
    assert isinstance(changed, TenantChanged)
    assert (changed.before.status, changed.entry.status) == (ACTIVE, SUSPENDED)


def test_who_is_disabled_stays_so() -> None:
    ada = user()
    assert ada.active
    for _ in range(2):
        ada.disable("left")
    assert (ada.status, ada.active) == (UserStatus.DISABLED, False)
    assert [type(each) for each in ada.recorded].count(UserDisabled) == 1


def test_a_session_ends_by_time_or_by_word_and_only_once() -> None:
    opened = session()
    assert opened.is_alive(NOW + LIFETIME - timedelta(seconds=1))
    assert not opened.is_alive(NOW + LIFETIME)
    opened.revoke("signed_out", NOW)
    opened.revoke("password_changed", NOW + timedelta(hours=1))
    assert not opened.is_alive(NOW)
    assert (opened.reason, opened.revoked_at) == ("signed_out", NOW)
    assert [type(each) for each in opened.recorded].count(SessionRevoked) == 1


def test_a_member_is_seated_once_and_again_after_being_removed() -> None:
    member = seated()
    member.seat(ONE, email="ada@x.example", name="Ada", role="owner", now=NOW)
    assert (member.role, len(member.recorded)) == ("sales", 1)
    member.change_role("sales", NOW)
    assert len(member.recorded) == 1
    member.change_role("viewer", NOW)
    member.remove(NOW)
    assert isinstance(member.recorded[-1], MemberRemoved)
    for act in (lambda: member.remove(NOW), lambda: member.change_role("sales", NOW)):
        with pytest.raises(MemberNotFound):
            act()
    member.seat(ONE, email="ada@x.example", name="Ada", role="sales", now=NOW)
    assert isinstance(member.recorded[-1], MemberSeated)
    assert (member.seated, member.role) == (True, "sales")


def test_one_user_is_one_member_of_a_tenant_and_another_of_another() -> None:
    assert member_id(TWO, ONE) == member_id(TWO, ONE)
    assert len({member_id(TWO, ONE), member_id(ONE, TWO), member_id(ONE, ONE)}) == 3


@pytest.mark.parametrize("kind", [User, Session, Organization, Tenant, Member])
def test_an_event_of_another_is_our_own_defect(kind: Any) -> None:
    strange = SessionRevoked(reason="x", revoked_at=NOW)
    if kind is Session:
        strange = PasswordChanged(changed_at=NOW)
    with pytest.raises(InvariantViolation):
        kind(ONE).apply(strange)


def test_each_role_has_what_it_says_and_nobody_the_account_of_another() -> None:
    held = {role: permissions_of(role, PERMISSIONS) for role in ROLES}
    assert held["owner"] == set(PERMISSIONS) - PERSONAL_PERMISSIONS
    assert held["admin"] == held["owner"] - OWNERS_ONLY
    for role in ROLES:
        assert held[role] <= held["owner"]
        assert not held[role] & PERSONAL_PERMISSIONS
    assert all(each.endswith(":read") for each in held["viewer"])
    assert not {"audit:read", "members:read", "api_keys:read"} & held["viewer"]
    assert {"invoices:write", "invoices:finalize"} <= held["sales"]
    assert not {"invoices:approve", "accounting:write", "periods:close"} & held["sales"]
    assert {"accounting:write", "periods:close", "audit:read"} <= held["accountant"]
    assert not {"invoices:write", "members:write", "personal:erase"} & held["accountant"]
