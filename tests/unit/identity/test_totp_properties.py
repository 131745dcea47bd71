"""Our twenty lines against another implementation of RFC 6238."""

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.identity.domain.totp import DIGITS, STEP_SECONDS, code_at, step_of

secrets = st.binary(min_size=16, max_size=64)
moments = st.integers(min_value=0, max_value=2**34)


@given(secrets, st.integers(min_value=0, max_value=2**40), st.integers(min_value=6, max_value=8))
def test_codes_are_those_of_another_implementation(secret: bytes, step: int, digits: int) -> None:
    theirs = HOTP(secret, digits, SHA1()).generate(step).decode()
    assert code_at(secret, step, digits) == theirs


@given(secrets, moments)
def test_a_code_of_now_is_recognised(secret: bytes, seconds: int) -> None:
    theirs = TOTP(secret, DIGITS, SHA1(), STEP_SECONDS).generate(seconds).decode()
    found = step_of(secret, theirs, seconds)
    assert found is not None
    assert code_at(secret, found) == theirs
    assert abs(found - seconds // STEP_SECONDS) <= 1


@given(secrets, moments, st.text(max_size=12))
def test_whatever_is_shown_only_a_code_of_a_near_step_is_recognised(
    secret: bytes, seconds: int, shown: str
) -> None:
    found = step_of(secret, shown, seconds)
    if found is not None:
        assert code_at(secret, found) == shown.replace(" ", "")
