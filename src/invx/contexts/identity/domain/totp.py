"""Codes that change every thirty seconds (RFC 6238 over RFC 4226), as authenticator apps show."""

import hmac
from hashlib import sha1

DIGITS = 6
STEP_SECONDS = 30
_STEPS_AROUND = 1  # clocks and thumbs differ by half a minute (RFC 6238, 5.2)
_DIGIT = frozenset("0123456789")


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a step, by HMAC-SHA-1: the one algorithm that every app knows."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: bytes, code: str, seconds: int) -> int | None:
    """The step to which a code belongs at this moment (since 1970), or None.

    All steps are compared, whichever fits, so that the time it takes says nothing.
    """
    shown = code.replace(" ", "")
    if len(shown) != DIGITS or not _DIGIT.issuperset(shown):
        return None
    now = seconds // STEP_SECONDS
    found = None
    for step in range(max(0, now - _STEPS_AROUND), now + _STEPS_AROUND + 1):
        if hmac.compare_digest(code_at(secret, step), shown):
            found = step
    return found
