"""Erasing a person, and their way out of a tenant: who is refused, and what ends."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.identity.app.erase_user import (
    ASKED_AGAIN_AFTER,
    FRESH,
    LEAVE_TENANT,
    EraseUser,
    LeaveSoon,
    erase_user,
    leave_soon,
)
from invx.contexts.identity.app.leave_tenant import LeaveTenant, leave_tenant
from invx.contexts.identity.domain.api_key import ApiKey
from invx.contexts.identity.domain.api_key_events import ApiKeyRevoked
from invx.contexts.identity.domain.errors import (
    ApiKeyNotFound,
    InvitationNotFound,
    MemberNotFound,
    OnlyOwner,
    OperatorStill,
    SignInAgain,
    SignInRefused,
    UserNotFound,
)
from invx.contexts.identity.domain.invitation import Invitation
from invx.contexts.identity.domain.invitation_events import InvitationWithdrawn
from invx.contexts.identity.domain.member import Member, member_id
from invx.contexts.identity.domain.member_events import MemberErased, MemberRemoved
from invx.contexts.identity.domain.owned import OwnedTenant
from invx.contexts.identity.domain.session import Session
from invx.contexts.identity.domain.user import User, UserStatus, actor_of, email_key, user_in
from invx.contexts.identity.domain.user_events import UserErased
from invx.kernel.context import RequestContext
from invx.kernel.errors import DomainError
from invx.kernel.ids import typeid
from tests.unit.identity.given import BO, EMAIL, api_key, invitation, member, new
from tests.unit.identity.people_in_memory import Kept, Memory, recorded
from tests.unit.identity.sandboxes_in_memory import KeptJobs

HERE, THERE = UUID(int=101), UUID(int=102)


@dataclass
class People:
    """What is known over all tenants, and what was done, in order."""

    owned: list[OwnedTenant] = field(default_factory=list)
    knowing: list[UUID] = field(default_factory=list)
    done: list[Any] = field(default_factory=list)

    async def shut_out_writers(self) -> None:
        self.done.append("shut out writers")

    async def leave_alone(self, user_id: UUID) -> None:
        self.done.append("leave alone")

    async def owned_alone(self, user_id: UUID) -> Sequence[OwnedTenant]:
        self.done.append("owned alone")
        return self.owned

    async def tenants_knowing(self, user_id: UUID) -> Sequence[UUID]:
        return self.knowing

    async def forget(self, user_id: UUID, now: datetime) -> None:
        self.done.append("forget")

    async def forget_here(self, user_id: UUID, invitations: Collection[UUID]) -> None:
        self.done.append(("forget here", user_id, list(invitations)))

    async def forget_operators_here(self, operators: Collection[UUID]) -> None:
        self.done.append(("forget operators", list(operators)))


@dataclass
class Operators:
    acting: bool = False

    async def of_user(self, user_id: UUID) -> Any:
        return object() if self.acting else None


@dataclass
class Exits:
    """Whether a tenant lets them out, one answer after the other."""

    answers: list[bool]

    async def leave(self, user_id: UUID, tenant_id: UUID) -> bool:
        return self.answers.pop(0)


class KeptKeys(Kept[ApiKey]):
    async def made_by(self, actor: str) -> Sequence[ApiKey]:
        return [each for each in self.all.values() if each.created_by == actor]


class KeptInvitations(Kept[Invitation]):
    async def open_by(self, actor: str) -> Sequence[Invitation]:
        return [each for each in self.all.values() if each.invited_by == actor and each.is_open]

    async def about(self, user_id: UUID, email: str | None) -> Sequence[Invitation]:
        return [
            each
            for each in self.all.values()
            if each.accepted_by == user_id or email_key(each.email or "") == email
        ]


@dataclass
class House(Memory):
    """An installation and one tenant, seen by one unit of work."""

    people: People = field(default_factory=People)
    operators: Operators = field(default_factory=Operators)
    jobs: KeptJobs = field(default_factory=KeptJobs)
    leaving: Any = None
    session_id: UUID | None = None
    members: Any = field(default_factory=lambda: Kept[Member](MemberNotFound))
    api_keys: Any = field(default_factory=lambda: KeptKeys(ApiKeyNotFound))
    invitations: Any = field(default_factory=lambda: KeptInvitations(InvitationNotFound))

    @property
    def ctx(self) -> RequestContext:
        whole = super().ctx
        return replace(whole, caller=replace(whole.caller, session_id=self.session_id))

    def system_now(self) -> datetime:
        return self.now

    async def hold_access(self) -> None:
        self.people.done.append("hold access")

    def signed_in(self, user: User) -> Session:
        said = {"method": "password", "address": "10.0.0.1", "user_agent": "browser"}
        session = Session.open(self.ids.new(), user_id=user.id, now=self.now, **said)
        self.sessions.add(session)
        return session


def asked(user: User, **more: Any) -> EraseUser:
    return EraseUser(**{"user_id": user.id, "verified_hash": "hash", **more})


async def refused(house: House, command: EraseUser) -> DomainError:
    user = await house.users.get(command.user_id)
    before = list(user.recorded)
    with pytest.raises(DomainError) as caught:
        await erase_user(command, house)  # type: ignore[arg-type]
    assert user.recorded == before
    assert "forget" not in house.people.done
    assert house.jobs.due == {}
    return caught.value


async def run(house: House, command: EraseUser) -> None:
    await erase_user(command, house)  # type: ignore[arg-type]


async def test_all_of_a_person_goes_and_each_tenant_is_to_follow() -> None:
    house = House()
    user, other = house.person(), house.person("bo@kontor-nord.example")
    house.people.knowing = [HERE, THERE]
    house.attempts.counts = {"account": 3, "somebody else": 1}
    mine, theirs = house.signed_in(user), house.signed_in(other)
    await run(house, asked(user, attempts=("account",)))
    assert (user.status, user.active) == (UserStatus.ERASED, False)
    assert (user.email, user.name, user.password_hash) == (None, None, None)
    assert recorded(user)[-1] is UserErased
    assert (mine.reason, theirs.reason) == ("user_erased", None)
    assert house.jobs.due == {
        (LEAVE_TENANT, f"{user.id}:{each}"): house.now for each in (HERE, THERE)
    }
    assert house.attempts.counts == {"somebody else": 1}


async def test_locks_come_before_what_they_guard() -> None:
    house = House()
    await run(house, asked(house.person()))
    assert house.people.done == ["shut out writers", "leave alone", "owned alone", "forget"]


async def test_a_tenant_that_needs_its_owner_is_named() -> None:
    house = House()
    house.people.owned = [OwnedTenant(HERE, "Kontor Nord"), OwnedTenant(THERE, "Werft")]
    error = await refused(house, asked(house.person()))
    assert isinstance(error, OnlyOwner)
    assert [each.detail for each in error.problems] == [
        f"Kontor Nord ({typeid('tnt', HERE)}) has no other owner.",
        f"Werft ({typeid('tnt', THERE)}) has no other owner.",
    ]
    assert {each.code for each in error.problems} == {"only_owner"}


async def test_an_operator_is_revoked_first() -> None:
    house = House(operators=Operators(acting=True))
    assert isinstance(await refused(house, asked(house.person())), OperatorStill)


async def test_who_was_erased_is_not_there() -> None:
    house = House()
    user = house.person()
    await run(house, asked(user))
    before = list(user.recorded)
    with pytest.raises(UserNotFound):
        await run(house, asked(user))
    assert user.recorded == before


async def test_a_password_that_changed_meanwhile_is_not_the_one_that_was_verified() -> None:
    house = House()
    error = await refused(house, asked(house.person(), verified_hash="older"))
    assert isinstance(error, SignInRefused)


@pytest.mark.parametrize(
    ("password", "age", "whose"),
    [
        ("hash", timedelta(), "own"),  # there is a password: show it
        (None, FRESH, "own"),
        (None, timedelta(days=1), "own"),
        (None, timedelta(), "another's"),
        (None, timedelta(), "none"),
    ],
)
async def test_without_a_password_only_a_fresh_session_of_ones_own_counts(
    password: str | None, age: timedelta, whose: str
) -> None:
    house = House()
    user, other = house.person(password=password), house.person("bo@kontor-nord.example")
    sessions = {"own": house.signed_in(user).id, "another's": house.signed_in(other).id}
    house.session_id = sessions.get(whose)
    house.now += age
    assert isinstance(await refused(house, asked(user, verified_hash=None)), SignInAgain)


async def test_a_session_stands_for_a_password_to_the_last_moment() -> None:
    house = House()
    user = house.person(password=None)
    house.session_id = house.signed_in(user).id
    house.now += FRESH - timedelta(microseconds=1)
    await run(house, asked(user, verified_hash=None))
    assert user.status is UserStatus.ERASED


async def test_a_tenant_that_cannot_be_written_is_asked_again() -> None:
    house = House(leaving=Exits([False, True]))
    command = LeaveSoon(BO, HERE)
    await leave_soon(command, house)  # type: ignore[arg-type]
    again = {(LEAVE_TENANT, f"{BO}:{HERE}"): house.now + ASKED_AGAIN_AFTER}
    assert house.jobs.due == again
    await leave_soon(command, house)  # type: ignore[arg-type]
    assert house.jobs.due == again  # nothing new


def tenant(house: House, *, seated: bool = True) -> Member:
    """Bo belongs to the tenant of the unit of work, or did."""
    known = member()
    bo = Member(member_id(house.ctx.tenant_id, BO))
    bo.seat(BO, email=known.email or "", name=known.name or "", role="sales", now=house.now)
    if not seated:
        bo.remove(house.now)
    new(bo)
    house.members.add(bo)
    return bo


async def leave(house: House) -> None:
    await leave_tenant(LeaveTenant(BO, [THERE]), house)  # type: ignore[arg-type]


async def test_keys_and_invitations_of_who_leaves_end_and_no_others() -> None:
    house = House()
    bo = tenant(house)
    keys = {name: api_key() for name in ("his", "hers")}
    for number, (name, key) in enumerate(keys.items()):
        key.id = UUID(int=200 + number)
        key.created_by = actor_of(BO) if name == "his" else "user:ada"
        house.api_keys.add(key)
    made, unrelated = invitation("cai@kontor-nord.example"), invitation("dee@kontor-nord.example")
    unrelated.id, made.invited_by = UUID(int=300), actor_of(BO)
    house.invitations.add(made)
    house.invitations.add(unrelated)
    await leave(house)
    assert [type(each) for each in new(keys["his"])] == [ApiKeyRevoked]
    assert new(keys["hers"]) == new(unrelated) == []
    [withdrawn] = new(made)
    assert withdrawn == InvitationWithdrawn(reason="inviter_removed", withdrawn_at=house.now)
    assert [type(each) for each in new(bo)] == [MemberRemoved, MemberErased]
    assert (bo.email, bo.name, bo.seated) == (None, None, False)
    await leave(house)
    assert new(bo) == new(made) == new(keys["his"]) == []


async def test_invitations_to_who_leaves_are_forgotten_whatever_became_of_them() -> None:
    house = House()
    tenant(house, seated=False)
    accepted, waiting = invitation(), invitation(f" {EMAIL.upper()} ")
    accepted.accept(BO, EMAIL, house.now)
    waiting.id = UUID(int=300)
    for each in (accepted, waiting):
        new(each)
        house.invitations.add(each)
    await leave(house)
    assert new(accepted) == []
    [withdrawn] = new(waiting)
    assert withdrawn == InvitationWithdrawn(reason="invited_erased", withdrawn_at=house.now)
    assert house.people.done == [
        "shut out writers",
        "hold access",
        ("forget here", BO, [accepted.id, waiting.id]),
        ("forget operators", [THERE]),
    ]


async def test_who_was_removed_before_is_erased_without_being_removed_again() -> None:
    house = House()
    bo = tenant(house, seated=False)
    await leave(house)
    assert [type(each) for each in new(bo)] == [MemberErased]


async def test_a_tenant_that_knew_only_the_operator_has_no_member_to_erase() -> None:
    house = House()
    await leave(house)
    assert house.members.all == {}
    assert ("forget operators", [THERE]) in house.people.done


def test_a_person_is_named_in_histories_and_found_again() -> None:
    assert user_in(actor_of(BO)) == BO
    for other in ("user:test", "key:key_1", "system:cli", "stranger", typeid("usr", BO), "user:"):
        assert user_in(other) is None
