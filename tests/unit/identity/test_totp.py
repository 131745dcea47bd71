"""RFC 4226, appendix D, and RFC 6238, appendix B: the published values."""

import pytest

from invx.contexts.identity.domain.totp import STEP_SECONDS, code_at, step_of

SECRET = b"12345678901234567890"
HOTP = "755224 287082 359152 969429 338314 254676 287922 162583 399871 520489".split()
TOTP = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


@pytest.mark.parametrize(("counter", "code"), list(enumerate(HOTP)))
def test_the_codes_are_those_of_rfc_4226(counter: int, code: str) -> None:
    assert code_at(SECRET, counter) == code


@pytest.mark.parametrize(("seconds", "code"), TOTP)
def test_the_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert code_at(SECRET, seconds // STEP_SECONDS, digits=8) == code
    assert step_of(SECRET, code[-6:], seconds) == seconds // STEP_SECONDS


@pytest.mark.parametrize(
    ("late", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_code_is_good_for_its_step_and_the_neighbours(late: int, good: bool) -> None:
    now = 1_700_000_000
    step = now // STEP_SECONDS
    found = step_of(SECRET, code_at(SECRET, step - late), now)
    assert found == (step - late if abs(late) <= 1 else None)


@pytest.mark.parametrize(
    "shown", ["", "28708", "2870820", "28708a", "２８７０８２", "-28708", "287082\n1", "None"]
)
def test_what_has_not_six_digits_is_no_code(shown: str) -> None:
    assert step_of(SECRET, shown, 59) is None


def test_blanks_between_digits_do_no_harm() -> None:
    assert step_of(SECRET, "287 082", 59) == 1


def test_the_beginning_of_time_has_no_step_before_it() -> None:
    assert step_of(SECRET, HOTP[0], 0) == 0
