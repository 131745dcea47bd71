"""Waiting for what another process does in its own time."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

HANG_SECONDS = 120
"""So long that only what hangs takes it; how fast something is, is measured elsewhere."""


def until(look: Callable[[], Found], *, pause: float = 0.05) -> Found:
    """What `look` finds at last, which it is asked for again and again.

    Raises:
        AssertionError: it still finds nothing when everything that works is long done.
    """
    end = time.monotonic() + HANG_SECONDS
    while not (found := look()):
        assert time.monotonic() < end, f"waited for {HANG_SECONDS} seconds in vain"
        time.sleep(pause)
    return found
