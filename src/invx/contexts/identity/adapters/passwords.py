"""Passwords: argon2id off the event loop, and whether one is too easy to guess."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from zxcvbn import zxcvbn

from invx.contexts.identity.domain.errors import PasswordWeak
from invx.kernel.errors import Problem

T = TypeVar("T")

PASSWORD_CHARS_MIN, PASSWORD_CHARS_MAX = 8, 128  # ASVS 5.0, 6.2.1 and 6.2.9
_LOOKED_AT = 72  # characters that the estimate takes in; the rest only makes it better
_GUESSES_MIN = 10**8  # an attack that is slowed to ten a second takes a hundred days


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether a password is right, and its hash by today's parameters if they changed."""

    right: bool
    new_hash: str | None = None


class Passwords:
    """Hashes and verifies in few threads of its own: memory-hard work is bounded by their number.

    The parameters are those of RFC 9106, second choice: 64 MiB, 3 passes, 4 lanes.
    """

    def __init__(self, memory_kib: int = 65_536, threads: int = 2) -> None:
        self._hasher = PasswordHasher(memory_cost=memory_kib)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        # Verified against when there is no such user, so that both take as long.
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        return await self._apart(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> Verified:
        """Whether it is the one; without a stored hash it never is, and takes as long."""
        return await self._apart(self._verified, stored, password)

    async def ensure_strong(self, password: str, about: Sequence[str]) -> None:
        """Raises PasswordWeak for what is short, long, well known, or made of what is known."""
        weakness = await self._apart(_weakness, password, list(about))
        if weakness is not None:
            raise PasswordWeak(problems=[Problem("/password", "password_weak", weakness)])

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verified(self, stored: str | None, password: str) -> Verified:
        try:
            self._hasher.verify(stored or self._nobody, password)
        except (Argon2Error, InvalidHashError):
            return Verified(False)
        if stored is None:
            return Verified(False)
        stale = self._hasher.check_needs_rehash(stored)
        return Verified(True, self._hasher.hash(password) if stale else None)

    async def _apart(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)


def _weakness(password: str, about: list[str]) -> str | None:
    if len(password) < PASSWORD_CHARS_MIN:
        return f"A password has {PASSWORD_CHARS_MIN} characters or more."
    if len(password) > PASSWORD_CHARS_MAX:
        return f"A password has {PASSWORD_CHARS_MAX} characters at most."
    words = [part for each in about for part in (each, *each.replace("@", " ").split())]
    if zxcvbn(password[:_LOOKED_AT], user_inputs=words)["guesses"] < _GUESSES_MIN:
        return "It is too easy to guess: several unrelated words are a good password."
    return None
