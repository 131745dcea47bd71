"""Every act in every state of identity's aggregates: which event it leaves, or why it is refused.

A dash is an act that changes nothing, `defect` one that no caller may ask for.
"""

import csv
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.identity.domain.announcement import Announcement
from invx.contexts.identity.domain.client import CONFIDENTIAL, PUBLIC, Client
from invx.contexts.identity.domain.member import Member
from invx.contexts.identity.domain.operator import Operator
from invx.contexts.identity.domain.operator_act import DONE, REFUSED, OperatorAct
from invx.contexts.identity.domain.operator_events import TenantAccessAsked
from invx.contexts.identity.domain.organization import Organization
from invx.contexts.identity.domain.role_events import RoleContent
from invx.contexts.identity.domain.second_factor import SecondFactor
from invx.contexts.identity.domain.session import IDLE, LIFETIME, Session
from invx.contexts.identity.domain.session_events import ClientGrant
from invx.contexts.identity.domain.support import ASKED_FOR, SupportGrant
from invx.contexts.identity.domain.tenant import LIVE, TEST, Tenant
from invx.contexts.identity.domain.tenant_events import Entry
from invx.contexts.identity.domain.user import User
from invx.contexts.identity.read.projections import _ROW_OF
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import DomainError, InvariantViolation
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

Act = Callable[[Any], object]
ACCESS = TenantAccessAsked(tenant_id=BO, support_grant_id=ID)
with Path(__file__).with_name("acts.tsv").open() as _file:
    ROWS: list[dict[str, str]] = list(csv.DictReader(_file, delimiter="\t"))

LONG_AGO, LATER = NOW - 400 * DAY, NOW + HOUR


def session(opened: Any = NOW, grant: ClientGrant | None = None) -> Session:
    said = {"method": "password", "address": None, "user_agent": None}
    return Session.open(SESSION, user_id=ADA, now=opened, grant=grant, **said)


def client(kind: str) -> Client:
    secret = "hash" if kind == CONFIDENTIAL else None
    uris = ["https://shop.example/back"]
    return Client.register(
        ID,
        name="Shop",
        kind=kind,
        redirect_uris=uris,
        scopes=["a:read"],
        secret_hash=secret,
        now=NOW,
    )


def user() -> User:
    return User.register(ADA, email=EMAIL, name="Ada", language="en", password_hash="hash", now=NOW)


def organization() -> Organization:
    return Organization.found(ID, name="Kontor", owner_id=ADA, now=NOW)


def operator_act() -> OperatorAct:
    return OperatorAct.begin(ID, "move", BO, "pooled to acme")


def tenant(mode: str = TEST) -> Tenant:
    return Tenant.open(
        ID, organization_id=ADA, entry=Entry(name="Kontor", mode=mode), now=NOW, sandbox_of=BO
    )


def operator() -> Operator:
    return Operator.appoint(ID, ADA, "Ada", NOW)


def support(asked: Any = NOW) -> SupportGrant:
    said = {"operator": (ADA, "Ada"), "reason": "a ticket", "permissions": ["b:read", "a:read"]}
    return SupportGrant.ask(ID, now=asked, **said)


def granted(hours: int) -> SupportGrant:
    return made(support(), lambda it: it.grant(["a:read"], hours * HOUR, "user:bo", NOW))


def announcement(ends: Any) -> Announcement:
    said = {"text": "We move.", "severity": "info", "made_by": "operator:ada"}
    return Announcement.make(ID, shown=(NOW - DAY, ends), now=NOW - DAY, **said)


def made(begun: Any, *acts: Act) -> Any:
    """An aggregate after some acts."""
    for act in acts:
        act(begun)
    return begun


def again(it: Member) -> None:
    it.seat(BO, email=EMAIL, name="Bo", role="sales", now=LATER)


def owner(it: RoleContent) -> RoleContent:
    return RoleContent(name="Owner", permissions=it.permissions, approval_limit=None)


STATES: dict[str, dict[str, Callable[[], Any]]] = {
    "session": {
        "open": session,
        "expired": lambda: session(LONG_AGO),
        "revoked": lambda: made(session(), lambda it: it.revoke("signed_out", NOW)),
    },
    "api_key": {
        "fresh": api_key,
        "rotated": lambda: made(api_key(), lambda it: it.rotate(("two", "bbbb"), DAY, NOW)),
        "expired": lambda: api_key(expires_at=LATER),
        "revoked": lambda: made(api_key(), lambda it: it.revoke(NOW)),
    },
    "invitation": {
        "open": invitation,
        "expired": lambda: made(invitation(), lambda it: setattr(it, "expires_at", LATER)),
        "accepted": lambda: made(invitation(), lambda it: it.accept(BO, EMAIL, NOW)),
        "withdrawn": lambda: made(invitation(), lambda it: it.withdraw("withdrawn", NOW)),
    },
    "member": {
        "stranger": lambda: Member(ID),
        "seated": member,
        "removed": lambda: made(member(), lambda it: it.remove(NOW)),
        "seated again": lambda: made(member(), lambda it: it.remove(NOW), again),
        "erased": lambda: made(member(), lambda it: it.remove(NOW), lambda it: it.erase(NOW)),
    },
    "role": {
        "there": role,
        "changed": lambda: made(role(), lambda it: it.change(content("b:read"), NOW)),
        "removed": lambda: made(role(), lambda it: it.remove(NOW)),
    },
    "client": {
        "public": lambda: client(PUBLIC),
        "confidential": lambda: client(CONFIDENTIAL),
        "removed": lambda: made(client(PUBLIC), lambda it: it.remove(NOW)),
    },
    "second_factor": {
        "none": lambda: SecondFactor(ID),
        "offered": lambda: made(SecondFactor(ID), lambda it: it.offer(ADA, "secret", NOW)),
        "active": lambda: made(SecondFactor(ID), *_confirmed),
        "removed": lambda: made(SecondFactor(ID), *_confirmed, lambda it: it.remove(NOW)),
    },
    "user": {
        "active": user,
        "disabled": lambda: made(user(), lambda it: it.disable("left")),
        "erased": lambda: made(user(), lambda it: it.erase(NOW)),
    },
    "organization": {
        "founded": organization,
        "renamed": lambda: made(organization(), lambda it: it.rename("Werft")),
    },
    "operator_act": {
        "begun": operator_act,
        "done": lambda: made(operator_act(), lambda it: it.end(DONE, "5 rows")),
        "refused": lambda: made(operator_act(), lambda it: it.end(REFUSED, "move_refused")),
    },
    "operator": {
        "acting": operator,
        "revoked": lambda: made(operator(), lambda it: it.revoke(NOW)),
    },
    "support": {
        "asked": support,
        "asked long ago": lambda: support(LATER - ASKED_FOR),
        "granted": lambda: granted(2),
        "run out": lambda: granted(1),
        "refused": lambda: made(support(), lambda it: it.refuse("user:bo", NOW)),
        "ended": lambda: made(granted(2), lambda it: it.end("revoked", "user:bo", NOW)),
    },
    "announcement": {
        "shown": lambda: announcement(NOW + DAY),
        "over": lambda: announcement(NOW),
        "withdrawn": lambda: made(announcement(NOW + DAY), lambda it: it.withdraw(NOW)),
    },
    "tenant": {
        "live": lambda: tenant(LIVE),
        "sandbox": tenant,
        "ahead": lambda: made(tenant(), lambda it: it.step_clock(NOW + DAY, NOW)),
        "ended": lambda: made(tenant(), lambda it: it.end(NOW)),
        "erased": lambda: made(tenant(), lambda it: it.end(NOW), lambda it: it.erase()),
        "erased, live": lambda: made(tenant(LIVE), lambda it: it.erase()),
    },
}
_confirmed: tuple[Act, ...] = (
    lambda it: it.offer(ADA, "secret", NOW),
    lambda it: it.confirm("secret", NOW),
)
ENTERING = {"method": "password", "address": None, "user_agent": None}
ACTS: dict[str, dict[str, Act]] = {
    "session": {"revoke": lambda it: it.revoke("revoked", LATER)},
    "api_key": {
        "rotate": lambda it: it.rotate(("three", "cccc"), DAY, LATER),
        "rotate at once": lambda it: it.rotate(("three", "cccc"), timedelta(), LATER),
        "revoke": lambda it: it.revoke(LATER),
    },
    "invitation": {
        "accept": lambda it: it.accept(BO, EMAIL, LATER),
        "accept in capitals": lambda it: it.accept(BO, f" {EMAIL.upper()} ", LATER),
        "accept by another": lambda it: it.accept(ADA, "ada@kontor-nord.example", LATER),
        "withdraw": lambda it: it.withdraw("withdrawn", LATER),
    },
    "member": {
        "seat": lambda it: it.seat(BO, email=EMAIL, name="Bo", role="viewer", now=LATER),
        "change role": lambda it: it.change_role("admin", LATER),
        "change to the same role": lambda it: it.change_role("sales", LATER),
        "enter": lambda it: it.enter(SESSION, now=LATER, **ENTERING),
        "remove": lambda it: it.remove(LATER),
        "erase": lambda it: it.erase(LATER),
    },
    "role": {
        "change": lambda it: it.change(content("c:read"), LATER),
        "change to the same": lambda it: it.change(it.content, LATER),
        "call it owner": lambda it: it.change(owner(it.content), LATER),
        "remove": lambda it: it.remove(LATER),
    },
    "client": {"remove": lambda it: it.remove(LATER)},
    "second_factor": {
        "offer": lambda it: it.offer(ADA, "other", LATER),
        "confirm": lambda it: it.confirm("secret", LATER),
        "confirm another": lambda it: it.confirm("other", LATER),
        "make codes": lambda it: it.make_codes(10, LATER),
        "recover": lambda it: it.recover(9, LATER),
        "remove": lambda it: it.remove(LATER),
    },
    "user": {
        "rename": lambda it: it.rename("Ada L."),
        "call the same": lambda it: it.rename(it.name),
        "change password": lambda it: it.change_password("hash 2", LATER),
        "rehash": lambda it: it.rehash("hash 3"),
        "disable": lambda it: it.disable("again"),
        "erase": lambda it: it.erase(LATER),
    },
    "organization": {
        "rename": lambda it: it.rename("Kai"),
        "call the same": lambda it: it.rename(it.name),
    },
    "operator_act": {
        "end": lambda it: it.end(DONE, ""),
        "refuse": lambda it: it.end(REFUSED, "conflict"),
    },
    "operator": {
        "sign in": lambda it: it.sign_in("password", "192.0.2.7", LATER),
        "ask for access": lambda it: it.act(ACCESS),
        "revoke": lambda it: it.revoke(LATER),
    },
    "support": {
        "grant": lambda it: it.grant(["a:read"], HOUR, "user:bo", LATER),
        "refuse": lambda it: it.refuse("user:bo", LATER),
        "enter": lambda it: it.enter(LATER),
        "end": lambda it: it.end("revoked", "user:bo", LATER),
    },
    "announcement": {"withdraw": lambda it: it.withdraw(LATER)},
    "tenant": {
        "rename": lambda it: it.change("renamed", name="Werft"),
        "call the same": lambda it: it.change("renamed", name=it.entry.name),
        "begin an advance": lambda it: it.begin_advance(SESSION, NOW + 30 * DAY),
        "step ahead": lambda it: it.step_clock(NOW + 2 * DAY, NOW),
        "step back": lambda it: it.step_clock(NOW - DAY, NOW),
        "end": lambda it: it.end(LATER),
        "erase": lambda it: it.erase(),
        "bring in": lambda it: it.bring_in("Werft"),
    },
}


def row_of(it: Aggregate) -> dict[str, Any] | None:
    """What is stored of it; an operator's act has no row."""
    stated = _ROW_OF.get(type(it))
    if stated is None or (isinstance(it, (Member, SecondFactor)) and not it.version):
        return None
    return {"last_used_at": None, **stated[2](it)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(list(row.values())[:3]))
def test_an_act_in_a_state_is_answered_as_the_table_says(row: dict[str, str]) -> None:
    it = STATES[row["aggregate"]][row["state"]]()
    act, answer = ACTS[row["aggregate"]][row["act"]], row["answer"]
    new(it)
    before, version = row_of(it), it.version
    if answer == "defect":
        with pytest.raises(InvariantViolation):
            act(it)
    elif answer.islower():
        with pytest.raises(DomainError) as refused:
            act(it)
        assert refused.value.code == answer
    else:
        act(it)
    left = [type(each).__name__ for each in it.recorded]
    assert left == ([answer] if answer[0].isupper() else [])
    assert it.version == version + len(left)
    if not left:
        assert row_of(it) == before, "what is refused, or nothing, leaves no trace"


def test_the_table_has_every_act_in_every_state_once() -> None:
    said = [(row["aggregate"], row["state"], row["act"]) for row in ROWS]
    whole = [(name, *each) for name in STATES for each in product(STATES[name], ACTS[name])]
    assert sorted(said) == sorted(whole)
    kinds = {type(state()) for states in STATES.values() for state in states.values()}
    assert {each.__name__ for each in {*_ROW_OF, OperatorAct} - kinds} == {"LinkedIdentity"}


@pytest.mark.parametrize("name", sorted(STATES))
@given(data=st.data())
def test_after_any_walk_rows_and_events_say_the_same(name: str, data: st.DataObject) -> None:
    """What a row brings back is what it was, and no walk reaches what its methods cannot undo."""
    it = data.draw(st.sampled_from(sorted(STATES[name])).map(lambda state: STATES[name][state]()))
    for act in data.draw(st.lists(st.sampled_from(sorted(ACTS[name])), max_size=12)):
        version, row = it.version, row_of(it)
        recorded = len(it.recorded)
        try:
            ACTS[name][act](it)
        except (DomainError, InvariantViolation):
            assert (it.version, len(it.recorded), row_of(it)) == (version, recorded, row)
        assert it.version - version == len(it.recorded) - recorded
    if (row := row_of(it)) is None or not hasattr(type(it), "restore"):
        return
    again = type(it).restore(it.id, it.version, row)
    if name == "invitation" and not it.is_open:
        row["email"] = None
    assert row_of(again) == row


GRANT = ClientGrant(client="cli_1", into=UUID(int=5), scopes=("a:read",))


@pytest.mark.parametrize(
    ("grant", "day", "alive", "until"),
    [
        (None, 0, True, 7),
        (None, 22, True, 29),
        (None, 23, True, 30),
        (None, 24, True, 30),
        (None, 29, True, 30),
        (None, 30, False, 30),
        (GRANT, 0, True, 30),
        (GRANT, 335, True, 365),
        (GRANT, 336, True, 365),
        (GRANT, 364, True, 365),
        (GRANT, 365, False, 365),
    ],
)
def test_a_session_is_refreshed_within_its_idle_time_and_never_beyond_its_life(
    grant: ClientGrant | None, day: int, alive: bool, until: int
) -> None:
    opened = session(grant=grant)
    now = NOW + day * DAY
    assert opened.is_alive(now) is alive
    assert opened.refreshable_until(now) == NOW + until * DAY
    assert opened.is_alive(now - timedelta(microseconds=1))
    opened.revoke("signed_out", now)
    assert not opened.is_alive(NOW)
    assert (IDLE, LIFETIME) == (7 * DAY, 30 * DAY), "ASVS 5.0, 7.3"
