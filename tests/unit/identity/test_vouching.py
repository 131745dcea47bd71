"""Which user a provider vouches for, in memory."""

import pytest

from invx.contexts.identity.app.recognise_vouched import RecogniseVouched, recognise_vouched
from invx.contexts.identity.domain.errors import SignInRefused
from invx.contexts.identity.domain.linked_identity import LinkedIdentity, linked_identity_id
from invx.contexts.identity.domain.linked_identity_events import IdentityLinked
from tests.unit.identity.people_in_memory import START, Memory, recorded

ISSUER, OTHER = "https://login.example", "https://other.example"
ADA = "ada@kontor-nord.example"


def vouched(
    subject: str = "sub-1", email: str | None = ADA, issuer: str = ISSUER
) -> RecogniseVouched:
    return RecogniseVouched(issuer=issuer, subject=subject, email=email)


async def test_the_first_time_the_verified_address_counts() -> None:
    memory = Memory()
    user = memory.person(ADA)
    assert await recognise_vouched(vouched(email=f" {ADA.upper()} "), memory) is user
    [linked] = memory.linked_identities.all.values()
    assert (linked.user_id, linked.issuer, linked.subject) == (user.id, ISSUER, "sub-1")
    assert recorded(linked) == [IdentityLinked]


@pytest.mark.parametrize("email", [None, "", ADA, "bob@kontor-nord.example"])
async def test_afterwards_only_the_providers_own_name_counts(email: str | None) -> None:
    memory = Memory()
    ada, _ = memory.person(ADA), memory.person("bob@kontor-nord.example")
    await recognise_vouched(vouched(), memory)
    assert await recognise_vouched(vouched(email=email), memory) is ada
    assert len(memory.linked_identities.all) == 1


async def test_whoever_gets_the_address_later_does_not_get_the_account() -> None:
    memory = Memory()
    memory.person(ADA)
    await recognise_vouched(vouched(), memory)
    with pytest.raises(SignInRefused):
        await recognise_vouched(vouched("sub-2"), memory)


async def test_another_provider_may_vouch_for_the_same_person() -> None:
    memory = Memory()
    user = memory.person(ADA)
    await recognise_vouched(vouched(), memory)
    assert await recognise_vouched(vouched(issuer=OTHER), memory) is user
    assert set(memory.linked_identities.all) == {
        linked_identity_id(user.id, ISSUER),
        linked_identity_id(user.id, OTHER),
    }


@pytest.mark.parametrize("email", [None, "nobody@kontor-nord.example", ""])
async def test_nobody_gets_an_account_by_being_vouched_for(email: str | None) -> None:
    memory = Memory()
    memory.person(ADA)
    with pytest.raises(SignInRefused):
        await recognise_vouched(vouched(email=email), memory)
    assert memory.linked_identities.all == {}
    assert len(memory.users.all) == 1


@pytest.mark.parametrize("linked_before", [True, False])
async def test_a_disabled_user_is_refused_linked_or_not(linked_before: bool) -> None:
    memory = Memory()
    user = memory.person(ADA)
    if linked_before:
        await recognise_vouched(vouched(), memory)
    user.disable("left")
    with pytest.raises(SignInRefused):
        await recognise_vouched(vouched(), memory)
    assert len(memory.linked_identities.all) == int(linked_before)


def test_a_row_gives_the_same_link_back() -> None:
    memory = Memory()
    user = memory.person(ADA)
    made = LinkedIdentity.link(user.id, issuer=ISSUER, subject="sub-1", now=START)
    state = {"user_id": user.id, "issuer": ISSUER, "subject": "sub-1", "linked_at": START}
    again = LinkedIdentity.restore(made.id, 1, state)
    assert (again.id, again.version, again.subject) == (made.id, made.version, made.subject)
    assert again.recorded == []
