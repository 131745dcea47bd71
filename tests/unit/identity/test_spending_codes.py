"""The code beside a password, in memory: asked of whom it must, good once, and never skipped."""

from typing import Any

import pytest

from invx.contexts.identity.app.confirm_totp import ConfirmTotp, confirm_totp
from invx.contexts.identity.app.make_recovery_codes import MakeRecoveryCodes, make_recovery_codes
from invx.contexts.identity.app.offer_totp import OfferTotp, offer_totp
from invx.contexts.identity.app.open_session import OpenSession, open_session
from invx.contexts.identity.app.remove_totp import RemoveTotp, remove_totp
from invx.contexts.identity.app.spend_code import ShownCode, SpendCode, spend_code
from invx.contexts.identity.domain.errors import (
    CodeRequired,
    CodeWrong,
    SecondFactorActive,
    SecondFactorNotFound,
    SignInRefused,
)
from invx.contexts.identity.domain.second_factor import second_factor_id
from invx.contexts.identity.domain.session import IDLE, LIFETIME
from invx.contexts.identity.domain.user import User
from tests.unit.identity.people_in_memory import Memory

CODES = ("r1", "r2", "r3")


async def with_app(memory: Memory, step: int = 100) -> User:
    """A person whose app was confirmed by the code of this step."""
    user = memory.person()
    await offer_totp(OfferTotp(user.id, "v1.secret"), memory)
    await confirm_totp(
        ConfirmTotp(
            user_id=user.id, encrypted_secret="v1.secret", step=step, recovery_hashes=CODES
        ),
        memory,
    )
    return user


def opening(user: User, **more: Any) -> OpenSession:
    said: dict[str, Any] = {
        "user_id": user.id,
        "method": "password",
        "refresh_hash": "first",
        "address": None,
        "user_agent": None,
        "verified_hash": "hash",
    }
    return OpenSession(**{**said, **more})


SHOWN: list[tuple[ShownCode | None, str | None, type[Exception] | None]] = [
    (None, None, CodeRequired),
    (ShownCode(), None, SignInRefused),
    (ShownCode(step=101), "totp", None),
    (ShownCode(step=100), None, SignInRefused),
    (ShownCode(step=99), None, SignInRefused),
    (ShownCode(recovery_hash="r1"), "recovery_code", None),
    (ShownCode(recovery_hash="unknown"), None, SignInRefused),
]


@pytest.mark.parametrize(("shown", "beside", "error"), SHOWN)
async def test_what_is_shown_decides(
    shown: ShownCode | None, beside: str | None, error: type[Exception] | None
) -> None:
    memory = Memory()
    user = await with_app(memory)
    if error is not None:
        with pytest.raises(error):
            await open_session(opening(user, code=shown), memory)
        assert memory.sessions.all == {}
        assert memory.refresh_tokens.all == {}
    else:
        session = await open_session(opening(user, code=shown), memory)
        assert session.method == f"password+{beside}"


@pytest.mark.parametrize("shown", [ShownCode(step=101), ShownCode(recovery_hash="r2")])
async def test_nothing_is_good_twice(shown: ShownCode) -> None:
    memory = Memory()
    user = await with_app(memory)
    assert await spend_code(SpendCode(user.id, shown), memory)
    with pytest.raises(SignInRefused):
        await spend_code(SpendCode(user.id, shown), memory)


async def test_an_older_step_is_no_good_after_a_newer_one() -> None:
    memory = Memory()
    user = await with_app(memory)
    await spend_code(SpendCode(user.id, ShownCode(step=105)), memory)
    for step in (101, 104, 105):
        with pytest.raises(SignInRefused):
            await spend_code(SpendCode(user.id, ShownCode(step=step)), memory)
    assert await spend_code(SpendCode(user.id, ShownCode(step=106)), memory) == "totp"


@pytest.mark.parametrize("shown", [None, ShownCode(), ShownCode(step=1)])
async def test_who_has_no_app_needs_no_code_and_may_send_one(shown: ShownCode | None) -> None:
    memory = Memory()
    session = await open_session(opening(memory.person(), code=shown), memory)
    assert session.method == "password"


async def test_an_app_that_was_only_offered_is_not_asked_for() -> None:
    memory = Memory()
    user = memory.person()
    await offer_totp(OfferTotp(user.id, "v1.secret"), memory)
    assert (await open_session(opening(user), memory)).method == "password"


async def test_each_recovery_code_says_how_many_are_left() -> None:
    memory = Memory()
    user = await with_app(memory)
    factor = memory.second_factors.all[second_factor_id(user.id)]
    for code in CODES:
        await spend_code(SpendCode(user.id, ShownCode(recovery_hash=code)), memory)
    assert [event.left for event in factor.recorded[-3:]] == [2, 1, 0]


async def test_new_recovery_codes_replace_the_old_ones() -> None:
    memory = Memory()
    user = await with_app(memory)
    await make_recovery_codes(MakeRecoveryCodes(user.id, ("n1", "n2")), memory)
    with pytest.raises(SignInRefused):
        await spend_code(SpendCode(user.id, ShownCode(recovery_hash="r1")), memory)
    assert await spend_code(SpendCode(user.id, ShownCode(recovery_hash="n1")), memory)


async def test_the_code_that_confirms_is_spent_and_must_be_new() -> None:
    memory = Memory()
    user = memory.person()
    memory.one_time_codes.steps[user.id] = 100
    await offer_totp(OfferTotp(user.id, "v1.secret"), memory)
    command = ConfirmTotp(
        user_id=user.id, encrypted_secret="v1.secret", step=100, recovery_hashes=CODES
    )
    with pytest.raises(CodeWrong):
        await confirm_totp(command, memory)


async def test_a_secret_that_was_exchanged_meanwhile_is_not_confirmed() -> None:
    memory = Memory()
    user = memory.person()
    for secret in ("v1.one", "v1.two"):
        await offer_totp(OfferTotp(user.id, secret), memory)
    command = ConfirmTotp(
        user_id=user.id, encrypted_secret="v1.one", step=100, recovery_hashes=CODES
    )
    with pytest.raises(SecondFactorNotFound):
        await confirm_totp(command, memory)
    assert memory.one_time_codes.recovery == {}


async def test_removing_takes_a_code_and_leaves_nothing() -> None:
    memory = Memory()
    user = await with_app(memory)
    for shown in (ShownCode(), ShownCode(step=100)):
        with pytest.raises(SignInRefused):
            await remove_totp(RemoveTotp(user.id, shown), memory)
    with pytest.raises(SecondFactorActive):
        await offer_totp(OfferTotp(user.id, "v1.other"), memory)
    await remove_totp(RemoveTotp(user.id, ShownCode(step=101)), memory)
    assert memory.one_time_codes.recovery[user.id] == set()
    assert (await open_session(opening(user), memory)).method == "password"
    with pytest.raises(SecondFactorNotFound):
        await remove_totp(RemoveTotp(user.id, ShownCode(step=102)), memory)


@pytest.mark.parametrize("change", [{"verified_hash": "older"}, {"user_id": None}])
async def test_a_password_that_changed_meanwhile_opens_nothing(change: dict[str, Any]) -> None:
    memory = Memory()
    user = await with_app(memory)
    if "user_id" in change:
        user.disable("left")
        change = {}
    with pytest.raises(SignInRefused):
        await open_session(opening(user, code=ShownCode(step=101), **change), memory)
    assert memory.one_time_codes.steps[user.id] == 100


async def test_a_persons_own_session_lives_as_long_as_before() -> None:
    memory = Memory()
    session = await open_session(opening(memory.person()), memory)
    assert session.expires_at == memory.now + LIFETIME
    assert memory.refresh_tokens.all["first"][1] == memory.now + IDLE
    assert session.client is None
