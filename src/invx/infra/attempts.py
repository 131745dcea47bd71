"""What inbox and due jobs share: when something is tried again, and what is said of a failure."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from invx.infra.postgres import DatabaseUnavailable
from invx.kernel import limits
from invx.kernel.errors import DomainError

T = TypeVar("T")

_GROWTH = 4  # 1 s, 4 s, 16 s, … up to an hour: eight attempts span an hour and a half
_JITTER = 0.25
_RECORD_PAUSE_SECONDS = 0.5
_REASON_CHARS_MAX = 300
# Whatever may be somebody's data in a message of ours, of a library or of the database.
_QUOTED = re.compile(r"""(["'“‘«]).*?["'”’»]""", re.DOTALL)
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
_DIGITS = re.compile(r"\d(?:[ .-]?\d){5,}")


class ClaimLost(Exception):
    """The claim ran out, or another worker has the row now. Nothing was written."""


class WorkerDied(Exception):
    """The process ended in the middle of the work, every time it was tried."""


async def recorded(record: Callable[[], Awaitable[T]]) -> T:
    """Record how a claimed item went, also when the database was away for a moment.

    What it says of a claim that ran out meanwhile changes nothing. Raises DatabaseUnavailable when
    the claim must have run out.
    """
    for _ in range(int(limits.CLAIM_SECONDS / _RECORD_PAUSE_SECONDS)):
        try:
            return await record()
        except DatabaseUnavailable:
            await asyncio.sleep(_RECORD_PAUSE_SECONDS)
    return await record()


def pause_before(attempt: int, chance: random.Random) -> timedelta:
    """How long to wait after the `attempt`-th failure: growing, jittered, bounded."""
    seconds = min(
        limits.REACTION_DELAY_SECONDS_FIRST * _GROWTH ** (attempt - 1),
        limits.REACTION_DELAY_SECONDS_MAX,
    )
    return timedelta(seconds=seconds * chance.uniform(1 - _JITTER, 1 + _JITTER))


def reason_of(error: BaseException) -> str:
    """The class and the first line of the message, without what may be personal in it.

    What is quoted, addresses and long numbers are left out: a reason is stored, listed and logged.
    """
    name = error.code if isinstance(error, DomainError) else type(error).__name__
    lines = str(error).strip().splitlines()
    if not lines:
        return name
    said = _QUOTED.sub("…", lines[0])
    said = _DIGITS.sub("…", _ADDRESS.sub("…", said))
    return f"{name}: {said}"[:_REASON_CHARS_MAX]
