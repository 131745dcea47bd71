"""What a program gets for a code, in memory: all the ways in which it gets nothing."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.identity.app.authorize_client import (
    CODE_LIFETIME,
    AuthorizeClient,
    authorize_client,
)
from invx.contexts.identity.app.exchange_code import ExchangeCode, exchange_code
from invx.contexts.identity.app.refresh_session import RefreshSession, refresh_session
from invx.contexts.identity.app.revoke_token import RevokeToken, revoke_token
from invx.contexts.identity.domain.errors import SignInRefused
from invx.contexts.identity.domain.session import CLIENT_IDLE, CLIENT_LIFETIME
from invx.contexts.identity.domain.session_events import ClientGrant, SessionOpened, SessionRevoked
from invx.contexts.identity.domain.user import User
from tests.unit.identity.people_in_memory import START, Memory, recorded

GRANT = ClientGrant(client="cli_1.tnt_1", into=UUID(int=77), scopes=("invoices:read",))
EXCHANGE = ExchangeCode(
    client="cli_1.tnt_1",
    code_hash="code",
    redirect_uri="https://shop.example/",
    challenge="challenge",
    refresh_hash="first",
    address=None,
    user_agent=None,
)


async def allowed(memory: Memory, user: User, **more: Any) -> None:
    said: dict[str, Any] = {
        "user_id": user.id,
        "password_hash": user.password_hash,
        "grant": GRANT,
        "redirect_uri": "https://shop.example/",
        "challenge": "challenge",
        "code_hash": "code",
        "attempts": ("account",),
    }
    await authorize_client(AuthorizeClient(**{**said, **more}), memory)


async def test_a_code_gives_a_session_of_the_person_for_the_program() -> None:
    memory = Memory()
    user = memory.person()
    memory.attempts.counts["account"] = 3
    await allowed(memory, user)
    session = await exchange_code(EXCHANGE, memory)
    assert session is not None
    assert (session.user_id, session.grant, session.method) == (user.id, GRANT, "oauth")
    assert session.client == "cli_1.tnt_1"
    assert session.expires_at == START + CLIENT_LIFETIME
    assert memory.refresh_tokens.all["first"][:2] == (session.id, START + CLIENT_IDLE)
    assert memory.attempts.counts == {}
    assert recorded(session) == [SessionOpened]


WRONG = {
    "another program": {"client": "cli_2.tnt_1"},
    "another place": {"redirect_uri": "https://shop.example"},
    "another verifier": {"challenge": "other"},
    "no verifier that fits": {"challenge": ""},
    "another code": {"code_hash": "other"},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
async def test_what_does_not_fit_gives_nothing(change: dict[str, str]) -> None:
    memory = Memory()
    await allowed(memory, memory.person())
    assert await exchange_code(replace(EXCHANGE, **change), memory) is None
    assert memory.sessions.all == {}
    assert memory.refresh_tokens.all == {}


@pytest.mark.parametrize("change", [each for each in WRONG.values() if "code_hash" not in each])
async def test_shown_wrongly_a_code_is_used_up(change: dict[str, str]) -> None:
    memory = Memory()
    await allowed(memory, memory.person())
    await exchange_code(replace(EXCHANGE, **change), memory)
    assert await exchange_code(EXCHANGE, memory) is None


@pytest.mark.parametrize(
    ("seconds", "good"), [(0, True), (59.9, True), (60, False), (3_600, False)]
)
async def test_a_code_ends_by_itself(seconds: float, good: bool) -> None:
    memory = Memory()
    await allowed(memory, memory.person())
    assert CODE_LIFETIME.total_seconds() == 60
    memory.later(seconds=seconds)
    assert (await exchange_code(EXCHANGE, memory) is not None) is (seconds < 60)


@pytest.mark.parametrize("minutes", [0, 5, 60 * 24 * 30])
async def test_a_code_that_comes_again_ends_what_it_gave_however_late(minutes: float) -> None:
    memory = Memory()
    await allowed(memory, memory.person())
    session = await exchange_code(EXCHANGE, memory)
    assert session is not None
    memory.later(minutes=minutes)
    assert await exchange_code(replace(EXCHANGE, refresh_hash="second"), memory) is None
    assert (session.reason, recorded(session)) == ("code_reused", [SessionOpened, SessionRevoked])
    assert await refresh_session(RefreshSession("first", "next", GRANT.client), memory) is None
    assert "second" not in memory.refresh_tokens.all


async def test_a_person_who_was_disabled_gives_nothing_any_more() -> None:
    memory = Memory()
    user = memory.person()
    await allowed(memory, user)
    user.disable("left")
    assert await exchange_code(EXCHANGE, memory) is None
    with pytest.raises(SignInRefused):
        await allowed(memory, user)


async def test_consent_holds_only_with_the_password_that_was_shown() -> None:
    memory = Memory()
    user = memory.person()
    with pytest.raises(SignInRefused):
        await allowed(memory, user, password_hash="older")
    assert memory.authorization_codes.all == {}
    await allowed(memory, user, password_hash=None)  # a provider vouches
    assert set(memory.authorization_codes.all) == {"code"}


async def test_refreshing_goes_on_until_the_session_ends() -> None:
    memory = Memory()
    await allowed(memory, memory.person())
    session = await exchange_code(EXCHANGE, memory)
    assert session is not None
    shown, rounds = "first", 0
    while True:
        memory.later(days=CLIENT_IDLE.days - 1)
        found = await refresh_session(RefreshSession(shown, f"next {rounds}", GRANT.client), memory)
        if found is None:
            break
        shown, rounds = f"next {rounds}", rounds + 1
        assert memory.refresh_tokens.all[shown][1] <= session.expires_at
    assert rounds == CLIENT_LIFETIME.days // (CLIENT_IDLE.days - 1)
    assert memory.now >= session.expires_at


async def test_unused_a_refresh_token_ends_earlier() -> None:
    memory = Memory()
    await allowed(memory, memory.person())
    await exchange_code(EXCHANGE, memory)
    memory.later(days=CLIENT_IDLE.days, seconds=1)
    assert await refresh_session(RefreshSession("first", "next", GRANT.client), memory) is None


@pytest.mark.parametrize("shower", [None, "cli_2.tnt_1", ""])
async def test_another_who_shows_it_uses_it_up_so_that_the_owner_notices(
    shower: str | None,
) -> None:
    memory = Memory()
    await allowed(memory, memory.person())
    session = await exchange_code(EXCHANGE, memory)
    assert session is not None
    assert await refresh_session(RefreshSession("first", "stolen", shower), memory) is None
    assert "stolen" not in memory.refresh_tokens.all
    assert session.is_alive(memory.now)
    assert await refresh_session(RefreshSession("first", "next", GRANT.client), memory) is None
    assert session.reason == "refresh_reused"


@pytest.mark.parametrize(
    ("client", "ended"), [(GRANT.client, True), ("cli_2.tnt_1", False), (None, False)]
)
async def test_a_token_is_given_back_by_whom_it_was_given_to(
    client: str | None, ended: bool
) -> None:
    memory = Memory()
    await allowed(memory, memory.person())
    session = await exchange_code(EXCHANGE, memory)
    assert session is not None
    for _ in range(2):
        await revoke_token(RevokeToken("first", client), memory)
    assert (session.reason == "token_revoked") is ended
    assert len(session.recorded) == (2 if ended else 1)


async def test_giving_back_what_nobody_has_changes_nothing() -> None:
    memory = Memory()
    await revoke_token(RevokeToken("unknown", None), memory)
    assert memory.sessions.all == {}
