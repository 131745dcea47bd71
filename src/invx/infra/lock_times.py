"""How long a transaction waits for a lock that others want too, and how long it then holds it.

Whoever finalizes holds the lock of its series until COMMIT, and everybody else of that series
waits: these two figures are the throughput of a series.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal

from invx.infra.metrics import LOCK_HELD_SECONDS, LOCK_WAIT_SECONDS

Lock = Literal["series"]  # names of the code, since they are labels


class LockTimes:
    """The locks of one transaction."""

    def __init__(self) -> None:
        self._held: dict[Lock, float] = {}

    @contextmanager
    def taking(self, lock: Lock) -> Iterator[None]:
        """Around the statement that waits for it. Taken twice, it is held from the first time."""
        began = perf_counter()
        yield
        taken = perf_counter()
        LOCK_WAIT_SECONDS.labels(lock).observe(taken - began)
        self._held.setdefault(lock, taken)

    def released(self) -> None:
        """The transaction has ended, one way or the other."""
        ended = perf_counter()
        for lock, taken in self._held.items():
            LOCK_HELD_SECONDS.labels(lock).observe(ended - taken)
        self._held.clear()
