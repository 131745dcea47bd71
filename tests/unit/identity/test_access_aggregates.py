"""Keys, roles, invitations and members: given, when, then."""

from datetime import timedelta
from typing import Any

import pytest

from invx.contexts.identity.domain.api_key import ApiKey
from invx.contexts.identity.domain.api_key_events import (
    ApiKeyCreated,
    ApiKeyRevoked,
    ApiKeyRotated,
)
from invx.contexts.identity.domain.errors import (
    ApiKeyOver,
    InvitationForAnother,
    InvitationOver,
    MemberNotFound,
    RoleNameTaken,
    RoleNotFound,
)
from invx.contexts.identity.domain.invitation import LIFETIME, Invitation
from invx.contexts.identity.domain.invitation_events import (
    InvitationAccepted,
    InvitationWithdrawn,
)
from invx.contexts.identity.domain.member import Member
from invx.contexts.identity.domain.member_events import (
    MemberEntered,
    MemberRemoved,
    MemberRoleChanged,
)
from invx.contexts.identity.domain.role import Role, name_key, role_id_in
from invx.contexts.identity.domain.role_events import RoleChanged, RoleRemoved
from invx.contexts.identity.read.projections import _api_key, _invitation, _role
from invx.kernel.errors import InvariantViolation
from invx.kernel.ids import typeid
from tests.unit.identity.given import (
    ADA,
    BO,
    DAY,
    EMAIL,
    HOUR,
    ID,
    NOW,
    SESSION,
    api_key,
    content,
    invitation,
    member,
    new,
    role,
)


def test_a_key_says_all_but_its_secret() -> None:
    key = ApiKey.create(
        ID,
        name="X",
        mode="test",
        authority=api_key("b:read", "a:read").authority,
        secret=("the hash", "wxyz"),
        created=("user:ada", NOW),
        expires_at=None,
    )
    [event] = new(key)
    assert event == ApiKeyCreated(
        name="X",
        mode="test",
        permissions=("a:read", "b:read"),
        approval_limit=None,
        hint="wxyz",
        created_at=NOW,
        expires_at=None,
    )
    assert "the hash" not in repr(event)
    assert (key.secret_hash, key.created_by) == ("the hash", "user:ada")


@pytest.mark.parametrize(("after", "alive"), [(-HOUR, True), (timedelta(0), False), (HOUR, False)])
def test_a_key_lives_until_its_expiry(after: timedelta, alive: bool) -> None:
    key = api_key(expires_at=NOW + DAY)
    assert key.is_alive(NOW + DAY + after) is alive
    assert api_key().is_alive(NOW + 10_000 * DAY)


@pytest.mark.parametrize(
    ("before", "overlap", "ended"),
    [
        ([], DAY, False),
        ([], timedelta(0), True),
        ([(HOUR, DAY)], DAY, True),  # the oldest of three secrets ends
        ([(HOUR, HOUR)], DAY, False),  # the one before has run out already
        ([(HOUR, DAY)], timedelta(0), True),
    ],
)
def test_a_rotation_says_whether_a_secret_ended_with_it(
    before: list[tuple[timedelta, timedelta]], overlap: timedelta, ended: bool
) -> None:
    key, now = api_key(), NOW
    for number, (later, lap) in enumerate(before):
        key.rotate((f"hash {number}", "bbbb"), lap, now)
        now += later
    new(key)
    last = key.secret_hash
    key.rotate(("hash new", "cccc"), overlap, now)
    assert new(key) == [
        ApiKeyRotated(hint="cccc", rotated_at=now, previous_until=now + overlap, ended_one=ended)
    ]
    assert (key.secret_hash, key.previous_hash) == ("hash new", last)
    assert (key.hint, key.rotated_at) == ("cccc", now)


def test_what_is_over_is_not_rotated_and_ends_once() -> None:
    key = api_key(expires_at=NOW + DAY)
    with pytest.raises(ApiKeyOver):
        key.rotate(("h", "x"), DAY, NOW + DAY)
    key.revoke(NOW + HOUR)
    key.revoke(NOW + 2 * HOUR)
    assert new(key) == [ApiKeyRevoked(revoked_at=NOW + HOUR)]
    with pytest.raises(ApiKeyOver):
        key.rotate(("h", "x"), DAY, NOW + HOUR)
    assert not key.is_alive(NOW + HOUR)


def test_a_role_changes_as_a_whole_and_the_same_is_no_act() -> None:
    one, other = content("a:read"), content("a:read", "b:read", name="More", EUR="5")
    made = role(one)
    made.change(content("a:read"), NOW)
    assert new(made) == []
    made.change(other, NOW + HOUR)
    assert new(made) == [RoleChanged(before=one, after=other, changed_at=NOW + HOUR)]
    assert made.authority.permissions == {"a:read", "b:read"}
    made.remove(NOW + DAY)
    assert new(made) == [RoleRemoved(before=other, removed_at=NOW + DAY)]
    for act in (lambda: made.change(one, NOW), lambda: made.remove(NOW), made.ensure_there):
        with pytest.raises(RoleNotFound):
            act()


@pytest.mark.parametrize("name", ["owner", "OWNER", " Admin ", "Ｖｉｅｗｅｒ", "Sales"])
def test_no_role_is_called_as_one_that_every_tenant_has(name: str) -> None:
    with pytest.raises(RoleNameTaken):
        Role.create(ID, content(name=name), NOW)
    with pytest.raises(RoleNameTaken):
        role().change(content(name=name), NOW)


@pytest.mark.parametrize(
    ("one", "other"), [("Dunning", "dunning"), ("Straße", "STRASSE"), ("ﬁnance", "Finance ")]
)
def test_names_that_people_take_for_one_are_one(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize("text", ["", "admin", "role_", "rol_01", "key_" + "0" * 26, "role_!"])
def test_what_is_no_id_of_a_role_is_none(text: str) -> None:
    assert role_id_in(text) is None
    assert role_id_in(typeid("role", ID)) == ID


@pytest.mark.parametrize("email", [EMAIL, EMAIL.upper(), f" {EMAIL} "])
def test_an_invitation_is_taken_by_its_address_however_it_is_written(email: str) -> None:
    made = invitation()
    made.accept(BO, email, NOW + DAY)
    assert new(made) == [InvitationAccepted(user_id=BO, accepted_at=NOW + DAY)]
    assert made.accepted_by == BO
    assert not made.is_open


@pytest.mark.parametrize(
    ("email", "later", "error"),
    [
        ("eve@kontor-nord.example", DAY, InvitationForAnother),
        ("", DAY, InvitationForAnother),
        (EMAIL, LIFETIME, InvitationOver),
        (EMAIL, LIFETIME + HOUR, InvitationOver),
    ],
)
def test_another_address_and_the_eighth_day_are_refused(
    email: str, later: timedelta, error: type[Exception]
) -> None:
    made = invitation()
    with pytest.raises(error):
        made.accept(BO, email, NOW + later)
    assert new(made) == []


def test_an_invitation_is_over_once() -> None:
    accepted, withdrawn = invitation(), invitation()
    accepted.accept(BO, EMAIL, NOW)
    withdrawn.withdraw("replaced", NOW)
    assert new(withdrawn) == [InvitationWithdrawn(reason="replaced", withdrawn_at=NOW)]
    for made in (accepted, withdrawn):
        new(made)
        with pytest.raises(InvitationOver):
            made.accept(ADA, EMAIL, NOW)
        made.withdraw("withdrawn", NOW)
        assert new(made) == []


def test_an_address_leaves_the_row_with_the_invitation() -> None:
    made = invitation()
    assert _invitation(made)["email"] == EMAIL
    made.withdraw("withdrawn", NOW)
    assert _invitation(made)["email"] is None


def test_a_member_comes_in_changes_and_leaves_and_each_says_what_was() -> None:
    seated = member("sales")
    seated.enter(SESSION, method="password", address="192.0.2.7", user_agent=None, now=NOW)
    seated.change_role("sales", NOW)
    seated.change_role("viewer", NOW)
    seated.remove(NOW + DAY)
    assert new(seated) == [
        MemberEntered(
            user_id=BO,
            session_id=SESSION,
            method="password",
            address="192.0.2.7",
            user_agent=None,
            entered_at=NOW,
        ),
        MemberRoleChanged(before="sales", after="viewer", changed_at=NOW),
        MemberRemoved(removed_at=NOW + DAY, before="viewer"),
    ]
    with pytest.raises(MemberNotFound):
        seated.enter(SESSION, method="password", address=None, user_agent=None, now=NOW)


ROWS: list[tuple[Any, Any]] = [
    (api_key("a:read", expires_at=NOW + DAY), _api_key),
    (role(content("a:read", EUR="5")), _role),
    (role(), _role),
    (invitation(), _invitation),
]


@pytest.mark.parametrize(("aggregate", "row_of"), ROWS)
def test_an_aggregate_comes_back_from_its_row(aggregate: Any, row_of: Any) -> None:
    row = {"last_used_at": None, **row_of(aggregate)}
    again = type(aggregate).restore(aggregate.id, aggregate.version, row)
    assert row_of(again) == row_of(aggregate)
    assert again.version == aggregate.version


@pytest.mark.parametrize("kind", [ApiKey, Role, Invitation, Member])
def test_an_event_of_another_kind_is_our_defect(kind: Any) -> None:
    stranger = (
        MemberRemoved(removed_at=NOW) if kind is not Member else ApiKeyRevoked(revoked_at=NOW)
    )
    with pytest.raises(InvariantViolation):
        kind(ID).apply(stranger)
